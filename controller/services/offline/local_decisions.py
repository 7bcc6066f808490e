"""What doors decided alone, told when somebody listens again: each a fact with its own time, once.

Nothing is done about it: it is over. Whose badge it was is read from its hash by the list the door had then, whose
visiting pass from what the door read in it. What an entry costs, and whether it went beyond what was left, is judged by
the moment it happened (`services.usage`).
"""

import asyncio
import logging
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from controller.domain.access import Denied, Granted, Read, decide
from controller.domain.building import Door
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import VisitingPass
from controller.domain.ids import DeviceId
from controller.domain.membership import Credential, Person
from controller.domain.shared import PinEntry
from controller.domain.times import MAX_AHEAD, Lateness, lateness
from controller.errors import StoreError
from controller.services.entry.access_index import NOTHING, AccessIndex, Circumstances
from controller.services.entry.shown import Visitor
from controller.services.entry.usage import settled
from controller.services.inbound import Inbound
from controller.services.journal import Journal
from controller.services.offline.list_salts import Salts
from controller.services.presence import Presence
from devices.messages import Event, EventType, LocalDecisionData
from devices.passes import Pass
from devices.times import clock_is_set

logger = logging.getLogger(__name__)

LOCAL = frozenset({EventType.LOCAL_GRANTED, EventType.LOCAL_DENIED})
# More than a broker hands over unacknowledged; beyond it the last is recorded as it stands, without a name.
WAITING_LIMIT = 1_000
# So old an event may be as nobody's memory is: a door keeps a few thousand, and a clock that says more is wrong.
_OLDEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class _Told:
    inbound: Inbound
    event: Event


@dataclass(frozen=True, slots=True)
class _Holder:
    """Whose it was, as far as anybody knows; `visits` of somebody known by a pass that nobody had seen before."""

    credential: Credential | None = None
    person: Person | None = None
    visits: tuple[VisitingPass, ...] | None = None


_NOBODY_KNOWN = _Holder()


class Visitors(Protocol):
    """Whose pass a door verified alone."""

    def told_of(self, found: Pass, at: datetime, *, came_in: bool) -> Visitor | None: ...


