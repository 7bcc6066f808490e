"""What a door does next, on the ways through it that people know."""

from dataclasses import dataclass, field

import pytest

from controller.domain.building import DoorTimings
from controller.domain.door import CLOSED_STATES, DoorState, Effect, Input, report, step, timer_seconds

TIMINGS = DoorTimings()
CLEARED = (Effect.CLEAR_HELD, Effect.CLEAR_FORCED)


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


# --- passages -----------------------------------------------------------------------------------------


def test_a_granted_entry_is_confirmed_by_the_opening() -> None:
    door = locked()

    assert door(Input.GRANTED).effects == [Effect.START_RELEASE_TIMER]
    assert door(Input.UNBOLTED).state is DoorState.RELEASED
    assert door(Input.OPENED).effects == [Effect.NOTE_ENTRY_TAKEN, Effect.START_WARNING_TIMER]
    assert door.state is DoorState.OPEN


def test_a_door_locks_again_once_it_is_closed_and_its_bolt_has_said_so() -> None:
    door = locked()(Input.GRANTED, Input.UNBOLTED, Input.OPENED)

    assert door(Input.CLOSED).effects == [*CLEARED, Effect.START_AJAR_TIMER]
    assert door.state is DoorState.LOCKING
    assert door(Input.BOLTED).effects[-1] is Effect.START_GRACE_TIMER
    assert door(Input.GRACE_TIMEOUT).state is DoorState.LOCKED


def test_an_entry_nobody_took_is_noted_and_the_bolt_is_asked() -> None:
    door = locked()(Input.GRANTED, Input.UNBOLTED)

    assert door(Input.RELEASE_TIMEOUT).effects == [
        Effect.NOTE_ENTRY_NOT_TAKEN,
        Effect.START_AJAR_TIMER,
        Effect.SENSE_AGAIN,
    ]
    assert door.state is DoorState.LOCKING
    # What is sensed again: closed, and the lock has gone back by itself.
    assert door(*report("closed", "locked", is_free=False)).state is DoorState.RELOCKED


def test_an_unlock_the_lock_refused_is_no_release() -> None:
    door = locked()(Input.GRANTED)

    assert door(Input.REFUSED).effects == [
        Effect.NOTE_ENTRY_NOT_TAKEN,
        Effect.START_AJAR_TIMER,
        Effect.SENSE_AGAIN,
    ]
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
    assert Effect.RAISE_FORCED not in door(*pressed, Input.OPENED).effects
    assert door.state is DoorState.OPEN


def test_an_exit_nobody_took_ends_locked() -> None:
    door = locked()(Input.EXIT)

    assert door(Input.RELEASE_TIMEOUT).effects == [Effect.START_AJAR_TIMER, Effect.SENSE_AGAIN]
    assert door(*report("closed", "locked", is_free=False), Input.GRACE_TIMEOUT).state is DoorState.LOCKED


# --- forced -------------------------------------------------------------------------------------------


def test_an_opening_without_grant_exit_or_unlock_schedule_is_forced() -> None:
    door = locked()

    assert door(Input.OPENED).effects == [Effect.RAISE_FORCED, Effect.START_WARNING_TIMER]
    assert door.state is DoorState.FORCED
    assert door(Input.CLOSED).effects == [*CLEARED, Effect.START_AJAR_TIMER]


def test_an_opening_within_the_grace_after_relocking_is_not_forced() -> None:
    door = Walk()(Input.CLOSED, Input.BOLTED)

    assert door.state is DoorState.RELOCKED
    assert door(Input.OPENED).state is DoorState.OPEN


def test_an_opening_before_the_bolt_is_in_is_not_forced() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.CLOSED)

    assert door(Input.OPENED).state is DoorState.OPEN


def test_a_bolt_that_goes_out_unasked_does_not_excuse_an_opening() -> None:
    door = locked()(Input.UNBOLTED)

    assert door.state is DoorState.LOOSE
    assert door(Input.OPENED).state is DoorState.FORCED


