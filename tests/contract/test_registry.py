"""What every Registry promises, on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adapters.sql import versions
from controller.adapters.sql.registry import SqlRegistry
from controller.domain.building import Plan
from controller.domain.ids import AreaId, CredentialId, PersonId, PlanId, ScheduleId, TeamId
from controller.domain.membership import Credential, CredentialState, Lease, Membership, Person, Standing, Team
from controller.errors import InputError, StoreError
from controller.services.entry.access_index import AccessIndex, refresh
from controller.services.people.people import Held, ImportPlan, PeopleStore
from controller.services.ports import Registry, RegistrySnapshot
from tests.support.memory import MemoryRegistry
from tests.support.registries import empty_place


class People(Registry, PeopleStore, Protocol): ...


FULL, DAY = (Plan(PlanId(id_), id_, ScheduleId("always"), frozenset()) for id_ in ("full-time", "day-pass"))
ADA, BEN = PersonId("ada"), PersonId("ben")
ATELIER = TeamId("atelier")
ADAS_BADGE, BENS_BADGE = CredentialId("b-ada"), CredentialId("b-ben")
SPRING = date(2026, 3, 1)
LEASE = Lease(ATELIER, AreaId("office-2"), SPRING)


def ada(**changes: object) -> Held:
    badge = Credential(
        ADAS_BADGE,
        ADA,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_until=datetime(2027, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC),
        last_two="80",
    )
    person = Person(ADA, "Ada Ásgeirsdóttir", team=ATELIER, needs_time=True)
    held = Held(person, (Membership(ADA, FULL.id, SPRING),), (badge,), {b"a" * 32: ADAS_BADGE})
    return replace(held, **changes)  # type: ignore[arg-type]


def ben() -> Held:
    plans = (Membership(BEN, DAY.id, SPRING, date(2026, 3, 31)), Membership(BEN, FULL.id, date(2026, 4, 1)))
    return Held(Person(BEN, "Ben"), plans, (Credential(BENS_BADGE, BEN),), {b"b" * 32: BENS_BADGE})


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def registry(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        people: People
        if request.param == "memory":
            people = MemoryRegistry()
        else:
            place = empty_place(request.param, tmp_path)
            people = await stack.enter_async_context(SqlRegistry(place, key_id="k1"))
        await people.sync_plans([FULL, DAY])
        yield people


async def given_people(registry: People, *everybody: Held, leases: tuple[Lease, ...] | None = None) -> int:
    plan = ImportPlan(await registry.version(), everybody, {ATELIER: "Atelier"}, leases)
    return await registry.apply_import(plan)


async def test_everybody_comes_back_as_imported(registry: People) -> None:
    version = await given_people(registry, ada(), ben(), leases=(LEASE,))

    assert await registry.load() == RegistrySnapshot(
        version=version,
        people={ADA: ada().person, BEN: ben().person},
        memberships={ADA: ada().memberships, BEN: ben().memberships},
        leases=(LEASE,),
        teams={ATELIER: Team(ATELIER, "Atelier")},
        credentials={ADAS_BADGE: ada().credentials[0], BENS_BADGE: ben().credentials[0]},
        digests={b"a" * 32: ADAS_BADGE, b"b" * 32: BENS_BADGE},
    )


async def test_each_change_is_one_version_more(registry: People) -> None:
    before = await registry.version()

    assert await given_people(registry, ada()) == before + 1
    assert await registry.set_banned(ADA, True) == before + 2
    assert await registry.version() == before + 2


async def test_what_changes_nothing_is_no_new_version(registry: People) -> None:
    before = await registry.version()

    assert await registry.sync_plans([FULL, DAY]) == before
    assert await given_people(registry) == before


async def test_a_change_tells_the_whole_new_value_of_whom_it_touched(registry: People) -> None:
    before = await given_people(registry, ada(), ben())
    await registry.set_credential_state(BENS_BADGE, CredentialState.LOST)

    change = await registry.changed_since(before)

    assert change is not None
    assert change.touched == {BEN}
    assert change.people == {BEN: ben().person}
    assert change.memberships == {BEN: ben().memberships}
    assert change.credentials == {BENS_BADGE: replace(ben().credentials[0], state=CredentialState.LOST)}
    assert change.digests == {b"b" * 32: BENS_BADGE}
    assert change.leases is None


async def test_no_change_since_now(registry: People) -> None:
    now = await given_people(registry, ada())

    change = await registry.changed_since(now)

    assert change is not None
    assert (change.version, change.touched) == (now, frozenset())


async def test_a_version_from_before_a_backup_was_put_back_means_load_again(registry: People) -> None:
    now = await given_people(registry, ada())

    assert await registry.changed_since(now + 5) is None


async def test_new_leases_are_told_whole(registry: People) -> None:
    before = await given_people(registry, ada())
    await given_people(registry, leases=(LEASE,))

    change = await registry.changed_since(before)

    assert change is not None
    assert change.leases == (LEASE,)


async def test_a_banned_person_stays_and_is_banned(registry: People) -> None:
    await given_people(registry, ada())

    await registry.set_banned(ADA, True)
    assert (await registry.load()).people[ADA].banned

    await registry.set_banned(ADA, False)
    assert not (await registry.load()).people[ADA].banned


async def test_standing_is_set_for_one_plan_or_for_all(registry: People) -> None:
    await given_people(registry, ben())

    await registry.set_standing(BEN, Standing.PAUSED, FULL.id)
    assert [one.standing for one in (await registry.load()).memberships[BEN]] == [Standing.ACTIVE, Standing.PAUSED]

    await registry.set_standing(BEN, Standing.OVERDUE)
    assert {one.standing for one in (await registry.load()).memberships[BEN]} == {Standing.OVERDUE}


async def test_nobody_and_nothing_unknown_is_changed(registry: People) -> None:
    before = await given_people(registry, ada())

    with pytest.raises(InputError, match="zoe"):
        await registry.set_banned(PersonId("zoe"), True)
    with pytest.raises(InputError, match="zoe"):
        await registry.set_standing(PersonId("zoe"), Standing.PAUSED)
    with pytest.raises(InputError, match="day-pass"):
        await registry.set_standing(ADA, Standing.PAUSED, DAY.id)
    with pytest.raises(InputError, match="b-zoe"):
        await registry.set_credential_state(CredentialId("b-zoe"), CredentialState.BLOCKED)
    assert await registry.version() == before


async def test_a_plan_made_from_an_older_version_is_not_applied(registry: People) -> None:
    stale = ImportPlan(await registry.version(), (ada(),), {ATELIER: "Atelier"})
    await given_people(registry, ben())

    with pytest.raises(StoreError, match="run it again"):
        await registry.apply_import(stale)

    assert set((await registry.load()).people) == {BEN}


async def test_an_import_replaces_all_that_a_person_held(registry: People) -> None:
    await given_people(registry, ada(), ben())

    await given_people(registry, ada(memberships=(), credentials=(), digests={}))

    now = await registry.load()
    assert ADA not in now.memberships
    assert now.credentials.keys() == {BENS_BADGE}
    assert now.people.keys() == {ADA, BEN}


async def test_a_badge_may_pass_from_one_person_to_another(registry: People) -> None:
    await given_people(registry, ada(), ben())
    passed = replace(ada().credentials[0], person=BEN)

    await given_people(
        registry,
        ada(credentials=(), digests={}),
        replace(ben(), credentials=(passed,), digests={b"a" * 32: ADAS_BADGE}),
    )

    now = await registry.load()
    assert now.digests == {b"a" * 32: ADAS_BADGE}
    assert now.credentials[ADAS_BADGE].person == BEN


STEPS = st.lists(
    st.one_of(
        st.sampled_from(
            [(ada(),), (ben(),), (ada(), ben()), (ada(memberships=()),), (ada(credentials=(), digests={}),)]
        ),
        st.sampled_from(["ban", "unban", "lose", "lease", "no lease", "follow"]),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
async def test_whoever_follows_the_changes_knows_what_a_load_tells(
    steps: list[tuple[Held, ...] | str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    follower = AccessIndex(None, RegistrySnapshot(0))  # type: ignore[arg-type]
    async with await SqlRegistry.open(tmp_path_factory.mktemp("r") / "natoma.db", key_id="k1") as registry:
        await registry.sync_plans([FULL, DAY])
        for step in steps:
            known = await registry.load()
            if isinstance(step, tuple):
                await given_people(registry, *step)
            elif step in ("lease", "no lease"):
                await given_people(registry, *([ada()] if step == "lease" else []), leases=(LEASE,) * (step == "lease"))
            elif step == "follow":
                await refresh(follower, registry)
            elif step == "lose" and ADAS_BADGE in known.credentials:
                await registry.set_credential_state(ADAS_BADGE, CredentialState.LOST)
            elif step in ("ban", "unban") and ADA in known.people:
                await registry.set_banned(ADA, step == "ban")
        await refresh(follower, registry)
        assert follower.people == await registry.load()


async def test_another_process_sees_a_change_at_once(tmp_path: Path) -> None:
    path = tmp_path / "natoma.db"
    async with await SqlRegistry.open(path, key_id="k1") as writer, await SqlRegistry.open(path, key_id="k1") as other:
        await writer.sync_plans([FULL, DAY])
        before = await other.version()
        await given_people(writer, ada())

        assert await other.version() == before + 1
        change = await other.changed_since(before)
        assert change is not None
        assert change.touched == {ADA}


async def test_who_is_too_far_behind_loads_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "CHANGES_KEPT", 3)
    async with await SqlRegistry.open(tmp_path / "natoma.db", key_id="k1") as registry:
        await registry.sync_plans([FULL, DAY])
        start = await given_people(registry, ada())
        for banned in (True, False, True):
            await registry.set_banned(ADA, banned)
        assert await registry.changed_since(start) is not None
        await registry.set_banned(ADA, False)
        assert await registry.changed_since(start) is None


async def test_a_change_of_very_many_people_means_load_again(tmp_path: Path) -> None:
    crowd = [Held(Person(PersonId(f"p-{n}"), "Somebody")) for n in range(versions.PATCHED_AT_MOST + 1)]
    async with await SqlRegistry.open(tmp_path / "natoma.db", key_id="k1") as registry:
        before = await registry.version()
        await given_people(registry, *crowd)
        assert await registry.changed_since(before) is None
        assert len((await registry.load()).people) == len(crowd)


async def test_a_plan_that_left_the_building_stays_while_somebody_holds_it(tmp_path: Path) -> None:
    async with await SqlRegistry.open(tmp_path / "natoma.db", key_id="k1") as registry:
        await registry.sync_plans([FULL, DAY])
        await given_people(registry, ada())

        await registry.sync_plans([])

        assert (await registry.load()).memberships[ADA] == ada().memberships


async def test_an_import_that_cannot_be_whole_leaves_nothing(tmp_path: Path) -> None:
    same_badge = replace(ben(), credentials=(Credential(ADAS_BADGE, BEN),), digests={b"a" * 32: ADAS_BADGE})
    async with await SqlRegistry.open(tmp_path / "natoma.db", key_id="k1") as registry:
        await registry.sync_plans([FULL, DAY])
        before = await registry.load()
        with pytest.raises(Exception, match="UNIQUE"):
            await given_people(registry, ada(), same_badge)
        assert await registry.load() == before
