"""One of the building's people: a row of the people file, or an outsider who holds a ticket.

Who they are and what they hold; what they do all day is in `habits`. Badge numbers, PINs and tickets are never in a repr.
"""

from dataclasses import dataclass, field, fields


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
        """As far as the file says, bills and the day apart; the controller is the judge."""
        no_trouble = self.badge_state in ("", "active") and not self.valid_from and not self.valid_until
        return no_trouble and self.standing in ("", "active", "grace")


COLUMNS = tuple("from" if column.name == "starts" else column.name for column in fields(SimPerson))


@dataclass(frozen=True, slots=True)
class Outsider(SimPerson):
    """Somebody who is in no people file and comes by a ticket, the token in its QR code."""

    token: str = field(default="", repr=False)
