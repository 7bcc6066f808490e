"""How a booking is changed, given back, answered: the same rules, and only what changes is judged."""

from dataclasses import replace

import pytest

from controller.domain.booking.rules import (
    Circumstances,
    Edit,
    RefuseReason,
    approve,
    cancel,
    decline,
    end_early,
    judge_edit,
)
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId
from tests.unit.domain.booking.at_the_desk import (
    ALICE_ASKS,
    BOB,
    BOB_ASKS,
    CELL,
    GINA,
    HALL,
    HOUSE,
    PANEL_ASKS,
    PINE,
    STAFF_ASK,
    STUDIO,
    WITH_STUDIO,
    asking,
    pine,
    refusal,
    with_room,
)
from tests.unit.domain.house import ALICE, FULL, local

RUNS = "2026-11-23 14:20"
"""A time in the booking of two o'clock."""


def edited(edit: Edit, known: Circumstances = ALICE_ASKS, booking: Booking | None = None) -> Booking:
    answer = judge_edit(booking or pine(), edit, known)
    assert isinstance(answer, Booking), answer.sentence
    return answer


def why(edit: Edit, known: Circumstances = ALICE_ASKS, booking: Booking | None = None) -> RefuseReason:
    return refusal(judge_edit(booking or pine(), edit, known)).reason


def to(end: str, start: str | None = None, **more: object) -> Edit:
    """An edit of the times of that Monday."""
    begins = local(f"2026-11-23 {start}") if start is not None else None
    return replace(Edit(start=begins, end=local(f"2026-11-23 {end}")), **more)  # type: ignore[arg-type]


# --- what changes ---------------------------------------------------------------------------------


def test_an_edit_of_nothing_changes_nothing() -> None:
    assert edited(Edit()) == pine()


def test_title_people_and_going_live_change_without_asking_the_plan() -> None:
    known = asking(memberships=(), now=RUNS, space=WITH_STUDIO)
    edit = Edit(title="Retro", participants=frozenset({BOB.id, ALICE.id}), is_live=True)
    studio = pine(area=STUDIO)

    assert edited(edit, known, studio) == replace(studio, title="Retro", participants=frozenset({BOB.id}), is_live=True)


def test_whoever_is_new_must_be_known_and_who_was_there_stays() -> None:
    gone = PersonId("gone")
    with_gone = pine(participants=frozenset({gone}))

    assert edited(Edit(participants=frozenset({gone, GINA.id})), booking=with_gone).participants == {gone, GINA.id}
    assert why(Edit(participants=frozenset({gone}))) is RefuseReason.UNKNOWN_PERSON


def test_a_move_holds_the_new_time_and_forgets_who_was_before_it() -> None:
    before = pine(not_before=local("2026-11-23 13:30"))
    moved = edited(to("17:00", "16:00"), booking=before, known=asking(others=[before]))

    assert (moved.start, moved.end) == (local("2026-11-23 16:00"), local("2026-11-23 17:00"))
    assert (moved.held_until, moved.not_before, moved.made_at) == (local("2026-11-23 17:15"), None, before.made_at)


def test_a_booking_is_not_in_its_own_way() -> None:
    assert edited(to("15:30", "14:30"), asking(others=[pine()])).end == local("2026-11-23 15:30")


def test_a_move_to_another_room_goes_by_that_room() -> None:
    moved = edited(Edit(area=CELL))

    assert (moved.area, moved.held_until) == (CELL, local("2026-11-23 15:00"))
    assert why(Edit(area=CELL), asking(others=[pine(id=BookingId("b9"), area=CELL)])) is RefuseReason.OVERLAP
    assert why(Edit(area=AreaId("oak"))) is RefuseReason.UNKNOWN_ROOM


