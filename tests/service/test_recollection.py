"""What a question beside the service knows of a booth on air: by the log, and by whose booking it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import Booking
from controller.domain.ids import BookingId, PersonId
from controller.services.policy.recollection import Recollection
from controller.services.ports import LoggedFact
from tests.support.services import ALICE, LAB, LAB_DOOR, NOON, SPACE

UNTIL = NOON + timedelta(minutes=30)
BOOKING = Booking(BookingId("b1"), LAB, NOON - timedelta(hours=1), UNTIL, PersonId("bob"))


def on_air(state: str, *, wanted: bool = True, **more: object) -> Fact:
    until = UNTIL.isoformat() if wanted else None
    detail = {"state": state, "wanted": wanted, "until": until, "session": "s1", "booking": "b1", **more}
    return Fact(FactKind.ON_AIR_CHANGED, NOON - timedelta(minutes=1), area=LAB, detail=detail)  # type: ignore[arg-type]


ON, REQUESTED = on_air("on"), on_air("requested")


@pytest.mark.parametrize(
    ("facts", "until"),
    [
        pytest.param([REQUESTED, ON], UNTIL, id="confirmed by its light"),
        pytest.param([ON, on_air("unknown")], UNTIL, id="whose light was lost since"),
        pytest.param([REQUESTED], None, id="not confirmed"),
        pytest.param([ON, on_air("ending", wanted=False)], None, id="over"),
        pytest.param([], None, id="never on air"),
        pytest.param([replace(ON, area=None)], None, id="of no booth"),
    ],
)
def test_a_booth_is_on_air_as_far_as_the_log_tells(facts: list[Fact], until: object) -> None:
    beside = Recollection(SPACE, NOON, NOON)
    beside.booked({BOOKING.id: BOOKING})
    beside.recall([LoggedFact(place, fact) for place, fact in enumerate(facts)])

    shared = beside.shared_at(LAB_DOOR, ALICE, None)

    assert shared.on_air_until == until
    assert shared.on_air_for == (frozenset() if until is None else {"bob"})


def test_without_its_booking_it_is_nobodys() -> None:
    beside = Recollection(SPACE, NOON, NOON)
    beside.recall([LoggedFact(1, ON)])

    assert beside.shared_at(LAB_DOOR, ALICE, None).on_air_for == frozenset()


def test_of_another_time_than_now_nobody_knows() -> None:
    beside = Recollection(SPACE, NOON + timedelta(hours=2), NOON)
    beside.recall([LoggedFact(1, ON)])

    assert beside.shared_at(LAB_DOOR, ALICE, None).on_air_until is None
