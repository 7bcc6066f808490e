"""What people ask of the house by command: lock down, lift, set a door by hand, make an exception, confirm a fire.

Who may is asked of the rights of a person, what is meant is looked up in the space, and then it is stored; whatever
runs follows the store. How text becomes a moment is in `moments`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches

from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind
from controller.domain.house import ExtraHoliday, HouseState, Lockdown, Override, Scope, ScopeKind, Wanted
from controller.domain.house_rights import may, who_may
from controller.domain.ids import PersonId, ZoneId
from controller.domain.membership import Person, Right
from controller.errors import InputError
from controller.services.doors.house_changes import scope_words
from controller.services.people.registry_checks import LONGEST_EXCEPTION, LONGEST_OVERRIDE
from controller.services.screens.wording import moment
from controller.services.stores import HouseStore

RIGHT_WORDS = {
    Right.TRIGGER_LOCKDOWN: "trigger a lockdown",
    Right.LIFT_LOCKDOWN: "lift a lockdown",
    Right.CONFIRM_FIRE: "confirm that a fire is over",
    Right.OVERRIDE_DOORS: "set doors by hand",
}


class HouseDesk:
    """One command's view of the house; each answer is a sentence that says what was done."""

    def __init__(
        self,
        store: HouseStore,
        space: Space,
        people: Mapping[PersonId, Person],
        house: HouseState,
        now: datetime,
    ) -> None:
        self._store = store
        self._space = space
        self._people = people
        self._house = house
        self._now = now
        self.noted: list[Fact] = []
        """What was done to the calendar, for whoever keeps the event log."""

    # --- lockdown ---------------------------------------------------------------------------------

    async def begin_lockdown(self, scope: str, by: str, reason: str) -> str:
        person = self._allowed(by, Right.TRIGGER_LOCKDOWN)
        meant = scope_of(scope, self._space)
        for one in self._house.lockdowns:
            if one.scope == meant:
                raise InputError(
                    f"{self._words(meant)} is locked down already, since {self._when(one.since)}, {self._by(one)}"
                )
        await self._store.begin_lockdown(meant, person.id, _reason(reason), self._now)
        return (
            f"Lockdown of {self._words(meant)}: nobody comes in who does not hold the right to. "
            "The exit button and the inside handle always work."
        )

    async def lift_lockdown(self, which: str | None, by: str, reason: str) -> str:
        person = self._allowed(by, Right.LIFT_LOCKDOWN)
        one = self._one_of(self._house.lockdowns, which, "lockdown")
        await self._store.lift_lockdown(one.id, person.id, _reason(reason), self._now)
        return f"The lockdown of {self._words(one.scope)} is lifted."

    # --- by hand ----------------------------------------------------------------------------------

    async def set_door(self, scope: str, wanted: Wanted, until: datetime, by: str, reason: str) -> str:
        person = self._allowed(by, Right.OVERRIDE_DOORS)
        meant = scope_of(scope, self._space, default=ScopeKind.DOOR)
        self._check_end(f"{_begun(self._words(meant))}, {wanted} until {self._when(until)},", until)
        await self._store.set_override(meant, wanted, until, person.id, _reason(reason), self._now)
        return f"{_begun(self._words(meant))} is set {wanted} until {self._when(until)}."

    async def end_override(self, which: str | None, by: str, reason: str) -> str:
        person = self._allowed(by, Right.OVERRIDE_DOORS)
        one = self._one_of(self._house.overrides, which, "override", default=ScopeKind.DOOR)
        await self._store.end_override(one.id, person.id, _reason(reason), self._now)
        return f"{_begun(self._words(one.scope))} is as its hours say again."

    # --- exceptions and holidays ------------------------------------------------------------------

    async def add_exception(
        self, scope: str, wanted: Wanted, start: datetime, end: datetime, by: str, reason: str
    ) -> str:
        person = self._allowed(by, Right.OVERRIDE_DOORS)
        meant = scope_of(scope, self._space, default=ScopeKind.DOOR)
        if end <= start:
            raise InputError(f"--to: {self._when(end)} is not after --from, {self._when(start)} — name a later end")
        if end <= self._now:
            raise InputError(f"the exception is over already, {self._when(end)} — name a later end")
        span = f"{wanted} from {self._when(start)} to {self._when(end)}"
        if wanted is not Wanted.LOCKED and end - start > LONGEST_EXCEPTION:
            raise InputError(
                f"{_begun(self._words(meant))}, {span}, is longer than {LONGEST_EXCEPTION.days} days — end it sooner, or put "
                "it into the unlock schedule of the space file"
            )
        await self._store.put_one_off(meant, wanted, start, end, _reason(reason), person.id)
        days = (
            f"{start.astimezone(self._space.zone):%Y-%m-%d %H:%M} to {end.astimezone(self._space.zone):%Y-%m-%d %H:%M}"
        )
        self._note(person, f"exception for {self._words(meant)}, {wanted} {days}, added ({_reason(reason)})")
        return f"{_begun(self._words(meant))} is {span}."

    async def remove_exception(self, id_: str, by: str) -> str:
        person = self._allowed(by, Right.OVERRIDE_DOORS)
        await self._store.remove_one_off(id_)
        about = "".join(f" for {self._words(one.scope)}" for one in self._house.one_offs if one.id == id_)
        self._note(person, f"{id_}{about} removed")
        return f"{id_} is removed."

    async def add_holiday(self, day: date, name: str, zones: Iterable[str], by: str) -> str:
        person = self._allowed(by, Right.OVERRIDE_DOORS)
        name = " ".join(name.split())
        if not name:
            raise InputError(f"the holiday on {day} has no name — say what people call the day")
        if day < self._now.astimezone(self._space.zone).date():
            raise InputError(f"{day} is past — a holiday is announced before it comes")
        known = zones_of(self._space)
        meant = frozenset(ZoneId(_known("zone", zone, known)) for zone in zones)
        await self._store.put_holiday(ExtraHoliday(day, name, meant, person.id))
        where = _zones_said(meant)
        self._note(person, f"holiday {day}, {name}, announced for {where}")
        said = f"{day}, {name}: {where} is closed to plans and unlock schedules."
        for one in self._announced(day):
            said += f" It takes the place of {one.name}{_in_zones(one.zones)}."
        return said + (f" {filed}" if (filed := self._filed(day)) else "")

    async def remove_holiday(self, day: date, by: str) -> str:
        person = self._allowed(by, Right.OVERRIDE_DOORS)
        announced, filed = self._announced(day), self._filed(day)
        if filed and not announced:
            raise InputError(f"{filed} What stands there is not removed here — publish a space file without it")
        await self._store.remove_holiday(day)
        names = " and ".join(f"{one.name}{_in_zones(one.zones)}" for one in announced)
        self._note(person, f"holiday {day}, {names}, taken back")
        return f"{names} is removed. " + (filed or f"{day} is a day like any other again.")

    def _announced(self, day: date) -> list[ExtraHoliday]:
        return [one for one in self._house.holidays if one.day == day]

    def _filed(self, day: date) -> str | None:
        """What the space file says of this day, in a sentence."""
        name = self._space.holidays.get(day)
        if name is None:
            return None
        zones = self._space.holiday_zones.get(day, frozenset())
        return f"The space file closes {_zones_said(zones)} on {day} already: {name}."

    def _note(self, person: Person, said: str) -> None:
        detail = {"by": person.name, "said": said}
        self.noted.append(Fact(FactKind.CALENDAR_CHANGED, self._now, person=person.id, detail=detail))

    # --- fire -------------------------------------------------------------------------------------

    async def confirm_fire(self, by: str, reason: str) -> str:
        person = self._allowed(by, Right.CONFIRM_FIRE)
        fire = self._house.fire
        if fire is not None and fire.cleared_at is None:
            raise InputError(
                f"the fire panel still says fire ({fire.device or 'no device named'}, since {self._when(fire.since)}) "
                "— reset the panel; if its all-clear was lost on the way, a test of the panel says it again"
            )
        await self._store.confirm_fire(person.id, _reason(reason), self._now)
        return "Confirmed: doors may lock again, each when it is closed."

    # --- in words ---------------------------------------------------------------------------------

    def lockdowns(self) -> list[str]:
        """Every lockdown that stands."""
        return [self._line(one) for one in self._house.lockdowns]

    def overrides(self) -> list[str]:
        """Every door set by hand now."""
        return [
            f"{one.id}: {self._words(one.scope)} {one.wanted} until {self._when(one.until)}, {self._by(one)}"
            for one in self._house.overrides
            if one.until > self._now
        ]

    def exceptions(self) -> list[str]:
        """Every exception that is not over."""
        return [
            f"{one.id}: {self._words(one.scope)} {one.wanted}, {self._when(one.start)} to {self._when(one.end)}: "
            f"{one.reason}{self._signed(one.by)}"
            for one in self._house.one_offs
            if one.end > self._now
        ]

    def holidays(self) -> list[str]:
        """Every holiday from today on, those of the space file and those announced since."""
        today = self._now.astimezone(self._space.zone).date()
        filed = [
            (day, name, self._space.holiday_zones.get(day, frozenset()), " (space file)")
            for day, name in self._space.holidays.items()
        ]
        announced = [(one.day, one.name, one.zones, self._signed(one.by)) for one in self._house.holidays]
        return [
            f"{day:%a} {day}  {name}" + (f", zone {', '.join(sorted(zones))}" if zones else "") + source
            for day, name, zones, source in sorted(filed + announced, key=lambda one: one[0])
            if day >= today
        ]

    def fire(self) -> str:
        """How the fire panels are, as far as they told us."""
        fire = self._house.fire
        if fire is None:
            return "No fire."
        said = f"Fire since {self._when(fire.since)}" + (f", says {fire.device}" if fire.device else "")
        if fire.cleared_at is None:
            return f"{said}. Doors on the way out are released."
        return (
            f"{said}; over since {self._when(fire.cleared_at)}, says the panel. Doors on the way out stay released until "
            "somebody confirms it: natoma fire confirm --by PERSON --reason TEXT"
        )

    # --- small steps ------------------------------------------------------------------------------

    def _allowed(self, by: str, right: Right) -> Person:
        person = person_of(by, self._people)
        if not may(person, right):
            others = ", ".join(one.name for one in who_may(self._people.values(), right))
            raise InputError(
                f"{person.name} may not {RIGHT_WORDS[right]} (right {right}) — "
                + (f"ask {others}" if others else f"nobody may yet: give somebody the right {right}")
            )
        return person

    def _check_end(self, what: str, until: datetime) -> None:
        """What the store would refuse, in the space's own time, which the store does not know."""
        if until <= self._now:
            raise InputError(f"{what} would be over already — name a later end")
        if until - self._now > LONGEST_OVERRIDE:
            raise InputError(
                f"{what} is longer than {LONGEST_OVERRIDE.days} days — end it sooner, or put it into the unlock schedule of "
                "the space file"
            )

    def _one_of(
        self,
        there: tuple[Lockdown, ...] | tuple[Override, ...],
        which: str | None,
        what: str,
        default: ScopeKind = ScopeKind.SPACE,
    ) -> Lockdown | Override:
        """The one that is named by its id or its scope, or the only one."""
        if not there:
            raise InputError(f"there is no {what} now — nothing to end")
        if which is None:
            if len(there) > 1:
                listed = ", ".join(f"{one.id} ({self._words(one.scope)})" for one in there)
                raise InputError(f"there are {len(there)} {what}s now: {listed} — name the one you mean")
            return there[0]
        for one in there:
            if one.id == which:
                return one
        if which.startswith(f"{what}-"):
            raise InputError(f"no {what} {which!r} now — there is {', '.join(one.id for one in there)}")
        meant = scope_of(which, self._space, default=default)
        for one in there:
            if one.scope == meant:
                return one
        listed = ", ".join(f"{one.id} ({self._words(one.scope)})" for one in there)
        raise InputError(f"no {what} of {self._words(meant)} now — there is {listed}")

    def _line(self, one: Lockdown) -> str:
        return f"{one.id}: {self._words(one.scope)} since {self._when(one.since)}, {self._by(one)}"

    def _signed(self, by: str) -> str:
        person = self._people.get(PersonId(by))
        return f", by {person.name if person is not None else by}" if by else ""

    def _by(self, one: Lockdown | Override) -> str:
        person = self._people.get(one.by)
        return f"by {person.name if person is not None else one.by}: {one.reason}"

    def _words(self, scope: Scope) -> str:
        return scope_words(scope, self._space)

    def _when(self, at: datetime) -> str:
        return moment(at.isoformat(), self._space.zone, self._now)


