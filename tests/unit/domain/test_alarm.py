"""From raised over acknowledged to cleared: every pair of state and change, and what an alarm remembers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.alarm import (
    IGNORED,
    MOMENTARY,
    SILENT,
    TRANSITIONS,
    Acknowledgement,
    Alarm,
    AlarmKind,
    AlarmState,
    Change,
    Subject,
    acknowledged,
    again,
    cleared,
    first,
)
from controller.domain.ids import AlarmId, DoorId

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STREET = Subject(door=DoorId("street"))


def forced(**changes: object) -> Alarm:
    return replace(first(AlarmId("a1"), AlarmKind.DOOR_FORCED, STREET, NOON, {}), **changes)  # type: ignore[arg-type]


def after(alarm: Alarm, change: Change, at: datetime) -> Alarm:
    """As the services do it."""
    if change is Change.RAISE:
        return again(alarm, at, {})
    if change is Change.CLEAR:
        return cleared(alarm, at)
    return acknowledged(alarm, Acknowledgement("Dana", "seen", at))


LASTING = sorted(set(AlarmKind) - MOMENTARY)


# --- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "change"), list(product(AlarmState, Change)))
def test_every_pair_is_in_the_table_or_ignored_with_a_reason(state: AlarmState, change: Change) -> None:
    assert ((state, change) in TRANSITIONS) != ((state, change) in IGNORED)
    assert IGNORED.get((state, change), "a reason").strip()


@given(st.lists(st.sampled_from(Change), max_size=12))
def test_an_alarm_moves_as_the_table_says(changes: list[Change]) -> None:
    alarm = forced()
    for minute, change in enumerate(changes, 1):
        before = alarm
        if alarm.state is AlarmState.CLOSED:
            return  # what comes then is another alarm's
        alarm = after(alarm, change, NOON + timedelta(minutes=minute))
        assert alarm.state is TRANSITIONS.get((before.state, change), before.state)
        if (before.state, change) in IGNORED:
            assert alarm == before


# --- its life ---------------------------------------------------------------------------------------------------------


def test_raised_then_acknowledged_by_whom_with_which_note_then_cleared() -> None:
    alarm = forced()
    assert alarm.state is AlarmState.RAISED

    alarm = acknowledged(alarm, Acknowledgement("Dana", "I am on my way", NOON + timedelta(minutes=1)))
    assert alarm.state is AlarmState.ACKNOWLEDGED
    assert alarm.answer == Acknowledgement("Dana", "I am on my way", NOON + timedelta(minutes=1))

    alarm = cleared(alarm, NOON + timedelta(minutes=2))
    assert (alarm.state, alarm.cleared_at) == (AlarmState.CLOSED, NOON + timedelta(minutes=2))


def test_cleared_but_unacknowledged_stays_visible() -> None:
    alarm = cleared(forced(), NOON + timedelta(minutes=1))

    assert alarm.state is AlarmState.CLEARED
    assert alarm.is_open


def test_the_same_alarm_again_while_it_is_open_is_a_count_and_a_last_time() -> None:
    alarm = again(again(forced(), NOON + timedelta(seconds=5), {}), NOON + timedelta(seconds=9), {})

    assert (alarm.id, alarm.count) == ("a1", 3)
    assert (alarm.raised_at, alarm.last_at) == (NOON, NOON + timedelta(seconds=9))


def test_an_answer_to_the_last_time_is_none_to_this_time() -> None:
    alarm = again(cleared(forced(), NOON + timedelta(minutes=1)), NOON + timedelta(minutes=3), {})

    late_answer = replace(alarm, answer=Acknowledgement("Dana", "seen", NOON + timedelta(minutes=2)))

    assert late_answer.state is AlarmState.RAISED


def test_a_clock_that_is_behind_still_answers_this_alarm() -> None:
    answered = acknowledged(forced(), Acknowledgement("Dana", "seen", NOON - timedelta(minutes=2)))

    assert answered.state is AlarmState.ACKNOWLEDGED


def test_of_two_who_answer_the_first_and_the_note_stand() -> None:
    dana = Acknowledgement("Dana", "on my way", NOON + timedelta(minutes=1))
    answered = acknowledged(forced(), dana)

    assert acknowledged(answered, Acknowledgement("Max", "seen", NOON + timedelta(minutes=2))).answer == dana


def test_what_is_told_late_moves_no_time_backwards_and_stays_late_only_if_all_of_it_is() -> None:
    alarm = again(forced(), NOON - timedelta(minutes=5), {}, late=True)

    assert (alarm.last_at, alarm.late) == (NOON, False)
    assert again(forced(late=True), NOON, {}, late=True).late
    assert not again(forced(late=True), NOON, {}).late


@pytest.mark.parametrize("kind", sorted(MOMENTARY))
def test_what_is_over_as_soon_as_it_has_happened_waits_for_somebody_to_look(kind: AlarmKind) -> None:
    alarm = first(AlarmId("a1"), kind, STREET, NOON, {})

    assert alarm.state is AlarmState.CLEARED
    assert again(alarm, NOON + timedelta(minutes=1), {}).state is AlarmState.CLEARED
    assert acknowledged(alarm, Acknowledgement("Dana", "seen", NOON)).state is AlarmState.CLOSED


@pytest.mark.parametrize("kind", LASTING)
def test_what_lasts_is_raised_until_it_is_cleared(kind: AlarmKind) -> None:
    assert first(AlarmId("a1"), kind, STREET, NOON, {}).stands


def test_duress_alone_is_silent() -> None:
    assert {AlarmKind.DURESS} == SILENT
    assert first(AlarmId("a1"), AlarmKind.DURESS, STREET, NOON, {}).is_silent
    assert not forced().is_silent
