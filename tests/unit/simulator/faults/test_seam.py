"""Faults on the devices of a building as it runs: what they feel, read and take for the time. Nothing is connected."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.channels import Bolt
from devices.messages import Event, EventType
from devices.units import DoorUnit, Sensor
from devices.units.steps import BoltFelt, Connected, Unheard
from simulator.building import Building
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.faults import Fault
from simulator.faults.meddler import Meddler
from simulator.fleet import Fleet

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)
Make = Callable[..., Fault]


@pytest.fixture
def fleet(parisoma: Building) -> Fleet:
    endpoint = DataDir(Path("nowhere")).endpoint("mqtt://127.0.0.1:1", None, None, None)
    return Fleet(parisoma, endpoint, Surroundings(lambda: NOON, lambda _: {"co2": 812}), seed=1)


@pytest.fixture
def meddled(fleet: Fleet, time: Any, told: Any) -> Callable[[str], Meddler]:
    def attach(name: str) -> Meddler:
        meddler = Meddler(fleet.devices[name], lambda: time.now, time.put_off, told.tell)
        fleet.devices[name].meddled(meddler)
        return meddler

    return attach


def unit(fleet: Fleet) -> DoorUnit:
    machine = fleet.devices["door-street"].machine
    assert isinstance(machine, DoorUnit)
    return machine


def reading(fleet: Fleet) -> tuple[datetime, object]:
    """The last one that the kitchen's sensor took, and when by its own clock."""
    fleet.devices["sensor-kitchen"].measure_now()
    machine = fleet.devices["sensor-kitchen"].machine
    assert isinstance(machine, Sensor)
    return machine.kept[-1].ts, dict(machine.kept[-1].v)["co2"]


async def test_a_leaf_that_moves_under_a_stuck_contact_is_known_when_that_is_mended(
    fleet: Fleet, parisoma: Building, meddled: Callable[[str], Meddler], fault: Make
):
    street, stuck, meddler = parisoma.doors["street"], fault("stuck-contact"), meddled("door-street")
    meddler.begins(stuck)
    fleet.move_leaf(street, True)
    assert not unit(fleet).is_open

    meddler.ends(stuck)

    assert unit(fleet).is_open


async def test_a_jammed_bolt_does_not_become_unlocked(
    fleet: Fleet, meddled: Callable[[str], Meddler], fault: Make, told: Any
):
    meddler = meddled("door-street")
    meddler.begins(fault("jammed-lock"))
    fleet.devices["door-street"].feed(BoltFelt(Bolt.UNLOCKED))

    assert unit(fleet).lock is Bolt.LOCKED
    assert told.words == ["the bolt does not become unlocked"]


async def test_a_sensor_reads_and_dates_as_its_faults_say(fleet: Fleet, meddled: Callable[[str], Meddler], fault: Make):
    assert reading(fleet) == (NOON, 812)
    meddler = meddled("sensor-kitchen")
    assert reading(fleet) == (NOON, 812)

    meddler.begins(fault("sensor-drift", per_hour=0))
    meddler.begins(fault("sensor-nan"))
    meddler.begins(fault("clock-skew", by_s=-60))

    assert reading(fleet) == (NOON - timedelta(seconds=60), "nan")


async def test_what_a_door_could_not_tell_outlives_a_power_cut(fleet: Fleet, parisoma: Building):
    street, door = parisoma.doors["street"], fleet.devices["door-street"]
    async with door.link:
        fleet.move_leaf(street, True)
        boot = unit(fleet).voice.boot
        await door.cut_power()
        # Said before the cut, and nobody confirmed it.
        door.feed(Unheard(Event(id=f"{boot}-9", type=EventType.REX, ts=NOON)))
        fleet.move_leaf(street, False)

    assert unit(fleet).voice.boot != boot
    assert [event.type for event in unit(fleet).voice.kept] == [EventType.DOOR_OPENED, EventType.REX]
    assert not unit(fleet).is_open


async def test_a_door_that_lost_power_while_it_was_unlocked_is_locked_after_a_later_jam(
    fleet: Fleet, meddled: Callable[[str], Meddler], fault: Make
):
    door, meddler = fleet.devices["door-street"], meddled("door-street")
    jam = fault("jammed-lock")
    async with door.link:
        door.feed(BoltFelt(Bolt.UNLOCKED))
        await door.cut_power()
        await door.give_power()
        meddler.begins(jam)

        meddler.ends(jam)

        assert unit(fleet).lock is Bolt.LOCKED
        await door.cut_power()


async def test_what_was_held_in_a_device_when_its_power_went_is_told_when_it_wakes(
    fleet: Fleet, parisoma: Building, meddled: Callable[[str], Meddler], fault: Make
):
    street, door, meddler = parisoma.doors["street"], fleet.devices["door-street"], meddled("door-street")
    ice = fault("freeze")
    meddler.begins(ice)
    async with door.link:
        door.feed(Connected())
        fleet.move_leaf(street, True)
        assert unit(fleet).voice.kept == ()

        await door.cut_power()
        assert EventType.DOOR_OPENED in [event.type for event in unit(fleet).voice.kept]
        kept = unit(fleet).voice.kept
        meddler.ends(ice)

    assert unit(fleet).voice.kept == kept