def scope_of(text: str, space: Space, *, default: ScopeKind | None = None) -> Scope:
    """`space`, `floor:ID`, `zone:ID` or `door:ID`; an id alone where `default` says what it is, by its name as well."""
    if text == ScopeKind.SPACE:
        return Scope()
    kind_word, colon, id_ = text.partition(":")
    if not colon and default not in (None, ScopeKind.SPACE):
        kind_word, id_ = str(default), text
    named: dict[str, dict[str, str]] = {
        ScopeKind.FLOOR: {str(floor.id): floor.name for floor in space.floors.values()},
        ScopeKind.ZONE: {zone: zone for zone in zones_of(space)},
        ScopeKind.DOOR: {str(door.id): door.name for door in space.doors.values()},
    }
    if kind_word not in named:
        raise InputError(f"{text!r} is no scope — write space, floor:ID, zone:ID or door:ID")
    known = named[kind_word]
    for key, name in known.items():
        if id_.casefold() in (key.casefold(), name.casefold()):
            return Scope(ScopeKind(kind_word), key)
    return Scope(ScopeKind(kind_word), _known(kind_word, id_, known))


def zones_of(space: Space) -> tuple[str, ...]:
    """Every zone there is: those declared, and those that areas say they are in."""
    return tuple(sorted({*space.zones, *(zone for area in space.areas.values() for zone in area.zones)}))


