"""Who opens an unlock window and who ends it: the first listed person in, the last person out.

It counts at once and is written down behind that, so that a restart in the middle of the day changes nothing. When a
window is open otherwise is `domain.unlock_windows`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from controller.domain.building import Door, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.house import HouseState, WindowOpened
from controller.domain.ids import DoorId, PersonId
from controller.domain.membership import Person
from controller.domain.unlock_windows import (
    UnlockWindow,
    WindowState,
    is_first_person,
    unlock_window,
    waits_for_somebody,
    window_to_open,
)
from controller.services.doors.house_writes import HouseWrites
from controller.services.stores import HouseStore

# An entry told later than this is history, and opens no window.
LATE_ENTRY = timedelta(seconds=60)
# A window that waited for nobody was opened by nobody.
NOBODY = PersonId("")


@dataclass(slots=True)
class _Overlay:
    """A window opened or ended here, until the registry says so too."""

    window: WindowOpened
    known_at: int | None = None  # from this version on it does


class UnlockKeeping:
    """The windows of all doors that somebody opens or ends."""

    def __init__(self, store: HouseStore, writes: HouseWrites, inside: Callable[[DoorId], int | None]) -> None:
        self._store = store
        self._writes = writes
        self._inside = inside
        self._overlays: list[_Overlay] = []
        self._had_people: set[DoorId] = set()  # doors behind which somebody was, since their window opened

    def laid_over(self, house: HouseState, version: int) -> HouseState:
        """The house with the windows that the registry has not heard of yet."""
        self._overlays = [one for one in self._overlays if one.known_at is None or one.known_at > version]
        if not self._overlays:
            return house
        newer = {_key(one.window): one.window for one in self._overlays}
        kept = tuple(window for window in house.windows if _key(window) not in newer)
        return replace(house, windows=(*kept, *newer.values()))

    def took(self, fact: Fact, person: Person, door: Door, space: Space, house: HouseState, now: datetime) -> bool:
        """Somebody has come in; whether that opened a window."""
        if fact.kind is not FactKind.ENTRY_TAKEN or "late_s" in fact.detail or now - fact.at > LATE_ENTRY:
            return False
        if not (waits_for_somebody(door) and is_first_person(door, person)):
            return False
        window = window_to_open(door, space, house, now)
        if window is None or window.schedule is None or window.start is None:
            return False
        opened = WindowOpened(door.id, window.schedule, window.start, now, person.id)
        overlay = self._lay_over(opened)
        self._writes.put("who came first", partial(self._store.window_opened, opened), partial(_written, overlay))
        return True

    def people_left(self, door: Door, space: Space, house: HouseState, now: datetime) -> bool:
        """Look whether the last person has left a door that asks for it; whether that ended its window."""
        window = unlock_window(door, space, house, now)
        if window.state is not WindowState.OPEN:
            self._had_people.discard(door.id)
            return False
        people = self._inside(door.id)
        if people:
            self._had_people.add(door.id)
        if people != 0 or door.id not in self._had_people:  # None: nobody can say
            return False
        self._had_people.discard(door.id)
        self._end(door, window, house, now)
        return True

    def forget_people(self, doors: frozenset[DoorId] | None = None) -> None:
        """Where people are behind these doors, or all, is unknown now: a count of none says nothing of who has left."""
        self._had_people -= self._had_people if doors is None else doors

    def _end(self, door: Door, window: UnlockWindow, house: HouseState, now: datetime) -> None:
        assert window.schedule is not None
        assert window.start is not None
        key = (door.id, window.schedule, window.start)
        opened = next((one for one in house.windows if _key(one) == key), None)
        if opened is None:
            opened = WindowOpened(*key, window.start, NOBODY)
            self._writes.put("a window", partial(self._store.window_opened, opened), lambda _: None)
        overlay = self._lay_over(replace(opened, closed_at=now))
        close = partial(self._store.window_closed, *key, now)
        self._writes.put("who left last", close, partial(_written, overlay))

    def _lay_over(self, window: WindowOpened) -> _Overlay:
        overlay = _Overlay(window)
        self._overlays = [one for one in self._overlays if _key(one.window) != _key(window)] + [overlay]
        return overlay


def _written(overlay: _Overlay, version: int) -> None:
    overlay.known_at = version


def _key(window: WindowOpened) -> tuple[DoorId, str, datetime]:
    return window.door, window.schedule, window.window_start
