"""The database readings are sent on to, as somewhere to read from: for history longer than is kept here, and to compare."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from controller.adapters.influx import InfluxSettings
from controller.adapters.influx.asking import ReadSettings
from controller.adapters.influx.readback import ReadBack
from controller.adapters.influx.state import SendingFile
from controller.adapters.sqlite_file import open_reader, store_error
from controller.app.sending import SENDING
from controller.config import Settings
from controller.services.history.beyond import LongHistory
from controller.services.history.merging import KeptHere
from controller.services.history.ports import History
from controller.services.history.verify import Underway
from controller.services.ports import Clock

# Cleaning looks once in a while: what is about to go may be gone already.
MARGIN = timedelta(hours=1)


def archive_of(influx: InfluxSettings) -> ReadBack:
    """Where it is read back, and as whom."""
    return ReadBack(ReadSettings(influx.read_url or influx.url, influx.bucket, influx.token))


def long_history(here: History, settings: Settings, clock: Clock) -> History:
    """This house's own history; where a database is named, with what that still has of the time before."""
    if settings.influx is None:
        return here

    def kept() -> KeptHere:
        now = clock.now()
        return KeptHere(now - settings.keep.telemetry + MARGIN, now - settings.keep.hourly + MARGIN)

    return LongHistory(here, archive_of(settings.influx), kept)


async def underway(data: Path) -> Underway:
    """What has not gone yet, and what was refused; nothing of both before the first was sent."""
    if not (data / SENDING).exists():
        return Underway(waiting=_last(data))
    async with await SendingFile.open(data / SENDING) as file:
        sent = await file.sent()
        return Underway(max(0, _last(data) - sent.position), await file.parked())


def _last(data: Path) -> int:
    """The newest place in the log of readings."""
    path = data / "telemetry.db"
    try:
        with closing(open_reader(path)) as connection:
            ((last,),) = connection.execute("SELECT coalesce(max(n), 0) FROM log").fetchall()
    except sqlite3.Error as exc:
        raise (store_error(path, exc) or exc) from exc
    return int(last)
