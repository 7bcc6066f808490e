"""What a door does next: every pair of state and input, the passages people know, and the laws."""

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.building import DoorTimings
from controller.domain.door import (
    CLOSED_STATES,
    IGNORED,
    OPENED_STATES,
    TIMEOUT_OF,
    TRANSITIONS,
    DoorState,
    Effect,
    Input,
    diagram,
    release_seconds,
    report,
    step,
    timer_seconds,
)

DOCS = Path(__file__).parents[3] / "docs" / "doors.md"
TIMINGS = DoorTimings()


@dataclass
class Walk:
    """A door taken through some inputs, with the effects it asked for."""

    state: DoorState = DoorState.UNKNOWN
    effects: list[Effect] = field(default_factory=list)
    has_contact: bool = True

    def __call__(self, *inputs: Input) -> "Walk":
        self.effects = []
        for event in inputs:
            self.state, effects = step(self.state, event, has_contact=self.has_contact)
            self.effects += effects
        return self


def locked(*, has_contact: bool = True) -> Walk:
    """A door that has settled."""
    return Walk(has_contact=has_contact)(Input.CLOSED, Input.BOLTED, Input.GRACE_TIMEOUT)


# --- the table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "event"), list(product(DoorState, Input)))
def test_every_pair_is_in_the_table_or_ignored_with_a_reason(state: DoorState, event: Input) -> None:
    assert ((state, event) in TRANSITIONS) != ((state, event) in IGNORED)
    assert IGNORED.get((state, event), "a reason").strip()


def test_an_ignored_pair_changes_nothing() -> None:
    for state, event in IGNORED:
        assert step(state, event) == (state, ())


def test_every_state_can_be_reached_and_left() -> None:
    reached = {after for after, _ in TRANSITIONS.values()}

    assert reached == set(DoorState)
    for state in DoorState:
        assert any(before is state and after is not state for (before, _), (after, _) in TRANSITIONS.items())


def test_no_state_is_both_open_and_closed() -> None:
    assert not OPENED_STATES & CLOSED_STATES
    assert set(DoorState) - OPENED_STATES - CLOSED_STATES == {DoorState.UNKNOWN, DoorState.FREE}


def test_a_timer_is_started_only_where_its_end_means_something() -> None:
    for after, effects in TRANSITIONS.values():
        for effect in effects:
            if effect in TIMEOUT_OF:
                assert (after, TIMEOUT_OF[effect]) in TRANSITIONS


# --- passages -----------------------------------------------------------------------------------------


def test_a_granted_entry_is_confirmed_by_the_opening() -> None:
    door = locked()

    assert door(Input.GRANTED).effects == [Effect.START_RELEASE_TIMER]
    assert door(Input.UNBOLTED).state is DoorState.RELEASED
    assert door(Input.OPENED).effects == [Effect.NOTE_ENTRY_TAKEN, Effect.START_WARNING_TIMER]
    assert door.state is DoorState.OPEN


def test_a_door_locks_again_once_it_is_closed_and_its_bolt_has_said_so() -> None:
    door = locked()(Input.GRANTED, Input.UNBOLTED, Input.OPENED)

    assert door(Input.CLOSED).effects == [Effect.STOP_TIMER]
    assert door.state is DoorState.LOCKING
    assert door(Input.BOLTED).effects == [Effect.START_GRACE_TIMER]
    assert door(Input.GRACE_TIMEOUT).state is DoorState.LOCKED


def test_an_entry_nobody_took_is_noted_and_the_bolt_is_asked() -> None:
    door = locked()(Input.GRANTED, Input.UNBOLTED)

    assert door(Input.RELEASE_TIMEOUT).effects == [Effect.NOTE_ENTRY_NOT_TAKEN, Effect.SENSE_AGAIN]
    assert door.state is DoorState.LOCKING
    # What is sensed again: closed, and the lock has gone back by itself.
    assert door(*report("closed", "locked", is_free=False)).state is DoorState.RELOCKED


def test_an_unlock_the_lock_refused_is_no_release() -> None:
    door = locked()(Input.GRANTED)

    assert door(Input.REFUSED).effects == [Effect.STOP_TIMER, Effect.NOTE_ENTRY_NOT_TAKEN, Effect.SENSE_AGAIN]
    assert door.state is DoorState.LOCKING