def test_a_move_is_judged_like_a_wish() -> None:
    other = pine("2026-11-23 16:00", "2026-11-23 17:00", id=BookingId("b9"))

    assert why(to("16:00"), asking(others=[other])) is RefuseReason.BUFFER
    assert why(to("16:30"), asking(others=[other])) is RefuseReason.OVERLAP
    assert why(to("11:30", "10:30")) is RefuseReason.PAST
    assert why(to("12:30", "11:30")) is RefuseReason.PAST
    assert why(to("13:00")) is RefuseReason.LENGTH
    assert why(to("16:00"), asking(memberships=())) is RefuseReason.NO_PLAN
    assert why(Edit(start=local("2026-12-25 14:00"), end=local("2026-12-25 15:00"))) is RefuseReason.HOLIDAY


def test_a_shorter_booking_asks_no_plan_and_a_longer_one_counts_itself_once() -> None:
    plans = {**HOUSE.plans, FULL: replace(HOUSE.plans[FULL], booking_hours_per_month=1.5)}
    known = asking(space=replace(HOUSE, plans=plans), own=[pine()])

    assert edited(to("14:30"), asking(memberships=())).end == local("2026-11-23 14:30")
    assert edited(to("15:30"), known).end == local("2026-11-23 15:30")
    assert why(to("15:31"), known) is RefuseReason.HOURS_USED_UP


def test_a_confirmed_holiday_is_confirmed_for_its_day_alone() -> None:
    christmas = pine("2026-12-25 14:00", "2026-12-25 15:00", holiday_confirmed=True)
    later = Edit(start=local("2026-12-25 15:00"), end=local("2026-12-25 16:00"))
    monday = Edit(start=local("2026-12-28 15:00"), end=local("2026-12-28 16:00"))

    assert edited(later, booking=christmas).holiday_confirmed
    assert not edited(monday, booking=christmas).holiday_confirmed


def test_staff_confirm_a_holiday_for_a_booking_as_it_is() -> None:
    christmas = pine("2026-12-25 14:00", "2026-12-25 15:00")

    assert edited(Edit(holiday_confirmed=True), STAFF_ASK, christmas).holiday_confirmed
    assert not edited(Edit(holiday_confirmed=True), ALICE_ASKS, christmas).holiday_confirmed


# --- who may, and until when ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "booking",
    [
        pytest.param(pine("2026-11-23 10:00", "2026-11-23 12:00"), id="over"),
        pytest.param(pine(state=BookingState.RELEASED), id="released"),
        pytest.param(pine(state=BookingState.CANCELLED), id="cancelled"),
        pytest.param(pine(state=BookingState.DECLINED), id="declined"),
    ],
)
def test_what_is_over_stays_as_it_was(booking: Booking) -> None:
    assert why(Edit(title="New"), booking=booking) is RefuseReason.OVER_ALREADY
    assert refusal(cancel(booking, ALICE_ASKS)).reason is RefuseReason.OVER_ALREADY
    assert refusal(end_early(booking, ALICE_ASKS)).reason is RefuseReason.OVER_ALREADY


def test_what_is_over_says_since_when() -> None:
    over = pine("2026-11-23 10:00", "2026-11-23 12:00")

    assert refusal(judge_edit(over, Edit(), ALICE_ASKS)).sentence == (
        "it is over: 2026-11-23 10:00 to 12:00; book a new one"
    )
    assert refusal(judge_edit(pine(state=BookingState.RELEASED), Edit(), ALICE_ASKS)).words == (
        "it is released: 2026-11-23 14:00 to 15:00"
    )


def test_the_owner_and_staff_change_a_booking_and_nobody_else() -> None:
    taking_part = pine(participants=frozenset({BOB.id}))

    assert edited(Edit(title="New"), STAFF_ASK).title == "New"
    assert why(Edit(title="New"), BOB_ASKS, taking_part) is RefuseReason.NOT_YOURS
    assert why(to("16:00"), BOB_ASKS, taking_part) is RefuseReason.NOT_YOURS
    assert why(Edit(title="New"), BOB_ASKS) is RefuseReason.NOT_YOURS


