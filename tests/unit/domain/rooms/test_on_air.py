"""Who may put a booth on air, what ends it, and who comes in meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.membership import Person, PersonKind
from controller.domain.rooms.occupancy import Sensed
from controller.domain.rooms.on_air import (
    EMPTY_FOR,
    Ended,
    How,
    NotNow,
    Refusal,
    ends,
    goes_live,
    is_deserted,
    may_start,
    may_stop,
    people_of,
)
from tests.unit.domain.house import NOON

BOOTH = AreaId("booth")
SF = ZoneInfo("America/Los_Angeles")
ALICE, BOB, EVE = (Person(PersonId(name), name.title()) for name in ("alice", "bob", "eve"))
DANA = Person(PersonId("dana"), "Dana", PersonKind.STAFF)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BOOKING = Booking(BookingId("b1"), BOOTH, NOON, NOON + HOUR, ALICE.id, frozenset({BOB.id}))


def start(*bookings: Booking, by: Person | None = ALICE, how: How = How.PAGE, at: datetime = NOON) -> object:
    answer = may_start("Booth", bookings, by, how, at, SF)
    return answer.reason if isinstance(answer, Refusal) else answer


# --- who may ask ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [ALICE, BOB], ids=["its holder", "a participant"])
@pytest.mark.parametrize("how", [How.PAGE, How.PANEL, How.COMMAND])
def test_the_people_of_the_booking_may_put_it_on_air(by: Person, how: How) -> None:
    assert start(BOOKING, by=by, how=how) == BOOKING


@pytest.mark.parametrize("how", [How.BUTTON, How.SCHEDULE])
def test_the_button_and_the_schedule_know_nobody_and_ask_for_the_booking(how: How) -> None:
    assert start(BOOKING, by=None, how=how) == BOOKING


@pytest.mark.parametrize("by", [EVE, DANA, None], ids=["somebody else", "staff", "nobody known"])
def test_nobody_else_may(by: Person | None) -> None:
    assert start(BOOKING, by=by) is NotNow.NOT_YOURS


@pytest.mark.parametrize(
    ("at", "reason"),
    [(NOON - MINUTE, NotNow.TOO_EARLY), (NOON - 24 * HOUR, NotNow.NOT_BOOKED), (NOON + HOUR, NotNow.NOT_BOOKED)],
    ids=["a minute before", "the day before", "at its end"],
)
def test_only_during_the_booking(at: datetime, reason: NotNow) -> None:
    assert start(BOOKING, at=at) is reason


@pytest.mark.parametrize("state", sorted(set(BookingState) - {BookingState.BOOKED}))
def test_only_by_a_booking_that_stands(state: BookingState) -> None:
    assert start(replace(BOOKING, state=state)) is NotNow.NOT_BOOKED


def test_a_refusal_says_what_would_be_right() -> None:
    answer = may_start("Booth", [BOOKING], ALICE, How.BUTTON, NOON - MINUTE, SF)
    begins = f"{NOON.astimezone(SF):%H:%M}"

    assert answer == Refusal(
        NotNow.TOO_EARLY, f"the booking of Booth begins at {begins}", f"ask again from {begins} on"
    )


@pytest.mark.parametrize(
    ("by", "how", "allowed"),
    [
        (None, How.BUTTON, True),
        (None, How.SCHEDULE, True),
        (ALICE, How.PAGE, True),
        (BOB, How.PANEL, True),
        (DANA, How.COMMAND, True),
        (EVE, How.PAGE, False),
        (None, How.PAGE, False),
    ],
)
def test_its_people_staff_and_whoever_is_in_there_may_stop_it(by: Person | None, how: How, allowed: bool) -> None:
    refusal = may_stop("Booth", BOOKING, by, how)

    assert (refusal is None) is allowed


def test_without_its_booking_staff_alone_may_stop_it() -> None:
    assert may_stop("Booth", None, DANA, How.PAGE) is None
    assert may_stop("Booth", None, ALICE, How.PAGE) is not None


def test_who_comes_in_are_the_holder_and_the_participants() -> None:
    assert people_of(BOOKING) == {ALICE.id, BOB.id}


# --- by itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("booking", "at", "begun", "live"),
    [
        pytest.param(replace(BOOKING, is_live=True), NOON, set(), True, id="it says live, and begins"),
        pytest.param(replace(BOOKING, is_live=True), NOON - MINUTE, set(), False, id="not before"),
        pytest.param(replace(BOOKING, is_live=True), NOON + HOUR, set(), False, id="not after"),
        pytest.param(replace(BOOKING, is_live=True), NOON, {BOOKING.id}, False, id="not again once it was stopped"),
        pytest.param(BOOKING, NOON, set(), False, id="it does not say live"),
        pytest.param(
            replace(BOOKING, is_live=True, state=BookingState.REQUESTED), NOON, set(), False, id="not approved yet"
        ),
    ],
)
def test_a_live_booking_goes_on_air_by_itself_once(
    booking: Booking, at: datetime, begun: set[BookingId], live: bool
) -> None:
    assert (goes_live([booking], at, begun) == booking) is live


@pytest.mark.parametrize(
    ("booking", "at", "why"),
    [
        pytest.param(BOOKING, NOON, None, id="it goes on"),
        pytest.param(BOOKING, NOON + HOUR, Ended.OVER, id="its time is over"),
        pytest.param(None, NOON, Ended.GONE, id="it is gone"),
        pytest.param(replace(BOOKING, state=BookingState.CANCELLED), NOON, Ended.GONE, id="cancelled"),
        pytest.param(replace(BOOKING, state=BookingState.RELEASED), NOON, Ended.GONE, id="released"),
        pytest.param(replace(BOOKING, start=NOON + MINUTE), NOON, Ended.GONE, id="moved to later"),
        pytest.param(replace(BOOKING, area=AreaId("minna")), NOON, Ended.GONE, id="moved to another room"),
    ],
)
def test_it_ends_with_its_booking(booking: Booking | None, at: datetime, why: Ended | None) -> None:
    assert ends(booking, BOOTH, at) is why


@pytest.mark.parametrize(
    ("sensed", "asked_at", "deserted"),
    [
        pytest.param(Sensed(False, NOON - EMPTY_FOR), NOON - HOUR, True, id="empty for five minutes"),
        pytest.param(Sensed(False, NOON - EMPTY_FOR + MINUTE), NOON - HOUR, False, id="empty for four"),
        pytest.param(Sensed(False, NOON - HOUR), NOON - MINUTE, False, id="asked for a minute ago"),
        pytest.param(Sensed(False, NOON - HOUR, NOON - MINUTE), NOON - HOUR, False, id="somebody moved a minute ago"),
        pytest.param(Sensed(True, NOON - HOUR), NOON - HOUR, False, id="somebody is in"),
        pytest.param(Sensed(None, NOON - HOUR), NOON - HOUR, False, id="nobody can say"),
        pytest.param(Sensed(False, None), NOON - HOUR, False, id="nobody knows since when"),
    ],
)
def test_a_booth_that_was_empty_for_five_minutes_is_deserted(
    sensed: Sensed, asked_at: datetime, deserted: bool
) -> None:
    assert is_deserted(sensed, asked_at, NOON) is deserted
