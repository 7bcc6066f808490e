"""Importing people: what a file would change, and how a wrong one is told. Badges are the contract's own examples."""

import csv
import hashlib
import io
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.building import Area, Plan, Space
from controller.domain.ids import AreaId, CredentialId, FloorId, PersonId, PlanId, ScheduleId, TeamId
from controller.domain.membership import CredentialState, Lease, Membership, Person, PersonKind, Standing
from controller.services.people.people import Change, ImportPlan
from controller.services.people.people_file import COLUMNS, PeopleFileError
from controller.services.people.people_import import plan_import
from controller.services.ports import RegistrySnapshot
from devices.badges import Badge
from tests.support.memory import MemoryRegistry

SPACE = Space(
    id="house",
    name="House",
    zone=ZoneInfo("America/Los_Angeles"),
    version="1",
    plans={
        PlanId(id_): Plan(PlanId(id_), id_, ScheduleId("always"), frozenset())
        for id_ in ("full-time", "two-days", "team")
    },
    areas={AreaId(id_): Area(AreaId(id_), id_, FloorId("second")) for id_ in ("office-1", "office-2", "kitchen")},
)
ADA, BEN = PersonId("ada"), PersonId("ben")
SPRING = date(2026, 3, 1)
NUMBER, OTHER = "04AF68DACB5A80", "1EA68671"
HEADING = "id,name,plan,from,until,standing,team,office,badge,badge_state,valid_from,valid_until"


def digest(badge: Badge) -> bytes:
    return hashlib.sha256(badge.canonical.encode()).digest()


def planned(text: str, registry: RegistrySnapshot | None = None) -> ImportPlan:
    return plan_import(text, "people.csv", space=SPACE, registry=registry or RegistrySnapshot(0), digest=digest)


async def imported(*texts: str) -> RegistrySnapshot:
    registry = MemoryRegistry()
    for text in texts:
        await registry.apply_import(planned(text, registry.now))
    return registry.now


def problems(text: str, registry: RegistrySnapshot | None = None) -> list[str]:
    with pytest.raises(PeopleFileError) as caught:
        planned(text, registry)
    return str(caught.value).splitlines()


# What a good file does.


async def test_a_row_is_a_person_with_a_plan_and_a_badge() -> None:
    now = await imported(
        "id,name,kind,needs_time,plan,from,until,badge\n"
        f"ada,Ada Lovelace,staff,yes,full-time,2026-03-01,2026-12-31,{NUMBER}\n"
    )

    assert now.people == {ADA: Person(ADA, "Ada Lovelace", PersonKind.STAFF, needs_time=True)}
    assert now.memberships == {ADA: (Membership(ADA, PlanId("full-time"), SPRING, date(2026, 12, 31)),)}
    (credential,) = now.credentials.values()
    assert now.digests == {digest(Badge(NUMBER, 56, "iso14443a")): credential.id}
    assert (credential.person, credential.state, credential.last_two) == (ADA, CredentialState.ACTIVE, "80")


async def test_more_rows_of_a_person_are_more_plans_and_badges() -> None:
    now = await imported(
        "id,name,plan,from,until,badge\n"
        f"ada,Ada,two-days,2026-01-01,2026-02-28,{NUMBER}\n"
        f"ada,Ada,full-time,2026-03-01,,{OTHER}\n"
    )

    assert [one.plan for one in now.memberships[ADA]] == ["two-days", "full-time"]
    assert sorted(one.last_two for one in now.credentials.values()) == ["71", "80"]


async def test_a_second_import_of_the_same_file_changes_nothing() -> None:
    text = (
        f"{HEADING}\n"
        f"ada,Ada,team,2026-03-01,,active,Atelier Nord,office-2,{NUMBER},active,2026-03-01,\n"
        f"ben,Ben,two-days,2026-03-01,,grace,,,{OTHER},lost,,2026-09-01T00:00:00Z\n"
    )
    now = await imported(text)

    again = planned(text, now)

    assert again.is_empty
    assert (again.changes, again.unchanged) == ((), 2)


async def test_people_who_are_not_in_the_file_are_left_alone() -> None:
    now = await imported("id,name\nada,Ada\nben,Ben\n", "id,name\nada,Ada Lovelace\n")

    assert {id_: one.name for id_, one in now.people.items()} == {ADA: "Ada Lovelace", BEN: "Ben"}


async def test_a_column_that_is_not_there_leaves_what_it_would_say() -> None:
    full = f"{HEADING}\nada,Ada,team,2026-03-01,,grace,Atelier,office-2,{NUMBER},active,2026-03-01,\n"
    before = await imported(full)

    after = await imported(full, "id,name\nada,Ada Lovelace\n")

    assert after.memberships == before.memberships
    assert after.credentials == before.credentials
    assert after.leases == before.leases
    assert after.people[ADA].team == "atelier"