def test_whose_it_is_is_told_to_who_takes_part_and_to_nobody_else() -> None:
    taking_part = pine(participants=frozenset({BOB.id}))

    assert refusal(cancel(taking_part, BOB_ASKS)).sentence == "it is Alice's booking; ask Alice or staff"
    for refused in (
        cancel(pine(), BOB_ASKS),
        judge_edit(pine(), Edit(title="New"), BOB_ASKS),
        judge_edit(pine(), to("15:30"), asking(PANEL_ASKS, now=RUNS)),
        end_early(pine(), asking(BOB_ASKS, now=RUNS)),
    ):
        assert refusal(refused).sentence == "it is somebody else's booking; ask staff"


def test_a_booking_of_somebody_unknown_is_called_by_their_id() -> None:
    theirs = pine(owner=PersonId("zoe"), participants=frozenset({BOB.id}))
    assert "it is zoe's booking" in refusal(judge_edit(theirs, Edit(), BOB_ASKS)).sentence


@pytest.mark.parametrize(
    ("known", "edit"),
    [
        pytest.param(asking(BOB_ASKS, now=RUNS), to("15:30"), id="a participant"),
        pytest.param(asking(PANEL_ASKS, now=RUNS), to("15:30", at_panel=True), id="the panel"),
        pytest.param(asking(PANEL_ASKS, now="2026-11-23 13:50"), to("15:30", at_panel=True), id="as they arrive"),
    ],
)
def test_whoever_is_there_moves_the_end_of_what_runs(known: Circumstances, edit: Edit) -> None:
    taking_part = pine(participants=frozenset({BOB.id}))

    assert edited(edit, known, taking_part).end == local("2026-11-23 15:30")
    assert why(replace(edit, title="Mine"), known, taking_part) is RefuseReason.NOT_YOURS
    assert why(edit, replace(known, now=local("2026-11-23 13:49")), taking_part) is RefuseReason.NOT_YOURS
    assert why(edit, known, replace(taking_part, state=BookingState.REQUESTED)) is RefuseReason.NOT_YOURS


def test_a_stranger_moves_no_end_and_nor_does_the_panel_of_somewhere_else() -> None:
    assert why(to("15:30"), asking(BOB_ASKS, now=RUNS)) is RefuseReason.NOT_YOURS
    assert why(to("15:30"), asking(PANEL_ASKS, now=RUNS)) is RefuseReason.NOT_YOURS


def test_what_has_begun_keeps_its_start_and_its_room() -> None:
    known = asking(now=RUNS)

    assert refusal(judge_edit(pine(), to("16:00", "14:30"), known)).sentence == (
        "it began at 14:00; only its end, its people and its title can change now"
    )
    assert why(Edit(area=CELL), known) is RefuseReason.BEGUN
    assert edited(to("15:30", "14:00"), known).end == local("2026-11-23 15:30")
    assert why(to("14:10"), known) is RefuseReason.PAST


# --- checked in -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("booking", "edit", "known", "expected"),
    [
        pytest.param(pine(), to("16:00", "15:00"), ALICE_ASKS, None, id="moved, long before"),
        pytest.param(pine(), to("12:30", "12:00"), ALICE_ASKS, "2026-11-23 12:00", id="moved to now"),
        pytest.param(pine(), to("14:15"), ALICE_ASKS, "2026-11-23 12:00", id="shortened to a quarter of an hour"),
        pytest.param(
            pine("2026-11-23 14:00", "2026-11-23 14:15", checked_in_at=local("2026-11-22 12:00")),
            to("16:00"),
            ALICE_ASKS,
            None,
            id="a short one made long",
        ),
        pytest.param(
            pine(checked_in_at=local("2026-11-23 13:49")),
            to("16:00"),
            asking(now="2026-11-23 13:56"),
            None,
            id="it counted before anybody could have come",
        ),
        pytest.param(
            pine(checked_in_at=local("2026-11-23 13:50")),
            to("16:00"),
            asking(now="2026-11-23 13:56"),
            "2026-11-23 13:50",
            id="they came as early as one may",
        ),
        pytest.param(
            pine(checked_in_at=local("2026-11-23 13:55")),
            to("16:00"),
            asking(now="2026-11-23 13:56"),
            "2026-11-23 13:55",
            id="they came, and stay longer",
        ),
        pytest.param(
            pine(checked_in_at=local("2026-11-23 13:55")),
            to("17:00", "16:00"),
            asking(now="2026-11-23 13:56"),
            None,
            id="they came, and come again later",
        ),
        pytest.param(pine(), to("16:00"), asking(now=RUNS), RUNS, id="the owner extends what runs"),
        pytest.param(pine(), to("16:00"), asking(STAFF_ASK, now=RUNS), None, id="staff extend what runs"),
        pytest.param(
            pine(), to("16:00", at_panel=True), asking(PANEL_ASKS, now=RUNS), RUNS, id="extended at the panel"
        ),
    ],
)
def test_who_came_stays_come_and_who_extends_is_there(
    booking: Booking, edit: Edit, known: Circumstances, expected: str | None
) -> None:
    assert edited(edit, known, booking).checked_in_at == (local(expected) if expected is not None else None)


