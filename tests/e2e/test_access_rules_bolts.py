"""The rules as a bolt feels them: virtual door units on real links, unlocked by the clock, released in a fire, locked again.

The oracle is the bolt of each unit, and whether its door gives when somebody pushes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controller.domain.house import ExtraHoliday, Scope, ScopeKind
from controller.domain.ids import PersonId, ZoneId
from devices.channels import Bolt
from devices.units import DoorUnit
from simulator.building import Building
from simulator.building_file import load
from simulator.clock import now as sim_now
from simulator.device import Surroundings
from simulator.endpoint import Endpoint
from simulator.fleet import Fleet, no_readings
from simulator.hands import Hands
from simulator.people import SimPerson
from tests.support.field import SENSOR_CHANNELS, FieldDevice
from tests.support.live_house import PARIS, Live, now, seen, today
from tests.support.rules_house import at_registry

pytestmark = pytest.mark.broker

HANA = PersonId("hana")


@dataclass
class Bolts:
    """All door units of a running house, with hands to try them."""

    live: Live
    building: Building
    fleet: Fleet
    hands: Hands

    async def taps(self, person: str, door: str) -> str | None:
        """Whoever is let in walks through; None, or why not."""
        somebody = SimPerson(person, person, "member", badge=self.live.badges[person], badge_format="iso14443a")
        at = self.building.doors[door]
        outcome = await self.hands.tap(somebody, at, walk=False)
        if not outcome.granted:
            return outcome.reason
        self.fleet.move_leaf(at, True)
        await asyncio.sleep(0.3)  # nobody is faster, and a contact that is flaps
        self.fleet.move_leaf(at, False)
        return None

    def drawn(self) -> set[str] | None:
        """The doors whose bolts are drawn; None while one is on its way."""
        bolts = {door: self._unit(door).lock for door in self.building.doors}
        return None if Bolt.MOVING in bolts.values() else {door for door, at in bolts.items() if at is Bolt.UNLOCKED}

    def give(self) -> set[str]:
        """The doors that give to anybody's push."""
        return {id for id, door in self.building.doors.items() if self.fleet.can_push(door)}

    async def become(self, drawn: set[str], within: float = 15.0) -> None:
        await seen(lambda: self.drawn() == drawn, f"the bolts of {sorted(drawn)} drawn, the others shot", within)

    def _unit(self, door: str) -> DoorUnit:
        machine = self.fleet.devices[self.building.doors[door].unit].machine
        assert isinstance(machine, DoorUnit)
        return machine

    async def restarted(self) -> None:
        """Killed as by a power cut, and started again."""
        self.live.controller.kill()
        await asyncio.to_thread(self.live.controller.start)
        await asyncio.to_thread(self.live.controller.wait_for_device, "door-front")


@pytest.fixture
async def bolts(live: Live) -> AsyncIterator[Bolts]:
    async with opened(live) as bolts:
        yield bolts


@asynccontextmanager
async def opened(live: Live) -> AsyncIterator[Bolts]:
    await asyncio.to_thread(live.controller.start)
    building = load(live.space)
    units = {door.unit for door in building.doors.values()}
    where = Endpoint(f"mqtt://127.0.0.1:{live.port}", "127.0.0.1", live.port)
    async with Fleet(building, where, Surroundings(sim_now, no_readings), only=units, seed=1) as fleet:
        for unit in units:
            await asyncio.to_thread(live.controller.wait_for_device, unit)
        yield Bolts(live, building, fleet, Hands(fleet, building))


async def test_an_unlock_window_waits_for_its_first_person_and_gives_way_to_lockdown_and_holiday(bolts: Bolts):
    live = bolts.live

    assert await bolts.taps("alice", "gate") is None  # let in, and not whom the window waits for
    await bolts.become(set())
    assert await bolts.taps("hana", "gate") is None
    await bolts.become({"gate"})
    await asyncio.sleep(3.5)  # longer than any badge releases it
    open_to_all = bolts.give()

    await bolts.restarted()
    after_kill = bolts.give()

    async def lock_down(kept: Any, _: Any) -> None:
        await kept.house.begin_lockdown(Scope(), HANA, "a stranger", now())

    async def lift(kept: Any, _: Any) -> None:
        await kept.house.lift_lockdown(Scope(), PersonId("liv"), "the plumber", now())

    async def holiday(kept: Any, _: Any) -> None:
        # Between midnight and four the hours of a door are the calendar's day already, days used still yesterday's.
        for day in {today(), now().astimezone(PARIS).date()}:
            await kept.house.put_holiday(ExtraHoliday(day, "Strike", frozenset({ZoneId("house")})))

    await at_registry(live.data, lock_down)
    await bolts.become(set())
    await at_registry(live.data, lift)
    await bolts.become({"gate"})
    await at_registry(live.data, holiday)
    await bolts.become(set())
    on_a_holiday = {who: await bolts.taps(who, "side") for who in ("alice", "hana")}

    assert (open_to_all, after_kill) == ({"gate"}, {"gate"})
    # Plan hours are closed too; staff are not concerned.
    assert on_a_holiday == {"alice": "outside_hours", "hana": None}


async def test_a_fire_in_a_lockdown_releases_the_ways_out_until_panel_and_staff_say_it_is_over(bolts: Bolts):
    live = bolts.live

    async def lock_down(kept: Any, _: Any) -> None:
        await kept.house.begin_lockdown(Scope(ScopeKind.SPACE), HANA, "a stranger", now())

    async def confirm(kept: Any, _: Any) -> None:
        await kept.house.confirm_fire(HANA, "burnt toast", now())

    async with FieldDevice(live.port, "panel", SENSOR_CHANNELS) as panel:
        await at_registry(live.data, lock_down)
        await panel.say("event", _fire(panel, active=True))
        await bolts.become({"front", "side"})
        await bolts.restarted()
        after_kill = bolts.give()
        await panel.say("event", _fire(panel, active=False))
        await seen(lambda: live.controller.facts("fire_cleared"), "the panel's word")
        await asyncio.sleep(1.5)  # a look of the modes later
        after_clear = bolts.give()
        await at_registry(live.data, confirm)
        await bolts.become(set())

    assert (after_kill, after_clear) == ({"front", "side"}, {"front", "side"})
    assert await bolts.taps("alice", "front") == "lockdown"  # the fire is over, and the lockdown is not


def _fire(panel: FieldDevice, *, active: bool) -> dict[str, Any]:
    return {
        "id": f"{panel.boot}-fire-{active}",
        "type": "fire",
        "ts": now().isoformat(),
        "data": {"active": active},
    }


async def test_another_policy_counts_at_every_door_without_a_restart(bolts: Bolts, tmp_path: Path):
    live = bolts.live
    pid = live.controller.pid
    before = await bolts.taps("cleo", "front")

    newer = tmp_path / "newer.yaml"
    newer.write_text(
        live.space.read_text().replace("where: [hall], schedule: never", "where: [hall], schedule: always")
    )
    published = await asyncio.to_thread(
        live.command_at_data, "publish", newer, "--by", "hana", "--reason", "more hours"
    )
    after = await bolts.taps("cleo", "front")

    first, last = live.controller.decisions()[0], live.controller.decisions()[-1]
    assert published.code == 0, published.err
    assert (before, after) == ("outside_hours", None)
    assert live.controller.pid == pid
    assert first["detail"]["policy"] != last["detail"]["policy"]
    assert [fact["detail"]["version"] for fact in live.controller.facts("policy_published")][-1:] == [
        last["detail"]["policy"]
    ]
