"""The mode of a door: one precedence, always an end for what is unlocked, and nothing that keeps anybody in."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.access import Denied, Granted, decide
from controller.domain.building import Door, Space
from controller.domain.door_mode import (
    PRECEDENCE,
    UNLOCKED_AT_MOST,
    DoorMode,
    Level,
    Mode,
    is_running,
    mode_of,
    next_change,
    space_word,
)
from controller.domain.holdings import EventEntry, PublicEvent
from controller.domain.house import (
    ExtraHoliday,
    Fire,
    HouseState,
    Lockdown,
    OneOff,
    Override,
    Scope,
    ScopeKind,
    Wanted,
    WindowOpened,
)
from controller.domain.ids import EventId, PersonId, ZoneId
from tests.unit.domain.house import (
    ALICE,
    CLOCK,
    HOST,
    HOURS,
    LANDING,
    LOBBY,
    NIGHTS,
    NOON,
    PARIS,
    SPACE,
    STREET,
    local,
    member,
    read,
    rights,
)

HOUR = timedelta(hours=1)
EVERYWHERE, NORMAL = Scope(), HouseState()
AT_STREET = Scope(ScopeKind.DOOR, STREET.id)

# Noon on a Monday: the unlock schedule HOURS is open, 09:00 to 18:00.
OPEN_DOOR = replace(STREET, unlock_schedule=HOURS, fire_egress=True)
WITH_DOOR = replace(SPACE, doors={**SPACE.doors, OPEN_DOOR.id: OPEN_DOOR})

LOCKDOWN = Lockdown("lockdown-1", Scope(), NOON - HOUR, PersonId("host"), "intruder")
FIRE = Fire(NOON - HOUR, "panel")
TODAY_OFF = ExtraHoliday(date(2026, 11, 23), "Moving day")


def override(
    wanted: Wanted, hours: float = 1.0, *, since: datetime = NOON - HOUR, scope: Scope = EVERYWHERE
) -> Override:
    return Override(f"o-{wanted}-{hours}", scope, wanted, since, since + HOUR + hours * HOUR, HOST.id, "delivery")


def one_off(wanted: Wanted, hours: float = 1.0, *, start: datetime = NOON - HOUR, scope: Scope = EVERYWHERE) -> OneOff:
    return OneOff(f"x-{wanted}-{hours}", scope, wanted, start, start + HOUR + hours * HOUR, "open day")


def event(**more: object) -> PublicEvent:
    made = PublicEvent(
        EventId("meetup"), "Meetup", HOST.id, LOBBY, (STREET.id,), NOON - HOUR, NOON + HOUR, 40, EventEntry.OPEN,
        host_entered_at=NOON - HOUR,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def mode(house: HouseState = NORMAL, at: datetime = NOON, door: Door = OPEN_DOOR, **more: object) -> DoorMode:
    return mode_of(door, WITH_DOOR, house, at, **more)  # type: ignore[arg-type]


# --- the precedence, pair by pair -------------------------------------------------------------------------------------

# What puts the door into each level, on its own or beside any other.
CAUSES: dict[Level, dict[str, object]] = {
    Level.FIRE: {"fire": FIRE},
    Level.FREE_EXIT: {"exit": True},
    Level.LOCKDOWN: {"lockdowns": (LOCKDOWN,)},
    Level.OVERRIDE: {"overrides": (override(Wanted.UNLOCKED),)},
    Level.EXCEPTION: {"one_offs": (one_off(Wanted.LOCKED),)},
    Level.HOLIDAY: {"holidays": (TODAY_OFF,)},
    Level.SCHEDULE: {},  # at noon it is open anyway
}
WANTED = {
    Level.FIRE: Mode.RELEASED,
    Level.FREE_EXIT: Mode.UNLOCKED,
    Level.LOCKDOWN: Mode.LOCKED,
    Level.OVERRIDE: Mode.UNLOCKED,
    Level.EXCEPTION: Mode.LOCKED,
    Level.HOLIDAY: Mode.LOCKED,
    Level.SCHEDULE: Mode.UNLOCKED,
    Level.LOCKED: Mode.LOCKED,
}


def caused_by(*levels: Level) -> DoorMode:
    causes = {name: value for level in levels for name, value in CAUSES[level].items()}
    leaving = bool(causes.pop("exit", False))
    return mode(HouseState(**causes), exit_requested=leaving)  # type: ignore[arg-type]


def test_the_precedence_is_the_written_one() -> None:
    """fire release > free exit > lockdown > manual override > one-off exception > holiday > weekly schedule > locked."""
    assert [level for level, _ in PRECEDENCE] + [Level.LOCKED] == list(Level)


def test_the_page_about_modes_has_the_same_order() -> None:
    page = (Path(__file__).parents[3] / "docs" / "door-modes.md").read_text()
    levels = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)

    assert levels == [str(level) for level in Level]


@pytest.mark.parametrize(("higher", "lower"), [*combinations(CAUSES, 2)], ids=lambda level: str(level))
def test_of_two_levels_the_higher_decides(higher: Level, lower: Level) -> None:
    decided = caused_by(higher, lower)

    assert (decided.level, decided.wanted) == (higher, WANTED[higher])


def test_a_door_of_which_nothing_speaks_is_locked() -> None:
    assert mode(at=local("2026-11-22 12:00")) == DoorMode(Level.LOCKED, Mode.LOCKED, why="nothing unlocks it now")


@pytest.mark.parametrize(
    "house",
    [
        HouseState(overrides=(override(Wanted.UNLOCKED, 3), override(Wanted.LOCKED, 1))),
        HouseState(one_offs=(one_off(Wanted.UNLOCKED, 3), one_off(Wanted.LOCKED, 1))),
    ],
    ids=["overrides", "exceptions"],
)
def test_at_the_same_level_locked_beats_unlocked(house: HouseState) -> None:
    assert mode(house).wanted is Mode.LOCKED


def test_an_exception_that_locks_beats_an_event_open_to_everybody() -> None:
    assert mode(HouseState(one_offs=(one_off(Wanted.LOCKED),)), events=(event(),)).wanted is Mode.LOCKED


# --- fire and lockdown ------------------------------------------------------------------------------------------------


def test_fire_releases_doors_flagged_as_egress_even_in_lockdown() -> None:
    burning = HouseState(lockdowns=(LOCKDOWN,), fire=FIRE)

    assert mode(burning).wanted is Mode.RELEASED
    assert mode(burning).blocks_entry is False
    inner = mode(burning, door=LANDING)
    assert (inner.level, inner.wanted) == (Level.LOCKDOWN, Mode.LOCKED)


def test_a_fire_that_is_cleared_and_not_confirmed_still_releases() -> None:
    assert mode(HouseState(fire=replace(FIRE, cleared_at=NOON))).wanted is Mode.RELEASED


def test_a_lockdown_blocks_entry_only_and_the_exit_button_still_works() -> None:
    locked_down = HouseState(lockdowns=(LOCKDOWN,))

    assert mode(locked_down).blocks_entry
    leaving = mode(locked_down, exit_requested=True)
    assert (leaving.level, leaving.wanted, leaving.blocks_entry) == (Level.FREE_EXIT, Mode.UNLOCKED, True)


@pytest.mark.parametrize(
    ("scope", "doors"),
    [
        (Scope(), {"street", "landing", "office", "servers"}),
        (Scope(ScopeKind.DOOR, LANDING.id), {"landing"}),
        (Scope(ScopeKind.ZONE, ZoneId("upstairs")), {"landing"}),
        # The stairs open onto the lobby without a door: to lock them down, the street door is locked.
        (Scope(ScopeKind.ZONE, ZoneId("stairwell")), {"street"}),
        (Scope(ScopeKind.FLOOR, "attic"), {"office"}),
    ],
    ids=["space", "door", "zone", "zone without a door of its own", "floor"],
)
def test_a_lockdown_concerns_the_doors_of_its_scope(scope: Scope, doors: set[str]) -> None:
    areas = dict(SPACE.areas)
    for area, more in {
        "floor": {"zones": frozenset({"upstairs"})},
        "stairs": {"zones": frozenset({"stairwell"})},
        "office": {"floor": "attic"},
    }.items():
        areas[area] = replace(areas[area], **more)  # type: ignore[index,arg-type]
    space = replace(SPACE, areas=areas)
    house = HouseState(lockdowns=(replace(LOCKDOWN, scope=scope),))

    assert {door.id for door in space.doors.values() if mode_of(door, space, house, NOON).blocks_entry} == doors


@pytest.mark.parametrize(
    ("house", "word"),
    [
        (HouseState(), "normal"),
        (HouseState(lockdowns=(LOCKDOWN,)), "lockdown"),
        (HouseState(lockdowns=(LOCKDOWN,), fire=FIRE), "fire"),
    ],
    ids=["normal", "lockdown", "fire"],
)
def test_the_house_has_one_word_for_how_it_is(house: HouseState, word: str) -> None:
    assert space_word(house) == word


# --- by hand, and exceptions ------------------------------------------------------------------------------------------


def test_a_manual_override_always_ends() -> None:
    by_hand = HouseState(overrides=(override(Wanted.UNLOCKED, 1),))
    sunday = local("2026-11-22 12:00")
    house = HouseState(overrides=(override(Wanted.UNLOCKED, 1, since=sunday - HOUR),))

    assert mode(by_hand).level is Level.OVERRIDE
    assert mode(by_hand, at=NOON + HOUR).level is Level.SCHEDULE
    assert mode(house, at=sunday).until == sunday + HOUR
    assert mode(house, at=sunday + HOUR).wanted is Mode.LOCKED


def test_an_override_of_another_door_is_none() -> None:
    elsewhere = HouseState(overrides=(override(Wanted.LOCKED, scope=Scope(ScopeKind.DOOR, LANDING.id)),))

    assert mode(elsewhere).level is Level.SCHEDULE


def test_an_exception_opens_on_a_holiday() -> None:
    house = HouseState(holidays=(TODAY_OFF,), one_offs=(one_off(Wanted.UNLOCKED),))

    assert (mode(house).level, mode(house).wanted) == (Level.EXCEPTION, Mode.UNLOCKED)


@pytest.mark.parametrize(
    ("changed", "full", "wanted"),
    [
        ({}, (), Mode.UNLOCKED),
        ({"host_entered_at": None}, (), Mode.LOCKED),
        ({"host_entered_at": NOON + timedelta(minutes=1)}, (), Mode.LOCKED),
        ({"ended_at": NOON}, (), Mode.LOCKED),
        ({"end": NOON}, (), Mode.LOCKED),
        ({"start": NOON + timedelta(minutes=1)}, (), Mode.LOCKED),
        ({"entry": EventEntry.TICKET}, (), Mode.LOCKED),
        ({"path": (LANDING.id,)}, (), Mode.LOCKED),
        ({}, ("meetup",), Mode.LOCKED),
    ],
    ids=["running", "host not in", "host not in yet", "ended by hand", "over", "not begun", "by ticket", "elsewhere", "full"],
)  # fmt: skip
def test_an_open_event_unlocks_its_path_while_it_runs(
    changed: dict[str, object], full: tuple[str, ...], wanted: Mode
) -> None:
    assert mode(door=STREET, events=(event(**changed),), full=full).wanted is wanted


def test_an_event_ends_itself() -> None:
    assert is_running(event(), NOON + HOUR - timedelta(seconds=1))
    assert not is_running(event(), NOON + HOUR)
    assert mode(door=STREET, events=(event(),)).until == NOON + HOUR


def test_no_programme_unlocks_a_door_that_is_being_repaired() -> None:
    broken = replace(OPEN_DOOR, in_maintenance=True)
    day = HouseState(one_offs=(one_off(Wanted.UNLOCKED),))

    assert mode(day, door=broken, events=(event(),)).wanted is Mode.LOCKED
    assert mode(HouseState(overrides=(override(Wanted.UNLOCKED),)), door=broken).wanted is Mode.UNLOCKED
    assert mode(HouseState(fire=FIRE), door=broken).wanted is Mode.RELEASED


# --- holidays and unlock schedules ------------------------------------------------------------------------------------


def test_while_a_booth_is_on_air_no_programme_unlocks_its_door_and_a_hand_still_does() -> None:
    assert mode(on_air=True).wanted is Mode.LOCKED
    assert mode(HouseState(one_offs=(one_off(Wanted.UNLOCKED),)), on_air=True).wanted is Mode.LOCKED
    assert mode(events=(event(),), on_air=True).wanted is Mode.LOCKED
    assert mode(HouseState(overrides=(override(Wanted.UNLOCKED),)), on_air=True).wanted is Mode.UNLOCKED
    assert mode(HouseState(fire=Fire(NOON)), on_air=True).wanted is Mode.RELEASED


def test_an_unlock_schedule_and_an_access_schedule_are_two_things() -> None:
    """At noon the hours of Alice's plan are open; a door is unlocked by hours of its own, and those let nobody else in."""
    # Her plan's hours unlock no door: it lets her in by her badge, and stays locked.
    locked = replace(LANDING, unlock_schedule=None)
    assert isinstance(decide(read(), rights(member(), at=locked, space=WITH_DOOR), NOON), Granted)
    assert mode_of(locked, WITH_DOOR, NORMAL, NOON).wanted is Mode.LOCKED

    # The street's hours unlock the street, and give whoever has no plan no right: there, next door or at night.
    assert mode_of(OPEN_DOOR, WITH_DOOR, NORMAL, NOON).wanted is Mode.UNLOCKED
    for door, at in ((OPEN_DOOR, NOON), (locked, NOON), (OPEN_DOOR, local("2026-11-23 22:00"))):
        assert isinstance(decide(read(at), rights(at=door, space=WITH_DOOR), at), Denied)
    assert mode_of(OPEN_DOOR, WITH_DOOR, NORMAL, local("2026-11-23 22:00")).wanted is Mode.LOCKED