# --- approval -------------------------------------------------------------------------------------

IN_HALL = pine(area=HALL, held_until=local("2026-11-23 15:00"))


def test_to_move_or_extend_what_was_approved_asks_again() -> None:
    assert edited(to("15:30"), booking=IN_HALL).state is BookingState.REQUESTED
    assert edited(to("15:30"), STAFF_ASK, IN_HALL).state is BookingState.BOOKED
    assert edited(to("14:30"), booking=IN_HALL).state is BookingState.BOOKED
    asked = replace(IN_HALL, state=BookingState.REQUESTED)
    assert edited(to("15:30"), STAFF_ASK, asked).state is BookingState.REQUESTED, "moved, and not yet answered"
    assert edited(Edit(area=PINE), booking=asked).state is BookingState.BOOKED, "this room asks for none"


def test_what_runs_by_approval_is_extended_by_staff_alone() -> None:
    answer = judge_edit(IN_HALL, to("15:30"), asking(now=RUNS))

    assert refusal(answer).sentence == "Hall is booked by approval, and this has begun; ask staff to extend it"
    assert edited(to("15:30"), asking(STAFF_ASK, now=RUNS), IN_HALL).state is BookingState.BOOKED
    waiting = replace(IN_HALL, state=BookingState.REQUESTED)
    assert edited(to("15:30"), asking(now=RUNS), waiting).state is BookingState.REQUESTED


def test_staff_answer_a_request() -> None:
    asked = replace(IN_HALL, state=BookingState.REQUESTED)

    assert approve(asked, STAFF_ASK) == IN_HALL
    assert decline(asked, STAFF_ASK) == replace(asked, state=BookingState.DECLINED)
    assert refusal(approve(asked, ALICE_ASKS)).reason is RefuseReason.NEEDS_STAFF
    assert refusal(decline(asked, ALICE_ASKS)).reason is RefuseReason.NEEDS_STAFF
    assert refusal(approve(IN_HALL, STAFF_ASK)).sentence == (
        "it waits for no answer: it is booked; a booking that is requested"
    )
    assert refusal(approve(asked, asking(STAFF_ASK, now="2026-11-23 15:00"))).reason is RefuseReason.OVER_ALREADY


def test_who_was_approved_after_the_start_need_not_check_in() -> None:
    asked = replace(IN_HALL, state=BookingState.REQUESTED)
    late = approve(asked, asking(STAFF_ASK, now="2026-11-23 14:05"))
    was_there = approve(replace(asked, checked_in_at=local("2026-11-23 12:00")), STAFF_ASK)

    assert isinstance(late, Booking)
    assert late.checked_in_at == local("2026-11-23 14:05")
    assert isinstance(was_there, Booking)
    assert was_there.checked_in_at == local("2026-11-23 12:00")


# --- given back -----------------------------------------------------------------------------------


def test_a_booking_is_cancelled_before_it_begins_and_ended_after() -> None:
    at_start = asking(now="2026-11-23 14:00")

    assert cancel(pine(), ALICE_ASKS) == pine(state=BookingState.CANCELLED)
    assert cancel(pine(), at_start) == pine(state=BookingState.CANCELLED)
    assert cancel(pine(), asking(now=RUNS)) == replace(
        pine(), end=local(RUNS), booked_end=local("2026-11-23 15:00"), held_until=local("2026-11-23 14:35")
    )
    assert refusal(cancel(pine(), BOB_ASKS)).reason is RefuseReason.NOT_YOURS
    asked = pine(state=BookingState.REQUESTED)
    assert cancel(asked, asking(now=RUNS)) == replace(asked, state=BookingState.CANCELLED)


