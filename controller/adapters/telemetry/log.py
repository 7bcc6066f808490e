"""The log: readings in arrival order, durable before their ack, each message once; and the messages that were refused.

A row is one message. Rows are only appended here, by the writer's thread; what becomes of them is `compaction`'s.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain, compress
from json.encoder import encode_basestring_ascii
from math import inf
from typing import Any, TypeVar

from controller.adapters.telemetry.seen import Hint, Seen
from controller.adapters.telemetry.series import Meaning, Registry
from controller.adapters.telemetry.tail import Landed, Reading, Tail, Tails
from controller.domain.history.budget import Bound
from controller.domain.history.values import UNKNOWN, SeriesId, Source, Value, kind_of
from controller.domain.ids import DeviceId
from controller.services.history.news import SeriesTurnedAway, StoreNews
from controller.services.ports import RefusedMessage, TelemetryRow

MINUTE_MS = 60_000
# The year 10000, beyond which no calendar of ours goes.
END_OF_TIME_MS = 253_402_300_800_000
# Below the millisecond; what a row carries that is not newer than all others of its device.
ORDINALS = 999_999

# A flood of broken messages is counted, and only its beginning kept: per device and for all of them, each minute.
REFUSED_PER_DEVICE = 20
REFUSED_PER_MINUTE = 200
# Counts have a row for each minute, device and reason; beyond so many of a minute the rest is counted as one device.
REFUSED_COUNTS_PER_MINUTE = 200
OTHERS = "others"
DEVICE_LENGTH = 80
REFUSED_KEPT = 50_000
REFUSED_COUNTS_KEPT_MIN = 30 * 24 * 60

# The number, the device, the key and when it came first: that is what `seen` looks at.
_VALUES = "(?,?,?,?,?,?,?,?,?)"
_INSERT = f"""
INSERT INTO log (n, device_id, key, received_ms, measured_ms, ordinal, flags, body, set_aside) VALUES {_VALUES}
"""  # noqa: S608
# One statement for many rows: after each statement the thread must win the interpreter's lock back from the loop,
# which made row by row 25 times slower beside a busy one.
_CHUNK = 64

# A row of the log as `landed` and `after` read it.
ROWS = "SELECT log.n, device.name, measured_ms, ordinal, body FROM log JOIN device ON device.id = device_id"

T = TypeVar("T")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_SWITCHES = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to become durable together."""

    rows: Sequence[TelemetryRow]
    refused: Sequence[RefusedMessage] = ()
    # Refused messages of before this moment (epoch ms) go, so many at most: True is answered for each.
    forget_refused: tuple[int, int] | None = None


# They came in this order; looking at the first thousand is enough, and a stall of a millisecond.
_FORGET = """
DELETE FROM refused WHERE n IN
(SELECT n FROM (SELECT n, at_ms FROM refused ORDER BY n LIMIT 1000) WHERE at_ms < ? ORDER BY n LIMIT ?)
"""


def _forgotten(connection: sqlite3.Connection, batch: Batch) -> list[bool]:
    if batch.forget_refused is None:
        return []
    return [True] * connection.execute(_FORGET, batch.forget_refused).rowcount


class _Device:
    """What the appender knows of one device while its source stays the same."""

    __slots__ = ("id", "latest_ms", "source", "tails")

    def __init__(self, number: int, source: Source | None, latest_ms: int) -> None:
        self.id = number
        self.source = source
        self.latest_ms = latest_ms  # the latest moment measured
        self.tails: dict[tuple[str, type], Tail] = {}


