"""What people set of the house by command: who may, what is meant, and what is said when it cannot be."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from controller.domain.building import Floor
from controller.domain.facts import FactKind
from controller.domain.house import ExtraHoliday, HouseState, Scope, ScopeKind, Wanted
from controller.domain.ids import FloorId, PersonId, ZoneId
from controller.domain.membership import Person, PersonKind, Right
from controller.errors import InputError
from controller.services.desk.house_desk import HouseDesk, scope_of
from controller.services.ports import RegistrySnapshot
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryHouse
from tests.unit.domain.house import CHRISTMAS, LOBBY, NOON, STREET, local
from tests.unit.domain.house import SPACE as PLAIN

HOUR = timedelta(hours=1)
LOBBY_IN_ZONE = replace(PLAIN.areas[LOBBY], zones=frozenset({ZoneId("house")}))
GROUND = FloorId("ground")
SPACE = replace(
    PLAIN,
    floors={GROUND: Floor(GROUND, "Ground floor", 10.0, 10.0)},
    areas={**PLAIN.areas, LOBBY: LOBBY_IN_ZONE},
)


def person(name: str, *rights: Right, **more: object) -> Person:
    made = Person(PersonId(name.lower()), name, PersonKind.STAFF, rights=frozenset(rights))
    return replace(made, **more)  # type: ignore[arg-type]


TRIGGER = person("Tara", Right.TRIGGER_LOCKDOWN)
LIFTER = person("Lina", Right.LIFT_LOCKDOWN)
KEEPER = person("Kim", Right.OVERRIDE_DOORS, Right.CONFIRM_FIRE)
BANNED = person("Ben", Right.TRIGGER_LOCKDOWN, banned=True)
NOBODY = person("Nora")
PEOPLE = {one.id: one for one in (TRIGGER, LIFTER, KEEPER, BANNED, NOBODY)}


class Registry:
    """The store, and a desk over what is in it now."""

    def __init__(self) -> None:
        self.registry = MemoryRegistry(RegistrySnapshot(0, people=PEOPLE))
        self.store = MemoryHouse(self.registry)

    @property
    def house(self) -> HouseState:
        return self.registry.now.house

    @property
    def desk(self) -> HouseDesk:
        return HouseDesk(self.store, SPACE, PEOPLE, self.house, NOON)


@pytest.fixture
def at() -> Registry:
    return Registry()


# --- who may ----------------------------------------------------------------------------------------------------------


async def test_triggering_and_lifting_are_separate_rights(at: Registry) -> None:
    await at.desk.begin_lockdown("space", "tara", "a stranger")

    with pytest.raises(InputError, match=r"Tara may not lift a lockdown \(right lift_lockdown\) — ask Lina"):
        await at.desk.lift_lockdown(None, "tara", "over")
    with pytest.raises(InputError, match=r"Lina may not trigger a lockdown .* ask Tara"):
        await at.desk.begin_lockdown("space", "lina", "again")
    await at.desk.lift_lockdown(None, "lina", "it was the plumber")
    assert at.house.lockdowns == ()


@pytest.mark.parametrize("reason", ["", "  "])
async def test_lifting_needs_a_reason(at: Registry, reason: str) -> None:
    await at.desk.begin_lockdown("space", "Tara", "a stranger")

    with pytest.raises(InputError, match="--reason: is empty"):
        await at.desk.lift_lockdown(None, "lina", reason)
    assert len(at.house.lockdowns) == 1


async def test_being_staff_is_no_right(at: Registry) -> None:
    with pytest.raises(InputError, match="Nora may not trigger a lockdown"):
        await at.desk.begin_lockdown("space", "nora", "x")


async def test_a_ban_takes_the_right_away(at: Registry) -> None:
    with pytest.raises(InputError, match=r"Ben may not trigger a lockdown .* ask Tara"):
        await at.desk.begin_lockdown("space", "ben", "x")


async def test_somebody_unknown_is_told_who_was_perhaps_meant(at: Registry) -> None:
    with pytest.raises(InputError, match="nobody here is 'tarra' — did you mean tara"):
        await at.desk.begin_lockdown("space", "tarra", "x")


async def test_somebody_who_resembles_nobody_is_told_what_to_write(at: Registry) -> None:
    with pytest.raises(
        InputError, match=r"--by: nobody here is '' — write the id or the name of somebody of the house$"
    ):
        await at.desk.begin_lockdown("space", "", "x")


# --- what is meant ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("space", Scope()),
        ("floor:ground", Scope(ScopeKind.FLOOR, GROUND)),
        ("floor:ground floor", Scope(ScopeKind.FLOOR, GROUND)),
        ("zone:house", Scope(ScopeKind.ZONE, ZoneId("house"))),
        ("door:street", Scope(ScopeKind.DOOR, STREET.id)),
    ],
)
def test_a_scope_is_the_space_a_floor_a_zone_or_a_door(text: str, scope: Scope) -> None:
    assert scope_of(text, SPACE) == scope


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("floor:grund", "no floor 'grund' — did you mean ground"),
        ("zone:garden", "no zone 'garden' — there is house"),
        ("door:xyz", "no door 'xyz' — there is street, landing, office, servers"),
        ("street", "'street' is no scope — write space, floor:ID, zone:ID or door:ID"),
        ("room:x", "'room:x' is no scope"),
    ],
)
def test_an_unknown_scope_is_told_what_there_is(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        scope_of(text, SPACE)


async def test_of_several_lockdowns_one_must_be_named(at: Registry) -> None:
    await at.desk.begin_lockdown("door:street", "tara", "x")
    await at.desk.begin_lockdown("door:landing", "tara", "y")

    with pytest.raises(InputError, match=r"2 lockdowns now: lockdown-1 \(Street\), lockdown-2 \(Landing\)"):
        await at.desk.lift_lockdown(None, "lina", "over")
    await at.desk.lift_lockdown("door:landing", "lina", "over")
    assert [one.id for one in at.house.lockdowns] == ["lockdown-1"]


async def test_what_is_locked_down_already_is_said_to_be(at: Registry) -> None:
    await at.desk.begin_lockdown("space", "tara", "x")

    with pytest.raises(InputError) as refused:
        await at.desk.begin_lockdown("space", "tara", "y")
    assert str(refused.value) == "the whole house is locked down already, since today 12:00, by Tara: x"


async def test_nobody_who_may_not_is_told_of_a_lockdown_that_stands(at: Registry) -> None:
    await at.desk.begin_lockdown("space", "tara", "x")

    with pytest.raises(InputError, match="Nora may not trigger a lockdown"):
        await at.desk.begin_lockdown("space", "nora", "y")


async def test_nothing_to_lift_is_said(at: Registry) -> None:
    with pytest.raises(InputError, match="there is no lockdown now"):
        await at.desk.lift_lockdown(None, "lina", "over")


# --- doors and days ---------------------------------------------------------------------------------------------------


async def test_a_door_is_set_by_hand_until_a_stated_time(at: Registry) -> None:
    said = await at.desk.set_door("street", Wanted.UNLOCKED, NOON + 2 * HOUR, "kim", "delivery")

    assert said == "Street is set unlocked until today 14:00."
    [one] = at.house.overrides
    assert (one.scope.id, one.by, one.until, one.reason) == ("street", KEEPER.id, NOON + 2 * HOUR, "delivery")
    assert at.desk.overrides() == ["override-1: Street unlocked until today 14:00, by Kim: delivery"]


@pytest.mark.parametrize(
    ("until", "says"),
    [
        (NOON - HOUR, "Street, unlocked until today 11:00, would be over already — name a later end"),
        (
            NOON + timedelta(days=9),
            "Street, unlocked until Wed 02 Dec 2026 12:00, is longer than 7 days — end it sooner, or put it into the unlock",
        ),
    ],
    ids=["past", "for ever"],
)
async def test_what_is_set_by_hand_has_an_end_that_comes(at: Registry, until, says: str) -> None:
    with pytest.raises(InputError, match=says):
        await at.desk.set_door("street", Wanted.UNLOCKED, until, "kim", "delivery")


async def test_what_was_set_by_hand_is_ended_by_its_door(at: Registry) -> None:
    await at.desk.set_door("street", Wanted.LOCKED, NOON + HOUR, "kim", "repairs")

    assert await at.desk.end_override("Street", "kim", "done") == "Street is as its hours say again."
    assert at.house.overrides == ()


async def test_an_exception_needs_the_right_to_set_doors(at: Registry) -> None:
    with pytest.raises(InputError, match=r"Nora may not set doors by hand .* ask Kim"):
        await at.desk.add_exception("street", Wanted.UNLOCKED, NOON, NOON + HOUR, "nora", "open day")


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2026-11-28 18:00", "2026-11-28 10:00", "--to: Sat 10:00 is not after --from, Sat 18:00 — name a later end"),
        (
            "2026-11-20 10:00",
            "2026-11-20 18:00",
            "the exception is over already, Fri 20 Nov 2026 18:00 — name a later end",
        ),
    ],
    ids=["backwards", "over"],
)
async def test_an_exceptions_times_are_told_in_the_spaces_own(at: Registry, start: str, end: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        await at.desk.add_exception("street", Wanted.UNLOCKED, local(start), local(end), "kim", "open day")

    assert str(refused.value) == says
    assert at.house.one_offs == ()


async def test_exceptions_come_and_go(at: Registry) -> None:
    start, end = local("2026-11-28 10:00"), local("2026-11-28 18:00")
    said = await at.desk.add_exception("street", Wanted.UNLOCKED, start, end, "kim", "open day")
    listed = at.desk.exceptions()
    await at.desk.remove_exception("exception-1", "kim")

    assert said == "Street is unlocked from Sat 10:00 to Sat 18:00."
    assert listed == ["exception-1: Street unlocked, Sat 10:00 to Sat 18:00: open day, by Kim"]
    assert at.house.one_offs == ()


async def test_a_holiday_is_announced_for_zones_that_are_there(at: Registry) -> None:
    await at.desk.add_holiday(date(2026, 12, 24), "Christmas Eve", ["house"], "kim")

    assert at.house.holidays == (
        ExtraHoliday(date(2026, 12, 24), "Christmas Eve", frozenset({ZoneId("house")}), KEEPER.id),
    )
    assert at.desk.holidays() == [
        "Thu 2026-12-24  Christmas Eve, zone house, by Kim",
        f"Fri {CHRISTMAS}  Christmas (space file)",
    ]
    with pytest.raises(InputError, match="no zone 'garden'"):
        await at.desk.add_holiday(date(2026, 12, 24), "Christmas Eve", ["garden"], "kim")
    with pytest.raises(InputError, match="2026-01-01 is past"):
        await at.desk.add_holiday(date(2026, 1, 1), "New Year", [], "kim")


EVE = date(2026, 12, 24)


async def test_a_holiday_of_the_space_file_is_not_removed_by_command(at: Registry) -> None:
    with pytest.raises(InputError) as refused:
        await at.desk.remove_holiday(CHRISTMAS, "kim")

    assert str(refused.value) == (
        "The space file closes everything on 2026-12-25 already: Christmas. What stands there is not removed here — "
        "publish a space file without it"
    )


async def test_what_is_taken_back_is_named_and_what_still_closes_the_day_is_told(at: Registry) -> None:
    added = await at.desk.add_holiday(CHRISTMAS, "Party", ["house"], "kim")
    removed = await at.desk.remove_holiday(CHRISTMAS, "kim")

    still = "The space file closes everything on 2026-12-25 already: Christmas."
    assert added == f"2026-12-25, Party: zone house is closed to plans and unlock schedules. {still}"
    assert removed == f"Party (zone house) is removed. {still}"


async def test_a_second_announcement_of_a_day_says_what_it_takes_the_place_of(at: Registry) -> None:
    await at.desk.add_holiday(EVE, "Strike", ["house"], "kim")

    assert (await at.desk.add_holiday(EVE, "Flood", [], "kim")).endswith("It takes the place of Strike (zone house).")
    assert await at.desk.remove_holiday(EVE, "kim") == "Flood is removed. 2026-12-24 is a day like any other again."


@pytest.mark.parametrize("name", ["", "  "])
async def test_a_holiday_has_a_name(at: Registry, name: str) -> None:
    with pytest.raises(InputError, match="the holiday on 2026-12-24 has no name"):
        await at.desk.add_holiday(EVE, name, [], "kim")


async def test_an_exception_leaves_no_door_unlocked_for_longer_than_a_month(at: Registry) -> None:
    month = timedelta(days=31)
    with pytest.raises(InputError, match=r"is longer than 31 days — end it sooner"):
        await at.desk.add_exception("street", Wanted.UNLOCKED, NOON, NOON + month + HOUR, "kim", "fair")

    await at.desk.add_exception("street", Wanted.UNLOCKED, NOON, NOON + month, "kim", "fair")
    await at.desk.add_exception("street", Wanted.LOCKED, NOON, NOON + 3 * month, "kim", "building works")
    assert len(at.house.one_offs) == 2


async def test_the_same_exception_twice_is_refused(at: Registry) -> None:
    await at.desk.add_exception("street", Wanted.LOCKED, NOON, NOON + HOUR, "kim", "a move")

    with pytest.raises(InputError, match="exception-1 says the same of door street already: a move"):
        await at.desk.add_exception("street", Wanted.LOCKED, NOON, NOON + HOUR, "kim", "again")


async def test_who_added_and_who_removed_is_for_the_log(at: Registry) -> None:
    desk = at.desk
    await desk.add_exception("street", Wanted.LOCKED, NOON, NOON + HOUR, "kim", "a move")
    await desk.add_holiday(EVE, "Strike", [], "kim")
    later = at.desk
    await later.remove_exception("exception-1", "kim")
    await later.remove_holiday(EVE, "kim")

    told = [*desk.noted, *later.noted]
    assert {(fact.kind, fact.person, fact.detail["by"]) for fact in told} == {
        (FactKind.CALENDAR_CHANGED, KEEPER.id, "Kim")
    }
    assert [fact.detail["said"] for fact in told] == [
        "exception for Street, locked 2026-11-23 12:00 to 2026-11-23 13:00, added (a move)",
        "holiday 2026-12-24, Strike, announced for everything",
        "exception-1 for Street removed",
        "holiday 2026-12-24, Strike, taken back",
    ]


# --- fire -------------------------------------------------------------------------------------------------------------


async def test_a_fire_is_confirmed_only_after_the_panel_has_cleared(at: Registry) -> None:
    await at.store.set_fire(NOON - HOUR, "panel")

    with pytest.raises(InputError, match=r"the fire panel still says fire \(panel, since today 11:00\)"):
        await at.desk.confirm_fire("kim", "toast")
    assert at.desk.fire() == "Fire since today 11:00, says panel. Doors on the way out are released."
    await at.store.clear_fire(NOON)
    assert "stay released until somebody confirms it" in at.desk.fire()
    await at.desk.confirm_fire("kim", "toast")
    assert at.desk.fire() == "No fire."


async def test_confirming_a_fire_is_a_right_of_its_own(at: Registry) -> None:
    await at.store.set_fire(NOON - HOUR, "panel")
    await at.store.clear_fire(NOON)

    with pytest.raises(InputError, match=r"Lina may not confirm that a fire is over \(right confirm_fire\) — ask Kim"):
        await at.desk.confirm_fire("lina", "toast")
    assert at.house.fire is not None
