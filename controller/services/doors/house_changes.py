"""The state of the house compared with what the event log has been told of it: who locked it down, lifted it, set a door.

Commands are other processes and write only the registry; whoever runs the house writes the log. What was done while
nobody ran it is told at the next start, with its true time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from controller.domain.alarm import AlarmKind
from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.house import HouseState, Lockdown, Override, Scope, ScopeKind
from controller.domain.ids import DoorId, FloorId, PersonId
from controller.domain.membership import Person
from controller.services.doors.alarms import Alarms
from controller.services.doors.house_writes import HouseWrites
from controller.services.ports import LoggedFact
from controller.services.stores import Ending, HouseStore

FIRE = "fire"


def scope_words(scope: Scope, space: Space) -> str:
    """A scope as people say it."""
    if scope.kind is ScopeKind.SPACE:
        return "the whole house"
    if scope.kind is ScopeKind.DOOR:
        door = space.doors.get(DoorId(scope.id))
        return door.name if door is not None else str(scope.id)
    if scope.kind is ScopeKind.FLOOR:
        floor = space.floors.get(FloorId(scope.id))
        return f"floor {floor.name if floor is not None else scope.id}"
    return f"zone {scope.id}"


class HouseChanges:
    """Tells each beginning and each end once."""

    def __init__(
        self, store: HouseStore, writes: HouseWrites, note: Callable[[Fact], None], alarms: Alarms | None = None
    ) -> None:
        self._store = store
        self._writes = writes
        self._note = note
        self._alarms = alarms
        # What the log knows to have begun, by id, in the words of its beginning.
        self._lockdowns: dict[str, str] = {}
        self._overrides: dict[str, tuple[str, datetime]] = {}
        self._fire_burns = False

    def recall(
        self, house: HouseState, facts: Iterable[LoggedFact], space: Space, people: Mapping[PersonId, Person]
    ) -> None:
        """After a restart: what the log was told, and what began and ended while nobody was there to tell it."""
        told = list(facts)
        for logged in told:
            self._recall_one(logged.fact)
        if not told:
            return
        if told[0].position > 1:  # what began before all that is recalled was told long ago
            began = told[0].fact.at
            self._lockdowns |= {one.id: "" for one in house.lockdowns if one.since < began}
            self._overrides |= {one.id: ("", one.until) for one in house.overrides if one.since < began}
        newest = told[-1].fact.at
        heard = frozenset({str(logged.fact.detail.get("id")) for logged in told})
        missed = partial(self._tell_missed, heard, newest, space, people)
        self._writes.put("what ended meanwhile", partial(self._store.ended_since, newest), missed)

    def _recall_one(self, fact: Fact) -> None:
        id_, scope = str(fact.detail.get("id", "")), str(fact.detail.get("scope", ""))
        match fact.kind:
            case FactKind.LOCKDOWN_BEGAN:
                self._lockdowns[id_] = scope
            case FactKind.LOCKDOWN_LIFTED:
                self._lockdowns.pop(id_, None)
            case FactKind.DOOR_OVERRIDDEN if id_ and fact.detail.get("ended"):
                self._overrides.pop(id_, None)
            case FactKind.DOOR_OVERRIDDEN if id_:
                self._overrides[id_] = (scope, datetime.fromisoformat(str(fact.detail["until"])))
            case FactKind.FIRE_BEGAN | FactKind.FIRE_CLEARED:
                self._fire_burns = True
            case FactKind.FIRE_CONFIRMED:
                self._fire_burns = False

    def follow(self, house: HouseState, space: Space, people: Mapping[PersonId, Person], now: datetime) -> None:
        """Tell what is new, and ask how ended what is not there any more."""
        self._follow_lockdowns(house, space, people)
        self._follow_overrides(house, space, people, now)
        if house.fire is None and self._fire_burns:
            self._ask(FIRE, partial(self._tell_confirmed, people))
        self._fire_burns = house.fire is not None
        self._alarm(AlarmKind.FIRE, house.fire is not None)
        self._alarm(AlarmKind.LOCKDOWN, bool(house.lockdowns), {"scope": _all_scopes(house.lockdowns, space)})

    def _follow_lockdowns(self, house: HouseState, space: Space, people: Mapping[PersonId, Person]) -> None:
        there = {one.id: one for one in house.lockdowns}
        for one in there.values():
            if one.id not in self._lockdowns:
                self._lockdowns[one.id] = scope_words(one.scope, space)
                self._tell_began(one, space, people)
        for id_ in [id_ for id_ in self._lockdowns if id_ not in there]:
            self._ask(id_, partial(self._tell_lifted, people, id_, self._lockdowns.pop(id_)))

    def _follow_overrides(
        self, house: HouseState, space: Space, people: Mapping[PersonId, Person], now: datetime
    ) -> None:
        there = {one.id: one for one in house.overrides}
        for one in there.values():
            if one.id not in self._overrides and one.until > now:
                self._overrides[one.id] = (scope_words(one.scope, space), one.until)
                self._tell_overridden(one, space, people)
        replaced = {scope_words(one.scope, space) for one in there.values()}
        for id_ in [id_ for id_ in self._overrides if id_ not in there]:
            scope, until = self._overrides.pop(id_)
            if until > now and scope not in replaced:
                self._ask(id_, partial(self._tell_override_ended, people, id_, scope, until))

    # --- telling ----------------------------------------------------------------------------------

    def _tell_missed(
        self,
        heard: frozenset[str],
        newest: datetime,
        space: Space,
        people: Mapping[PersonId, Person],
        ended: Sequence[tuple[Lockdown | Override, Ending]],
    ) -> None:
        """What both began and ended meanwhile; of what the log knew to have begun, the end is told elsewhere."""
        for one, ending in ended:
            if one.id in heard or one.since < newest:
                continue
            scope = scope_words(one.scope, space)
            if isinstance(one, Lockdown):
                self._tell_began(one, space, people)
                self._tell_lifted(people, one.id, scope, ending)
            else:
                self._tell_overridden(one, space, people)
                self._tell_override_ended(people, one.id, scope, one.until, ending)

    def _tell_began(self, one: Lockdown, space: Space, people: Mapping[PersonId, Person]) -> None:
        detail = {"id": one.id, "scope": scope_words(one.scope, space), "reason": one.reason}
        self._tell(FactKind.LOCKDOWN_BEGAN, one.since, one.by, people, detail, _door_of(one.scope))

    def _tell_lifted(self, people: Mapping[PersonId, Person], id_: str, scope: str, ending: Ending | None) -> None:
        if ending is not None:
            detail = {"id": id_, "scope": scope or "the house", "reason": ending.reason}
            self._tell(FactKind.LOCKDOWN_LIFTED, ending.at, ending.by, people, detail)

    def _tell_overridden(self, one: Override, space: Space, people: Mapping[PersonId, Person]) -> None:
        detail = {
            "id": one.id,
            "scope": scope_words(one.scope, space),
            "wanted": str(one.wanted),
            "until": one.until.isoformat(),
            "reason": one.reason,
        }
        self._tell(FactKind.DOOR_OVERRIDDEN, one.since, one.by, people, detail, _door_of(one.scope))

    def _tell_override_ended(
        self, people: Mapping[PersonId, Person], id_: str, scope: str, until: datetime, ending: Ending | None
    ) -> None:
        if ending is not None:
            detail: dict[str, Plain] = {
                "id": id_,
                "scope": scope or "a door",
                "wanted": "as its hours say",
                "until": until.isoformat(),
                "reason": ending.reason,
                "ended": True,
            }
            self._tell(FactKind.DOOR_OVERRIDDEN, ending.at, ending.by, people, detail)

    def _tell_confirmed(self, people: Mapping[PersonId, Person], ending: Ending | None) -> None:
        if ending is not None:
            self._tell(FactKind.FIRE_CONFIRMED, ending.at, ending.by, people, {"reason": ending.reason})

    def _tell(
        self,
        kind: FactKind,
        at: datetime,
        by: str,
        people: Mapping[PersonId, Person],
        detail: Mapping[str, Plain],
        door: DoorId | None = None,
    ) -> None:
        person = people.get(PersonId(by))
        name = person.name if person is not None else by
        self._note(
            Fact(kind, at, door=door, person=person.id if person is not None else None, detail={**detail, "by": name})
        )

    def _ask(self, id_: str, tell: Callable[[Ending | None], None]) -> None:
        self._writes.put(f"how {id_} ended", partial(self._store.ending_of, id_), tell)

    def _alarm(self, kind: AlarmKind, stands: bool, detail: Mapping[str, Plain] | None = None) -> None:
        if self._alarms is None:
            return
        if not stands:
            self._alarms.clear(kind)
        elif self._alarms.stands(kind):
            self._alarms.describe(kind, detail or {})
        else:
            self._alarms.raise_(kind, detail=detail)


def _all_scopes(lockdowns: Iterable[Lockdown], space: Space) -> str:
    """Everything that is locked down; beside the whole house nothing else needs saying."""
    whole = scope_words(Scope(), space)
    words = list(dict.fromkeys(scope_words(one.scope, space) for one in lockdowns))
    return whole if whole in words else " and ".join(words)


def _door_of(scope: Scope) -> DoorId | None:
    return DoorId(scope.id) if scope.kind is ScopeKind.DOOR else None
