"""Whether the database has what this house has, told so that somebody knows what to do."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.domain.history.values import EVERYTHING, Selection, Span
from controller.errors import InputError
from controller.services.history.verify import Underway, as_data, compare, compared_span, in_words
from tests.service.test_long_history import MemoryArchive
from tests.support.memory_history import MemoryHistory

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2025, 6, 15, 12, tzinfo=UTC)
NOON_MS = 1_749_988_800_000
HOUR_MS = 3_600_000
AFTERNOON = Span(NOON, NOON + timedelta(hours=3))
ADDRESS = "http://influx.local:8086"


@pytest.fixture
def here() -> MemoryHistory:
    history = MemoryHistory()
    fill(history)
    return history


@pytest.fixture
def there() -> MemoryArchive:
    archive = MemoryArchive()
    fill(archive.history)
    return archive


def fill(history: MemoryHistory) -> None:
    """Ten points in each of three hours."""
    points = [(NOON_MS + minute * 360_000, 20.0) for minute in range(30)]
    history.put("air", "temperature", points, device_class="temperature", unit="°C", room="hall")


def one_more(history: MemoryHistory, at_ms: int) -> None:
    history.put("air", "temperature", [(at_ms, 21.0)], device_class="temperature", unit="°C", room="hall")


def test_what_is_on_its_way_and_what_is_forgotten_here_is_not_compared():
    year = Span(NOON - timedelta(days=365), NOON)

    span = compared_span(year, NOON, timedelta(days=90))

    assert span == Span(NOON - timedelta(days=90) + timedelta(hours=2), NOON - timedelta(minutes=1))
    assert compared_span(AFTERNOON, NOON + timedelta(days=1), timedelta(days=90)) == AFTERNOON


def test_a_span_of_which_nothing_is_kept_is_refused_with_the_reason():
    lately = Span(NOON - timedelta(days=100), NOON - timedelta(days=95))

    with pytest.raises(InputError, match="those from before 2025-03-17 are not kept here"):
        compared_span(lately, NOON, timedelta(days=90))


async def test_two_sides_with_the_same_points_are_equal(here: MemoryHistory, there: MemoryArchive):
    done = await compare(here, there, EVERYTHING, AFTERNOON)

    assert done.is_equal
    assert (done.series, done.here, done.there) == (1, 30, 30)
    assert in_words(done, Underway(), ADDRESS, PARIS) == [
        "The same on both sides: 30 points from 2025-06-15 14:00 to 2025-06-15 17:00, 1 series; http://influx.local:8086."
    ]


async def test_a_point_missing_there_is_told_by_series_and_hour(here: MemoryHistory, there: MemoryArchive):
    one_more(here, NOON_MS + HOUR_MS + 5)

    done = await compare(here, there, EVERYTHING, AFTERNOON)

    assert in_words(done, Underway(waiting=1, parked=2), ADDRESS, PARIS) == [
        "Not the same: 31 points here, 30 in http://influx.local:8086, from 2025-06-15 14:00 to 2025-06-15 17:00, 1 series.",
        "The hours that differ:",
        "  2025-06-15 15:00  air temperature °C: 11 here, 10 there (1 missing there)",
        "It has refused 2 readings: natoma telemetry parked shows which and why.",
        "Not sent yet: 1 message. Their hours differ until they are.",
    ]


async def test_a_point_nobody_here_knows_is_a_difference_too(here: MemoryHistory, there: MemoryArchive):
    one_more(there.history, NOON_MS + 5)

    (difference,) = (await compare(here, there, EVERYTHING, AFTERNOON)).differences

    assert (difference.hour, difference.here, difference.there) == (NOON_MS // HOUR_MS, 10, 11)


async def test_a_series_the_database_knows_nothing_of_is_missing_with_all_its_hours(
    here: MemoryHistory, there: MemoryArchive
):
    here.put("door", "open", [(NOON_MS, True), (NOON_MS + HOUR_MS, False)])

    done = await compare(here, there, EVERYTHING, AFTERNOON)

    assert [(one.series.channel, one.here, one.there) for one in done.differences] == [("open", 1, 0), ("open", 1, 0)]


async def test_only_what_was_asked_for_is_compared(here: MemoryHistory, there: MemoryArchive):
    here.put("door", "open", [(NOON_MS, True)])

    assert (await compare(here, there, Selection(channel="temperature"), AFTERNOON)).is_equal


async def test_what_the_database_cannot_hold_is_left_out_and_named(here: MemoryHistory, there: MemoryArchive):
    here.put("air", "mode", [(NOON_MS, "eco")])

    done = await compare(here, there, EVERYTHING, AFTERNOON)

    assert done.is_equal
    assert in_words(done, Underway(), ADDRESS, PARIS)[1:] == ["Left out, since this database keeps no texts: air mode."]


async def test_a_series_it_cannot_read_is_named_and_the_others_are_compared(here: MemoryHistory, there: MemoryArchive):
    here.put("air", "odd", [(NOON_MS, 1.0)])
    there.odd["odd"] = "the database answers 400: error parsing query"

    done = await compare(here, there, EVERYTHING, AFTERNOON)

    assert (done.is_equal, done.series, done.differences) == (False, 1, ())
    same, named = in_words(done, Underway(), ADDRESS, PARIS)
    assert same.startswith("The same on both sides as far as it can be read: 30 points from 2025-06-15 14:00 to")
    assert named == "Could not be read there: air odd: the database answers 400: error parsing query."
    assert [(one["channel"], one["why"]) for one in as_data(done, Underway(), ADDRESS)["unread"]] == [
        ("odd", "the database answers 400: error parsing query")
    ]


async def test_a_long_list_is_cut_and_says_so(here: MemoryHistory, there: MemoryArchive):
    for number in range(25):
        here.put(f"door-{number:02}", "open", [(NOON_MS, True)])

    lines = in_words(await compare(here, there, EVERYTHING, AFTERNOON), Underway(), ADDRESS, PARIS)

    assert lines[1] == "The hours that differ:"
    assert lines[-1] == "  … and 5 more; --json has them all."
    assert len(lines) == 23


async def test_a_script_gets_every_difference(here: MemoryHistory, there: MemoryArchive):
    one_more(there.history, NOON_MS + 5)

    data = json.loads(json.dumps(as_data(await compare(here, there, EVERYTHING, AFTERNOON), Underway(3, 4), ADDRESS)))

    assert data == {
        "equal": False,
        "database": ADDRESS,
        "from": "2025-06-15T12:00:00+00:00",
        "to": "2025-06-15T15:00:00+00:00",
        "series": 1,
        "points": {"here": 30, "there": 31},
        "differences": [
            {
                "device": "air",
                "channel": "temperature",
                "kind": "number",
                "class": "temperature",
                "unit": "°C",
                "room": "hall",
                "hour": "2025-06-15T12:00:00+00:00",
                "here": 10,
                "there": 11,
            }
        ],
        "left_out": [],
        "unread": [],
        "waiting": 3,
        "parked": 4,
    }
