"""Who is offered a time that has become free, for how long, and what else can happen to somebody who waits."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from controller.domain.booking.rules import RefuseReason, Wish, judge
from controller.domain.booking.values import Waiting, WaitingState
from controller.domain.booking.waiting import (
    IGNORED,
    TRANSITIONS,
    Input,
    after,
    due,
    judge_waiting,
    next_in_line,
    step,
    time_left,
    wish_of,
)
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import BookingId, PersonId, WaitingId
from tests.unit.domain.booking.at_the_desk import ALICE_ASKS, BOB, CELL, PINE, asking, booked, pine, refusal, wish
from tests.unit.domain.house import ALICE, NOON, local

BUFFER = timedelta(minutes=15)


def at(text: str) -> datetime:
    return local(f"2026-11-23 {text}")


def waits(id: str = "w1", start: str = "14:00", end: str = "15:00", asked: str = "09:00", **more: object) -> Waiting:
    """Somebody who waits for Pine on Monday afternoon."""
    waiting = Waiting(WaitingId(id), PINE, at(start), at(end), PersonId(id), at(asked))
    return replace(waiting, **more)  # type: ignore[arg-type]


OFFERED = waits(state=WaitingState.OFFERED, offered_until=at("13:10"))


# --- the table ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "event"), list(product(WaitingState, Input)))
def test_everything_that_can_happen_leads_somewhere_or_has_its_reason(state: WaitingState, event: Input) -> None:
    assert ((state, event) in TRANSITIONS) != ((state, event) in IGNORED)
    assert IGNORED.get((state, event), "a reason")
    assert (step(state, event) is state) == ((state, event) in IGNORED)


def test_an_offer_is_good_for_ten_minutes_and_never_beyond_the_time_itself() -> None:
    assert after(waits(), Input.OFFER, at("13:00")) == OFFERED
    assert after(waits(), Input.OFFER, at("14:54")).offered_until == at("15:00")


def test_who_takes_it_has_it_and_who_was_too_slow_waits_on() -> None:
    won = after(OFFERED, Input.TAKE, at("13:05"), BookingId("b7"))
    lost = after(OFFERED, Input.LOST, at("13:05"), BookingId("b7"))

    assert won == replace(OFFERED, state=WaitingState.WON, offered_until=None, booking=BookingId("b7"))
    assert lost == waits()


def test_what_changes_nothing_changes_nothing() -> None:
    assert after(OFFERED, Input.OFFER, at("13:05")) == OFFERED
    assert after(won := waits(state=WaitingState.WON, booking=BookingId("b7")), Input.END, at("15:00")) == won


@pytest.mark.parametrize(
    ("waiting", "moment", "expected"),
    [
        pytest.param(waits(), "14:59", None, id="waiting"),
        pytest.param(waits(), "15:00", Input.END, id="the time has gone"),
        pytest.param(OFFERED, "13:09", None, id="offered"),
        pytest.param(OFFERED, "13:10", Input.LAPSE, id="not taken"),
        pytest.param(OFFERED, "15:00", Input.END, id="offered, and gone"),
        pytest.param(replace(OFFERED, offered_until=None), "14:59", None, id="nobody wrote until when"),
        pytest.param(waits(state=WaitingState.WON), "16:00", None, id="won"),
        pytest.param(waits(state=WaitingState.LAPSED), "16:00", None, id="lapsed"),
    ],
)
def test_time_alone_ends_an_offer_and_a_wait(waiting: Waiting, moment: str, expected: Input | None) -> None:
    assert due(waiting, at(moment)) is expected


# --- asking ---------------------------------------------------------------------------------------


def test_one_waits_for_a_time_that_is_taken() -> None:
    known = asking(others=[pine()])
    asked = wish("2026-11-23 14:30", "2026-11-23 15:30", participants=frozenset({BOB.id}), title="Plan B")

    assert judge_waiting(asked, known, WaitingId("w1")) == Waiting(
        WaitingId("w1"), PINE, at("14:30"), at("15:30"), ALICE.id, NOON, frozenset({BOB.id}), "Plan B"
    )
    cleared_up = wish("2026-11-23 15:00", "2026-11-23 16:00")
    assert isinstance(judge_waiting(cleared_up, known, WaitingId("w1")), Waiting)


def test_nobody_waits_for_what_is_free_or_could_not_be_booked_anyway() -> None:
    free = refusal(judge_waiting(wish(), ALICE_ASKS, WaitingId("w1")))
    without_plan = refusal(judge_waiting(wish(), asking(memberships=(), others=[pine()]), WaitingId("w1")))

    assert free.sentence == "Pine is free on 2026-11-23, 14:00 to 15:00; book it"
    assert without_plan.reason is RefuseReason.NO_PLAN


# --- offering -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "bookings", "moment", "expected"),
    [
        pytest.param([], [], "13:00", None, id="nobody waits"),
        pytest.param([waits("w2", asked="10:00"), waits("w1")], [], "13:00", "w1", id="the first to ask"),
        pytest.param([waits("w2"), waits("w1")], [], "13:00", "w1", id="asked at once: by id"),
        pytest.param(
            [waits("w1", end="16:00"), waits("w2", asked="10:00")],
            [pine("2026-11-23 15:15", "2026-11-23 16:00")],
            "13:00",
            "w2",
            id="the first whose time is wholly free",
        ),
        pytest.param(
            [waits()], [pine("2026-11-23 15:14", "2026-11-23 16:00")], "13:00", None, id="no time to clear up"
        ),
        pytest.param(
            [waits()], [pine("2026-11-23 13:00", "2026-11-23 13:46")], "13:00", None, id="cleared up too late"
        ),
        pytest.param([waits()], [pine("2026-11-23 13:00", "2026-11-23 13:45")], "13:00", "w1", id="cleared up in time"),
        pytest.param([waits()], [pine(area=CELL)], "13:00", "w1", id="another room is taken"),
        pytest.param(
            [waits()], [pine(state=BookingState.RELEASED)], "14:10", "w1", id="what is left of a released time"
        ),
        pytest.param([waits()], [pine(state=BookingState.REQUESTED)], "13:00", None, id="requested is taken"),
        pytest.param([waits()], [], "14:55", "w1", id="five minutes are left"),
        pytest.param([waits()], [], "14:56", None, id="less is not worth it"),
        pytest.param([waits(), OFFERED], [], "13:00", None, id="offered to somebody already"),
        pytest.param([waits("w2", "15:14", "16:00"), OFFERED], [], "13:00", None, id="too close to what is offered"),
        pytest.param([waits("w2", "15:15", "16:00"), OFFERED], [], "13:00", "w2", id="after what is offered"),
        pytest.param([waits("w2", area=CELL), OFFERED], [], "13:00", "w2", id="offered elsewhere"),
        pytest.param([waits(state=WaitingState.LAPSED)], [], "13:00", None, id="gave up the place"),
    ],
)
def test_the_first_to_ask_whose_time_is_free_is_offered_it(
    line: list[Waiting], bookings: list[Booking], moment: str, expected: str | None
) -> None:
    found = next_in_line(line, bookings, BUFFER, at(moment))

    assert (found.id if found is not None else None) == expected


def test_whoever_takes_a_released_time_has_what_is_left_of_it_and_is_checked_in() -> None:
    now = at("14:10") + timedelta(seconds=30)
    waiting = waits(person=ALICE.id, title="Plan B", participants=frozenset({BOB.id}))

    assert time_left(waiting, at("13:00")) == (at("14:00"), at("15:00"))
    asked = wish_of(waiting, now)
    assert asked == Wish(PINE, at("14:10"), at("15:00"), ALICE.id, frozenset({BOB.id}), "Plan B")
    taken = booked(asked, asking(now="2026-11-23 14:10:30"))
    assert (taken.start, taken.checked_in_at) == (at("14:10"), now)
    assert judge(asked, asking(now="2026-11-23 14:10:30", others=[pine()]), BookingId("b")) != taken
