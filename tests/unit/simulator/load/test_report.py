"""The table and the JSON that a load ends in."""

import json
from dataclasses import replace

import pytest

from devices.messages import Signal
from simulator.load.asked import Wanted
from simulator.load.report import as_json, in_words, what_is_wrong
from simulator.load.run import Result
from simulator.load.tally import Tally

WANTED = Wanted(taps=500, readings=10_000, for_s=60)


@pytest.fixture
def tally() -> Tally:
    """A hundred taps and a thousand readings, all well."""
    tally = Tally()
    for number in range(100):
        tally.tapped(due=number, went=number + 0.001)
        tally.answered(number, Signal.DENIED if number < 10 else Signal.GRANTED, number + 0.003)
    tally.taps.confirmed = 100
    tally.readings.said = tally.readings.confirmed = 1000
    return tally


def result(tally: Tally, **changes: object) -> Result:
    came = Result(WANTED, tally, 200, 2000, lasted_s=60.0, cpu_s=30.0, links_lost=0, was_stopped=False)
    return replace(came, **changes)  # type: ignore[arg-type]


def row(text: str, name: str) -> list[str]:
    return next(line.removeprefix(name).split() for line in text.splitlines() if line.startswith(name))


def test_the_table_has_a_row_for_each_kind_and_each_delay(tally: Tally):
    shown = in_words(result(tally))

    assert "500 taps/s at 200 readers and 10000 readings/s of 2,000 sensors for 60.0 s" in shown
    assert row(shown, "taps") == ["100", "100", "100", "90", "10", "0", "0", "0", "0"]
    assert row(shown, "readings") == ["1,000", "1,000", "0"]
    assert row(shown, "read to unlock")[:2] == ["2.0", "ms"]
    assert row(shown, "  from when it was due")[:2] == ["3.0", "ms"]
    assert row(shown, "taps late")[-2:] == ["1.0", "ms"]
    assert "the sender took 50% of a core" in shown
    assert what_is_wrong(result(tally)) == ""


def test_everything_that_is_wrong_is_said_with_its_number(tally: Tally):
    for went in (200.0, 201.0):
        tally.answered(tally.tapped(went - 3.0, went), Signal.GRANTED, went + 2.0, lock_apart=went > 200)
    tally.answered(0, Signal.GRANTED, 9.0)
    tally.taps.unsaid = 4
    tally.readings.unsaid, tally.readings.said = 5, 1001
    tally.rejected["unknown_channel"] = 13
    shown = in_words(result(tally, links_lost=2, was_stopped=True))

    assert what_is_wrong(result(tally)) == "5 taps lost, 1 answers too many, 6 readings not confirmed by the broker"
    for words in (
        "for 60.0 s, stopped",
        "4 of the lost taps were never sent",
        "5 of the lost readings were never sent",
        "one in a hundred taps went out 3000 ms late or more",
        "1 of the lost taps were green at the reader, and their lock was told nothing",
        "2 answers came after the second that a reader waits",
        "2 connections were lost and came back",
        "the controller took back: 13 × unknown_channel",
    ):
        assert words in shown


def test_a_script_reads_the_same(tally: Tally):
    told = json.loads(json.dumps(as_json(result(tally))))

    assert told["is_whole"] is True
    assert told["taps"] == {
        "said": 100, "unsaid": 0, "confirmed": 100, "answered": 100, "granted": 90, "denied": 10, "try_again": 0,
        "lost": 0, "twice": 0, "too_late": 0, "locks_untold": 0,
    }  # fmt: skip
    assert told["readings"] == {"said": 1000, "unsaid": 0, "confirmed": 1000, "lost": 0}
    assert told["ms"]["read_to_unlock"]["count"] == 90
    assert told["ms"]["read_to_unlock"]["p99"] == pytest.approx(2.0, rel=0.01)
    assert told["ms"]["read_to_unlock_from_due"]["longest"] == pytest.approx(3.0, rel=0.01)
    assert told["sender_cpu"] == 0.5
    assert told["wanted"]["arrival"] == "poisson"


def test_stopped_before_the_first_tap_there_is_a_table_all_the_same():
    shown = in_words(result(Tally(), lasted_s=0.0, was_stopped=True))

    assert row(shown, "taps") == ["0"] * 9
    assert "read to unlock" not in shown
    assert as_json(result(Tally()))["ms"]["read_to_unlock"] == {
        "count": 0, "p50": None, "p90": None, "p99": None, "p99.9": None, "longest": None
    }  # type: ignore[index]  # fmt: skip
