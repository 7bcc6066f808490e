"""Two houses that honour each other's members: nothing between them but a public key, a token and a file."""

import asyncio
import logging
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from controller.domain.access import Denied, Granted, GrantKind, Read, decide
from controller.domain.building import Partner, Plan, Space
from controller.domain.ids import CredentialId, PartnerId, PersonId, PlanId
from controller.domain.membership import Membership, Person, PersonKind, Standing
from controller.domain.offline import Span, offline_rights
from controller.domain.rights import DenyReason
from controller.domain.shared import NOTHING_SHARED
from controller.domain.usage import Charge, ChargeKind, Usage
from controller.errors import InputError
from controller.services.doors.house_writes import HouseWrites
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.holdings_index import holder_of
from controller.services.ports import RegistrySnapshot
from controller.services.visitors.visits import Visits, own_revocation, own_revocations, pass_for, revocations_to_write
from devices import passes
from devices.accesslist import canonical_token, list_digest
from devices.passes import Pass
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryGuests
from tests.support.services import ALICE, FULL, HOURS, LOBBY, NOON, SPACE, STREET, LoopClock

CAMILLE = Person(PersonId("camille"), "Camille")
ODETTE = Person(PersonId("odette@trudaine.example"), "Odette")
VISITORS = PlanId("visitors")
PARIS = ZoneInfo("Europe/Paris")


class PlainTokens:
    """The TokenDigests port without a key."""

    def of_token(self, token: str) -> bytes:
        return b"digest of " + token.encode()


def listed(token: str) -> bytes:
    return list_digest(b"list key", canonical_token(token))


class House:
    """One space with its members and its signing key; a door of it answers tokens."""

    def __init__(self, id: str, seed: int, *members: Person, zone: ZoneInfo = SPACE.zone) -> None:
        self.key = bytes([seed]) * 32
        visiting = Plan(VISITORS, "Visitors", HOURS, frozenset({LOBBY}), kind="visiting")
        self.space: Space = replace(SPACE, id=id, name=id.title(), zone=zone, plans={**SPACE.plans, VISITORS: visiting})
        self.registry = MemoryRegistry(
            RegistrySnapshot(
                version=1,
                people={one.id: one for one in members},
                memberships={one.id: (Membership(one.id, FULL, date(2026, 1, 1)),) for one in members},
            )
        )
        self.usage: dict[PersonId, Usage] = {}
        self.clock = LoopClock()
        self.writes = HouseWrites()
        self.index = AccessIndex(self.space, self.registry.now)
        self.visits = Visits(
            space=lambda: self.space,
            people=lambda: self.index.people,
            guests=MemoryGuests(self.registry),
            credentials=self.registry,
            digests=PlainTokens(),
            list_digest=self._list_digest,
            writes=self.writes,
            clock=self.clock,
        )

    def honours(self, other: "House", days: int | None = 3) -> None:
        partner = Partner(
            PartnerId(other.space.id), other.space.name, passes.public_key_text(other.key), VISITORS, days
        )
        self.become(replace(self.space, partners={**self.space.partners, partner.id: partner}))

    def become(self, space: Space) -> None:
        self.space = space
        self.index.publish(space)

    def gives(self, person: PersonId = CAMILLE.id, hours: float = 24, days: int | None = None) -> str:
        """`natoma visits issue`."""
        return passes.issue(self.may_give(person, hours, days), self.key)

    def may_give(self, person: PersonId = CAMILLE.id, hours: float = 24, days: int | None = None) -> Pass:
        who = self.index.people.people[person]
        return pass_for(self.index.rights_of(None, None, who), self.clock.now(), hours, days)

    def answers(self, token: str, door=STREET) -> Granted | Denied:
        """A token is held to a reader."""
        now = self.clock.now()
        visitor = self.visits.visitor(token, now)
        rights = self.index.rights(door, None, self)
        if visitor is not None:
            rights = self.index.rights_of(door, visitor.credential, visitor.person, self, visitor.visits)
        answer = decide(Read(door.unit, "scan", now, now, 0.0), rights, now)
        assert isinstance(answer, Granted | Denied)
        return answer

    async def _list_digest(self, token: str) -> bytes:
        await asyncio.sleep(0.001)
        return listed(token)

    async def settles(self) -> None:
        """What is to be written is written, and the index follows."""
        writing = asyncio.get_running_loop().create_task(self.writes.run())
        await asyncio.sleep(1.0)
        writing.cancel()
        self.index.load(self.registry.now)

    # circumstances, as the house wires them
    def usage_of(self, person: PersonId) -> Usage:
        return self.usage.get(person, Usage())

    def shared_at(self, door, person, credential):
        return NOTHING_SHARED

    def held(self, ticket, event):
        raise AssertionError(f"{holder_of(ticket)} is at no event here")


