"""What was merged into a month survives kill -9, and what is merged again is there once."""

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from controller.adapters.telemetry.chunks import ChunkFiles
from controller.adapters.telemetry.query import by_step, raw
from controller.adapters.telemetry.rollups import HOUR_MS, WINDOW_MS
from controller.domain.history.values import Kind, Series
from controller.domain.ids import DeviceId
from tests.support.chunk_writer import FIRST_WINDOW, PER_PART, SERIES, window_of
from tests.support.soak import kills

KILLS = kills(4)
# Parts are deleted behind their merge: after a kill, some that were merged come again.
OVERLAP = 5
COUNTER = Series(SERIES, DeviceId("booth-sensor"), "number", Kind.NUMBER)


@pytest.mark.soak
def test_every_point_is_in_its_month_and_its_hour_once_however_often_a_merge_is_killed(tmp_path: Path) -> None:
    dice = random.Random(20261130)
    last = 0
    for _ in range(KILLS):
        last = merged_until_killed(tmp_path, max(1, last - OVERLAP), dice)

    with closing(ChunkFiles(tmp_path)) as files:
        start_ms, end_ms = FIRST_WINDOW * WINDOW_MS, (window_of(last) + 1) * WINDOW_MS
        (points,) = raw(files, [COUNTER], start_ms, end_ms, {})
        numbers = [int(value) for value in points.values]
        # A part may have been merged whose word did not come out.
        assert sorted(numbers) in (
            [*range(PER_PART, (last + 1) * PER_PART)],
            [*range(PER_PART, (last + 2) * PER_PART)],
        )
        edges = list(range(start_ms, end_ms + 1, HOUR_MS))
        by_points = [sum(edge <= at < edge + HOUR_MS for at in points.at_ms) for edge in edges[:-1]]
        (steps,) = by_step(files, [COUNTER], edges, {})
        counted = dict(zip(steps.start_ms, steps.count, strict=True))
        # Its hours are written behind the chunk; those of the very last merge may wait for the next.
        behind = {edge for edge in edges if edge // WINDOW_MS >= window_of(last)}
        assert {edge: n for edge, n in counted.items() if edge not in behind} == {
            edge: n for edge, n in zip(edges, by_points, strict=False) if n and edge not in behind
        }
    for path in tmp_path.glob("*.db"):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def merged_until_killed(folder: Path, first: int, dice: random.Random) -> int:
    """The last part of which it was said that it is durable."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.support.chunk_writer", str(folder), str(first)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    lines, wanted = [], dice.randrange(10, 40)
    for line in writer.stdout:
        lines.append(line)
        if len(lines) == wanted:
            # Not at the word itself, but anywhere in the merge that follows.
            time.sleep(dice.uniform(0, 0.004))
            writer.kill()
    assert writer.wait() == -9
    return [int(line) for line in lines if line.endswith("\n")][-1]
