"""The access index: what it knows after any changes is what a fresh look at the registry would give."""

import asyncio
from dataclasses import fields, replace
from datetime import date
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.house import Scope
from controller.domain.ids import AreaId, CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import Credential, CredentialState, Lease, Membership, Person
from controller.errors import StoreError
from controller.services.entry.access_index import NOT_OF_PEOPLE, AccessIndex, keep_fresh, people_differ, refresh
from controller.services.people.people import Held, ImportPlan
from controller.services.ports import RegistryChange, RegistrySnapshot
from tests.support.memory import MemoryRegistry
from tests.support.memory_stores import MemoryHouse
from tests.support.services import ALICE, LAB, LAB_DOOR, NOON, PEOPLE, SPACE, STREET

# --- any changes, in any order ----------------------------------------------------------------------------------------

NAMES = ("ann", "bob", "cem")
TEAMS = (None, TeamId("rocket"), TeamId("comet"))
# Few, so that badges are taken from one person and given to another.
BADGES = (b"digest 1", b"digest 2", b"digest 3", b"digest 4")

people = st.sampled_from(NAMES).map(PersonId)


@st.composite
def holdings(draw: st.DrawFn) -> Held:
    """One person and all they hold from now on."""
    who = draw(people)
    person = Person(who, draw(st.sampled_from(("Old Name", "New Name"))), team=draw(st.sampled_from(TEAMS)))
    plans = draw(st.lists(st.sampled_from(("full", "two-days")), max_size=2, unique=True))
    numbers = draw(st.lists(st.integers(0, 1), max_size=2, unique=True))
    credentials = tuple(Credential(CredentialId(f"{who}-{n}"), who) for n in numbers)
    digests = draw(st.lists(st.sampled_from(BADGES), min_size=len(numbers), max_size=len(numbers), unique=True))
    return Held(
        person,
        tuple(Membership(who, PlanId(plan), date(2026, 1, 1)) for plan in plans),
        credentials,
        {digest: one.id for digest, one in zip(digests, credentials, strict=True)},
    )


leases = st.lists(
    st.builds(Lease, st.sampled_from(TEAMS[1:]), st.sampled_from((AreaId("lab"), AreaId("study"))), st.just(date.min)),
    max_size=2,
    unique_by=lambda lease: lease.area,
).map(tuple)
imports = st.builds(
    ImportPlan,
    based_on=st.just(0),
    people=st.lists(holdings(), max_size=2, unique_by=lambda held: held.person.id).map(tuple),
)
lettings = st.builds(ImportPlan, based_on=st.just(0), leases=st.just(()) | leases)
blocks = st.tuples(st.just("state"), people, st.sampled_from(CredentialState))
bans = st.tuples(st.just("ban"), people, st.booleans())
looks = st.just("look")  # the index follows the registry only when it looks


async def change(registry: MemoryRegistry, what: object) -> None:
    match what:
        case ImportPlan():
            await registry.apply_import(replace(what, based_on=registry.now.version))
        case ("state", who, state):
            for credential in [one.id for one in registry.now.credentials.values() if one.person == who]:
                await registry.set_credential_state(credential, state)
        case ("ban", who, banned) if who in registry.now.people:
            await registry.set_banned(who, banned)


@settings(max_examples=150, deadline=None)  # other programs run on this machine too
@given(changes=st.lists(imports | lettings | blocks | bans | looks, max_size=12))
async def test_an_index_that_followed_every_change_equals_one_built_fresh(changes):
    registry = MemoryRegistry()
    index = AccessIndex(SPACE, registry.now)

    for what in [*changes, "look"]:
        if what == "look":
            await refresh(index, registry)
        else:
            await change(registry, what)

    fresh = AccessIndex(SPACE, registry.now)
    assert index.people == fresh.people
    for digest in (*BADGES, None):
        assert index.rights(STREET, digest) == fresh.rights(STREET, digest)


def test_a_person_who_was_removed_leaves_nothing_behind():
    index = AccessIndex(SPACE, PEOPLE)
    (digest,) = PEOPLE.digests
    (who,) = PEOPLE.people

    index.apply(RegistryChange(8, frozenset({who}), {}, {}, {}, {}))

    assert index.rights(STREET, digest).credential is None
    assert index.people == RegistrySnapshot(8)


# --- rights -----------------------------------------------------------------------------------------------------------


def test_rights_hold_everything_about_whoever_holds_the_badge():
    rocket = TeamId("rocket")
    lease = Lease(rocket, LAB, date(2026, 1, 1))
    (who,) = PEOPLE.people
    team_member = replace(PEOPLE.people[who], team=rocket)
    other = Lease(TeamId("comet"), LAB, date(2026, 1, 1))
    index = AccessIndex(SPACE, replace(PEOPLE, people={who: team_member}, leases=(lease, other)))
    (digest,) = PEOPLE.digests

    rights = index.rights(LAB_DOOR, digest)

    assert (rights.person, rights.door, rights.leases) == (team_member, LAB_DOOR, (lease,))
    assert rights.memberships == PEOPLE.memberships[who]


