"""People told of, and told: profiles, who is here, who comes for the first time, whose guest has come, notices."""

from collections.abc import Sequence
from datetime import datetime

from controller.app.wiring.ground import Ground
from controller.app.wiring.inside import InsideWing
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.community import is_newcomer
from controller.domain.ids import PersonId
from controller.services.notices.outbox import House, Notifier, Outbox
from controller.services.people.community import Community
from controller.services.people.first_entries import FirstEntries
from controller.services.people.profiles import ProfileBook
from controller.services.ports import LoggedFact
from controller.services.visitors.guest_arrivals import GuestArrivals


class CommunityWing(Wing):
    def __init__(self, ground: Ground, inside: InsideWing, notifier: Notifier) -> None:
        self._ground = ground
        self.profiles = ProfileBook(ground.kept.profiles)
        self.community = Community(
            lambda: self.profiles.profiles,
            lambda: ground.people().people,
            lambda: inside.following.whereabouts.inside(),
        )
        self._first = FirstEntries(ground.kept.profiles, self._is_newcomer, ground.note)
        self._guests = GuestArrivals(ground.index, ground.note)
        self._outbox = Outbox(
            ground.kept.notices,
            notifier,
            House(
                ground.space,
                lambda: ground.people().people,
                self.profiles.of,
                lambda person: inside.following.whereabouts.is_inside(person),
            ),
            ground.note,
            ground.board,
            ground.clock,
        )

    def _is_newcomer(self, person: PersonId, at: datetime) -> bool:
        index = self._ground.index
        known = index.people.people.get(person)
        if known is None:
            return False
        held = index.holdings.memberships_of(known, index.people.memberships.get(person, ()))
        return is_newcomer(known, held, at.astimezone(index.space.zone).date())

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        self._guests.recall(facts)

    def lasting(self) -> Lasting:
        yield "profiles", self.profiles.run()
        yield "first entries", self._first.run(self._ground.kept.events, self._ground.clock.now())
        yield "notices", self._outbox.run(self._ground.kept.events)

    def took(self, logged: LoggedFact) -> None:
        self._first.took(logged)
        self._guests.took(logged)

    def look(self) -> None:
        self._guests.look()
