"""The doors: commands to their devices, and one worker for each that runs the state machine on what comes back.

Who may pass is decided before (`access`); what a door does next is `domain.door`'s table. An unlock is
sent now or never: not to a door that is not ready, not without a live link.
"""

import logging
import math
import secrets
from asyncio import Future, get_running_loop
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from controller.domain.alarm import Alarm, AlarmKind
from controller.domain.building import Door, Space
from controller.domain.door import Input
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.house import HouseState, Wanted
from controller.domain.ids import AreaId, DeviceId, DoorId
from controller.domain.membership import Person
from controller.domain.rights import DenyReason, Read
from controller.domain.scope import covers
from controller.domain.times import Lateness, lateness
from controller.services.doors.alarms import Alarms
from controller.services.doors.door_tile import AccessOf
from controller.services.doors.door_worker import DoorWorker, Passage
from controller.services.doors.let_in_alone import Edge, LetInAlone
from controller.services.inbound import Inbound
from controller.services.ports import Clock, Note, Outbound
from controller.services.presence import Presence
from controller.services.screens.live import LiveFeed
from devices.errors import LinkError
from devices.ids import new_id
from devices.messages import HELD_OPEN, IN_GRACE, Ack, AckPhase, Command, Do, Event, EventType, Signal, State

logger = logging.getLogger(__name__)

LOCK_CHANNEL = "door.lock"
UNLOCK_TTL_MS = 3_000
# After the command's own life and the time a bolt takes, silence is an answer too.
ANSWER_LIMIT = 5.0
# A reader beside the lock is heard by its own way: so long an old opening waits for the reader's word on it.
HELD_BACK_FOR = 1.5
HELD_BACK_AFTER = 1.0
# Taps that doors decided alone after all: what is answered later than that is too old to open anything.
TAKEN_OVER_KEPT = 1_000
_EDGES = {EventType.DOOR_OPENED: "open", EventType.DOOR_CLOSED: "closed"}
_EVENT_FACTS = {
    EventType.DOOR_OPENED: FactKind.DOOR_OPENED,
    EventType.DOOR_CLOSED: FactKind.DOOR_CLOSED,
    EventType.REX: FactKind.EXIT_REQUESTED,
    EventType.TAMPER: FactKind.TAMPERED,
}


@dataclass(frozen=True, slots=True)
class _Unlock:
    """One unlock on its way: who for, and since when."""

    door: Door
    passage: Passage
    sent_at: datetime
    sent_mono: float


@dataclass(slots=True)
class _HeldBack:
    """An old opening that somebody's entry may still explain, and what the unit has said since."""

    edge: Edge
    then: list[Callable[[], None]] = field(default_factory=list)


