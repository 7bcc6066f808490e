"""A message is told from its repeats as a unique index of the keys would do it, whatever is saved, merged or read again."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.adapters.telemetry import seen
from controller.adapters.telemetry.seen import KEY_LIFETIME_MS, Seen
from tests.contract.test_any_history import AtOnce

HOUR_MS = 3_600_000
_TABLES = """
CREATE TABLE log (n INTEGER PRIMARY KEY, device_id INTEGER, key TEXT, received_ms INTEGER);
CREATE TABLE seen (upto INTEGER PRIMARY KEY, hints BLOB NOT NULL, before BLOB NOT NULL);
"""
# The same rule as SQLite keeps it by itself.
_INDEXED = "CREATE TABLE log (n INTEGER PRIMARY KEY, device_id INTEGER, key TEXT, received_ms INTEGER, UNIQUE (device_id, key))"

messages = st.lists(st.tuples(st.integers(1, 2), st.sampled_from("abcdef")), min_size=1, max_size=5)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("come"), messages, st.sampled_from([0, HOUR_MS, 13 * HOUR_MS, KEY_LIFETIME_MS, -HOUR_MS])),
        st.tuples(st.sampled_from(["are lost", "turn", "turn", "start", "trim"])),
    ),
    max_size=60,
)


class Arrived(NamedTuple):
    n: int
    device_id: int
    key: str
    received_ms: int


class Indexed:
    """The model: one unique index, and a key that is a day old is freed."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute(_INDEXED)

    def are_new(self, rows: list[Arrived]) -> list[bool]:
        return [self._is_new(row) for row in rows]

    def _is_new(self, row: Arrived) -> bool:
        insert = "INSERT INTO log VALUES (?,?,?,?) ON CONFLICT DO NOTHING"
        if self.connection.execute(insert, row).rowcount:
            return True
        freed = self.connection.execute(
            "UPDATE log SET key = NULL WHERE device_id = ? AND key = ? AND received_ms <= ?",
            (row.device_id, row.key, row.received_ms - KEY_LIFETIME_MS),
        )
        return bool(freed.rowcount) and bool(self.connection.execute(insert, row).rowcount)


class Log:
    """A log of keys alone, and what is said to be new of it."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.executescript(_TABLES)
        self.deleted = 0
        self.start()

    def start(self) -> None:
        self.seen = Seen(AtOnce(), run_rows=4)
        self.seen.load(self.connection, self.deleted)

    def come(self, rows: list[Arrived], *, are_told: bool = True) -> list[bool]:
        fresh, hints = self.seen.are_new(self.connection, rows)
        landed = list(compress(rows, fresh))
        self.connection.executemany("INSERT INTO log VALUES (?,?,?,?)", landed)
        if are_told:
            self.seen.take(list(compress(hints, fresh)), [row.n for row in landed])
        else:
            self.seen.catch_up(self.connection)
        return fresh

    def trim(self, upto: int) -> None:
        self.connection.execute("DELETE FROM log WHERE n <= ?", (upto,))
        self.connection.execute("DELETE FROM seen WHERE upto <= ?", (upto,))
        self.deleted = upto


def _of_few(hint: bytes, how_many: int) -> bytes:
    return (int.from_bytes(hint, "little") % how_many).to_bytes(8, "little")


@pytest.mark.parametrize("how_many_hints", [1, 3, 1 << 64], ids=["all alike", "often alike", "apart"])
def test_what_is_new_is_what_a_unique_index_would_take(how_many_hints: int) -> None:
    hint_of = seen.hint_of

    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    @given(happens=happenings)
    def any_order(happens: list[tuple[object, ...]]) -> None:
        log, model = Log(), Indexed()
        n, received_ms = 0, 100 * HOUR_MS
        are_told = True
        for what, *rest in happens:
            if what == "come":
                sent, passes_ms = rest
                received_ms += passes_ms  # type: ignore[operator]
                rows = []
                for device, key in sent:  # type: ignore[attr-defined]
                    n += 1
                    rows.append(Arrived(n, device, key, received_ms))
                assert log.come(rows, are_told=are_told) == model.are_new(rows)
                are_told = True
            elif what == "are lost":  # what the next commit says of itself: it landed, and nobody was told
                are_told = False
            elif what == "turn":
                log.seen.turn(log.connection, log.deleted)
            elif what == "start":
                log.start()
            else:
                log.trim(n // 2)
                model.connection.execute("DELETE FROM log WHERE n <= ?", (n // 2,))

    with patch.object(seen, "hint_of", lambda device, key: _of_few(hint_of(device, key), how_many_hints)):
        any_order()


def test_a_repeat_is_known_in_a_log_of_many_runs_that_became_few(tmp_path: Path) -> None:
    log = Log()
    with ThreadPoolExecutor(1) as merger:
        log.seen = Seen(merger, run_rows=10)
        for n in range(1, 641):
            assert log.come([Arrived(n, n % 7, f"key-{n}", n)]) == [True]
            log.seen.turn(log.connection, 0)
        again = [Arrived(1000 + n, n % 7, f"key-{n}", 700) for n in range(1, 641)]
        assert log.come(again) == [False] * 640
        others = [Arrived(2000 + n, n % 7 + 1, f"key-{n}", 700) for n in range(1, 641)]
        assert log.come(others) == [True] * 640


def test_rows_that_are_gone_leave_the_arrays_when_they_are_merged() -> None:
    log = Log()
    log.come([Arrived(n, 1, f"key-{n}", n) for n in range(1, 5)])
    log.seen.turn(log.connection, 0)
    log.trim(4)
    log.come([Arrived(n, 1, f"key-{n}", n) for n in range(5, 9)])
    for _ in range(4):
        log.seen.turn(log.connection, log.deleted)

    assert log.seen.known == 4
    assert log.come([Arrived(9, 1, "key-1", 9), Arrived(10, 1, "key-5", 10)]) == [True, False]
