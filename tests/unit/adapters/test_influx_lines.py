"""Lines are the very text that the library's own `Point` makes."""

import math
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from influxdb_client import Point

from controller.adapters.influx.lines import FIELDS, Lines, measurement_of, number
from controller.domain.history.values import Kind, Series, SeriesId, Value, kind_of
from controller.domain.ids import AreaId, DeviceId
from controller.services.history.ports import LoggedReadings

AT = 1_795_000_000_123_000_001

# What means something to the protocol, and what merely looks odd.
PECULIAR = st.text(st.sampled_from(list(", =\"\\\n\t\r#µ°é'{}%_ab0\U0001f6aa")), max_size=12)
TEXTS = PECULIAR | st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
# The library writes line breaks and backslashes into names so that they are not found again (`test_names` asks influxd).
NAMES = TEXTS.map(
    lambda text: "".join(letter for letter in text if unicodedata.category(letter) != "Cc" and letter != "\\")
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1)


def series_of(value: Value, **what: Any) -> Series:
    named = {"device": DeviceId("sensor-1"), "channel": "t", "device_class": "temperature", **what}
    return Series(SeriesId(1), kind=kind_of(value), **named)


def line_of(series: Series, value: Value, at_ns: int = AT) -> list[str]:
    return Lines().of([LoggedReadings(1, at_ns, ((series, value),))])


def point_of(series: Series, value: Value, at_ns: int = AT) -> str:
    # A whole number is a float too: a field that once was an integer would refuse every other.
    value = value if isinstance(value, bool | str) else float(value)
    # Told by its two characters, or a text could begin a line of its own.
    value = value.replace("\n", "\\n") if isinstance(value, str) else value
    point = Point(series.device_class or "reading").field(FIELDS[series.kind], value).time(at_ns)
    for key, told in (
        ("device", series.device),
        ("channel", series.channel),
        ("room", series.room),
        ("unit", series.unit),
    ):
        if told:
            point.tag(key, told)
    return str(point.to_line_protocol())


@given(
    st.builds(
        dict,
        device=NAMES.filter(bool).map(DeviceId),
        channel=NAMES.filter(bool),
        device_class=NAMES.filter(lambda text: not text.startswith("#")),
        unit=NAMES,
        room=st.none() | NAMES.map(AreaId),
    ),
    NUMBERS | st.booleans() | TEXTS,
    st.integers(0, 2**63 - 1),
)
@example({}, -0.0, AT)
@example({}, 0.0, AT)
@example({}, 5e-324, AT)
@example({}, 1.7976931348623157e308, AT)
@example({}, 1e16, AT)
@example({"device_class": "a b,c=d", "unit": "a b,c=d"}, 21.0, AT)
@example({}, 'a "quoted" line\nand \\ another', AT)
@example({"device_class": "", "unit": "", "room": AreaId("")}, True, AT)
def test_a_line_is_what_the_library_makes_of_the_same_point(what: dict[str, Any], value: Value, at_ns: int):
    series = series_of(value, **what)

    assert line_of(series, value, at_ns) == [point_of(series, value, at_ns)]


@given(st.lists(st.sampled_from([0.0, -0.0, 1, 1.0, 21.5, 0.1 + 0.2, -1e-9]), min_size=1))
def test_a_number_seen_before_is_written_as_it_was_the_first_time(values: list[float]):
    lines, series = Lines(), series_of(1.0)

    made = lines.of([LoggedReadings(n, AT + n, ((series, value),)) for n, value in enumerate(values)])

    assert made == [point_of(series, value, AT + n) for n, value in enumerate(values)]


@pytest.mark.parametrize("none", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_line_and_takes_none_along(none: float):
    series = series_of(1.0)
    rows = [LoggedReadings(1, AT, ((series, none), (series, 2.0)))]

    assert Lines().of(rows) == [point_of(series, 2.0)]
    assert number(none) is None


def test_a_class_that_would_make_its_lines_comments_is_not_the_measurement():
    assert line_of(series_of(1.0, device_class="#odd"), 1.0) == [f"reading,channel=t,device=sensor-1 value=1 {AT}"]


@pytest.mark.parametrize("odd", ["a\0b", "ab\\", "\n\x85ab\x7f\\\\"], ids=["a NUL", "a backslash at the end", "both"])
def test_what_no_question_could_name_is_left_out_of_a_name(odd: str):
    series = series_of(1.0, device_class=odd, unit=odd, channel=odd)

    assert line_of(series, 1.0) == [f"ab,channel=ab,device=sensor-1,unit=ab value=1 {AT}"]
    assert measurement_of(series) == "ab"


def test_a_class_of_which_nothing_is_left_is_none():
    assert measurement_of(series_of(1.0, device_class="\0\\")) == "reading"


def test_the_readings_of_one_message_share_its_moment_and_each_kind_has_its_field():
    temperature, on, said = (
        Series(SeriesId(n), DeviceId("s"), channel, kind, device_class, unit, room)
        for n, (channel, kind, device_class, unit, room) in enumerate(
            [
                ("t", Kind.NUMBER, "temperature", "°C", AreaId("booth")),
                ("light", Kind.SWITCH, "", "", None),
                ("note", Kind.TEXT, "", "", None),
            ]
        )
    )
    row = LoggedReadings(7, AT, ((temperature, 21.5), (on, False), (said, 'say "ah"')))

    assert Lines().of([row]) == [
        f"temperature,channel=t,device=s,room=booth,unit=°C value=21.5 {AT}",
        f"reading,channel=light,device=s on=false {AT}",
        f'reading,channel=note,device=s text="say \\"ah\\"" {AT}',
    ]


@given(PECULIAR, PECULIAR.filter(bool), PECULIAR)
def test_whatever_a_device_says_a_line_is_one_line(text: str, channel: str, unit: str):
    """VictoriaMetrics ends a line at a line break within a text: the rest would be anybody's reading."""
    (line,) = line_of(series_of(text, channel=channel, unit=unit), text)

    assert "\n" not in line


def test_a_series_that_bears_the_number_of_another_gets_lines_of_its_own():
    """After a log was put back from a backup a number may mean another series."""
    lines = Lines()
    lines.of([LoggedReadings(1, AT, ((series_of(1.0), 1.0),))])

    assert lines.of([LoggedReadings(1, AT, ((series_of(1.0, channel="u"), 1.0),))]) == [
        f"temperature,channel=u,device=sensor-1 value=1 {AT}"
    ]


def test_what_is_remembered_is_bounded():
    lines = Lines(remembered=3)

    for n in range(20):
        series = series_of(1.0, channel=f"c{n}")
        assert lines.of([LoggedReadings(n, AT, ((series, n + 0.5),))]) == [point_of(series, n + 0.5)]

    assert len(lines._numbers) <= 4
    assert len(lines._heads) <= 4
