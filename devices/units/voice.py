"""How a device speaks: numbered ids, its presence, and events kept while nobody listens.

What the events mean is each machine's own affair.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from devices.messages import (
    BadgeReadData,
    DeviceState,
    Event,
    EventDetails,
    EventType,
    Health,
    LocalDecisionData,
    Status,
)
from devices.topics import Kind
from devices.units.steps import Connected, Disconnected, Effects, Input, Publish, StartTimer, TimerFired, Unheard

# Three events for each entry (decided, opened, closed): more than a thousand entries, days of a busy door. Half a
# megabyte of flash holds it; beyond that the oldest gives way, and is counted.
EVENTS_KEPT = 4096
# What was kept goes out in handfuls, so that a door that comes back is not deaf while it tells of its night.
REPLAY_TIMER = "replay"
REPLAY_BATCH = 50
REPLAY_EVERY_S = 0.1
HEALTH_TIMER = "health"
HEALTH_EVERY_S = 600.0
# The broker confirms too slowly: say it again, but not at once.
SAY_AGAIN_S = 1.0
# Said now or never: by the time somebody hears it nobody stands at the door any more, and a PIN is kept nowhere.
_QUESTIONS = frozenset({EventType.BADGE_READ, EventType.PIN_ENTERED})


@dataclass(frozen=True, slots=True)
class Voice:
    """One power-on of one device: `boot` names it, `seq` numbers what is said in it."""

    boot: str
    seq: int = 0
    online: bool = False
    kept: tuple[Event, ...] = ()  # happened while nobody listened; told with their own times when somebody does
    dropped: int = 0

    @property
    def last_id(self) -> str:
        return f"{self.boot}-{self.seq}"

    def numbered(self) -> "Voice":
        return replace(self, seq=self.seq + 1)

    def tell(
        self,
        event_type: EventType,
        now: datetime,
        data: BadgeReadData | LocalDecisionData | EventDetails | None = None,
        channel: str | None = None,
    ) -> tuple["Voice", Effects]:
        """Say that something happened; kept for later when nobody would hear it, unless it is a question."""
        voice = self.numbered()
        event = Event(id=voice.last_id, type=event_type, ts=now, channel=channel, data=data)
        if voice.online:
            return voice, (Publish(Kind.EVENT, event),)
        return (voice if event_type in _QUESTIONS else _keeping(voice, event)), ()

    def concerns(self, given: Input) -> bool:
        """Whether this input is about speaking, the same for every device."""
        return isinstance(given, Disconnected | Unheard) or given == TimerFired(REPLAY_TIMER)

    def step(self, given: Input, now: datetime) -> tuple["Voice", Effects]:
        match given:
            case Connected():
                return _replays(replace(self, online=True), now)
            case Disconnected():
                return replace(self, online=False), ()
            case Unheard(event=event) if event.type not in _QUESTIONS:
                return _keeping(self, event), (StartTimer(REPLAY_TIMER, SAY_AGAIN_S),)
            case TimerFired(name=timer) if timer == REPLAY_TIMER and self.online:
                return _replays(self, now)
            case _:
                return self, ()

    def status(self, *, gone: bool = False, lost: bool = False, now: datetime | None = None) -> Status:
        state = DeviceState.LOST if lost else DeviceState.DISCONNECTED if gone else DeviceState.READY
        return Status(state=state, boot=self.boot, ts=now)

    def health(self, **more: float | None) -> Effects:
        """How the device is, with what it still has to tell; nothing while nobody listens."""
        if not self.online:
            return ()
        health = Health(queued=len(self.kept), dropped=self.dropped or None).model_copy(update=more)
        return (Publish(Kind.HEALTH, health),)


def _keeping(was: Voice, event: Event) -> Voice:
    kept = (*was.kept, event)
    if was.kept and _moment(event) < _moment(was.kept[-1]):
        # One that was not confirmed comes back after later ones.
        kept = tuple(sorted(kept, key=_moment))
    too_many = max(0, len(kept) - EVENTS_KEPT)
    return replace(was, kept=kept[too_many:], dropped=was.dropped + too_many)


def _replays(was: Voice, now: datetime) -> tuple[Voice, Effects]:
    """First come, first told, each with its true age."""
    told = tuple(Publish(Kind.EVENT, _aged(event, now)) for event in was.kept[:REPLAY_BATCH])
    rest = was.kept[REPLAY_BATCH:]
    more: Effects = (StartTimer(REPLAY_TIMER, REPLAY_EVERY_S),) if rest else ()
    return replace(was, kept=rest), (*told, *more)


def _moment(event: Event) -> datetime:
    assert event.ts is not None  # `tell` gives every event its time
    return event.ts


def _aged(event: Event, now: datetime) -> Event:
    age_ms = round((now - _moment(event)).total_seconds() * 1000)
    return event.model_copy(update={"age_ms": max(0, age_ms)})