def test_an_unknown_badge_and_no_badge_at_all_have_no_rights():
    index = AccessIndex(SPACE, PEOPLE)

    assert index.rights(STREET, b"never enrolled") == index.rights(STREET, None)
    assert index.rights(STREET, None).person is None


def test_a_badge_whose_holder_is_gone_keeps_its_credential_and_gives_no_rights():
    index = AccessIndex(SPACE, replace(PEOPLE, people={}))
    (digest,) = PEOPLE.digests

    rights = index.rights(STREET, digest)

    assert (rights.credential is not None, rights.person, rights.memberships) == (True, None, ())


def test_another_version_of_the_building_counts_from_the_next_read_on():
    index = AccessIndex(SPACE, PEOPLE)

    index.publish(replace(SPACE, version="v2"))

    assert index.rights(STREET, None).space.version == "v2"
    assert index.people is PEOPLE


# --- following the registry -------------------------------------------------------------------------------------------


class CountingRegistry(MemoryRegistry):
    """Says how often it was loaded whole, and can fail as a locked database does."""

    def __init__(self, snapshot: RegistrySnapshot) -> None:
        super().__init__(snapshot)
        self.loads = 0
        self.failure: StoreError | None = None

    async def version(self) -> int:
        if self.failure is not None:
            raise self.failure
        return await super().version()

    async def load(self) -> RegistrySnapshot:
        self.loads += 1
        return await super().load()


async def test_a_changed_right_counts_within_a_second_without_loading_everybody():
    registry = CountingRegistry(PEOPLE)
    index = AccessIndex(SPACE, PEOPLE)
    following = asyncio.get_running_loop().create_task(keep_fresh(index, registry, lambda _: None))

    (credential,) = PEOPLE.credentials
    (digest,) = PEOPLE.digests
    await registry.set_credential_state(credential, CredentialState.BLOCKED)
    await asyncio.sleep(0.9)
    following.cancel()

    assert index.rights(STREET, digest).credential.state is CredentialState.BLOCKED
    assert (index.version, registry.loads) == (8, 0)


async def test_people_or_their_rights_changed_is_true_only_of_people_and_what_they_hold():
    registry = CountingRegistry(PEOPLE)
    house, index = MemoryHouse(registry), AccessIndex(SPACE, PEOPLE)
    told: list[bool] = []
    following = asyncio.get_running_loop().create_task(
        keep_fresh(index, registry, lambda before: told.append(people_differ(before, index.people)))
    )
    (credential,) = PEOPLE.credentials
    for change in (
        partial(house.begin_lockdown, Scope(), ALICE.id, "a stranger", NOON),
        partial(registry.learn_list_digest, credential, b"digest"),
        partial(registry.set_credential_state, credential, CredentialState.BLOCKED),
        partial(house.lift_lockdown, Scope(), ALICE.id, "it was the plumber", NOON),
        partial(registry.set_banned, ALICE.id, True),
    ):
        await change()
        await asyncio.sleep(0.5)
    following.cancel()

    assert told == [False, False, True, False, True]


async def test_a_registry_that_is_loaded_whole_and_holds_the_same_people_has_not_changed_them():
    registry = CountingRegistry(replace(PEOPLE, version=40, people=dict(PEOPLE.people)))
    index = AccessIndex(SPACE, PEOPLE)

    await refresh(index, registry)

    assert (registry.loads, people_differ(PEOPLE, index.people)) == (1, False)


def test_what_is_left_out_of_people_is_in_the_registry():
    assert {one.name for one in fields(RegistrySnapshot)} >= NOT_OF_PEOPLE


async def test_a_registry_that_no_longer_knows_the_way_is_loaded_whole():
    registry = CountingRegistry(replace(PEOPLE, version=40))
    index = AccessIndex(SPACE, replace(PEOPLE, version=7, people={}))

    await refresh(index, registry)

    assert (index.version, registry.loads) == (40, 1)
    assert index.people.people == PEOPLE.people


async def test_an_older_registry_put_back_from_a_backup_is_taken_too():
    registry = CountingRegistry(PEOPLE)
    index = AccessIndex(SPACE, replace(PEOPLE, version=99))

    await refresh(index, registry)

    assert index.version == PEOPLE.version


async def test_a_registry_that_cannot_be_read_leaves_the_rights_as_they_were_and_is_warned_of_once(caplog):
    caplog.set_level("INFO")
    registry = CountingRegistry(PEOPLE)
    index = AccessIndex(SPACE, PEOPLE)
    following = asyncio.get_running_loop().create_task(keep_fresh(index, registry, lambda _: None))
    registry.failure = StoreError("natoma.db: locked")
    await asyncio.sleep(5.0)
    registry.failure = None
    await registry.set_banned(next(iter(PEOPLE.people)), True)
    await asyncio.sleep(0.5)
    following.cancel()

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "INFO"]
    assert caplog.records[0].getMessage() == "rights are as of version 7: natoma.db: locked"
    assert index.version == 8
