"""What every wing stands on: what is kept, the rights in memory, the journal and its words, presence, alarms."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.building import Space
from controller.services.booking.stores import BookingStore, SeriesStore, WaitingStore
from controller.services.calendars.stores import CalendarStore, LinkStore
from controller.services.doors.alarms import Alarms, AlarmStore
from controller.services.entry.access import Reserve
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.shown import Digests
from controller.services.history.gaps import NumberStore
from controller.services.journal import Journal
from controller.services.meters import Meters
from controller.services.notices.store import NoticeStore
from controller.services.people.people import PeopleStore
from controller.services.people.profiles import ProfileStore
from controller.services.ports import Clock, EventLog, LoggedFact, Outbound, RegistrySnapshot, TelemetryLog
from controller.services.presence import Presence
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from controller.services.screens.story import Story
from controller.services.screens.wording import Wording
from controller.services.stores import EventStore, GuestStore, HouseStore, Ledger, ListStore
from controller.services.tokens.answers import AnswerStore, Sealer
from controller.services.tokens.store import TokenStore
from controller.services.visitors.visits import CredentialStore
from devices.badges import Badge

# Of the recalled facts, those that screens show.
FACTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept, each behind its port."""

    people: RegistrySnapshot
    events: EventLog
    telemetry: TelemetryLog
    numbers: NumberStore
    reserve: Reserve
    digests: Digests
    house: HouseStore
    ledger: Ledger
    alarms: AlarmStore
    lists: ListStore
    public_events: EventStore
    guests: GuestStore
    bookings: BookingStore
    series: SeriesStore
    waiting: WaitingStore
    calendars: CalendarStore
    links: LinkStore
    tokens: TokenStore
    answers: AnswerStore
    profiles: ProfileStore
    notices: NoticeStore
    sealer: Sealer
    credentials: CredentialStore
    list_digest_of_token: Callable[[str], Awaitable[bytes]]  # as doors' own lists know it; slow on purpose
    list_digest_of: Callable[[Badge], bytes]  # the same of a badge; asked beside the loop
    list_signing_key: bytes = field(repr=False)  # what access lists are signed with
    people_store: PeopleStore


class Ground(Wing):
    """Built first; it knows of no other wing."""

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
        happened: Callable[[LoggedFact], None],
    ) -> None:
        """`happened` hears of every fact."""
        self.kept = kept
        self.outbound = outbound
        self.clock = clock
        self.feed = feed
        self.meters = meters
        self.board = board
        self.index = AccessIndex(space, kept.people)
        self.journal = Journal(kept.events, happened)
        self.note = self.journal.note
        self.wording = Wording(self.space, lambda: self.index.everybody, lambda: self.index.people.house)
        self.story = Story(feed, self.wording)
        self.presence = Presence(space, self.note, feed, clock)
        self.alarms = Alarms(kept.alarms, self.note, feed, clock, words=self.wording.alarm)

    def space(self) -> Space:
        """The version that counts now."""
        return self.index.space

    def people(self) -> RegistrySnapshot:
        """The version that counts now."""
        return self.index.people

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        for logged in facts[-FACTS_SHOWN:]:
            self.story.tell(logged)
        await self.alarms.recall()

    def lasting(self) -> Lasting:
        yield "journal", self.journal.run()
        yield "alarms", self.alarms.run()

    def took(self, logged: LoggedFact) -> None:
        self.story.tell(logged)

    def adopt(self, space: Space) -> None:
        self.index.publish(space)
        self.presence.publish(space)
