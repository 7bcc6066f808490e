"""Telling a fight over a client id from an ordinary loss. Pure.

MQTT 5 has a reason code for it, but Mosquitto 2.0 hangs up without a word [measured], and MQTT 3.1.1 has no words.
What a fight looks like: the broker takes us at once, each time, and soon hangs up, each time.
"""

HANG_UPS = 3  # in a row; a broker that only restarts refuses a connect or two in between


class ClashSuspicion:
    __slots__ = ("_hang_ups", "_soon_s")

    def __init__(self, soon_s: float) -> None:
        """`soon_s`: the other client's pause before it takes the session back."""
        self._soon_s = soon_s
        self._hang_ups = 0

    def ended(self, *, opened: bool, silently: bool, lived_s: float) -> bool:
        """Note how a try or a connection ended; True when another client must be behind it."""
        if not (opened and silently and lived_s <= self._soon_s):
            self._hang_ups = 0
            return False
        self._hang_ups += 1
        return self._hang_ups >= HANG_UPS
