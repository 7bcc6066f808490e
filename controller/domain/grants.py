"""What a grant is: one sufficient reason to open a door, what it costs the member, what going in will use.

Where grants come from, and which of several is taken, is in `sources`; whether the person may use theirs at all
(a ban, an unpaid plan) is asked before, in `access_steps`.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from controller.domain.usage import Charge


class GrantKind(StrEnum):
    """What somebody was let in by."""

    STAFF = "staff"
    LEASE = "lease"
    BOOKING = "booking"
    EVENT = "event"  # by ticket
    HOST = "host"  # of an event, who has to come first
    PLAN = "plan"  # a membership's, or a day pass's
    GUEST = "guest"
    VISITING = "visiting"
    PAY_AS_YOU_GO = "pay_as_you_go"
    EXIT = "exit"  # leaving needs no right


class Cost(IntEnum):
    """What being let in this way costs the member; the least is taken."""

    NOTHING = 0  # staff, and whoever leaves
    LEASE = 10
    BOOKING = 20
    EVENT = 30
    UNLIMITED_PLAN = 40
    QUOTA_DAY = 50  # a guest's day of the host and a visiting pass's day as well
    DAY_PASS = 60
    PAY_AS_YOU_GO = 70  # for those who opted in


@dataclass(frozen=True, slots=True)
class Grant:
    """One sufficient reason to open. Nothing is used by being granted; `charge` is what going in uses.

    `via` names what gives it: a plan, an area leased or booked, an event, a guest's host, a visitor's home, the door
    one leaves by. `ref` is the id of the very booking, ticket or pass, where there is one.
    """

    kind: GrantKind
    via: str = ""
    cost: Cost = Cost.NOTHING
    in_grace: bool = False  # a payment is late; the member enters and is told
    charge: Charge | None = None
    ref: str = ""
