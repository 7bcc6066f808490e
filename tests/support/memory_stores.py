"""In memory what is in the registry's database beside people and rooms: the house, events, guests, the ledger, lists.

Bookings, series and waiting lists are in `memory_bookings`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from controller.domain.holdings import GuestPass, PublicEvent, VisitingPass
from controller.domain.house import ExtraHoliday, Fire, Lockdown, OneOff, Override, Scope, Wanted, WindowOpened
from controller.domain.ids import CredentialId, DeviceId, DoorId, EventId, PersonId, ScheduleId, TicketId
from controller.domain.membership import Person, PersonKind
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError
from controller.services.people import registry_checks as checks
from controller.services.stores import Ending, IssuedList, NewTicket
from tests.support.memory_registry import MemoryRegistry


class MemoryHouse:
    """The HouseStore port over a MemoryRegistry."""

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry
        self._count = {"lockdown": 0, "override": 0, "exception": 0}
        self._endings: dict[str, Ending] = {}
        self._ended: list[tuple[Lockdown | Override, Ending]] = []

    async def begin_lockdown(self, scope: Scope, by: PersonId, reason: str, at: datetime) -> int:
        checks.check_lockdown(self._state, scope, reason)
        new = Lockdown(self._new_id("lockdown"), scope, at, by, reason)
        return self._become(lockdowns=(*self._state.lockdowns, new))

    async def lift_lockdown(self, which: Scope | str, by: PersonId, reason: str, at: datetime) -> int:
        one = checks.lockdown_of(self._state, which, reason)
        self._end(one, at, by, reason)
        return self._become(lockdowns=_but(self._state.lockdowns, one))

    async def set_fire(self, at: datetime, device: str = "") -> int:
        known = self._state.fire
        return self._become(fire=Fire(at, device) if known is None else replace(known, cleared_at=None))

    async def clear_fire(self, at: datetime) -> int:
        known = self._state.fire
        checks.check_fire_cleared(known)
        assert known is not None
        return self._become(fire=replace(known, cleared_at=known.cleared_at or at))

    async def confirm_fire(self, by: PersonId, reason: str, at: datetime) -> int:
        checks.check_fire_confirmed(self._state.fire, reason)
        self._endings["fire"] = Ending(at, by, reason)
        return self._become(fire=None)

    async def set_override(
        self, scope: Scope, wanted: Wanted, until: datetime, by: PersonId, reason: str, at: datetime
    ) -> int:
        checks.check_override(scope, until, reason, at)
        for one in self._state.overrides:
            if one.scope == scope:
                self._end(one, at, by, f"replaced: {reason}")
        kept = tuple(one for one in self._state.overrides if one.scope != scope)
        new = Override(self._new_id("override"), scope, wanted, at, until, by, reason)
        return self._become(overrides=(*kept, new))

    async def end_override(self, which: Scope | str, by: PersonId, reason: str, at: datetime) -> int:
        live = replace(self._state, overrides=tuple(one for one in self._state.overrides if one.until > at))
        one = checks.override_of(live, which)
        self._end(one, at, by, reason)
        return self._become(overrides=_but(self._state.overrides, one))

    async def put_one_off(
        self, scope: Scope, wanted: Wanted, start: datetime, end: datetime, reason: str, by: str = ""
    ) -> int:
        checks.check_one_off(self._state.one_offs, scope, wanted, start, end, reason)
        new = OneOff(self._new_id("exception"), scope, wanted, start, end, reason, by)
        return self._become(one_offs=(*self._state.one_offs, new))

    async def remove_one_off(self, id: str) -> int:
        known = {one.id: one for one in self._state.one_offs}
        if id not in known:
            raise checks.unknown("exception", id, known)
        return self._become(one_offs=_but(self._state.one_offs, known[id]))

    async def put_holiday(self, holiday: ExtraHoliday) -> int:
        checks.check_holiday(holiday)
        others = [one for one in self._state.holidays if one.day != holiday.day]
        return self._become(holidays=tuple(sorted([*others, holiday], key=lambda one: one.day)))

    async def remove_holiday(self, day: date) -> int:
        kept = tuple(one for one in self._state.holidays if one.day != day)
        if kept == self._state.holidays:
            raise InputError(f"no holiday on {day} to remove")
        return self._become(holidays=kept)

    async def window_opened(self, window: WindowOpened) -> int:
        if any(_key(one) == _key(window) and one.closed_at is None for one in self._state.windows):
            return self._registry.now.version
        others = [one for one in self._state.windows if _key(one) != _key(window)]
        ordered = sorted([*others, window], key=lambda one: (one.window_start, one.door, one.schedule))
        return self._become(windows=tuple(ordered))

    async def window_closed(self, door: DoorId, schedule: ScheduleId, window_start: datetime, at: datetime) -> int:
        key = (door, schedule, window_start)
        if not any(_key(one) == key for one in self._state.windows):
            raise InputError(f"the window of {schedule!r} at door {door!r} was not opened by anybody")
        changed = [
            replace(one, closed_at=one.closed_at or at) if _key(one) == key else one for one in self._state.windows
        ]
        return self._become(windows=tuple(changed))

    async def ending_of(self, id: str) -> Ending | None:
        return self._endings.get(id)

    async def ended_since(self, at: datetime) -> list[tuple[Lockdown | Override, Ending]]:
        return sorted((one for one in self._ended if one[1].at >= at), key=lambda one: one[1].at)

    def _end(self, one: Lockdown | Override, at: datetime, by: PersonId, reason: str) -> None:
        self._endings[one.id] = Ending(at, by, reason)
        self._ended.append((one, self._endings[one.id]))

    @property
    def _state(self) -> Any:
        return self._registry.now.house

    def _become(self, **changes: Any) -> int:
        now = self._registry.now
        return self._registry.become(replace(now, house=replace(now.house, **changes)), "house")

    def _new_id(self, kind: str) -> str:
        self._count[kind] += 1
        return f"{kind}-{self._count[kind]}"


def _key(one: WindowOpened) -> tuple[DoorId, ScheduleId, datetime]:
    return one.door, one.schedule, one.window_start


def _but(everything: tuple[Any, ...], one: Any) -> tuple[Any, ...]:
    return tuple(other for other in everything if other != one)


class MemoryPublicEvents:
    """The EventStore port over a MemoryRegistry."""

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry

    async def put_event(self, event: PublicEvent) -> int:
        checks.check_event(event)
        self._registry.person(event.host)
        return self._keep(event)

    async def start_event(self, id: EventId, at: datetime) -> int:
        event = self._event(id)
        if event.ended_at is not None:
            raise InputError(f"event {id!r} ended at {event.ended_at.isoformat()}: it does not start again")
        return self._keep(replace(event, host_entered_at=event.host_entered_at or at))

    async def end_event(self, id: EventId, at: datetime) -> int:
        event = self._event(id)
        return self._keep(replace(event, ended_at=event.ended_at or at))

    async def add_tickets(self, tickets: Sequence[NewTicket]) -> int:
        now = self._registry.now
        found, digests, lists = dict(now.tickets), dict(now.ticket_digests), dict(now.list_digests)
        for new in tickets:
            self._event(new.ticket.event)
            if new.ticket.person is not None:
                self._registry.person(new.ticket.person)
            if new.ticket.id in found:
                raise InputError(f"ticket {new.ticket.id!r} is there already: a new ticket has an id of its own")
            if new.digest in digests:
                raise InputError(f"ticket {new.ticket.id!r}: another ticket has the same token")
            found[new.ticket.id] = new.ticket
            digests[new.digest] = new.ticket.id
            if new.list_digest is not None:
                lists[CredentialId(f"ticket:{new.ticket.id}")] = new.list_digest
        after = replace(now, tickets=found, ticket_digests=digests, list_digests=lists)
        return self._registry.become(after, "events")

    async def void_ticket(self, id: TicketId) -> int:
        now = self._registry.now
        if id not in now.tickets:
            raise checks.unknown("ticket", id, now.tickets)
        changed = {**now.tickets, id: replace(now.tickets[id], is_void=True)}
        return self._registry.become(replace(now, tickets=changed), "events")

    def _event(self, id: EventId) -> PublicEvent:
        known = self._registry.now.events
        if id not in known:
            raise checks.unknown("event", id, known)
        return known[id]

    def _keep(self, event: PublicEvent) -> int:
        now = self._registry.now
        return self._registry.become(replace(now, events={**now.events, event.id: event}), "events")


class MemoryGuests:
    """The GuestStore port over a MemoryRegistry."""

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry

    async def put_guest_pass(self, guest_pass: GuestPass, name: str = "") -> int:
        checks.check_guest_pass(guest_pass)
        self._registry.person(guest_pass.host)
        passes = _instead(self._registry.now.guest_passes, guest_pass)
        return self._keep(guest_pass.guest, PersonKind.GUEST, name, "guests", guest_passes=passes)

    async def revoke_guest_pass(self, id: str) -> int:
        now = self._registry.now
        known = {one.id: one for one in now.guest_passes}
        if id not in known:
            raise checks.unknown("guest pass", id, known)
        passes = _instead(now.guest_passes, replace(known[id], is_revoked=True))
        return self._registry.become(replace(now, guest_passes=passes), "guests")

    async def record_visit(self, visit: VisitingPass, name: str = "") -> int:
        checks.check_visit(visit)
        now = self._registry.now
        visits = _instead(now.visits, replace(visit, is_revoked=visit.id in now.revoked_passes))
        return self._keep(visit.person, PersonKind.VISITOR, name, "visits", visits=visits)

    async def revoke_pass(self, id: str, reason: str, at: datetime) -> int:
        now = self._registry.now
        visits = tuple(replace(one, is_revoked=True) if one.id == id else one for one in now.visits)
        after = replace(now, visits=visits, revoked_passes=now.revoked_passes | {id})
        return self._registry.become(after, "visits")

    def _keep(self, person: PersonId, kind: PersonKind, name: str, subject: str, **changes: Any) -> int:
        now = self._registry.now
        if person in now.people:
            return self._registry.become(replace(now, **changes), subject)
        people = {**now.people, person: Person(person, name or person, kind)}
        return self._registry.become(replace(now, people=people, **changes), subject, people=[person])


def _instead(everything: Iterable[Any], one: Any) -> tuple[Any, ...]:
    return tuple(sorted([*(other for other in everything if other.id != one.id), one], key=lambda held: held.id))


class MemoryLedger:
    """The Ledger port over a list."""

    def __init__(self) -> None:
        self.rows: list[LedgerRow] = []
        self._version = 0
        self._cursor: int | None = None

    async def version(self) -> int:
        return self._version

    async def cursor(self) -> int | None:
        return self._cursor

    async def load(self, since: date) -> list[LedgerRow]:
        return [row for row in self.rows if row.charge.day >= since or row.charge.kind is ChargeKind.DAY_PASS]

    async def append(self, rows: Sequence[LedgerRow], cursor: int | None = None) -> list[bool]:
        for row in rows:
            checks.check_ledger_row(row)
        new = [self._add(row) for row in rows]
        self._version += sum(new)
        if cursor is not None:
            self._cursor = max(self._cursor or 0, cursor)
        return new

    def _add(self, row: LedgerRow) -> bool:
        used = {_use(one.charge) for one in self.rows if one.entry is LedgerEntry.USED}
        if row.entry is LedgerEntry.USED and _use(row.charge) in used:
            return False
        self.rows.append(row)
        return True


def _use(charge: Charge) -> tuple[object, ...]:
    return charge.kind, charge.holder, charge.day, charge.subject


class MemoryLists:
    """The ListStore port over a dict."""

    def __init__(self) -> None:
        self._lists: dict[tuple[DeviceId, int], IssuedList] = {}

    async def remember_list(self, device: DeviceId, rev: int, salt: bytes, issued_ms: int, until_ms: int) -> None:
        self._lists[device, rev] = IssuedList(device, rev, salt, issued_ms, until_ms)
        gone = issued_ms - 31 * 24 * 3_600_000
        self._lists = {key: one for key, one in self._lists.items() if one.until_ms >= gone}

    async def remembered_lists(self) -> list[IssuedList]:
        return [self._lists[key] for key in sorted(self._lists)]