@pytest.fixture
async def houses():
    trudaine, parisoma = House("trudaine", 1, CAMILLE, zone=PARIS), House("parisoma", 2, ALICE)
    parisoma.honours(trudaine)
    trudaine.honours(parisoma)
    return trudaine, parisoma


def reason(answer: Granted | Denied) -> DenyReason | None:
    return answer.reason if isinstance(answer, Denied) else None


async def test_two_spaces_run_and_honour_each_others_members(houses):
    trudaine, parisoma = houses
    there = parisoma.answers(trudaine.gives())
    await asyncio.sleep(14 * 3600)  # when Paris opens
    here = trudaine.answers(parisoma.gives(ALICE.id))

    assert isinstance(there, Granted)
    assert isinstance(here, Granted)
    assert (there.grant.kind, there.grant.via, here.grant.via) == (GrantKind.VISITING, "trudaine", "parisoma")


async def test_a_pass_is_mapped_to_a_local_plan_and_its_hours(houses):
    trudaine, parisoma = houses
    token = trudaine.gives()
    await asyncio.sleep(8 * 3600)  # 20:00 in San Francisco

    assert reason(parisoma.answers(token)) is DenyReason.OUTSIDE_HOURS


async def test_a_pass_is_mapped_to_a_quota_three_free_days(houses):
    trudaine, parisoma = houses
    visitor = PersonId("trudaine/camille")
    first = parisoma.answers(trudaine.gives())
    parisoma.usage[visitor] = Usage(visit_days=frozenset(date(2026, 11, day) for day in (18, 19, 20)))

    assert isinstance(first, Granted)
    assert first.grant.charge == Charge(ChargeKind.VISIT_DAY, visitor, date(2026, 11, 23), plan=VISITORS)
    assert reason(parisoma.answers(trudaine.gives())) is DenyReason.QUOTA_USED_UP


@pytest.mark.parametrize(
    ("ours", "theirs", "days"), [(3, None, 3), (3, 1, 1), (1, 3, 1), (None, 2, 2), (None, None, None)]
)
async def test_of_our_days_and_the_passes_own_the_fewer_count(houses, ours, theirs, days):
    trudaine, parisoma = houses
    parisoma.honours(trudaine, ours)

    rest = 7 if days is None else days
    parisoma.usage[PersonId("trudaine/camille")] = Usage(
        visit_days=frozenset(date(2026, 11, 23) + timedelta(days=n) for n in range(1, rest))
    )
    last = parisoma.answers(trudaine.gives(days=theirs))
    parisoma.usage[PersonId("trudaine/camille")] = Usage(
        visit_days=frozenset(date(2026, 11, 23) + timedelta(days=n) for n in range(1, rest + 1))
    )
    beyond = parisoma.answers(trudaine.gives(days=theirs))

    assert isinstance(last, Granted)
    assert reason(beyond) is (None if days is None else DenyReason.QUOTA_USED_UP)


async def test_the_visitor_has_a_name_and_is_a_visitor(houses):
    trudaine, parisoma = houses
    visitor = parisoma.visits.visitor(trudaine.gives(), NOON)

    assert visitor is not None
    assert visitor.person == Person(PersonId("trudaine/camille"), "Camille (Trudaine)", PersonKind.VISITOR)