def test_two_people_in_a_row_pass_while_the_lock_is_still_busy() -> None:
    door = locked()(Input.GRANTED, Input.UNBOLTED, Input.OPENED, Input.CLOSED)

    door(Input.GRANTED)
    # The report of the first relocking was on its way when the second unlock was sent.
    door(Input.BOLTED, Input.UNBOLTED)

    assert door(Input.OPENED).effects == [Effect.NOTE_ENTRY_TAKEN, Effect.START_WARNING_TIMER]


def test_a_badge_shown_at_an_open_door_is_an_entry() -> None:
    assert locked()(Input.GRANTED, Input.OPENED)(Input.GRANTED).effects == [Effect.NOTE_ENTRY_TAKEN]


@pytest.mark.parametrize("pressed", [[], [Input.UNBOLTED]], ids=["by the handle", "the device lifts the bolt"])
def test_the_exit_button_allows_an_opening_that_is_no_entry(pressed: list[Input]) -> None:
    door = locked()

    assert door(Input.EXIT).effects == [Effect.START_RELEASE_TIMER]
    assert door(*pressed, Input.OPENED).effects == [Effect.START_WARNING_TIMER]
    assert door.state is DoorState.OPEN


def test_an_exit_nobody_took_ends_locked() -> None:
    door = locked()(Input.EXIT)

    assert door(Input.RELEASE_TIMEOUT).effects == [Effect.SENSE_AGAIN]
    assert door(*report("closed", "locked", is_free=False), Input.GRACE_TIMEOUT).state is DoorState.LOCKED


# --- forced -------------------------------------------------------------------------------------------


def test_an_opening_without_grant_exit_or_unlock_schedule_is_forced() -> None:
    door = locked()

    assert door(Input.OPENED).effects == [Effect.RAISE_FORCED, Effect.START_WARNING_TIMER]
    assert door.state is DoorState.FORCED
    assert door(Input.CLOSED).effects == [Effect.STOP_TIMER, Effect.CLEAR_FORCED]


def test_an_opening_within_the_grace_after_relocking_is_not_forced() -> None:
    door = Walk()(Input.CLOSED, Input.BOLTED)

    assert door.state is DoorState.RELOCKED
    assert door(Input.OPENED).state is DoorState.OPEN


def test_an_opening_before_the_bolt_is_in_is_not_forced() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.CLOSED)

    assert door(Input.OPENED).state is DoorState.OPEN


def test_a_bolt_that_goes_out_unasked_does_not_excuse_an_opening() -> None:
    door = locked()(Input.UNBOLTED)

    assert door.state is DoorState.AJAR
    assert door(Input.OPENED).state is DoorState.FORCED


@pytest.mark.parametrize("news", [Input.GRANTED, Input.EXIT])
def test_a_bolt_whose_reason_comes_after_it_is_excused(news: Input) -> None:
    assert locked()(Input.UNBOLTED, news, Input.OPENED).state is DoorState.OPEN


# --- held ---------------------------------------------------------------------------------------------


def test_a_door_held_open_warns_then_alarms_then_clears_on_close() -> None:
    door = locked()(Input.GRANTED, Input.OPENED)

    assert door(Input.WARNING_TIMEOUT).effects == [Effect.WARN_HELD, Effect.START_ALARM_TIMER]
    assert door.state is DoorState.OPEN
    assert door(Input.ALARM_TIMEOUT).effects == [Effect.RAISE_HELD]
    assert door.state is DoorState.HELD
    assert Effect.CLEAR_HELD in door(Input.CLOSED).effects


def test_a_forced_door_may_become_a_held_one_and_closing_clears_both() -> None:
    door = locked()(Input.OPENED, Input.WARNING_TIMEOUT, Input.ALARM_TIMEOUT)

    assert door.state is DoorState.HELD
    assert door.effects.count(Effect.RAISE_HELD) == 1
    assert {Effect.CLEAR_HELD, Effect.CLEAR_FORCED} <= set(door(Input.CLOSED).effects)


# --- unlock schedules ---------------------------------------------------------------------------------


def test_a_door_in_an_unlock_schedule_is_neither_forced_nor_held() -> None:
    door = locked()(Input.UNLOCK_BEGAN)

    door(Input.OPENED, Input.WARNING_TIMEOUT, Input.ALARM_TIMEOUT, Input.CLOSED, Input.OPENED)

    assert (door.state, door.effects) == (DoorState.FREE, [])


