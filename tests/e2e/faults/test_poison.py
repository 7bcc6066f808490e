"""F16: messages nobody can read. Nothing stops; each is counted for its sender, told to it and acknowledged.

Kept is its beginning, in printable characters; where a badge could be in it, the contract's own words alone.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

import pytest

from tests.e2e.faults.conftest import SteadyHouse
from tests.support.controller import eventually
from tests.support.field import SENSOR_CHANNELS, FieldDevice

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("steady-house")]

CARD = "04AF68DACB5A80"


@dataclass(frozen=True, slots=True)
class Poison:
    """A body, where it is sent, why it is refused, and what is kept of it."""

    payload: bytes
    reason: str
    sample: str
    kind: str = "telemetry"


POISON = {
    "no json": Poison(b"{", "bad_json", "{"),
    "not a number": Poison(b'{"seq": 1, "v": {"count": NaN}}', "bad_json", '{"seq": 1, "v": {"count": NaN}}'),
    "infinite": Poison(b'{"seq": 1, "v": {"count": 1e999}}', "bad_json", '{"seq": 1, "v": {"count": 1e999}}'),
    "no text": Poison(b"\xff\xfe\x00", "bad_json", "\ufffd\ufffd "),
    "said twice": Poison(b'{"seq": 1, "seq": 2, "v": {}}', "bad_json", '{"seq": 1, "seq": 2, "v": {}}'),
    "deep": Poison(b'{"v": ' + b"[" * 2_000 + b"]" * 2_000 + b"}", "bad_json", '{"v": ' + "[" * 114),
    "a list": Poison(b"[1, 2]", "schema", "[1, 2]"),
    "no state": Poison(b'{"v": {"count": {"value": ', "bad_json", '{"v": {"count": {"value": ', "state"),
    "a wonderful status": Poison(b'{"state": "wonderful"}', "schema", '{"state": "wonderful"}', "status"),
    "a badge in half an event": Poison(
        f'{{"id": "e-1", "type": "badge.read", "data": {{"card": "{CARD}"'.encode(),
        "bad_json",
        '{"id": "…", "type": "badge.read", "data": {"card": "…"',
        "event",
    ),
    "a badge on a topic of no kind": Poison(
        f'{{"type": "badge.read", "card": "{CARD}"}}'.encode(),
        "unknown_topic",
        '{"type": "badge.read", "card": "…"}',
        "evnet",
    ),
    "a megabyte": Poison(
        b'{"v": {"count": "' + b"x" * 1_000_000 + b'"}}', "too_large", '{"v": {"count": "' + "x" * 103
    ),
}
# More than the broker hands over unacknowledged: one that was never acknowledged would hold up all that follow. And
# fewer than it holds for somebody slow, or it drops the good one.
ROUNDS = 20


def _all_are_counted(steady: SteadyHouse, sent: Counter[str]) -> None:
    eventually(lambda: sum(steady.refused("sensor-poison").values()) >= sent.total(), "all of them counted")


async def test_poison_is_counted_told_and_acknowledged_and_what_is_good_goes_through(steady: SteadyHouse):
    sent: Counter[str] = Counter()
    kept: set[tuple[str, str, str]] = set()
    async with FieldDevice(steady.port, "sensor-poison", SENSOR_CHANNELS) as sensor:
        for _ in range(ROUNDS):
            for name, poison in POISON.items():
                if name == "a megabyte" and sent[poison.reason]:
                    continue  # one is as good as thirty, and quicker
                await sensor.say(poison.kind, poison.payload)
                sent[poison.reason] += 1
                kept.add((f"natoma/1/sensor-poison/up/{poison.kind}", poison.reason, poison.sample))
            # Two links carry them, and of a flood only the first are kept: one of each sort is in before the flood.
            await asyncio.to_thread(_all_are_counted, steady, sent)
        await sensor.say("telemetry", {"id": "good", "v": {"count": 42}})
        await asyncio.to_thread(eventually, lambda: steady.readings("sensor-poison"), "the good reading behind them")
        told = {one["reason"] for one in sensor.rejects()}

    assert steady.readings("sensor-poison") == [{"count": 42.0}]
    assert steady.refused("sensor-poison") == sent
    assert told == set(sent)
    # Of a flood the first of each minute are kept, the rest are counted.
    samples = "SELECT DISTINCT topic, reason, sample FROM refused WHERE device = 'sensor-poison'"
    assert set(steady.controller.query("telemetry", samples)) == kept
    assert CARD not in str(sensor.rejects())
    assert steady.controller.health()[0] == 200
