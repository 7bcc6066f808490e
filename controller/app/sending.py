"""What readings are sent on by, opened where the settings name a database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from controller.adapters.influx import InfluxSettings
from controller.services.history.outgoing import Outgoing
from controller.services.history.ports import ReadingsLog
from controller.services.ports import Clock

SENDING = "sending.db"


@asynccontextmanager
async def open_outgoing(
    influx: InfluxSettings | None, data: Path, log: ReadingsLog, clock: Clock
) -> AsyncIterator[Outgoing | None]:
    """None without a database; StartupError says what a person must do about a file that will not open."""
    if influx is None:
        yield None
        return
    # Imported when there is one: the library is a tenth of a small house's memory.
    from controller.adapters.influx.client import open_database
    from controller.adapters.influx.state import SendingFile

    async with await SendingFile.open(data / SENDING) as store, open_database(influx, clock) as database:
        yield Outgoing(log, database, store, influx.lines)
