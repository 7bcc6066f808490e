"""In-memory twins of the stores: what the ports promise, in as few lines as they allow.

Services are tested on these; `tests/contract` holds them and the real stores to one suite.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId
from controller.services.ports import Appended, LoggedFact, RefusedMessage, TelemetryRow

DECISIONS = {FactKind.ENTRY_GRANTED, FactKind.ENTRY_DENIED, FactKind.READ_IGNORED}
DAY = timedelta(hours=24)


class MemoryEventLog:
    """The EventLog port over a list."""

    def __init__(self) -> None:
        self.facts: list[LoggedFact] = []

    async def append(self, fact: Fact) -> Appended:
        if fact.kind in DECISIONS and fact.device is not None and fact.message_id is not None:
            earlier = await self.decided(fact.device, fact.message_id)
            if earlier is not None and fact.at - earlier.fact.at < DAY:
                return Appended(earlier.position, duplicate=True)
        self.facts.append(LoggedFact(len(self.facts) + 1, fact))
        return Appended(len(self.facts))

    async def append_all(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            await self.append(fact)

    async def after(self, position: int, limit: int = 500) -> list[LoggedFact]:
        return [logged for logged in self.facts if logged.position > position][:limit]

    async def latest(self, limit: int = 200) -> list[LoggedFact]:
        return self.facts[-limit:]

    async def decided(self, device: DeviceId, message_id: str) -> LoggedFact | None:
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
