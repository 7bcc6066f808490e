"""How long a badge waits for us: from its read's arrival to the unlock sent, in a house of the size it is promised for.

What the broker and the wire take is not in it; `make bench` measures the whole way, on a machine left alone.
"""

import asyncio
import csv
import itertools
import re
import urllib.request
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, natoma
from tests.support.field import SENSOR_CHANNELS, FieldDevice
from tests.support.household import new_badge

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.alone]

PEOPLE, DOORS = 200, 30
MEDIAN_S, SLOWEST_OF_100_S = 0.005, 0.02  # limits of buckets, so that no quantile has to be guessed
TAPS, TAPS_A_SECOND, READINGS_A_SECOND = 300, 100, 100
# Other programs may run on this machine: the best of some rounds counts, and a change that is too slow is so in all.
ROUNDS = 4
BUCKET = re.compile(r'^natoma_tap_seconds_bucket\{le="([^"]+)"\} ([\d.]+)$', re.MULTILINE)


async def test_from_a_read_to_its_unlock_5_ms_in_the_median_and_20_ms_of_99_in_100_beside_telemetry(
    house_broker: MosquittoBroker, tmp_path: Path, record_property: Callable[[str, object], None]
):
    badges = _house(tmp_path)
    words = ("run", "--space", tmp_path / "space.yaml", "--mqtt", f"mqtt://127.0.0.1:{house_broker.port}")
    shares = []
    with ControllerProcess(tmp_path, *words, cold=True) as controller:
        async with AsyncExitStack() as stack:
            doors = [
                await stack.enter_async_context(FieldDevice(house_broker.port, f"door-{number}"))
                for number in range(DOORS)
            ]
            sensor = await stack.enter_async_context(FieldDevice(house_broker.port, "sensor", SENSOR_CHANNELS))
            for door in doors:
                await asyncio.to_thread(controller.wait_for_device, door.name)
            measuring = asyncio.create_task(_measures(sensor))
            for _ in range(ROUNDS):
                before = await asyncio.to_thread(_buckets, controller.url)
                await _taps(doors, badges)
                after = await asyncio.to_thread(_buckets, controller.url)
                assert after["+Inf"] - before["+Inf"] == TAPS
                shares.append([(after[str(le)] - before[str(le)]) / TAPS for le in (MEDIAN_S, SLOWEST_OF_100_S)])
                if _is_kept(*shares[-1]):
                    break
            measuring.cancel()

    record_property("within 5 ms, within 20 ms", shares)
    assert any(_is_kept(*share) for share in shares), shares


def _is_kept(within_median: float, within_slowest: float) -> bool:
    return within_median >= 0.5 and within_slowest >= 0.99


def _house(folder: Path) -> list[str]:
    """A floor of thirty doors and two hundred members in the folder; their badges."""
    doors = "\n".join(f"  '{n}': {{from: outside, to: hall, at: [{2 * n + 1}, 0]}}" for n in range(DOORS))
    (folder / "space.yaml").write_text(
        "natoma: 1\nid: fast\nname: Fast\nzone: Europe/Paris\n"
        f"floors: {{ground: {{size: [{2 * DOORS}, 10]}}}}\nareas: {{hall: {{room: open_space}}}}\ndoors:\n{doors}\n"
        "devices: {sensor: {kind: sensor, area: hall}}\nplans: {full: {where: hall}}\n"
    )
    badges = [new_badge() for _ in range(PEOPLE)]
    with (folder / "people.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "name", "plan", "from", "badge"])
        out.writerows([f"p{n}", f"Person {n}", "full", "2020-01-01", badge] for n, badge in enumerate(badges))
    (folder / "people.csv").chmod(0o600)
    where = ("--space", folder / "space.yaml", "--data", folder / "data")
    told = natoma("people", "import", folder / "people.csv", "--apply", *where)
    assert told.code == 0, told.err
    return badges


async def _taps(doors: list[FieldDevice], badges: list[str]) -> None:
    """Everybody in turn, at every door in turn, each unlocked in the end."""
    asked = []
    for _, door, badge in zip(range(TAPS), itertools.cycle(doors), itertools.cycle(badges), strict=False):
        asked.append((door, await door.tap(badge)))
        await asyncio.sleep(1 / TAPS_A_SECOND)
    for door, read in asked:
        await door.answer(read)


async def _measures(sensor: FieldDevice) -> None:
    for number in itertools.count():
        await sensor.say("telemetry", {"ts": datetime.now(UTC).isoformat(), "seq": number, "v": {"count": number}})
        await asyncio.sleep(1 / READINGS_A_SECOND)


def _buckets(url: str) -> dict[str, float]:
    """How many taps took at most so long, since the start."""
    with urllib.request.urlopen(f"{url.rstrip('/')}/metrics") as told:
        return {limit: float(count) for limit, count in BUCKET.findall(told.read().decode())}
