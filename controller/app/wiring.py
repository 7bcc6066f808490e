"""Which service is plugged into which: one house of services over whatever keeps and carries for it.

Nothing here opens, starts or stops anything: `compose` does that with real stores and links, the services' tests
with stores in memory and a link that writes down.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from controller.app.routing import handlers
from controller.domain.alarm import AlarmKind
from controller.domain.building import Device, Door, Space
from controller.domain.door import CLOSED_STATES
from controller.domain.facts import FactKind
from controller.domain.holdings import HeldTicket, PublicEvent, Ticket
from controller.domain.ids import AreaId, DeviceId, DoorId, PersonId
from controller.domain.membership import Credential, Person
from controller.domain.shared import Shared
from controller.domain.usage import Usage
from controller.services.doors.alarms import Alarms, AlarmStore
from controller.services.doors.doors import Doors
from controller.services.doors.house_writes import HouseWrites
from controller.services.doors.modes import Modes
from controller.services.entry.access import AccessService, Reserve
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.alerts import Alert
from controller.services.entry.pins import Asked, Pins
from controller.services.entry.reads import Reads
from controller.services.entry.shared_state import SharedState
from controller.services.entry.shown import Digests, Recognition
from controller.services.entry.usage import UsageBook
from controller.services.entry.whereabouts import Following
from controller.services.inbound import Router
from controller.services.journal import Journal
from controller.services.meters import Meters
from controller.services.offline.access_lists import AccessLists
from controller.services.offline.list_digests import ListDigests
from controller.services.offline.local_decisions import LocalDecisions
from controller.services.people.people import PeopleStore
from controller.services.ports import (
    Clock,
    EventLog,
    LoggedFact,
    Outbound,
    RegistrySnapshot,
    TelemetryLog,
    TelemetryRow,
)
from controller.services.presence import Presence
from controller.services.refusals import Refusals
from controller.services.rooms.booth import Booths
from controller.services.rooms.occupancy import Headcount
from controller.services.rooms.rooms import Rooms
from controller.services.rooms.spool import WAITING_LIMIT, Spool
from controller.services.rooms.telemetry import Telemetry
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from controller.services.screens.story import Story
from controller.services.screens.wording import Wording
from controller.services.stores import EventStore, GuestStore, HouseStore, Ledger, ListStore
from controller.services.visitors.public_events import PublicEvents
from controller.services.visitors.visits import CredentialStore, Visits
from devices.badges import Badge, ReaderProfile
from devices.topics import Topics

# Of the recalled facts, those that screens show.
FACTS_SHOWN = 200

Newest: TypeAlias = Mapping[DeviceId, Mapping[str, tuple[int, float | bool | str]]]
"""The newest value of every channel, as the telemetry log has it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept, each behind its port."""

    people: RegistrySnapshot
    events: EventLog
    telemetry: TelemetryLog
    reserve: Reserve
    digests: Digests
    house: HouseStore
    ledger: Ledger
    alarms: AlarmStore
    lists: ListStore
    public_events: EventStore
    guests: GuestStore
    credentials: CredentialStore
    list_digest_of_token: Callable[[str], Awaitable[bytes]]  # as doors' own lists know it; slow on purpose
    list_digest_of: Callable[[Badge], bytes]  # the same of a badge; asked beside the loop
    list_signing_key: bytes = field(repr=False)  # what access lists are signed with
    people_store: PeopleStore


class Services:
    """All services of one house, by name."""

    def __init__(
        self,
        space: Space,
        kept: Kept,
        outbound: Outbound,
        clock: Clock,
        *,
        feed: LiveFeed,
        meters: Meters,
        board: HealthBoard,
        profiles: Callable[[Device], ReaderProfile],
        spool_limit: int = WAITING_LIMIT,
    ) -> None:
        self.clock = clock
        self.feed = feed
        self.meters = meters
        self.board = board
        self.index = AccessIndex(space, kept.people)
        self._events = kept.events
        self._listeners: list[Callable[[LoggedFact], None]] = []
        self._reading_listeners: list[Callable[[Sequence[TelemetryRow]], None]] = []
        self.journal = Journal(kept.events, self._happened)
        note = self.journal.note
        self.wording = Wording(lambda: self.index.space, lambda: self.index.everybody, lambda: self.index.people.house)
        self.story = Story(feed, self.wording)
        topics = Topics(space.root)

        self.presence = Presence(space, note, feed, clock)
        self.alarms = Alarms(kept.alarms, note, feed, clock, words=self.wording.alarm)
        self.lists = AccessLists(
            self.index,
            outbound,
            kept.lists,
            self.presence,
            board,
            note,
            clock,
            kept.list_signing_key,
            beside=self,
            shown=self._list_changed,
        )
        self.doors = Doors(
            space, outbound, self.presence, note, feed, clock, self.alarms, access_of=self.lists.access_of
        )
        self.booths = Booths(space, outbound, self.presence, note, self._room_changed, clock)
        self.rooms = Rooms(space, self.presence, self.booths.shown, feed, clock)

        self.following = Following(lambda: self.index.space, clock)
        self.shared = SharedState(
            lambda: self.index.space,
            self.following.whereabouts,
            is_online=self.presence.is_ready,
            is_shut=self._is_shut,
            clock=clock,
        )
        self.usage = UsageBook(kept.ledger, kept.events, lambda: self.index.space, clock)
        self.headcount = Headcount(space, feed, clock, self.following)
        self.writes = HouseWrites()
        self.public_events = PublicEvents(
            people=lambda: self.index.people,
            whereabouts=self.following.whereabouts,
            coming_in=self.shared.coming_in,
            store=kept.public_events,
            writes=self.writes,
            note=note,
            alarms=self.alarms,
            clock=clock,
        )
        self.visits = Visits(
            space=lambda: self.index.space,
            people=lambda: self.index.people,
            guests=kept.guests,
            credentials=kept.credentials,
            digests=kept.digests,
            list_digest=kept.list_digest_of_token,
            writes=self.writes,
            clock=clock,
        )
        self.modes = Modes(
            index=self.index,
            store=kept.house,
            worker=self.doors.of,
            outbound=outbound,
            presence=self.presence,
            board=board,
            note=note,
            clock=clock,
            alarms=self.alarms,
            inside=self._behind,
            events=self.public_events.known,
            full=self.public_events.full,
            say_word=self.headcount.mode_is,
        )

        self.local = LocalDecisions(
            self.index,
            self.lists.salts,
            self.journal,
            self.presence,
            self.visits,
            self.doors,
            answered=lambda tap: self.access.has_answered(tap),
            beside=self,
        )
        self.list_digests = ListDigests(self.index, kept.people_store, kept.list_digest_of)

        self.spool = Spool(kept.telemetry, self._readings_kept, meters, clock, waiting_limit=spool_limit)
        self.refusals = Refusals(topics, self.spool.refuse, outbound, note, space.devices.__contains__, meters, clock)
        recognition = Recognition(self.index, kept.digests, profiles, self, self.visits)
        self.pins = Pins(
            digests=kept.digests,
            lookup=self.index.credential,
            note=note,
            timed_out=self._pin_timed_out,
            locked_out=self._pins_locked_out,
            clock=clock,
        )
        self.access = AccessService(
            index=self.index,
            recognition=recognition,
            journal=self.journal,
            reserve=kept.reserve,
            charges=self.usage,
            neighbours=self.shared,
            pins=self.pins,
            saw=self.list_digests.saw,
            alert=self._alert,
            doors=self.doors,
            refusals=self.refusals,
            clock=clock,
            meters=meters,
        )
        self.reads = Reads(
            index=self.index,
            recognition=recognition,
            pins=self.pins,
            access=self.access,
            presence=self.presence,
            refusals=self.refusals,
            clock=clock,
        )
        telemetry = Telemetry(self.presence, self.spool, self.refusals)
        self.router = Router(
            topics,
            lambda: self.index.space.devices,
            handlers(
                self.reads,
                self.doors,
                self.modes,
                self.booths,
                self.rooms,
                self.presence,
                telemetry,
                self.lists,
                self.local,
            ),
            self.refusals,
            meters,
        )
        for device_listener in (
            self.doors.device_changed,
            self.rooms.device_changed,
            self.booths.device_changed,
            self.modes.device_changed,
            self.lists.device_changed,
        ):
            self.presence.listen(device_listener)
        for fact_listener in (
            self.story.tell,
            self.usage.took,
            self.shared.took,
            self.following.took,
            self.headcount.took,
            self.public_events.took,
            self.modes.took,
            self._overshot,
        ):
            self.listen(fact_listener)

    def listen(self, listener: Callable[[LoggedFact], None]) -> None:
        """Be told of every fact, as it happens."""
        self._listeners.append(listener)

    def listen_to_readings(self, listener: Callable[[Sequence[TelemetryRow]], None]) -> None:
        """Be told of readings that are kept and were not known before."""
        self._reading_listeners.append(listener)

    # --- circumstances of a decision ---------------------------------------------------------------

    def usage_of(self, person: PersonId) -> Usage:
        return self.usage.of(person)

    def shared_at(self, door: Door, person: Person, credential: Credential | None) -> Shared:
        return self.shared.for_read(door, person, credential)

    def held(self, ticket: Ticket, event: PublicEvent) -> HeldTicket:
        return self.public_events.held(ticket, event)

    # --- life -------------------------------------------------------------------------------------

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        """What was known before the last stop, with its true age; before anything comes in."""
        self.booths.recall(facts)
        self.following.recall(facts)
        self.headcount.recall(facts)
        self.public_events.recall(facts)
        self.pins.recall(facts)
        for logged in facts[-FACTS_SHOWN:]:
            self.story.tell(logged)
        self.rooms.recall(newest)
        await self.alarms.recall()
        await self.usage.load()
        self.modes.recall(facts)

    def lasting(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """What must run as long as the house does, by name."""
        yield "journal", self.journal.run()
        yield "spool", self.spool.run()
        yield "rooms", self.rooms.run()
        yield "alarms", self.alarms.run()
        yield "usage", self.usage.run()
        yield "door modes", self.modes.run()
        yield "the house", self.modes.writes.run()
        yield "events and visits", self.writes.run()
        yield "access lists", self.lists.run()
        yield "what doors decided", self.local.run()
        yield "list digests", self.list_digests.run()
        yield "whereabouts", self.following.run(self._events, self.journal.tell)
        for worker in self.doors.workers:
            yield f"door {worker.door.id}", worker.run()

    def look(self) -> None:
        """Once a second."""
        self.doors.sweep()
        self.doors.follow_props(self.index.people.house)
        self.booths.look()
        self.following.look()
        self.headcount.look()
        self.usage.look()
        self.shared.look()
        self.public_events.look()
        self.visits.look()
        self.modes.look()

    def rights_changed(self) -> None:
        """Another version of the registry, or of the space, counts now."""
        self.modes.index_changed()
        self.lists.changed()

    def link_back(self) -> None:
        """The link to the broker is there again; what it retained may be gone."""
        self.modes.link_back()
        self.lists.link_back()

    async def adopt(self, space: Space) -> None:
        """Another version of the space, of the same doors and devices, counts from now on."""
        self.index.publish(space)
        self.presence.publish(space)
        self.doors.publish(space)
        self.rooms.publish(space)
        self.headcount.publish(space)
        self.rights_changed()

    # --- what happens inside ----------------------------------------------------------------------

    def _happened(self, logged: LoggedFact) -> None:
        for listener in self._listeners:
            listener(logged)

    def _readings_kept(self, rows: Sequence[TelemetryRow]) -> None:
        for row in rows:
            if row.seq is not None:
                self.presence.numbered(row.device, row.seq)
        self.rooms.kept(rows)
        for listener in self._reading_listeners:
            listener(rows)

    def _room_changed(self, area: AreaId) -> None:
        self.rooms.look_again(area)

    def _list_changed(self, door: DoorId) -> None:
        self.doors.of(door).show()

    def _is_shut(self, door: DoorId) -> bool:
        return self.doors.of(door).state in CLOSED_STATES

    def _behind(self, door: DoorId) -> int | None:
        """How many people are behind this door, as far as anybody can say: in the zones it leads into."""
        space = self.index.space
        known = space.doors.get(door)
        area = space.areas.get(known.inner) if known is not None else None
        if area is None or not area.zones:
            return None
        return max(self.following.whereabouts.count(zone).people for zone in area.zones)

    def _overshot(self, logged: LoggedFact) -> None:
        """A door that decided alone let somebody in beyond what was left."""
        fact = logged.fact
        if fact.kind is FactKind.QUOTA_OVERSHOT:
            self.alarms.raise_(AlarmKind.QUOTA_OVERSHOOT, door=fact.door, person=fact.person, at=fact.at)

    def _pin_timed_out(self, asked: Asked) -> None:
        self.reads.pin_timed_out(asked)

    def _pins_locked_out(self, door: DoorId, reader: DeviceId) -> None:
        self.alarms.raise_(AlarmKind.PIN_LOCKED_OUT, door=door, device=reader)

    def _alert(self, alert: Alert) -> None:
        self.alarms.raise_(alert.kind, door=alert.door, area=alert.area, person=alert.person)
