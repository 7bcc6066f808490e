"""Guests at the desk: invited by a member, for a window, with something to show that is told once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.access import Granted, decide
from controller.domain.building import Plan
from controller.domain.ids import CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import (
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Standing,
)
from controller.domain.offline import Span
from controller.domain.rights import DenyReason, Read
from controller.domain.usage import Charge, ChargeKind
from controller.errors import InputError
from controller.services.entry.access_index import NOTHING, AccessIndex
from controller.services.offline.list_entries import EntryMaker
from controller.services.ports import RegistrySnapshot
from controller.services.visitors.guest_desk import GuestDesk, badge_of
from devices.accesslist import entry_hash
from devices.badges import Badge
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryGuests
from tests.support.services import HOURS, LOBBY, NOON, SPACE, STREET

PLAN = Plan(PlanId("two-days"), "Two days", HOURS, frozenset({LOBBY}), days_per_week=2, guest_days_per_month=2)
HOUSE = replace(
    SPACE, plans={PLAN.id: PLAN, PlanId("alone"): replace(PLAN, id=PlanId("alone"), guest_days_per_month=0)}
)
ALICE = Person(PersonId("alice"), "Alice")
GUS = Person(PersonId("gus"), "Gus Holm", PersonKind.GUEST)
NORD = TeamId("nord")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOANER = badge_of("04:A2:24:5B:C1:91:80", None)


def membership(person: str, plan: str = "two-days", **more: object) -> Membership:
    return Membership(PersonId(person), PlanId(plan), (NOON - 30 * DAY).date(), **more)  # type: ignore[arg-type]


class Digests:
    def of(self, badge: Badge) -> bytes:
        return b"badge " + badge.canonical.encode()

    def of_token(self, token: str) -> bytes:
        return b"token " + token.encode()

    def list_digest_of(self, badge: Badge) -> bytes:
        return b"list " + self.of(badge)

    def list_digest_of_token(self, token: str) -> bytes:
        return b"list " + self.of_token(token)


class Desk:
    """The desk over a registry in memory, opened anew for each command."""

    def __init__(self) -> None:
        hosts = {
            "ben": Person(PersonId("ben"), "Ben", banned=True),
            "dora": Person(PersonId("dora"), "Dora"),
            "paul": Person(PersonId("paul"), "Paul"),
            "nell": Person(PersonId("nell"), "Nell"),
            "sam": Person(PersonId("sam"), "Sam", PersonKind.STAFF),
            "olga": Person(PersonId("olga"), "Olga", team=NORD),
            "solo": Person(PersonId("solo"), "Solo"),
        }
        self.registry = MemoryRegistry(
            RegistrySnapshot(
                1,
                people={person.id: person for person in (ALICE, GUS, *hosts.values())},
                memberships={
                    ALICE.id: (membership("alice"),),
                    PersonId("ben"): (membership("ben"),),
                    PersonId("dora"): (membership("dora", standing=Standing.OVERDUE),),
                    PersonId("paul"): (membership("paul", standing=Standing.PAUSED),),
                    PersonId("solo"): (membership("solo", "alone"),),
                },
                leases=(Lease(NORD, LOBBY, (NOON - DAY).date()),),
            )
        )
        self.now = NOON

    @property
    def desk(self) -> GuestDesk:
        return GuestDesk(MemoryGuests(self.registry), self.registry, Digests(), HOUSE, self.registry.now, self.now)

    async def invites(self, name: str = "Ida Berg", **changed: object):
        asked = {"host": "alice", "start": NOON, "end": NOON + 4 * HOUR}
        return await self.desk.invite(name, **{**asked, **changed})  # type: ignore[arg-type]

    def shows(self, digest: bytes, at=None):
        at = at or self.now
        rights = AccessIndex(HOUSE, self.registry.now).rights(STREET, digest)
        return decide(Read(STREET.readers[0] if STREET.readers else STREET.unit, "1", at, at, 0.0), rights, at)


@pytest.fixture
def house() -> Desk:
    return Desk()


async def refused(asked) -> str:
    with pytest.raises(InputError) as error:
        await asked
    return str(error.value)


async def test_guests_are_invited_by_a_member_for_a_window_and_counted_against_the_host(house):
    invited = await house.invites()

    (one,) = house.registry.now.guest_passes
    assert (one.host, one.start, one.end, one.is_revoked) == ("alice", NOON, NOON + 4 * HOUR, False)
    guest = house.registry.now.people[one.guest]
    assert (guest.name, guest.kind) == ("Ida Berg", PersonKind.GUEST)
    assert invited.said == (
        f"Ida Berg ({one.id}) is a guest of Alice from today 12:00 until today 16:00: goes where and when Alice may, and "
        "each day counts as one of Alice's guest days."
    )
    decision = house.shows(Digests().of_token(invited.token))
    assert isinstance(decision, Granted)
    assert decision.grant.charge == Charge(ChargeKind.GUEST_DAY, ALICE.id, NOON.date(), one.guest, PLAN.id)


async def test_a_token_is_told_once_kept_as_digests_and_over_with_its_invitation(house):
    invited = await house.invites()
    now = house.registry.now
    (one,) = now.guest_passes

    digest = Digests().of_token(invited.token)
    credential = now.credentials[now.digests[digest]]
    assert (credential.kind, credential.person, credential.valid_until) == (CredentialKind.TOKEN, one.guest, one.end)
    assert now.list_digests[credential.id] == b"list " + digest
    assert invited.token not in repr(invited)
    assert len(invited.token) >= 20
    assert invited.token != (await house.invites("Jo")).token
    assert house.shows(digest, one.end).reason is DenyReason.CREDENTIAL_EXPIRED


async def test_a_badge_is_lent_instead_and_lent_on_when_its_invitation_is_over(house):
    first = await house.invites(badge=LOANER)
    (one,) = house.registry.now.guest_passes
    too_early = await refused(house.invites("Jo", badge=LOANER))
    shown = house.desk.listed()
    house.now = one.end
    await house.invites("Jo", badge=LOANER, start=house.now, end=house.now + HOUR)
    now = house.registry.now

    assert first.token is None
    assert "this badge is lent to Ida Berg until today 16:00 — lend another, or take that invitation back" in too_early
    assert shown == [f"{one.id}  Ida Berg ({one.guest}), guest of Alice, today 12:00 to today 16:00, badge …80: now"]
    (held,) = now.credentials.values()
    assert (now.people[held.person].name, held.kind) == ("Jo", CredentialKind.BADGE)
    assert isinstance(house.shows(Digests().of(LOANER)), Granted)


@pytest.mark.parametrize("badge", [None, LOANER], ids=["token", "badge"])
async def test_what_a_guest_shows_is_in_the_lists_of_doors_that_decide_alone(house, badge):
    await house.invites(badge=badge)
    now = house.registry.now
    (credential,) = now.credentials.values()
    maker = EntryMaker(AccessIndex(HOUSE, now), NOTHING, STREET, Span(NOON, NOON + DAY), b"salt")

    ((known_by, entries),) = maker.row(now.people[credential.person], [credential])

    assert known_by == entry_hash(b"salt", now.list_digests[credential.id])
    assert entries


async def test_a_badge_that_is_somebodys_or_was_lost_is_not_lent(house):
    registry = house.registry
    await registry.put_credential(Credential(CredentialId("b1"), ALICE.id), Digests().of(LOANER))
    held = await refused(house.invites(badge=LOANER))
    await registry.set_credential_state(CredentialId("b1"), CredentialState.LOST)
    lost = await refused(house.invites(badge=LOANER))

    assert held == "--badge: this badge is Alice's — lend one that is nobody's"
    assert lost.startswith("--badge: this badge was reported lost by Alice — lend another")
    assert registry.now.guest_passes == ()


async def test_an_invitation_nobody_has_anything_to_show_for_is_none(house, monkeypatch):
    async def fails(*_: object) -> int:
        raise InputError("this badge is held by 'bob': take it from them first")

    monkeypatch.setattr(house.registry, "put_credential", fails)
    await refused(house.invites(badge=LOANER))

    assert [one.is_revoked for one in house.registry.now.guest_passes] == [True]


async def test_a_guest_who_was_here_before_is_the_same_guest(house):
    await house.invites("Gus Holm", id="gus")
    stranger = await refused(house.invites("Gustav", id="gus"))
    member = await refused(house.invites("Alice", id="alice"))

    assert [one.guest for one in house.registry.now.guest_passes] == ["gus"]
    assert stranger == "--id: gus is Gus Holm, not Gustav — another id, or none, for somebody new"
    assert member == "--id: alice is Alice, a member — another id, or none, for a guest"


async def test_a_banned_guest_is_invited_by_nobody(house):
    await house.registry.set_banned(GUS.id, True)

    assert "Gus Holm (gus) is banned" in await refused(house.invites("Gus Holm", id="gus"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"host": "alise"}, "--host: nobody here is 'alise' — did you mean alice"),
        ({"host": "ben"}, "--host: Ben has nothing to share with a guest then: this person may not enter any more"),
        ({"host": "dora"}, "--host: Dora has nothing to share with a guest then: a payment is overdue"),
        ({"host": "paul"}, "--host: Paul has nothing to share with a guest then: the membership is paused"),
        ({"host": "nell"}, "--host: Nell has nothing to share with a guest then: there is no membership for today"),
        ({"host": "sam"}, "--host: Sam has nothing to share with a guest then: neither a plan with guest days"),
        ({"host": "solo"}, "--host: Solo has nothing to share with a guest then: neither a plan with guest days"),
        ({"host": "gus"}, "--host: Gus Holm is a guest here — members and staff invite guests"),
        ({"end": NOON - HOUR}, "--until: today 11:00 is not after it begins, today 12:00 — name a later end"),
        ({"start": NOON - 3 * HOUR, "end": NOON - HOUR}, "--until: today 11:00 is over — a guest is invited before"),
        ({"end": NOON + 30 * DAY + HOUR}, "30 days at most; who comes for longer holds a plan of their own"),
        ({"name": "  "}, "NAME: is empty"),
        ({"name": "Ida\x07"}, "NAME: there is a line break or a control character"),
        ({"id": "ida berg"}, "--id: an id is up to 64 letters"),
    ],
    ids=[
        *("nobody", "banned", "overdue", "paused", "no plan", "staff", "no guest days", "a guest"),
        *("backwards", "over", "too long", "no name", "a bell", "no id"),
    ],
)
async def test_what_makes_no_sense_changes_nothing(house, changed, words):
    before = house.registry.now

    assert words in await refused(house.invites(**changed))
    assert house.registry.now == before


async def test_who_leases_an_office_may_invite_and_whose_plan_begins_within_the_window(house):
    await house.invites(host="olga")
    later = replace(membership("nell"), starts=(NOON + DAY).date())
    house.registry.now = replace(house.registry.now, memberships={PersonId("nell"): (later,)})
    await house.invites(host="nell", end=NOON + 3 * DAY)

    assert len(house.registry.now.guest_passes) == 2


async def test_an_invitation_is_taken_back_by_its_id_or_by_its_only_guest(house):
    invited = await house.invites()
    (one,) = house.registry.now.guest_passes
    said = await house.desk.revoke("ida berg")
    again = await refused(house.desk.revoke(one.id))

    assert said == "Ida Berg is no guest of Alice any more; leaving is never denied."
    assert again == f"invitation '{one.id}' of Ida Berg is taken back already"
    assert not isinstance(house.shows(Digests().of_token(invited.token)), Granted)
    assert house.desk.listed() == []
    assert house.desk.listed(over=True)[0].endswith("QR code: taken back")


async def test_of_two_invitations_one_has_to_be_named_and_one_that_is_over_is_not_taken_back(house):
    await house.invites("Gus Holm", id="gus")
    await house.invites("Gus Holm", id="gus", start=NOON + DAY, end=NOON + DAY + HOUR)
    two = await refused(house.desk.revoke("gus"))
    unknown = await refused(house.desk.revoke("gustav"))
    first = min(house.registry.now.guest_passes, key=lambda one: one.start)
    house.now = NOON + 5 * HOUR

    assert two.startswith("there are 2 invitations of 'gus': guest-")
    assert unknown.startswith("no invitation 'gustav'")
    assert "is over, since today 16:00" in await refused(house.desk.revoke(first.id))
    assert [line.rpartition(": ")[2] for line in house.desk.listed(over=True)] == ["over", "to come"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "--badge: no number came in"),
        ("04A2245BC19", "--badge: the badge has"),
        ("…80 (b-3f)", "--badge: that names a badge as an export does"),
    ],
)
def test_a_number_that_is_none_is_told_without_it(text, words):
    with pytest.raises(InputError) as error:
        badge_of(text, None)

    assert words in str(error.value)
    assert "04A2245" not in str(error.value)
