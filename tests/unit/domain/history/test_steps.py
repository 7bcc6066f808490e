"""The edges of steps: days that are local, clocks that change, and how many are too many."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.history.steps import MOST_STEPS, edges_of, fitting_step
from controller.domain.history.values import Span
from controller.errors import InputError

PARIS = ZoneInfo("Europe/Paris")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
KOLKATA = ZoneInfo("Asia/Kolkata")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
HAVANA = ZoneInfo("America/Havana")  # its clocks go forward at midnight: some days begin at one
UTC_ZONE = ZoneInfo("UTC")

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


def local(zone: ZoneInfo, *when: int) -> datetime:
    return datetime(*when, tzinfo=zone)  # type: ignore[arg-type,misc]


def said(edges: list[int], zone: ZoneInfo) -> list[str]:
    return [f"{datetime.fromtimestamp(edge / 1000, zone):%m-%d %H:%M}" for edge in edges]


def test_steps_of_an_hour_begin_at_whole_hours_and_the_span_cuts_the_first_and_the_last():
    span = Span(local(PARIS, 2026, 3, 2, 9, 20), local(PARIS, 2026, 3, 2, 12, 10))

    assert said(edges_of(span, HOUR, PARIS), PARIS) == [
        "03-02 09:20", "03-02 10:00", "03-02 11:00", "03-02 12:00", "03-02 12:10",
    ]  # fmt: skip


def test_a_span_that_fits_its_steps_has_no_empty_one_at_an_end():
    span = Span(local(PARIS, 2026, 3, 2), local(PARIS, 2026, 3, 4))

    assert said(edges_of(span, DAY, PARIS), PARIS) == ["03-02 00:00", "03-03 00:00", "03-04 00:00"]


@pytest.mark.parametrize(
    ("day", "hours"),
    [((2026, 3, 29), 23), ((2026, 3, 30), 24), ((2026, 10, 25), 25)],
    ids=["spring", "plain", "autumn"],
)
def test_a_day_over_a_clock_change_is_one_step_of_its_own_length(day: tuple[int, int, int], hours: int):
    start = local(PARIS, *day)
    span = Span(start - timedelta(hours=30), start + timedelta(hours=60))

    edges = edges_of(span, DAY, PARIS)

    lengths = {said([edge], PARIS)[0]: (after - edge) // 3_600_000 for edge, after in pairwise(edges)}
    assert lengths[f"{day[1]:02}-{day[2]:02} 00:00"] == hours


def test_hours_of_a_day_with_25_of_them_are_25_steps():
    span = Span(local(PARIS, 2026, 10, 25), local(PARIS, 2026, 10, 26))

    assert len(edges_of(span, HOUR, PARIS)) == 26


def test_a_step_that_does_not_divide_a_day_begins_anew_at_midnight():
    span = Span(local(PARIS, 2026, 3, 2), local(PARIS, 2026, 3, 3, 10))

    assert said(edges_of(span, 10 * HOUR, PARIS), PARIS) == [
        "03-02 00:00", "03-02 10:00", "03-02 20:00", "03-03 00:00", "03-03 10:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "minute"), [(UTC_ZONE, 0), (KOLKATA, 30), (KATHMANDU, 15)], ids=["whole", "half", "quarter"]
)
def test_hours_are_those_of_the_clock_on_the_wall(zone: ZoneInfo, minute: int):
    edges = edges_of(Span(local(zone, 2026, 3, 2, 9), local(zone, 2026, 3, 2, 12)), HOUR, zone)

    assert {datetime.fromtimestamp(edge / 1000, UTC).minute for edge in edges} == {minute}


def test_a_day_that_has_no_midnight_begins_with_its_first_moment():
    span = Span(local(HAVANA, 2026, 3, 7), local(HAVANA, 2026, 3, 9))

    assert said(edges_of(span, DAY, HAVANA), HAVANA) == ["03-07 00:00", "03-08 01:00", "03-09 00:00"]


def test_weeks_begin_on_mondays_whatever_the_span():
    span = Span(local(PARIS, 2026, 3, 4, 8), local(PARIS, 2026, 3, 18))

    assert said(edges_of(span, timedelta(weeks=1), PARIS), PARIS) == [
        "03-04 08:00", "03-09 00:00", "03-16 00:00", "03-18 00:00",
    ]  # fmt: skip


# --- what is refused --------------------------------------------------------------------------------------------------


def test_ten_years_by_the_second_are_refused_by_the_step_that_fits():
    span = Span(local(PARIS, 2016, 11, 22), local(PARIS, 2026, 11, 22))

    with pytest.raises(InputError) as refused:
        edges_of(span, SECOND, PARIS)

    assert str(refused.value) == (
        "steps of 1s from 2016-11-22 00:00 to 2026-11-22 00:00 are 315,532,800, and 20,000 are the most: "
        "a step of 6h fits, or a shorter span"
    )
    # In each of ten autumns a day has 25 hours, and a fifth step of one.
    assert len(edges_of(span, timedelta(hours=6), PARIS)) - 1 == 3652 * 4 + 10


def test_a_span_for_which_every_step_is_short_is_offered_weeks():
    assert fitting_step(Span(datetime(1, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))) == timedelta(weeks=1)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (timedelta(), "a step of 0s is too short: 1s is the least"),
        (timedelta(milliseconds=500), "a step of 0.5s is too short: 1s is the least"),
        (-DAY, "a step of -1d is too short: 1s is the least"),
        (36 * HOUR, "a step of 36h begins in the middle of a day: whole days are right, like 1d or 1w"),
    ],
    ids=["none", "half a second", "backwards", "a day and a half"],
)
def test_a_step_that_is_none_is_refused_in_words(step: timedelta, words: str):
    with pytest.raises(InputError) as refused:
        edges_of(Span(local(PARIS, 2026, 3, 2), local(PARIS, 2026, 3, 3)), step, PARIS)

    assert str(refused.value) == words


def test_a_span_that_ends_before_it_begins_is_refused_in_words():
    with pytest.raises(InputError, match="the span ends at 2026-03-01 00:00, not after it begins at 2026-03-02 00:00"):
        edges_of(Span(local(PARIS, 2026, 3, 2), local(PARIS, 2026, 3, 1)), HOUR, PARIS)


# --- laws -------------------------------------------------------------------------------------------------------------

zones = st.sampled_from([PARIS, LOS_ANGELES, KOLKATA, KATHMANDU, LORD_HOWE, HAVANA, UTC_ZONE])
moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
steps = st.sampled_from([MINUTE, 7 * MINUTE, 15 * MINUTE, HOUR, 5 * HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY])


@settings(max_examples=150)
@given(zones, moments, st.floats(0.01, 60), steps)
def test_steps_partition_the_span_in_any_zone(zone: ZoneInfo, start: datetime, days: float, step: timedelta):
    span = Span(start, start + timedelta(days=days))
    try:
        edges = edges_of(span, step, zone)
    except InputError:
        edges = edges_of(span, step := fitting_step(span), zone)

    assert edges[0] == round(span.start.timestamp() * 1000)
    assert edges[-1] == round(span.end.timestamp() * 1000)
    assert len(edges) <= MOST_STEPS + 1
    longest = step + (timedelta(hours=1) if step >= DAY else timedelta())
    assert all(0 < after - edge <= longest / timedelta(milliseconds=1) for edge, after in pairwise(edges))


@settings(max_examples=100)
@given(zones, moments, steps)
def test_two_spans_share_the_edges_inside_both(zone: ZoneInfo, start: datetime, step: timedelta):
    early = edges_of(Span(start, start + 12 * DAY), step, zone)
    late = edges_of(Span(start + 3 * DAY, start + 13 * DAY), step, zone)

    assert [edge for edge in early[1:-1] if edge > late[0]] == [edge for edge in late[1:-1] if edge < early[-1]]
