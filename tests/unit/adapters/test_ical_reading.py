"""What a calendar file says and what of it is not read: times, repeats, exceptions, and what a file may cost."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from controller.adapters.ical_bounds import MAX_BYTES, MAX_EVENTS
from controller.adapters.ical_process import CalendarReader
from controller.adapters.ical_reading import read_calendar
from controller.domain.booking.outside import Reading
from controller.errors import InputError

PARIS = ZoneInfo("Europe/Paris")
START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)


def event(*lines: str, uid: str = "one") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "SUMMARY:Choir", *lines, "END:VEVENT"])


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).encode()


def read(*lines: str, start: datetime = START, end: datetime = END) -> Reading:
    return read_calendar(calendar(event(*lines)), start, end, PARIS)


def spans(found: Reading) -> list[str]:
    return [f"{one.start:%m-%d %H:%M}-{one.end:%H:%M}" for one in found.entries]


def told(found: Reading) -> list[str]:
    return [one.what for one in found.problems]


# --- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        (("DTSTART:20261123T090000Z", "DTEND:20261123T100000Z"), "11-23 09:00-10:00"),
        (("DTSTART;TZID=America/New_York:20261123T090000", "DURATION:PT1H30M"), "11-23 14:00-15:30"),
        (("DTSTART:20261123T090000", "DTEND:20261123T100000"), "11-23 08:00-09:00"),
        (("DTSTART;VALUE=DATE:20261123",), "11-22 23:00-23:00"),
        (("DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261123"), "11-22 23:00-23:00"),
        (("DTSTART;TZID=W. Europe Standard Time:20261123T090000", "DURATION:PT1H"), "11-23 08:00-09:00"),
    ],
    ids=["UTC", "a zone", "floating: the house's", "a whole day", "a whole day said twice", "a Windows name"],
)
def test_a_time_is_taken_as_its_zone_or_the_house_has_it(lines: tuple[str, ...], taken: str) -> None:
    assert spans(read(*lines)) == [taken]


def test_a_uid_that_no_log_should_hold_is_known_by_its_digest() -> None:
    times = ("DTSTART:20261123T090000Z", "DTEND:20261123T100000Z")
    written = ["choir@example", "bell\x07@example", "turned\u202eround@example", "x" * 121]
    keys = [read_calendar(calendar(event(*times, uid=uid)), START, END, PARIS).entries[0].key for uid in written]

    assert keys[0] == "choir@example"
    assert [re.fullmatch("[0-9a-f]{32}", key) is not None for key in keys[1:]] == [True, True, True]


def test_a_time_the_clocks_skip_or_repeat_is_one_piece() -> None:
    skipped = read("DTSTART:20270328T023000", "DTEND:20270328T040000")
    repeated = read("DTSTART:20271031T023000", "DTEND:20271031T024500")

    assert spans(skipped) == ["03-28 01:00-02:00"]
    assert spans(repeated) == ["10-31 00:30-01:45"]


def test_a_week_keeps_its_local_hour_over_both_clock_changes() -> None:
    found = read(
        "DTSTART;TZID=Europe/Paris:20261102T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;UNTIL=20271130T000000Z"
    )

    assert {one.start.astimezone(PARIS).hour for one in found.entries} == {9}
    assert len(found.entries) == 57


@pytest.mark.parametrize("line", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"])
def test_what_is_cancelled_or_shown_as_free_takes_no_room(line: str) -> None:
    assert read("DTSTART:20261123T090000Z", "DURATION:PT1H", line) == Reading()


def test_bom_line_ends_of_any_kind_and_letters_folded_in_the_middle_are_read() -> None:
    plain = calendar(event("DTSTART:20261123T090000Z", "DURATION:PT1H")).replace(b"Choir", "Chör".encode())
    letter = "ö".encode()
    folded = plain.replace(letter, letter[:1] + b"\r\n " + letter[1:])

    for data in (plain, b"\xef\xbb\xbf" + plain, plain.replace(b"\r\n", b"\n"), folded):
        assert [one.title for one in read_calendar(data, START, END, PARIS).entries] == ["Chör"]


# --- repeats ----------------------------------------------------------------------------------------------------------


def test_an_occurrence_that_was_moved_keeps_its_key() -> None:
    series = event("DTSTART:20261123T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
    moved = event("DTSTART:20261126T150000Z", "DURATION:PT2H", "RECURRENCE-ID:20261124T090000Z")

    plain = read_calendar(calendar(series), START, END, PARIS)
    found = read_calendar(calendar(series, moved), START, END, PARIS)

    assert {one.key for one in plain.entries} == {one.key for one in found.entries}
    assert spans(found) == ["11-23 09:00-10:00", "11-25 09:00-10:00", "11-26 15:00-17:00"]
    assert found.entries[2].key == "one/20261124T090000Z"


def test_an_occurrence_named_by_its_day_alone_keeps_its_key_too() -> None:
    series = event("DTSTART:20261123T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2")
    moved = event("DTSTART:20261124T150000Z", "DURATION:PT1H", "RECURRENCE-ID;VALUE=DATE:20261124")

    found = read_calendar(calendar(series, moved), START, END, PARIS)

    assert [one.key for one in found.entries] == ["one/20261123T090000Z", "one/20261124T090000Z"]


def test_all_after_one_that_was_moved_are_moved_and_keep_their_keys() -> None:
    series = event("DTSTART:20261123T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4")
    moved = event("DTSTART:20261125T110000Z", "DURATION:PT1H", "RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T090000Z")

    found = read_calendar(calendar(series, moved), START, END, PARIS)

    assert spans(found)[2:] == ["11-25 11:00-12:00", "11-26 11:00-12:00"]
    assert [one.key[-16:] for one in found.entries] == [f"202611{day}T090000Z" for day in (23, 24, 25, 26)]


def test_dates_beside_a_rule_and_periods_are_read_and_each_has_a_key() -> None:
    found = read(
        "DTSTART:20261123T090000Z",
        "DURATION:PT1H",
        "RDATE;VALUE=PERIOD:20261201T090000Z/20261201T120000Z,20261202T090000Z/PT2H",
        "EXDATE:20261123T090000Z",
    )

    assert spans(found) == ["12-01 09:00-12:00", "12-02 09:00-11:00"]
    assert len({one.key for one in found.entries}) == 2


@pytest.mark.parametrize("line", ["RRULE:", "EXDATE:", "RDATE:"])
def test_a_line_that_says_nothing_means_nothing(line: str) -> None:
    found = read("DTSTART:20261123T090000Z", "DURATION:PT1H", line)

    assert (spans(found), told(found)) == (["11-23 09:00-10:00"], [])


def test_a_rule_with_spaces_in_it_is_read() -> None:
    assert len(read("DTSTART:20261123T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=9;BYDAY=MO, TU").entries) == 9


def test_a_rule_that_never_ends_is_read_as_far_as_the_window_goes() -> None:
    assert len(read("DTSTART:20200101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY").entries) == 395


def test_an_event_without_a_uid_is_known_by_what_it_says() -> None:
    one = "BEGIN:VEVENT\r\nSUMMARY:A\r\nDTSTART:20261123T090000Z\r\nDURATION:PT1H\r\nEND:VEVENT"
    two = one.replace("SUMMARY:A", "SUMMARY:B")

    forth, back = (read_calendar(calendar(*each), START, END, PARIS) for each in ((one, two), (two, one)))

    assert forth == back
    assert len(forth.entries) == 2


def test_two_events_of_one_uid_that_come_at_once_are_told() -> None:
    first = event("DTSTART:20261123T090000Z", "DURATION:PT1H", "RDATE:20261124T090000Z")
    second = event("DTSTART:20261123T090000Z", "DURATION:PT3H", "SEQUENCE:0", uid="one")
    third = "BEGIN:VEVENT\r\nSUMMARY:x\r\nDTSTART:20261123T090000Z\r\nDURATION:PT1H\r\nEND:VEVENT"

    found = read_calendar(calendar(first, second), START, END, PARIS)
    twice = read_calendar(calendar(third, third.replace("PT1H", "PT2H")), START, END, PARIS)

    assert len({one.key for one in found.entries}) == len(found.entries)
    assert told(twice) == ["two of its events come at once, 2026-11-23 09:00 UTC — give each a UID of its own"]


# --- what is not read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (("DTSTART:20260230T090000Z",), "DTSTART '20260230T090000Z' cannot be read"),
        (
            ("DTSTART;TZID=Mars/Olympus:20261123T090000", "DURATION:PT1H"),
            "its zone 'Mars/Olympus' is neither known nor",
        ),
        (("DTSTART:20261123T090000Z", "DTEND:20261123T080000Z"), "it ends 2026-11-23 08:00 UTC, before its beginning"),
        (("DTSTART:20261123T090000Z",), "it takes no time: it ends as it begins, 2026-11-23 09:00 UTC"),
        (
            ("DTSTART:19000101T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"),
            "it repeats since 1900-01-01 — begin it in 1970",
        ),
        (("DTSTART:20261123T090000Z", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"), "it repeats every second"),
        (
            ("DTSTART:20261123T090000Z", "DURATION:PT1H", "RRULE:FREQ=FORTNIGHTLY"),
            "cannot be read — write a rule such as",
        ),
        (
            ("DTSTART:20261123T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;INTERVAL=0"),
            "never goes on — write an INTERVAL",
        ),
        (
            ("DTSTART:20261123T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
            "names no date that exists",
        ),
        (
            ("DTSTART:20261123T090000Z", "DURATION:PT1H", f"RRULE:FREQ=DAILY;BYMINUTE={','.join(map(str, range(60)))}"),
            "its rule comes 60 times a day",
        ),
        (("DTSTART:20261123T090000Z", "DURATION:PT1H", "EXDATE:tomorrow"), "EXDATE 'tomorrow' cannot be read"),
        (("DTSTART:99991231T235900Z", "DURATION:PT1H"), "is no time of ours"),
        (("DTSTART:20261123T090000Z", "DTSTART:20261124T090000Z"), "it has 2 DTSTARTs — keep one of them"),
        (("DTSTART;VALUE=TIME:090000",), "DTSTART '090000'"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_value_and_what_would_be_right(
    lines: tuple[str, ...], what: str
) -> None:
    found = read(*lines)

    assert found.entries == ()
    assert [what in one and " — " in one for one in told(found)] == [True]
    assert [(one.uid, one.title) for one in found.problems] == [("one", "Choir")]


def test_one_bad_event_spoils_no_other() -> None:
    bad, good = event("DTSTART:tomorrow", uid="bad"), event("DTSTART:20261123T090000Z", "DURATION:PT1H", uid="good")

    found = read_calendar(calendar(bad, good), START, END, PARIS)

    assert ([one.key for one in found.entries], [one.uid for one in found.problems]) == (["good"], ["bad"])


def test_rules_that_repeat_more_than_a_file_may_are_left_out_and_told() -> None:
    many = [
        event("DTSTART:19700102T090000Z", "DURATION:PT1M", f"RRULE:FREQ=DAILY;INTERVAL={99 + i}", uid=f"e{i}")
        for i in range(30)
    ]

    found = read_calendar(calendar(*many), START, END, PARIS)

    assert {one.what for one in found.problems} == {
        "it repeats more than is left of what a calendar may — begin its rule later, or end it"
    }
    assert len(found.problems) < 10


# --- what is refused whole --------------------------------------------------------------------------------------------

_EVENT = event("DTSTART:20261123T090000Z", "DURATION:PT1H")
_ZONE = "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nRRULE:FREQ={}\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x" * (10 * 1024 * 1024), "the calendar is 10.0 MB — at most 5 MB are read"),
        (b"<html>Sign in</html>", "this is no calendar — export it as iCalendar"),
        (b"", "this is no calendar"),
        (calendar(_EVENT).replace(b"Choir", b"Ch\xf6r"), "the calendar is not UTF-8 \\(byte 63\\)"),
        (calendar(_EVENT)[:-30], "the calendar ends in the middle of VEVENT"),
        (calendar("BEGIN:VEVENT\r\nEND:VEVENT\r\n" * 50_000), "holds more than 10000 events"),
        (calendar("BEGIN:X\r\nEND:X\r\n" * 60_000), "has over 50000 parts"),
        (calendar("BEGIN:X\r\n" * 40_000 + "END:X\r\n" * 40_000), "nests 11 deep, as no calendar does"),
        (calendar(_ZONE.format("SECONDLY"), _EVENT), "a zone of the calendar changes by 'FREQ=SECONDLY'"),
        (calendar(_ZONE.format("YEARLY;BYHOUR=1,2,3"), _EVENT), "a zone's clocks change once or twice a year"),
    ],
    ids=["10 MB", "a page", "nothing", "Latin-1", "half", "50,000 events", "parts", "nesting", "zone", "zone's hours"],
)
def test_a_file_that_is_none_of_ours_is_refused_whole(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_calendar(data, START, END, PARIS)


def test_a_calendar_takes_so_many_times_and_no_more() -> None:
    hourly = "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24)))

    with pytest.raises(InputError, match="more than 5000 times between 2026-11-01 and 2027-12-01"):
        read("DTSTART:20261101T000000Z", "DURATION:PT30M", hourly)


def test_the_bounds_leave_room_for_years_of_a_busy_room() -> None:
    assert len(calendar(_EVENT)) * MAX_EVENTS < MAX_BYTES


# --- in a process of its own ------------------------------------------------------------------------------------------


async def test_a_process_of_its_own_reads_the_same_and_refuses_in_the_same_words() -> None:
    reader, data = CalendarReader(), calendar(_EVENT, event("DTSTART:x", uid="bad"))

    assert await reader.read(data, START, END, PARIS) == read_calendar(data, START, END, PARIS)
    with pytest.raises(InputError, match="this is no calendar"):
        await reader.read(b"no", START, END, PARIS)


async def test_a_reading_that_takes_too_long_is_ended() -> None:
    # A day that no year has: it would be looked for until the year 9999, a thousand times.
    never = "RRULE:FREQ=DAILY;BYYEARDAY=366;BYMONTH=1"
    many = [event("DTSTART:20261123T090000Z", "DURATION:PT1H", never, uid=f"e{i}") for i in range(1000)]

    with pytest.raises(InputError, match="takes too long to work out"):
        await CalendarReader(timeout_s=1.5).read(calendar(*many), START, END, PARIS)
