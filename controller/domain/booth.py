"""The booth's on-air light: what was asked of it against what it says of itself.

It is shown as on only once the light confirms, and as unknown, never as on, when its link is dead. Who may ask
for it, and until when, comes with the bookings.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reported(StrEnum):
    """What the light last said, if it can still be believed."""

    ON = "on"
    OFF = "off"
    NOTHING = "nothing"  # never heard, or its device is not there


class OnAir(StrEnum):
    """What everybody else is shown."""

    OFF = "off"
    REQUESTED = "requested"
    ON = "on"
    ENDING = "ending"  # no longer wanted, and still lit
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the light should be. It always has an end, so that a dead controller cannot leave it on."""

    on: bool = False
    until: datetime | None = None  # aware UTC, exclusive; of a light that is wanted on

    def is_on(self, at: datetime) -> bool:
        """Whether it is wanted on at this moment; without an end it never is."""
        return self.on and self.until is not None and at < self.until


SHOWN: dict[tuple[bool, Reported], OnAir] = {
    # (wanted on, what the light says): what is shown
    (True, Reported.ON): OnAir.ON,
    (True, Reported.OFF): OnAir.REQUESTED,
    (True, Reported.NOTHING): OnAir.UNKNOWN,
    (False, Reported.ON): OnAir.ENDING,
    (False, Reported.OFF): OnAir.OFF,
    (False, Reported.NOTHING): OnAir.UNKNOWN,
}


def reported(value: object, *, is_present: bool) -> Reported:
    """What a state report's `onair` comes to; a light that is not there says nothing, whatever it said last."""
    if not is_present or not isinstance(value, bool):
        return Reported.NOTHING
    return Reported.ON if value else Reported.OFF


def on_air(wanted: Wanted, light: Reported, at: datetime) -> OnAir:
    """What to show of the booth now."""
    return SHOWN[wanted.is_on(at), light]