@pytest.mark.parametrize(
    ("closes", "level"),
    [(frozenset(), Level.HOLIDAY), (frozenset({"ground"}), Level.HOLIDAY), (frozenset({"attic"}), Level.SCHEDULE)],
    ids=["everything", "its zone", "another zone"],
)
@pytest.mark.parametrize("where", ["space file", "announced"])
def test_a_holiday_closes_unlock_windows_of_its_zones(closes: frozenset[ZoneId], level: Level, where: str) -> None:
    lobby = replace(SPACE.areas[LOBBY], zones=frozenset({ZoneId("ground")}))
    space = replace(WITH_DOOR, areas={**SPACE.areas, LOBBY: lobby})
    house = HouseState()
    if where == "space file":
        space = replace(space, holidays={TODAY_OFF.day: "Moving day"}, holiday_zones={TODAY_OFF.day: closes})
    else:
        house = HouseState(holidays=(replace(TODAY_OFF, zones=closes),))

    assert mode_of(OPEN_DOOR, space, house, NOON).level is level


def test_a_window_that_began_the_night_before_a_holiday_runs_to_its_end() -> None:
    door = replace(STREET, unlock_schedule=NIGHTS)
    house = HouseState(holidays=(TODAY_OFF,))

    assert mode(house, at=local("2026-11-23 01:00"), door=door).wanted is Mode.UNLOCKED
    assert mode(house, at=local("2026-11-23 23:00"), door=door).level is Level.HOLIDAY


