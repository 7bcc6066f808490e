"""What we published at QoS 1 and the broker has not confirmed: how much of it may be under way, how much may wait.

It belongs to one connection. When that dies, every message in it has failed, and none is kept for the next:
an unlock is wanted now or not at all.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from devices.errors import LinkError


@dataclass(slots=True, eq=False)
class Outgoing:
    """One QoS 1 message and who waits for it."""

    topic: str
    payload: bytes
    retain: bool
    properties: bytes | None
    confirmed: asyncio.Future[None]


class Outbox:
    """`window` is the broker's Receive Maximum: one message more and it hangs up."""

    __slots__ = ("_under_way", "_waiting", "window")

    def __init__(self, window: int) -> None:
        self.window = window
        self._under_way: dict[int, Outgoing] = {}
        self._waiting: deque[Outgoing] = deque()

    def __len__(self) -> int:
        return len(self._under_way) + len(self._waiting)

    @property
    def has_room(self) -> bool:
        return len(self._under_way) < self.window and not self._waiting

    def sent(self, mid: int, message: Outgoing) -> None:
        self._under_way[mid] = message

    def wait(self, message: Outgoing) -> None:
        self._waiting.append(message)

    def confirmed(self, mid: int) -> Outgoing | None:
        return self._under_way.pop(mid, None)

    def next_to_send(self) -> Outgoing | None:
        """The next of those that wait, if the window is open; one whose caller gave up is passed over."""
        while self._waiting and len(self._under_way) < self.window:
            message = self._waiting.popleft()
            if not message.confirmed.done():
                return message
        return None

    def unconfirmed(self) -> list[asyncio.Future[None]]:
        return [message.confirmed for message in (*self._under_way.values(), *self._waiting)]

    def fail(self, error: LinkError) -> None:
        """The connection is gone: tell everyone, keep nothing."""
        for future in self.unconfirmed():
            if not future.done():
                future.set_exception(error)
                # Read once here: who published without looking back gets no "exception was never retrieved".
                future.exception()
        self._under_way.clear()
        self._waiting.clear()