class Doors:
    """All doors of the space, by id."""

    def __init__(
        self,
        space: Space,
        outbound: Outbound,
        presence: Presence,
        note: Note,
        feed: LiveFeed,
        clock: Clock,
        alarms: Alarms,
        *,
        access_of: AccessOf = lambda _: None,
        is_on_air: Callable[[AreaId], bool] = lambda _: False,
    ) -> None:
        """`access_of`: what a screen says of a door's own access list; `is_on_air`: whether a recording goes on there."""
        self._space = space
        self._outbound = outbound
        self._presence = presence
        self._note = note
        self._clock = clock
        self._unlocks: dict[str, _Unlock] = {}
        self._alarms = alarms
        self._is_on_air = is_on_air
        self._boots: dict[DeviceId, str] = {}
        self._alone = LetInAlone(clock)
        self._held_back: dict[DoorId, _HeldBack] = {}
        self._taken_over: dict[str, None] = {}  # oldest first
        self._workers = {
            door.id: DoorWorker(door, presence, note, feed, clock, alarms, access_of, self._warn_held)
            for door in space.doors.values()
        }
        self._of_unit = {worker.door.unit: worker for worker in self._workers.values()}
        alarms.listen(self._alarm_changed)

    @property
    def workers(self) -> Iterable[DoorWorker]:
        """Each runs as a task of its own."""
        return self._workers.values()

    def publish(self, space: Space) -> None:
        """Take up another version of the space with the same doors: what they are called, and how long they wait."""
        self._space = space
        for worker in self._workers.values():
            worker.adopt(space.doors[worker.door.id])

    # --- answers ----------------------------------------------------------------------------------

    def release(
        self,
        door: Door,
        read: Read,
        hold_s: float,
        person: Person | None,
        detail: Mapping[str, Plain] | None = None,
        *,
        in_grace: bool = False,
        first: Passage | None = None,
    ) -> None:
        """Unlock this door for whoever was granted, once, as the answer to that read.

        `detail` goes into the fact that tells whether they went in. `in_grace`: they are told that a payment is late.
        `first`: who waited at this two-person door and goes in with them.
        """
        who = person.id if person is not None else None
        passage = Passage(who, read.correlation, hold_s, read.direction == "out", detail or {}, first)
        if read.message_id in self._taken_over:
            # Its reader has decided since: the lock would refuse, and the person has been answered.
            return
        if not self._presence.is_ready(door.unit):
            self._not_unlocked(door, passage, "door_offline")
            self._signal(read, Signal.TRY_AGAIN.value)
            return
        now = self._clock.now()
        told = IN_GRACE if in_grace else None
        command = self._command(Do.UNLOCK, now, channel=LOCK_CHANNEL, hold_s=hold_s, re=read.message_id, reason=told)
        try:
            self._outbound.send(door.unit, command, expiry_s=UNLOCK_TTL_MS // 1000, correlation=read.message_id)
        except LinkError:
            self._not_unlocked(door, passage, "not_connected")
            return
        self._unlocks[command.id] = _Unlock(door, passage, now, self._clock.monotonic())
        self._workers[door.id].tell(Input.EXIT if passage.is_leaving else Input.GRANTED, passage)
        if read.reader != door.unit:
            self._signal(read, told)

    def signal_denied(self, read: Read, reason: DenyReason) -> None:
        """Tell the reader no; the code is for its own display at most, the person sees a red light."""
        self._signal(read, str(reason))

    def signal_pin(self, read: Read) -> None:
        """Ask for the PIN that belongs to this badge; the reader's question stays open until it comes."""
        self._signal(read, Signal.ENTER_PIN.value)

    # --- what doors decided alone -----------------------------------------------------------------

    def let_in_alone(self, door: Door, device: DeviceId, at: datetime) -> Future[datetime | None]:
        """Somebody was let through at `at`; when they went, or None if they did not, as soon as it is known."""
        entered = self._alone.granted(door, at, apart=device != door.unit)
        held = self._held_back.get(door.id)
        if held is not None and held.edge.is_explained:
            self._go_on(door.id)
        return entered

    def taken_over(self, door: Door, correlation: str) -> None:
        """This tap was decided at the door, whatever we answered: nobody waits for our unlock, sent or not."""
        self._taken_over[correlation] = None
        if len(self._taken_over) > TAKEN_OVER_KEPT:
            del self._taken_over[next(iter(self._taken_over))]
        for command_id in [key for key, one in self._unlocks.items() if one.passage.correlation == correlation]:
            del self._unlocks[command_id]
        self._workers[door.id].withdraw(correlation)

    def has_entered(self, door: Door, correlation: str) -> bool:
        """Whether an opening was taken for that tap's entry already, by our own unlock."""
        return self._workers[door.id].has_entered(correlation)

    def _go_on(self, door: DoorId) -> None:
        held = self._held_back.pop(door, None)
        for step in held.then if held is not None else ():
            step()

    # --- what devices say -------------------------------------------------------------------------

    def state_reported(self, inbound: Inbound, state: State) -> None:
        """A door unit's whole snapshot; it is current whenever it comes, so it is taken at once."""
        worker = self._of_unit.get(DeviceId(inbound.device))
        if worker is not None and (held := self._held_back.get(worker.door.id)) is not None:
            held.then.append(partial(worker.reported, state))
        elif worker is not None:
            worker.reported(state)
        inbound.acknowledge()

    def event_happened(self, inbound: Inbound, event: Event) -> None:
        """An edge, an exit button, a tamper contact. Late ones are recorded and move nothing."""
        device = DeviceId(inbound.device)
        age = self._presence.age_of(inbound, event.ts, event.age_ms)
        late = lateness(age)
        worker = self._of_unit.get(device)
        detail: dict[str, Plain] = {}
        if late is not Lateness.NORMAL:
            detail["late_s"] = round(age, 1) if math.isfinite(age) else None  # None: nobody knows how late
        at = event.ts or inbound.received_at
        door = self._door_of(device)
        fact = Fact(_EVENT_FACTS[event.type], at, door=door, device=device, message_id=event.id, detail=detail)
        if worker is not None and event.type in _EDGES:
            true_time = self._presence.true_time(inbound, event.ts, event.age_ms)
            edge = self._alone.moved(worker.door.id, _EDGES[event.type], true_time)
            now = late is Lateness.NORMAL
            self._leaf_moved(worker, fact, edge, inbound.acknowledge, now=now, old=age > HELD_BACK_AFTER)
            return
        self._note(fact, inbound.acknowledge)
        if worker is not None and late is Lateness.NORMAL and event.type is EventType.REX:
            worker.exit_pressed()
        if event.type is EventType.TAMPER and late is not Lateness.HISTORY:
            self._alarms.raise_(AlarmKind.TAMPER, door=door, device=device, at=at, late=late is Lateness.LATE)

    def acknowledged(self, inbound: Inbound, ack: Ack) -> None:
        """What became of a command."""
        unlock = self._unlocks.get(ack.re)
        if unlock is not None and unlock.door.unit == inbound.device:
            if ack.phase is AckPhase.DONE:
                del self._unlocks[ack.re]
                took = self._clock.monotonic() - unlock.sent_mono
                self._about(FactKind.UNLOCK_CONFIRMED, unlock, {"took_ms": round(took * 1000)})
            elif ack.phase is AckPhase.REFUSED:
                del self._unlocks[ack.re]
                self._refused(unlock, ack.reason or "refused")
        inbound.acknowledge()

    def device_changed(self, device: DeviceId) -> None:
        """A device came, went, fell silent or started anew."""
        boot = self._presence.of(device).presence.boot
        if boot is not None and self._boots.get(device, boot) != boot:
            self._alarms.clear(AlarmKind.TAMPER, door=self._door_of(device), device=device)
        if boot is not None:
            self._boots[device] = boot
        worker = self._of_unit.get(device)
        if worker is not None:
            worker.device_changed()

    def follow_props(self, house: HouseState) -> None:
        """Once a second: which doors may stand open now, by leave of staff."""
        now = self._clock.now()
        given = [one for one in house.overrides if one.wanted is Wanted.PROPPED and one.since <= now < one.until]
        for worker in self._workers.values():
            worker.may_stand_open(next((one for one in given if covers(one.scope, worker.door, self._space)), None))

    def sweep(self) -> None:
        """Once a second: an unlock nobody confirmed is not taken for done, and what lasts too long is an alarm."""
        self._alone.look()
        for worker in self._workers.values():
            worker.look()
        limit = self._clock.monotonic() - ANSWER_LIMIT
        for command_id in [key for key, unlock in self._unlocks.items() if unlock.sent_mono < limit]:
            self._refused(self._unlocks.pop(command_id), "no_answer")

    def _warn_held(self, door: Door) -> None:
        """Whoever holds the door hears it there, from everything that reads badges; it answers no read.

        Not while a recording goes on behind it: a chime would be on it. The alarm that follows is staff's, and stays.
        """
        if self._is_on_air(door.inner):
            return
        for device in dict.fromkeys((door.unit, *door.readers)):
            self._show(device, None, HELD_OPEN)

    # --- small steps ------------------------------------------------------------------------------

    def _leaf_moved(
        self, worker: DoorWorker, fact: Fact, edge: Edge, acknowledge: Callable[[], None], *, now: bool, old: bool
    ) -> None:
        door = worker.door

        def judge() -> None:
            worker.moved(fact, edge.contact, fact.at.timestamp(), acknowledge, now=now, excused=edge.is_explained)

        if (held := self._held_back.get(door.id)) is not None:
            held.then.append(judge)
            return
        has_readers_apart = any(reader != door.unit for reader in door.readers)
        if now and old and edge.contact == "open" and not edge.is_explained and has_readers_apart:
            self._held_back[door.id] = _HeldBack(edge, [judge])
            get_running_loop().call_later(HELD_BACK_FOR, self._go_on, door.id)
            return
        judge()

    def _alarm_changed(self, alarm: Alarm) -> None:
        door = alarm.subject.door
        if door in self._workers:
            self._workers[door].show()
        elif door is not None and alarm.stands:
            # Of a door that has left the space: nobody will ever see it closed.
            about = alarm.subject
            self._alarms.clear(alarm.kind, door=door, device=about.device, area=about.area, person=about.person)

    def _door_of(self, device: DeviceId) -> DoorId | None:
        door = self._space.door_of(device)
        return door.id if door is not None else None

    def _refused(self, unlock: _Unlock, reason: str) -> None:
        self._about(FactKind.UNLOCK_REFUSED, unlock, {"reason": reason})
        self._workers[unlock.door.id].tell(Input.REFUSED)

    def _about(self, kind: FactKind, unlock: _Unlock, detail: dict[str, Plain]) -> None:
        self._note(
            Fact(
                kind,
                self._clock.now(),
                door=unlock.door.id,
                device=unlock.door.unit,
                person=unlock.passage.person,
                correlation=unlock.passage.correlation,
                detail={"sent_at": unlock.sent_at.isoformat(), **detail},
            )
        )

    def _not_unlocked(self, door: Door, passage: Passage, reason: str) -> None:
        for each in passage.everybody:
            self._note(
                Fact(
                    FactKind.UNLOCK_NOT_SENT,
                    self._clock.now(),
                    door=door.id,
                    device=door.unit,
                    person=each.person,
                    correlation=each.correlation,
                    detail={"reason": reason},
                )
            )

    def _signal(self, read: Read, reason: str | None) -> None:
        self._show(read.reader, read.message_id, reason)

    def _show(self, reader: DeviceId, re: str | None, reason: str | None) -> None:
        """To a reader that is ready, now or never; any other asks its own access list, as after our silence."""
        if not self._presence.is_ready(reader):
            return
        command = self._command(Do.SIGNAL, self._clock.now(), re=re, reason=reason)
        try:
            self._outbound.send(reader, command, expiry_s=UNLOCK_TTL_MS // 1000, correlation=re)
        except LinkError as error:
            # The reader falls back by itself after its second of silence.
            logger.debug("reader %s was not told: %s", reader, error)

    def _command(self, do: Do, now: datetime, **more: object) -> Command:
        identity = new_id(int(now.timestamp() * 1000), secrets.token_bytes(10))
        return Command(id=identity, ts=now, ttl_ms=UNLOCK_TTL_MS, do=do, **more)  # type: ignore[arg-type]

    def of(self, door: DoorId) -> DoorWorker:
        return self._workers[door]