WAITING_DOOR = replace(OPEN_DOOR, first_person_in=frozenset({ALICE.id}))
OPENED = WindowOpened(STREET.id, HOURS, local("2026-11-23 09:00"), local("2026-11-23 09:20"), ALICE.id)


def test_first_person_in_delays_the_window_until_somebody_has_opened_the_door() -> None:
    assert mode(door=WAITING_DOOR).wanted is Mode.LOCKED
    assert "first person" in mode(door=WAITING_DOOR).why
    assert mode(HouseState(windows=(OPENED,)), door=WAITING_DOOR).wanted is Mode.UNLOCKED


def test_yesterdays_first_person_opens_nothing_today() -> None:
    yesterday = replace(OPENED, window_start=local("2026-11-20 09:00"))

    assert mode(HouseState(windows=(yesterday,)), door=WAITING_DOOR).wanted is Mode.LOCKED


def test_last_out_ends_the_window_early() -> None:
    left = HouseState(windows=(replace(OPENED, closed_at=NOON - HOUR),))

    assert mode(left, door=WAITING_DOOR).wanted is Mode.LOCKED
    assert mode(left, door=OPEN_DOOR).wanted is Mode.LOCKED


@pytest.mark.parametrize(
    ("at", "unlocked"),
    [
        # 01:30 comes twice: from its first occurrence to the last 02:00 it is one piece.
        (local("2026-11-01 01:15"), True),
        (local("2026-11-01 01:30", fold=1), True),
        (local("2026-11-01 02:00", fold=1), False),
        # 02:00 to 03:00 is not there: 22:00 to 02:00 ends at the first instant after it.
        (local("2026-03-08 01:59"), True),
        (local("2026-03-08 03:00"), False),
    ],
    ids=["autumn, first 01:15", "autumn, second 01:30", "autumn, over", "spring, before the gap", "spring, after"],
)
def test_a_window_stays_one_piece_on_the_two_nights_of_the_year(at: datetime, unlocked: bool) -> None:
    door = replace(STREET, unlock_schedule=NIGHTS)

    assert mode(at=at, door=door).is_free is unlocked


