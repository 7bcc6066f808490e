"""A machine that wakes with a clock behind what its house knew: told on the page and in the log, and doors go on."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from controller.adapters.clock import is_kept_by_a_time_service
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, eventually
from tests.support.field import FieldDevice
from tests.support.household import Household

pytestmark = pytest.mark.broker


@pytest.mark.skipif(
    is_kept_by_a_time_service(), reason="the clock of this machine is vouched for, and would be believed"
)
async def test_a_start_behind_the_last_known_time_is_told_and_a_badge_opens_all_the_same(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    known = datetime.now(UTC) + timedelta(days=2)
    (controller.data / "last-time").write_text(known.isoformat())
    await asyncio.to_thread(controller.start)
    async with FieldDevice(house_broker.port, "door-front") as front:
        await asyncio.to_thread(controller.wait_for_device, "door-front")
        await front.answer(await front.tap(household.badges["alice"]))

    await asyncio.to_thread(eventually, lambda: controller.facts("clock_suspect"), "a word about the clock")
    (told,) = controller.facts("clock_suspect")
    part = controller.health()[1]["components"]["clock"]
    assert -2 * 86_400 - 60 < told["detail"]["by_s"] < -2 * 86_400 + 60
    assert not part["ok"]
    assert "behind" in part["text"]
    ((at_us,),) = controller.query("events", "SELECT max(at_us) FROM fact")
    assert at_us / 1_000_000 >= known.timestamp()