def person_of(text: str, people: Mapping[PersonId, Person], said: str = "--by") -> Person:
    """Somebody by id or name; `said` is where the name was typed."""
    wanted = text.casefold()
    found = [one for one in people.values() if wanted in (one.id.casefold(), one.name.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"{said}: {len(found)} people are called {text!r} — give one's id: {', '.join(p.id for p in found)}"
        )
    names = [name for one in people.values() for name in (one.id, one.name)]
    raise InputError(
        f"{said}: nobody here is {text!r}{_similar(text, names) or ' — write the id or the name of somebody of the house'}"
    )


def _known(what: str, id_: str, known: Iterable[str]) -> str:
    names = list(known)
    if id_ in names:
        return id_
    close = _similar(id_, names) or (f" — there is {', '.join(names)}" if names else f" — the space has no {what}")
    raise InputError(f"no {what} {id_!r}{close}")


def _similar(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, 3, 0.5)
    return f" — did you mean {', '.join(close)}?" if close else ""


def _reason(text: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise InputError("--reason: is empty — say why, for whoever reads the log")
    return said


def _zones_said(zones: Iterable[str]) -> str:
    named = ", ".join(sorted(zones))
    return f"zone {named}" if named else "everything"


def _in_zones(zones: Iterable[str]) -> str:
    return f" ({_zones_said(zones)})" if zones else ""


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