async def test_a_visiting_pass_from_an_unknown_key_opens_nothing_and_says_whose_it_is(houses, caplog):
    _, parisoma = houses
    token = House("belleville", 3, CAMILLE).gives()

    with caplog.at_level(logging.WARNING):
        answers = [parisoma.answers(token) for _ in range(3)]

    assert {reason(answer) for answer in answers} == {DenyReason.UNKNOWN_CREDENTIAL}
    (line,) = [one.getMessage() for one in caplog.records]
    assert "it is signed as 'belleville', and space.yaml has no key of that partner" in line
    assert token not in caplog.text


async def test_a_pass_that_is_over_says_so(houses):
    trudaine, parisoma = houses
    token = trudaine.gives(hours=2)
    await asyncio.sleep(2 * 3600)

    assert reason(parisoma.answers(token)) is DenyReason.PASS_OVER


async def test_a_visitor_who_is_banned_here_stays_out(houses):
    trudaine, parisoma = houses
    token = trudaine.gives()
    parisoma.answers(token)
    await parisoma.settles()
    await parisoma.registry.set_banned(PersonId("trudaine/camille"), True)
    await parisoma.settles()

    assert reason(parisoma.answers(token)) is DenyReason.BANNED


async def test_what_is_no_pass_is_not_our_affair(houses):
    _, parisoma = houses

    assert parisoma.visits.visitor("T-4711", NOON) is None


# --- offline ----------------------------------------------------------------------------------------------------------


async def test_a_pass_seen_once_works_offline(houses):
    trudaine, parisoma = houses
    token = trudaine.gives()
    parisoma.answers(token)
    parisoma.answers(token)
    await parisoma.settles()

    people = parisoma.index.people
    (credential,) = people.credentials.values()
    assert people.list_digests[credential.id] == listed(token)
    assert people.digests[PlainTokens().of_token(token)] == credential.id
    rights = parisoma.index.rights_of(STREET, credential, people.people[credential.person], parisoma)
    (alone,) = offline_rights(rights, STREET, Span(NOON, NOON + timedelta(days=7)))
    assert (alone.days, alone.until) == (3, NOON + timedelta(hours=24))


async def test_a_pass_that_was_learned_is_not_written_down_again(houses):
    trudaine, parisoma = houses
    token = trudaine.gives()
    parisoma.answers(token)
    await parisoma.settles()
    version = parisoma.registry.now.version
    parisoma.answers(token)
    await parisoma.settles()

    assert parisoma.registry.now.version == version


async def test_who_is_no_partner_any_more_vouches_for_nobody(houses):
    trudaine, parisoma = houses
    token = trudaine.gives()
    parisoma.answers(token)
    await parisoma.settles()
    parisoma.become(replace(parisoma.space, partners={}))
    parisoma.visits.look()
    parisoma.visits.look()
    await parisoma.settles()

    assert reason(parisoma.answers(token)) is DenyReason.UNKNOWN_CREDENTIAL
    assert [visit.is_revoked for visit in parisoma.index.people.visits] == [True]


# --- revoking ---------------------------------------------------------------------------------------------------------


async def exchanged(giver: House, taker: House) -> int:
    """`natoma visits revocations export` there, and `import` here."""
    text = passes.revoke(own_revocations(giver.space, giver.registry.now.revoked_passes, giver.clock.now()), giver.key)
    keys = {partner.id: partner.public_key for partner in taker.space.partners.values()}
    ids = revocations_to_write(passes.read_revocations(text, keys), taker.registry.now)
    for id in ids:
        await MemoryGuests(taker.registry).revoke_pass(id, "revoked by the partner", taker.clock.now())
    taker.index.load(taker.registry.now)
    return len(ids)


async def revoked(house: House, which: str) -> None:
    """`natoma visits revoke`."""
    id = own_revocation(house.space, house.registry.now, which, house.clock.now())
    await MemoryGuests(house.registry).revoke_pass(id, "left", house.clock.now())


