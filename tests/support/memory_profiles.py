"""Profiles in memory: the ProfileStore port."""

from collections.abc import Collection
from datetime import datetime

from controller.domain.community import Profile
from controller.domain.ids import PersonId
from controller.services.people.registry_checks import unknown


class MemoryProfiles:
    """Of these people."""

    def __init__(self, people: Collection[PersonId]) -> None:
        self.people = people
        self.now = 0
        self._profiles: dict[PersonId, Profile] = {}
        self._first: dict[PersonId, datetime] = {}

    async def version(self) -> int:
        return self.now

    async def profiles(self) -> dict[PersonId, Profile]:
        return dict(self._profiles)

    async def put_profile(self, profile: Profile) -> int:
        if profile.person not in self.people:
            raise unknown("person", profile.person, self.people)
        self._profiles[profile.person] = profile
        self.now += 1
        return self.now

    async def forget_profile(self, person: PersonId) -> int:
        if self._profiles.pop(person, None) is not None:
            self.now += 1
        return self.now

    async def note_first_entry(self, person: PersonId, at: datetime) -> bool:
        if person in self._first or person not in self.people:
            return False
        self._first[person] = at
        return True

    async def first_entries(self) -> dict[PersonId, datetime]:
        return dict(self._first)
