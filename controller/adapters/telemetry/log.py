"""The telemetry log in a SQLite file of its own: readings in arrival order, durable before their ack.

Rows are only appended. The newest value of each channel is folded into a small table behind the
writer's back, so that a start reads that table and the short tail of the log, never all of it.
History for charts and for InfluxDB is read from this log by others.
"""

import contextlib
import json
import logging
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from controller.adapters.sqlite_file import check, create, damaged, examine
from controller.domain.ids import DeviceId
from controller.errors import StartupError
from controller.services.ports import RefusedMessage, TelemetryRow

logger = logging.getLogger(__name__)

SCHEMA = 1  # in the file's user_version

# A key names a message this long (contract, rule 6).
KEY_LIFETIME_MS = 24 * 3600 * 1000

# A flood of broken messages is counted, and only its beginning kept: per device and for all of them, each minute.
REFUSED_PER_DEVICE = 20
REFUSED_PER_MINUTE = 200
REFUSED_KEPT = 50_000
REFUSED_COUNTS_KEPT_MIN = 30 * 24 * 60

_TABLES = """
CREATE TABLE device (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE log (
    n INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL,
    key TEXT,                      -- NULL once it may name another message
    measured_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    flags TEXT,                    -- separated by spaces, NULL for none
    body TEXT NOT NULL,            -- JSON: channel -> value
    set_aside TEXT                 -- JSON: channel -> reason, NULL for none
);
CREATE UNIQUE INDEX log_key ON log (device_id, key);
CREATE TABLE newest (
    device_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    measured_ms INTEGER NOT NULL,
    value,
    is_bool INTEGER NOT NULL,
    PRIMARY KEY (device_id, channel)
) WITHOUT ROWID;
CREATE TABLE folded (upto INTEGER NOT NULL);  -- `newest` knows the log up to here
INSERT INTO folded VALUES (0);
CREATE TABLE refused (
    n INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    device TEXT,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    path TEXT NOT NULL,
    hint TEXT NOT NULL,
    sample TEXT NOT NULL
);
CREATE TABLE refused_count (
    minute INTEGER NOT NULL,
    device TEXT NOT NULL,          -- '' where none is known
    reason TEXT NOT NULL,
    seen INTEGER NOT NULL,         -- all of them, kept or not
    PRIMARY KEY (minute, device, reason)
) WITHOUT ROWID;
"""

_VALUES = "(?,?,?,?,?,?,?)"
_INSERT = f"""
INSERT INTO log (device_id, key, measured_ms, received_ms, flags, body, set_aside)
VALUES {_VALUES} ON CONFLICT DO NOTHING
"""  # noqa: S608
# One statement for many rows: after each statement the thread must win the interpreter's lock back from the loop,
# which made row by row 25 times slower beside a busy one.
_CHUNK = 64
_IS_BOOL = "j.type IN ('true', 'false')"
_FOLD = f"""
INSERT INTO newest (device_id, channel, measured_ms, value, is_bool)
SELECT log.device_id, j.key, log.measured_ms, j.atom, {_IS_BOOL}
FROM log, json_each(log.body) AS j WHERE log.n > ? AND log.n <= ? ORDER BY log.n
ON CONFLICT (device_id, channel) DO UPDATE
SET measured_ms = excluded.measured_ms, value = excluded.value, is_bool = excluded.is_bool
WHERE excluded.measured_ms >= newest.measured_ms
"""  # noqa: S608
NEWEST = f"""
SELECT name, channel, measured_ms, value, is_bool FROM (
    SELECT 0 AS n, device_id, channel, measured_ms, value, is_bool FROM newest
    UNION ALL
    SELECT log.n, log.device_id, j.key, log.measured_ms, j.atom, {_IS_BOOL}
    FROM log, json_each(log.body) AS j WHERE log.n > (SELECT upto FROM folded)
) JOIN device ON device.id = device_id ORDER BY n
"""  # noqa: S608

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Batch:
    rows: Sequence[TelemetryRow]
    refused: Sequence[RefusedMessage]