class Appender:
    """What the writer thread does with a group of batches, and what it remembers between two groups."""

    def __init__(self, registry: Registry, tails: Tails, seen: Seen, tell: Callable[[StoreNews], None]) -> None:
        self._registry = registry
        self._tails = tails
        self._seen = seen
        self._tell = tell
        self._devices: dict[DeviceId, _Device] = {}
        self._landed: list[Landed] = []
        self._arrived: tuple[list[Hint], list[int]] = [], []
        self._minute = 0
        self._kept: Counter[str] = Counter()  # refused messages of this minute, by device
        self._counted: set[tuple[str, str]] = set()  # device and reason, of this minute
        self._turned_away: Counter[Bound] = Counter()
        self._told_minute = -1
        self._turned_away_now: list[RefusedMessage] = []
        self._n = 0
        self._is_unsure = False
        self.received_ms = 0  # when the newest row came: the store's own time, which stands still with its input

    def begin_after(self, n: int, received_ms: int) -> None:
        """Rows from here on are numbered beyond this one."""
        self._n = n
        self.received_ms = received_ms

    def apply(self, connection: sqlite3.Connection, batches: Sequence[Batch]) -> list[list[bool]]:
        if self._is_unsure:
            self._catch_up(connection)
        rows: list[tuple[Any, ...]] = []
        landing: list[Landed] = []
        for batch in batches:
            for row in batch.rows:
                rows.append(self._prepared(connection, row, landing))
        if self._turned_away_now and not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        fresh, hints = self._seen.are_new(connection, rows)
        if not all(fresh):
            rows, landing, hints = (
                list(compress(rows, fresh)),
                list(compress(landing, fresh)),
                list(compress(hints, fresh)),
            )
        insert(connection, rows)
        self._landed = landing
        self._arrived = hints, [row[0] for row in rows]
        refused = [message for batch in batches for message in batch.refused]
        if self._turned_away_now:
            refused += self._turned_away_now
            self._turned_away_now = []
        if refused:
            self._refuse(connection, refused)
        if len(batches) == 1 and batches[0].forget_refused is None:
            return [fresh]
        new = iter(fresh)
        return [[next(new) for _ in batch.rows] or _forgotten(connection, batch) for batch in batches]

    def committed(self) -> None:
        """What was applied last is durable: from now on it is asked for."""
        for news in self._registry.settle():
            self._tell(news)
        self._tails.take(self._landed)
        self._seen.take(*self._arrived)
        self._landed = []
        self._arrived = [], []

    def forget(self) -> None:
        """The last transaction was rolled back: a device or a series it named may not be there."""
        self._devices.clear()
        self._landed = []
        self._arrived = [], []
        self._turned_away_now = []
        self._registry.undo()
        self._is_unsure = True

    def tidy(self, connection: sqlite3.Connection) -> None:
        """Drop the oldest refusals, and tell of channels that were too many."""
        minute = self.received_ms // MINUTE_MS
        if self._turned_away and minute != self._told_minute:
            self._told_minute = minute
            for bound, count in self._turned_away.items():
                self._tell(SeriesTurnedAway(count, bound))
            self._turned_away.clear()
        if self._kept:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM refused WHERE n <= (SELECT max(n) FROM refused) - ?", (REFUSED_KEPT,))
            connection.execute(
                "DELETE FROM refused_count WHERE minute < (SELECT max(minute) FROM refused_count) - ?",
                (REFUSED_COUNTS_KEPT_MIN,),
            )
            connection.execute("COMMIT")

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        """A commit that failed may be on the disk all the same: what it brought is then a repeat, and not in the tails."""
        self._registry.load(connection)
        rows = connection.execute(f"{ROWS} WHERE log.n > ? ORDER BY log.n", (self._tails.upto,)).fetchall()
        self._tails.take(landed(rows, self._registry, self._tails))
        self._seen.catch_up(connection)
        self._n = max(self._n, self._tails.upto)
        self._is_unsure = False

    # --- one row ----------------------------------------------------------------------------------

    def _prepared(
        self, connection: sqlite3.Connection, row: TelemetryRow, landing: list[Landed]
    ) -> tuple[int | str | None, ...]:
        device = self._devices.get(row.device)
        if device is None or device.source is not row.source:
            device = self._device(connection, row)
        at_ms = row.measured_ms
        self._n = n = self._n + 1
        if row.received_ms > self.received_ms:
            self.received_ms = row.received_ms
        ordinal = 0
        if at_ms > device.latest_ms:
            device.latest_ms = at_ms
        else:
            ordinal = n % ORDINALS + 1
        tails = device.tails
        readings: list[Reading] = []
        words: list[str] = []
        values = row.values
        if not 0 <= at_ms < END_OF_TIME_MS:
            for channel in values:
                self._turn_away(row, channel, "stale", "nothing was measured then; look at the clocks")
            values = {}
        for channel, value in values.items():
            tail = tails.get((channel, type(value))) or self._begun(connection, device, row, channel, value)
            if tail is None:
                continue
            if type(value) is float:
                text = repr(value)
            else:
                value, text = _written(value)
            if text[-1] in "nf":  # inf, nan: a number too large, or a conversion that ran over
                self._turn_away(row, channel, "out_of_range", "the number is larger than any that can be kept")
                continue
            words.append(tail.prefix + text)
            readings.append((tail, value))
        landing.append((n, at_ms, readings))
        return (
            n,
            device.id,
            row.key,
            row.received_ms,
            at_ms,
            ordinal,
            " ".join(row.flags) or None,
            "[" + ",".join(words) + "]",
            _encode(row.set_aside) if row.set_aside else None,
        )

    def _device(self, connection: sqlite3.Connection, row: TelemetryRow) -> _Device:
        known = self._devices.get(row.device)
        if known is None:
            found = connection.execute("SELECT id FROM device WHERE name = ?", (row.device,)).fetchone()
            if found is None:
                if not connection.in_transaction:
                    connection.execute("BEGIN IMMEDIATE")
                found = (connection.execute("INSERT INTO device (name) VALUES (?)", (row.device,)).lastrowid,)
            device = _Device(found[0], row.source, self._registry.latest_of(row.device))
        else:
            device = _Device(known.id, row.source, known.latest_ms)
        self._devices[row.device] = device
        return device

    def _begun(
        self, connection: sqlite3.Connection, device: _Device, row: TelemetryRow, channel: str, value: Value
    ) -> Tail | None:
        """The tail of a reading whose series this source had not brought before; None where it may not begin."""
        source = row.source
        measured, room = (UNKNOWN, None) if source is None else (source.channels.get(channel, UNKNOWN), source.room)
        meaning = Meaning(row.device, channel, kind_of(value), measured, room)
        tail = self._registry.tail_of(connection, device.id, meaning, row.received_ms // MINUTE_MS)
        if isinstance(tail, Bound):
            self._turned_away[tail] += 1
            self._turn_away(row, channel, "rate_limited", f"more new channels than may begin (bound: {tail})")
            return None
        device.tails[channel, type(value)] = tail
        return tail

    def _turn_away(self, row: TelemetryRow, channel: str, reason: str, hint: str) -> None:
        at = datetime.fromtimestamp(row.received_ms / 1000, UTC)
        said = RefusedMessage(at, "", row.device, reason, path=f"v.{channel}", hint=hint)
        self._turned_away_now.append(said)

    # --- refused messages -------------------------------------------------------------------------

    def _refuse(self, connection: sqlite3.Connection, refused: Sequence[RefusedMessage]) -> None:
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        counts = Counter(self._counted_as(message) for message in refused)
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
                    message.device[:DEVICE_LENGTH] if message.device is not None else None,
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

    def _counted_as(self, message: RefusedMessage) -> tuple[int, str, str]:
        """Minute, device and reason of its row: whatever devices are called, a minute has no more rows than so many."""
        minute = self._minute_of(message)
        whose = (message.device or "")[:DEVICE_LENGTH], message.reason
        if whose not in self._counted:
            if len(self._counted) >= REFUSED_COUNTS_PER_MINUTE:
                return minute, OTHERS, message.reason
            self._counted.add(whose)
        return minute, *whose

    def _minute_of(self, message: RefusedMessage) -> int:
        """Forgets what the minutes before had, as soon as a new one begins."""
        minute = _minute(message)
        if minute > self._minute:
            self._minute = minute
            self._kept.clear()
            self._counted.clear()
        return minute

    def _has_room_for(self, message: RefusedMessage) -> bool:
        self._minute_of(message)
        device = message.device or ""
        if self._kept[device] >= REFUSED_PER_DEVICE or self._kept.total() >= REFUSED_PER_MINUTE:
            return False
        self._kept[device] += 1
        return True


def landed(rows: Iterable[Sequence[Any]], registry: Registry, tails: Tails) -> Iterator[Landed]:
    """Rows of the log (as `ROWS` selects them), with the readings that are not in parts yet."""
    for n, device, at_ms, _, body in rows:
        readings = readings_in(body, device, tails.__getitem__, registry.tail_known)
        yield n, at_ms, [(tail, value) for tail, value in readings if tail.compacted < n]


def readings_in(
    body: str, device: str, by_id: Callable[[SeriesId], T], by_meaning: Callable[[Meaning], T]
) -> list[tuple[T, Value]]:
    """The readings of one row, in either of the ways they were ever written."""
    told = json.loads(body)
    if isinstance(told, list):
        return [(by_id(series), value) for series, value in zip(told[::2], told[1::2], strict=True)]
    return [
        (by_meaning(Meaning(DeviceId(device), channel, kind_of(value))), float(value) if type(value) is int else value)
        for channel, value in told.items()
    ]


def legacy_meanings(connection: sqlite3.Connection, rows: Iterable[Sequence[Any]], registry: Registry) -> None:
    """Begin the series of rows that an older program wrote: nobody had said what their channels are."""
    for _, device, _, _, body in rows:
        if body.startswith("{"):
            for channel, value in json.loads(body).items():
                meaning = Meaning(DeviceId(device), channel, kind_of(value))
                if not registry.knows(meaning):
                    (number,) = connection.execute("SELECT id FROM device WHERE name = ?", (device,)).fetchone()
                    registry.tail_of(connection, number, meaning, minute=None)
    if connection.in_transaction:
        connection.execute("COMMIT")
    registry.settle()


def insert(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows that are no repeats."""
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        connection.execute(_insert_many(len(chunk)), list(chain.from_iterable(chunk)))


@cache
def _insert_many(count: int) -> str:
    return _INSERT.replace(_VALUES, ",".join([_VALUES] * count))


def _written(value: Value) -> tuple[Value, str]:
    """A value as it is kept, and as the log has it."""
    if value is True or value is False:
        return value, _SWITCHES[value]
    if isinstance(value, str):
        if not value.isascii():
            # Half of a pair alone is no text that a file can hold.
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value, encode_basestring_ascii(value)
    try:
        number = float(value)
    except OverflowError:
        number = inf
    return number, repr(number)


def _ms(message: RefusedMessage) -> int:
    return int(message.at.timestamp() * 1000)


def _minute(message: RefusedMessage) -> int:
    return _ms(message) // MINUTE_MS
