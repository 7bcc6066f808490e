"""What a house knows of the time, in a file of its data folder: the `KnownTime` port.

It is not `last-time`, which the clock goes by and which moves on with a wrong one.
"""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path

from controller.adapters.broker.passwords import write_private
from controller.domain.keeping import Trust
from controller.errors import StoreError

NAME = "known-time.json"


class KnownTimeFile:
    """One file, replaced whole."""

    def __init__(self, data: Path) -> None:
        self._path = data / NAME

    async def load(self) -> Trust | None:
        return await asyncio.to_thread(self._load)

    async def save(self, trust: Trust) -> None:
        told = {
            "sure": trust.sure.isoformat(),
            "doubted": trust.doubted.isoformat() if trust.doubted is not None else None,
            "ran_s": trust.ran.total_seconds(),
        }
        try:
            await asyncio.to_thread(write_private, self._path, json.dumps(told))
        except OSError as exc:
            raise StoreError(f"{self._path} cannot be written ({exc.strerror or exc})") from exc

    def _load(self) -> Trust | None:
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            doubted = datetime.fromisoformat(told["doubted"]) if told["doubted"] is not None else None
            trust = Trust(datetime.fromisoformat(told["sure"]), doubted, timedelta(seconds=told["ran_s"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None
        return trust if trust.sure.tzinfo is not None and (doubted is None or doubted.tzinfo is not None) else None
