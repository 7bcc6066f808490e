"""A forced door, from the device's word to the desk's answer, through a kill: on a real broker and a real database."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, eventually, natoma
from tests.support.field import FieldDevice
from tests.support.household import Household

pytestmark = [pytest.mark.broker]

CHANNELS = {"door.lock": {"class": "lock", "momentary": True}, "door.contact": {"class": "door"}}


async def test_a_forced_door_survives_a_kill_and_is_acknowledged_from_the_command_line(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    async with FieldDevice(house_broker.port, "door-front") as front:

        async def feels(contact: str, lock: str) -> None:
            said = {"door.contact": contact, "door.lock": lock}
            await front.say("state", {"ts": datetime.now(UTC).isoformat(), "v": said}, retain=True)

        await asyncio.to_thread(controller.wait_for_device, "door-front")
        await feels("closed", "locked")
        await soon(lambda: controller.live()["doors"]["front"]["state"] == "locked", "the door is locked")
        await asyncio.sleep(2.5)  # its moment of grace
        await feels("open", "locked")
        await soon(lambda: states(controller) == ["raised"], "the alarm is raised")
        (alarm,) = controller.live()["alarms"].values()
        await soon(
            lambda: controller.query("natoma", "SELECT id FROM alarm WHERE is_open") == [(alarm["id"],)], "it is kept"
        )
        await soon(lambda: len(controller.facts("alarm_raised")) == 1, "it is in the log")
        await asyncio.to_thread(controller.kill)
        await asyncio.to_thread(controller.start)
        await soon(lambda: states(controller) == ["raised"], "the alarm is still there")

        await asyncio.to_thread(natoma, "people", "rights", "alice", "+forgive", "--data", controller.data)
        said = await asyncio.to_thread(
            natoma,
            *("alarms", "ack", alarm["id"], "--by", "alice", "--note", "wind"),
            *("--data", controller.data, "--space", household.space),
        )
        await soon(lambda: states(controller) == ["acknowledged"], "the desk's answer is on the page", within=2.0)
        await feels("closed", "locked")
        await soon(lambda: states(controller) == [], "it is over")
        await soon(lambda: len(controller.facts("alarm_cleared")) == 1, "that is in the log")

    assert said.out == "Acknowledged: Front door was forced open; it closes once its cause is over.\n"
    assert [len(controller.facts(kind)) for kind in ("alarm_raised", "alarm_acknowledged")] == [1, 1]


def states(controller: ControllerProcess) -> list[str]:
    return [alarm["state"] for alarm in controller.live()["alarms"].values()]


async def soon(holds: Callable[[], bool], what: str, within: float = 10.0) -> None:
    await asyncio.to_thread(eventually, holds, what, within)
