"""What a people file says beside plans and badges: rights, bills, cohorts, PINs, the days of an office."""

import hashlib
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.building import Area, Plan, Space
from controller.domain.ids import AreaId, CohortId, CredentialId, FloorId, PersonId, PlanId, ScheduleId, TeamId
from controller.domain.membership import Cohort, Credential, CredentialKind, Lease, Membership, Right, Standing, Team
from controller.errors import InputError
from controller.services.people.people import Change, ImportPlan
from controller.services.people.people_file import PeopleFileError
from controller.services.people.people_import import Digests, plan_import
from controller.services.people.team_names import team_id
from controller.services.ports import RegistrySnapshot
from devices.badges import Badge
from tests.support.memory import MemoryRegistry

SPACE = Space(
    "house",
    "House",
    ZoneInfo("Europe/Paris"),
    "1",
    plans={PlanId("full"): Plan(PlanId("full"), "Full", ScheduleId("always"), frozenset())},
    areas={AreaId(id_): Area(AreaId(id_), id_, FloorId("second")) for id_ in ("office-1", "office-2")},
)
ADA, BEN = PersonId("ada"), PersonId("ben")
SPRING = date(2026, 3, 1)
INCUBATOR = Cohort(CohortId("incubator"), "Incubator", PlanId("full"), SPRING, date(2026, 6, 30))
NUMBER = "04AF68DACB5A80"
PIN = "483927"


def of_pin(digits: str) -> bytes:
    return hashlib.sha256(b"pin" + digits.encode()).digest()


def of(badge: Badge) -> bytes:
    return hashlib.sha256(badge.canonical.encode()).digest()


def planned(text: str, registry: RegistrySnapshot | None = None) -> ImportPlan:
    before = registry or RegistrySnapshot(0, cohorts={INCUBATOR.id: INCUBATOR})
    digests = Digests(of, of_pin=of_pin, for_lists=lambda badges: [b"list of " + of(badge) for badge in badges])
    return plan_import(text, "people.csv", space=SPACE, registry=before, digest=digests)


async def imported(*texts: str) -> RegistrySnapshot:
    registry = MemoryRegistry(RegistrySnapshot(0, cohorts={INCUBATOR.id: INCUBATOR}))
    for text in texts:
        await registry.apply_import(planned(text, registry.now))
    return registry.now


def problems(text: str, registry: RegistrySnapshot | None = None) -> list[str]:
    with pytest.raises(PeopleFileError) as caught:
        planned(text, registry)
    return str(caught.value).splitlines()


async def test_rights_cohorts_and_opting_in_are_the_person_s() -> None:
    now = await imported("id,name,rights,pays_as_you_go,cohort\nada,Ada,lift_lockdown trigger_lockdown,yes,incubator\n")

    ada = now.people[ADA]
    assert ada.rights == {Right.LIFT_LOCKDOWN, Right.TRIGGER_LOCKDOWN}
    assert (ada.pays_as_you_go, ada.cohorts) == (True, (INCUBATOR.id,))


async def test_a_bill_is_part_of_the_plan_it_is_for() -> None:
    now = await imported("id,name,plan,from,due_since,due\nada,Ada,full,2026-03-01,2026-04-01,120.50\n")

    assert now.memberships[ADA] == (
        Membership(ADA, PlanId("full"), SPRING, due_since=date(2026, 4, 1), due_cents=12_050),
    )


async def test_a_file_without_bills_leaves_them_and_one_with_empty_cells_settles_them() -> None:
    owing = "id,name,plan,from,due_since,due\nada,Ada,full,2026-03-01,2026-04-01,99\n"

    kept = await imported(owing, "id,name,plan,from\nada,Ada,full,2026-03-01\n")
    settled = await imported(owing, "id,name,plan,from,due_since,due\nada,Ada,full,2026-03-01,,\n")

    assert [one.due_cents for one in kept.memberships[ADA]] == [9_900]
    assert [(one.due_since, one.standing) for one in settled.memberships[ADA]] == [(None, Standing.ACTIVE)]


async def test_a_pin_is_hashed_at_once_and_never_echoed() -> None:
    plan = planned(f"id,name,pin\nada,Ada,{PIN}\n")

    (held,) = plan.people
    assert held.credentials == (Credential(CredentialId("pin-ada"), ADA, CredentialKind.PIN),)
    assert held.digests == {of_pin(PIN): CredentialId("pin-ada")}
    assert PIN not in repr(plan)
    assert plan.changes == (Change("Ada (ada)", "new", "", "kind member; pin active, new"),)


