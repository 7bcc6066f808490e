"""`natoma people …` as typed at the desk: what it changes, what it says, and what it refuses with which words."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.app.stores import open_digests, read_people
from controller.cli.people import people
from controller.domain.ids import CohortId, PersonId, TeamId
from controller.domain.membership import CredentialKind, CredentialState, Right, Standing
from controller.errors import InputError
from controller.services.ports import RegistrySnapshot

SPACE = """natoma: 1
id: house
name: House
zone: Europe/Paris
floors: {ground: {name: Ground, size: [10, 10]}}
areas: {hall: {name: Hall, floor: ground, outline: [0, 0, 10, 10]}}
doors: {street: {name: Street, from: outside, to: hall, at: [5, 10], unit: door-street}}
devices: {door-street: {kind: door_unit, door: street}}
plans: {full: {name: Full, where: [hall], schedule: always}}
"""
HEADING = "id,name,plan,from,standing,due_since,due,badge\n"
ADA = PersonId("ada")
NUMBERS = ("04AF68DACB5A80", "04AF68DACB5A81")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "space.yaml").write_text(SPACE)
    (tmp_path / "people.csv").write_text(
        f"{HEADING}ada,Ada Lovelace,full,2026-03-01,overdue,2026-04-01,99.50,{NUMBERS[0]}\nben,Ben Okri,full,2026-03-01,,,,\n"
    )
    run(tmp_path, "import", str(tmp_path / "people.csv"), "--apply", "--space", str(tmp_path / "space.yaml"))
    return tmp_path


def run(data: Path, *words: str, typed: str | None = None) -> Result:
    done = CliRunner().invoke(people, [*words, "--data", str(data / "data")], input=typed, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def refused(data: Path, *words: str, typed: str | None = None) -> str:
    with pytest.raises(InputError) as told:
        run(data, *words, typed=typed)
    return str(told.value)


def now(data: Path) -> RegistrySnapshot:
    return asyncio.run(read_people(data / "data"))


def test_an_imported_badge_is_known_to_doors_own_lists(data: Path) -> None:
    assert [len(digest) for digest in now(data).list_digests.values()] == [32]


def test_a_badge_is_reported_lost_and_works_again_when_found(data: Path) -> None:
    told = run(data, "badge", "ada", "lost").output
    assert told.startswith("Ada Lovelace (ada): badge …80 (b-")
    assert told.endswith(" is lost: it opens nothing, and staff are told when it is shown.\n")
    assert {one.state for one in now(data).credentials.values()} == {CredentialState.LOST}

    run(data, "badge", "Ada Lovelace", "active")
    assert {one.state for one in now(data).credentials.values()} == {CredentialState.ACTIVE}


def test_of_several_badges_somebody_says_which(data: Path) -> None:
    two = data / "two.csv"
    two.write_text(f"id,name,badge\nada,Ada Lovelace,{NUMBERS[0]}\nada,Ada Lovelace,{NUMBERS[1]}\n")
    run(data, "import", str(two), "--apply", "--space", str(data / "space.yaml"))

    told = refused(data, "badge", "ada", "blocked")
    assert "holds several badges, …80 (b-" in told or "holds several badges, …81 (b-" in told
    assert told.endswith("say which with --credential ID")
    id_ = next(one.id for one in now(data).credentials.values() if one.last_two == "81")
    run(data, "badge", "ada", "blocked", "--credential", id_)
    assert now(data).credentials[id_].state is CredentialState.BLOCKED


def test_a_badge_that_nobody_holds_is_told_with_what_there_is(data: Path) -> None:
    assert "ben) holds no badge: `natoma people import` enrols one" in refused(data, "badge", "ben", "lost")
    assert "holds no credential 'b-9': their badges are …80 (b-" in refused(
        data, "badge", "ada", "lost", "--credential", "b-9"
    )


def test_somebody_unknown_is_told_with_the_nearest_name(data: Path) -> None:
    assert refused(data, "ban", "adda") == "no person 'adda': did you mean 'ada'?"


def test_a_ban_lasts_until_it_is_lifted(data: Path) -> None:
    assert run(data, "ban", "ada").output == "Ada Lovelace (ada) is banned: they come in no more.\n"
    assert now(data).people[ADA].banned
    run(data, "unban", "ada")
    assert not now(data).people[ADA].banned


def test_payment_restores_access_at_once(data: Path) -> None:
    assert run(data, "pay", "ada").output == "Ada Lovelace (ada) has paid: their plans are active.\n"
    (one,) = now(data).memberships[ADA]
    assert (one.standing, one.due_since, one.due_cents) == (Standing.ACTIVE, None, 0)
    assert run(data, "pay", "ada").output == "Ada Lovelace (ada) owed nothing.\n"


def test_rights_are_given_with_plus_and_taken_with_minus(data: Path) -> None:
    run(data, "rights", "ada", "+trigger_lockdown", "+forgive")
    told = run(data, "rights", "ada", "+lift_lockdown", "-forgive").output

    assert told == "Ada Lovelace (ada): lift_lockdown, trigger_lockdown.\n"
    assert now(data).people[ADA].rights == {Right.LIFT_LOCKDOWN, Right.TRIGGER_LOCKDOWN}
    assert refused(data, "rights", "ada", "+lift_lockdwn") == "no right 'lift_lockdwn': did you mean 'lift_lockdown'?"
    assert "+forgive gives it, -forgive takes it" in refused(data, "rights", "ada", "forgive")


def test_a_pin_is_typed_unseen_and_kept_as_a_digest(data: Path) -> None:
    told = run(data, "pin", "ada", typed="483927\n").output

    assert told == "Ada Lovelace (ada) has a new PIN.\n"
    digest = open_digests(data / "data").of_pin("483927")
    credential = now(data).credentials[now(data).digests[digest]]
    assert (credential.kind, credential.person, credential.is_duress) == (CredentialKind.PIN, ADA, False)

    run(data, "pin", "ada", "--duress", typed="594038\n")
    assert sorted(one.is_duress for one in now(data).credentials.values()) == [False, False, True]
    run(data, "pin", "ada", "--remove")
    assert digest not in now(data).digests


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("12345\n", "a PIN has 6 digits"),
        ("12345a\n", "a PIN has 6 digits"),
        ("345678\n", "this PIN is the first that anybody tries: no digit six times, no counting up or down"),
        ("", "a PIN has 6 digits"),
    ],
)
def test_a_pin_that_is_none_or_no_secret_is_refused(data: Path, typed: str, told: str) -> None:
    assert refused(data, "pin", "ada", typed=typed) == told


def test_a_pin_of_somebody_else_is_refused_without_a_name(data: Path) -> None:
    run(data, "pin", "ada", typed="483927\n")

    assert refused(data, "pin", "ben", typed="483927\n") == "this PIN is taken: choose another"


def test_show_tells_what_somebody_holds_and_no_number(data: Path) -> None:
    run(data, "rights", "ada", "+forgive")
    told = run(data, "show", "ada").output

    assert told.startswith("Ada Lovelace (ada), member\n  plan      full from 2026-03-01, overdue, 99.50 due since")
    assert "  rights    forgive\n" in told
    assert "  badge     …80 (b-" in told
    assert NUMBERS[0] not in told


def test_a_team_holds_a_plan_for_all_its_people(data: Path) -> None:
    told = run(data, "team", "Atelier Nord", "--plan", "full", "--from", "2026-03-01").output

    assert told == "team atelier-nord: full from 2026-03-01.\n"
    assert [one.plan for one in now(data).team_memberships[TeamId("atelier-nord")]] == ["full"]
    assert "needs both --plan and --from" in refused(data, "team", "Atelier Nord", "--plan", "full")
    assert "no plan 'ful': did you mean 'full'?" in refused(
        data, "team", "Sud", "--plan", "ful", "--from", "2026-03-01"
    )


def test_a_team_at_the_desk_is_the_one_that_people_mean(data: Path) -> None:
    for name in ("D++", "D#"):
        run(data, "team", name, "--plan", "full", "--from", "2026-03-01")

    assert sorted(team.name for team in now(data).teams.values()) == ["D#", "D++"]
    assert "team '***': a team's name has a letter or a digit in it" in refused(data, "team", "***")


@pytest.mark.parametrize("id_", ["", "spring 26"])
def test_a_cohort_has_an_id_that_a_people_file_can_name(data: Path, id_: str) -> None:
    words = ("--name", "Spring", "--plan", "full", "--from", "2026-03-01", "--until", "2026-06-30")

    assert f"cohort {id_!r}: an id is up to 64 letters" in refused(data, "cohort", id_, *words)
    assert "cohort 'spring' has no name" in refused(data, "cohort", "spring", "--name", " ", *words[2:])


def test_one_person_is_no_people(data: Path) -> None:
    (data / "one.csv").write_text("id,name\nada,Ada King\n")
    words = ("import", str(data / "one.csv"), "--space", str(data / "space.yaml"))

    assert "Would change 1 person, 0 as before." in run(data, *words).output
    assert "Imported: 1 person changed, 0 as before." in run(data, *words, "--apply").output
    assert run(data, *words).output == "Nothing to change: 1 person is as the file says.\n"


def test_a_cohort_has_a_start_and_an_end(data: Path) -> None:
    words = ("cohort", "spring", "--name", "Spring", "--plan", "full", "--from", "2026-03-01", "--until")
    run(data, *words, "2026-06-30")

    assert now(data).cohorts[CohortId("spring")].name == "Spring"
    assert "its last day 2026-01-01 is before its first" in refused(data, *words, "2026-01-01")


def test_importing_an_export_changes_nothing(data: Path) -> None:
    run(data, "pin", "ada", typed="483927\n")
    file = data / "export.csv"
    run(data, "export", str(file))

    told = run(data, "import", str(file), "--space", str(data / "space.yaml")).output

    assert told == "Nothing to change: 2 people are as the file says.\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(data, "export").output == file.read_text()
    assert "there is a file of this name" in refused(data, "export", str(file))


def test_a_folder_without_a_registry_is_named_and_not_filled(tmp_path: Path) -> None:
    assert "there is no such file" in refused(tmp_path, "ban", "ada")
    assert list(tmp_path.iterdir()) == []
