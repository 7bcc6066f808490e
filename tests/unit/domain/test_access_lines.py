"""Lines of the access rules that no other file's tests say by name; all of them are in docs/access-rules-tested.md."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.access import Denied, DenyReason, Granted, NeedsPin, Read, Rights, decide
from controller.domain.holdings import Booking
from controller.domain.membership import Membership, PersonKind
from controller.domain.shared import PinEntry
from devices.messages import Command, Do, Signal
from tests.unit.domain.access_worlds import anything, likely, moments, near_moments, reads
from tests.unit.domain.asking import booking, evening, failing, miss, next_time, ticket, used, with_plans
from tests.unit.domain.house import LANDING, OFFICE, OFFICE_DOOR, TWO_DAYS, local, member, rights

NOON = local("2026-11-25 12:00")  # a Wednesday
SPENT = used("2026-11-23", "2026-11-24")  # both days of that week
# Here the plan of two days covers the office, so that a plan and a booking may come near the same door.
OPEN_OFFICE = with_plans(two_days={"areas": frozenset({OFFICE})})
TO_COME = booking("2026-11-25 14:00", "2026-11-25 15:00")
GONE_BY = booking("2026-11-25 10:00", "2026-11-25 11:00")


def held(*memberships: Membership, bookings: tuple[Booking, ...] = ()) -> Rights:
    return replace(rights(*memberships, at=OFFICE_DOOR, space=OPEN_OFFICE), bookings=bookings, usage=SPENT)


@pytest.mark.parametrize(
    ("world", "at", "told"),
    [
        pytest.param(
            held(member(TWO_DAYS), bookings=(booking("2026-11-25 21:00", "2026-11-25 22:00"),)),
            "2026-11-25 20:00",
            DenyReason.OUTSIDE_HOURS,
            id="outside_hours before booking_too_early",
        ),
        pytest.param(
            held(member(TWO_DAYS), bookings=(TO_COME, GONE_BY)),
            "2026-11-25 12:00",
            DenyReason.BOOKING_TOO_EARLY,
            id="booking_too_early before booking_over",
        ),
        pytest.param(
            held(member(TWO_DAYS), bookings=(GONE_BY,)),
            "2026-11-25 12:00",
            DenyReason.BOOKING_OVER,
            id="booking_over before quota_used_up",
        ),
        pytest.param(
            held(member(TWO_DAYS)), "2026-11-25 12:00", DenyReason.QUOTA_USED_UP, id="quota_used_up before no_right"
        ),
        pytest.param(held(), "2026-11-25 12:00", DenyReason.NO_RIGHT, id="no_right last"),
    ],
)
def test_the_nearest_miss_is_the_first_in_the_order_of_the_page(world: Rights, at: str, told: DenyReason) -> None:
    near = miss(world, local(at))

    assert near is not None
    assert near.reason == told


def test_the_next_time_is_told_with_the_nearest_miss() -> None:
    """The booking's, before the week's next Monday."""
    assert next_time(held(member(TWO_DAYS), bookings=(TO_COME,)), NOON) == local("2026-11-25 13:50")


@settings(max_examples=200)
@given(anything | likely, moments | near_moments, reads, st.sampled_from([None, *PinEntry]))
def test_a_refusal_is_an_answer_and_not_an_exception(
    world: Rights, at: datetime, read_: Read, pin: PinEntry | None
) -> None:
    assert isinstance(decide(replace(read_, pin=pin), world, at), Granted | Denied | NeedsPin)


@pytest.mark.parametrize("reason", sorted(set(DenyReason) - {DenyReason.SECOND_PERSON_MISSING}))
def test_a_reader_shows_denied_whatever_the_reason_was(reason: DenyReason) -> None:
    told = Command(id="command-1", ts=NOON, ttl_ms=3_000, do=Do.SIGNAL, re="read-1", reason=reason)

    assert told.shows is Signal.DENIED


def test_the_first_of_two_at_a_door_for_two_is_not_sent_away() -> None:
    told = Command(
        id="command-1", ts=NOON, ttl_ms=3_000, do=Do.SIGNAL, re="read-1", reason=DenyReason.SECOND_PERSON_MISSING
    )

    assert told.shows is Signal.TRY_AGAIN


def test_alumni_come_for_public_events_by_ticket_and_need_no_plan_that_is_open() -> None:
    at = local("2026-11-23 19:30")
    alumna = replace(rights(member(TWO_DAYS), at=LANDING), tickets=(ticket(evening()),))

    assert failing(alumna, at) == []
    assert failing(replace(alumna, tickets=()), at) == [DenyReason.OUTSIDE_HOURS]


def test_staff_work_on_a_holiday() -> None:
    christmas = local("2026-12-25 12:00")
    member_then = rights(member(), at=LANDING)
    staff_then = replace(member_then, person=replace(member_then.person, kind=PersonKind.STAFF))  # type: ignore[type-var]

    assert (failing(member_then, christmas), failing(staff_then, christmas)) == ([DenyReason.OUTSIDE_HOURS], [])