async def test_what_the_file_no_longer_says_is_gone() -> None:
    now = await imported(
        f"id,name,plan,from,badge\nada,Ada,full-time,2026-03-01,{NUMBER}\n", "id,name,plan,from,badge\nada,Ada,,,\n"
    )

    assert (now.memberships, now.credentials, now.digests) == ({}, {}, {})


async def test_an_office_is_held_by_the_team_from_the_first_day_to_the_last() -> None:
    now = await imported(
        "id,name,plan,from,until,team,office\n"
        "ada,Ada,team,2026-03-01,2026-06-30,Atelier Nord,office-2\n"
        "ben,Ben,team,2026-02-01,2026-05-31,atelier nord,office-2\n".replace("atelier nord", "Atelier Nord")
    )

    assert now.leases == (Lease(TeamId("atelier-nord"), AreaId("office-2"), date(2026, 2, 1), date(2026, 6, 30)),)
    assert {one.team for one in now.people.values()} == {"atelier-nord"}


async def test_other_teams_keep_their_offices() -> None:
    now = await imported(
        "id,name,plan,from,team,office\nada,Ada,team,2026-03-01,Nord,office-1\n",
        "id,name,plan,from,team,office\nben,Ben,team,2026-03-01,Sud,office-2\n",
    )

    assert [(one.team, one.area) for one in now.leases] == [("nord", "office-1"), ("sud", "office-2")]


async def test_a_day_of_a_badge_counts_in_the_space_s_zone_and_whole() -> None:
    now = await imported(f"id,name,badge,valid_from,valid_until\nada,Ada,{NUMBER},2026-03-01,2026-03-31\n")

    (credential,) = now.credentials.values()
    assert credential.valid_from == datetime(2026, 3, 1, 8, tzinfo=UTC)  # midnight in winter time
    assert credential.valid_until == datetime(2026, 4, 1, 7, tzinfo=UTC)  # the midnight after, in summer time


async def test_one_badge_written_in_two_ways_is_one_badge() -> None:
    now = await imported(f"id,name,badge\nada,Ada,{NUMBER}\n")

    assert planned("id,name,badge\nada,Ada,04:af:68:da:cb:5a:80\n", now).is_empty


async def test_a_26_bit_card_may_be_written_as_it_is_printed() -> None:
    now = await imported('id,name,badge,badge_format\nada,Ada,"077,30211",wiegand26\n')

    assert now.digests.keys() == {digest(Badge("4D7603", 24, "wiegand26"))}


def test_a_spreadsheet_s_semicolons_blank_lines_and_spaces_are_taken() -> None:
    plan = planned("ID; Name ;Plan;From\n\nada; Ada ;full-time;2026-03-01\n;;;\n")

    assert [held.person.name for held in plan.people] == ["Ada"]


def test_columns_it_does_not_know_are_named_and_not_used() -> None:
    assert planned("id,name,phone\nada,Ada,555\n").notes == ("column 'phone' is not used",)


async def test_a_badge_passes_to_another_when_the_file_names_both() -> None:
    now = await imported(f"id,name,badge\nada,Ada,{NUMBER}\nben,Ben,\n", f"id,name,badge\nada,Ada,\nben,Ben,{NUMBER}\n")

    assert [one.person for one in now.credentials.values()] == [BEN]


async def test_a_file_never_undoes_what_staff_did_against_somebody() -> None:
    text = f"id,name,plan,from,standing,badge,badge_state\nada,Ada,full-time,2026-03-01,active,{NUMBER},active\n"
    registry = MemoryRegistry(await imported(text))
    (badge,) = registry.now.credentials
    await registry.set_banned(ADA, True)
    await registry.set_credential_state(badge, CredentialState.LOST)

    plan = planned(text, registry.now)

    assert plan.is_empty
    assert plan.notes == (
        "ada stays banned: a file does not lift a ban",
        "ada: the badge ending in '80' stays lost: a file does not make it work again",
    )


async def test_an_empty_standing_or_state_keeps_what_there_is() -> None:
    text = f"id,name,plan,from,standing,badge,badge_state\nada,Ada,full-time,2026-03-01,,{NUMBER},\n"
    registry = MemoryRegistry(await imported(text))
    await registry.set_standing(ADA, Standing.PAUSED)

    assert planned(text, registry.now).is_empty


async def test_a_file_may_ban_and_may_report_a_loss() -> None:
    now = await imported(
        f"id,name,badge\nada,Ada,{NUMBER}\n",
        f"id,name,standing,badge,badge_state\nada,Ada,banned,{NUMBER},lost\n",
    )

    assert now.people[ADA].banned
    assert [one.state for one in now.credentials.values()] == [CredentialState.LOST]


