"""Virtual doors with nobody to ask: they follow their lists, move their bolts, and keep what happened for later."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from devices.channels import Bolt
from devices.messages import AccessRight, BadgeReadData, Event, EventType, Signal
from devices.units import DoorUnit, Reader
from devices.units.steps import Disconnected, Heard, Show
from simulator.building import Building
from simulator.clock import now
from simulator.control import Control
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.fleet import Fleet, no_readings
from simulator.hands import Hands
from tests.support.lists import ALICE, BOB, EVE, KEYS, entry, sealed


def fleet_of(building: Building) -> Fleet:
    endpoint = DataDir(Path("nowhere")).endpoint("mqtt://127.0.0.1:1", None, None, None)
    return Fleet(building, replace(endpoint, door_keys=KEYS), Surroundings(now, no_readings), seed=1)


def tap(fleet: Fleet, device: str, badge: BadgeReadData) -> list[Show]:
    seen: list[Show] = []
    fleet.devices[device].tap(badge, seen.append)
    return seen


def unit_of(fleet: Fleet, device: str) -> DoorUnit:
    machine = fleet.devices[device].machine
    assert isinstance(machine, DoorUnit)
    return machine


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


def hand_list(fleet: Fleet, device: str) -> None:
    """As the broker would, from what it keeps."""
    (page,) = sealed(
        entry(ALICE), entry(BOB, AccessRight.BLOCKED), device=device, issued=now() - timedelta(hours=1)
    )  # fmt: skip
    fleet.devices[device].feed(Heard(page, retained=True))


async def test_a_door_alone_lets_in_whom_its_list_names_and_nobody_else(one_door: Building):
    fleet = fleet_of(one_door)
    hand_list(fleet, "door-front")

    alice, bob, eve = (tap(fleet, "door-front", badge) for badge in (ALICE, BOB, EVE))

    assert [shown.signal for shown in (*alice, *bob, *eve)] == [Signal.GRANTED, Signal.DENIED, Signal.DENIED]
    await until(lambda: unit_of(fleet, "door-front").lock is Bolt.UNLOCKED)
    kept = unit_of(fleet, "door-front").voice.kept
    assert [event.type for event in kept] == [
        EventType.LOCAL_GRANTED, EventType.LOCAL_DENIED, EventType.LOCAL_DENIED,
    ]  # fmt: skip


async def test_an_event_that_could_not_be_said_is_kept(one_door: Building):
    device = fleet_of(one_door).devices["door-front"]
    machine = device.machine
    assert isinstance(machine, DoorUnit)
    # The device still believes in its link; the link knows better.
    device.machine = replace(machine, voice=replace(machine.voice, online=True))

    device.press_exit()

    assert isinstance(device.machine, DoorUnit)
    assert [event.type for event in device.machine.voice.kept if isinstance(event, Event)] == [EventType.REX]


async def test_a_hand_lets_go_of_the_exit_button(one_door: Building):
    fleet = fleet_of(one_door)

    fleet.press_exit(one_door.doors["front"])

    assert unit_of(fleet, "door-front").is_exit_pressed
    await until(lambda: not unit_of(fleet, "door-front").is_exit_pressed)


async def test_a_stuck_exit_button_stays_pressed_as_long_as_it_is_held(one_door: Building):
    fleet = fleet_of(one_door)
    control = Control(Hands(fleet, one_door), one_door, ())

    with fleet.exit_held(one_door.doors["front"]):
        assert unit_of(fleet, "door-front").is_exit_pressed
    answer = await control.answer({"do": "press-exit", "door": "front", "for_s": 0.01})

    assert answer["words"] == "front: the exit button was held for 0.01 s"
    assert not unit_of(fleet, "door-front").is_exit_pressed


async def test_a_reader_tells_the_lock_beside_it_by_wire(parisoma: Building):
    door = next(door for door in parisoma.doors.values() if door.reader_in is not None)
    assert door.reader_in is not None
    fleet = fleet_of(parisoma)
    hand_list(fleet, door.reader_in)
    assert isinstance(fleet.devices[door.reader_in].machine, Reader)
    fleet.devices[door.reader_in].feed(Disconnected())

    (shown,) = tap(fleet, door.reader_in, ALICE)

    assert shown.signal is Signal.GRANTED
    await until(lambda: unit_of(fleet, door.unit).lock is Bolt.UNLOCKED)