def test_windows_are_local_to_the_space() -> None:
    in_paris = replace(WITH_DOOR, zone=PARIS)

    assert mode_of(OPEN_DOOR, in_paris, HouseState(), local("2026-11-23 09:00", PARIS)).wanted is Mode.UNLOCKED
    assert mode_of(OPEN_DOOR, in_paris, HouseState(), local("2026-11-23 18:00", PARIS)).wanted is Mode.LOCKED


# --- the end of what is unlocked --------------------------------------------------------------------------------------


def test_unlocked_lasts_until_everything_that_unlocks_is_over() -> None:
    house = HouseState(overrides=(override(Wanted.UNLOCKED, 1),), one_offs=(one_off(Wanted.UNLOCKED, 8),))

    # By hand until 13:00, the schedule until 18:00, the open day until 20:00: one stretch.
    assert mode(house).until == local("2026-11-23 20:00")


def test_what_will_lock_it_sooner_is_the_end() -> None:
    move = one_off(Wanted.LOCKED, start=local("2026-11-23 15:00"))

    assert mode(HouseState(one_offs=(move,))).until == local("2026-11-23 15:00")


def test_a_door_that_is_always_unlocked_has_an_end_all_the_same() -> None:
    always = replace(STREET, unlock_schedule=CLOCK)
    until = mode(door=always).until

    assert until == local("2026-11-24 00:00") or until == local("2026-11-25 00:00")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOON, local("2026-11-23 18:00")),
        (local("2026-11-23 18:00"), local("2026-11-24 09:00")),
        (local("2026-11-27 18:00"), local("2026-11-30 09:00")),
    ],
    ids=["to the end", "to the next day", "over the weekend"],
)
def test_the_next_change_is_the_next_edge_of_a_window(at: datetime, expected: datetime) -> None:
    assert next_change(OPEN_DOOR, WITH_DOOR, HouseState(), at) == expected


