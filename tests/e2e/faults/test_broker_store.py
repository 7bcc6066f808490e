"""F2 and F3: a broker that is killed with messages in it, and one that has forgotten everything.

What the broker confirmed to the sender and the controller never stored is, number for number, the gap that is told.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, copy_of, eventually
from tests.support.field import SENSOR_CHANNELS, FieldDevice
from tests.support.household import Household
from tests.support.live_house import QUEUES
from tests.support.mailbox import PATIENCE_S
from tests.support.plain_mqtt import plain_client

pytestmark = pytest.mark.broker

BACK = "natoma/1/door-back"
READINGS = 500
AFTER = 5


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    with MosquittoBroker(tmp_path / "broker", persistence=True, extra=QUEUES) as running:
        yield running


@pytest.fixture
def controller(household: Household, broker: MosquittoBroker, tmp_path: Path) -> Iterator[ControllerProcess]:
    folder = tmp_path / "controller"
    copy_of(household.data, folder / "data")
    where = f"mqtt://127.0.0.1:{broker.port}"
    with ControllerProcess(folder, "run", "--space", household.space, "--mqtt", where) as running:
        running.wait_until_well()
        yield running


async def test_what_a_killed_broker_took_with_it_is_a_gap_of_just_that_many(
    controller: ControllerProcess, broker: MosquittoBroker
):
    confirmed: set[int] = set()

    async def measure(number: int) -> None:
        await sensor.say("telemetry", {"seq": number, "v": {"count": number}})
        confirmed.add(number)

    async with FieldDevice(broker.port, "sensor-hall", SENSOR_CHANNELS) as sensor:
        await measure(0)
        await asyncio.to_thread(eventually, lambda: _stored(controller), "the first reading")
        controller.freeze()
        await asyncio.gather(*(measure(number) for number in range(1, READINGS + 1)))
        # Within its second of grace: what it holds for the frozen controller is not on the disk yet.
        broker.kill()
        controller.thaw()
        broker.start()
        # What comes before the controller is back is lost too where the broker has forgotten it, and has no end then.
        await asyncio.to_thread(eventually, lambda: _is_back(controller), "the controller back at the broker")
        await _is_connected_again(sensor)
        for number in range(READINGS + 1, READINGS + 1 + AFTER):
            await measure(number)
        await asyncio.to_thread(eventually, lambda: READINGS + AFTER in _stored(controller), "the last reading")

    lost = confirmed - _stored(controller)
    assert len(lost) > READINGS / 4
    eventually(lambda: _told(controller) == len(lost), f"a gap of {len(lost)}")
    assert controller.live()["devices"]["sensor-hall"]["missing"] == len(lost)


async def test_a_broker_that_forgot_us_is_an_alarm_while_we_run_and_at_a_start(
    controller: ControllerProcess, broker: MosquittoBroker, tmp_path: Path
):
    async with FieldDevice(broker.port, "sensor-hall", SENSOR_CHANNELS) as sensor:
        with plain_client(broker.port, None, None) as unit:
            await asyncio.to_thread(unit.publish, f"{BACK}/up/status", b'{"state": "ready", "boot": "b"}', retain=True)
        await asyncio.to_thread(controller.wait_for_device, "door-back")
        _empty(broker, tmp_path)
        # A unit that comes back and keeps what it is to itself: it is asked. The sensor has said it at once.
        with plain_client(broker.port, None, None, client_id="door-back") as unit:
            await asyncio.to_thread(unit.subscribe, f"{BACK}/down/command")
            asked = await asyncio.to_thread(unit.wait_until_heard, f"{BACK}/down/command")
        assert json.loads(asked)["do"] == "rebirth"
        await asyncio.to_thread(eventually, lambda: _sessions_lost(controller) == ["access", "telemetry"], "both told")
        (alarm,) = [one for one in controller.live()["alarms"].values() if one["kind"] == "messages_lost"]
        await _is_connected_again(sensor)
        await sensor.say("telemetry", {"id": "after", "v": {"count": 7}})
        await asyncio.to_thread(eventually, lambda: 7 in _stored(controller), "what is said after it")
        assert sensor.commands("rebirth") == []

    controller.stop()
    _empty(broker, tmp_path)
    controller.start()
    eventually(lambda: len(_sessions_lost(controller)) == 4, "both told at the start too")
    assert _sessions_lost(controller) == ["access", "access", "telemetry", "telemetry"]
    assert "natoma telemetry gaps" in alarm["text"]


def _is_back(controller: ControllerProcess) -> bool:
    link = controller.health()[1]["components"]["telemetry link"]
    return bool(link["ok"]) and int(link["figures"]["reconnects"]) > 0


async def _is_connected_again(device: FieldDevice) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while device.link.state.generation < 2:
            await asyncio.sleep(0.01)
    await device.link.connected(PATIENCE_S)


def _empty(broker: MosquittoBroker, tmp_path: Path) -> None:
    broker.stop()
    (tmp_path / "broker" / "mosquitto.db").unlink()
    broker.start()


def _stored(controller: ControllerProcess) -> set[int]:
    return {int(values["count"]) for device, values in controller.readings() if device == "sensor-hall"}


def _told(controller: ControllerProcess) -> int:
    found = sum(fact["detail"]["count"] for fact in controller.facts("gap_found"))
    return found - sum(fact["detail"]["count"] for fact in controller.facts("gap_filled"))


def _sessions_lost(controller: ControllerProcess) -> list[str]:
    told = controller.facts("messages_lost")
    return sorted(fact["detail"]["link"] for fact in told if fact["detail"]["where"] == "broker_session")
