"""A house of ten thousand people: soon ready, and not greedy."""

import asyncio
import csv
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, natoma
from tests.support.field import FieldDevice
from tests.support.household import SPACE, new_badge

pytestmark = [pytest.mark.broker, pytest.mark.slow]

PEOPLE = 10_000
# A second one costs an import as much again, most of it to make what doors' lists know it by; `make bench` has them all.
WITH_TWO_BADGES = 1_000
# The figure itself is `make bench`'s, on a machine left alone. Here other tests share two cores, which has doubled a start
# of a second; what this catches is a start that reads or computes more than it should.
FIRST_DECISION_S = 5.0
MEMORY_MIB = 150.0
# Started again when it was slow, as one start on a machine that does other things says little; the best of them counts.
STARTS = 3


async def test_ten_thousand_people_are_soon_ready_in_150_mib(
    house_broker: MosquittoBroker, tmp_path: Path, record_property: Callable[[str, object], None]
):
    space, people = tmp_path / "space.yaml", tmp_path / "people.csv"
    space.write_text(SPACE)
    badge = _write_people(people)
    told = natoma("people", "import", people, "--apply", "--space", space, "--data", tmp_path / "data", within=60)
    assert told.code == 0, told.err
    words = ("run", "--space", space, "--mqtt", f"mqtt://127.0.0.1:{house_broker.port}")
    controller = ControllerProcess(tmp_path, *words, cold=True)
    took, memory = [], []
    async with FieldDevice(house_broker.port, "door-front") as front:
        for _ in range(STARTS):
            controller.launch()
            took.append(await _first_decision(front, badge) - controller.started_at)
            await asyncio.to_thread(controller.wait_for_page)
            memory.append(controller.memory_mib())
            assert controller.stop() == 0
            if took[-1] < FIRST_DECISION_S:
                break
    controller.end()

    record_property("first decision, s", round(min(took), 2))
    record_property("memory, MiB", round(max(memory)))
    assert min(took) < FIRST_DECISION_S
    assert max(memory) < MEMORY_MIB


async def _first_decision(front: FieldDevice, badge: str) -> float:
    """Tap until the door unlocks; the moment of it, by the clock of the starts."""
    while True:
        read = await front.tap(badge)
        try:
            await front.until(lambda: bool(front.commands("unlock", to=read)), "an unlock", within=0.05)  # noqa: B023
        except AssertionError:
            continue
        return time.monotonic()


def _write_people(path: Path) -> str:
    """As many people, the first of them with two badges each; a badge of the last of them."""
    badge = ""
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "name", "plan", "from", "badge", "badge_format"])
        for number in range(PEOPLE):
            for _ in range(2 if number < WITH_TWO_BADGES else 1):
                badge = new_badge()
                out.writerow([f"p{number}", f"Person {number}", "full", "2020-01-01", badge, "iso14443a"])
    path.chmod(0o600)
    return badge
