"""All wings of one house, in order, and the way a message takes into them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controller.app.routing import handlers
from controller.app.wiring.booking import BookingWing
from controller.app.wiring.calendars import CalendarWing
from controller.app.wiring.community import CommunityWing
from controller.app.wiring.doors import DoorWing, ModeWing
from controller.app.wiring.entry import EntryWing
from controller.app.wiring.ground import Ground, Kept
from controller.app.wiring.history import HistoryWing
from controller.app.wiring.inside import InsideWing
from controller.app.wiring.lists import ListWing
from controller.app.wiring.programs import ProgramWing
from controller.app.wiring.rooms import RoomWing
from controller.app.wiring.sending import SendingWing
from controller.app.wiring.visitors import VisitorWing
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.building import Device, Door, Space
from controller.domain.holdings import HeldTicket, PublicEvent, Ticket
from controller.domain.ids import PersonId
from controller.domain.membership import Credential, Person
from controller.domain.shared import Shared
from controller.domain.usage import Usage
from controller.services.calendars.stores import Elsewhere
from controller.services.history.outgoing import Outgoing
from controller.services.inbound import Router
from controller.services.meters import Meters
from controller.services.notices.outbox import Notifier
from controller.services.ports import Clock, LoggedFact, Outbound
from controller.services.refusals import Refusals
from controller.services.rooms.spool import WAITING_LIMIT
from controller.services.rooms.telemetry import Telemetry
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from devices.badges import ReaderProfile
from devices.topics import Topics


class Services:
    """All services of one house; by name those that others ask for."""

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
        notifier: Notifier,
        spool_limit: int = WAITING_LIMIT,
        elsewhere: Elsewhere | None = None,
        outgoing: Outgoing | None = None,
    ) -> None:
        self._listeners: list[Callable[[LoggedFact], None]] = []
        ground = Ground(space, kept, outbound, clock, feed=feed, meters=meters, board=board, happened=self._happened)
        inside = InsideWing(
            ground, is_shut=lambda door: doors.is_shut(door), on_air=lambda area: rooms.booths.hold_of(area)
        )
        visitors = VisitorWing(ground, inside)
        beside = _ThisMoment(inside, visitors)
        lists = ListWing(ground, beside=beside, shown=lambda door: doors.show(door))
        doors = DoorWing(ground, access_of=lists.lists.access_of, is_on_air=lambda area: rooms.booths.is_held(area))
        modes = ModeWing(ground, doors, inside, visitors, is_on_air=lambda area: rooms.booths.is_held(area))
        rooms = RoomWing(ground, spool_limit=spool_limit, on_air_changed=modes.modes.look)
        history = HistoryWing(ground, rooms)
        bookings = BookingWing(ground, rooms)
        calendars = CalendarWing(ground, bookings, visitors, elsewhere)
        programs = ProgramWing(ground)
        community = CommunityWing(ground, inside, notifier)
        topics = Topics(space.root)
        refusals = Refusals(
            topics, rooms.spool.refuse, outbound, ground.note, space.devices.__contains__, meters, clock
        )
        entry = EntryWing(ground, doors, inside, visitors, lists, refusals=refusals, profiles=profiles, beside=beside)
        # What a door sensed before what is made of it; who is inside before who opens a door for them; the mode of a
        # door after everything it follows from.
        self._wings: tuple[Wing, ...] = (
            ground,
            doors,
            rooms,
            history,
            inside,
            visitors,
            modes,
            lists,
            entry,
            bookings,
            calendars,
            programs,
            community,
            SendingWing(ground, outgoing),
        )

        self.feed, self.meters, self.board = feed, meters, board
        self.index, self.journal = ground.index, ground.journal
        self.presence, self.alarms, self.wording = ground.presence, ground.alarms, ground.wording
        self.doors, self.modes = doors.doors, modes.modes
        self.rooms, self.booths, self.spool = rooms.rooms, rooms.booths, rooms.spool
        self.gaps = history.gaps
        self.following, self.shared, self.usage = inside.following, inside.shared, inside.usage
        self.visits, self.writes = visitors.visits, visitors.writes
        self.public_events, self.scans = visitors.public_events, visitors.scans
        self.listing = visitors.listing
        self.lists = lists.lists
        self.bookings, self.booking_wing = bookings.desk, bookings
        self.feeds, self.calendar_wing = calendars.feeds, calendars
        self.community, self.profiles = community.community, community.profiles
        self.keyring, self.answers = programs.keyring, programs.answers
        self.access, self.reads, self.local = entry.access, entry.reads, entry.local
        self.refusals = refusals
        self.listen_to_readings = rooms.listen_to_readings
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
                Telemetry(
                    self.presence, self.spool, refusals, room_of=lambda device: self.index.space.devices[device].area
                ),
                self.lists,
                self.local,
            ),
            refusals,
            meters,
        )
        for wing in self._wings:
            self.presence.listen(wing.device_changed)
            self.listen(wing.took)

    def listen(self, listener: Callable[[LoggedFact], None]) -> None:
        """Be told of every fact, as it happens."""
        self._listeners.append(listener)

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        """What was known before the last stop, with its true age; before anything comes in."""
        for wing in self._wings:
            await wing.recall(facts, newest)

    def lasting(self) -> Lasting:
        """What must run as long as the house does, by name."""
        for wing in self._wings:
            yield from wing.lasting()

    def look(self) -> None:
        """Once a second."""
        for wing in self._wings:
            wing.look()

    def rights_changed(self) -> None:
        """Another version of the registry, or of the space, counts now."""
        for wing in self._wings:
            wing.rights_changed()

    def link_back(self) -> None:
        """The link to the broker is there again; what it retained may be gone."""
        for wing in self._wings:
            wing.link_back()

    async def adopt(self, space: Space) -> None:
        """Another version of the space, of the same doors and devices, counts from now on."""
        for wing in self._wings:
            wing.adopt(space)
        self.rights_changed()

    def _happened(self, logged: LoggedFact) -> None:
        for listener in self._listeners:
            listener(logged)


@dataclass(frozen=True, slots=True)
class _ThisMoment:
    """What a decision must know that no registry has."""

    inside: InsideWing
    visitors: VisitorWing

    def usage_of(self, person: PersonId) -> Usage:
        return self.inside.usage.of(person)

    def shared_at(self, door: Door, person: Person, credential: Credential | None) -> Shared:
        return self.inside.shared.for_read(door, person, credential)

    def held(self, ticket: Ticket, event: PublicEvent) -> HeldTicket:
        return self.visitors.public_events.held(ticket, event)