@pytest.mark.parametrize(
    ("known", "at_panel", "checked_in"),
    [
        pytest.param(asking(now=RUNS), False, RUNS, id="the owner"),
        pytest.param(asking(BOB_ASKS, now=RUNS), False, RUNS, id="a participant"),
        pytest.param(asking(PANEL_ASKS, now=RUNS), True, RUNS, id="the panel"),
        pytest.param(asking(STAFF_ASK, now=RUNS), False, None, id="staff"),
    ],
)
def test_whoever_is_there_ends_it_and_the_room_is_cleared_up(
    known: Circumstances, at_panel: bool, checked_in: str | None
) -> None:
    ended = end_early(pine(participants=frozenset({BOB.id})), known, at_panel=at_panel)

    assert isinstance(ended, Booking)
    assert (ended.state, ended.end) == (BookingState.BOOKED, local(RUNS))
    assert (ended.booked_end, ended.held_until) == (local("2026-11-23 15:00"), local("2026-11-23 14:35"))
    assert ended.checked_in_at == (local(checked_in) if checked_in else None)


def test_who_came_before_is_not_said_to_have_come_as_they_leave() -> None:
    came = pine(checked_in_at=local("2026-11-23 14:01"), booked_end=local("2026-11-23 16:00"))
    ended = end_early(came, asking(now=RUNS))

    assert isinstance(ended, Booking)
    assert (ended.checked_in_at, ended.booked_end) == (came.checked_in_at, came.booked_end)


def test_what_is_ended_ends_with_the_minute_that_has_begun_so_that_others_begin_with_it() -> None:
    ended = end_early(pine(), asking(now="2026-11-23 14:20:59"))

    assert isinstance(ended, Booking)
    assert (ended.end, ended.held_until) == (local("2026-11-23 14:20"), local("2026-11-23 14:35"))


def test_what_is_given_back_in_its_first_minute_is_as_if_it_had_not_been() -> None:
    known = asking(now="2026-11-23 14:00:30")

    assert cancel(pine(), known) == pine(state=BookingState.CANCELLED)
    assert end_early(pine(), known) == pine(state=BookingState.CANCELLED, checked_in_at=known.now)


def test_a_stranger_ends_nothing_and_nobody_ends_what_has_not_begun() -> None:
    assert refusal(end_early(pine(), asking(BOB_ASKS, now=RUNS))).reason is RefuseReason.NOT_YOURS
    assert refusal(end_early(pine(), ALICE_ASKS)).sentence == (
        "it has not begun: 2026-11-23 14:00 to 15:00; cancel it instead"
    )
    asked = pine(state=BookingState.REQUESTED)
    assert refusal(end_early(asked, asking(now=RUNS))).reason is RefuseReason.NOT_BEGUN


def test_a_booking_of_a_room_that_is_gone_still_ends() -> None:
    areas = {id: area for id, area in HOUSE.areas.items() if id != PINE}
    ended = end_early(pine(), asking(now=RUNS, space=replace(HOUSE, areas=areas)))

    assert isinstance(ended, Booking)
    assert ended.held_until == local(RUNS)
    no_room = replace(HOUSE, areas={**HOUSE.areas, PINE: replace(HOUSE.areas[PINE], room=None)})
    still = end_early(pine(), asking(now=RUNS, space=no_room))
    assert isinstance(still, Booking)
    assert still.held_until == local(RUNS)


def test_what_was_booked_before_a_room_was_closed_keeps_its_time() -> None:
    closed = asking(space=with_room(bookable=False))

    assert edited(Edit(title="New"), closed).title == "New"
    assert why(to("16:00"), closed) is RefuseReason.NOT_BOOKABLE