@pytest.mark.parametrize(
    ("contact", "expected"),
    [("open", DoorState.OPEN), ("closed", DoorState.LOCKING)],
)
def test_when_the_unlock_schedule_ends_the_door_is_sensed_again(contact: str, expected: DoorState) -> None:
    door = locked()(Input.UNLOCK_BEGAN, Input.UNLOCK_ENDED)

    assert door.effects[-1] is Effect.SENSE_AGAIN
    assert door(*report(contact, "unlocked", is_free=False)).state is expected


@pytest.mark.parametrize(
    ("before", "effect"),
    [
        ([Input.OPENED], Effect.CLEAR_FORCED),
        ([Input.GRANTED, Input.OPENED, Input.ALARM_TIMEOUT], Effect.CLEAR_HELD),
        ([Input.GRANTED], Effect.NOTE_ENTRY_TAKEN),
    ],
    ids=["forced", "held", "released"],
)
def test_an_unlock_schedule_settles_what_was_pending(before: list[Input], effect: Effect) -> None:
    assert effect in locked()(*before)(Input.UNLOCK_BEGAN).effects


# --- unknown ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [event for event in Input if event not in (Input.OPENED, Input.CLOSED)])
def test_unknown_is_left_only_by_a_report(event: Input) -> None:
    assert step(DoorState.UNKNOWN, event)[0] is DoorState.UNKNOWN


@pytest.mark.parametrize("state", DoorState)
def test_a_lost_device_makes_its_door_unknown(state: DoorState) -> None:
    assert step(state, Input.LOST)[0] is DoorState.UNKNOWN


def test_a_door_found_open_after_a_restart_is_not_called_forced() -> None:
    assert Walk()(Input.OPENED).state is DoorState.OPEN


def test_an_alarm_outlives_the_lost_device_and_clears_when_the_door_is_seen_closed() -> None:
    door = locked()(Input.OPENED)

    assert door(Input.LOST).effects == [Effect.STOP_TIMER]
    assert door(Input.CLOSED).effects == [Effect.CLEAR_HELD, Effect.CLEAR_FORCED]


# --- a door without a contact -------------------------------------------------------------------------


def test_without_a_contact_the_grant_is_the_entry() -> None:
    door = locked(has_contact=False)

    assert door(Input.GRANTED).effects == [Effect.START_RELEASE_TIMER, Effect.NOTE_ENTRY_TAKEN]
    assert door(Input.UNBOLTED, Input.RELEASE_TIMEOUT).effects == [Effect.SENSE_AGAIN]


# --- reports ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "inputs"),
    [
        pytest.param(("closed", "locked"), (Input.CLOSED, Input.BOLTED), id="closed and locked"),
        pytest.param(("open", "unlocked"), (Input.OPENED, Input.UNBOLTED), id="open"),
        pytest.param(("closed", "jammed"), (Input.CLOSED, Input.UNBOLTED), id="a jammed bolt is not in"),
        pytest.param(("closed", "moving"), (Input.CLOSED, Input.UNBOLTED), id="a moving bolt is not in"),
        pytest.param((None, "locked"), (Input.BOLTED,), id="a missing contact is no news"),
        pytest.param(("closed", None), (Input.CLOSED,), id="a missing lock is no news"),
    ],
)
def test_a_report_is_told_as_inputs_contact_first(
    said: tuple[str | None, str | None], inputs: tuple[Input, ...]
) -> None:
    assert report(*said, is_free=False) == (*inputs, Input.UNLOCK_ENDED)
    assert report(*said, is_free=True) == (*inputs, Input.UNLOCK_BEGAN)


def test_a_door_without_a_contact_counts_as_closed() -> None:
    assert report(None, "locked", is_free=False, has_contact=False)[:2] == (Input.CLOSED, Input.BOLTED)


@pytest.mark.parametrize("state", DoorState)
def test_the_same_report_twice_says_nothing_new(state: DoorState) -> None:
    for contact, lock, is_free in product(("open", "closed"), ("locked", "unlocked"), (True, False)):
        said = report(contact, lock, is_free=is_free)
        once = Walk(state)(*said)
        if Effect.SENSE_AGAIN in once.effects:
            once(*said)
        after = once.state

        assert once(*said).state is after


