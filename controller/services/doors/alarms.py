"""The alarms: raised by whoever sees a cause, shown at once, kept behind that, acknowledged from here or elsewhere.

What an alarm is and how it ends is `domain.alarm`'s. The truth is in memory, so that raising one never waits; `run`
writes it down and follows the store, because `natoma alarms ack` is another process.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from controller.domain import alarm as rules
from controller.domain.alarm import Acknowledgement, Alarm, AlarmKind, AlarmState, Subject
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.ids import AlarmId, AreaId, DeviceId, DoorId, PersonId
from controller.errors import InputError, StoreError
from controller.services.ports import Clock
from controller.services.screens.live import LiveFeed

logger = logging.getLogger(__name__)

TOPIC = "alarm"
# An acknowledgement typed at the desk shows on the page before the hand is off the key.
LOOK_EVERY = 0.5
# Six of these name one alarm of a lifetime; none is taken for another when read aloud.
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"


class AlarmStore(Protocol):
    """Alarms as they are kept, with a version of their own: raising one is no change of anybody's rights.

    The service writes causes, whoever acknowledges writes answers, and neither writes over the other's.
    """

    async def version(self) -> int: ...  # rises with every committed change, by this or any other process
    async def load_open(self) -> tuple[Alarm, ...]: ...  # all that are not closed, oldest first
    async def latest(self, limit: int = 50) -> tuple[Alarm, ...]: ...  # in any state, oldest first
    async def find(self, alarm: AlarmId) -> Alarm | None: ...
    async def save(self, alarm: Alarm) -> None: ...  # a new one, or its cause as it is now; never its answer
    async def acknowledge(self, alarm: AlarmId, answer: Acknowledgement) -> Alarm: ...  # InputError: not open


class Alarms:
    """All open alarms. One event loop's: no thread may call it."""

    def __init__(
        self,
        store: AlarmStore | None,
        note: Callable[[Fact], None],
        feed: LiveFeed,
        clock: Clock,
        *,
        words: Callable[[Alarm], str] = lambda alarm: alarm.kind,
    ) -> None:
        """Without a `store` alarms live as long as the process; `words` says one in a sentence."""
        self._store = store
        self._note = note
        self._feed = feed
        self._clock = clock
        self._words = words
        self._open: dict[AlarmId, Alarm] = {}
        self._unwritten: dict[AlarmId, Alarm] = {}
        self._version = -1
        self._news = asyncio.Event()
        self._listeners: list[Callable[[Alarm], None]] = []

    def listen(self, listener: Callable[[Alarm], None]) -> None:
        """Be told of every alarm that changed."""
        self._listeners.append(listener)

    # --- questions --------------------------------------------------------------------------------

    @property
    def open(self) -> tuple[Alarm, ...]:
        """All that staff still have to look at, oldest first."""
        return tuple(sorted(self._open.values(), key=lambda alarm: alarm.raised_at))

    def standing(self, door: DoorId) -> tuple[Alarm, ...]:
        """Those at this door whose cause lasts, as anybody may see them."""
        return tuple(
            alarm for alarm in self.open if alarm.subject.door == door and alarm.stands and not alarm.is_silent
        )

    def stands(
        self,
        kind: AlarmKind,
        *,
        door: DoorId | None = None,
        device: DeviceId | None = None,
        area: AreaId | None = None,
        person: PersonId | None = None,
    ) -> bool:
        """Whether the cause of this one lasts."""
        known = self._find(kind, Subject(door, device, area, person))
        return known is not None and known.stands

    # --- causes -----------------------------------------------------------------------------------

    def raise_(
        self,
        kind: AlarmKind,
        *,
        door: DoorId | None = None,
        device: DeviceId | None = None,
        area: AreaId | None = None,
        person: PersonId | None = None,
        at: datetime | None = None,
        late: bool = False,
        detail: Mapping[str, Plain] | None = None,
    ) -> Alarm:
        """Something happened that staff must see; the same again while it is open is counted, not another alarm."""
        at = at or self._clock.now()
        subject = Subject(door, device, area, person)
        known = self._find(kind, subject)
        if known is not None:
            after = rules.again(known, at, detail or {}, late=late)
        else:
            after = rules.first(_new_id(), kind, subject, at, detail or {}, late=late)
        self._changed(known, after)
        if known is None or (after.stands and not known.stands):
            if not after.is_silent:  # what is logged stands on somebody's screen
                logger.warning("alarm %s: %s", after.id, self._words(after))
            self._tell(FactKind.ALARM_RAISED, after, at)
        return after

    def raise_once(self, kind: AlarmKind, *, door: DoorId) -> None:
        """The cause of this one lasts: said again and again, it is one alarm and not counted."""
        if not self.stands(kind, door=door):
            self.raise_(kind, door=door)

    def describe(self, kind: AlarmKind, detail: Mapping[str, Plain]) -> None:
        """Something else is true of what lasts: it is told in other words, and has not happened once more."""
        known = self._find(kind, Subject())
        if known is not None and known.stands:
            self._changed(known, replace(known, detail={**known.detail, **detail}))

    def clear(
        self,
        kind: AlarmKind,
        *,
        door: DoorId | None = None,
        device: DeviceId | None = None,
        area: AreaId | None = None,
        person: PersonId | None = None,
        at: datetime | None = None,
    ) -> None:
        """Its cause is over; clearing what does not stand is nothing."""
        known = self._find(kind, Subject(door, device, area, person))
        if known is None or not known.stands:
            return
        at = at or self._clock.now()
        after = rules.cleared(known, at)
        self._changed(known, after)
        self._tell(FactKind.ALARM_CLEARED, after, at)

    # --- answers ----------------------------------------------------------------------------------

    async def acknowledge(self, alarm: AlarmId, by: str, note: str) -> Alarm:
        """Somebody sees to it.

        Raises:
            InputError: there is no such open alarm, it is acknowledged already, or who and why are not said.
        """
        answer = answer_of(by, note, self._clock.now())
        known = self._open.get(alarm)
        if self._store is not None:
            await self._write()  # what is acknowledged must be there
            answered = await self._store.acknowledge(alarm, answer)
        else:
            answered = answer_to(known, alarm, answer)
        self._answered(answered)
        return self._open.get(alarm, answered)

    def _answered(self, kept: Alarm) -> None:
        """What the store says of an answer; the cause is ours to know."""
        known = self._open.get(kept.id)
        if known is None or kept.answer is None or kept.answer == known.answer:
            return
        after = replace(known, answer=kept.answer)
        self._changed(known, after, written=True)
        if after.state is not known.state:
            self._tell(FactKind.ALARM_ACKNOWLEDGED, after, kept.answer.at)

    # --- the store --------------------------------------------------------------------------------

    async def recall(self) -> None:
        """What was open before the last stop; whether its cause lasts, whoever raised it will find out."""
        if self._store is None:
            return
        self._version = await self._store.version()
        for alarm in await self._store.load_open():
            self._changed(None, alarm, written=True)

    async def run(self) -> None:
        """Write what changed and follow what others changed, for ever."""
        failing = False
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            try:
                await self._write()
                await self._follow()
            except StoreError as error:
                logger.log(logging.DEBUG if failing else logging.WARNING, "alarms cannot be kept now: %s", error)
                failing = True
                await asyncio.sleep(LOOK_EVERY)  # unwritten news would wake us at once
            else:
                if failing:
                    logger.info("alarms are kept again")
                failing = False

    async def _write(self) -> None:
        while self._unwritten and self._store is not None:
            id_, alarm = next(iter(self._unwritten.items()))
            await self._store.save(alarm)
            if self._unwritten.get(id_) is alarm:
                del self._unwritten[id_]

    async def _follow(self) -> None:
        if self._store is None:
            return
        version = await self._store.version()
        if version == self._version:
            return
        kept = {alarm.id: alarm for alarm in await self._store.load_open()}
        for id_ in [id_ for id_ in self._open if id_ not in kept]:
            closed = await self._store.find(id_)
            if closed is not None:
                kept[id_] = closed
        for alarm in kept.values():
            self._answered(alarm)
        self._version = version

    # --- small steps ------------------------------------------------------------------------------

    def _find(self, kind: AlarmKind, subject: Subject) -> Alarm | None:
        return next((alarm for alarm in self._open.values() if (alarm.kind, alarm.subject) == (kind, subject)), None)

    def _changed(self, before: Alarm | None, after: Alarm, *, written: bool = False) -> None:
        if after == before:
            return
        if after.is_open:
            self._open[after.id] = after
        else:
            self._open.pop(after.id, None)
        if not written:
            self._unwritten[after.id] = after
            self._news.set()
        if not after.is_silent:
            if after.is_open:
                self._feed.put(TOPIC, after.id, as_plain(after, self._words(after)))
            else:
                self._feed.forget(TOPIC, after.id)
        for listener in self._listeners:
            listener(after)

    def _tell(self, kind: FactKind, alarm: Alarm, at: datetime) -> None:
        detail: dict[str, Plain] = {"alarm": alarm.kind, "id": alarm.id}
        if alarm.is_silent:
            detail["silent"] = True
        if kind is FactKind.ALARM_RAISED:
            detail |= {"late": True} if alarm.late else {}
        if kind is FactKind.ALARM_ACKNOWLEDGED and alarm.answer is not None:
            detail |= {"by": alarm.answer.by, "note": alarm.answer.note}
        about = alarm.subject
        self._note(
            Fact(kind, at, door=about.door, device=about.device, area=about.area, person=about.person, detail=detail)
        )


