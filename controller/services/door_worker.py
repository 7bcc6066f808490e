"""One door's worker: one inbox, one timer, one state. The table it runs is `domain.door`'s.

It also keeps what the door's device last said, because a screen shows both: what we hold to be true and
what was sensed.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from controller.domain.building import Door
from controller.domain.door import TIMEOUT_OF, DoorState, Effect, Input, report, step, timer_seconds
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.ids import PersonId
from controller.services.live import LiveFeed
from controller.services.ports import Clock
from controller.services.presence import Presence
from devices.messages import State

logger = logging.getLogger(__name__)

CONTACT_CHANNEL = "door.contact"
LOCK_CHANNEL = "door.lock"
# A door that says more than this before its worker has had a turn is broken; its newest report is kept.
INBOX_LIMIT = 256

SHOWN_AS: dict[DoorState, str] = {
    DoorState.UNKNOWN: "unknown",
    DoorState.LOCKED: "locked",
    DoorState.RELOCKED: "locked",
    DoorState.LOCKING: "released",  # closed, but nobody has felt the bolt yet
    DoorState.RELEASED: "released",
    DoorState.LEAVING: "released",
    DoorState.FREE: "released",
    DoorState.AJAR: "ajar",
    DoorState.OPEN: "open",
    DoorState.HELD: "held",
    DoorState.FORCED: "forced",
}
"""The words of the page and of `live/door` for each state."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody who was granted and has not gone through yet."""

    person: PersonId | None
    correlation: str
    hold_s: float
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    input: Input
    passage: Passage | None = None


class DoorWorker:
    """Runs one door. `tell` and `reported` may be called by anyone in the loop; only `run` moves the state."""

    def __init__(
        self, door: Door, presence: Presence, note: Callable[[Fact], None], feed: LiveFeed, clock: Clock
    ) -> None:
        self.door = door
        self.state = DoorState.UNKNOWN
        self._presence = presence
        self._note = note
        self._feed = feed
        self._clock = clock
        self._inbox: asyncio.Queue[_Told] = asyncio.Queue(INBOX_LIMIT)
        self._timer: tuple[float, Input] | None = None  # the loop's clock
        self._passing: list[Passage] = []
        self._contact: str | None = None
        self._lock: str | None = None
        self._reported_at: datetime | None = None
        self._newest: datetime | None = None  # the device's own time of its last report, in this boot of its
        self._boot: str | None = None
        self._since = clock.now()
        self._alarm: str | None = None
        self.show()

    # --- what comes in ----------------------------------------------------------------------------

    def tell(self, event: Input, passage: Passage | None = None) -> None:
        """Hand over one input; never waits."""
        try:
            self._inbox.put_nowait(_Told(event, passage))
        except asyncio.QueueFull:
            logger.warning("%s says more than can be followed; %s was dropped", self.door.name, event)

    def reported(self, state: State) -> None:
        """Take a snapshot of the door's device, unless it is older than the last one."""
        if self._newest is not None and state.ts < self._newest:
            return
        self._newest = self._reported_at = state.ts
        self._contact = _text(state.v.get(CONTACT_CHANNEL), self._contact)
        self._lock = _text(state.v.get(LOCK_CHANNEL), self._lock)
        self._sense()
        self.show()

    def device_changed(self) -> None:
        """Its device came, went, fell silent or started anew."""
        boot = self._presence.of(self.door.unit).presence.boot
        if boot != self._boot:
            self._boot = boot
            # Perhaps it has another clock now: its next report is the newest whatever its time.
            self._newest = None
            if self._alarm == "tamper":
                self._alarm = None
        if not self._presence.is_there(self.door.unit):
            self.tell(Input.LOST)
        self.show()

    def raise_tamper(self) -> None:
        """Shown until the device starts anew; acknowledging alarms comes with their own list."""
        self._alarm = "tamper"
        self.show()

    # --- the worker -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take inputs and timeouts in turn, for ever."""
        while True:
            told = await self._next()
            self._take(told)

    async def _next(self) -> _Told:
        if self._timer is None:
            return await self._inbox.get()
        due, timeout = self._timer
        try:
            async with asyncio.timeout_at(due):
                return await self._inbox.get()
        except TimeoutError:
            self._timer = None
            return _Told(timeout)

    def _take(self, told: _Told) -> None:
        if told.passage is not None and told.input is Input.GRANTED:
            self._passing.append(told.passage)
        before = self.state
        self.state, effects = step(before, told.input, has_contact=self.door.has_contact)
        if self.state is not before:
            self._since = self._clock.now()
            logger.debug("%s: %s, now %s", self.door.name, told.input, self.state)
        for effect in effects:
            self._carry_out(effect, told)
        if self.state is not before or effects:
            self.show()

    def _carry_out(self, effect: Effect, told: _Told) -> None:
        if effect in TIMEOUT_OF:
            hold_s = told.passage.hold_s if told.passage is not None else None
            seconds = timer_seconds(effect, self.door.timings, hold_s)
            assert seconds is not None  # every starting effect has a time
            self._timer = (asyncio.get_running_loop().time() + seconds, TIMEOUT_OF[effect])
            return
        match effect:
            case Effect.STOP_TIMER:
                self._timer = None
            case Effect.NOTE_ENTRY_TAKEN:
                self._note_passing(FactKind.ENTRY_TAKEN)
            case Effect.NOTE_ENTRY_NOT_TAKEN:
                self._note_passing(FactKind.ENTRY_NOT_TAKEN)
            case Effect.WARN_HELD:
                self._fact(FactKind.DOOR_HELD_WARNING)
            case Effect.RAISE_HELD:
                self._alarm = "held"
                self._fact(FactKind.DOOR_HELD)
            case Effect.RAISE_FORCED:
                self._alarm = "forced"
                self._fact(FactKind.DOOR_FORCED)
            case Effect.CLEAR_HELD | Effect.CLEAR_FORCED:
                if self._alarm in ("held", "forced"):
                    self._alarm = None
            case Effect.SENSE_AGAIN:
                self._sense()

    def _note_passing(self, kind: FactKind) -> None:
        for passage in self._passing:
            self._fact(kind, person=passage.person, correlation=passage.correlation)
        self._passing.clear()

    def _sense(self) -> None:
        for event in report(self._contact, self._lock, is_free=False, has_contact=self.door.has_contact):
            self.tell(event)

    def _fact(
        self, kind: FactKind, *, person: PersonId | None = None, correlation: str | None = None, **detail: Plain
    ) -> None:
        self._note(
            Fact(
                kind,
                self._clock.now(),
                door=self.door.id,
                device=self.door.unit,
                area=self.door.inner,
                person=person,
                correlation=correlation,
                detail=detail,
            )
        )

    def show(self) -> None:
        """Put the door as it is now on the live feed."""
        self._feed.put(
            "door",
            self.door.id,
            {
                "id": self.door.id,
                "name": self.door.name,
                "floor": self.door.floor,
                "at": list(self.door.at),
                "state": SHOWN_AS[self.state],
                "lock": self._lock or "unknown",
                "contact": self._contact or "unknown",
                "mode": "unlocked" if self.state is DoorState.FREE else "locked",
                "device": self._presence.word(self.door.unit),
                "since": self._since.isoformat(),
                "reported_at": self._reported_at.isoformat() if self._reported_at is not None else None,
                "alarm": self._alarm,
            },
        )


def _text(value: object, otherwise: str | None) -> str | None:
    """A missing key is no news; null says that the device does not know either."""
    return value if isinstance(value, str) else otherwise