class Appender:
    """What the writer thread does with a group of batches, and what it remembers between two groups."""

    def __init__(self) -> None:
        self._devices: dict[str, int] = {}
        self._minute = 0
        self._kept: Counter[str] = Counter()  # refused messages of this minute, by device

    def forget(self) -> None:
        """The last transaction was rolled back: a device it named may not be there."""
        self._devices.clear()

    def apply(self, connection: sqlite3.Connection, batches: Sequence[Batch]) -> list[list[bool]]:
        rows = [self._values(connection, row) for batch in batches for row in batch.rows]
        new = iter(_insert(connection, rows))
        refused = [message for batch in batches for message in batch.refused]
        if refused:
            self._refuse(connection, refused)
        return [[next(new) for _ in batch.rows] for batch in batches]

    def _values(self, connection: sqlite3.Connection, row: TelemetryRow) -> tuple[Any, ...]:
        return (
            self._devices.get(row.device) or self._name(connection, row.device),
            row.key,
            row.measured_ms,
            row.received_ms,
            " ".join(row.flags) or None,
            _encode(row.values),
            _encode(row.set_aside) if row.set_aside else None,
        )

    def _name(self, connection: sqlite3.Connection, device: DeviceId) -> int:
        connection.execute("INSERT INTO device (name) VALUES (?) ON CONFLICT DO NOTHING", (device,))
        (number,) = connection.execute("SELECT id FROM device WHERE name = ?", (device,)).fetchone()
        self._devices[device] = number
        return int(number)

    def _refuse(self, connection: sqlite3.Connection, refused: Sequence[RefusedMessage]) -> None:
        counts = Counter((_minute(message), message.device or "", message.reason) for message in refused)
        connection.executemany(
            "INSERT INTO refused_count (minute, device, reason, seen) VALUES (?,?,?,?) "
            "ON CONFLICT (minute, device, reason) DO UPDATE SET seen = seen + excluded.seen",
            [(*what, seen) for what, seen in counts.items()],
        )
        connection.executemany(
            "INSERT INTO refused (at_ms, device, topic, reason, path, hint, sample) VALUES (?,?,?,?,?,?,?)",
            [
                (
                    _ms(message),
                    message.device,
                    message.topic,
                    message.reason,
                    message.path,
                    message.hint,
                    message.sample,
                )
                for message in refused
                if self._has_room_for(message)
            ],
        )

    def _has_room_for(self, message: RefusedMessage) -> bool:
        minute, device = _minute(message), message.device or ""
        if minute > self._minute:
            self._minute = minute
            self._kept.clear()
        if self._kept[device] >= REFUSED_PER_DEVICE or self._kept.total() >= REFUSED_PER_MINUTE:
            return False
        self._kept[device] += 1
        return True


def _insert(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> list[bool]:
    if len(rows) == 1:
        return [_insert_one(connection, rows[0])]
    new: list[bool] = []
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        connection.execute("SAVEPOINT chunk")
        cursor = connection.execute(_insert_many(len(chunk)), [value for row in chunk for value in row])
        if cursor.rowcount == len(chunk):
            new.extend([True] * len(chunk))
        else:
            connection.execute("ROLLBACK TO chunk")
            new.extend([_insert_one(connection, row) for row in chunk])
        connection.execute("RELEASE chunk")
    return new


@cache
def _insert_many(count: int) -> str:
    return _INSERT.replace(_VALUES, ",".join([_VALUES] * count))


def _insert_one(connection: sqlite3.Connection, row: tuple[Any, ...]) -> bool:
    if connection.execute(_INSERT, row).rowcount:
        return True
    if not connection.in_transaction:
        connection.execute("BEGIN IMMEDIATE")
    device_id, key, received_ms = row[0], row[1], row[3]
    freed = connection.execute(
        "UPDATE log SET key = NULL WHERE device_id = ? AND key = ? AND received_ms <= ?",
        (device_id, key, received_ms - KEY_LIFETIME_MS),
    )
    if not freed.rowcount:
        return False
    connection.execute(_INSERT, row)
    return True


def tidy(connection: sqlite3.Connection) -> None:
    """Fold what was appended since into `newest`, and drop the oldest refusals."""
    connection.execute("BEGIN IMMEDIATE")
    ((upto,), (last,)) = (
        connection.execute("SELECT upto FROM folded").fetchone(),
        connection.execute("SELECT coalesce(max(n), 0) FROM log").fetchone(),
    )
    if last > upto:
        connection.execute(_FOLD, (upto, last))
        connection.execute("UPDATE folded SET upto = ?", (last,))
    connection.execute("DELETE FROM refused WHERE n <= (SELECT max(n) FROM refused) - ?", (REFUSED_KEPT,))
    connection.execute(
        "DELETE FROM refused_count WHERE minute < (SELECT max(minute) FROM refused_count) - ?",
        (REFUSED_COUNTS_KEPT_MIN,),
    )
    connection.execute("COMMIT")


def _ms(message: RefusedMessage) -> int:
    return int(message.at.timestamp() * 1000)


def _minute(message: RefusedMessage) -> int:
    return _ms(message) // 60_000


def bring_up(path: Path) -> None:
    examine(path)
    if not path.exists():
        create(path, _build)
        return
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            check(connection, path)
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            # Touch both ends of the log: a file that was cut off shows it here, not at the first reading.
            connection.execute("SELECT * FROM log ORDER BY n DESC LIMIT 1").fetchone()
            connection.execute("SELECT * FROM log ORDER BY n LIMIT 1").fetchone()
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc) from exc
    if found > SCHEMA:
        raise StartupError(
            f"{path} was written by a newer Natoma: its schema is {found}, this program knows up to {SCHEMA}. "
            "Run the newer program."
        )


def _build(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version={SCHEMA}; COMMIT;")
