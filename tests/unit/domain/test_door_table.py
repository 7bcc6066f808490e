"""The table of a door and what runs it: every pair, the reports, the times, and the picture drawn from it."""

from itertools import product
from pathlib import Path

import pytest

from controller.domain.building import DoorTimings
from controller.domain.door import (
    CLOSED_STATES,
    EXCUSED_STATES,
    GUARDED_STATES,
    IGNORED,
    OPENED_STATES,
    TIMEOUT_OF,
    TRANSITIONS,
    UNLOCKED_STATES,
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
    assert set(DoorState) - OPENED_STATES - CLOSED_STATES == {DoorState.UNKNOWN, *UNLOCKED_STATES}
    assert not GUARDED_STATES & EXCUSED_STATES


def test_a_timer_is_started_only_where_its_end_means_something() -> None:
    for after, effects in TRANSITIONS.values():
        for effect in effects:
            if effect in TIMEOUT_OF:
                assert (after, TIMEOUT_OF[effect]) in TRANSITIONS


# --- reports ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "inputs"),
    [
        pytest.param(("closed", "locked"), (Input.CLOSED, Input.BOLTED), id="closed and locked"),
        pytest.param(("open", "unlocked"), (Input.OPENED, Input.UNBOLTED), id="open"),
        pytest.param(("closed", "jammed"), (Input.CLOSED, Input.JAMMED), id="a jammed bolt is a fault"),
        pytest.param(("closed", "moving"), (Input.CLOSED, Input.UNBOLTED), id="a moving bolt is not in"),
        pytest.param((None, "locked"), (Input.BOLTED,), id="a missing contact is no news"),
        pytest.param(("closed", None), (Input.CLOSED,), id="a missing lock is no news"),
    ],
)
def test_a_report_is_told_as_inputs_contact_first(
    said: tuple[str | None, str | None], inputs: tuple[Input, ...]
) -> None:
    assert report(*said, is_free=False) == (*inputs, Input.FIRE_ENDED, Input.UNLOCK_ENDED)
    assert report(*said, is_free=True) == (*inputs, Input.FIRE_ENDED, Input.UNLOCK_BEGAN)
    assert report(*said, is_free=True, is_fire=True) == (*inputs, Input.FIRE_BEGAN)


def test_a_door_without_a_contact_counts_as_closed() -> None:
    assert report(None, "locked", is_free=False, has_contact=False)[:2] == (Input.CLOSED, Input.BOLTED)


@pytest.mark.parametrize("state", DoorState)
def test_the_same_report_twice_says_nothing_new(state: DoorState) -> None:
    for contact, lock, is_free, is_fire in product(
        ("open", "closed"), ("locked", "unlocked", "jammed"), (True, False), (True, False)
    ):
        said = report(contact, lock, is_free=is_free, is_fire=is_fire)
        after = told(told(state, said), said)

        assert told(after, said) is after


def told(state: DoorState, said: tuple[Input, ...]) -> DoorState:
    """What a door is once it was told this report, sensing again as often as it asks to."""
    for event in said:
        state, effects = step(state, event)
        if Effect.SENSE_AGAIN in effects:
            return told(state, said)
    return state


# --- times --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "seconds"),
    [
        (Effect.START_RELEASE_TIMER, 6.0),
        (Effect.START_WARNING_TIMER, 30.0),
        (Effect.START_ALARM_TIMER, 30.0),
        (Effect.START_GRACE_TIMER, 2.0),
        (Effect.START_AJAR_TIMER, 3.0),
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


# --- the picture --------------------------------------------------------------------------------------


def test_the_picture_in_the_docs_is_drawn_from_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("event", "target", "but"),
    [
        (Input.LOST, DoorState.UNKNOWN, set()),
        (Input.FIRE_BEGAN, DoorState.FIRE, set()),
        (Input.UNLOCK_BEGAN, DoorState.FREE, {DoorState.FIRE}),
    ],
)
def test_what_the_picture_says_of_any_other_state_is_so(event: Input, target: DoorState, but: set[DoorState]) -> None:
    for state in set(DoorState) - {DoorState.UNKNOWN} - but:
        assert step(state, event)[0] is target