@pytest.mark.parametrize("news", [Input.GRANTED, Input.EXIT])
def test_a_bolt_whose_reason_comes_after_it_is_excused(news: Input) -> None:
    assert locked()(Input.UNBOLTED, news, Input.OPENED).state is DoorState.OPEN


def test_opening_during_locking_cancels_the_locking() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.CLOSED)

    assert door.state is DoorState.LOCKING
    assert door(Input.OPENED).state is DoorState.OPEN
    assert door(Input.AJAR_TIMEOUT, Input.GRACE_TIMEOUT).state is DoorState.OPEN


# --- ajar and stuck -----------------------------------------------------------------------------------


def test_closed_but_the_lock_not_engaged_after_three_seconds_is_ajar() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.CLOSED)

    assert Effect.START_AJAR_TIMER in door.effects
    assert timer_seconds(Effect.START_AJAR_TIMER, TIMINGS) == 3.0
    door(Input.UNBOLTED)

    assert door(Input.AJAR_TIMEOUT).effects == [Effect.RAISE_AJAR]
    assert door.state is DoorState.AJAR
    assert Effect.CLEAR_AJAR in door(Input.BOLTED).effects


def test_a_bolt_that_goes_out_unasked_has_three_seconds_to_explain_itself() -> None:
    door = locked()

    assert door(Input.UNBOLTED).effects == [Effect.START_AJAR_TIMER]
    assert door(Input.AJAR_TIMEOUT).effects == [Effect.RAISE_AJAR]


@pytest.mark.parametrize("left", [Input.GRANTED, Input.EXIT, Input.OPENED, Input.BOLTED, Input.JAMMED])
def test_a_door_is_ajar_no_longer_than_it_is(left: Input) -> None:
    assert Effect.CLEAR_AJAR in locked()(Input.UNBOLTED, Input.AJAR_TIMEOUT)(left).effects


def test_a_lock_that_never_says_where_its_bolt_is_is_never_found_ajar() -> None:
    effects = step(DoorState.OPEN, Input.CLOSED, feels_bolt=False)[1]

    assert Effect.START_AJAR_TIMER not in effects
    assert Effect.STOP_TIMER in effects


def test_a_stuck_bolt_is_a_lock_fault_until_it_moves_again() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.CLOSED)

    assert door(Input.JAMMED).effects == [Effect.STOP_TIMER, Effect.RAISE_LOCK_FAULT]
    assert door.state is DoorState.LOCK_FAULT
    assert door(Input.BOLTED).effects == [Effect.CLEAR_LOCK_FAULT, Effect.START_GRACE_TIMER]


@pytest.mark.parametrize("state", sorted(set(DoorState) - {DoorState.LOCK_FAULT}))
def test_a_stuck_bolt_is_told_of_whatever_the_door_is_doing(state: DoorState) -> None:
    assert Effect.RAISE_LOCK_FAULT in step(state, Input.JAMMED)[1]


def test_whoever_was_let_in_may_still_open_a_door_whose_bolt_stuck_on_its_way_out() -> None:
    door = locked()(Input.GRANTED, Input.JAMMED)

    assert Effect.NOTE_ENTRY_TAKEN in door(Input.OPENED).effects


def test_a_stuck_lock_that_is_opened_by_nobody_known_is_forced() -> None:
    assert locked()(Input.JAMMED, Input.OPENED).state is DoorState.FORCED


# --- propped ------------------------------------------------------------------------------------------


def test_a_propped_door_raises_no_held_alarm() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.PROP_BEGAN, Input.WARNING_TIMEOUT, Input.ALARM_TIMEOUT)

    assert door.state is DoorState.PROPPED
    assert not {Effect.WARN_HELD, Effect.RAISE_HELD} & set(door.effects)


def test_propping_a_held_door_ends_its_alarm() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.ALARM_TIMEOUT)

    assert Effect.CLEAR_HELD in door(Input.PROP_BEGAN).effects