def test_without_a_programme_nothing_is_due() -> None:
    assert next_change(STREET, SPACE, HouseState(lockdowns=(LOCKDOWN,)), NOON) is None


# --- laws -------------------------------------------------------------------------------------------------------------

MOMENTS = st.integers(-30 * 60, 30 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))
SCOPES = st.sampled_from([Scope(), AT_STREET, Scope(ScopeKind.DOOR, LANDING.id)])
SPANS = st.tuples(MOMENTS, st.integers(1, 40 * 60)).map(lambda pair: (pair[0], pair[0] + timedelta(minutes=pair[1])))


@st.composite
def houses(draw: st.DrawFn) -> HouseState:
    overrides = [
        Override(f"override-{n}", scope, wanted, since, until, HOST.id, "r")
        for n, (scope, wanted, (since, until)) in enumerate(
            draw(st.lists(st.tuples(SCOPES, st.sampled_from(Wanted), SPANS), max_size=3))
        )
    ]
    one_offs = [
        OneOff(f"exception-{n}", scope, wanted, start, end, "r")
        for n, (scope, wanted, (start, end)) in enumerate(
            draw(st.lists(st.tuples(SCOPES, st.sampled_from(Wanted), SPANS), max_size=3))
        )
    ]
    return HouseState(
        lockdowns=tuple(replace(LOCKDOWN, scope=scope) for scope in draw(st.lists(SCOPES, max_size=1))),
        fire=draw(st.sampled_from([None, None, FIRE, replace(FIRE, cleared_at=NOON)])),
        overrides=tuple(overrides),
        one_offs=tuple(one_offs),
        holidays=draw(st.sampled_from([(), (TODAY_OFF,)])),
        windows=draw(st.sampled_from([(), (OPENED,), (replace(OPENED, closed_at=NOON),)])),
    )


