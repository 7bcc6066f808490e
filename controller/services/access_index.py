"""The access index: everything a decision needs, in memory, so that no decision ever waits.

Values are immutable; a change replaces them whole or lays one version over the last. Reading is one
lookup for the credential and a few for its person; the database is asked only by `keep_fresh`.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from controller.domain.access import Rights
from controller.domain.building import Door, Space
from controller.domain.ids import TeamId
from controller.domain.membership import Lease
from controller.errors import StoreError
from controller.services.ports import Registry, RegistryChange, RegistrySnapshot

logger = logging.getLogger(__name__)

# A changed right must reach every online door in under 1 s; asking for the version costs some 30 µs.
POLL_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class _Held:
    """One version of the registry beside one version of the space."""

    space: Space
    people: RegistrySnapshot
    leases: dict[TeamId, tuple[Lease, ...]]


class AccessIndex:
    """Answers `rights` for a door and a digest; kept right by `apply`, `load` and `publish`."""

    def __init__(self, space: Space, people: RegistrySnapshot) -> None:
        self._held = _Held(space, people, _by_team(people.leases))

    @property
    def space(self) -> Space:
        return self._held.space

    @property
    def version(self) -> int:
        """Of the registry."""
        return self._held.people.version

    @property
    def people(self) -> RegistrySnapshot:
        return self._held.people

    def rights(self, door: Door | None, digest: bytes | None) -> Rights:
        """All that is known about whoever holds the credential of this digest, for a decision at this door."""
        held = self._held
        people = held.people
        credential_id = people.digests.get(digest) if digest is not None else None
        credential = people.credentials.get(credential_id) if credential_id is not None else None
        person = people.people.get(credential.person) if credential is not None else None
        if person is None:
            return Rights(held.space, door, credential, None, (), ())
        return Rights(
            held.space,
            door,
            credential,
            person,
            people.memberships.get(person.id, ()),
            held.leases.get(person.team, ()) if person.team is not None else (),
        )

    def publish(self, space: Space) -> None:
        """Swap in another version of the building and its policy."""
        self._held = replace(self._held, space=space)

    def load(self, people: RegistrySnapshot) -> None:
        """Replace everything about people."""
        self._held = _Held(self._held.space, people, _by_team(people.leases))

    def apply(self, change: RegistryChange) -> None:
        """Lay a change over what is held: whole new values for each person touched, nothing left of the old ones."""
        old = self._held.people
        gone = {key for key, credential in old.credentials.items() if credential.person in change.touched}
        credentials = {key: value for key, value in old.credentials.items() if key not in gone} | dict(
            change.credentials
        )
        digests = {key: value for key, value in old.digests.items() if value not in gone} | dict(change.digests)
        people = {k: v for k, v in old.people.items() if k not in change.touched} | dict(change.people)
        memberships = {k: v for k, v in old.memberships.items() if k not in change.touched} | dict(change.memberships)
        leases = old.leases if change.leases is None else change.leases
        self.load(RegistrySnapshot(change.version, people, memberships, leases, credentials, digests))


async def keep_fresh(
    index: AccessIndex, registry: Registry, changed: Callable[[int], None], *, every: float = POLL_EVERY
) -> None:
    """Follow the registry for ever, whoever changes it: this process, another, or a person at the command line.

    `changed` hears each new version once it counts at the doors.
    """
    failing = False
    while True:
        await asyncio.sleep(every)
        try:
            if await registry.version() != index.version:
                await refresh(index, registry)
                changed(index.version)
        except StoreError as error:
            logger.log(
                logging.DEBUG if failing else logging.WARNING, "rights are as of version %d: %s", index.version, error
            )
            failing = True
        else:
            if failing:
                logger.info("rights are up to date again, version %d", index.version)
            failing = False


async def refresh(index: AccessIndex, registry: Registry) -> None:
    """Bring the index to the registry's newest version, by the change alone where that is known."""
    change = await registry.changed_since(index.version)
    if change is None:
        index.load(await registry.load())
    else:
        index.apply(change)
    logger.info("rights are at version %d", index.version)


def _by_team(leases: tuple[Lease, ...]) -> dict[TeamId, tuple[Lease, ...]]:
    teams: dict[TeamId, tuple[Lease, ...]] = {}
    for lease in leases:
        teams[lease.team] = (*teams.get(lease.team, ()), lease)
    return teams