def test_a_prop_ends_at_its_time_and_the_door_is_then_open_for_too_long_like_any_other() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.PROP_BEGAN)

    assert door(Input.PROP_ENDED).effects == [Effect.START_WARNING_TIMER]
    assert door(Input.WARNING_TIMEOUT, Input.ALARM_TIMEOUT).state is DoorState.HELD


def test_a_prop_ends_when_the_door_closes() -> None:
    door = locked()(Input.GRANTED, Input.OPENED, Input.PROP_BEGAN, Input.CLOSED)

    assert door.state is DoorState.LOCKING
    assert door(Input.OPENED).state is DoorState.OPEN


def test_propping_forgives_no_break_in() -> None:
    door = locked()(Input.OPENED)

    assert Effect.CLEAR_FORCED not in door(Input.PROP_BEGAN).effects
    assert Effect.CLEAR_FORCED in door(Input.CLOSED).effects


@pytest.mark.parametrize("state", sorted(CLOSED_STATES))
def test_a_closed_door_cannot_be_propped(state: DoorState) -> None:
    assert step(state, Input.PROP_BEGAN) == (state, ())


# --- fire ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(set(DoorState) - {DoorState.UNKNOWN}))
def test_a_fire_releases_a_door_in_whatever_state(state: DoorState) -> None:
    assert step(state, Input.FIRE_BEGAN)[0] is DoorState.FIRE


@pytest.mark.parametrize("event", sorted(set(Input) - {Input.FIRE_ENDED, Input.LOST}))
def test_a_door_released_for_fire_stays_so_until_the_fire_is_over(event: Input) -> None:
    assert step(DoorState.FIRE, event)[0] is DoorState.FIRE


def test_after_the_fire_the_door_is_sensed_again() -> None:
    door = locked()(Input.FIRE_BEGAN, Input.OPENED, Input.FIRE_ENDED)

    assert door.effects[-1] is Effect.SENSE_AGAIN
    assert door(*report("open", "unlocked", is_free=False)).state is DoorState.OPEN


def test_an_unlock_mode_that_outlasts_the_fire_counts_again() -> None:
    door = locked()(Input.UNLOCK_BEGAN, Input.FIRE_BEGAN, Input.FIRE_ENDED)

    assert door(*report("closed", "unlocked", is_free=True)).state is DoorState.FREE


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

    assert door.state is DoorState.FREE
    assert not {Effect.RAISE_FORCED, Effect.RAISE_HELD, Effect.WARN_HELD} & set(door.effects)


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
        ([Input.UNBOLTED, Input.AJAR_TIMEOUT], Effect.CLEAR_AJAR),
    ],
    ids=["forced", "held", "ajar"],
)
def test_an_unlock_schedule_settles_what_was_pending(before: list[Input], effect: Effect) -> None:
    assert effect in locked()(*before)(Input.UNLOCK_BEGAN).effects


def test_while_a_door_is_free_an_entry_is_still_confirmed_by_the_opening() -> None:
    door = locked()(Input.UNLOCK_BEGAN)

    assert door(Input.GRANTED).effects == [Effect.START_RELEASE_TIMER, Effect.SENSE_AGAIN]
    assert door(Input.OPENED).effects == [Effect.NOTE_ENTRY_TAKEN]
    assert door(Input.GRANTED)(Input.RELEASE_TIMEOUT).effects == [Effect.NOTE_ENTRY_NOT_TAKEN]


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
    assert set(CLEARED) <= set(door(Input.CLOSED).effects)


# --- a door without a contact -------------------------------------------------------------------------


def test_without_a_contact_the_grant_is_the_entry() -> None:
    door = locked(has_contact=False)

    assert door(Input.GRANTED).effects == [Effect.START_RELEASE_TIMER, Effect.NOTE_ENTRY_TAKEN]
    assert door(Input.RELEASE_TIMEOUT).effects == [Effect.START_AJAR_TIMER, Effect.SENSE_AGAIN]