def answer_of(by: str, note: str, at: datetime) -> Acknowledgement:
    """Who sees to it and what they say, or InputError."""
    if not by.strip():
        raise InputError("an acknowledgement needs who sees to it: give a name")
    if not note.strip():
        raise InputError("an acknowledgement needs a note: say what was found, or what is done about it")
    return Acknowledgement(by.strip(), note.strip(), at)


def answer_to(alarm: Alarm | None, id_: AlarmId, answer: Acknowledgement) -> Alarm:
    """The alarm with this answer, or InputError with what stands in its way; for every store alike."""
    if alarm is None:
        raise InputError(f"no alarm {id_!r}: natoma alarms lists those that are open")
    if alarm.state in (AlarmState.ACKNOWLEDGED, AlarmState.CLOSED) and alarm.answer is not None:
        raise InputError(
            f"alarm {id_!r} was acknowledged by {alarm.answer.by} at {alarm.answer.at:%Y-%m-%d %H:%M} UTC: "
            f"{alarm.answer.note}"
        )
    return rules.acknowledged(alarm, answer)


def as_plain(alarm: Alarm, text: str) -> dict[str, object]:
    """The shape the page and `natoma alarms --json` share."""
    answer = alarm.answer if alarm.state in (AlarmState.ACKNOWLEDGED, AlarmState.CLOSED) else None
    return {
        "id": alarm.id,
        "kind": str(alarm.kind),
        "state": str(alarm.state),
        "text": text,
        "door": alarm.subject.door,
        "room": alarm.subject.area if alarm.subject.door is None else None,
        "device": alarm.subject.device,
        "since": alarm.since.isoformat(),
        "last_at": alarm.last_at.isoformat(),
        "count": alarm.count,
        "late": alarm.late,
        "cleared_at": alarm.cleared_at.isoformat() if alarm.cleared_at is not None else None,
        "by": answer.by if answer is not None else None,
        "note": answer.note if answer is not None else None,
    }


def _new_id() -> AlarmId:
    return AlarmId("".join(secrets.choice(_LETTERS) for _ in range(6)))
