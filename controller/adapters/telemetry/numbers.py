"""Which numbers of devices came, kept through a restart: a small file of its own, and the log's rows after it.

The file is as old as its last save; the log is as new as the last commit. The file names the newest row it knows, so a
start reads the few rows behind it. Without the file, or with one that cannot be read, counting begins anew.
"""

import asyncio
import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from controller.adapters.sqlite_file import open_reader, store_error
from controller.domain.history.sequence import Count, Gap
from controller.domain.ids import DeviceId
from controller.errors import StoreError
from controller.services.history.gaps import Remembered

logger = logging.getLogger(__name__)

_FORMAT = 1
# The file is saved every little while: the row it names is among the newest, so they are looked through from the end.
_LAST = """
SELECT n FROM log WHERE device_id = (SELECT id FROM device WHERE name = ?) AND key = ? ORDER BY n DESC LIMIT 1
"""
_AFTER = """
SELECT device.name, log.key FROM log JOIN device ON device.id = log.device_id
WHERE log.n > ? AND log.key IS NOT NULL ORDER BY log.n
"""


class NumberFile:
    """The `NumberStore` port over one JSON file and the telemetry log, which is only read."""

    def __init__(self, path: Path, log: Path, before: Remembered) -> None:
        self.path = path
        self._log = log
        self._before = before

    @classmethod
    async def open(cls, path: Path, *, log: Path) -> Self:
        """Read what the last run left; nothing is made before the first save."""
        return cls(path, log, await asyncio.to_thread(_read, path))

    @property
    def before(self) -> Remembered:
        return self._before

    async def rows_after(self, last: tuple[DeviceId, str]) -> Sequence[tuple[DeviceId, str]] | None:
        return await asyncio.to_thread(self._rows_after, last)

    async def save(self, remembered: Remembered) -> None:
        """Whole or not at all; StoreError when it cannot be written."""
        text = json.dumps(_plain(remembered), ensure_ascii=False, separators=(",", ":"))
        try:
            await asyncio.to_thread(_replace, self.path, text)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written ({error.strerror})") from error

    def _rows_after(self, last: tuple[DeviceId, str]) -> list[tuple[DeviceId, str]] | None:
        try:
            with contextlib.closing(open_reader(self._log)) as connection:
                known = connection.execute(_LAST, last).fetchone()
                if known is None:
                    return None
                return [(DeviceId(name), key) for name, key in connection.execute(_AFTER, known)]
        except sqlite3.Error as exc:
            raise (store_error(self._log, exc) or exc) from exc


def fault_of(path: Path) -> str | None:
    """Why what the last run left cannot be read; None where it can, or where it left nothing."""
    found = _left(path)
    return found if isinstance(found, str) else None


def _read(path: Path) -> Remembered:
    found = _left(path)
    if isinstance(found, str):
        logger.warning("%s cannot be read, devices' numbers are counted anew from here: %s", path, found)
        return Remembered()
    return found


def _left(path: Path) -> Remembered | str:
    try:
        return _remembered(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Remembered()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return repr(error)


def _plain(remembered: Remembered) -> Mapping[str, object]:
    return {
        "format": _FORMAT,
        "at": remembered.at.isoformat() if remembered.at is not None else None,
        "last": remembered.last,
        "dropped": remembered.dropped,
        "sessions": sorted(remembered.sessions),
        "counts": {device: asdict(count) for device, count in remembered.counts.items()},
    }


def _remembered(found: Mapping[str, Any]) -> Remembered:
    if found["format"] != _FORMAT:
        raise ValueError(f"format {found['format']}, and this program knows {_FORMAT}")
    last = found["last"]
    return Remembered(
        counts={DeviceId(device): _count(count) for device, count in found["counts"].items()},
        last=(DeviceId(last[0]), str(last[1])) if last is not None else None,
        dropped={str(broker): int(total) for broker, total in found["dropped"].items()},
        sessions=frozenset(map(str, found["sessions"])),
        at=datetime.fromisoformat(found["at"]) if found["at"] is not None else None,
    )


def _count(found: Mapping[str, Any]) -> Count:
    gaps = {name: tuple(Gap(**gap) for gap in found[name]) for name in ("untold", "told")}
    return Count(**{**found, **gaps})


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
