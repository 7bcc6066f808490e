"""How doors' lists come to know a badge that was enrolled before there were any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from controller.domain.ids import CredentialId, PersonId
from controller.domain.membership import Credential, CredentialState, Person
from controller.errors import StoreError
from controller.services.entry.access_index import AccessIndex
from controller.services.offline.list_digests import ListDigests
from controller.services.ports import RegistrySnapshot
from devices.badges import Badge
from tests.unit.domain.house import SPACE

BADGE = Badge("04AF68DACB5A80", 56, "iso14443a")
ALICES = CredentialId("badge-alice")
PEOPLE = RegistrySnapshot(
    version=1,
    people={PersonId("alice"): Person(PersonId("alice"), "Alice")},
    credentials={ALICES: Credential(ALICES, PersonId("alice"), state=CredentialState.BLOCKED)},
)


class Store:
    """The one method asked of the registry."""

    def __init__(self) -> None:
        self.learned: list[tuple[CredentialId, bytes]] = []
        self.failure: StoreError | None = None

    async def learn_list_digest(self, credential: CredentialId, list_digest: bytes) -> int:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        self.learned.append((credential, list_digest))
        return 2


@asynccontextmanager
async def learning(index: AccessIndex, store: Store) -> AsyncIterator[ListDigests]:
    digests = ListDigests(index, store, lambda badge: badge.canonical.encode())  # type: ignore[arg-type]
    task = asyncio.create_task(digests.run(), name="list digests")
    try:
        yield digests
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_learned(store: Store, count: int) -> None:
    async with asyncio.timeout(5):
        while len(store.learned) < count:
            await asyncio.sleep(0.005)


async def test_the_first_read_teaches_and_a_second_meanwhile_adds_nothing():
    store = Store()
    async with learning(AccessIndex(SPACE, PEOPLE), store) as digests:
        digests.saw(ALICES, BADGE)
        digests.saw(ALICES, BADGE)
        await until_learned(store, 1)

    assert store.learned == [(ALICES, BADGE.canonical.encode())]


async def test_what_is_known_is_not_learned_again():
    store = Store()
    known = RegistrySnapshot(version=1, credentials=PEOPLE.credentials, list_digests={ALICES: b"1" * 32})
    async with learning(AccessIndex(SPACE, known), store) as digests:
        digests.saw(ALICES, BADGE)
        await asyncio.sleep(0)

    assert store.learned == []


async def test_what_could_not_be_kept_is_learned_at_the_next_read():
    store = Store()
    store.failure = StoreError("disk full")
    async with learning(AccessIndex(SPACE, PEOPLE), store) as digests:
        digests.saw(ALICES, BADGE)
        async with asyncio.timeout(5):
            while not store.learned:
                digests.saw(ALICES, BADGE)
                await asyncio.sleep(0.005)

    assert len(store.learned) == 1
