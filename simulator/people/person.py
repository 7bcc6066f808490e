"""One of the building's people: a row of the people file, or an outsider who holds a ticket.

Who they are and what they hold; what they do all day is in `habits`. Badge numbers, PINs and tickets are never in a repr.
"""

from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, tzinfo

_A_DAY = len("2026-03-01")


@dataclass(frozen=True, slots=True)
class SimPerson:
    """One row of the people file; empty text means "not said"."""

    id: str
    name: str
    kind: str
    rights: str = ""
    pays_as_you_go: str = ""
    plan: str = ""
    starts: str = ""
    until: str = ""
    standing: str = ""
    due_since: str = ""
    due: str = ""
    team: str = ""
    office: str = ""
    badge: str = field(default="", repr=False)
    badge_format: str = ""
    badge_state: str = ""
    valid_from: str = ""
    valid_until: str = ""
    pin: str = field(default="", repr=False)

    @property
    def is_in_good_standing(self) -> bool:
        """On any day, as far as the file says, bills apart; the controller is the judge."""
        return self._is_active and not self.valid_from and not self.valid_until

    def is_in_good_standing_on(self, day: date, zone: tzinfo) -> bool:
        """On this day of the building's zone, bills apart."""
        return self._is_active and not self.is_too_early_on(day, zone) and not self.is_too_late_on(day, zone)

    def is_too_early_on(self, day: date, zone: tzinfo) -> bool:
        """Whether the badge is valid from a later day."""
        if not self.valid_from:
            return False
        if len(self.valid_from) <= _A_DAY:
            return day < date.fromisoformat(self.valid_from)
        return day < datetime.fromisoformat(self.valid_from).astimezone(zone).date()

    def is_too_late_on(self, day: date, zone: tzinfo) -> bool:
        """Whether the badge was valid until an earlier day: one that is named is its last, a moment is its end."""
        if not self.valid_until:
            return False
        if len(self.valid_until) <= _A_DAY:
            return day > date.fromisoformat(self.valid_until)
        last = datetime.fromisoformat(self.valid_until) - timedelta(microseconds=1)
        return day > last.astimezone(zone).date()

    @property
    def _is_active(self) -> bool:
        return self.badge_state in ("", "active") and self.standing in ("", "active", "grace")


COLUMNS = tuple("from" if column.name == "starts" else column.name for column in fields(SimPerson))


@dataclass(frozen=True, slots=True)
class Outsider(SimPerson):
    """Somebody who is in no people file and comes by a ticket, the token in its QR code."""

    token: str = field(default="", repr=False)
