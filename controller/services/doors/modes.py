"""The mode of every door, kept: evaluated when something changes, each second, and when the next change is due.

What a mode is follows from `domain.door_mode`. Here its parts are gathered, its changes written down, and the door's
worker and device told; fire panels are heard in `fire_watch`, devices asked in `mode_wishes`, and what people set by
command is followed in `house_changes`.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from controller.domain.building import Door, Space
from controller.domain.door import Input
from controller.domain.door_mode import DoorMode, Level, Mode, mode_of, next_change, space_word
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import PublicEvent
from controller.domain.house import HouseState, Scope, ScopeKind, Wanted
from controller.domain.ids import AreaId, DeviceId, DoorId, EventId
from controller.domain.schedule import business_day
from controller.domain.scope import doors_of
from controller.services.doors.alarms import Alarms
from controller.services.doors.fire_watch import FireWatch
from controller.services.doors.house_changes import FIRE, HouseChanges
from controller.services.doors.house_writes import HouseWrites
from controller.services.doors.mode_wishes import ModeWishes
from controller.services.doors.unlock_keeping import UnlockKeeping
from controller.services.entry.access_index import AccessIndex
from controller.services.inbound import Inbound
from controller.services.ports import Clock, LoggedFact, Note, Outbound
from controller.services.presence import Presence
from controller.services.screens.health import HealthBoard
from controller.services.stores import HouseStore
from devices.messages import Event, State

logger = logging.getLogger(__name__)

# The wall clock may step meanwhile: the timer for the next change never sleeps longer.
LONGEST_SLEEP = 60.0


class ModedDoor(Protocol):
    """A door's worker, as far as its mode concerns it."""

    def tell(self, event: Input, /) -> None: ...
    def set_mode(self, mode: str, until: datetime | None = None, why: str | None = None) -> None: ...


@dataclass(slots=True)
class _Kept:
    """What is held of one door."""

    mode: DoorMode | None = None  # None: not looked at yet
    is_wide: bool = False  # unlocked with others: a zone, a floor, the whole space, a fire
    told: tuple[object, ...] | None = None  # what the log says of it
    due: datetime | None = None


