"""What staff change of people, one thing at a time: on the in-memory twin, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from controller.domain.ids import AreaId, CohortId, CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    Right,
    Standing,
    Team,
)
from controller.errors import InputError
from tests.support.registries import ADA, ADAS_BADGE, ATELIER, BEN, DAY, FULL, NOON, SPRING, Kept, ada, opened

OFFICE = AreaId("office-2")
NORD = TeamId("nord")
ADAS_PIN = Credential(CredentialId("pin-ada"), ADA, CredentialKind.PIN)
INCUBATOR = Cohort(CohortId("incubator"), "Incubator 2026", FULL.id, SPRING, date(2026, 6, 30))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    async with opened(request.param, tmp_path) as kept:
        yield kept


async def test_rights_over_the_house_are_each_person_s_own(kept: Kept) -> None:
    await kept.people.set_rights(ADA, {Right.TRIGGER_LOCKDOWN, Right.FORGIVE})

    people = (await kept.people.load()).people
    assert people[ADA].rights == {Right.TRIGGER_LOCKDOWN, Right.FORGIVE}
    assert people[BEN].rights == frozenset()


async def test_who_opted_in_pays_as_they_go(kept: Kept) -> None:
    await kept.people.put_person(replace(ada().person, pays_as_you_go=True, needs_time=True))

    now = (await kept.people.load()).people[ADA]
    assert (now.pays_as_you_go, now.needs_time) == (True, True)


async def test_payment_restores_access_at_once_with_no_manual_lift(kept: Kept) -> None:
    await kept.people.set_bill(BEN, DAY.id, SPRING, 12_000)
    await kept.people.set_standing(BEN, Standing.OVERDUE)
    owing = (await kept.people.load()).memberships[BEN]

    version = await kept.people.pay(BEN)

    paid = (await kept.people.load()).memberships[BEN]
    assert [(one.standing, one.due_since, one.due_cents) for one in owing] == [
        (Standing.OVERDUE, SPRING, 12_000),
        (Standing.OVERDUE, None, 0),
    ]
    assert [(one.standing, one.due_since, one.due_cents) for one in paid] == [(Standing.ACTIVE, None, 0)] * 2
    change = await kept.people.changed_since(version - 1)
    assert change is not None
    assert change.memberships == {BEN: paid}


async def test_payment_lifts_no_pause(kept: Kept) -> None:
    await kept.people.set_standing(ADA, Standing.PAUSED)
    await kept.people.set_bill(ADA, FULL.id, SPRING, 5_000)

    await kept.people.pay(ADA)

    (one,) = (await kept.people.load()).memberships[ADA]
    assert (one.standing, one.due_cents) == (Standing.PAUSED, 0)


async def test_teams_hold_memberships_for_everybody_in_them(kept: Kept) -> None:
    before = await kept.people.version()
    held = Membership(None, FULL.id, SPRING, due_since=SPRING, due_cents=9_900)

    await kept.people.put_team(Team(NORD, "Nord"), [held])

    change = await kept.people.changed_since(before)
    assert change is not None
    assert change.touched == frozenset()
    assert change.groups is not None
    assert change.groups.teams == {ATELIER: Team(ATELIER, "Atelier"), NORD: Team(NORD, "Nord")}
    assert change.groups.team_memberships == {NORD: (replace(held, group=NORD),)}


async def test_a_team_pays_for_all_its_members(kept: Kept) -> None:
    bill = Membership(None, FULL.id, SPRING, standing=Standing.GRACE, due_since=SPRING, due_cents=9_900)
    await kept.people.put_team(Team(ATELIER, "Atelier"), [bill])

    await kept.people.pay_team(ATELIER)

    (one,) = (await kept.people.load()).team_memberships[ATELIER]
    assert (one.standing, one.due_since, one.due_cents) == (Standing.ACTIVE, None, 0)


async def test_a_renamed_team_keeps_what_it_holds(kept: Kept) -> None:
    await kept.people.put_team(Team(ATELIER, "Atelier"), [Membership(None, FULL.id, SPRING)])

    await kept.people.put_team(Team(ATELIER, "Atelier Nord"))

    now = await kept.people.load()
    assert now.teams[ATELIER].name == "Atelier Nord"
    assert len(now.team_memberships[ATELIER]) == 1


async def test_cohorts_have_a_start_and_an_end_and_people_who_are_in_them(kept: Kept) -> None:
    await kept.people.put_cohort(INCUBATOR)
    await kept.people.put_person(replace((await kept.people.load()).people[ADA], cohorts=(INCUBATOR.id,)))

    now = await kept.people.load()
    assert now.cohorts == {INCUBATOR.id: INCUBATOR}
    assert now.people[ADA].cohorts == (INCUBATOR.id,)


async def test_a_cohort_that_is_removed_leaves_nobody_in_it(kept: Kept) -> None:
    await kept.people.put_cohort(INCUBATOR)
    await kept.people.put_person(replace(ada().person, cohorts=(INCUBATOR.id,)))
    before = await kept.people.version()

    await kept.people.remove_cohort(INCUBATOR.id)

    change = await kept.people.changed_since(before)
    assert change is not None
    assert change.people == {ADA: ada().person}
    assert (await kept.people.load()).cohorts == {}


async def test_somebody_new_holds_nothing_yet(kept: Kept) -> None:
    zoe = Person(PersonId("zoe"), "Zoe", team=ATELIER, rights=frozenset({Right.FORGIVE}))

    await kept.people.put_person(zoe)

    assert (await kept.people.load()).people[zoe.id] == zoe


async def test_a_person_changed_in_place_keeps_what_they_hold(kept: Kept) -> None:
    await kept.people.put_person(replace(ada().person, name="Ada L."))

    now = await kept.people.load()
    assert now.memberships[ADA] == ada().memberships
    assert now.credentials[ADAS_BADGE] == ada().credentials[0]


async def test_a_pin_is_a_credential_beside_the_badge(kept: Kept) -> None:
    duress = Credential(CredentialId("pin-ada-duress"), ADA, CredentialKind.PIN, is_duress=True)

    await kept.people.put_credential(ADAS_PIN, b"p" * 32, b"P" * 32)
    await kept.people.put_credential(duress, b"q" * 32)

    now = await kept.people.load()
    assert now.digests[b"p" * 32] == ADAS_PIN.id
    assert (now.credentials[ADAS_PIN.id], now.credentials[duress.id]) == (ADAS_PIN, duress)
    assert now.list_digests == {ADAS_BADGE: b"A" * 32, ADAS_PIN.id: b"P" * 32}


async def test_what_doors_know_a_badge_by_is_learned_and_nothing_else_of_it_changes(kept: Kept) -> None:
    await kept.people.set_credential_state(ADAS_BADGE, CredentialState.BLOCKED)
    before = await kept.people.version()

    version = await kept.people.learn_list_digest(ADAS_BADGE, b"N" * 32)
    again = await kept.people.learn_list_digest(ADAS_BADGE, b"N" * 32)

    now = await kept.people.load()
    assert now.list_digests[ADAS_BADGE] == b"N" * 32
    assert now.credentials[ADAS_BADGE].state is CredentialState.BLOCKED
    assert (version, again) == (before + 1, version)
    with pytest.raises(InputError, match="no credential 'nobody'"):
        await kept.people.learn_list_digest(CredentialId("nobody"), b"N" * 32)


async def test_a_pin_is_unique_and_nobody_is_told_whose_it_is(kept: Kept) -> None:
    await kept.people.put_credential(ADAS_PIN, b"p" * 32)

    with pytest.raises(InputError) as told:
        await kept.people.put_credential(replace(ADAS_PIN, id=CredentialId("pin-ben"), person=BEN), b"p" * 32)

    assert str(told.value) == "this PIN is taken: choose another"


async def test_a_badge_that_somebody_holds_is_refused_with_their_name(kept: Kept) -> None:
    with pytest.raises(InputError, match="this badge is held by 'ada': take it from them first"):
        await kept.people.put_credential(Credential(CredentialId("b-2"), BEN), b"a" * 32)


async def test_a_new_pin_takes_the_place_of_the_old(kept: Kept) -> None:
    await kept.people.put_credential(ADAS_PIN, b"p" * 32)
    before = await kept.people.version()

    await kept.people.put_credential(ADAS_PIN, b"r" * 32)

    change = await kept.people.changed_since(before)
    assert change is not None
    assert {digest: id_ for digest, id_ in change.digests.items() if id_ == ADAS_PIN.id} == {b"r" * 32: ADAS_PIN.id}
    assert b"p" * 32 not in (await kept.people.load()).digests


async def test_lost_and_blocked_are_kept_apart_from_removed(kept: Kept) -> None:
    await kept.people.set_credential_state(ADAS_BADGE, CredentialState.LOST)
    assert (await kept.people.load()).credentials[ADAS_BADGE].state is CredentialState.LOST

    await kept.people.remove_credential(ADAS_BADGE)
    now = await kept.people.load()
    assert ADAS_BADGE not in now.credentials
    assert (b"a" * 32 in now.digests, ADAS_BADGE in now.list_digests) == (False, False)


async def test_overlapping_leases_of_one_office_are_refused(kept: Kept) -> None:
    await kept.people.put_team(Team(NORD, "Nord"))
    await kept.people.put_lease(Lease(ATELIER, OFFICE, SPRING, date(2026, 6, 30)))

    with pytest.raises(
        InputError,
        match="office 'office-2': 'nord' \\(from 2026-06-30\\) and 'atelier' \\(from 2026-03-01 to 2026-06-30\\) overlap",
    ):
        await kept.people.put_lease(Lease(NORD, OFFICE, date(2026, 6, 30)))

    after = Lease(NORD, OFFICE, date(2026, 7, 1))
    await kept.people.put_lease(after)
    await kept.people.remove_lease(ATELIER, OFFICE, SPRING)
    assert (await kept.people.load()).leases == (after,)


async def test_what_is_so_already_is_no_new_version(kept: Kept) -> None:
    people = kept.people
    await people.put_cohort(INCUBATOR)
    await people.put_team(Team(NORD, "Nord"), [Membership(None, FULL.id, SPRING)])
    await people.put_lease(Lease(NORD, OFFICE, SPRING))
    now = await people.version()

    assert {
        await people.set_banned(ADA, False),
        await people.set_rights(ADA, ()),
        await people.put_person(ada().person),
        await people.set_standing(ADA, Standing.ACTIVE),
        await people.set_bill(ADA, FULL.id, None, 0),
        await people.pay(ADA),
        await people.pay_team(NORD),
        await people.set_credential_state(ADAS_BADGE, CredentialState.ACTIVE),
        await people.put_team(Team(NORD, "Nord")),
        await people.put_cohort(INCUBATOR),
        await people.put_lease(Lease(NORD, OFFICE, SPRING)),
    } == {now}


async def test_what_is_not_there_is_named_with_what_is(kept: Kept) -> None:
    people, before = kept.people, await kept.people.version()

    for wrong, told in (
        (people.set_rights(PersonId("adda"), ()), "no person 'adda': did you mean 'ada'\\?"),
        (people.pay(PersonId("bern")), "no person 'bern': did you mean 'ben'\\?"),
        (people.set_bill(ADA, DAY.id, SPRING, 1), "'ada' does not hold .*'day-pass'"),
        (people.put_person(Person(BEN, "Ben", team=TeamId("atelir"))), "no team 'atelir': did you mean 'atelier'"),
        (people.put_person(Person(BEN, "Ben", cohorts=(CohortId("x"),))), "no cohort 'x'"),
        (people.put_team(Team(NORD, "Nord"), [Membership(None, PlanId("full"), SPRING)]), "no plan 'full': did you mean"),
        (people.put_cohort(replace(INCUBATOR, plan=PlanId("day-pas"))), "no plan 'day-pas': did you mean 'day-pass'"),
        (people.put_lease(Lease(NORD, OFFICE, SPRING)), "no team 'nord'"),
        (people.remove_lease(ATELIER, OFFICE, SPRING), "team 'atelier' has no lease of office 'office-2'"),
        (people.remove_credential(CredentialId("b-zoe")), "no credential 'b-zoe'"),
        (people.pay_team(NORD), "no team 'nord'"),
        (people.remove_cohort(CohortId("x")), "no cohort 'x'"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            await wrong
    assert await people.version() == before


async def test_what_makes_no_sense_is_refused_with_what_would(kept: Kept) -> None:
    people, before = kept.people, await kept.people.version()
    yesterday = Membership(None, FULL.id, SPRING, SPRING - timedelta(days=1))
    backwards = replace(ADAS_PIN, valid_from=NOON, valid_until=NOON)

    for wrong, told in (
        (people.set_bill(ADA, FULL.id, SPRING, 0), "a bill has both a day since it is due and an amount"),
        (people.set_bill(ADA, FULL.id, None, -5), "a bill of -5 cents: what is owed is 0 or more"),
        (people.put_team(Team(NORD, "Nord"), [yesterday]), "its last day 2026-02-28 is before its first"),
        (
            people.put_cohort(replace(INCUBATOR, ends=date(2026, 1, 1))),
            "'incubator': its last day 2026-01-01 is before",
        ),
        (people.put_lease(Lease(ATELIER, OFFICE, SPRING, date(2026, 1, 1))), "'office-2': the lease's last day"),
        (people.put_credential(backwards, b"p" * 32), "'pin-ada': valid until .*, must be after"),
    ):
        with pytest.raises(InputError, match=told):
            await wrong
    assert await people.version() == before
