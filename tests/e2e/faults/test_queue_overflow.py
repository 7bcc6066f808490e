"""F31: the broker holds more for us than it keeps. It confirms all and drops most; its own count makes that an alarm."""

import asyncio

import pytest

from tests.e2e.faults.conftest import SteadyHouse
from tests.support.controller import eventually
from tests.support.field import SENSOR_CHANNELS, FieldDevice

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("steady-house")]

FLOOD = 2_000
ALARM_WITHIN_S = 30.0


async def test_what_the_broker_dropped_is_an_alarm_and_a_gap_of_the_very_numbers(steady: SteadyHouse):
    async with FieldDevice(steady.port, "sensor-flood", SENSOR_CHANNELS, outbox_limit=2 * FLOOD) as sensor:
        await sensor.say("telemetry", {"seq": 0, "v": {"count": 0}})
        await asyncio.to_thread(eventually, lambda: steady.readings("sensor-flood"), "the first reading")
        steady.controller.freeze()
        try:
            await asyncio.gather(*(sensor.say("telemetry", {"seq": n, "v": {"count": n}}) for n in range(1, FLOOD + 1)))
        finally:
            steady.controller.thaw()
        took = await asyncio.to_thread(eventually, lambda: steady.alarms("messages_lost"), "the alarm", ALARM_WITHIN_S)
        await asyncio.to_thread(steady.controller.wait_until_well)
        await sensor.say("telemetry", {"seq": FLOOD + 1, "v": {"count": FLOOD + 1}})
        kept = await asyncio.to_thread(_kept_until, steady, FLOOD + 1)

    lost = set(range(FLOOD + 2)) - kept
    await asyncio.to_thread(eventually, lambda: _missing(steady) == len(lost), f"a gap of {len(lost)}")
    told = sum(
        fact["detail"]["count"]
        for fact in steady.controller.facts("messages_lost")
        if fact["detail"]["where"] == "broker_queue"
    )
    assert len(lost) > FLOOD / 2
    assert told >= len(lost)
    assert steady.controller.live()["devices"]["sensor-flood"]["missing"] == len(lost)
    assert took < ALARM_WITHIN_S


def _kept_until(steady: SteadyHouse, last: int) -> set[int]:
    def kept() -> set[int]:
        return {int(values["count"]) for values in steady.readings("sensor-flood")}

    eventually(lambda: last in kept(), "the last reading")
    return kept()


def _missing(steady: SteadyHouse) -> int:
    found = sum(fact["detail"]["count"] for fact in steady.facts_about("sensor-flood", "gap_found"))
    return found - sum(fact["detail"]["count"] for fact in steady.facts_about("sensor-flood", "gap_filled"))
