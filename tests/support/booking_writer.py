"""A program that writes bookings in one transaction, says so before it is committed, and waits to be killed."""

import asyncio
import os
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from controller.adapters.sql import booking_rows
from controller.adapters.sql.places import SqliteFile
from controller.adapters.sql.postgresql import PostgresServer
from controller.adapters.sql.registry import SqlRegistry
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def write(connection: Connection) -> None:
    first = Booking(BookingId("standing"), AreaId("oak"), NOON, NOON + HOUR, PersonId("ada"))
    more = [
        replace(first, id=BookingId(f"more-{n}"), start=NOON + n * HOUR, end=NOON + (n + 1) * HOUR)
        for n in range(1, 50)
    ]
    booking_rows.put_bookings(connection, [first, *more])
    os.write(1, b"written, not committed\n")
    threading.Event().wait()


async def begin(where: str) -> None:
    place = PostgresServer(where) if "://" in where else SqliteFile(Path(where))
    async with SqlRegistry(place, key_id="k1") as registry:
        await registry.database.write(write)


if __name__ == "__main__":
    asyncio.run(begin(sys.argv[1]))
