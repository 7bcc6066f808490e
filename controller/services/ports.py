"""What the services need from the outside world, and no more.

Each port is implemented by one adapter (the composition root chooses) and by an honest in-memory
twin in tests/support; one contract suite runs against both.
"""

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controller.domain.facts import Fact
from controller.domain.history.values import Source
from controller.domain.holdings import Booking, GuestPass, PublicEvent, Ticket, VisitingPass
from controller.domain.house import HouseState
from controller.domain.ids import (
    AreaId,
    BookingId,
    CohortId,
    CredentialId,
    DeviceId,
    EventId,
    PersonId,
    TeamId,
    TicketId,
)
from controller.domain.membership import Cohort, Credential, Lease, Membership, Person, Team
from devices.messages import AccessList, Message


class Clock(Protocol):
    """Two clocks, never mixed: `now` for schedules and records, `monotonic` for durations."""

    def now(self) -> datetime: ...  # aware UTC
    def monotonic(self) -> float: ...  # seconds; the loop's own clock


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a fact landed in the log; `duplicate` when the same (device, message_id) was decided before."""

    position: int
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class LoggedFact:
    """A fact with its place in the log."""

    position: int
    fact: Fact


class Note(Protocol):
    """Where facts go that may be durable a moment later; the message one tells of is acknowledged when it is."""

    def __call__(self, fact: Fact, acknowledge: Callable[[], None] | None = None, /) -> None: ...


class EventLog(Protocol):
    """The append-only record of what happened: durable once `append`'s future has its result, StoreError if it cannot be."""

    def append(self, fact: Fact) -> Future[Appended]: ...  # in the order of the calls; may be done already
    async def append_all(self, facts: Sequence[Fact]) -> None: ...
    async def after(self, position: int, limit: int = 500) -> list[LoggedFact]: ...  # oldest first
    async def latest(self, limit: int = 200) -> list[LoggedFact]: ...  # oldest first, the newest `limit`
    async def decided(self, device: DeviceId, message_id: str) -> LoggedFact | None: ...


@dataclass(frozen=True, slots=True)
class RegistrySnapshot:
    """Everything about people and what they hold at one version of the registry.

    `digests`: keyed HMAC of a badge, a PIN or a token -> credential; `ticket_digests` the same for tickets.
    """

    version: int
    people: Mapping[PersonId, Person] = field(default_factory=dict)
    memberships: Mapping[PersonId, tuple[Membership, ...]] = field(default_factory=dict)  # a person's own
    leases: tuple[Lease, ...] = ()
    credentials: Mapping[CredentialId, Credential] = field(default_factory=dict)
    digests: Mapping[bytes, CredentialId] = field(default_factory=dict)
    # What a door's own access list knows a credential by (`devices.accesslist.list_digest`); not every one has it.
    list_digests: Mapping[CredentialId, bytes] = field(default_factory=dict, repr=False)
    teams: Mapping[TeamId, Team] = field(default_factory=dict)
    team_memberships: Mapping[TeamId, tuple[Membership, ...]] = field(default_factory=dict)
    cohorts: Mapping[CohortId, Cohort] = field(default_factory=dict)
    bookings: Mapping[BookingId, Booking] = field(default_factory=dict)  # those that are not long over
    events: Mapping[EventId, PublicEvent] = field(default_factory=dict)
    tickets: Mapping[TicketId, Ticket] = field(default_factory=dict)
    ticket_digests: Mapping[bytes, TicketId] = field(default_factory=dict)
    guest_passes: tuple[GuestPass, ...] = ()
    visits: tuple[VisitingPass, ...] = ()  # passes of partner spaces seen here
    revoked_passes: frozenset[str] = frozenset()  # ids of visiting passes that are not honoured any more
    house: HouseState = field(default=HouseState())


