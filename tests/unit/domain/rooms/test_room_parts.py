"""The parts a room's state is made of: wifi, bookings, doors, whether it can be used, what of it is told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import Booking, BookingState, EventEntry, PublicEvent
from controller.domain.house import Fire, HouseState, Lockdown, Scope, ScopeKind
from controller.domain.ids import OUTSIDE, BookingId, EventId, PersonId
from controller.domain.rooms.air import Air
from controller.domain.rooms.at_doors import at_doors, by_room, is_countable
from controller.domain.rooms.availability import doors_into, why_unavailable
from controller.domain.rooms.changes import LASTS, Change, Of, changes_to_tell, remembered
from controller.domain.rooms.diary import AHEAD, Diary, Slot, diary_of
from controller.domain.rooms.occupancy import AtDoors, Quality
from controller.domain.rooms.quiet import Quiet
from controller.domain.rooms.state import RoomState, RoomStatus, Since
from controller.domain.rooms.wifi import Wifi, wifi_of
from controller.domain.whereabouts import Whereabouts
from tests.support.services import LAB, LAB_DOOR, LOBBY, NOON, SPACE, STREET, STUDY, with_door

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ALICE = PersonId("alice")


# --- wifi -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latency_s", "loss", "before", "level"),
    [
        (0.010, 0.0, Wifi.UNKNOWN, Wifi.GOOD),
        (0.051, 0.0, Wifi.GOOD, Wifi.FAIR),
        (0.010, 1.5, Wifi.GOOD, Wifi.FAIR),
        (0.151, 0.0, Wifi.FAIR, Wifi.POOR),
        (0.010, 6.0, Wifi.GOOD, Wifi.POOR),
        (0.130, 0.0, Wifi.POOR, Wifi.POOR),
        (0.119, 0.0, Wifi.POOR, Wifi.FAIR),
        (0.041, 0.0, Wifi.FAIR, Wifi.FAIR),
        (0.039, 0.0, Wifi.FAIR, Wifi.GOOD),
        (0.045, 0.0, Wifi.POOR, Wifi.FAIR),
        (0.010, 0.9, Wifi.POOR, Wifi.FAIR),
        (0.039, 0.0, Wifi.POOR, Wifi.GOOD),
        (None, 6.0, Wifi.GOOD, Wifi.POOR),
        (0.200, None, Wifi.GOOD, Wifi.POOR),
        (None, None, Wifi.POOR, Wifi.UNKNOWN),
    ],
)
def test_wifi_is_as_good_as_its_answers_are_quick_and_come_at_all(
    latency_s: float | None, loss: float | None, before: Wifi, level: Wifi
) -> None:
    assert wifi_of(latency_s, loss, before) is level


# --- bookings -------------------------------------------------------------------------------------------


def booking(start: datetime, minutes: int = 60, **more: object) -> Booking:
    made = Booking(BookingId(f"b{start:%H%M}"), STUDY, start, start + minutes * MINUTE, ALICE)
    return replace(made, **more)  # type: ignore[arg-type]


NOW = booking(NOON - MINUTE)
NEXT = booking(NOON + 2 * HOUR)
TALK = PublicEvent(EventId("talk"), "Talk", ALICE, STUDY, (STREET.id,), NOON - MINUTE, NOON + HOUR, 40, EventEntry.OPEN)


def slot(one: Booking, **more: object) -> Slot:
    return replace(Slot(one.start, one.end), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bookings", "events", "expected"),
    [
        pytest.param([], [], Diary(), id="nothing"),
        pytest.param([NEXT, NOW], [], Diary(slot(NOW), slot(NEXT)), id="one is on, one comes"),
        pytest.param([replace(NOW, checked_in_at=NOON)], [], Diary(slot(NOW, checked_in=True)), id="checked in"),
        pytest.param([booking(NOON)], [], Diary(slot(booking(NOON))), id="it begins now"),
        pytest.param([booking(NOON - HOUR)], [], Diary(), id="it ends now"),
        pytest.param(
            [replace(NOW, state=BookingState.REQUESTED)], [], Diary(slot(NOW, can_check_in=False)), id="it waits for approval"
        ),
        pytest.param([replace(NOW, state=BookingState.CANCELLED)], [], Diary(), id="cancelled"),
        pytest.param([replace(NOW, state=BookingState.RELEASED)], [], Diary(), id="released"),
        pytest.param([booking(NOON + AHEAD)], [], Diary(), id="tomorrow is far"),
        pytest.param([], [TALK], Diary(Slot(TALK.start, TALK.end, can_check_in=False)), id="an event"),
        pytest.param(
            [], [replace(TALK, host_entered_at=NOON - MINUTE)], Diary(Slot(TALK.start, TALK.end, True, False)),
            id="an event whose host is in",
        ),
        pytest.param([], [replace(TALK, ended_at=NOON)], Diary(), id="an event that was ended"),
        pytest.param([], [replace(TALK, area=LAB)], Diary(), id="an event elsewhere"),
    ],
)  # fmt: skip
def test_the_diary_of_a_room_has_what_is_on_and_what_is_next(
    bookings: list[Booking], events: list[PublicEvent], expected: Diary
) -> None:
    assert diary_of(STUDY, bookings, events, NOON) == expected


# --- doors ----------------------------------------------------------------------------------------------


def came_in(door: str, at: datetime = NOON) -> Fact:
    return Fact(FactKind.ENTRY_TAKEN, at, door=door, person=ALICE)  # type: ignore[arg-type]


def test_who_comes_in_by_a_rooms_door_is_in_that_room_until_they_leave() -> None:
    known = Whereabouts(by_room(SPACE), NOON.date())
    known.take(came_in(LAB_DOOR.id))
    inside = at_doors(LAB, known)
    known.take(Fact(FactKind.EXIT_REQUESTED, NOON, door=LAB_DOOR.id))
    known.take(Fact(FactKind.DOOR_OPENED, NOON, door=LAB_DOOR.id))

    assert inside == AtDoors(1)
    # By the exit button leaves nobody known: it may have been two.
    assert at_doors(LAB, known) == AtDoors(0, Quality.ESTIMATED)


def test_a_room_one_walks_into_is_counted_with_the_area_around_it() -> None:
    known = Whereabouts(by_room(SPACE), NOON.date())
    known.take(came_in(STREET.id))

    assert known.layout.zones[STUDY] == known.layout.zones[LOBBY]
    assert OUTSIDE not in known.layout.zones
    assert at_doors(LOBBY, known).people == 1


@pytest.mark.parametrize(("area", "countable"), [(LAB, True), (STUDY, False), (LOBBY, False)], ids=str)
def test_only_a_room_that_stands_alone_behind_doors_is_counted(area: str, countable: bool) -> None:
    assert is_countable(area, SPACE) is countable  # type: ignore[arg-type]


def test_a_door_that_feels_nothing_counts_nobody() -> None:
    assert not is_countable(LAB, with_door(SPACE, replace(LAB_DOOR, has_contact=False)))


# --- whether it can be used -----------------------------------------------------------------------------


def lockdown(scope: Scope) -> HouseState:
    return HouseState(lockdowns=(Lockdown("l", scope, NOON, ALICE, "intruder"),))


@pytest.mark.parametrize(
    ("area", "house", "space", "why"),
    [
        pytest.param(LAB, HouseState(), SPACE, None, id="an ordinary day"),
        pytest.param(LAB, HouseState(fire=Fire(NOON)), SPACE, "fire", id="fire"),
        pytest.param(LAB, lockdown(Scope()), SPACE, "lockdown", id="lockdown"),
        pytest.param(LAB, lockdown(Scope(ScopeKind.DOOR, STREET.id)), SPACE, None, id="lockdown elsewhere"),
        pytest.param(STUDY, lockdown(Scope(ScopeKind.DOOR, STREET.id)), SPACE, "lockdown", id="the way in is locked down"),
        pytest.param(
            LAB, HouseState(), with_door(SPACE, replace(LAB_DOOR, enabled=False)), "its door is out of order", id="off"
        ),
        pytest.param(
            LAB, HouseState(), with_door(SPACE, replace(LAB_DOOR, in_maintenance=True)), "its door is out of order",
            id="in repair",
        ),
        pytest.param(LAB, HouseState(), replace(SPACE, doors={}), None, id="no door leads there"),
    ],
)  # fmt: skip
def test_a_room_nobody_may_come_into_is_unavailable(
    area: str, house: HouseState, space: object, why: str | None
) -> None:
    assert why_unavailable(area, space, house) == why  # type: ignore[arg-type]


def test_the_doors_into_an_open_part_are_those_of_the_area_around_it() -> None:
    assert [door.id for door in doors_into(STUDY, SPACE)] == [STREET.id]


# --- what is told ---------------------------------------------------------------------------------------


def state(**more: object) -> RoomState:
    return replace(RoomState(RoomStatus.FREE, Since.all_from(NOON)), **more)  # type: ignore[arg-type]


def told_of(
    one: RoomState, after: timedelta, told: dict[Of, tuple[str, datetime]] | None = None
) -> list[tuple[Of, str]]:
    return [(change.of, change.is_now) for change in changes_to_tell(one, told or {}, NOON + after)]


def test_a_change_is_told_once_it_has_lasted() -> None:
    loud = state(quiet=Quiet.LOUD)

    assert told_of(loud, LASTS[Of.QUIET] - timedelta(seconds=1)) == []
    assert told_of(loud, LASTS[Of.QUIET]) == [(Of.QUIET, "loud")]
    assert told_of(loud, HOUR, {Of.QUIET: ("loud", NOON)}) == []


def test_an_ordinary_room_and_what_nobody_knows_are_no_news() -> None:
    assert told_of(state(air=Air.GOOD, quiet=Quiet.QUIET, wifi=Wifi.UNKNOWN), HOUR) == []


def test_what_is_good_again_is_told_where_it_was_not() -> None:
    (change,) = changes_to_tell(state(air=Air.GOOD), {Of.AIR: ("bad", NOON - HOUR)}, NOON + HOUR)

    assert change == Change(Of.AIR, "bad", "good", NOON)


def test_silence_has_lasted_long_enough_when_it_is_noticed() -> None:
    assert told_of(state(silent=True), timedelta()) == [(Of.SENSORS, "silent")]


def test_on_a_recording_every_noise_is_told_at_once() -> None:
    found = changes_to_tell(state(quiet=Quiet.LOUD), {}, NOON, at_once=frozenset({Of.QUIET}))

    assert [change.is_now for change in found] == ["loud"]


def test_after_a_restart_what_is_as_it_was_told_is_so_since_then() -> None:
    early = NOON - HOUR
    found = remembered(
        state(silent=True), {Of.STATUS: ("free", early), Of.AIR: ("bad", early), Of.SENSORS: ("silent", early)}
    )

    assert (found.since.status, found.since.air, found.since.silent) == (early, NOON, early)


def test_every_change_has_a_time_it_must_last() -> None:
    assert set(LASTS) == set(Of)