async def test_the_same_pin_again_changes_nothing_and_another_takes_its_place() -> None:
    text = f"id,name,pin\nada,Ada,{PIN}\n"
    now = await imported(text)

    assert planned(text, now).is_empty
    assert planned("id,name,pin\nada,Ada,kept\n", now).is_empty
    changed = planned("id,name,pin\nada,Ada,907251\n", now)
    assert changed.changes == (Change("Ada (ada)", "pin", "active", "active, new"),)
    (held,) = changed.people
    assert held.digests == {of_pin("907251"): CredentialId("pin-ada")}


async def test_an_empty_pin_takes_it_away_and_no_column_leaves_it() -> None:
    text = f"id,name,pin\nada,Ada,{PIN}\n"

    assert (await imported(text, "id,name,pin\nada,Ada,\n")).credentials == {}
    assert len((await imported(text, "id,name\nada,Ada\n")).credentials) == 1


async def test_a_pin_that_is_taken_is_refused_without_a_name() -> None:
    now = await imported(f"id,name,pin\nada,Ada,{PIN}\n")

    (told,) = problems(f"id,name,pin\nben,Ben,{PIN}\n", now)
    assert told == "people.csv:2: pin: 6 characters — this PIN is taken: choose another"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("ada,Ada,12345,,,,", "pin: 5 characters — a PIN has 6 digits; 'kept' leaves the one they have"),
        ("ada,Ada,123456,,,,", "pin: 6 characters — this PIN is the first that anybody tries"),
        ("ada,Ada,000000,,,,", "pin: 6 characters — this PIN is the first that anybody tries"),
        ("ada,Ada,kept,,,,", "pin: kept — 'ada' has no PIN yet; write six digits, or nothing"),
        ("ada,Ada,,owner,,,", "rights: 'owner' — one of override_lockdown, trigger_lockdown, lift_lockdown"),
        ("ada,Ada,,,incubater,,", "cohort: 'incubater' — no cohort 'incubater': did you mean 'incubator'?"),
        ("ada,Ada,,,,2026-04-01,", "plan: empty — from, until, standing and due are about a plan; which one?"),
        ("ada,Ada,,,,,12 €", "due: '12 €' — an amount is written like 120 or 120.50, without a currency"),
        ("ada,Ada,,483927,,,", "rights: 6 characters — one of"),
    ],
)
def test_a_wrong_cell_is_named_with_its_remedy_and_no_pin(row: str, told: str) -> None:
    found = problems(f"id,name,pin,rights,cohort,due_since,due\n{row}\n")

    assert any(line.startswith(f"people.csv:2: {told}") for line in found), found


@pytest.mark.parametrize(
    ("due_since", "due", "told"),
    [
        ("", "12", "due_since: empty — what is due is due since a day; which one?"),
        ("2026-04-01", "", "due: empty — a bill has an amount, like 120.50"),
        ("2026-04-01", "0", "due: '0' — a bill has an amount"),
    ],
)
def test_a_bill_has_a_day_and_an_amount(due_since: str, due: str, told: str) -> None:
    (found,) = problems(f"id,name,plan,from,due_since,due\nada,Ada,full,2026-03-01,{due_since},{due}\n")

    assert found.startswith(f"people.csv:2: {told}")


def test_the_same_pin_for_two_people_is_told_by_line() -> None:
    text = f"id,name,pin\nada,Ada,{PIN}\nben,Ben,{PIN}\n"

    assert problems(text) == ["people.csv:3: pin: 6 characters — line 2 has the same PIN: choose another"]


async def test_an_office_has_days_of_its_own_where_the_file_tells_them() -> None:
    now = await imported(
        "id,name,plan,from,team,office,office_from,office_until\n"
        "ada,Ada,full,2026-03-01,Nord,office-1,2026-01-01,2026-06-30\n"
        "ada,Ada,,,Nord,office-1,2026-09-01,\n"
    )

    assert now.leases == (
        Lease(TeamId("nord"), AreaId("office-1"), date(2026, 1, 1), date(2026, 6, 30)),
        Lease(TeamId("nord"), AreaId("office-1"), date(2026, 9, 1)),
    )


async def test_overlapping_leases_of_one_office_are_told_by_line() -> None:
    heading = "id,name,team,office,office_from,office_until\n"
    now = await imported(f"{heading}ada,Ada,Nord,office-1,2026-01-01,\n")

    (told,) = problems(f"{heading}ben,Ben,Sud,office-1,2026-06-01,\n", now)

    assert told == (
        "people.csv:2: office: 'office-1' — 'nord' holds it from 2026-01-01 to no end, and 'sud' from 2026-06-01; "
        "end one before the other begins"
    )


