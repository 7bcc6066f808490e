"""What is written into the registry beside people: the house's state, events and guests, the ledger, the lists given out.

Ports only. Each writer is one transaction, and answers the new version of the registry; InputError when what it is about
is not there or makes no sense, StoreError when it cannot be done now. Whether somebody may do it is asked before, by
the caller; how people and their credentials change is in `people`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from controller.domain.holdings import GuestPass, PublicEvent, Ticket, VisitingPass
from controller.domain.house import ExtraHoliday, Lockdown, Override, Scope, Wanted, WindowOpened
from controller.domain.ids import DeviceId, DoorId, EventId, PersonId, ScheduleId, TicketId
from controller.domain.usage import LedgerRow


@dataclass(frozen=True, slots=True)
class Ending:
    """How a lockdown, a fire or an override ended: a value of the house says only that it lasts."""

    at: datetime  # aware UTC
    by: PersonId | str
    reason: str


class HouseStore(Protocol):
    """Lockdowns, fire, overrides, exceptions, holidays and the windows a first person opened.

    Lockdowns, overrides and exceptions get ids that a person can type: `lockdown-1`, `override-2`, `exception-3`.
    """

    async def begin_lockdown(self, scope: Scope, by: PersonId, reason: str, at: datetime) -> int: ...
    async def lift_lockdown(self, which: Scope | str, by: PersonId, reason: str, at: datetime) -> int: ...
    async def set_fire(self, at: datetime, device: str = "") -> int: ...  # burning already: no new version
    async def clear_fire(self, at: datetime) -> int: ...  # by the panel; doors stay released
    async def confirm_fire(self, by: PersonId, reason: str, at: datetime) -> int: ...
    async def set_override(
        self, scope: Scope, wanted: Wanted, until: datetime, by: PersonId, reason: str, at: datetime
    ) -> int: ...  # replaces one of the same scope
    async def end_override(self, which: Scope | str, by: PersonId, reason: str, at: datetime) -> int: ...
    async def put_one_off(
        self, scope: Scope, wanted: Wanted, start: datetime, end: datetime, reason: str, by: str = ""
    ) -> int: ...  # the same twice is refused
    async def remove_one_off(self, id: str) -> int: ...
    async def put_holiday(self, holiday: ExtraHoliday) -> int: ...  # replaces one of the same day
    async def remove_holiday(self, day: date) -> int: ...
    # The first one counts; a window that was closed is open again.
    async def window_opened(self, window: WindowOpened) -> int: ...
    async def window_closed(self, door: DoorId, schedule: ScheduleId, window_start: datetime, at: datetime) -> int: ...
    async def ending_of(self, id: str) -> Ending | None: ...  # of a lockdown, a fire ("fire") or an override
    # By somebody, at that moment or later; oldest first. What ran out by itself is not among them.
    async def ended_since(self, at: datetime) -> list[tuple[Lockdown | Override, Ending]]: ...


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket with the digest of its token: `BadgeDigests.of_text` of what its QR says."""

    ticket: Ticket
    digest: bytes = field(repr=False)
    list_digest: bytes | None = field(default=None, repr=False)  # as doors' own lists know it


class EventStore(Protocol):
    """Public events and their tickets."""

    async def put_event(self, event: PublicEvent) -> int: ...
    async def start_event(self, id: EventId, at: datetime) -> int: ...  # the host has entered; the first time counts
    async def end_event(self, id: EventId, at: datetime) -> int: ...
    async def add_tickets(self, tickets: Sequence[NewTicket]) -> int: ...  # all or none
    async def void_ticket(self, id: TicketId) -> int: ...


class GuestStore(Protocol):
    """Guests and visitors from partner spaces. Whoever a pass is for is made known when nobody of that id is."""

    async def put_guest_pass(self, guest_pass: GuestPass, name: str = "") -> int: ...
    async def revoke_guest_pass(self, id: str) -> int: ...
    async def record_visit(self, visit: VisitingPass, name: str = "") -> int: ...  # seen again: no new version
    async def revoke_pass(self, id: str, reason: str, at: datetime) -> int: ...  # of a visit, seen here or not


class Ledger(Protocol):
    """What was used, in rows that nobody edits. The same use twice is one row.

    `version` rises with every row written, by any process; the registry's own version does not.
    """

    async def version(self) -> int: ...
    async def load(
        self, since: date
    ) -> list[LedgerRow]: ...  # of these business days, and every day pass there ever was
    # Position in the event log up to which entries are in the ledger; None: no place in the log was written here yet.
    async def cursor(self) -> int | None: ...
    async def append(
        self, rows: Sequence[LedgerRow], cursor: int | None = None
    ) -> list[bool]: ...  # which rows were new


@dataclass(frozen=True, slots=True)
class IssuedList:
    """An access list that a door was given: its salt tells again later whom a hash in it meant."""

    device: DeviceId
    rev: int
    salt: bytes = field(repr=False)
    issued_ms: int
    until_ms: int


class ListStore(Protocol):
    """The access lists given out, long enough to read what doors decided from them."""

    async def remember_list(self, device: DeviceId, rev: int, salt: bytes, issued_ms: int, until_ms: int) -> None: ...
    async def remembered_lists(self) -> list[IssuedList]: ...  # by device, oldest first