DOORS = st.builds(
    replace,
    st.just(STREET),
    unlock_schedule=st.sampled_from([None, HOURS, NIGHTS, CLOCK]),
    fire_egress=st.booleans(),
    any_staff_first=st.booleans(),
    last_out=st.booleans(),
    enabled=st.booleans(),
)
EVENTS = st.sampled_from([(), (event(),), (event(host_entered_at=None),)])


def space_with(door: Door) -> Space:
    return replace(SPACE, doors={**SPACE.doors, door.id: door})


@given(DOORS, houses(), MOMENTS, EVENTS, st.booleans())
def test_every_house_has_a_mode_for_every_door(
    door: Door, house: HouseState, at: datetime, events: tuple[PublicEvent, ...], leaving: bool
) -> None:
    decided = mode_of(door, space_with(door), house, at, events=events, exit_requested=leaving)

    assert decided.wanted is not Mode.RELEASED or decided.level is Level.FIRE
    if decided.wanted is Mode.UNLOCKED and decided.level is not Level.FREE_EXIT:
        assert decided.until is not None
        assert decided.until > at


@given(DOORS, houses(), MOMENTS)
def test_a_fire_always_releases_a_door_on_the_way_out_and_no_other(door: Door, house: HouseState, at: datetime) -> None:
    burning = mode_of(door, space_with(door), replace(house, fire=FIRE), at)

    assert (burning.wanted is Mode.RELEASED) == door.fire_egress


@given(DOORS, houses(), MOMENTS, EVENTS)
def test_a_lockdown_never_unlocks_and_never_blocks_exit(
    door: Door, house: HouseState, at: datetime, events: tuple[PublicEvent, ...]
) -> None:
    space, more = space_with(door), replace(house, lockdowns=(LOCKDOWN,))
    before = mode_of(door, space, house, at, events=events)
    after = mode_of(door, space, more, at, events=events)

    assert before.is_free or not after.is_free
    assert mode_of(door, space, more, at, events=events, exit_requested=True).is_free


@given(DOORS, houses(), MOMENTS)
def test_an_override_past_its_end_counts_for_nothing(door: Door, house: HouseState, at: datetime) -> None:
    past = tuple(one for one in house.overrides if one.until > at)

    with_past = mode_of(door, space_with(door), house, at)
    assert with_past == mode_of(door, space_with(door), replace(house, overrides=past), at)


@given(DOORS, houses(), MOMENTS, EVENTS)
def test_nothing_changes_before_the_next_change(
    door: Door, house: HouseState, at: datetime, events: tuple[PublicEvent, ...]
) -> None:
    space = space_with(door)
    now = mode_of(door, space, house, at, events=events)
    due = next_change(door, space, house, at, events) or at + timedelta(days=7)
    later = mode_of(door, space, house, due - timedelta(seconds=1), events=events)

    assert due > at
    assert (now.level, now.wanted, now.blocks_entry) == (later.level, later.wanted, later.blocks_entry)


@given(DOORS, houses(), MOMENTS, EVENTS)
def test_an_unlocked_door_is_so_until_its_end_and_not_after(
    door: Door, house: HouseState, at: datetime, events: tuple[PublicEvent, ...]
) -> None:
    space = space_with(door)
    now = mode_of(door, space, house, at, events=events)
    if now.wanted is not Mode.UNLOCKED or now.until is None:
        return

    last = mode_of(door, space, house, now.until - timedelta(seconds=1), events=events)
    assert last.wanted is Mode.UNLOCKED
    if now.until - at < UNLOCKED_AT_MOST:
        assert mode_of(door, space, house, now.until, events=events).wanted is not Mode.UNLOCKED
