"""In-memory twins of the stores: what the ports promise, in as few lines as they allow.

Services are tested on these; `tests/contract` holds them and the real stores to one suite.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from controller.domain.alarm import Acknowledgement, Alarm
from controller.domain.building import Plan
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AlarmId, CredentialId, DeviceId, PersonId, PlanId
from controller.domain.membership import CredentialState, Standing
from controller.errors import InputError, StoreError
from controller.services.alarms import answer_to
from controller.services.people import Held, ImportPlan
from controller.services.ports import (
    Appended,
    LoggedFact,
    RefusedMessage,
    RegistryChange,
    RegistrySnapshot,
    TelemetryRow,
)

DECISIONS = {FactKind.ENTRY_GRANTED, FactKind.ENTRY_DENIED, FactKind.READ_IGNORED}
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
        self.facts.append(LoggedFact(len(self.facts) + 1, fact))
        return Appended(len(self.facts))

    async def append_all(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self._add(fact)

    async def after(self, position: int, limit: int = 500) -> list[LoggedFact]:
        return [logged for logged in self.facts if logged.position > position][:limit]

    async def latest(self, limit: int = 200) -> list[LoggedFact]:
        return self.facts[-limit:]

    async def decided(self, device: DeviceId, message_id: str) -> LoggedFact | None:
        return self._decided(device, message_id)

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


class MemoryRegistry:
    """The Registry and PeopleStore ports over one snapshot and a list of what each version touched."""

    def __init__(self, snapshot: RegistrySnapshot | None = None) -> None:
        self.now = snapshot or RegistrySnapshot(0)
        self._touched: dict[int, tuple[frozenset[PersonId], bool]] = {}
        self._plans: dict[PlanId, str] = {}

    async def version(self) -> int:
        return self.now.version

    async def load(self) -> RegistrySnapshot:
        return self.now

    async def changed_since(self, version: int) -> RegistryChange | None:
        later = range(version + 1, self.now.version + 1)
        if version > self.now.version or any(one not in self._touched for one in later):
            return None
        touched = frozenset[PersonId]().union(*(self._touched[one][0] for one in later))
        credentials = {id_: one for id_, one in self.now.credentials.items() if one.person in touched}
        return RegistryChange(
            version=self.now.version,
            touched=touched,
            people={id_: one for id_, one in self.now.people.items() if id_ in touched},
            memberships={id_: many for id_, many in self.now.memberships.items() if id_ in touched},
            credentials=credentials,
            digests={digest: id_ for digest, id_ in self.now.digests.items() if id_ in credentials},
            leases=self.now.leases if any(self._touched[one][1] for one in later) else None,
        )

    async def sync_plans(self, plans: Iterable[Plan]) -> int:
        wanted = {plan.id: plan.name for plan in plans}
        if wanted != self._plans:
            self._plans = wanted
            self._next(self.now)
        return self.now.version

    async def apply_import(self, plan: ImportPlan) -> int:
        if plan.based_on != self.now.version:
            raise StoreError("the registry changed while the import was looked at; run it again")
        if plan.is_empty:
            return self.now.version
        leases = self.now.leases if plan.leases is None else plan.leases
        return self._next(
            replace(_with(self.now, plan.people), leases=leases), plan.people, leases=plan.leases is not None
        )

    async def set_credential_state(self, credential: CredentialId, state: CredentialState) -> int:
        if credential not in self.now.credentials:
            raise InputError(f"no credential {credential!r}")
        held = self._held(self.now.credentials[credential].person)
        changed = tuple(replace(one, state=state) if one.id == credential else one for one in held.credentials)
        return self._change(replace(held, credentials=changed))

    async def set_standing(self, person: PersonId, standing: Standing, plan: PlanId | None = None) -> int:
        memberships = self.now.memberships.get(person, ())
        if not any(plan in (None, one.plan) for one in memberships):
            raise InputError(f"person {person!r} does not hold {plan!r}")
        changed = tuple(replace(one, standing=standing) if plan in (None, one.plan) else one for one in memberships)
        return self._change(replace(self._held(person), memberships=changed))

    async def set_banned(self, person: PersonId, banned: bool) -> int:
        if person not in self.now.people:
            raise InputError(f"no person {person!r}")
        held = self._held(person)
        return self._change(replace(held, person=replace(held.person, banned=banned)))

    def _held(self, person: PersonId) -> Held:
        credentials = tuple(one for one in self.now.credentials.values() if one.person == person)
        ids = {one.id for one in credentials}
        digests = {digest: id_ for digest, id_ in self.now.digests.items() if id_ in ids}
        return Held(self.now.people[person], self.now.memberships.get(person, ()), credentials, digests)

    def _change(self, held: Held) -> int:
        return self._next(_with(self.now, [held]), [held])

    def _next(self, snapshot: RegistrySnapshot, people: Sequence[Held] = (), *, leases: bool = False) -> int:
        self.now = replace(snapshot, version=self.now.version + 1)
        self._touched[self.now.version] = (frozenset(held.person.id for held in people), leases)
        return self.now.version


def _with(before: RegistrySnapshot, people: Sequence[Held]) -> RegistrySnapshot:
    """The snapshot in which each of them holds exactly what is given."""
    changed = {held.person.id for held in people}
    kept = {id_: one for id_, one in before.credentials.items() if one.person not in changed}
    return replace(
        before,
        people={**before.people, **{held.person.id: held.person for held in people}},
        memberships={id_: many for id_, many in before.memberships.items() if id_ not in changed}
        | {held.person.id: held.memberships for held in people if held.memberships},
        credentials=kept | {one.id: one for held in people for one in held.credentials},
        digests={digest: id_ for digest, id_ in before.digests.items() if id_ in kept}
        | {digest: id_ for held in people for digest, id_ in held.digests.items()},
    )


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
