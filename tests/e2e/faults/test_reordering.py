"""F18 and F19: readings doubled and shuffled on their way. Each is there once, at its own time; the newest is shown."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.faults.conftest import SteadyHouse
from tests.support.controller import eventually
from tests.support.field import SENSOR_CHANNELS, FieldDevice

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("steady-house")]

READINGS = 120
SEED = 20261122


async def test_what_comes_twice_and_in_any_order_is_there_once_and_no_gap_is_made_of_it(steady: SteadyHouse):
    began = datetime.now(UTC) - timedelta(seconds=READINGS)
    sent = {number: began + timedelta(seconds=number) for number in range(READINGS)}
    # The first comes first: what a device said before we ever heard of it is nobody's loss.
    order = [number for number in sent if number] * 2
    random.Random(SEED).shuffle(order)
    async with FieldDevice(steady.port, "sensor-order", SENSOR_CHANNELS) as sensor:
        for number in (0, *order):
            body = {"seq": number, "ts": sent[number].isoformat(), "v": {"count": number}}
            await sensor.say("telemetry", json.dumps(body).encode())
        await sensor.say("telemetry", {"seq": READINGS, "v": {"count": READINGS}})
        await asyncio.to_thread(
            eventually, lambda: len(steady.readings("sensor-order")) > READINGS, "all of them in the log"
        )

    rows = steady.controller.query(
        "telemetry",
        "SELECT reading.value, log.measured_ms FROM reading JOIN log ON log.n = reading.n "
        "WHERE reading.device = 'sensor-order' AND reading.value < ?",
        (READINGS,),
    )
    assert sorted(rows) == [(float(number), int(at.timestamp() * 1000)) for number, at in sent.items()]
    assert steady.controller.live()["devices"]["sensor-order"]["missing"] == 0
    assert steady.facts_about("sensor-order", "gap_found", "gap_filled") == []
