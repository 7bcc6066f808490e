"""A program that writes to both logs and tells on its standard output what was acknowledged, until it is killed."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from controller.adapters.sql.event_log import SqlEventLog
from controller.adapters.telemetry.store import TelemetryStore
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId
from controller.services.ports import TelemetryRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def write(folder: Path, start: int) -> None:
    async with (
        await SqlEventLog.open(folder / "events.db", deadline_s=60) as events,
        await TelemetryStore.open(folder / "telemetry.db", deadline_s=60) as telemetry,
        asyncio.TaskGroup() as tasks,
    ):
        for lane in range(8):
            tasks.create_task(taps(events, start + lane))
            tasks.create_task(readings(telemetry, start + lane))


async def taps(log: SqlEventLog, number: int) -> None:
    while True:
        await log.append(Fact(FactKind.ENTRY_GRANTED, NOON, device=DeviceId("street"), message_id=str(number)))
        os.write(1, f"tap {number}\n".encode())
        await asyncio.sleep(0)  # a decision may be committed at once; the other lanes want their turn
        number += 8


async def readings(log: TelemetryStore, number: int) -> None:
    while True:
        await log.append([TelemetryRow(DeviceId("booth"), str(number), number, number, {"co2": float(number)})])
        os.write(1, f"reading {number}\n".encode())
        number += 8


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
