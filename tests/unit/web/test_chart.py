"""The geometry of a chart: whatever was measured lies inside it, gaps are gaps, and the clock below is the local one."""

import re
from array import array
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.history.values import Kind, Series, SeriesId, Span
from controller.domain.ids import DeviceId
from controller.services.history.ports import Steps
from controller.web.chart import Chart, draw, times_along
from controller.web.history_words import age_said, class_said, number_said

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
START_MS = round(START.timestamp() * 1000)
MINUTE_MS = 60_000
EDGES = range(START_MS, START_MS + 61 * MINUTE_MS, MINUTE_MS)
HOUR = Span(START, START + timedelta(hours=1))


def steps(values: dict[int, tuple[float, float, float]], kind: Kind = Kind.NUMBER) -> Steps:
    """By minute: mean, low, high."""
    series = Series(SeriesId(1), DeviceId("d"), "c", kind)
    mean, low, high = (array("d", [value[part] for value in values.values()]) for part in range(3))
    starts = array("q", [START_MS + minute * MINUTE_MS for minute in values])
    return Steps(series, starts, mean, low, high, array("q", [1] * len(values)))


def drawn(values: dict[int, tuple[float, float, float]], silence_s: float = 130.0, kind: Kind = Kind.NUMBER) -> Chart:
    return draw([steps(values, kind)], HOUR, EDGES, silence_s, ())


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


any_float = st.floats(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(st.integers(0, 59), st.tuples(any_float, any_float, any_float).map(sorted), min_size=1))
def test_whatever_was_measured_lies_inside_the_chart(values: dict[int, list[float]]) -> None:
    chart = drawn({minute: (mid, low, high) for minute, (low, mid, high) in sorted(values.items())})

    found = [*places(chart.band), *places(chart.line), *chart.dots]
    assert found
    assert all(chart.left <= x <= chart.right and chart.top - 0.1 <= y <= chart.bottom + 0.1 for x, y in found)
    assert all(chart.top - 0.1 <= tick.place <= chart.bottom + 0.1 for tick in chart.across)
    assert len(chart.across) <= 12
    assert all(len(tick.label) <= 12 for tick in chart.across)


def test_the_axis_has_round_numbers() -> None:
    chart = drawn({0: (21.3, 20.9, 21.7), 1: (22.0, 21.0, 22.4)})

    assert [tick.label for tick in chart.across] == ["21.0", "21.5", "22.0"]


def test_huge_values_are_told_apart_on_the_axis() -> None:
    chart = drawn({0: (1.65e308, 1.6e308, 1.7e308), 1: (1.7e308, 1.7e308, 1.7e308)})

    assert [tick.label for tick in chart.across] == ["1.6e308", "1.65e308", "1.7e308"]
    assert len({tick.place for tick in chart.across}) == 3
    assert len({y for _, y in places(chart.line)}) == 2


def test_the_farthest_ends_of_all_numbers_have_one_axis() -> None:
    farthest = 1.7976931348623157e308

    chart = drawn({0: (0.0, -farthest, farthest)})

    assert [tick.label for tick in chart.across] == ["−1e308", "0", "1e308"]


def test_numbers_that_differ_late_have_as_many_digits_as_tell_them_apart() -> None:
    chart = drawn({0: (1e12, 1e12 - 1e9, 1e12 + 1e9)})

    assert [tick.label for tick in chart.across] == ["9.99e11", "9.995e11", "1e12", "1.0005e12", "1.001e12"]


def test_one_value_all_the_time_is_a_line_in_the_middle() -> None:
    chart = drawn(dict.fromkeys(range(60), (21.0, 21.0, 21.0)))

    assert {y for _, y in places(chart.line)} == {(chart.top + chart.bottom) / 2}


def test_what_is_silent_for_longer_than_its_device_may_be_is_a_gap() -> None:
    values = dict.fromkeys((0, 1, 2, 5, 6), (1.0, 1.0, 1.0))

    assert drawn(values, silence_s=119.0).line.count("M") == 2
    assert drawn(values, silence_s=120.0).line.count("M") == 1


def test_a_switch_has_no_band() -> None:
    chart = drawn({0: (0.5, 0.0, 1.0), 1: (1.0, 1.0, 1.0)}, kind=Kind.SWITCH)

    assert (chart.band, [tick.label for tick in chart.across]) == ("", ["off", "on"])


@pytest.mark.parametrize(
    ("name", "length", "labels"),
    [
        ("hour", timedelta(hours=1), ["13:00", "13:10", "13:20", "13:30", "13:40", "13:50", "14:00"]),
        ("day", timedelta(days=1), ["15:00", "18:00", "21:00", "Tue 3", "03:00", "06:00", "09:00", "12:00"]),
        ("week", timedelta(days=7), ["Tue 3", "Wed 4", "Thu 5", "Fri 6", "Sat 7", "Sun 8", "Mon 9"]),
        ("month", timedelta(days=31), ["6 Mar", "11 Mar", "16 Mar", "21 Mar", "26 Mar", "1 Apr"]),
        ("year", timedelta(days=365), ["Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "2027", "Feb", "Mar"]),
    ],
)  # fmt: skip
def test_the_clock_and_calendar_below_are_the_local_ones(name: str, length: timedelta, labels: list[str]) -> None:
    ticks = times_along(Span(START, START + length), name, PARIS)

    assert [tick.label for tick in ticks] == labels
    assert sorted(tick.place for tick in ticks) == [tick.place for tick in ticks]


def test_the_night_the_clock_goes_forward_has_no_third_hour_twice() -> None:
    night = Span(datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 10, tzinfo=UTC))

    ticks = times_along(night, "day", PARIS)

    assert [tick.label for tick in ticks] == ["Sun 29", "03:00", "06:00", "09:00", "12:00"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (21.0, "21"),
        (21.456, "21.46"),
        (456.78, "456.8"),
        (1068.2, "1,068"),
        (0.0137, "0.0137"),
        (-53.0, "−53"),
        (0.0, "0"),
        (1e12, "1e12"),
        (1.675e308, "1.68e308"),
        (-0.00001234, "−1.23e−5"),
    ],
)
def test_numbers_have_as_many_digits_as_help(value: float, said: str) -> None:
    assert number_said(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5.0, "now"),
        (3.0, "now"),
        (59.0, "59 s ago"),
        (60.0, "1 min ago"),
        (7200.0, "2 h ago"),
        (90_000.0, "25 h ago"),
        (200_000.0, "2 d ago"),
    ],
)
def test_ages_are_told_as_people_do(seconds: float, said: str) -> None:
    assert age_said(seconds) == said


@pytest.mark.parametrize(
    ("device_class", "channel", "said"),
    [
        ("carbon_dioxide", "c1", "CO₂"),
        ("signal_strength", "rssi", "Signal strength"),
        ("", "co2", "CO₂"),
        ("duration", "latency", "Latency"),
        ("", "a_b", "A b"),
    ],
)
def test_a_channel_is_called_by_what_it_measures(device_class: str, channel: str, said: str) -> None:
    assert class_said(device_class, channel) == said
