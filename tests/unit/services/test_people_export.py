"""Exporting people: a file that the import takes back unchanged, whoever is in it, without one number."""

import csv
import hashlib
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.building import Area, Plan, Space
from controller.domain.ids import AreaId, CohortId, CredentialId, FloorId, PersonId, PlanId, ScheduleId, TeamId
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Right,
    Standing,
    Team,
)
from controller.services.people.people_export import people_csv
from controller.services.people.people_file import PeopleFileError
from controller.services.people.people_import import Digests, plan_import
from controller.services.ports import RegistrySnapshot

SPACE = Space(
    "house",
    "House",
    ZoneInfo("America/Los_Angeles"),
    "1",
    plans={PlanId(id_): Plan(PlanId(id_), id_, ScheduleId("always"), frozenset()) for id_ in ("full-time", "two-days")},
    areas={AreaId(id_): Area(AreaId(id_), id_, FloorId("second")) for id_ in ("office-1", "office-2")},
)
ADA, BEN = PersonId("ada"), PersonId("ben")
NORD = TeamId("nord")
SPRING = date(2026, 3, 1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INCUBATOR = Cohort(CohortId("incubator"), "Incubator", PlanId("full-time"), SPRING, date(2026, 6, 30))


def a_digest(value: object) -> bytes:
    return hashlib.sha256(repr(value).encode()).digest()


def planned(text: str, registry: RegistrySnapshot):
    digests = Digests(
        a_digest, of_pin=a_digest, for_lists=lambda badges: [a_digest(("list", badge)) for badge in badges]
    )
    return plan_import(text, "people.csv", space=SPACE, registry=registry, digest=digests)


def snapshot(*people: Person, **changes: object) -> RegistrySnapshot:
    everybody = {one.id: one for one in people}
    return RegistrySnapshot(
        1, people=everybody, teams={NORD: Team(NORD, "Nord & Söhne")}, cohorts={INCUBATOR.id: INCUBATOR}, **changes
    )


def everything() -> RegistrySnapshot:
    ada = Person(
        ADA, "Ada", PersonKind.STAFF, team=NORD, needs_time=True, rights=frozenset({Right.FORGIVE, Right.LIFT_LOCKDOWN}),
        pays_as_you_go=True, cohorts=(INCUBATOR.id,),
    )  # fmt: skip
    badges = [
        Credential(CredentialId("b-1"), ADA, last_two="80", valid_from=NOON, valid_until=NOON + timedelta(days=30)),
        Credential(CredentialId("b-2"), ADA, state=CredentialState.LOST, last_two="71"),
        Credential(CredentialId("pin-ada"), ADA, CredentialKind.PIN),
        Credential(CredentialId("pin-ada-duress"), ADA, CredentialKind.PIN, is_duress=True),
    ]
    return snapshot(
        ada,
        Person(BEN, "=cmd|' /C calc'!A0", banned=True, team=NORD),
        memberships={
            ADA: (Membership(ADA, PlanId("full-time"), SPRING, None, Standing.GRACE, None, SPRING, 12_050),),
            BEN: (
                Membership(BEN, PlanId("two-days"), SPRING, date(2026, 5, 1), Standing.PAUSED),
                Membership(BEN, PlanId("retired-plan"), date(2026, 6, 1)),
            ),
        },
        leases=(
            Lease(NORD, AreaId("office-1"), date.min),
            Lease(NORD, AreaId("office-2"), SPRING, date(2026, 12, 31)),
        ),
        credentials={one.id: one for one in badges},
        digests={a_digest(one.id): one.id for one in badges},
        list_digests={CredentialId("b-1"): b"x"},
    )


def test_importing_an_export_changes_nothing() -> None:
    plan = planned(people_csv(everything()), everything())

    assert plan.is_empty, plan.changes
    assert plan.unchanged == 2
    assert plan.changes == ()


def test_an_export_has_no_number_and_no_pin_in_it() -> None:
    rows = list(csv.DictReader(io.StringIO(people_csv(everything()))))

    assert [row["badge"] for row in rows] == ["…80 (b-1)", "…71 (b-2)", "", ""]
    assert {row["pin"] for row in rows} == {"kept", ""}
    assert "duress" not in people_csv(everything())


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(people_csv(everything()))))

    assert rows[2]["name"] == "'=cmd|' /C calc'!A0"
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_a_visitor_of_a_partner_space_is_not_in_the_file() -> None:
    visitor = Person(PersonId("trudaine/claire"), "Claire", PersonKind.VISITOR)

    assert "Claire" not in people_csv(snapshot(visitor))


@pytest.mark.parametrize(
    ("badge", "told"),
    [
        ("…80 (b-9)", "badge: 'b-9' — 'ben' holds no badge of this id; write the number of a new one"),
        ("…80 (b-1)", "badge: 'b-1' — 'ben' holds no badge of this id"),
    ],
)
def test_a_badge_is_named_by_id_only_by_whom_it_is_held(badge: str, told: str) -> None:
    with pytest.raises(PeopleFileError, match=told):
        planned(f"id,name,badge\nben,Ben,{badge}\n", everything())


words = st.text(alphabet="abc =+-@'\t,\";\nÖ😀", max_size=8)
people = st.builds(
    lambda name, kind, banned, time, rights, pays, cohorts, team: Person(
        ADA, name, kind, banned, team, time, rights, pays, cohorts
    ),
    words.map(lambda text: " ".join(text.split())).filter(bool),
    st.sampled_from(PersonKind), st.booleans(), st.booleans(), st.frozensets(st.sampled_from(Right)),
    st.booleans(), st.sampled_from([(), (INCUBATOR.id,)]), st.sampled_from([None, NORD]),
)  # fmt: skip
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
memberships = st.lists(
    st.builds(
        lambda plan, starts, length, standing, due: Membership(
            ADA, PlanId(plan), starts, None if length is None else starts + timedelta(days=length), standing, None,
            None if due is None else starts, due or 0,
        ),
        st.sampled_from(["full-time", "two-days", "retired"]), days, st.none() | st.integers(0, 400),
        st.sampled_from(Standing), st.none() | st.integers(1, 10**6),
    ),
    max_size=3, unique_by=lambda one: (one.plan, one.starts),
)  # fmt: skip
moments = st.none() | st.integers(0, 10**9).map(lambda ms: NOON + timedelta(milliseconds=ms))
credentials = st.lists(
    st.builds(
        lambda n, kind, state, starts, last: Credential(
            CredentialId(f"{kind}-{n}"), ADA, kind, state, starts,
            None if starts is None else starts + timedelta(days=1), last,
        ),
        st.integers(0, 3), st.just(CredentialKind.BADGE), st.sampled_from(CredentialState), moments,
        st.sampled_from(["", "80", "F1"]),
    ),
    max_size=3, unique_by=lambda one: one.id,
)  # fmt: skip


@given(person=people, plans=memberships, held=credentials, pin=st.booleans())
def test_whoever_is_exported_comes_back_unchanged(
    person: Person, plans: list[Membership], held: list[Credential], pin: bool
) -> None:
    if pin:
        held = [*held, Credential(CredentialId("pin-ada"), ADA, CredentialKind.PIN)]
    registry = snapshot(
        person,
        memberships={ADA: tuple(sorted(plans, key=lambda one: (one.starts, one.plan)))} if plans else {},
        credentials={one.id: one for one in held},
        digests={a_digest(one.id): one.id for one in held},
    )

    plan = planned(people_csv(registry), registry)

    assert plan.is_empty, plan.changes