class Registry(Protocol):
    """People and what they hold, as the database has them."""

    async def version(self) -> int: ...  # rises with every committed change, by this or any other process
    async def load(self) -> RegistrySnapshot: ...
    async def changed_since(self, version: int) -> "RegistryChange | None": ...  # None: too far back, load again


@dataclass(frozen=True, slots=True)
class RegistryChange:
    """What to lay over a snapshot to bring it to `version`: whole new values for each person touched.

    A person absent from `people` but listed in `touched` was removed. What is not by person comes whole: None is
    "untouched".
    """

    version: int
    touched: frozenset[PersonId]
    people: Mapping[PersonId, Person]
    memberships: Mapping[PersonId, tuple[Membership, ...]]
    credentials: Mapping[CredentialId, Credential]
    digests: Mapping[bytes, CredentialId]
    leases: tuple[Lease, ...] | None = None
    list_digests: Mapping[CredentialId, bytes] = field(default_factory=dict, repr=False)  # of those touched
    groups: "Groups | None" = None
    # By room: one changed booking moves when the next may begin. A room in `booked_areas` has just these.
    booked_areas: frozenset[AreaId] = frozenset()
    bookings: Mapping[BookingId, Booking] = field(default_factory=dict)
    events: Mapping[EventId, PublicEvent] | None = None
    tickets: Mapping[TicketId, Ticket] | None = None
    ticket_digests: Mapping[bytes, TicketId] | None = None
    guest_passes: tuple[GuestPass, ...] | None = None
    visits: tuple[VisitingPass, ...] | None = None
    revoked_passes: frozenset[str] | None = None
    house: HouseState | None = None


@dataclass(frozen=True, slots=True)
class Groups:
    """Teams and cohorts, with what they hold for everybody in them."""

    teams: Mapping[TeamId, Team] = field(default_factory=dict)
    team_memberships: Mapping[TeamId, tuple[Membership, ...]] = field(default_factory=dict)
    cohorts: Mapping[CohortId, Cohort] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TelemetryRow:
    """One message on its way into the telemetry log: kept readings, and what was set aside with its reason."""

    device: DeviceId
    key: str  # names this message among this device's for 24 h: `devices.codec.message_key`
    measured_ms: int  # epoch milliseconds UTC
    received_ms: int
    values: Mapping[str, float | bool | str]  # channel -> canonical value
    flags: tuple[str, ...] = ()  # time_missing, backfill, clock_skew
    set_aside: Mapping[str, str] = field(default_factory=dict)  # channel -> refusal reason
    seq: int | None = None  # the device's own count; not stored, the key holds it
    source: Source | None = None  # what its channels are and where it stands; None: nobody has said


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that broke the contract, kept for whoever must mend it. `sample` is already redacted."""

    at: datetime
    topic: str
    device: DeviceId | None
    reason: str
    path: str = ""
    hint: str = ""
    sample: str = ""


class TelemetryLog(Protocol):
    """Readings in arrival order. Durable when `append` returns; the answer says which rows were new."""

    async def append(self, rows: Sequence[TelemetryRow], refused: Sequence[RefusedMessage] = ()) -> list[bool]: ...
    async def newest(
        self,
    ) -> Mapping[DeviceId, Mapping[str, tuple[int, float | bool | str]]]: ...  # channel -> (ms, value)


class Outbound(Protocol):
    """Messages to devices. `send` raises NotConnected (devices.errors) at once when there is no live link."""

    @property
    def is_live(self) -> bool: ...
    def send(
        self, device: DeviceId, message: Message, *, expiry_s: int | None = None, correlation: str | None = None
    ) -> None: ...
    # One door's access list, retained, each page confirmed before the next, so that no tap waits behind a long list;
    # LinkError when it did not arrive whole.
    async def publish_access(self, device: DeviceId, pages: Sequence[AccessList]) -> None: ...
    # Retained, under <root>/1/live/ or server/; None clears what was retained there.
    def show(self, path: str, body: Mapping[str, object] | None) -> None: ...
