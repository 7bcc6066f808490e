"""A space file published beside a running service counts at its doors within a second, and outlives a restart."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, natoma
from tests.support.field import FieldDevice
from tests.support.household import Household
from tests.support.live_house import seen

pytestmark = pytest.mark.broker

COUNTS_WITHIN_S = 1.0


@pytest.fixture
def closed(household: Household, tmp_path: Path) -> Path:
    """The same house, whose door is switched off."""
    text = household.space.read_text()
    assert text.count("  front: {") == 1
    (file := tmp_path / "closed.yaml").write_text(text.replace("  front: {", "  front: {enabled: false, "))
    return file


async def test_a_published_file_counts_at_the_next_reads_within_a_second_and_after_a_restart(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household, closed: Path
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    async with FieldDevice(house_broker.port, "door-front") as front:
        await asyncio.to_thread(controller.wait_for_device, "door-front")
        await front.answer(await front.tap(household.badges["alice"]))

        publishing = asyncio.create_task(
            asyncio.to_thread(natoma, "publish", closed, "--by", "zoe", "--data", controller.data)
        )
        marker = controller.data / "space" / "current.json"
        before = marker.read_text()
        while marker.read_text() == before:
            await asyncio.sleep(0.005)
        published = time.monotonic()
        while True:
            read = await front.tap(household.badges["alice"])
            await front.until(lambda read=read: bool(front.commands(to=read)), "an answer")
            if front.commands("signal", to=read):
                break
        took = time.monotonic() - published
        said = await publishing

    assert said.code == 0
    assert "counts now." in said.out
    assert took < COUNTS_WITHIN_S
    await seen(lambda: controller.facts("policy_published"), "who published it, in the log")
    (fact,) = controller.facts("policy_published")
    version = fact["detail"]["version"]
    assert fact["detail"]["by"] == "zoe"

    await asyncio.to_thread(controller.stop)
    await asyncio.to_thread(controller.start)
    await asyncio.to_thread(controller.wait_until_well)
    async with FieldDevice(house_broker.port, "door-front") as front:
        await asyncio.to_thread(controller.wait_for_device, "door-front")
        read = await front.tap(household.badges["alice"])
        await front.until(lambda: bool(front.commands("signal", to=read)), "a refusal")

    assert f"what was published since counts: version {version}" in controller.log


async def test_a_recorded_tap_is_explained_and_rehearsed_with_what_the_service_wrote(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household, closed: Path
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    async with FieldDevice(house_broker.port, "door-front") as front:
        await asyncio.to_thread(controller.wait_for_device, "door-front")
        read = await front.tap(household.badges["alice"])
        await front.answer(read)

    explained = await asyncio.to_thread(natoma, "explain", "--read", read, "--data", controller.data, "--json")
    rehearsed = await asyncio.to_thread(natoma, "rehearse", closed, "--data", controller.data, "--json")

    answer = json.loads(explained.out)
    assert (answer["answer"], answer["person"], answer["door"]) == ("granted", "alice", "front")
    assert all(step["passed"] for step in answer["steps"])
    told = json.loads(rehearsed.out)
    assert (told["replayed"], told["not_replayed"], told["counts"]["refused"]) == (1, {}, 1)
    assert told["differences"][0]["after"]["by"] == "door_disabled"
