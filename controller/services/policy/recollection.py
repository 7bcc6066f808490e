"""The circumstances of a question asked beside the service: usage from the ledger, whereabouts from the event log.

The service itself knows more: which doors stand open or are offline at this moment, and what is reserved for people on
their way. What cannot be known here is taken to be in order, and said by `unknown`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import cast

from controller.domain.building import Door, Passback, Space, Zone
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import Booking, HeldTicket, PublicEvent, Ticket
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.membership import Credential, Person
from controller.domain.rooms.on_air import Hold, people_of
from controller.domain.shared import NOTHING_SHARED, Shared
from controller.domain.usage import Usage
from controller.services.entry.shared_state import SharedState
from controller.services.entry.usage import UsageBook
from controller.services.entry.whereabouts import Following
from controller.services.policy.log_pages import Recorded
from controller.services.ports import EventLog, LoggedFact
from controller.services.stores import Ledger

# Whoever asks about a minute ago or ahead asks about now.
NOW = timedelta(minutes=1)


class Moment:
    """A clock that stands at the moment somebody asks about."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return 0.0


class Recollection:
    """What is known of a moment from what was written down."""

    def __init__(self, space: Space, at: datetime, asked_at: datetime) -> None:
        self._space = space
        self._clock = Moment(at)
        self._is_now = abs(at - asked_at) <= NOW
        self._following = Following(lambda: space, self._clock)
        self._usage: UsageBook | None = None
        self._on_air: dict[AreaId, Fact] = {}
        self._confirmed: set[Plain] = set()  # sessions
        self._bookings: Mapping[BookingId, Booking] = {}
        self._shared = SharedState(
            lambda: space,
            self._following.whereabouts,
            is_online=lambda _: True,
            is_shut=lambda _: True,
            clock=self._clock,
            on_air=self._hold_of,
        )

    @property
    def begins(self) -> datetime:
        """From when on the log tells where people are: the cut-off before."""
        return self._clock.now() - timedelta(days=1)

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """What has happened since then, oldest first."""
        happened = list(facts)
        self._following.recall(happened)
        for logged in happened:
            fact = logged.fact
            if fact.kind is FactKind.ON_AIR_CHANGED and fact.area is not None:
                self._on_air[fact.area] = fact
                if fact.detail.get("state") == "on":
                    self._confirmed.add(fact.detail.get("session"))

    def booked(self, bookings: Mapping[BookingId, Booking]) -> None:
        """Whose they are, for booths that are on air."""
        self._bookings = bookings

    async def open_books(self, ledger: Ledger, log: Recorded) -> None:
        """Read what was used; nothing is written."""
        # The book would write what the log has and the ledger has not; reading, it never does.
        self._usage = UsageBook(ledger, cast("EventLog", log), lambda: self._space, self._clock)
        await self._usage.read()

    # --- circumstances of a decision --------------------------------------------------------------

    def usage_of(self, person: PersonId) -> Usage:
        return self._usage.of(person) if self._usage is not None else Usage()

    def shared_at(self, door: Door, person: Person, credential: Credential | None) -> Shared:
        return self._shared.for_read(door, person, credential) if self._is_now else NOTHING_SHARED

    def _hold_of(self, area: AreaId) -> Hold | None:
        """By the log: it is wanted, and its light has confirmed."""
        fact = self._on_air.get(area)
        if fact is None or fact.detail.get("wanted") is not True or fact.detail.get("session") not in self._confirmed:
            return None
        booking = self._bookings.get(BookingId(str(fact.detail.get("booking"))))
        people = people_of(booking) if booking is not None else frozenset[PersonId]()
        return Hold(area, people, datetime.fromisoformat(str(fact.detail["until"])))

    def held(self, ticket: Ticket, event: PublicEvent) -> HeldTicket:
        return HeldTicket(ticket, event)

    def unknown(self, door: Door) -> tuple[str, ...]:
        """What this answer takes for granted, in words."""
        zones = self._space.areas[door.inner].zones if door.inner in self._space.areas else frozenset()
        ruled = any(_has_rules(self._space.zones[zone]) for zone in zones if zone in self._space.zones)
        found = []
        if ruled and not self._is_now:
            found.append("where people will be then")
        if door.interlock is not None:
            found.append("whether the other doors of its interlock are shut")
        if door.two_person:
            found.append("whether somebody else shows a badge just before")
        return tuple(found)


def _has_rules(zone: Zone) -> bool:
    return zone.passback is not Passback.OFF or zone.capacity is not None
