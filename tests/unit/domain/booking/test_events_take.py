"""A public event takes its room as a booking does: what may be booked around it, and when the room is free."""

from dataclasses import replace
from datetime import date

import pytest

from controller.domain.booking.free import Rooms, extend_until, free_slots, walk_ups
from controller.domain.booking.open_times import Span
from controller.domain.booking.rules import Edit, RefuseReason, judge, judge_edit
from controller.domain.booking.series import skip_reason
from controller.domain.booking.values import SkipReason
from controller.domain.holdings import PublicEvent
from controller.domain.house import HouseState
from controller.domain.ids import BookingId
from tests.unit.domain.asking import evening
from tests.unit.domain.booking.at_the_desk import CELL, HOUSE, PINE, STAFF_ASK, asking, booked, pine, refusal, wish
from tests.unit.domain.house import local

TALK = evening(area=PINE, start=local("2026-11-23 14:00"), end=local("2026-11-23 16:00"))


def answer(start: str, end: str, event: PublicEvent = TALK) -> tuple[RefuseReason, str]:
    known = asking(events=[event])
    asked = wish(f"2026-11-23 {start}", f"2026-11-23 {end}")
    refused = refusal(judge(asked, known, BookingId("b2")))
    return refused.reason, refused.sentence


def rooms(*events: PublicEvent) -> Rooms:
    return Rooms(HOUSE, HouseState(), (), events)


def span(start: str, end: str) -> Span:
    return Span(local(f"2026-11-23 {start}"), local(f"2026-11-{end}"))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("14:30", "15:00", (RefuseReason.EVENT, "Pine is taken by an event until 16:00; free from 16:15")),
        ("13:00", "14:30", (RefuseReason.EVENT, "Pine is taken by an event until 16:00; free from 16:15")),
        ("16:10", "17:00", (RefuseReason.BUFFER, "Pine is cleared up until 16:15; free from 16:15")),
        (
            "13:00",
            "13:50",
            (
                RefuseReason.BUFFER,
                "Pine is taken by an event from 14:00, and 15 min before that are for clearing up; end by 13:45",
            ),
        ),
    ],
)
def test_nobody_books_a_room_that_an_event_is_in(start: str, end: str, expected: tuple[RefuseReason, str]) -> None:
    assert answer(start, end) == expected


def test_staff_neither() -> None:
    refused = refusal(judge(wish(), asking(STAFF_ASK, events=[TALK]), BookingId("b2")))

    assert refused.reason is RefuseReason.EVENT


def test_a_public_event_is_named_and_no_other() -> None:
    assert answer("14:30", "15:00", replace(TALK, name="Tides", is_public=True))[1].startswith(
        "Pine is taken by Tides until 16:00"
    )


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(replace(TALK, area=CELL), id="in another room"),
        pytest.param(replace(TALK, ended_at=local("2026-11-23 13:30")), id="called off before it began"),
        pytest.param(replace(TALK, ended_at=local("2026-11-23 14:10")), id="ended before"),
        pytest.param(replace(TALK, start=local("2026-11-23 17:00"), end=local("2026-11-23 18:00")), id="later"),
    ],
)
def test_what_is_elsewhere_or_over_takes_nothing(event: PublicEvent) -> None:
    asked = wish("2026-11-23 14:30", "2026-11-23 15:30")

    assert booked(asked, asking(events=[event])).id == "b2"


def test_the_first_thing_in_the_way_is_told_and_free_is_after_all_of_them() -> None:
    known = asking(events=[TALK], others=[pine("2026-11-23 16:30", "2026-11-23 17:00")])
    refused = refusal(judge(wish("2026-11-23 14:00", "2026-11-23 15:00"), known, BookingId("b2")))

    assert refused.sentence == "Pine is taken by an event until 16:00; free from 17:15"


def test_a_booking_does_not_grow_into_an_event_and_shrinks_beside_it() -> None:
    before = pine("2026-11-23 13:00", "2026-11-23 13:45")
    known = asking(events=[TALK], others=[before])
    longer = refusal(judge_edit(before, Edit(end=local("2026-11-23 14:30")), known))
    shorter = judge_edit(before, Edit(end=local("2026-11-23 13:30")), known)

    assert longer.reason is RefuseReason.EVENT
    assert getattr(shorter, "end", None) == local("2026-11-23 13:30")


def test_a_room_is_free_around_an_event() -> None:
    free = free_slots(HOUSE.areas[PINE], date(2026, 11, 23), rooms(TALK), local("2026-11-22 09:00"))

    assert free == [span("00:00", "23 13:45"), span("16:15", "24 00:00")]


def test_the_panel_offers_nothing_during_an_event_and_what_fits_before_it() -> None:
    pine_room = HOUSE.areas[PINE]

    assert walk_ups(pine_room, rooms(TALK), local("2026-11-23 14:30")) == []
    assert walk_ups(pine_room, rooms(TALK), local("2026-11-23 13:10")) == [
        span("13:10", "23 13:25"),
        span("13:10", "23 13:40"),
    ]


def test_what_runs_is_lengthened_as_far_as_the_next_event() -> None:
    runs = pine("2026-11-23 12:00", "2026-11-23 13:00")
    known = Rooms(HOUSE, HouseState(), [runs], [TALK])

    assert extend_until(runs, HOUSE.areas[PINE], known) == local("2026-11-23 13:45")


def test_a_date_of_a_series_that_an_event_is_in_is_a_conflict() -> None:
    refused = refusal(judge(wish(), asking(events=[TALK]), BookingId("b2")))

    assert skip_reason(refused) is SkipReason.CONFLICT
