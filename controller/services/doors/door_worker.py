"""One door's worker: one inbox, one timer, one state. The table it runs is `domain.door_table`'s.

It also keeps what the door's device last said, because a screen shows both (`door_tile`): what we hold to be true and
what was sensed.

Whoever decides the mode of a door (`services.modes`) tells it in two ways. What changes how an opening is judged is an
input: `tell(Input.UNLOCK_BEGAN)` and `tell(Input.UNLOCK_ENDED)` for any mode in which no badge is needed,
`tell(Input.FIRE_BEGAN)` and `tell(Input.FIRE_ENDED)` for fire. They may be told again at will, before the door was
sensed as well: the worker keeps them and says them to the table with every report. What is shown is
`set_mode(mode, until, why)`, with mode locked, unlocked, lockdown, fire or free.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.alarm import AlarmKind
from controller.domain.building import Door
from controller.domain.door import OPENED_STATES, TIMEOUT_OF, DoorState, Effect, Input, report, step, timer_seconds
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.house import Override
from controller.domain.ids import PersonId
from controller.services.doors.alarms import Alarms
from controller.services.doors.door_leaf import DoorLeaf
from controller.services.doors.door_tile import AccessOf, Mode, tile
from controller.services.doors.exit_button import ExitButton
from controller.services.ports import Clock, Note
from controller.services.presence import Presence
from controller.services.screens.live import LiveFeed
from devices.messages import State

logger = logging.getLogger(__name__)

CONTACT_CHANNEL = "door.contact"
LOCK_CHANNEL = "door.lock"
EXIT_CHANNEL = "door.rex"  # true while the exit button is pressed
# A door that says more than this before its worker has had a turn is broken; its newest report is kept.
INBOX_LIMIT = 256
# Entries of which their readers may still say that they decided them alone.
ENTERED_KEPT = 16
# A broker that starts again loses every device for a moment; one that stays away is worth a person's walk.
LOST_FOR = 60.0

_RAISES: dict[Effect, AlarmKind] = {
    Effect.RAISE_HELD: AlarmKind.DOOR_HELD,
    Effect.RAISE_FORCED: AlarmKind.DOOR_FORCED,
    Effect.RAISE_AJAR: AlarmKind.DOOR_AJAR,
    Effect.RAISE_LOCK_FAULT: AlarmKind.LOCK_FAULT,
}
_CLEARS: dict[Effect, AlarmKind] = {
    Effect.CLEAR_HELD: AlarmKind.DOOR_HELD,
    Effect.CLEAR_FORCED: AlarmKind.DOOR_FORCED,
    Effect.CLEAR_AJAR: AlarmKind.DOOR_AJAR,
    Effect.CLEAR_LOCK_FAULT: AlarmKind.LOCK_FAULT,
}
_FACTS: dict[Effect, FactKind] = {
    Effect.WARN_HELD: FactKind.DOOR_HELD_WARNING,
    Effect.RAISE_HELD: FactKind.DOOR_HELD,
    Effect.RAISE_FORCED: FactKind.DOOR_FORCED,
}


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody who was granted and has not gone through yet.

    `detail` is the decision's (its grant, via, charge, …), copied into the fact that tells whether they went in.
    """

    person: PersonId | None
    correlation: str
    hold_s: float
    is_leaving: bool = False
    detail: Mapping[str, Plain] = field(default_factory=dict)
    first: "Passage | None" = None  # at a two-person door: who waited there, and goes in by the same opening

    @property
    def everybody(self) -> tuple["Passage", ...]:
        """Each of them has a fact of their own."""
        return (self,) if self.first is None else (self.first, self)


@dataclass(frozen=True, slots=True)
class _Told:
    input: Input | None  # None: only look at the time again
    passage: Passage | None = None
    withdrawn: str | None = None


