"""Lockdown, doors set by hand and fire, on a running house and over a real broker: within a second, and through a kill."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.app.stores import open_kept
from controller.domain.house import Scope, ScopeKind, Wanted
from controller.domain.ids import PersonId
from controller.services.stores import HouseStore
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, copy_of, eventually
from tests.support.field import DOOR_CHANNELS, SENSOR_CHANNELS, FieldDevice
from tests.support.household import Household

pytestmark = pytest.mark.broker

COUNTS_WITHIN_S = 1.0
ALICE = PersonId("alice")
AT_FRONT = Scope(ScopeKind.DOOR, "front")
CHANNELS = {**DOOR_CHANNELS, "door.mode": {"class": "enum", "set": True}}


@pytest.fixture
async def house(
    household: Household, house_broker: MosquittoBroker, tmp_path: Path
) -> AsyncIterator[tuple[ControllerProcess, FieldDevice, FieldDevice]]:
    """The household with a front door on the way out; its unit and a sensor in the test's own hands."""
    space = tmp_path / "space.yaml"
    text = household.space.read_text()
    space.write_text(text.replace("{name: Front door,", "{name: Front door, fire_egress: true,"))
    copy_of(household.data, tmp_path / "controller" / "data")
    where = f"mqtt://127.0.0.1:{house_broker.port}"
    with ControllerProcess(tmp_path / "controller", "run", "--space", space, "--mqtt", where) as controller:
        async with (
            FieldDevice(house_broker.port, "door-front", CHANNELS) as front,
            FieldDevice(house_broker.port, "sensor-hall", SENSOR_CHANNELS) as panel,
        ):
            await asyncio.to_thread(controller.wait_for_device, "door-front")
            await asyncio.to_thread(controller.wait_for_device, "sensor-hall")
            yield controller, front, panel


@asynccontextmanager
async def store(controller: ControllerProcess) -> AsyncIterator[HouseStore]:
    """The registry of this very process: the controller hears nothing but what is in the file."""
    async with open_kept(controller.data) as kept:
        yield kept.house


def wished(front: FieldDevice) -> list[dict[str, Any]]:
    return [heard.body["v"]["door.mode"] for heard in front.heard if heard.kind == "desired"]


async def becomes(front: FieldDevice, value: str) -> float:
    """Seconds until the door is wished to be so."""
    began = time.monotonic()
    await front.until(lambda: bool(wished(front)) and wished(front)[-1]["value"] == value, f"a wish to be {value}")
    return time.monotonic() - began


async def counts(change: Awaitable[object], front: FieldDevice, value: str) -> float:
    """Seconds from the change in the registry to the wish at the door."""
    await change
    return await becomes(front, value)


async def restarted(controller: ControllerProcess, front: FieldDevice) -> None:
    """Killed, started again, and the door has been told anew."""
    told = len(wished(front))
    await asyncio.to_thread(controller.kill)
    await asyncio.to_thread(controller.start)
    await front.until(lambda: len(wished(front)) > told, "a wish after the restart")
    await asyncio.to_thread(controller.wait_for_device, "door-front")


async def test_a_lockdown_beside_the_running_house_counts_within_a_second_and_survives_a_kill(
    house: tuple[ControllerProcess, FieldDevice, FieldDevice], household: Household
):
    controller, front, _ = house
    now = datetime.now(UTC)
    async with store(controller) as kept:
        until = now + timedelta(hours=1)
        unlocked = await counts(
            kept.set_override(AT_FRONT, Wanted.UNLOCKED, until, ALICE, "delivery", now), front, "unlocked"
        )
        ends = wished(front)[-1]["until"]
        locked = await counts(kept.begin_lockdown(Scope(), ALICE, "a stranger", now), front, "locked")
        await restarted(controller, front)
        refused = await front.answer(await front.tap(household.badges["alice"]), "signal")
        lifted = await counts(kept.lift_lockdown(Scope(), ALICE, "the plumber", now), front, "unlocked")
    await front.answer(await front.tap(household.badges["alice"]))
    await asyncio.to_thread(eventually, lambda: controller.facts("lockdown_lifted"), "the lifting in the log")

    assert max(unlocked, locked, lifted) < COUNTS_WITHIN_S
    assert abs(datetime.fromisoformat(ends) - until) < timedelta(seconds=1)
    assert refused["reason"] == "lockdown"
    assert [len(controller.facts(kind)) for kind in ("lockdown_began", "lockdown_lifted", "door_overridden")] == [
        1,
        1,
        1,
    ]
    (began,) = controller.facts("lockdown_began")
    assert (began["person"], began["detail"]["reason"]) == ("alice", "a stranger")


async def test_a_fire_releases_the_way_out_in_a_lockdown_and_only_panel_and_staff_together_end_it(
    house: tuple[ControllerProcess, FieldDevice, FieldDevice],
):
    controller, front, panel = house
    now = datetime.now(UTC)

    def fire(active: bool) -> dict[str, object]:
        return {
            "id": f"{panel.boot}-fire-{active}",
            "type": "fire",
            "ts": datetime.now(UTC).isoformat(),
            "data": {"active": active},
        }

    async with store(controller) as kept:
        await counts(kept.begin_lockdown(Scope(), ALICE, "a stranger", now), front, "locked")
        await panel.say("event", fire(True))
        released = await becomes(front, "released")
        await asyncio.to_thread(
            eventually, lambda: controller.live()["space"]["mode"] == "fire", "the word on the page"
        )
        # The page is told at once; what is killed before the log has it has only the state of the house to go by.
        await asyncio.to_thread(eventually, lambda: controller.facts("fire_began"), "the fire in the log")
        await restarted(controller, front)
        after_kill = wished(front)[-1]
        await panel.say("event", fire(False))
        await asyncio.to_thread(eventually, lambda: controller.facts("fire_cleared"), "the panel's word in the log")
        after_clear = wished(front)[-1]
        locked = await counts(kept.confirm_fire(ALICE, "burnt toast", datetime.now(UTC)), front, "locked")
        await asyncio.to_thread(eventually, lambda: controller.facts("fire_confirmed"), "the staff's word in the log")

    assert released < COUNTS_WITHIN_S
    assert (after_kill["value"], after_clear["value"]) == ("released", "released")
    assert locked < COUNTS_WITHIN_S
    assert [len(controller.facts(kind)) for kind in ("fire_began", "fire_cleared", "fire_confirmed")] == [1, 1, 1]