class LocalDecisions:
    """`happened` is the handler, `run` the task that writes them down one after the other, in the order told."""

    def __init__(
        self,
        index: AccessIndex,
        salts: Salts,
        journal: Journal,
        presence: Presence,
        visitors: Visitors,
        *,
        beside: Circumstances = NOTHING,
    ) -> None:
        self._index = index
        self._salts = salts
        self._journal = journal
        self._presence = presence
        self._visitors = visitors
        self._beside = beside
        self._waiting: asyncio.Queue[_Told] = asyncio.Queue()

    def happened(self, inbound: Inbound, event: Event) -> None:
        """`local.granted` or `local.denied`; acknowledged once it is in the log."""
        if self._waiting.qsize() >= WAITING_LIMIT:
            self._journal.note(self._fact(_Told(inbound, event), _NOBODY_KNOWN), inbound.acknowledge)
            return
        self._waiting.put_nowait(_Told(inbound, event))

    async def run(self) -> None:
        """Write them down for ever."""
        while True:
            told = await self._waiting.get()
            await self._write(told, await self._holder(told))

    async def _holder(self, told: _Told) -> _Holder:
        data = told.event.data
        if not isinstance(data, LocalDecisionData):
            return _NOBODY_KNOWN
        if data.h is not None:
            return _Holder(*await self._salts.holder_of(DeviceId(told.inbound.device), data.rev, data.h))
        if data.visit is None:
            return _NOBODY_KNOWN
        shown = data.visit
        found = Pass(shown.iss, shown.sub, shown.id, shown.since, shown.until, shown.days)
        came_in = told.event.type is EventType.LOCAL_GRANTED and data.direction != "out"
        visitor = self._visitors.told_of(found, self._true_time(told.inbound, told.event), came_in=came_in)
        return _Holder(visitor.credential, visitor.person, visitor.visits) if visitor is not None else _NOBODY_KNOWN

    async def _write(self, told: _Told, holder: _Holder) -> None:
        fact, *more = self._settled(self._fact(told, holder), holder)
        try:
            appended = await self._journal.record(fact)
        except StoreError as error:
            # It is kept and tried again with everything else that happened; a repeat still meets its own id there.
            logger.debug("a local decision waits for the log: %s", error)
            self._journal.note(fact, told.inbound.acknowledge)
        else:
            if appended.duplicate:
                told.inbound.acknowledge()
                return
            self._journal.announce(fact, appended)
            told.inbound.acknowledge()
        for one in more:
            self._journal.note(one)

    def _fact(self, told: _Told, holder: _Holder) -> Fact:
        inbound, event, credential = told.inbound, told.event, holder.credential
        device = DeviceId(inbound.device)
        door = self._index.space.door_of(device)
        age = self._presence.age_of(inbound, event.ts, event.age_ms)
        detail: dict[str, Plain] = {"policy": self._index.space.version}
        if isinstance(event.data, LocalDecisionData):
            detail |= {
                "rev": event.data.rev,
                "reason": event.data.reason,
                "right": event.data.right,
                "direction": event.data.direction or "in",
            }
            visit = event.data.visit
            # By which staff can ask the partner, who is perhaps none any more.
            detail |= {"pass": f"{visit.iss}/{visit.id}"} if visit is not None else {}
        if credential is not None:
            detail |= {"credential": credential.id, "last_two": credential.last_two or None}
        if lateness(age) is not Lateness.NORMAL:
            # None: nobody knows how late.
            detail["late_s"] = round(age, 1) if math.isfinite(age) else None
        return Fact(
            FactKind.LOCAL_GRANTED if event.type is EventType.LOCAL_GRANTED else FactKind.LOCAL_DENIED,
            self._true_time(inbound, event),
            door=door.id if door is not None else None,
            device=device,
            area=door.inner if door is not None else None,
            person=holder.person.id if holder.person is not None else None,
            message_id=event.id,
            correlation=event.data.re or event.id if isinstance(event.data, LocalDecisionData) else event.id,
            detail={key: value for key, value in detail.items() if value is not None or key == "late_s"},
        )

    def _true_time(self, inbound: Inbound, event: Event) -> datetime:
        """By its own stamp, set right by what is known of its clock; by its own count where it has no clock."""
        received = inbound.received_at
        if event.ts is not None and clock_is_set(event.ts):
            at = event.ts + timedelta(seconds=self._presence.of(DeviceId(inbound.device)).offset_s)
            if received - _OLDEST < at <= received + MAX_AHEAD:
                return at.astimezone(UTC)
        return received - timedelta(milliseconds=min(event.age_ms or 0, _OLDEST // timedelta(milliseconds=1)))

    def _settled(self, fact: Fact, holder: _Holder) -> tuple[Fact, ...]:
        door = self._index.space.doors.get(fact.door) if fact.door is not None else None
        leaves = fact.detail.get("direction") == "out"
        if fact.kind is not FactKind.LOCAL_GRANTED or holder.person is None or door is None or leaves:
            return (fact,)
        return self._judged(fact, door, holder)

    def _judged(self, fact: Fact, door: Door, holder: _Holder) -> tuple[Fact, ...]:
        rights = self._index.rights_of(door, holder.credential, holder.person, self._beside, holder.visits)
        read = Read(
            fact.device or DeviceId(""), fact.message_id or "", fact.at, fact.at, 0.0, pin=PinEntry.RIGHT
        )  # fmt: skip
        decision = decide(read, rights, fact.at)
        if not isinstance(decision, Granted | Denied):
            return (fact,)
        if isinstance(decision, Denied):
            # By what is known now: a right may have ended since the list was issued.
            detail = {**fact.detail, "now_denied": decision.reason.value}
        else:
            detail = {**fact.detail, "grant": decision.grant.kind.value, "via": decision.grant.via}
        return settled(_with(fact, detail), rights, decision)


def _with(fact: Fact, detail: dict[str, Plain]) -> Fact:
    return Fact(
        fact.kind, fact.at, fact.door, fact.device, fact.area, fact.person, fact.message_id, fact.correlation, detail
    )  # fmt: skip
