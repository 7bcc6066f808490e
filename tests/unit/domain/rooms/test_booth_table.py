"""The booth's table: on only once its light says so, and every pair of state and input has its answer."""

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from controller.domain.rooms.booth import (
    IGNORED,
    RETRY_AT_MOST,
    SHOWN,
    TRANSITIONS,
    WANTED,
    BoothState,
    Effect,
    Input,
    OnAir,
    Report,
    Wish,
    diagram,
    heard,
    pause_after,
    step,
)
from tests.unit.domain.house import NOON

PAIRS = list(product(BoothState, Input))


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=lambda each: str(each))
def test_every_pair_is_in_the_table_or_ignored_with_a_reason(state: BoothState, event: Input) -> None:
    assert ((state, event) in TRANSITIONS) != ((state, event) in IGNORED)
    assert IGNORED.get((state, event), "a reason").strip()


def test_an_ignored_pair_changes_nothing() -> None:
    assert {step(state, event) == (state, ()) for state, event in IGNORED} == {True}


def test_it_is_shown_as_on_in_one_state_alone_and_only_the_light_leads_there() -> None:
    assert [state for state, shown in SHOWN.items() if shown is OnAir.ON] == [BoothState.ON]
    leading = {event for (state, event), (after, _) in TRANSITIONS.items() if after is BoothState.ON is not state}
    assert leading == {Input.LIT}


@pytest.mark.parametrize("state", BoothState)
def test_a_light_whose_link_dies_is_unknown_and_never_on(state: BoothState) -> None:
    assert SHOWN[step(state, Input.LOST)[0]] is OnAir.UNKNOWN


def test_only_somebody_who_asks_makes_it_wanted() -> None:
    begins = {event for (state, event), (after, _) in TRANSITIONS.items() if after in WANTED and state not in WANTED}

    assert begins == {Input.ASKED}


def test_a_stop_ends_it_in_every_state_and_tells_the_light() -> None:
    for state in WANTED:
        after, effects = step(state, Input.STOPPED)

        assert after not in WANTED
        assert {Effect.TELL, Effect.END} <= set(effects)


def test_whatever_waits_for_the_light_asks_it_again() -> None:
    waiting = {BoothState.REQUESTED, BoothState.ENDING, BoothState.UNKNOWN_ASKED}

    assert all(Effect.TELL in step(state, Input.RETRY)[1] for state in waiting)
    assert step(BoothState.ON, Input.UNLIT) == (BoothState.REQUESTED, (Effect.TELL, Effect.RETRY_LATER))
    assert step(BoothState.OFF, Input.LIT) == (BoothState.ENDING, (Effect.TELL, Effect.RETRY_LATER))


def test_a_light_that_is_on_is_asked_every_minute_whether_it_still_is() -> None:
    assert step(BoothState.ON, Input.RETRY) == (BoothState.ON, (Effect.TELL, Effect.CHECK_LATER))


def test_the_end_can_be_moved_while_it_is_wanted_and_the_light_hears_of_it() -> None:
    for state in WANTED:
        assert step(state, Input.MOVED) == (state, (Effect.TELL,))


def test_a_broken_light_is_asked_ever_less_often() -> None:
    pauses = [pause_after(tries) for tries in range(12)]

    assert pauses[:3] == [2.0, 4.0, 8.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == RETRY_AT_MOST


def test_the_picture_of_the_booth_is_drawn_from_its_table() -> None:
    page = (Path(__file__).parents[4] / "docs" / "booth.md").read_text(encoding="utf-8")

    assert f"```mermaid\n{diagram()}\n```" in page
    assert "    requested --> on: lit\n" in diagram()


# --- what the light says --------------------------------------------------------------------------------

ASKED = Wish(True, rev=10, after=NOON)
LATER = NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("report", "wish", "expected"),
    [
        pytest.param(Report(True, LATER, 10), ASKED, Input.LIT, id="it answers this wish"),
        pytest.param(Report(True, LATER, 12), ASKED, Input.LIT, id="it answers a repetition of it"),
        pytest.param(Report(True, LATER, 9), ASKED, None, id="it answers an earlier one"),
        pytest.param(Report(True, LATER), ASKED, Input.LIT, id="it does not tell which, and says so later"),
        pytest.param(Report(True, NOON), ASKED, None, id="it does not tell which, and said so before"),
        pytest.param(Report(True, NOON), Wish(True, 10), Input.LIT, id="it has said nothing before"),
        pytest.param(Report(False, NOON, 9), ASKED, Input.UNLIT, id="a contradiction is heard whatever it answers"),
        pytest.param(Report(False, LATER, 9), Wish(False, 10), None, id="off, but not because it was told"),
        pytest.param(Report(True, NOON, 9), Wish(False, 10), Input.LIT, id="still lit"),
        pytest.param(Report("on", LATER, 10), ASKED, Input.LOST, id="a word says nothing"),
        pytest.param(None, ASKED, Input.LOST, id="nothing said"),
    ],
)
def test_a_report_confirms_only_the_wish_it_answers(report: Report | None, wish: Wish, expected: Input | None) -> None:
    assert heard(report, wish, is_present=True) is expected


@pytest.mark.parametrize(("value", "wish"), [(True, ASKED), (False, Wish(False, 10))], ids=["on", "off"])
def test_a_light_that_tells_what_it_answers_and_here_does_not_has_heard_nothing(value: bool, wish: Wish) -> None:
    assert heard(Report(value, LATER), wish, is_present=True, tells_rev=True) is None
    assert heard(Report(not value, LATER), wish, is_present=True, tells_rev=True) is not None


def test_a_light_that_is_not_there_says_nothing_whatever_it_said_last() -> None:
    assert heard(Report(True, LATER, 10), ASKED, is_present=False) is Input.LOST
