"""Calendars that others wrote, with others' programs in mind: read as they meant them, and against another expansion.

They are the test calendars of `icalendar` and `recurring_ical_events`, by name; zone of the house: Europe/Berlin.
"""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.adapters.ical_reading import read_calendar
from controller.domain.booking.outside import Entry, Reading
from controller.errors import InputError
from tests.support.calendar_files import PLACES, calendar_file, files_of, named

BERLIN = ZoneInfo("Europe/Berlin")
OURS, THEIRS = "icalendar", "recurring_ical_events"
EVERY = [path for package in PLACES for path in files_of(package)]


def year(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


FIRST, LAST = year(2018), year(2025)


def span(one: Entry) -> str:
    return f"{one.start:%Y-%m-%dT%H:%M}/{one.end:%Y-%m-%dT%H:%M}"


# Of each file: from which year until which, how many times are taken, how many problems, the first time and the last.
READ = """
recurring_ical_events event_10_times.ics 2019 2021 10 0 2020-01-13T06:45/2020-01-13T09:00 2020-01-22T06:45/2020-01-22T09:00
recurring_ical_events each_week_but_one_deleted.ics 2019 2020 7 0 2019-03-03T23:30/2019-03-04T00:00 2019-04-21T22:30/2019-04-21T23:00
recurring_ical_events each_week_but_two_deleted.ics 2019 2020 6 0 2019-03-03T23:30/2019-03-04T00:00 2019-04-21T22:30/2019-04-21T23:00
recurring_ical_events three_events_one_edited.ics 2019 2020 3 0 2019-03-18T03:00/2019-03-18T04:00 2019-03-20T03:00/2019-03-20T04:00
recurring_ical_events recurring_events_moved.ics 2019 2020 7 0 2019-03-07T01:00/2019-03-07T02:00 2019-03-20T03:00/2019-03-20T04:00
recurring_ical_events recurring_events_changed_duration.ics 2019 2020 6 0 2019-03-07T01:00/2019-03-07T02:00 2019-03-20T03:00/2019-03-20T04:00
recurring_ical_events daylight_saving_time.ics 2019 2020 309 0 2019-01-02T18:00/2019-01-02T20:00 2019-12-27T07:30/2019-12-27T13:30
recurring_ical_events duration.ics 2018 2019 2 1 2018-01-09T23:00/2018-01-12T23:00 2018-01-15T09:00/2018-01-15T12:00
recurring_ical_events duration_edited.ics 2018 2025 3 0 2019-03-18T03:00/2019-03-18T04:00 2019-03-20T03:00/2019-03-20T04:00
recurring_ical_events rdate.ics 2014 2016 958 0 2014-01-01T19:00/2014-01-01T21:00 2015-12-31T19:00/2015-12-31T21:00
recurring_ical_events rdate2.ics 2014 2022 594 0 2014-08-03T19:00/2014-08-03T21:00 2016-03-19T19:00/2016-03-19T21:00
recurring_ical_events rdate_falls_on_rrule_until.ics 2018 2025 8 0 2019-10-29T15:15/2019-10-29T16:45 2020-02-04T15:15/2020-02-04T16:45
recurring_ical_events issue_113_period_in_rdate.ics 2023 2025 9 0 2023-09-20T19:00/2023-09-20T21:00 2024-05-15T19:00/2024-05-15T21:00
recurring_ical_events issue_113_period_rdate_duration.ics 2023 2025 2 0 2024-09-12T12:00/2024-09-12T13:00 2024-09-13T12:00/2024-09-13T14:00
recurring_ical_events issue_117_until_before_dtstart.ics 2010 2026 0 0
recurring_ical_events issue_128_only_first_event.ics 2010 2026 0 0
recurring_ical_events issue_15_duplicated_events.ics 2010 2026 3 0 2013-08-03T19:00/2013-08-03T21:00 2013-08-03T19:00/2013-08-03T21:00
recurring_ical_events issue_18_cancel_status.ics 2010 2026 2 0 2020-01-28T21:00/2020-01-28T22:00 2020-01-30T21:00/2020-01-30T22:00
recurring_ical_events issue_20_exdate_ignored.ics 2010 2026 7 0 2019-10-29T15:15/2019-10-29T16:45 2020-01-28T15:15/2020-01-28T16:45
recurring_ical_events issue_223_thunderbird.ics 2010 2026 5 0 2025-04-23T08:00/2025-04-23T09:00 2025-04-27T08:00/2025-04-27T09:00
recurring_ical_events issue_27_t1.ics 2010 2026 2 0 2020-04-26T12:00/2020-04-26T12:30 2020-04-28T12:00/2020-04-28T12:30
recurring_ical_events issue_28_rrule_with_UTC_endinginZ.ics 2010 2026 0 0
recurring_ical_events issue_36_recurrence_ID_format.ics 2010 2026 555 0 2020-09-06T22:00/2020-09-07T22:00 2025-12-28T23:00/2025-12-29T23:00
recurring_ical_events issue_44_double_event.ics 2010 2026 0 0
recurring_ical_events issue_62_moved_event.ics 2010 2026 0 0
recurring_ical_events issue_75_range_parameter.ics 2010 2026 193 0 2024-09-01T12:00/2024-09-01T14:00 2025-09-19T14:22/2025-09-19T16:13
recurring_ical_events issue_148_ignored_exdate.ics 2010 2026 2 0 2024-06-30T22:00/2024-07-07T22:00 2024-07-28T22:00/2024-08-04T22:00
recurring_ical_events issue_173_only_modifications_error.ics 2010 2026 885 0 2022-12-06T08:00/2022-12-06T09:00 2025-12-30T13:15/2025-12-30T14:15
recurring_ical_events issue_201_mixed_datetime_and_date.ics 2010 2026 0 0
recurring_ical_events multiple_rrule.ics 2010 2026 22 0 2023-01-12T10:00/2023-01-12T12:00 2023-05-25T09:00/2023-05-25T11:00
recurring_ical_events one_day_event.ics 2010 2026 1 0 2019-03-03T23:00/2019-03-04T23:00 2019-03-03T23:00/2019-03-04T23:00
recurring_ical_events one_event_repeat_every_3_days.ics 2019 2020 102 0 2019-03-03T23:00/2019-03-04T00:00 2019-12-31T23:00/2020-01-01T00:00
recurring_ical_events x_wr_timezone_simple_events_issue_59.ics 2010 2026 2 0 2021-12-22T17:00/2021-12-22T18:00 2021-12-23T02:00/2021-12-23T03:00
recurring_ical_events Germany_Holidays.ics 2019 2021 0 0
recurring_ical_events fablab_cottbus.ics 2019 2020 12 0 2019-01-05T13:00/2019-01-05T16:00 2019-12-07T13:00/2019-12-07T16:00
recurring_ical_events machbar_16_feb_2019.ics 2019 2020 309 0 2019-01-02T18:00/2019-01-02T20:00 2019-12-27T07:30/2019-12-27T13:30
recurring_ical_events no_events.ics 2010 2026 0 0
recurring_ical_events end_before_start_event.ics 2010 2026 0 1
recurring_ical_events zero_size_event.ics 2010 2026 0 1
recurring_ical_events bad_rrule_missing_until_event.ics 2010 2026 0 1
recurring_ical_events issue_107_omitting_last_event.ics 2010 2026 23 0 2023-01-05T18:00/2023-01-05T19:00 2023-06-08T17:00/2023-06-08T18:00
icalendar parsing_error.ics 2008 2009 20 0 2008-03-02T23:00/2008-03-03T23:00 2008-03-22T23:00/2008-03-23T23:00
icalendar pacific_fiji.ics 2010 2026 0 1
icalendar multiple_timezones.ics 2010 2026 0 3
icalendar bom_calendar.ics 2010 2026 0 0
icalendar issue_165_missing_event.ics 2015 2016 14 0 2015-07-03T08:00/2015-07-03T08:30 2015-07-22T08:00/2015-07-22T08:30
icalendar issue_156_RDATE_with_PERIOD_TZID_khal.ics 2010 2026 1 0 2018-03-27T13:00/2018-03-27T14:00 2018-03-27T13:00/2018-03-27T14:00
icalendar issue_156_RDATE_with_PERIOD_TZID_khal_2.ics 2010 2026 1 0 2021-11-01T15:00/2021-11-01T15:30 2021-11-01T15:00/2021-11-01T15:30
icalendar issue_1426.ics 1996 1998 3 0 1996-12-30T02:00/1996-12-30T06:00 1997-09-01T18:00/1997-09-01T23:30
icalendar issue_218_bad_tzid.ics 2010 2030 1 0 2017-02-28T12:00/2017-02-28T12:30 2017-02-28T12:00/2017-02-28T12:30
icalendar issue_722_missing_VTIMEZONE_custom.ics 2010 2026 0 1
icalendar issue_722_timezone_transition_ambiguity.ics 2010 2026 0 4
icalendar america_new_york.ics 2010 2026 1 0 2014-08-29T12:00/2014-08-29T14:00 2014-08-29T12:00/2014-08-29T14:00
icalendar issue_466_convert_tzid_with_slash.ics 2010 2030 376 0 2022-10-21T18:00/2022-10-21T19:00 2029-12-28T19:00/2029-12-28T20:00
icalendar issue_313_globally_unique_tzid.ics 2010 2030 3 0 2020-04-26T12:00/2020-04-26T13:00 2020-04-26T18:00/2020-04-26T19:00
icalendar timezoned.ics 2000 2026 1 0 2012-02-13T09:00/2012-02-17T17:00 2012-02-13T09:00/2012-02-17T17:00
icalendar invalid_duration.ics 2010 2030 0 1
icalendar broken_dtstart.ics 2010 2030 0 1
icalendar multiple_calendar_components.ics 2000 2026 3 0 2003-04-30T22:00/2003-05-01T22:00 2003-12-24T23:00/2003-12-25T23:00
icalendar issue_526_calendar_with_events.ics 2010 2026 0 2
"""


@pytest.mark.parametrize("line", READ.split("\n")[1:-1], ids=lambda line: line.split()[1])
def test_a_calendar_of_others_takes_the_times_it_means(line: str) -> None:
    package, name, first, last, count, problems, *spans = line.split()

    found = read_calendar(calendar_file(package, name), year(int(first)), year(int(last)), BERLIN)

    assert (len(found.entries), len(found.problems)) == (int(count), int(problems))
    assert [span(one) for one in found.entries[:1] + found.entries[-1:]] == spans


# What of them is not read, and what whoever keeps them is told.
TOLD = [
    (OURS, "parsing_error.ics", None),
    (OURS, "pacific_fiji.ics", "it has 2 DTSTARTs — keep one of them"),
    (OURS, "multiple_timezones.ics", "RDATE '083000' is no date — write dates that exist, as 20261122T090000"),
    (
        OURS,
        "broken_dtstart.ics",
        "DTSTART 'INVALID-DATE' cannot be read — write a date that exists, as 20261122T090000",
    ),
    (OURS, "invalid_duration.ics", "DURATION 'P999999999999999999W' cannot be read — write a length such as PT1H30M"),
    (
        OURS,
        "issue_722_missing_VTIMEZONE_custom.ics",
        "its zone 'CUSTOM_tzid' is neither known nor described in the file — write an IANA name such as Europe/Paris",
    ),
    (OURS, "broken_ical.ics", "it has no DTSTART — say when it begins"),
    (
        THEIRS,
        "bad_rrule_missing_until_event.ics",
        "RRULE 'FREQ=WEEKLY;BYDAY=TH;WKST=SU;UNTL=20191023' cannot be read — write a rule such as FREQ=WEEKLY;BYDAY=MO",
    ),
    (
        THEIRS,
        "end_before_start_event.ics",
        "it ends 2019-03-04 07:00 UTC, before its beginning 2019-03-04 07:30 UTC — the end comes later",
    ),
    (THEIRS, "zero_size_event.ics", "it takes no time: it ends as it begins, 2019-03-04 07:00 UTC — give it an end"),
]


@pytest.mark.parametrize(("package", "name", "told"), TOLD, ids=[one[1] for one in TOLD])
def test_what_cannot_be_read_is_told_with_its_value_and_what_would_be_right(
    package: str, name: str, told: str | None
) -> None:
    found = read_calendar(calendar_file(package, name), year(1990), year(2030), BERLIN)

    assert [one.what for one in found.problems][:1] == ([told] if told is not None else [])


REFUSED = [
    (OURS, "big_bad_calendar.ics", "ends in the middle of VCALENDAR"),
    (OURS, "small_bad_calendar.ics", "ends in the middle of VCALENDAR"),
    (OURS, "issue_104_broken_calendar.ics", "cannot be read"),
    (OURS, "parsing_error_in_UTC_offset.ics", "Offset must be less than 24 hours, was \\+5744"),
    (THEIRS, "issue_48_dst.ics", "takes more than 5000 times between 1990-01-01 and 2030-01-01"),
]


@pytest.mark.parametrize(("package", "name", "why"), REFUSED, ids=[one[1] for one in REFUSED])
def test_a_file_that_is_broken_as_a_whole_or_takes_too_much_is_refused_whole(package: str, name: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_calendar(calendar_file(package, name), year(1990), year(2030), BERLIN)


def test_the_zones_of_one_file_are_no_others() -> None:
    # It describes "Western/Central Europe"; the next file names it, and does not.
    read_calendar(calendar_file(OURS, "issue_156_RDATE_with_PERIOD_TZID_khal_2.ics"), year(2021), year(2022), BERLIN)

    found = read_calendar(calendar_file(OURS, "issue_526_calendar_with_events.ics"), year(2021), year(2022), BERLIN)

    assert (len(found.entries), len(found.problems)) == (0, 2)


def test_a_series_moved_from_one_day_on_keeps_the_key_of_each_of_its_days() -> None:
    found = read_calendar(calendar_file(THEIRS, "issue_75_range_parameter.ics"), year(2024), year(2025), BERLIN)

    keys = [one.key for one in found.entries]
    assert len(set(keys)) == len(keys)
    assert ("210/20240923T120000Z", "2024-09-24T14:22/2024-09-24T16:13") in [
        (one.key, span(one)) for one in found.entries
    ]


@pytest.mark.parametrize("path", EVERY, ids=named(EVERY))
def test_every_file_is_read_or_refused(path: Path) -> None:
    _is_lawful(_read_file(path))


@cache
def _read_file(path: Path) -> Reading | None:
    return _read(path.read_bytes())


def _read(data: bytes) -> Reading | None:
    with suppress(InputError):
        return read_calendar(data, FIRST, LAST, BERLIN)
    return None


def _is_lawful(found: Reading | None) -> None:
    if found is None:
        return
    assert len({one.key for one in found.entries}) == len(found.entries)
    assert all(one.start < one.end and one.end > FIRST and one.start < LAST for one in found.entries)
    assert all(one.start.tzinfo is UTC and one.title.isprintable() for one in found.entries)
    assert all(before.start <= after.start for before, after in pairwise(found.entries))
    assert all(one.what for one in found.problems)


# --- against another expansion ----------------------------------------------------------------------------------------

# What the libraries make do with is theirs to say.
pytestmark = pytest.mark.filterwarnings("ignore")
_PLAIN_PARTS = {"FREQ", "INTERVAL", "COUNT", "BYDAY", "BYMONTHDAY", "BYMONTH", "WKST", "UNTIL"}


def _series() -> Iterator[Any]:
    """Every event of all files that repeats by one plain rule, and stands alone."""
    for path in (one for one in EVERY if one.parent.name == "calendars"):
        try:
            with warnings.catch_warnings(action="ignore"):
                calendars = icalendar.Calendar.from_ical(path.read_bytes(), multiple=True)
        except Exception:  # noqa: BLE001 — broken on purpose
            continue
        events = [event for one in calendars for event in one.walk("VEVENT")]
        uids = [str(event.get("UID", "")) for event in events]
        for event, uid in zip(events, uids, strict=True):
            if uid and uids.count(uid) == 1 and _is_plain(event):
                yield pytest.param(path, uid, event, id=f"{path.name}/{event.get('SUMMARY', '')!s:.30}")


def _is_plain(event: Any) -> bool:
    rule, begins, ends = (event.get(name) for name in ("RRULE", "DTSTART", "DTEND"))
    if not isinstance(rule, icalendar.vRecur) or not hasattr(begins, "dt") or not hasattr(ends, "dt"):
        return False
    is_free = str(event.get("TRANSP")) == "TRANSPARENT" or str(event.get("STATUS")) == "CANCELLED"
    is_more = any(name in event for name in ("RDATE", "RECURRENCE-ID"))
    is_daily = rule.get("FREQ", [""])[0] in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
    return is_daily and set(rule) <= _PLAIN_PARTS and not is_free and not is_more and begins.dt.year >= 1970


def _starts(event: Any) -> set[datetime]:
    """By wall clock alone, in the event's own zone; what the clocks skip or repeat is left to the caller."""
    begins = event["DTSTART"].dt
    is_day = not isinstance(begins, datetime)
    zone = BERLIN if is_day or begins.tzinfo is None else begins.tzinfo
    wall = datetime.combine(begins, datetime.min.time()) if is_day else begins.replace(tzinfo=None)
    rule = icalendar.vRecur({name: value for name, value in event["RRULE"].items() if name != "UNTIL"})
    if "COUNT" in rule and int(rule["COUNT"][0]) < 1:
        del rule["COUNT"]
    until = event["RRULE"].get("UNTIL", [None])[0]
    found = set()
    for at in rrulestr(rule.to_ical().decode(), dtstart=wall).between(wall, LAST.replace(day=3, tzinfo=None), inc=True):
        if until is not None and _is_after(at.replace(tzinfo=zone), until, is_day):
            break
        found.add(at)
    if until is None or not _is_after(wall.replace(tzinfo=zone), until, is_day):
        found.add(wall)  # the first counts, whether the rule names it or not
    for excluded in _dates(event, "EXDATE"):
        found = {at for at in found if not _is_that(at.replace(tzinfo=zone), excluded)}
    return {at.replace(tzinfo=zone).astimezone(UTC) for at in found}


def _is_after(at: datetime, until: date, is_day: bool) -> bool:
    if is_day or not isinstance(until, datetime):
        return at.date() > (until.date() if isinstance(until, datetime) else until)
    return at > until if until.tzinfo is not None else at.replace(tzinfo=None) > until


def _is_that(at: datetime, excluded: date) -> bool:
    if not isinstance(excluded, datetime):
        return at.date() == excluded
    return at == excluded if excluded.tzinfo is not None else at.replace(tzinfo=None) == excluded


def _dates(event: Any, name: str) -> list[date]:
    found = event.get(name, [])
    return [one.dt for each in (found if isinstance(found, list) else [found]) for one in each.dts]


@pytest.mark.parametrize(("path", "uid", "event"), list(_series()))
def test_a_rule_comes_when_another_reckoning_by_the_wall_clock_says(path: Path, uid: str, event: Any) -> None:
    found = _read_file(path)
    if found is None:
        with pytest.raises(InputError, match="takes more than 5000 times"):
            read_calendar(path.read_bytes(), FIRST, LAST, BERLIN)
        return

    long = event["DTEND"].dt - event["DTSTART"].dt
    window = {at for at in _starts(event) if at + long > FIRST and at < LAST}
    assert {one.start for one in found.entries if one.key.startswith(f"{uid}/")} == window


# --- and with every byte of them wrong --------------------------------------------------------------------------------

_WORDS = [
    b"BEGIN:VEVENT\r\n",
    b"END:VEVENT\r\n",
    b"RRULE:FREQ=DAILY\r\n",
    b"EXDATE:\r\n",
    b"\x00",
    b"\xff\xfe",
    b":",
    b";",
    b"\r\n ",
]
_WORDS += [
    b"DTSTART:99991231T235959Z\r\n",
    b"DTSTART:00010101T000000\r\n",
    b"TZID=\xc3\xa9",
    b"INTERVAL=0",
    b"COUNT=-1",
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(EVERY)).read_bytes()[:20_000])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        kind = draw(st.sampled_from(["flip", "cut", "drop", "insert", "double"]))
        size = draw(st.integers(1, 40))
        if kind == "flip" and data:
            data[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[at:]
        elif kind == "drop":
            del data[at : at + size]
        elif kind == "double":
            data[at:at] = data[at : at + 10 * size]
        else:
            data[at:at] = draw(st.sampled_from(_WORDS))
    return bytes(data)


@pytest.mark.skipif(not EVERY, reason="the libraries are installed without their test calendars")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_whatever_is_wrong_with_a_file_it_is_read_or_refused_and_nothing_crashes(data: bytes) -> None:
    _is_lawful(_read(data))
