"""The tables of `telemetry.db`, a new file, and an older one brought up to date.

What is in them is the other files' of this package: the log with its refused messages (`log`), the series (`series`),
what tells a repeat (`seen`), the parts that history is made of before it is merged into months (`compaction`).
"""

import contextlib
import logging
import sqlite3
from pathlib import Path

from controller.adapters.sqlite_file import check, create, damaged, examine
from controller.errors import StartupError

logger = logging.getLogger(__name__)

SCHEMA = 2  # in the file's user_version

_LOG = """
CREATE TABLE device (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE log (
    n INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL,
    key TEXT,                      -- NULL in rows of schema 1 whose key names another message by now
    measured_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    flags TEXT,                    -- separated by spaces, NULL for none
    body TEXT NOT NULL,            -- JSON: [series, value, series, value, ...]; {channel: value} in rows of schema 1
    set_aside TEXT,                -- JSON: channel -> reason, NULL for none
    ordinal INTEGER NOT NULL DEFAULT 0  -- below the millisecond, so that a device never says two things at one moment
);
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

_HISTORY = """
CREATE TABLE seen (                -- of each run of rows of the log, what tells a repeat; rows behind the last have none yet
    upto INTEGER PRIMARY KEY,      -- the last row in it
    hints BLOB NOT NULL,           -- 64 bits of the hash of each row's device and key, ascending
    before BLOB NOT NULL           -- how far before `upto` each of these rows is, 32 bits
);
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    device_id INTEGER NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,            -- number, switch, text
    device_class TEXT NOT NULL,
    unit TEXT NOT NULL,
    room TEXT                      -- NULL for none
);
CREATE TABLE newest (              -- of each series, as of its last part
    series INTEGER PRIMARY KEY,
    measured_ms INTEGER NOT NULL,
    value NOT NULL,
    n INTEGER NOT NULL,            -- the row of the log that brought it
    compacted INTEGER NOT NULL     -- its points up to this row of the log are in parts, or merged
);
CREATE TABLE part (
    number INTEGER PRIMARY KEY,    -- never used twice, so that merging it again changes nothing
    series INTEGER NOT NULL,
    window INTEGER NOT NULL,
    blob BLOB NOT NULL
);
CREATE INDEX part_of ON part (series, window);
CREATE TABLE place (               -- one row
    compacted INTEGER NOT NULL,    -- the points of all rows of the log up to this one are in parts, or merged
    deleted INTEGER NOT NULL,      -- all rows up to this one are gone
    part INTEGER NOT NULL,         -- the last number given to a part
    received_ms INTEGER NOT NULL   -- when the newest row came, as of the last part
);
INSERT INTO place VALUES (0, 0, 0, 0);
-- For people who look into the file; each value beside what it measures.
CREATE VIEW reading AS
SELECT log.n, device.name AS device, series.channel, log.measured_ms, log.ordinal, value.atom AS value, series.unit
FROM log, json_each(log.body) AS which JOIN series ON series.id = which.value
JOIN json_each(log.body) AS value ON value.key = which.key + 1
JOIN device ON device.id = log.device_id
WHERE json_type(log.body) = 'array' AND which.key % 2 = 0;
"""

# Of rows that an older program wrote: 0 for what was newer than anything of its device, as the appender does it.
_FROM_1 = f"""
ALTER TABLE log ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
UPDATE log SET ordinal = n % 999999 + 1 WHERE n IN (
    SELECT n FROM (
        SELECT n, measured_ms, max(measured_ms) OVER (
            PARTITION BY device_id ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS latest FROM log
    ) WHERE measured_ms <= latest
);
DROP INDEX log_key;
DROP TABLE newest;
DROP TABLE folded;
{_HISTORY}
"""  # noqa: S608


def bring_up(path: Path) -> None:
    """Create the file where there is none, or upgrade it; StartupError when it is newer than we are, or damaged."""
    examine(path)
    if not path.exists():
        create(path, _build)
        return
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            check(connection, path)
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            # Touch both ends of the log: a file that was cut off shows it here, not at the first reading.
            connection.execute("SELECT * FROM log ORDER BY n DESC LIMIT 1").fetchone()
            connection.execute("SELECT * FROM log ORDER BY n LIMIT 1").fetchone()
            if found > SCHEMA:
                raise StartupError(
                    f"{path} was written by a newer Natoma: its schema is {found}, this program knows up to {SCHEMA}. "
                    "Run the newer program."
                )
            if found < SCHEMA:
                _upgrade(connection, path, found)
    except sqlite3.DatabaseError as exc:
        raise damaged(path, exc) from exc


def _build(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(f"BEGIN; {_LOG} {_HISTORY} PRAGMA user_version={SCHEMA}; COMMIT;")


def _upgrade(connection: sqlite3.Connection, path: Path, found: int) -> None:
    """In one transaction: killed in between, it is the old file."""
    copy = path.with_name(f"{path.name}.before-{SCHEMA}")
    copy.unlink(missing_ok=True)  # of an upgrade that did not finish
    copy.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(copy)) as target:
        connection.backup(target)
    logger.info("%s: upgrading from schema %s to %s; the old one is kept as %s", path, found, SCHEMA, copy.name)
    connection.executescript(f"BEGIN IMMEDIATE; {_FROM_1} PRAGMA user_version={SCHEMA}; COMMIT;")
