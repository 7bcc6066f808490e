"""Fire in a running house: released at once, verified, and over only when panels and staff have both said so."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.alarm import AlarmKind
from controller.domain.door import DoorState
from controller.domain.facts import FactKind
from controller.domain.house import Scope, ScopeKind, Wanted
from controller.domain.ids import DeviceId, DoorId, ZoneId
from controller.domain.rooms.occupancy import Quality
from controller.domain.shared import Position
from controller.domain.whereabouts import Count
from controller.errors import InputError, StoreError
from controller.services.ports import LoggedFact
from devices.messages import DeviceState, State
from tests.support.flat import (
    AT_STREET,
    BOB,
    EGRESS,
    HOUR,
    PANEL,
    SECOND_PANEL,
    SUNDAY,
    Flat,
    zoned,
)
from tests.support.leaping import LeapingLoop
from tests.support.services import (
    ALICE,
    HOURS,
    LAB_DOOR,
    LAB_UNIT,
    NOON,
    STREET,
    STREET_UNIT,
)

# A second way in from the street.
YARD = replace(STREET, id=DoorId("yard"), name="Yard door", unit=LAB_UNIT, readers=())


async def test_fire_releases_doors_flagged_as_egress_even_in_lockdown():
    flat = Flat(EGRESS).begin()
    await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", NOON)
    await flat.changed()
    flat.fire()

    assert flat.wished() == ("released", None)
    assert flat.wished(LAB_UNIT) == ("locked", None)
    assert flat.modes.space_word == "fire"
    assert len(flat.facts(FactKind.FIRE_BEGAN)) == 1
    assert flat.alarms.stands(AlarmKind.FIRE)


async def test_the_worker_of_a_released_door_calls_no_opening_forced():
    flat = Flat(EGRESS)
    async with flat.working():
        flat.begin()
        flat.fire()
        await asyncio.sleep(0.1)
        burning = flat.doors.of(STREET.id).state
        flat.says(STREET_UNIT, "released", contact="open")
        await asyncio.sleep(0.1)

    assert burning is DoorState.FIRE
    assert flat.facts(FactKind.DOOR_FORCED) == []
    assert flat.feed.snapshot()["doors"][STREET.id]["mode"] == "fire"


async def test_fire_counts_before_it_can_be_written_down():
    flat = Flat(EGRESS).begin()

    async def fails(*_: object) -> int:
        raise StoreError("natoma.db: the disk is full")

    flat.store.set_fire = fails  # type: ignore[method-assign,assignment]
    flat.fire()
    await flat.written()

    assert flat.modes.of(STREET.id).wanted == "released"
    assert flat.modes.writes.failing


async def test_software_never_relocks_before_the_panel_clears_and_staff_confirm():
    flat = Flat(EGRESS).begin()
    flat.fire()
    await flat.written()
    burning = flat.wished()
    flat.fire(active=False)
    await flat.written()
    cleared = flat.wished()
    flat.later(24 * 3600)
    a_day_later = flat.wished()
    await flat.store.confirm_fire(ALICE.id, "burnt toast", flat.clock.now())
    await flat.changed()

    assert (burning, cleared, a_day_later) == (("released", None),) * 3
    assert flat.wished() == ("locked", None)
    assert len(flat.facts(FactKind.FIRE_CLEARED)) == 1
    [confirmed] = flat.facts(FactKind.FIRE_CONFIRMED)
    assert (confirmed.person, confirmed.detail["reason"]) == (ALICE.id, "burnt toast")
    assert flat.words == ["fire", "normal"]
    assert not flat.alarms.stands(AlarmKind.FIRE)


async def test_a_fire_that_burns_again_before_it_was_confirmed_is_not_over():
    flat = Flat(EGRESS).begin()
    flat.fire()
    await flat.written()
    flat.fire(active=False)
    flat.fire()
    await flat.written()

    assert flat.registry.now.house.fire is not None
    assert flat.registry.now.house.fire.cleared_at is None
    assert flat.wished() == ("released", None)


async def test_a_fire_is_over_when_every_panel_that_said_so_has_taken_it_back():
    flat = Flat(EGRESS).begin()
    flat.fire(PANEL)
    flat.fire(SECOND_PANEL)
    flat.fire(PANEL, active=False)
    still = flat.facts(FactKind.FIRE_CLEARED)
    flat.fire(SECOND_PANEL, active=False)

    assert still == []
    assert len(flat.facts(FactKind.FIRE_CLEARED)) == 1


@pytest.mark.parametrize(
    "late",
    [{"ts": NOON - timedelta(seconds=61)}, {"age_ms": 61_000}, {"backlog": True}],
    ids=["by its stamp", "by its count", "of unknown age"],
)
async def test_a_late_fire_event_is_recorded_and_releases_nothing(late):
    flat = Flat(EGRESS).begin()
    flat.fire(**late)

    assert flat.wished() == ("locked", None)
    [fact] = flat.facts(FactKind.DEVICE_REPORTED)
    assert (fact.detail["type"], "late_s" in fact.detail) == ("fire", True)


async def test_a_panel_may_report_fire_as_a_state_too():
    flat = Flat(EGRESS).begin()
    for said in (False, True, True):
        state = State(ts=flat.clock.now(), v={"fire": said})
        flat.modes.state_reported(flat.arriving(PANEL, state), state)

    assert flat.wished() == ("released", None)
    assert len(flat.facts(FactKind.FIRE_BEGAN)) == 1


async def test_a_lost_panel_takes_nothing_back():
    flat = Flat(EGRESS).begin()
    state = State(ts=flat.clock.now(), v={"fire": True})
    flat.modes.state_reported(flat.arriving(PANEL, state), state)
    flat.is_(PANEL, DeviceState.LOST)
    flat.later(60)

    assert flat.wished() == ("released", None)
    assert flat.facts(FactKind.FIRE_CLEARED) == []


async def test_fire_survives_a_restart_with_every_panel_that_said_so():
    flat = Flat(EGRESS).begin()
    flat.fire(PANEL)
    flat.fire(SECOND_PANEL)
    await flat.written()
    log = flat.log
    flat.restart(log)
    flat.fire(PANEL, active=False)
    after_one = flat.facts(FactKind.FIRE_CLEARED)
    flat.fire(SECOND_PANEL, active=False)

    assert flat.wished() == ("released", None)
    assert after_one == []
    assert len(flat.facts(FactKind.FIRE_CLEARED)) == 1
    assert flat.facts(FactKind.FIRE_BEGAN) == []  # told before


async def test_a_panel_that_was_taken_out_of_the_house_holds_no_door_for_ever():
    flat = Flat(EGRESS).begin()
    flat.fire(PANEL)
    await flat.written()
    log = flat.log
    space = flat.index.space
    flat.index.publish(replace(space, devices={id: one for id, one in space.devices.items() if id != PANEL}))
    flat.restart(log)
    await flat.written()
    cleared = flat.wished()
    await flat.store.confirm_fire(ALICE.id, "the panel was replaced", NOON)
    await flat.changed()

    assert (cleared, flat.wished()) == (("released", None), ("locked", None))


async def test_a_fire_confirmed_while_nobody_ran_the_house_is_written_down():
    flat = Flat(EGRESS).begin()
    flat.fire()
    flat.fire(active=False)
    await flat.written()
    log = flat.log
    await flat.store.confirm_fire(ALICE.id, "false alarm", NOON + HOUR)
    flat.restart(log)
    await flat.written()

    [confirmed] = flat.facts(FactKind.FIRE_CONFIRMED)
    assert confirmed.at == NOON + HOUR
    assert flat.wished() == ("locked", None)


@pytest.mark.parametrize(
    ("lock", "contact", "problem"),
    [
        ("unlocked", "closed", None),
        ("locked", "open", None),
        ("locked", "closed", "Street door is not seen released: its lock says locked"),
        ("jammed", "closed", "Street door is not seen released: its lock says jammed"),
    ],
)
async def test_the_release_is_verified_by_lock_and_contact_and_not_by_a_word(lock, contact, problem):
    flat = Flat(EGRESS).begin()
    flat.fire()
    flat.says(STREET_UNIT, "released", lock, contact)
    flat.later(5.5)

    assert flat.problem() == problem


async def test_a_door_that_is_gone_in_a_fire_is_named():
    flat = Flat(EGRESS).begin()
    flat.fire()
    flat.is_(STREET_UNIT, DeviceState.LOST)
    flat.later(5.5)

    assert flat.problem() == "Street door should be released and does not answer"
    assert not flat.board.verdict().ok


ACTS = ["fire", "fire elsewhere", "clear", "clear elsewhere", "confirm", "lock down", "lift", "restart", "wait"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ACTS), max_size=14))
def test_whatever_happens_a_way_out_is_released_until_every_panel_and_staff_say_so(acts: list[str]):
    async def live() -> None:
        flat = Flat(replace(EGRESS, unlock_schedule=HOURS)).begin()
        history: list[LoggedFact] = []
        burning: set[DeviceId] = set()
        is_fire = is_locked_down = False
        for act in acts:
            device = SECOND_PANEL if act.endswith("elsewhere") else PANEL
            if act.startswith("fire"):
                flat.fire(device)
                burning.add(device)
                is_fire = True
            elif act.startswith("clear"):
                flat.fire(device, active=False)
                burning.discard(device)
            elif act == "confirm" and not burning and is_fire:
                await flat.store.confirm_fire(ALICE.id, "toast", flat.clock.now())
                is_fire = False
            elif act == "confirm":
                with pytest.raises(InputError):
                    await flat.store.confirm_fire(ALICE.id, "toast", flat.clock.now())
            elif act == "lock down" and not is_locked_down:
                await flat.store.begin_lockdown(Scope(), ALICE.id, "a stranger", flat.clock.now())
                is_locked_down = True
            elif act == "lift" and is_locked_down:
                await flat.store.lift_lockdown(Scope(), ALICE.id, "the plumber", flat.clock.now())
                is_locked_down = False
            elif act == "restart":
                history += flat.log
                flat.restart(history)
            flat.later(1)
            await flat.changed()

            street = flat.modes.of(STREET.id)
            assert (street.wanted == "released") == is_fire
            assert street.blocks_entry == (is_locked_down and not is_fire)
            assert flat.wished()[0] == street.wanted
            # Of a door that is no way out, fire says nothing.
            assert flat.modes.of(LAB_DOOR.id).blocks_entry == is_locked_down

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(live())


# --- where people are -------------------------------------------------------------------------------------------------


async def test_where_people_are_is_unknown_after_a_fire():
    flat = zoned(EGRESS)
    flat.goes_in(ALICE.id)
    flat.fire()
    await flat.written()
    flat.goes_in(BOB.id)
    flat.fire(active=False)
    await flat.written()
    during = flat.position(ALICE.id), flat.position(BOB.id)
    await flat.store.confirm_fire(ALICE.id, "toast", flat.clock.now())
    await flat.changed()
    after = flat.position(BOB.id)
    flat.goes_in(ALICE.id)

    assert (during, after) == ((Position.UNKNOWN, Position.UNKNOWN), Position.UNKNOWN)
    assert flat.position(ALICE.id) is Position.IN


@pytest.mark.parametrize(
    "scope", [Scope(ScopeKind.ZONE, ZoneId("house")), Scope(ScopeKind.FLOOR, STREET.floor), Scope()], ids=str
)
@pytest.mark.parametrize("doors", [(), (YARD,)], ids=["its only door", "of two doors"])
async def test_where_people_are_is_unknown_after_a_zone_unlock(scope, doors):
    flat = zoned(*doors, at=SUNDAY)
    flat.goes_in(ALICE.id)
    await flat.store.set_override(scope, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "open day", SUNDAY)
    await flat.changed()
    began = flat.position(ALICE.id)
    flat.later(3600)
    over = flat.position(ALICE.id)
    flat.goes_in(ALICE.id)

    assert (began, over, flat.position(ALICE.id)) == (Position.UNKNOWN, Position.UNKNOWN, Position.IN)


async def test_a_zone_unlock_on_top_of_a_door_unlocked_by_hand_is_one_too():
    flat = zoned(YARD, at=SUNDAY)
    flat.goes_in(ALICE.id)
    for scope in (AT_STREET, Scope(ScopeKind.ZONE, ZoneId("house"))):
        await flat.store.set_override(scope, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "open day", SUNDAY)
        await flat.changed()

    assert flat.position(ALICE.id) is Position.UNKNOWN


async def test_one_door_unlocked_by_hand_forgets_nobody():
    flat = zoned(YARD, at=SUNDAY)
    flat.goes_in(ALICE.id)
    before = flat.where.count(ZoneId("house"))
    await flat.store.set_override(AT_STREET, Wanted.UNLOCKED, SUNDAY + HOUR, ALICE.id, "delivery", SUNDAY)
    await flat.changed()
    during = flat.position(ALICE.id)
    flat.later(3600)

    assert (during, flat.position(ALICE.id)) == (Position.IN, Position.IN)
    assert (before.quality, flat.where.count(ZoneId("house"))) == (Quality.COUNTED, Count(1, Quality.ESTIMATED))


async def test_every_door_into_a_zone_unlocked_one_by_one_is_the_zone_unlocked():
    flat = zoned(replace(YARD, unlock_schedule=HOURS), at=NOON)
    flat.goes_in(ALICE.id)
    by_its_week = flat.position(ALICE.id)
    await flat.store.set_override(AT_STREET, Wanted.UNLOCKED, NOON + HOUR, ALICE.id, "delivery", NOON)
    await flat.changed()

    assert (by_its_week, flat.position(ALICE.id)) == (Position.IN, Position.UNKNOWN)
