"""F16: messages nobody can read. Each is kept, counted for its sender, told to it and acknowledged; nothing stops."""

import asyncio

import pytest

from tests.e2e.faults.conftest import SteadyHouse
from tests.support.controller import eventually
from tests.support.field import SENSOR_CHANNELS, FieldDevice

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("steady-house")]

POISON: dict[str, tuple[bytes, str]] = {
    "no json": (b"{", "bad_json"),
    "not a number": (b'{"seq": 1, "v": {"count": NaN}}', "bad_json"),
    "infinite": (b'{"seq": 1, "v": {"count": 1e999}}', "bad_json"),
    "no text": (b"\xff\xfe\x00", "bad_json"),
    "said twice": (b'{"seq": 1, "seq": 2, "v": {"count": 1}}', "bad_json"),
    "deep": (b'{"v": ' + b"[" * 2_000 + b"]" * 2_000 + b"}", "bad_json"),
    "a list": (b"[1, 2]", "schema"),
    "a megabyte": (b'{"v": {"count": "' + b"x" * 1_000_000 + b'"}}', "too_large"),
}
# More than the broker hands over unacknowledged: one that was never acknowledged would hold up all that follow.
ROUNDS = 30


async def test_poison_is_counted_told_and_acknowledged_and_what_is_good_goes_through(steady: SteadyHouse):
    sent: dict[str, int] = {}
    async with FieldDevice(steady.port, "sensor-poison", SENSOR_CHANNELS) as sensor:
        for _ in range(ROUNDS):
            for name, (payload, reason) in POISON.items():
                if name == "a megabyte" and sent.get(reason):
                    continue  # one is as good as thirty, and quicker
                await sensor.say("telemetry", payload)
                sent[reason] = sent.get(reason, 0) + 1
        await sensor.say("telemetry", {"id": "good", "v": {"count": 42}})
        await asyncio.to_thread(eventually, lambda: steady.readings("sensor-poison"), "the good reading behind them")
        told = {one["reason"] for one in sensor.rejects()}

    assert steady.readings("sensor-poison") == [{"count": 42.0}]
    assert steady.refused("sensor-poison") == sent
    assert told == set(sent)
    assert steady.controller.health()[0] == 200
