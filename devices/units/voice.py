"""How a device speaks: numbered ids, its presence, and events kept while nobody listens.

What the events mean is each machine's own affair.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from devices.messages import BadgeReadData, DeviceState, Event, EventDetails, EventType, LocalDecisionData, Status
from devices.topics import Kind
from devices.units.steps import Effects, Publish

# A door is used a few hundred times a day: a day's outage fits a microcontroller's memory, the oldest gives way.
EVENTS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Voice:
    """One power-on of one device: `boot` names it, `seq` numbers what is said in it."""

    boot: str
    seq: int = 0
    online: bool = False
    kept: tuple[Event, ...] = ()  # happened while offline, told with their own times when the link is back

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
        """Say that something happened; kept for later when nobody would hear it."""
        voice = self.numbered()
        event = Event(id=voice.last_id, type=event_type, ts=now, channel=channel, data=data)
        if voice.online:
            return voice, (Publish(Kind.EVENT, event),)
        return replace(voice, kept=(*voice.kept, event)[-EVENTS_KEPT:]), ()

    def connected(self, now: datetime) -> tuple["Voice", Effects]:
        """What was kept goes out first come, first told, with its true age."""
        told = tuple(Publish(Kind.EVENT, _aged(event, now)) for event in self.kept)
        return replace(self, online=True, kept=()), told

    def disconnected(self) -> "Voice":
        return replace(self, online=False)

    def status(self, *, gone: bool = False, lost: bool = False, now: datetime | None = None) -> Status:
        state = DeviceState.LOST if lost else DeviceState.DISCONNECTED if gone else DeviceState.READY
        return Status(state=state, boot=self.boot, ts=now)


def _aged(event: Event, now: datetime) -> Event:
    age = (now - event.ts).total_seconds() if event.ts is not None else 0.0
    return event.model_copy(update={"age_ms": max(0, round(age * 1000))})