class Modes:
    """All doors' modes. One event loop's; only `run` waits."""

    def __init__(
        self,
        *,
        index: AccessIndex,
        store: HouseStore,
        worker: Callable[[DoorId], ModedDoor],
        outbound: Outbound,
        presence: Presence,
        board: HealthBoard,
        note: Note,
        clock: Clock,
        alarms: Alarms | None = None,
        inside: Callable[[DoorId], int | None] = lambda _: None,
        events: Callable[[], Iterable[PublicEvent]] | None = None,
        full: Callable[[], Collection[EventId]] = lambda: (),
        say_word: Callable[[str], None] = lambda _: None,
        is_on_air: Callable[[AreaId], bool] = lambda _: False,
    ) -> None:
        """`inside`: how many are behind a door, None where nobody can say; `events`: those of the registry, or as somebody
        knows them who hears of a host before the registry does; `full`: events with no place left;
        `say_word`: hears the house's one word when it changes; `is_on_air`: whether a recording goes on in an area.
        """
        self._index = index
        self._worker = worker
        self._note = note
        self._clock = clock
        self._events = events or (lambda: index.people.events.values())
        self._full = full
        self._tell_word = say_word
        self._is_on_air = is_on_air
        self.writes = HouseWrites()
        self.fire = FireWatch(store, self.writes, presence, note, clock, self.look)
        self._changes = HouseChanges(store, self.writes, note, alarms)
        self._wishes = ModeWishes(index.space.doors.values(), outbound, presence, board, clock)
        self._kept: dict[DoorId, _Kept] = {}
        self._keeping = UnlockKeeping(store, self.writes, inside)
        self._wide: dict[str, tuple[Door, ...]] = {}
        self._word = "normal"
        self._day: date | None = None
        self._wake = asyncio.Event()

    # --- questions --------------------------------------------------------------------------------

    @property
    def house(self) -> HouseState:
        """The state of the house as it is, with what the registry has not heard of yet."""
        house = self.fire.laid_over(self._index.people.house, self._index.version)
        return self._keeping.laid_over(house, self._index.version)

    @property
    def space_word(self) -> str:
        """normal, lockdown or fire: for the page and `live/space`."""
        return self._word

    @property
    def problems(self) -> dict[DoorId, str]:
        """The doors that do not follow, and what is wrong with each."""
        return self._wishes.problems

    def of(self, door: DoorId) -> DoorMode:
        """The mode of one door, as it was last looked at."""
        kept = self._kept.get(door)
        return kept.mode if kept is not None and kept.mode is not None else DoorMode(Level.LOCKED, Mode.LOCKED)

    # --- what comes in ----------------------------------------------------------------------------

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart, before anything comes in: what the log was told. Then every door is looked at."""
        told = list(facts)
        for logged in told:
            fact = logged.fact
            if fact.kind is FactKind.DOOR_MODE_CHANGED and fact.door is not None:
                self._kept_of(fact.door).told = _told(fact)
        house = self._index.people.house
        self._changes.recall(house, told, self._index.space, self._index.people.people)
        self.fire.recall(house, told, self._index.space.devices)
        self.look()

    def fire_event(self, inbound: Inbound, event: Event) -> None:
        """A `fire` event of any device."""
        self.fire.event_happened(inbound, event)

    def state_reported(self, inbound: Inbound, state: State) -> None:
        """A device's snapshot; the service of doors acknowledges it."""
        self.fire.state_reported(inbound, state)
        self._wishes.state_reported(inbound, state)

    def device_changed(self, device: DeviceId) -> None:
        """A device came, went, fell silent or started anew."""
        self.fire.device_changed(device)
        self._wishes.device_changed(device)

    def link_back(self) -> None:
        """The link to the broker is there again."""
        self._wishes.link_back()

    def index_changed(self) -> None:
        """Another version of the registry or of the space counts now."""
        self.look()

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens: a first person who has come in opens the window, a fire that is over empties the house."""
        fact, space = logged.fact, self._index.space
        if fact.kind is FactKind.FIRE_CONFIRMED:
            self._keeping.forget_people()
        door = space.doors.get(fact.door) if fact.door is not None else None
        person = self._index.people.people.get(fact.person) if fact.person is not None else None
        if door is None or person is None:
            return
        if self._keeping.took(fact, person, door, space, self.house, self._clock.now()):
            self.look()

    # --- looking ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look again whenever a change is due, for ever."""
        while True:
            self._wake.clear()
            try:
                async with asyncio.timeout(self._seconds_to_change()):
                    await self._wake.wait()
            except TimeoutError:
                self.look()

    def look(self) -> None:
        """Each second, and whenever something has changed: bring every door to the mode it should be in."""
        now, space, house = self._clock.now(), self._index.space, self.house
        self._changes.follow(house, space, self._index.people.people, now)
        if self._ends_early(house, space, now):
            house = self.house
        full, events = frozenset(self._full()), tuple(self._events())
        self._look_for_wide(house, space, now)
        # All of them, always: it costs a third of a millisecond, and a clock that was set back is no special case.
        for door in space.doors.values():
            kept = self._kept_of(door.id)
            kept.due = next_change(door, space, house, now, events)
            on_air = self._is_on_air(door.inner)
            self._bring(door, kept, mode_of(door, space, house, now, events=events, full=full, on_air=on_air), now)
        self._wishes.look()
        self._say_word(house)
        self._wake.set()

    def _ends_early(self, house: HouseState, space: Space, now: datetime) -> bool:
        """Whether somebody was the last out of a door that asks for it; counts that begin anew at the cut-off say nothing."""
        today = business_day(now, space.zone, space.cut_off_minutes)
        if today != self._day:
            self._day = today
            self._keeping.forget_people()
            return False
        asking = [door for door in space.doors.values() if door.last_out]
        return bool([door for door in asking if self._keeping.people_left(door, space, house, now)])

    def _bring(self, door: Door, kept: _Kept, mode: DoorMode, now: datetime) -> None:
        is_wide = mode.is_free and any(door in doors for doors in self._wide.values())
        before = kept.mode, kept.is_wide
        kept.mode, kept.is_wide = mode, is_wide
        if (mode, is_wide) == before:
            return
        told = (mode.level, mode.wanted, mode.blocks_entry, mode.why, is_wide)
        # A door that nobody has spoken of is locked: a first start tells nothing.
        if told != kept.told and (kept.told is not None or mode.wanted is not Mode.LOCKED or mode.blocks_entry):
            self._note(
                Fact(
                    FactKind.DOOR_MODE_CHANGED,
                    now,
                    door=door.id,
                    device=door.unit,
                    detail={
                        "mode": str(mode.wanted),
                        "was": str(kept.told[1]) if kept.told is not None else str(Mode.LOCKED),
                        "level": str(mode.level),
                        "blocks_entry": mode.blocks_entry,
                        "why": mode.why,
                        "until": mode.until.isoformat() if mode.until is not None else None,
                        **({"wide": True} if is_wide else {}),
                    },
                )
            )
        kept.told = told
        worker = self._worker(door.id)
        worker.tell(Input.FIRE_BEGAN if mode.wanted is Mode.RELEASED else Input.FIRE_ENDED)
        worker.tell(Input.UNLOCK_BEGAN if mode.wanted is Mode.UNLOCKED else Input.UNLOCK_ENDED)
        worker.set_mode(_word(mode), mode.until, mode.why)
        self._wishes.wish(door, mode)

    def _kept_of(self, door: DoorId) -> _Kept:
        return self._kept.setdefault(door, _Kept())

    def _say_word(self, house: HouseState) -> None:
        word = space_word(house)
        if word != self._word:
            self._word = word
            self._tell_word(word)

    def _seconds_to_change(self) -> float:
        due = min((kept.due for kept in self._kept.values() if kept.due is not None), default=None)
        if due is None:
            return LONGEST_SLEEP
        return min(max((due - self._clock.now()).total_seconds(), 0.0), LONGEST_SLEEP)

    def _look_for_wide(self, house: HouseState, space: Space, now: datetime) -> None:
        """Where many came and went without a badge, nobody knows who is in: when it begins, and when it is over.

        Of whereabouts the fact of each door tells (`wide`); what is counted here for the last one out, this.
        """
        wide = _wide_unlocks(house, space, now)
        turned = [self._wide.get(id_) or wide[id_] for id_ in self._wide.keys() ^ wide.keys()]
        self._wide = wide
        for doors in turned:
            self._keeping.forget_people(frozenset(door.id for door in doors))


def _wide_unlocks(house: HouseState, space: Space, now: datetime) -> dict[str, tuple[Door, ...]]:
    """What unlocks more than one door at will, by id, with those doors: fire, a zone, a floor, the whole space."""
    wide = {
        one.id: doors_of(one.scope, space)
        for one in house.overrides
        if one.wanted is Wanted.UNLOCKED and one.scope.kind is not ScopeKind.DOOR and one.since <= now < one.until
    }
    wide |= {
        one.id: doors_of(one.scope, space)
        for one in house.one_offs
        if one.wanted is Wanted.UNLOCKED and one.scope.kind is not ScopeKind.DOOR and one.start <= now < one.end
    }
    if house.fire is not None:
        wide[FIRE] = doors_of(Scope(), space)
    return wide


def _word(mode: DoorMode) -> str:
    """The mode as screens say it."""
    if mode.level in (Level.FIRE, Level.LOCKDOWN):
        return str(mode.level)
    return str(mode.wanted)


def _told(fact: Fact) -> tuple[object, ...]:
    detail = fact.detail
    is_wide = detail.get("wide") is True
    return detail.get("level"), detail.get("mode"), detail.get("blocks_entry"), detail.get("why"), is_wide