async def test_a_team_is_known_by_its_name_or_its_id() -> None:
    before = RegistrySnapshot(0, teams={TeamId("t-17"): Team(TeamId("t-17"), "Atelier Nord")})
    registry = MemoryRegistry(before)

    await registry.apply_import(planned("id,name,team\nada,Ada,atelier nord\nben,Ben,t-17\n", registry.now))

    assert {one.team for one in registry.now.people.values()} == {"t-17"}
    assert set(registry.now.teams) == {"t-17"}


async def test_teams_whose_names_people_tell_apart_never_share_an_office() -> None:
    now = await imported("id,name,team,office\nada,Ada,D++,office-1\nben,Ben,D#,\ncid,Cid,D,\ndan,Dan,d++,\n")

    teams = {id_: person.team for id_, person in now.people.items()}
    assert len({teams[PersonId(one)] for one in ("ada", "ben", "cid")}) == 3
    assert teams[PersonId("dan")] == teams[ADA]
    assert [lease.team for lease in now.leases] == [teams[ADA]]


async def test_a_plain_name_keeps_the_id_it_always_made() -> None:
    now = await imported("id,name,team\nada,Ada,Atelier Nord\nben,Ben,ATELIER   nord\n")

    assert set(now.teams) == {"atelier-nord"}


async def test_an_id_made_before_names_were_told_apart_is_given_to_nobody_else() -> None:
    registry = MemoryRegistry(RegistrySnapshot(0, teams={TeamId("d"): Team(TeamId("d"), "D++")}))

    await registry.apply_import(planned("id,name,team\nada,Ada,D++\nben,Ben,D\n", registry.now))

    assert registry.now.people[ADA].team == "d"
    assert registry.now.people[BEN].team != "d"
    assert registry.now.teams[TeamId("d")].name == "D++"


def test_a_team_of_no_letter_and_no_digit_is_refused_with_its_line() -> None:
    assert problems("id,name,team\nada,Ada,***\n") == [
        "people.csv:2: team: '***' — a team's name has a letter or a digit in it"
    ]


@given(*[st.text("aB1 +#-_.é", max_size=6)] * 2)
def test_two_names_have_one_id_exactly_if_they_mean_one_team(one: str, other: str) -> None:
    def id_of(name: str) -> TeamId | None:
        try:
            return team_id(name)
        except InputError:
            return None

    if id_of(one) is not None:
        is_same = one.casefold().split() == other.casefold().split()
        assert (id_of(one) == id_of(other)) is is_same


async def test_a_badge_from_before_doors_had_lists_is_put_on_them_by_its_number() -> None:
    text = f"id,name,badge\nada,Ada,{NUMBER}\n"
    now = await imported(text)
    (badge,) = now.credentials
    before = RegistrySnapshot(
        now.version, now.people, now.memberships, (), now.credentials, now.digests, cohorts=now.cohorts
    )

    plan = planned(text, before)

    assert plan.changes == (Change("Ada (ada)", "badge ··80", "", "works from now on while the controller is away"),)
    (held,) = plan.people
    assert held.list_digests == {badge: b"list of " + of(Badge(NUMBER, 56, "iso14443a"))}
    assert planned(text, now).is_empty


async def test_rows_that_disagree_about_a_lease_are_told() -> None:
    heading = "id,name,team,office,office_from,office_until\n"

    assert problems(
        f"{heading}ada,Ada,Nord,office-1,2026-01-01,2026-06-30\nben,Ben,Nord,office-1,2026-01-01,\nzoe,Zoe,Nord,office-2,,2026-06-30\n"
    ) == ["people.csv:4: office_from: empty — a lease with a last day needs its first"]
    (told,) = problems(f"{heading}ada,Ada,Nord,office-1,2026-01-01,2026-06-30\nben,Ben,Nord,office-1,2026-01-01,\n")
    assert told == "people.csv:3: office_until: empty — line 2 says 2026-06-30 of the same lease"


async def test_leases_that_overlapped_before_keep_nobody_from_importing_others() -> None:
    old = tuple(Lease(TeamId(team), AreaId("office-1"), SPRING) for team in ("nord", "sud"))

    plan = planned("id,name,team,office\nada,Ada,Ost,office-2\n", RegistrySnapshot(3, leases=old))

    assert plan.leases is not None
    assert set(plan.leases) == {*old, Lease(TeamId("ost"), AreaId("office-2"), date.min)}
