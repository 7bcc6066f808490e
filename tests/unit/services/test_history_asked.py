"""Spans and steps of history as people type them, in the space's own time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.services.history.asked import AskedError, Question, in_words, length_of, span_of

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)  # 15:30 in Paris
HOUR = timedelta(hours=1)


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        (Question(), NOW - 24 * HOUR, NOW),
        (Question(last="90s"), NOW - timedelta(seconds=90), NOW),
        (Question(last="1h30m"), NOW - timedelta(minutes=90), NOW),
        (Question(last="2w"), NOW - timedelta(days=14), NOW),
        (Question(last="1y"), NOW - timedelta(days=365), NOW),
        (Question(since="2026-11-20"), paris(2026, 11, 20), NOW),
        (Question(since="14:00"), paris(2026, 11, 22, 14), NOW),
        (Question(since="today"), paris(2026, 11, 22), NOW),
        (Question(since="yesterday", until="yesterday"), paris(2026, 11, 21), paris(2026, 11, 22)),
        (Question(since="2026-11-01", until="2026-11-20"), paris(2026, 11, 1), paris(2026, 11, 21)),
        (Question(since="2026-11-20T06:00", until="2026-11-20T07:00"), paris(2026, 11, 20, 6), paris(2026, 11, 20, 7)),
        (Question(since="2026-11-20T06:00:00-08:00"), datetime(2026, 11, 20, 14, tzinfo=UTC), NOW),
        (Question(until="12:00", last="1h"), paris(2026, 11, 22, 11), paris(2026, 11, 22, 12)),
        (Question(since="10:00", until="now"), paris(2026, 11, 22, 10), NOW),
    ],
    ids=str,
)
def test_a_span_is_what_people_mean(asked: Question, start: datetime, end: datetime) -> None:
    span = span_of(asked, PARIS, NOW)

    assert (span.start, span.end) == (start, end)
    assert span.start.tzinfo is UTC or span.start.utcoffset() == timedelta()


def test_a_day_of_25_hours_is_all_of_it() -> None:
    span = span_of(Question(since="2026-10-25", until="2026-10-25"), PARIS, NOW)

    assert span.end - span.start == 25 * HOUR


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        (Question(last="soon"), "last", "'soon' is no length of time — write it like 90s, 15m, 24h, 7d or 1y"),
        (Question(last="0h"), "last", "'0h' is no time at all — the least is 1s"),
        (Question(last="-1h"), "last", "'-1h' is no length of time"),
        (Question(last="99y"), "last", "'99y' is longer than anything that was measured — 50y is the most"),
        (Question(last="1h", since="10:00"), "last", "says how long before the end"),
        (Question(since="16:00"), "from", "2026-11-22 16:00 is still to come"),
        (Question(since="2090-01-01"), "from", "2090-01-01 00:00 is still to come"),
        (Question(since="2026-02-30"), "from", "'2026-02-30' is no day: February 2026 has 28 days"),
        (Question(since="2500-01-01"), "from", "'2500-01-01' is in the year 2500"),
        (Question(since="noon"), "from", "'noon' is no moment"),
        (Question(until="2027-01-01"), "to", "is still to come"),
        (Question(since="12:00", until="11:00"), "to", "the span ends at 2026-11-22 11:00, and it begins only"),
        (Question(since="12:00", until="12:00"), "to", "the span ends at 2026-11-22 12:00, and it begins only"),
    ],
    ids=str,
)
def test_what_is_no_span_is_refused_with_what_would_be_right(asked: Question, field: str, why: str) -> None:
    with pytest.raises(AskedError) as refused:
        span_of(asked, PARIS, NOW)

    assert (refused.value.field, str(refused.value).startswith(f"{field}: ")) == (field, True)
    assert why in refused.value.why


@given(st.integers(1, 10_000_000))
def test_a_length_is_read_as_it_is_written(seconds: int) -> None:
    assert length_of("step", in_words(timedelta(seconds=seconds))) == timedelta(seconds=seconds)
