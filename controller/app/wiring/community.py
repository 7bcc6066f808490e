"""Those who want to be known: their profiles, who of them is here, and who comes for the first time."""

from controller.app.wiring.ground import Ground
from controller.app.wiring.inside import InsideWing
from controller.app.wiring.wing import Lasting, Wing
from controller.services.people.community import Community
from controller.services.people.first_entries import FirstEntries
from controller.services.people.profiles import ProfileBook
from controller.services.ports import LoggedFact


class CommunityWing(Wing):
    def __init__(self, ground: Ground, inside: InsideWing) -> None:
        self._ground = ground
        self.profiles = ProfileBook(ground.kept.profiles)
        self.community = Community(
            lambda: self.profiles.profiles,
            lambda: ground.people().people,
            lambda: inside.following.whereabouts.inside(),
        )
        self._first = FirstEntries(ground.kept.profiles, ground.note)

    def lasting(self) -> Lasting:
        yield "profiles", self.profiles.run()
        yield "first entries", self._first.run(self._ground.kept.events, self._ground.clock.now())

    def took(self, logged: LoggedFact) -> None:
        self._first.took(logged)