class DoorWorker:
    """Runs one door. `tell` and `reported` may be called by anyone in the loop; only `run` moves the state."""

    def __init__(
        self,
        door: Door,
        presence: Presence,
        note: Note,
        feed: LiveFeed,
        clock: Clock,
        alarms: Alarms,
        access_of: AccessOf,
        warn_held: Callable[[Door], None],
    ) -> None:
        """`warn_held`: tell whoever keeps the door open, at the door."""
        self.door = door
        self.state = DoorState.UNKNOWN
        self._presence = presence
        self._note = note
        self._feed = feed
        self._clock = clock
        self._alarms = alarms
        self._access_of = access_of
        self._warn_held = warn_held
        self._inbox: asyncio.Queue[_Told] = asyncio.Queue(INBOX_LIMIT)
        self._timer: tuple[float, Input] | None = None  # monotonic
        self._passing: list[Passage] = []
        self._entered: deque[str] = deque(maxlen=ENTERED_KEPT)
        self._leaf = DoorLeaf(door.timings.flap, note, clock)
        self._lock: str | None = None
        self._button = ExitButton(door.timings.exit_fault, clock)
        self._reported_at: datetime | None = None
        self._newest: datetime | None = None  # the device's own time of its last report, in this boot of its
        self._boot: str | None = None
        self._lost_since: float | None = None
        self._since = clock.now()
        self._is_free = False
        self._is_fire = False
        self._mode: Mode | None = None
        self._leave: Override | None = None  # to stand open
        self._used_up: str | None = None  # the leave that ended when the door closed
        self.show()

    def adopt(self, door: Door) -> None:
        """Take up another version of the same door; a timer that runs keeps the time it was given."""
        self.door = door
        self._leaf.window = door.timings.flap
        self._button.limit = door.timings.exit_fault
        self.show()

    # --- what comes in ----------------------------------------------------------------------------

    def tell(self, event: Input, passage: Passage | None = None) -> None:
        """Hand over one input; never waits."""
        match event:
            case Input.UNLOCK_BEGAN | Input.UNLOCK_ENDED:
                self._is_free = event is Input.UNLOCK_BEGAN
            case Input.FIRE_BEGAN | Input.FIRE_ENDED:
                self._is_fire = event is Input.FIRE_BEGAN
        self._hand_over(_Told(event, passage))

    def _hand_over(self, told: _Told) -> None:
        try:
            self._inbox.put_nowait(told)
        except asyncio.QueueFull:
            logger.warning("%s says more than can be followed; %s was dropped", self.door.name, told.input)

    def withdraw(self, correlation: str) -> None:
        """Whoever was granted by this tap waits no more: the door itself has answered it, and tells what came of it."""
        self._hand_over(_Told(None, withdrawn=correlation))

    def has_entered(self, correlation: str) -> bool:
        """Whether whoever was granted by this tap went in, not long ago."""
        return correlation in self._entered

    def set_mode(self, mode: str, until: datetime | None = None, why: str | None = None) -> None:
        """What the screens say of the door's mode."""
        meant = Mode(mode, until, why)
        if self._mode != meant:
            self._mode = meant
            self.show()

    def may_stand_open(self, leave: Override | None) -> None:
        """By leave of staff, told again each second: the open door may stand open, until its end or until it closes."""
        self._leave = leave if leave is None or leave.id != self._used_up else None
        if self._leave is None and self.state is DoorState.PROPPED:
            self._hand_over(_Told(Input.PROP_ENDED))
        elif self._leave is not None and self.state in OPENED_STATES - {DoorState.PROPPED}:
            self._hand_over(_Told(Input.PROP_BEGAN))

    def reported(self, state: State) -> None:
        """Take a snapshot of the door's device, unless it is older than the last one."""
        if self._newest is not None and state.ts < self._newest:
            return
        self._newest = self._reported_at = state.ts
        contact = state.v.get(CONTACT_CHANNEL)
        if isinstance(contact, str):
            self._leaf.feel(contact)
        self._lock = _text(state.v.get(LOCK_CHANNEL), self._lock)
        pressed = state.v.get(EXIT_CHANNEL)
        if isinstance(pressed, bool):
            self._pressed(pressed)
        self._sense()
        self.show()

    def moved(
        self, fact: Fact, contact: str, at: float, acknowledge: Callable[[], None], *, now: bool, excused: bool = False
    ) -> None:
        """The leaf's edge, open or closed, `at` by its sender's clock; it moves the state if it is of `now`.

        `excused`: by somebody whom the door let through alone, and whose facts somebody else writes.
        """
        self._leaf.moved(fact, contact, at, acknowledge)
        if now and self._leaf.feel(contact):
            if excused:
                self.tell(Input.EXIT)
            self.tell(Input.OPENED if contact == "open" else Input.CLOSED)
        else:
            self._hand_over(_Told(None))  # the worker may be waiting for something later than the leaf's rest

    def exit_pressed(self) -> None:
        """The exit button's edge; one that is stuck lets nobody out that could be told from it."""
        if not self._button.is_stuck:
            self.tell(Input.EXIT)

    def device_changed(self) -> None:
        """Its device came, went, fell silent or started anew."""
        boot = self._presence.of(self.door.unit).presence.boot
        if boot != self._boot:
            self._boot = boot
            # Perhaps it has another clock now: its next report is the newest whatever its time.
            self._newest = None
        if self._presence.is_there(self.door.unit):
            self._lost_since = None
            self._alarms.clear(AlarmKind.DOOR_DEVICE_LOST, door=self.door.id)
        else:
            self._lost_since = self._lost_since or self._clock.monotonic()
            self._button.let_go()
            self.tell(Input.LOST)
        self.show()

    def look(self) -> None:
        """Once a second: what lasts too long."""
        now = self._clock.monotonic()
        if self._button.is_stuck:
            self._alarms.raise_once(AlarmKind.EXIT_BUTTON_STUCK, door=self.door.id)
        if self._lost_since is not None and now - self._lost_since > LOST_FOR:
            self._alarms.raise_once(AlarmKind.DOOR_DEVICE_LOST, door=self.door.id)

    # --- what is felt -----------------------------------------------------------------------------

    def _pressed(self, pressed: bool) -> None:
        if not pressed:
            self._button.let_go()
            self._alarms.clear(AlarmKind.EXIT_BUTTON_STUCK, door=self.door.id)
        elif self._button.press():
            self.tell(Input.EXIT)

    def _sense(self) -> None:
        inputs = report(
            self._leaf.counts,
            self._lock,
            is_free=self._is_free,
            is_fire=self._is_fire,
            has_contact=self.door.has_contact,
        )
        for event in inputs:
            self._hand_over(_Told(event))

    # --- the worker -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take inputs and timeouts in turn, for ever."""
        while True:
            told = await self._next()
            if told is not None:
                self._take(told)

    async def _next(self) -> _Told | None:
        due = min((at for at in (self._timer and self._timer[0], self._leaf.due) if at is not None), default=None)
        try:
            async with asyncio.timeout_at(due):
                return await self._inbox.get()
        except TimeoutError:
            return self._due()

    def _due(self) -> _Told | None:
        if self._timer is not None and (self._leaf.due is None or self._timer[0] <= self._leaf.due):
            timeout = self._timer[1]
            self._timer = None
            if timeout is Input.RELEASE_TIMEOUT and self.state is DoorState.LEAVING and self._button.is_held:
                return _Told(Input.EXIT)  # a hand still on the button is still leaving
            return _Told(timeout)
        if self._leaf.rest():
            self._sense()
        return None

    def _take(self, told: _Told) -> None:
        if told.withdrawn is not None:
            self._passing = [passage for passage in self._passing if passage.correlation != told.withdrawn]
        if told.input is None:
            return
        if told.passage is not None and told.input is Input.GRANTED:
            self._passing.extend(told.passage.everybody)
        before = self.state
        self.state, effects = step(
            before, told.input, has_contact=self.door.has_contact, feels_bolt=self._lock is not None
        )
        if self.state is not before:
            self._since = self._clock.now()
            logger.debug("%s: %s, now %s", self.door.name, told.input, self.state)
        if before is DoorState.PROPPED and told.input is Input.CLOSED and self._leave is not None:
            self._used_up = self._leave.id
        for effect in effects:
            self._carry_out(effect, told)
        if self.state is not before or effects:
            self.show()

    def _carry_out(self, effect: Effect, told: _Told) -> None:
        if effect in TIMEOUT_OF:
            hold_s = told.passage.hold_s if told.passage is not None else None
            seconds = timer_seconds(effect, self.door.timings, hold_s)
            assert seconds is not None  # every starting effect has a time
            self._timer = (self._clock.monotonic() + seconds, TIMEOUT_OF[effect])
            return
        if effect in _FACTS:
            self._fact(_FACTS[effect])
        if effect in _RAISES:
            self._alarms.raise_once(_RAISES[effect], door=self.door.id)
        if effect in _CLEARS:
            self._alarms.clear(_CLEARS[effect], door=self.door.id)
        match effect:
            case Effect.STOP_TIMER:
                self._timer = None
            case Effect.WARN_HELD:
                self._warn_held(self.door)
            case Effect.NOTE_ENTRY_TAKEN:
                self._note_passing(FactKind.ENTRY_TAKEN)
            case Effect.NOTE_ENTRY_NOT_TAKEN:
                self._note_passing(FactKind.ENTRY_NOT_TAKEN)
            case Effect.SENSE_AGAIN:
                self._sense()

    def _note_passing(self, kind: FactKind) -> None:
        for passage in self._passing:
            if kind is FactKind.ENTRY_TAKEN:
                self._entered.append(passage.correlation)
            detail = {**passage.detail, "from": self.door.outer}
            self._fact(kind, person=passage.person, correlation=passage.correlation, detail=detail)
        self._passing.clear()

    def _fact(
        self,
        kind: FactKind,
        *,
        person: PersonId | None = None,
        correlation: str | None = None,
        detail: Mapping[str, Plain] | None = None,
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
                detail=detail or {},
            )
        )

    def show(self) -> None:
        """Put the door as it is now on the live feed."""
        shown = tile(
            self.door,
            self.state,
            lock=self._lock,
            contact=self._leaf.felt,
            mode=self._mode,
            propped_until=self._leave.until if self._leave is not None and self.state is DoorState.PROPPED else None,
            device=self._presence.word(self.door.unit),
            since=self._since,
            reported_at=self._reported_at,
            standing=[alarm.kind for alarm in self._alarms.standing(self.door.id)],
            access=self._access_of(self.door.id),
        )
        self._feed.put("door", self.door.id, shown)


def _text(value: object, otherwise: str | None) -> str | None:
    """A missing key is no news; null says that the device does not know either."""
    return value if isinstance(value, str) else otherwise
