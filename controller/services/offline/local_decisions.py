"""What doors decided alone, told when somebody listens again: each a fact with its own time, once.

It unlocks nothing: it is over. Whose badge it was is read from its hash by the list the door had then, whose visiting
pass from what the door read in it. Whether they went in is a fact of its own, by the opening that followed; what that
costs, and whether it went beyond what was left, is judged by the moment it happened (`services.usage`).
"""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from controller.domain.access import Denied, Granted, Read, decide
from controller.domain.building import Door
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import VisitingPass
from controller.domain.ids import DeviceId
from controller.domain.membership import Credential, Person
from controller.domain.shared import PinEntry
from controller.domain.times import Lateness, lateness
from controller.errors import StoreError
from controller.services.entry.access_index import NOTHING, AccessIndex, Circumstances
from controller.services.entry.reads import direction_of
from controller.services.entry.shown import Visitor
from controller.services.entry.usage import settled
from controller.services.inbound import Inbound
from controller.services.journal import Journal
from controller.services.offline.list_salts import Salts
from controller.services.presence import Presence
from devices.messages import Event, EventType, LocalDecisionData
from devices.passes import Pass

logger = logging.getLogger(__name__)

LOCAL = frozenset({EventType.LOCAL_GRANTED, EventType.LOCAL_DENIED})
# More than a broker hands over unacknowledged; beyond it the last is recorded as it stands, without a name.
WAITING_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class _Told:
    inbound: Inbound
    event: Event
    entered: "asyncio.Future[datetime | None] | None" = None  # of whoever was let in
    supersedes: bool = False  # an answer of ours to the same tap, which came too late


@dataclass(frozen=True, slots=True)
class _Passed:
    """What came of one who was let in: written down once it is known."""

    told: _Told
    fact: Fact
    holder: "_Holder"


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


class Doors(Protocol):
    """What becomes of whom a door let through."""

    def let_in_alone(self, door: Door, device: DeviceId, at: datetime) -> "asyncio.Future[datetime | None]": ...
    def taken_over(self, door: Door, correlation: str) -> None: ...
    def has_entered(self, door: Door, correlation: str) -> bool: ...


