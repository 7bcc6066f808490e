"""The space file's sections on who may do what, key by key: hours, holidays, plans, zones, partners.

What the building itself is made of is in `file`; what these keys mean together is for `policy` and `policy_rules`.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from controller.domain.building import AtCapacity, Passback
from controller.space.values import Entry, Hours, Id, Name, Names, one_or_more

_MONEY_SCHEMA = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d{1,7}(\.\d{1,2})?$"}],
}
Money = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2), WithJsonSchema(_MONEY_SCHEMA)]


def hours(written: Any) -> Any:
    if written == "always":
        return {"always": True, "on_holidays": True}
    return {"open": written} if isinstance(written, str | list) else written


def holiday(written: Any) -> Any:
    """A name alone is a holiday of the whole space."""
    return written if isinstance(written, dict) else {"name": written}


class ScheduleEntry(Entry):
    """Hours of the week."""

    open: Annotated[tuple[Hours, ...], BeforeValidator(one_or_more)] = Field((), description="When it is open")
    always: bool = Field(False, description="Around the clock, every day")
    on_holidays: bool = Field(False, description="true: holidays change nothing; by default they close it")


class HolidayEntry(Entry):
    """A day that closes schedules."""

    name: Name = Field(description="As people call it")
    zones: Names = Field((), description="The zones it closes; by default all of them")


class PlanKind(StrEnum):
    """How a plan is come by."""

    MEMBERSHIP = "membership"
    DAY_PASS = "day_pass"  # noqa: S105 - a pass, no password
    VISITING = "visiting"
    HOSTED = "hosted"
    EVENT = "event"


class PlanEntry(Entry):
    """What a membership buys: where, and when."""

    name: Name | None = Field(None, description="As people call it; by default the id")
    where: Names = Field(description="Areas or zones; what lies within an area comes with it")
    schedule: Id = Field("always", description="When a badge is accepted")
    days_per_week: int | None = Field(None, ge=1, le=7, description="On how many days of a week; by default on all")
    kind: PlanKind = Field(PlanKind.MEMBERSHIP, description="How it is come by")
    guest_days_per_month: int | None = Field(
        None, ge=0, le=1000, description="Days of guests its holder may invite in a month; by default any number"
    )
    booking_uses_day: bool = Field(False, description="true: coming for a booking uses one of the days, too")
    may_book: bool | None = Field(
        None, description="Whether its holders book rooms; by default only of a membership or a day pass"
    )
    booking_hours_per_month: float | None = Field(
        None, gt=0, le=744, description="Of all bookings that begin in a month; by default any number"
    )
    booking_days_ahead: int = Field(90, ge=0, le=731, description="How far ahead a booking may begin; 0: today")
    longest_booking_hours: float | None = Field(None, gt=0, le=168, description="Of one booking; by default any length")


class ZoneEntry(Entry):
    """Rules of being in a zone."""

    name: Name | None = Field(None, description="As people call it; by default the id")
    passback: Passback = Field(
        Passback.OFF,
        description="A badge that comes in twice without going out: off, soft (let in, tell staff), hard (refuse), "
        "or timed (refuse for passback_s)",
    )
    passback_s: float = Field(10.0, ge=1, le=86_400, description="Seconds, for a timed one")
    capacity: int | None = Field(None, ge=1, le=100_000, description="How many people may be in; by default any number")
    at_capacity: AtCapacity = Field(
        AtCapacity.ALERT, description="When it is full: alert staff, or deny entry. Leaving is always free"
    )


class GraceEntry(Entry):
    """How late and how large an unpaid bill may be while doors still open; both must hold."""

    days: int = Field(7, ge=0, le=366, description="Days since the oldest unpaid bill fell due")
    amount: Money = Field(Decimal(200), description="Of what is unpaid, in your own money")


class PartnerEntry(Entry):
    """A space whose members may visit: it signs passes, we hold its public key."""

    name: Name | None = Field(None, description="As people call it; by default the id")
    # Judged in `policy`: there the value is never shown, should somebody paste the private key.
    public_key: str = Field(description="The 43 characters that `natoma visits key` prints over there")
    plan: Id = Field(description="What its members may do here")
    days: int | None = Field(
        None, ge=1, le=30, description="Free days for each member in 30 days; by default the plan's own quota alone"
    )
