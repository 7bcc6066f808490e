"""The calendars of this house for others to read: a room's without a name in it, a person's own, the public events."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from controller.domain.building import Space
from controller.domain.calendars import Feed, FeedEvent, LinkKind, Stamped, Status
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, PersonId
from controller.services.booking.stores import BookingStore
from controller.services.calendars.links import Links
from controller.services.ports import Clock, RegistrySnapshot
from controller.services.visitors.public_list import Listed

# So long after its time an event is in a feed, cancelled ones too: whoever comes by each week has seen it.
KEPT = timedelta(days=30)
AHEAD = timedelta(days=400)
# A hundred subscribers who come at once are answered from one look at the database.
FRESH_S = 5.0
# The days go by where nothing changes, too.
AGAIN_S = 3600.0

_STATUS = {
    BookingState.REQUESTED: Status.TENTATIVE,
    BookingState.BOOKED: Status.CONFIRMED,
    BookingState.RELEASED: Status.CANCELLED,
    BookingState.CANCELLED: Status.CANCELLED,
    BookingState.DECLINED: Status.CANCELLED,
}
BOOKED = "Booked"


@dataclass(slots=True)
class _Stamps:
    """Since when each event of one feed is as it is, as far as this service has seen."""

    by_uid: dict[str, tuple[FeedEvent, datetime]] = field(default_factory=dict)
    since: datetime | None = None

    def stamped(self, events: Iterable[FeedEvent], now: datetime) -> tuple[Stamped, ...]:
        now = now.replace(microsecond=0)
        seen: dict[str, tuple[FeedEvent, datetime]] = {}
        for event in events:
            before = self.by_uid.get(event.uid)
            seen[event.uid] = before if before is not None and before[0] == event else (event, now)
        if self.since is None or seen != self.by_uid:
            self.since = now
        self.by_uid = seen
        return tuple(Stamped(event, since, _sequence(event, since)) for event, since in seen.values())


class Feeds:
    """Asked with a secret, or for the public events with none."""

    def __init__(
        self,
        links: Links,
        bookings: BookingStore,
        coming: Callable[[], Sequence[Listed]],
        space: Callable[[], Space],
        people: Callable[[], RegistrySnapshot],
        clock: Clock,
    ) -> None:
        self._links = links
        self._store = bookings
        self._coming = coming
        self._space = space
        self._people = people
        self._clock = clock
        self._bookings: Sequence[Booking] = ()
        self._read: tuple[int, float] | None = None  # the version it is of, and when by the loop's clock
        self._reading = asyncio.Lock()
        self._stamps: dict[tuple[LinkKind, str], _Stamps] = {}

    async def of(self, secret: str) -> Feed | None:
        """The calendar that this secret opens; None: none, and nothing says whether there ever was one."""
        link = self._links.of(secret)
        if link is None:
            return None
        if link.kind is LinkKind.EVENTS:
            return self.events()
        return await (self._room(AreaId(link.subject)) if link.kind is LinkKind.ROOM else self._person(link.subject))

    def events(self) -> Feed:
        """The public events, which anybody may read."""
        space = self._space()
        shown = [
            FeedEvent(f"{one.id}@{space.id}.events.natoma", _utc(one.start), _utc(one.end), one.name, one.place)
            for one in self._coming()
        ]
        return self._feed(LinkKind.EVENTS, "", space.name, shown)

    async def _room(self, id: AreaId) -> Feed | None:
        """When it is taken, and nothing else: whoever subscribes to a room is not told who meets there."""
        area = self._space().areas.get(id)
        if area is None:
            return None
        shown = [
            self._event(one, BOOKED, area.name)
            for one in await self._all()
            if one.area == id and _STATUS[one.state] is not Status.CANCELLED
        ]
        return self._feed(LinkKind.ROOM, id, area.name, shown)

    async def _person(self, subject: str) -> Feed | None:
        """Theirs and those they take part in, with titles: the link is as private as their mail."""
        person = self._people().people.get(PersonId(subject))
        if person is None:
            return None
        areas = self._space().areas
        shown = []
        for one in await self._all():
            if person.id == one.owner or person.id in one.participants:
                place = areas[one.area].name if one.area in areas else one.area
                shown.append(self._event(one, one.title or place, place))
        return self._feed(LinkKind.PERSON, person.id, f"{person.name} — {self._space().name}", shown)

    def _event(self, one: Booking, title: str, place: str) -> FeedEvent:
        # One that was cancelled or released is shown as it was booked.
        end = one.booked_end or one.end if _STATUS[one.state] is Status.CANCELLED else one.end
        uid = f"{one.id}@{self._space().id}.natoma"
        return FeedEvent(uid, one.start, end, title, place, _STATUS[one.state], one.made_at)

    def _feed(self, kind: LinkKind, subject: str, name: str, events: Sequence[FeedEvent]) -> Feed:
        stamps = self._stamps.setdefault((kind, subject), _Stamps())
        now = self._clock.now()
        stamped = stamps.stamped(sorted(events, key=lambda one: (one.start, one.uid)), now)
        return Feed(name, stamped, stamps.since or now)

    async def _all(self) -> Sequence[Booking]:
        """Everything that could be in a feed, history too, of all rooms."""
        version = self._people().version
        async with self._reading:
            mono = self._clock.monotonic()
            if self._read is None or mono - self._read[1] >= (FRESH_S if self._read[0] != version else AGAIN_S):
                now = self._clock.now()
                self._bookings = await self._store.bookings_ended(now - KEPT, now + AHEAD)
                self._read = (version, mono)
            return self._bookings


def _sequence(event: FeedEvent, since: datetime) -> int:
    """It rises with every change, and a restart never turns it back: seconds from its making to what it is now."""
    made = event.made_at or datetime(2020, 1, 1, tzinfo=UTC)
    return max(0, int((since - made).total_seconds()))


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
