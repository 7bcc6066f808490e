"""F20: of a device that comes and goes two losses are told, at the third that it is unsteady, and then no more of them.

That it rests is told after a minute without a loss, which nobody waits for here: see service/test_presence.py.
"""

import asyncio

import pytest

from tests.e2e.faults.conftest import SteadyHouse
from tests.support.controller import eventually
from tests.support.field import SENSOR_CHANNELS, FieldDevice
from tests.support.mailbox import PATIENCE_S

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("steady-house")]

FLAPS = 12


async def test_a_device_that_flaps_is_told_once_and_not_each_time(steady: SteadyHouse):
    async with FieldDevice(steady.port, "sensor-flap", SENSOR_CHANNELS) as sensor:
        await asyncio.to_thread(steady.controller.wait_for_device, "sensor-flap")
        for flap in range(FLAPS):
            sensor.link.drop("the cable is loose")
            async with asyncio.timeout(PATIENCE_S):
                while sensor.link.state.generation < flap + 2:
                    await asyncio.sleep(0.01)
        await sensor.say("telemetry", {"id": "after-all-of-it", "v": {"count": 1}})
        await asyncio.to_thread(eventually, lambda: steady.readings("sensor-flap"), "what it says after it")
        shown = steady.controller.live()["devices"]["sensor-flap"]
        told = steady.facts_about("sensor-flap", "device_ready", "device_lost", "device_unsteady")

    assert shown["unsteady"] is True
    assert sorted(fact["kind"] for fact in told) == [*["device_lost"] * 2, *["device_ready"] * 3, "device_unsteady"]