# --- times --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "seconds"),
    [
        (Effect.START_RELEASE_TIMER, 6.0),
        (Effect.START_WARNING_TIMER, 30.0),
        (Effect.START_ALARM_TIMER, 30.0),
        (Effect.START_GRACE_TIMER, 2.0),
        (Effect.STOP_TIMER, None),
    ],
)
def test_each_timer_runs_its_time(effect: Effect, seconds: float | None) -> None:
    assert timer_seconds(effect, TIMINGS) == seconds


def test_the_release_lasts_as_long_as_the_grant_says_and_the_report_takes_to_travel() -> None:
    assert timer_seconds(Effect.START_RELEASE_TIMER, TIMINGS, hold_s=15.0) == 16.0
    assert timer_seconds(Effect.START_ALARM_TIMER, DoorTimings(held_warning=60.0, held_alarm=30.0)) == 0.0


def test_a_release_is_never_under_three_seconds_and_longer_for_who_needs_it() -> None:
    assert release_seconds(DoorTimings(release=1.0)) == 3.0
    assert release_seconds(TIMINGS, slow=True) == 15.0


# --- laws ---------------------------------------------------------------------------------------------

any_inputs = st.lists(st.sampled_from(Input), max_size=60)


@given(any_inputs)
def test_locked_never_means_unlocked(inputs: list[Input]) -> None:
    """Whatever comes, late timers included: locked is a closed door whose bolt was last reported in, and nobody let in."""
    state = DoorState.UNKNOWN
    bolt: Input | None = None
    contact: Input | None = None
    for event in inputs:
        state, _ = step(state, event)
        bolt = event if event in (Input.BOLTED, Input.UNBOLTED) else bolt
        contact = event if event in (Input.OPENED, Input.CLOSED) else contact
        if event is Input.LOST:
            bolt = contact = None
        if state is DoorState.LOCKED:
            assert (bolt, contact) == (Input.BOLTED, Input.CLOSED)
            assert event not in (Input.GRANTED, Input.EXIT, Input.UNLOCK_BEGAN)


@given(any_inputs)
def test_a_closed_door_is_never_called_open_nor_an_open_one_closed(inputs: list[Input]) -> None:
    state = DoorState.UNKNOWN
    contact: Input | None = None
    for event in inputs:
        state, effects = step(state, event)
        contact = event if event in (Input.OPENED, Input.CLOSED) else contact
        if Effect.SENSE_AGAIN in effects and contact is not None:
            state, _ = step(state, contact)
        if contact is Input.OPENED:
            assert state not in CLOSED_STATES
        if contact is Input.CLOSED:
            assert state not in OPENED_STATES


@given(any_inputs)
def test_every_grant_ends_in_an_entry_taken_or_not_taken(inputs: list[Input]) -> None:
    state = DoorState.UNKNOWN
    waiting = False
    for event in inputs:
        state, effects = step(state, event)
        waiting = waiting or event is Input.GRANTED
        if {Effect.NOTE_ENTRY_TAKEN, Effect.NOTE_ENTRY_NOT_TAKEN} & set(effects):
            waiting = False
        assert waiting is (state is DoorState.RELEASED)


@given(any_inputs)
def test_alarms_are_raised_once_until_they_are_cleared(inputs: list[Input]) -> None:
    state = DoorState.UNKNOWN
    raised: set[Effect] = set()
    for event in inputs:
        state, effects = step(state, event)
        for effect in effects:
            if effect in (Effect.RAISE_FORCED, Effect.RAISE_HELD):
                assert effect not in raised or Input.LOST in inputs
                raised.add(effect)
            raised -= {Effect.CLEAR_FORCED: {Effect.RAISE_FORCED}, Effect.CLEAR_HELD: {Effect.RAISE_HELD}}.get(
                effect, set()
            )


# --- the picture --------------------------------------------------------------------------------------


def test_the_picture_in_the_docs_is_drawn_from_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(("event", "target"), [(Input.LOST, DoorState.UNKNOWN), (Input.UNLOCK_BEGAN, DoorState.FREE)])
def test_what_the_picture_says_of_any_other_state_is_so(event: Input, target: DoorState) -> None:
    for state in set(DoorState) - {DoorState.UNKNOWN}:
        assert step(state, event)[0] is target
