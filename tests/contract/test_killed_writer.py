"""What was acknowledged survives kill -9, once."""

import contextlib
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.soak import kills

KILLS = kills(6)
# What a broker delivers again: what had been sent and not acknowledged, and some that had.
OVERLAP = 40


@pytest.mark.soak
def test_nothing_acknowledged_is_lost_or_doubled_however_often_the_writer_is_killed(tmp_path: Path) -> None:
    dice = random.Random(20260302)
    acknowledged: dict[str, set[int]] = {"tap": set(), "reading": set()}
    for _ in range(KILLS):
        start = max(0, min(max(numbers, default=0) for numbers in acknowledged.values()) - OVERLAP)
        for kind, number in until_killed(tmp_path, start, after=dice.randrange(1, 400)):
            acknowledged[kind].add(number)

    assert min(len(numbers) for numbers in acknowledged.values()) > 0
    for kind, file, question in (
        ("tap", "events.db", "SELECT message_id FROM fact"),
        ("reading", "telemetry.db", "SELECT key FROM log"),
    ):
        with contextlib.closing(sqlite3.connect(tmp_path / file)) as connection:
            stored = Counter(int(key) for (key,) in connection.execute(question))
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert acknowledged[kind] - stored.keys() == set()
        assert [key for key, times in stored.items() if times > 1] == []


def until_killed(folder: Path, start: int, after: int) -> list[tuple[str, int]]:
    """What the writer acknowledged until it was killed, at no moment of its choosing."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.support.log_writer", str(folder), str(start)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    lines = []
    for line in writer.stdout:
        lines.append(line)
        if len(lines) == after:
            writer.kill()
    assert writer.wait() == -9
    whole = (line.split() for line in lines if line.endswith("\n"))
    return [(kind, int(number)) for kind, number in whole]
