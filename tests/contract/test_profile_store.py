"""What every ProfileStore promises, on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.profiles import SqlProfiles
from controller.adapters.sql.registry import SqlRegistry
from controller.domain.community import Language, Profile
from controller.domain.ids import PersonId
from controller.domain.membership import Person
from controller.errors import InputError
from controller.services.people.people import Held, ImportPlan
from controller.services.people.profiles import ProfileStore
from tests.support.memory_profiles import MemoryProfiles
from tests.support.registries import empty_place

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA, BEN, NOBODY = PersonId("ada"), PersonId("ben"), PersonId("nobody")
PROFILE = Profile(
    ADA,
    "ada@example.org",
    "https://example.org/hook",
    Language.FRENCH,
    wants_notices=False,
    shares_presence=True,
    can_be_asked=True,
    skills=("électronique", "3D printing"),
    about="Ask me early",
)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ProfileStore]:
    if request.param == "memory":
        yield MemoryProfiles({ADA, BEN})
        return
    async with SqlRegistry(empty_place(request.param, tmp_path), key_id="k1") as registry:
        people = (Held(Person(ADA, "Ada")), Held(Person(BEN, "Ben")))
        await registry.apply_import(ImportPlan(await registry.version(), people, {}))
        yield SqlProfiles(registry.database)


async def test_a_profile_comes_back_as_it_was_written(store: ProfileStore) -> None:
    await store.put_profile(Profile(BEN))
    await store.put_profile(PROFILE)

    assert await store.profiles() == {ADA: PROFILE, BEN: Profile(BEN)}


async def test_a_profile_is_replaced_whole(store: ProfileStore) -> None:
    await store.put_profile(PROFILE)
    await store.put_profile(Profile(ADA))

    assert await store.profiles() == {ADA: Profile(ADA)}


async def test_nobody_has_no_profile(store: ProfileStore) -> None:
    with pytest.raises(InputError, match="nobody"):
        await store.put_profile(Profile(NOBODY))
    assert await store.profiles() == {}


async def test_a_forgotten_profile_is_gone_and_forgetting_again_changes_nothing(store: ProfileStore) -> None:
    await store.put_profile(PROFILE)

    gone = await store.forget_profile(ADA)

    assert await store.profiles() == {}
    assert await store.forget_profile(ADA) == gone == await store.version()


async def test_every_change_is_a_version(store: ProfileStore) -> None:
    versions = [await store.version(), await store.put_profile(PROFILE), await store.put_profile(Profile(BEN))]

    assert versions == sorted(set(versions))
    assert await store.version() == versions[-1]


async def test_the_first_entry_stays_the_first(store: ProfileStore) -> None:
    assert await store.note_first_entry(ADA, NOON)
    assert not await store.note_first_entry(ADA, NOON - timedelta(days=1))

    assert await store.first_entries() == {ADA: NOON}


async def test_no_entry_is_kept_of_nobody(store: ProfileStore) -> None:
    assert not await store.note_first_entry(NOBODY, NOON)
    assert await store.first_entries() == {}


async def test_an_entry_is_no_change_of_a_profile(store: ProfileStore) -> None:
    before = await store.version()

    await store.note_first_entry(ADA, NOON)

    assert await store.version() == before
