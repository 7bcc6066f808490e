"""F21: two devices log in under one name and throw each other out: it is an alarm that says which name, once."""

import asyncio

import pytest

from tests.e2e.faults.conftest import SteadyHouse
from tests.support.controller import eventually
from tests.support.field import SENSOR_CHANNELS, FieldDevice

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("steady-house")]


async def test_two_devices_under_one_name_are_an_alarm_that_names_it(steady: SteadyHouse):
    async with (
        FieldDevice(steady.port, "sensor-name", SENSOR_CHANNELS) as device,
        FieldDevice(steady.port, "sensor-name", SENSOR_CHANNELS) as clone,
    ):
        await asyncio.to_thread(
            eventually, lambda: steady.facts_about("sensor-name", "name_shared"), "the clash of names in the log"
        )
        kicks = device.link.state.reconnects + clone.link.state.reconnects

    (alarm,) = steady.alarms("name_shared")
    assert alarm["device"] == "sensor-name"
    assert "sensor-name" in alarm["text"]
    assert len(steady.facts_about("sensor-name", "name_shared")) == 1
    assert kicks >= 3