async def test_a_pass_is_revocable_by_its_id(houses):
    trudaine, parisoma = houses
    given = trudaine.may_give()
    token, other = passes.issue(given, trudaine.key), trudaine.gives()
    await revoked(trudaine, given.id)
    before = reason(parisoma.answers(token))
    first, again = await exchanged(trudaine, parisoma), await exchanged(trudaine, parisoma)

    assert (before, first, again) == (None, 1, 0)
    assert reason(parisoma.answers(token)) is not None
    assert reason(parisoma.answers(other)) is None


async def test_all_passes_of_a_person_are_revocable_at_once_and_later_ones_are_good(houses):
    trudaine, parisoma = houses
    seen, unseen = trudaine.gives(), trudaine.gives()
    parisoma.answers(seen)
    await parisoma.settles()
    await revoked(trudaine, CAMILLE.id)
    await exchanged(trudaine, parisoma)
    await asyncio.sleep(2)
    later = trudaine.gives()

    assert reason(parisoma.answers(seen)) is not None
    assert reason(parisoma.answers(unseen)) is not None
    assert reason(parisoma.answers(later)) is None
    # Doors that decide alone know it by the pass itself.
    assert [visit.is_revoked for visit in parisoma.index.people.visits] == [True]


async def test_an_id_with_an_at_is_an_id():
    house = House("trudaine", 1, ODETTE)
    await revoked(house, ODETTE.id)

    assert own_revocations(house.space, house.registry.now.revoked_passes, NOON).subjects == {ODETTE.id: NOON}
    assert passes.read(house.gives(ODETTE.id), {"trudaine": passes.public_key_text(house.key)}).subject == ODETTE.id


async def test_a_list_of_revocations_holds_our_own_passes_only(houses):
    trudaine, parisoma = houses
    await revoked(trudaine, CAMILLE.id)
    await exchanged(trudaine, parisoma)

    assert own_revocations(parisoma.space, parisoma.registry.now.revoked_passes, NOON).subjects == {}


async def test_revoking_what_is_neither_a_person_nor_a_pass_is_refused(houses):
    with pytest.raises(InputError, match="'Zoë!' is neither a person here nor the id of a pass"):
        own_revocation(houses[0].space, houses[0].registry.now, "Zoë!", NOON)


# --- giving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"memberships": {}}, "Camille is not given a pass: no membership"),
        (
            {"memberships": {CAMILLE.id: (Membership(CAMILLE.id, FULL, date(2026, 1, 1), standing=Standing.PAUSED),)}},
            "Camille is not given a pass: membership paused",
        ),
        ({"people": {CAMILLE.id: replace(CAMILLE, banned=True)}}, "Camille is not given a pass: banned"),
        ({"people": {CAMILLE.id: replace(CAMILLE, kind=PersonKind.GUEST)}}, "Camille is a guest here"),
    ],
    ids=["no membership", "paused", "banned", "a guest"],
)
async def test_only_an_entitled_active_member_is_given_a_pass(houses, changes, words):
    trudaine, _ = houses
    trudaine.index.load(replace(trudaine.registry.now, **changes))

    with pytest.raises(InputError, match=words):
        trudaine.gives()


@pytest.mark.parametrize(
    ("how", "words"),
    [({"hours": 0}, "--hours: 0"), ({"hours": 169}, "from 1 to 168"), ({"days": 8}, "--days: 8 — from 1 to 7")],
    ids=["no time", "more than a week", "more days than a pass lasts"],
)
async def test_a_pass_is_short_lived(houses, how, words):
    with pytest.raises(InputError, match=words):
        houses[0].gives(**how)


async def test_a_pass_lasts_a_day_and_names_nobody_in_its_repr(houses):
    given = houses[0].may_give()

    assert (given.end - given.start, given.issuer, given.subject) == (timedelta(days=1), "trudaine", "camille")
    assert CredentialId("camille") in repr(given)
    assert "Camille" not in repr(given)