async def test_what_would_change_is_told_line_by_line() -> None:
    now = await imported(f"id,name,plan,from,team,badge\nada,Ada,team,2026-03-01,Nord,{NUMBER}\n")

    plan = planned(
        "id,name,plan,from,team,office,badge,badge_state\n"
        f"ada,Ada Lovelace,team,2026-03-01,Nord,office-1,{NUMBER},lost\n"
        "ben,Ben,two-days,2026-03-01,,,,\n",
        now,
    )

    assert plan.changes == (
        Change("Ada Lovelace (ada)", "name", "Ada", "Ada Lovelace"),
        Change("Ada Lovelace (ada)", "badge ··80", "active", "lost"),
        Change("Ben (ben)", "new", "", "kind member; plan two-days from 2026-03-01, active"),
        Change("team nord", "office office-1", "", "from 2026-03-01"),
    )
    assert (plan.based_on, plan.unchanged) == (1, 0)


# What a wrong file is told.


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("ada,", "name: empty — every row needs the person's name"),
        (",Ada", "id: empty — every row needs the person's id"),
        ("a da,Ada", "id: 'a da' — an id is up to 64 letters, digits"),
        ("ada,Ada,full-tme,2026-03-01", "plan: 'full-tme' — the space has no such plan; did you mean 'full-time'?"),
        ("ada,Ada,full-time", "from: empty — a plan needs its first day, like 2026-03-01"),
        ("ada,Ada,full-time,1.3.2026", "from: '1.3.2026' — a day is written year-month-day, like 2026-03-01"),
        ("ada,Ada,full-time,2026-03-01,2026-02-28", "until: '2026-02-28' — the last day cannot be before the first"),
        ("ada,Ada,,2026-03-01", "plan: empty — from, until, standing and due are about a plan; which one?"),
        ("ada,Ada,full-time,2026-03-01,,good", "standing: 'good' — one of active, grace, overdue, paused, ended, banned"),
        ("ada,Ada,,,,,,office-2", "office: 'office-2' — an office is held by a team; name it in `team`"),
        ("ada,Ada,,,,,Nord,office-9", "office: 'office-9' — the space has no such area; did you mean 'office-2'?"),
        ("ada,Ada,,,,,,,04AF68DACB5A8", "badge: 13 characters ending in 'A8' — the badge has 13 hexadecimal digits, an odd"),
        ("ada,Ada,,,,,,,01020304", "badge: 8 characters ending in '04' — this number is the same in every phone"),
        ("ada,Ada,,,,,,,00000000", "badge: 8 characters ending in '00' — the number is all zeros"),
        ("ada,Ada,,,,,,,,lost", "badge: empty — badge_state, valid_from and valid_until are about a badge; which one?"),
        (f"ada,Ada,,,,,,,{NUMBER},stolen", "badge_state: 'stolen' — one of active, lost, blocked"),
        (f"ada,Ada,,,,,,,{NUMBER},,2026-03-01T09:00", "valid_from: '2026-03-01T09:00' — a moment needs its offset: Z, or"),
        (f"ada,Ada,,,,,,,{NUMBER},,soon", "valid_from: 'soon' — a day like 2026-03-01, or a moment like"),
        (f"ada,Ada,,,,,,,{NUMBER},,2026-03-02,2026-03-01", "valid_until: '2026-03-01' — must be after valid_from"),
        (f"ada,Ada,{NUMBER}", "plan: 14 characters ending in '80' — the space has no such plan"),
        (f"ada,{'Ada ' * 50}", f"name: '{'Ada ' * 10}…' — at most 120 characters, these are 199"),
        ("ada,Ada" + "," * 20, "-: 22 values — the heading has 12 columns; is a comma in a value that needs quotes?"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_with_its_line_value_and_remedy(row: str, told: str) -> None:
    found = problems(f"{HEADING}\nben,Ben\n{row}\n")

    assert any(line.startswith(f"people.csv:3: {told}") for line in found), found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "people.csv:1: id: missing — the first line names the columns, id, name at least"),
        ("id,name\n", "people.csv:1: -: no rows — below the heading, one row for each person"),
        ("id,name,badg\nada,Ada,1\n", "people.csv:1: badg: unknown column — did you mean 'badge'?"),
        (
            "id,name,badge,badge\nada,Ada,,\n",
            "people.csv:1: badge: twice — each column once; a second badge or plan is",
        ),
        ('id,name\nada,"Ada\n', "people.csv:2: -: not CSV — unexpected end of data"),
        ("id,name,kind\nada,Ada,king\n", "people.csv:2: kind: 'king' — one of member, guest, visitor, staff"),
        ("id,name,needs_time\nada,Ada,often\n", "people.csv:2: needs_time: 'often' — yes or no"),
        ('id,name\nada,"Ada\nLovelace"\n', "people.csv:2: name: 'Ada\\nLovelace' — there is a line break or a control"),
    ],
)
def test_a_file_that_is_none_is_told_why(text: str, told: str) -> None:
    assert problems(text)[0].startswith(told)


