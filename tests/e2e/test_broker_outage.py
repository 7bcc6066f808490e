"""The broker goes, and comes back: so does the controller, by itself; and no unlock of the time between ever arrives."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker, free_port
from tests.support.components import program
from tests.support.controller import ControllerProcess, copy_of, eventually
from tests.support.field import FieldDevice
from tests.support.household import Household
from tests.support.tcpproxy import TcpProxy

pytestmark = pytest.mark.broker

BACK_WITHIN_S = 5.0
NOTICED_WITHIN_S = 15.0
# A patience that doubles without a bound has by then grown past what we promise.
LONG_OUTAGE_S = 6.0


async def test_the_controller_is_live_again_by_itself_within_five_seconds_however_long_the_outage(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    await asyncio.to_thread(controller.wait_until_well)
    async with FieldDevice(house_broker.port, "door-front") as front:
        await front.answer(await _tap_when_ready(controller, front, household))

        for away_s in (0.0, LONG_OUTAGE_S):
            house_broker.stop()
            await asyncio.to_thread(eventually, lambda: controller.health()[0] == 503, "the outage on /healthz")
            await asyncio.sleep(away_s)
            house_broker.start()
            await asyncio.to_thread(controller.wait_until_well, BACK_WITHIN_S)
            await front.answer(await _tap_when_ready(controller, front, household))

    for what in ("link_lost", "link_restored"):
        eventually(lambda: len(controller.facts(what)) >= 4, f"{what} in the log, twice for each link")  # noqa: B023
        assert {one["detail"]["link"] for one in controller.facts(what)} == {"access", "telemetry"}


async def test_an_unlock_on_its_way_when_the_link_breaks_is_never_delivered_later(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    async with TcpProxy(house_broker.port) as network:
        controller = prepared(network.port)
        await asyncio.to_thread(controller.start)
        async with FieldDevice(house_broker.port, "door-front") as front:
            await front.answer(await _tap_when_ready(controller, front, household))

            network.freeze_up()
            lost = await front.tap(household.badges["alice"])
            await asyncio.to_thread(eventually, lambda: controller.decisions(lost), "the decision")
            # Sent, as far as the controller can know; it sits in the network, unconfirmed. Now that breaks.
            network.cut()
            network.thaw()
            await front.answer(await _tap_when_back(controller, front, household))

    assert [decision["kind"] for decision in controller.decisions(lost)] == ["entry_granted"]
    assert front.commands(to=lost) == []


async def test_an_unlock_decided_while_the_broker_is_away_is_not_sent_then_or_later(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    async with FieldDevice(house_broker.port, "door-front") as front:
        await front.answer(await _tap_when_ready(controller, front, household))

        # The decision cannot be written yet, so the read is in the controller and its unlock is not out.
        with controller.event_log_locked():
            read = await front.tap(household.badges["alice"])
            await front.say("event", b"behind the read")
            await front.rejection("bad_json")
            house_broker.kill()
        await asyncio.to_thread(eventually, lambda: controller.facts("unlock_not_sent"), "word that nothing was sent")
        house_broker.start()
        await front.answer(await _tap_when_back(controller, front, household))

    (told,) = controller.facts("unlock_not_sent")
    assert (told["correlation"], told["detail"]["reason"]) == (read, "not_connected")
    assert front.commands(to=read) == []


async def test_a_broker_that_freezes_is_on_healthz_within_fifteen_seconds(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    await asyncio.to_thread(controller.wait_until_well)

    house_broker.freeze()
    try:
        await asyncio.to_thread(
            eventually, lambda: controller.health()[0] == 503, "the frozen broker on /healthz", NOTICED_WITHIN_S
        )
        parts = controller.health()[1]["components"]
    finally:
        house_broker.thaw()
    await asyncio.to_thread(controller.wait_until_well, BACK_WITHIN_S)

    assert not parts["access link"]["ok"]
    assert parts["event log"]["ok"]


async def test_a_broker_of_our_own_that_is_killed_comes_back_and_doors_open_again(household: Household, tmp_path: Path):
    program("mosquitto")
    copy_of(household.data, tmp_path / "data")
    words = ("run", "--space", household.space, "--broker-port", free_port())
    with ControllerProcess(tmp_path, *words) as controller:
        port, password = _endpoint(controller.data, "door-front")
        async with FieldDevice(port, "door-front", password=password) as front:
            await front.answer(await _tap_when_ready(controller, front, household))

            os.kill(int((controller.data / "broker" / "broker.pid").read_text()), signal.SIGKILL)
            killed = time.monotonic()
            await asyncio.to_thread(eventually, lambda: _restarts(controller) == 1, "another broker", BACK_WITHIN_S)
            await asyncio.to_thread(controller.wait_until_well, BACK_WITHIN_S)
            took = time.monotonic() - killed
            await front.answer(await _tap_when_back(controller, front, household))

        assert took < BACK_WITHIN_S
        assert _endpoint(controller.data, "door-front") == (port, password)


async def _tap_when_ready(controller: ControllerProcess, front: FieldDevice, household: Household) -> str:
    await asyncio.to_thread(controller.wait_for_device, "door-front")
    return await front.tap(household.badges["alice"])


async def _tap_when_back(controller: ControllerProcess, front: FieldDevice, household: Household) -> str:
    """A read of after the outage; what the controller still held of before would have come first."""
    await asyncio.to_thread(controller.wait_until_well)
    await front.link.connected(BACK_WITHIN_S)
    return await _tap_when_ready(controller, front, household)


def _endpoint(data: Path, device: str) -> tuple[int, str]:
    """Where a device finds the broker of our own, and its password there."""
    url = json.loads((data / "broker" / "endpoint.json").read_text())["url"]
    return int(url.rpartition(":")[2]), json.loads((data / "broker" / "passwords.json").read_text())[device]


def _restarts(controller: ControllerProcess) -> int:
    return int(controller.health()[1]["components"]["broker"]["figures"].get("restarts", 0))
