"""In-memory twins of the stores: what the ports promise, in as few lines as they allow.

Services are tested on these; `tests/contract` holds them and the real stores to one suite. The registry's own is
`memory_registry`, and `memory_stores` most of what else is in its database.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from controller.domain.alarm import Acknowledgement, Alarm
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AlarmId, DeviceId
from controller.domain.keeping import is_named
from controller.errors import StoreError
from controller.services.doors.alarms import answer_to
from controller.services.ports import Appended, LoggedFact, RefusedMessage, TelemetryRow
from tests.support.memory_registry import MemoryRegistry

__all__ = ["MemoryAlarmStore", "MemoryEventLog", "MemoryRegistry", "MemoryTelemetryLog"]

DECISIONS = {
    FactKind.ENTRY_GRANTED,
    FactKind.ENTRY_DENIED,
    FactKind.READ_IGNORED,
    FactKind.LOCAL_GRANTED,
    FactKind.LOCAL_DENIED,
}
DAY = timedelta(hours=24)


class MemoryEventLog:
    """The EventLog port over a list."""

    def __init__(self) -> None:
        self.facts: list[LoggedFact] = []

    def append(self, fact: Fact) -> "asyncio.Future[Appended]":
        appended: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        appended.set_result(self._add(fact))
        return appended

    def _add(self, fact: Fact) -> Appended:
        if fact.kind in DECISIONS and fact.device is not None and fact.message_id is not None:
            earlier = self._decided(fact.device, fact.message_id)
            if earlier is not None and fact.at - earlier.fact.at < DAY:
                return Appended(earlier.position, duplicate=True)
        self.facts.append(LoggedFact(self.facts[-1].position + 1 if self.facts else 1, fact))
        return Appended(self.facts[-1].position)

    async def append_all(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._add(fact)

    async def after(self, position: int, limit: int = 500) -> list[LoggedFact]:
        return [logged for logged in self.facts if logged.position > position][:limit]

    async def latest(self, limit: int = 200) -> list[LoggedFact]:
        return self.facts[-limit:]

    async def decided(self, device: DeviceId, message_id: str) -> LoggedFact | None:
        return self._decided(device, message_id)

    async def naming(self, position: int, upto: int, before: datetime) -> list[LoggedFact]:
        return [one for one in self._between(position, upto, before) if is_named(one.fact)]

    async def outlived(
        self, position: int, upto: int, before: datetime, kinds: Collection[FactKind], *, others: bool = False
    ) -> list[int]:
        return [one.position for one in self._between(position, upto, before) if (one.fact.kind in kinds) is not others]

    def _between(self, position: int, upto: int, before: datetime) -> list[LoggedFact]:
        return [one for one in self.facts if position < one.position <= upto and one.fact.at < before]

    async def rewrite(self, instead: Sequence[LoggedFact], gone: Sequence[int]) -> None:
        new = {one.position: one for one in instead}
        newest = self.facts[-1].position if self.facts else 0
        self.facts = [
            new.get(one.position, one) for one in self.facts if one.position not in gone or one.position == newest
        ]

    def _decided(self, device: DeviceId, message_id: str) -> LoggedFact | None:
        for logged in reversed(self.facts):
            fact = logged.fact
            if fact.kind in DECISIONS and (fact.device, fact.message_id) == (device, message_id):
                return logged
        return None


class MemoryTelemetryLog:
    """The TelemetryLog port over a list."""

    def __init__(self) -> None:
        self.rows: list[TelemetryRow] = []
        self.refused: list[RefusedMessage] = []
        self._received: dict[tuple[DeviceId, str], int] = {}

    async def append(self, rows: Sequence[TelemetryRow], refused: Sequence[RefusedMessage] = ()) -> list[bool]:
        self.refused.extend(refused)
        return [self._add(row) for row in rows]

    def _add(self, row: TelemetryRow) -> bool:
        before = self._received.get((row.device, row.key))
        if before is not None and row.received_ms - before < DAY.total_seconds() * 1000:
            return False
        self._received[row.device, row.key] = row.received_ms
        self.rows.append(row)
        return True

    async def newest(self) -> Mapping[DeviceId, Mapping[str, tuple[int, float | bool | str]]]:
        found: dict[DeviceId, dict[str, tuple[int, float | bool | str]]] = {}
        for row in self.rows:
            channels = found.setdefault(row.device, {})
            for channel, value in row.values.items():
                if channel not in channels or row.measured_ms >= channels[channel][0]:
                    channels[channel] = (row.measured_ms, value)
        return found


class MemoryAlarmStore:
    """The AlarmStore port over a dictionary."""

    def __init__(self) -> None:
        self.failure: StoreError | None = None
        self._alarms: dict[AlarmId, Alarm] = {}
        self._version = 0

    async def version(self) -> int:
        self._may_fail()
        return self._version

    async def load_open(self) -> tuple[Alarm, ...]:
        self._may_fail()
        return tuple(alarm for alarm in await self.latest(len(self._alarms)) if alarm.is_open)

    async def latest(self, limit: int = 50) -> tuple[Alarm, ...]:
        return tuple(sorted(self._alarms.values(), key=lambda alarm: (alarm.raised_at, alarm.id))[-limit:])

    async def find(self, alarm: AlarmId) -> Alarm | None:
        return self._alarms.get(alarm)

    async def save(self, alarm: Alarm) -> None:
        self._may_fail()
        await asyncio.sleep(0)  # a real one takes its time, and the alarm may change meanwhile
        kept = self._alarms.get(alarm.id)
        self._keep(replace(alarm, answer=kept.answer if kept is not None else None))

    async def acknowledge(self, alarm: AlarmId, answer: Acknowledgement) -> Alarm:
        self._may_fail()
        answered = answer_to(self._alarms.get(alarm), alarm, answer)
        self._keep(answered)
        return answered

    def _keep(self, alarm: Alarm) -> None:
        self._alarms[alarm.id] = alarm
        self._version += 1

    def _may_fail(self) -> None:
        if self.failure is not None:
            raise self.failure