class LocalDecisions:
    """`happened` is the handler, `run` the task that writes them down one after the other, in the order told."""

    def __init__(
        self,
        index: AccessIndex,
        salts: Salts,
        journal: Journal,
        presence: Presence,
        visitors: Visitors,
        doors: Doors,
        *,
        answered: Callable[[str], bool] = lambda _: False,
        beside: Circumstances = NOTHING,
    ) -> None:
        """`answered`: whether we decided a tap of late as well."""
        self._index = index
        self._salts = salts
        self._journal = journal
        self._presence = presence
        self._visitors = visitors
        self._doors = doors
        self._answered = answered
        self._beside = beside
        self._waiting: asyncio.Queue[_Told] = asyncio.Queue()
        self._passed: asyncio.Queue[_Passed] = asyncio.Queue()

    def happened(self, inbound: Inbound, event: Event) -> None:
        """`local.granted` or `local.denied`; acknowledged once it is in the log."""
        told = self._followed(inbound, event)
        if self._waiting.qsize() >= WAITING_LIMIT:
            fact = self._fact(told, _NOBODY_KNOWN)
            self._journal.note(fact, inbound.acknowledge)
            self._follow(told, fact, _NOBODY_KNOWN)
            return
        self._waiting.put_nowait(told)

    async def run(self) -> None:
        """Write them down for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write_decisions(), name="what doors decided")
            tasks.create_task(self._write_passages(), name="who went in by it")

    async def _write_decisions(self) -> None:
        while True:
            told = await self._waiting.get()
            await self._write(told, await self._holder(told))

    async def _write_passages(self) -> None:
        while True:
            self._write_passage(await self._passed.get())

    # --- in this turn of the loop -------------------------------------------------------------------

    def _followed(self, inbound: Inbound, event: Event) -> _Told:
        """The door is told before the opening that follows is judged, and before an answer of ours is sent."""
        device = DeviceId(inbound.device)
        door = self._index.space.door_of(device)
        if door is None:
            return _Told(inbound, event)
        request = event.data.re if isinstance(event.data, LocalDecisionData) else None
        supersedes = request is not None and self._answered(request)
        if request is not None:
            self._doors.taken_over(door, request)
        if event.type is not EventType.LOCAL_GRANTED:
            return _Told(inbound, event, None, supersedes)
        at = self._presence.true_time(inbound, event.ts, event.age_ms)
        return _Told(inbound, event, self._doors.let_in_alone(door, device, at), supersedes)

    def _direction(self, told: _Told) -> Literal["in", "out"]:
        said = told.event.data.direction if isinstance(told.event.data, LocalDecisionData) else None
        return direction_of(self._index.space.devices[DeviceId(told.inbound.device)], said)

    # --- one after the other ------------------------------------------------------------------------

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
        came_in = told.event.type is EventType.LOCAL_GRANTED and self._direction(told) != "out"
        visitor = self._visitors.told_of(
            found, self._presence.true_time(told.inbound, told.event.ts, told.event.age_ms), came_in=came_in
        )
        return _Holder(visitor.credential, visitor.person, visitor.visits) if visitor is not None else _NOBODY_KNOWN

    async def _write(self, told: _Told, holder: _Holder) -> None:
        fact = self._settled(self._fact(told, holder), holder)[0]
        fact = replace(fact, detail={key: value for key, value in fact.detail.items() if key != "charge"})
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
        self._follow(told, fact, holder)

    def _follow(self, told: _Told, fact: Fact, holder: _Holder) -> None:
        """What came of it is known by now, or will be soon."""
        if told.entered is not None and fact.detail.get("direction") != "out":
            passed = _Passed(told, fact, holder)
            told.entered.add_done_callback(lambda _: self._passed.put_nowait(passed))

    def _write_passage(self, passed: _Passed) -> None:
        told, granted = passed.told, passed.fact
        assert told.entered is not None
        entered = told.entered.result()
        door = self._index.space.doors.get(granted.door) if granted.door is not None else None
        if door is None or (granted.correlation is not None and self._doors.has_entered(door, granted.correlation)):
            return
        kept = ("grant", "via", "credential", "last_two", "late_s")
        detail = {key: granted.detail[key] for key in kept if key in granted.detail}
        fact = replace(
            granted,
            kind=FactKind.ENTRY_TAKEN if entered is not None else FactKind.ENTRY_NOT_TAKEN,
            at=entered or granted.at,
            message_id=None,
            detail={**detail, "alone": True, "from": door.outer},
        )
        fact, *more = self._settled(fact, passed.holder) if entered is not None else (fact,)
        # Told at once, so that whoever went in next is judged with what this one used.
        for one in (fact, *more):
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
                "direction": self._direction(told),
            }
            visit = event.data.visit
            # By which staff can ask the partner, who is perhaps none any more.
            detail |= {"pass": f"{visit.iss}/{visit.id}"} if visit is not None else {}
        if credential is not None:
            detail |= {"credential": credential.id, "last_two": credential.last_two or None}
        if told.supersedes:
            detail["supersedes"] = True
        if lateness(age) is not Lateness.NORMAL:
            # None: nobody knows how late.
            detail["late_s"] = round(age, 1) if math.isfinite(age) else None
        return Fact(
            FactKind.LOCAL_GRANTED if event.type is EventType.LOCAL_GRANTED else FactKind.LOCAL_DENIED,
            self._presence.true_time(inbound, event.ts, event.age_ms),
            door=door.id if door is not None else None,
            device=device,
            area=door.inner if door is not None else None,
            person=holder.person.id if holder.person is not None else None,
            message_id=event.id,
            correlation=event.data.re or event.id if isinstance(event.data, LocalDecisionData) else event.id,
            detail={key: value for key, value in detail.items() if value is not None or key == "late_s"},
        )

    def _settled(self, fact: Fact, holder: _Holder) -> tuple[Fact, ...]:
        door = self._index.space.doors.get(fact.door) if fact.door is not None else None
        leaves = fact.detail.get("direction") == "out"
        if fact.kind is FactKind.LOCAL_DENIED or holder.person is None or door is None or leaves:
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
        return settled(replace(fact, detail=detail), rights, decision)