def test_every_problem_is_told_at_once_in_the_order_of_lines() -> None:
    text = f"{HEADING}\nada,Ada,full-tme,2026-03-01\nben,\nzoe,Zoe,,,,,,,{NUMBER}X\n"

    assert [line.split(":")[1] for line in problems(text)] == ["2", "3", "4"]


def test_a_file_of_nothing_but_problems_is_told_in_part() -> None:
    told = problems("id,name\n" + "a b,Ada\n" * 80)

    assert (len(told), told[-1]) == (51, "… and 30 more")


def test_a_line_after_a_value_of_two_lines_is_counted_right() -> None:
    assert problems('id,name,phone\nada,Ada,"1\n2"\nben,,\n')[0].startswith("people.csv:4: name: empty")


def test_rows_of_one_person_that_disagree_are_told() -> None:
    text = (
        "id,name,plan,from,standing,badge,badge_state\n"
        f"ada,Ada,full-time,2026-03-01,active,{NUMBER},active\n"
        f"ada,Adah,full-time,2026-03-01,paused,{NUMBER},lost\n"
    )

    assert problems(text) == [
        "people.csv:3: name: 'Adah' — line 2 says 'Ada' of the same person",
        "people.csv:3: plan: 'full-time' — line 2 gives this plan another end, standing or bill",
        "people.csv:3: badge: ending in '80' — line 2 says otherwise of this badge",
    ]


def test_one_badge_for_two_people_is_told_by_line() -> None:
    text = f"id,name,badge\nada,Ada,{NUMBER}\nben,Ben,04-AF-68-DA-CB-5A-80\n"

    assert problems(text) == ["people.csv:3: badge: ending in '80' — line 2 gives the same badge to 'ada'"]


async def test_a_badge_that_somebody_else_holds_is_told() -> None:
    now = await imported(f"id,name,badge\nada,Ada,{NUMBER}\n")

    (told,) = problems(f"id,name,badge\nben,Ben,{NUMBER}\n", now)

    assert told.startswith("people.csv:2: badge: ending in '80' — 'ada' holds this badge; ")


# Whatever is in the file.

WORDS = "ada ben full-time 2026-03-01 2026-04-01 active banned lost Nord office-1 yes wiegand26 077,30211"
CELLS = st.one_of(st.sampled_from(["", NUMBER, OTHER, "2026-03-01T00:00:00Z", *WORDS.split()]), st.text(max_size=8))
LIKELY = {
    "id": ["ada", "ben", "zoe"],
    "name": ["Ada", "Ben"],
    "plan": ["", "full-time", "two-days"],
    "from": ["", "2026-03-01"],
    "until": ["", "2026-06-30"],
    "standing": ["", "active", "paused", "banned"],
    "team": ["", "Nord"],
    "office": ["", "office-1"],
    "badge": ["", NUMBER, OTHER, "5567232D"],
    "badge_state": ["", "active", "lost"],
}


def written(columns: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue()


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=len(COLUMNS)), max_size=4))
def test_any_file_is_planned_or_refused_with_lines_and_without_a_badge_number(rows: list[list[str]]) -> None:
    told = told_of(written(list(COLUMNS), rows))

    assert all(line.startswith(("people.csv:", "…")) for line in told)
    assert NUMBER not in "".join(told)


def told_of(text: str) -> list[str]:
    """What is wrong with the file; nothing when it can be imported."""
    try:
        planned(text)
    except PeopleFileError as error:
        return str(error).splitlines()
    return []


@settings(max_examples=200)
@given(
    files=st.lists(
        st.lists(st.fixed_dictionaries({name: st.sampled_from(some) for name, some in LIKELY.items()}), max_size=3),
        min_size=1,
        max_size=3,
    )
)
async def test_whatever_was_imported_importing_it_again_changes_nothing(files: list[list[dict[str, str]]]) -> None:
    registry = MemoryRegistry()
    for rows in files:
        text = written(list(LIKELY), [list(row.values()) for row in rows])
        try:
            plan = planned(text, registry.now)
        except PeopleFileError:
            continue
        await registry.apply_import(plan)
        assert planned(text, registry.now).is_empty
        holders = [registry.now.credentials[id_].person for id_ in registry.now.digests.values()]
        assert set(holders) <= registry.now.people.keys()
        assert len(registry.now.digests) == len(registry.now.credentials)


def test_a_credential_s_id_tells_nothing_of_its_number() -> None:
    (held,) = planned(f"id,name,badge\nada,Ada,{NUMBER}\n").people

    assert held.credentials[0].id == CredentialId("b-" + digest(Badge(NUMBER, 56, "iso14443a")).hex()[:16])
    assert NUMBER not in repr(held)
