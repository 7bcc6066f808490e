"""What the people inside share, as one read needs it: where they are, how many, which doors stand open.

Values only: gathered by the services from what has happened, weighed in `access_steps`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.domain.ids import DoorId, PersonId, ZoneId


class PinEntry(StrEnum):
    """What came of asking for a PIN."""

    RIGHT = "right"
    DURESS = "duress"  # right, and staff are alerted silently
    WRONG = "wrong"
    TIMEOUT = "timeout"
    LOCKED_OUT = "locked_out"  # too many wrong ones at this reader


class Position(StrEnum):
    """Where somebody is with regard to a zone; unknown allows either way, once."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Shared:
    """Everything about others, and about where this person is."""

    positions: Mapping[ZoneId, Position] = field(default_factory=dict)  # a zone left out is unknown
    last_entries: Mapping[ZoneId, datetime] = field(default_factory=dict)  # by this badge, aware UTC
    counts: Mapping[ZoneId, int] = field(default_factory=dict)  # people in, guests and visitors too; never negative
    # Zones with a door that is offline: hard anti-passback becomes soft there.
    uncertain: frozenset[ZoneId] = frozenset()
    interlocked_with: DoorId | None = None  # another door of this interlock that is not shut
    first_person: PersonId | None = None  # who has shown a badge at this two-person door a moment ago
    on_air_until: datetime | None = None  # the booth behind this door is on air so long
    on_air_for: frozenset[PersonId] = frozenset()  # whose recording it is: they come in, and staff


NOTHING_SHARED = Shared()
