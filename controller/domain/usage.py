"""What people have used of what they pay for: days, passes, guest days, rooms. A ledger of rows, never edits.

Values only; what a grant would charge is decided in `quota`, and a charge becomes a row when somebody went in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from controller.domain.ids import BookingId, PersonId, PlanId


class ChargeKind(StrEnum):
    QUOTA_DAY = "quota_day"  # one of the plan's days of a week
    DAY_PASS = "day_pass"  # noqa: S105  # a pass, no password
    GUEST_DAY = "guest_day"  # one of the host's
    VISIT_DAY = "visit_day"  # one of a visiting pass's free days
    PAY_AS_YOU_GO = "pay_as_you_go"
    ROOM_MINUTES = "room_minutes"  # of one booking, once it is over


@dataclass(frozen=True, slots=True)
class Charge:
    """What an entry would use. The same charge on the same business day is one, however many doors it opens."""

    kind: ChargeKind
    holder: PersonId  # who it is counted against: of a guest's day, the host
    day: date  # business day
    subject: PersonId | BookingId | None = None  # who came, where that is somebody else; of room minutes, the booking
    plan: PlanId | None = None


class LedgerEntry(StrEnum):
    """Why a row is in the ledger."""

    USED = "used"
    REFUNDED = "refunded"  # takes one use back
    WAIVED = "waived"  # given by staff, with a reason
    BOUGHT = "bought"  # day passes come in this way
    CORRECTED = "corrected"  # what was used turned out to be more or less: the difference


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row; `amount` is in days, of room minutes in minutes, and what a refund takes back is negative.

    USED is unique by charge.
    """

    entry: LedgerEntry
    charge: Charge
    at: datetime  # aware UTC
    amount: int = 1
    by: str = ""  # who did it, where a person did
    reason: str = ""
    correlation: str | None = None  # the tap


@dataclass(frozen=True, slots=True)
class Usage:
    """What one person has used as far as a decision needs it; days are business days, reservations included."""

    quota_days: frozenset[date] = frozenset()  # of the last five weeks, whatever the plan was then
    day_pass_days: frozenset[date] = frozenset()  # paid by a pass already
    day_passes_left: int = 0  # bought, and neither used nor reserved
    pay_as_you_go_days: frozenset[date] = frozenset()
    visit_days: frozenset[date] = frozenset()  # of the last thirty days
    # Of a host: business day -> the guests counted on it. Of the last five weeks.
    guest_days: Mapping[date, frozenset[PersonId]] = field(default_factory=dict)
    # Of today's, those who were let in at a door and have not gone through any yet: reserved, not used.
    guests_on_their_way: frozenset[PersonId] = frozenset()
    # Of `quota_days`, those that count for nothing: today, waived or given back. Its holder comes in as one who was in.
    free_days: frozenset[date] = frozenset()
