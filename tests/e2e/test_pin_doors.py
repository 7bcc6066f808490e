"""Doors with a keypad as their bolts feel them: virtual units on real links, a controller, and hands that type.

What is on the wire is shown in `test_access_rules`; here the oracle is the bolt, and what a reader shows.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from devices.channels import Bolt
from devices.units import DoorUnit
from simulator.building import Building
from simulator.building_file import load
from simulator.clock import now
from simulator.device import Surroundings
from simulator.endpoint import Endpoint
from simulator.fleet import Fleet, no_readings
from simulator.hands import Hands
from simulator.people import SimPerson
from simulator.pocket import Pocket
from tests.support.live_house import Live, seen
from tests.support.rules_house import PINS

pytestmark = pytest.mark.broker

RIGHT, DURESS, WRONG = PINS["alice"], PINS["alice-duress"], "000000"


@dataclass
class Keypads:
    """The two doors of the safe, and Alice before them."""

    live: Live
    building: Building
    fleet: Fleet

    async def alice(self, door: str, pin: str = "") -> str:
        """What the reader shows her, line by line; whoever is let in walks through."""
        badge = self.live.badges["alice"]
        alice = SimPerson("alice", "Alice", "member", badge=badge, badge_format="iso14443a")
        outcome = await Hands(self.fleet, self.building).tap(alice, self.building.doors[door], pin=pin)
        # The door has fallen shut behind her; the bolt needs its moment before the next.
        await seen(lambda: self.bolt(door) is Bolt.LOCKED, f"the bolt of {door} shot")
        return outcome.in_words()

    async def types(self, door: str, pin: str) -> str:
        return (await Hands(self.fleet, self.building).use(Pocket(pin=pin), self.building.doors[door])).in_words()

    def bolt(self, door: str) -> Bolt:
        machine = self.fleet.devices[f"door-{door}"].machine
        assert isinstance(machine, DoorUnit)
        return machine.lock

    def alarms(self) -> list[tuple[str, str]]:
        return [(fact["detail"]["alarm"], fact["door"]) for fact in self.live.controller.facts("alarm_raised")]


@pytest.fixture
async def keypads(live: Live) -> AsyncIterator[Keypads]:
    await asyncio.to_thread(live.controller.start)
    building = load(live.space)
    units = ("door-safe", "door-vault")
    where = Endpoint(f"mqtt://127.0.0.1:{live.port}", "127.0.0.1", live.port)
    async with Fleet(building, where, Surroundings(now, no_readings), only=units, seed=1) as fleet:
        for unit in units:
            await asyncio.to_thread(live.controller.wait_for_device, unit)
        yield Keypads(live, building, fleet)


async def test_a_bolt_is_drawn_for_a_badge_and_its_pin_and_for_nothing_less(keypads: Keypads):
    right = await keypads.alice("safe", RIGHT)
    forced = await keypads.alice("safe", DURESS)
    wrong = [await keypads.alice("safe", WRONG) for _ in range(5)]
    locked_out = await keypads.alice("safe", RIGHT)
    alone = await keypads.types("safe", RIGHT)

    assert right == forced == "enter your PIN\ngranted, Safe door unlocked for 5 s"
    assert set(wrong) == {"enter your PIN\ndenied: pin_wrong"}
    assert locked_out == "enter your PIN\ndenied: pin_locked_out"
    assert not alone.startswith("granted")
    assert keypads.bolt("safe") is Bolt.LOCKED
    # An alarm is on the screen at once and on the disk a moment later.
    await seen(lambda: len(keypads.alarms()) == 2, "both alarms")
    assert sorted(keypads.alarms()) == [("duress", "safe"), ("pin_locked_out", "safe")]
    assert not any(digits in keypads.live.controller.log for digits in (RIGHT, DURESS))


async def test_a_pin_typed_while_the_controller_is_gone_opens_nothing_then_or_later(keypads: Keypads):
    asked = await keypads.alice("safe")
    keypads.live.controller.kill()
    after_its_badge = await keypads.types("safe", RIGHT)
    alone = await keypads.types("safe", RIGHT)
    await asyncio.to_thread(keypads.live.controller.start)
    await asyncio.to_thread(keypads.live.controller.wait_for_device, "door-safe")
    # Whatever was typed before it has been read by now, or never will be.
    opens = await keypads.alice("safe", RIGHT)

    assert asked.startswith("enter your PIN")
    assert (after_its_badge, alone) == ("no answer", "no answer")
    assert opens == "enter your PIN\ngranted, Safe door unlocked for 5 s"
    assert len(keypads.live.controller.facts("entry_granted")) == 1
