"""The command line as a stranger meets it: right words, right exit code, nothing started on bad input."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main

SPACES = Path(__file__).parents[3] / "simulator" / "spaces"
PARISOMA = str(SPACES / "parisoma.yaml")


def natoma_sim(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_people_are_the_same_for_a_seed_and_leave_no_badge_on_standard_error(tmp_path: Path):
    file = tmp_path / "people.csv"

    to_file = natoma_sim("people", "--space", PARISOMA, "--seed", "4", "--out", str(file))
    to_stdout = natoma_sim("people", "--space", PARISOMA, "--seed", "4")

    assert to_file.exit_code == to_stdout.exit_code == 0
    assert file.read_text() == to_stdout.stdout
    assert to_file.stdout == ""
    assert "200 people of Parisoma" in to_file.stderr


def test_list_shows_doors_and_somebody_for_each_reason_but_no_number(tmp_path: Path):
    natoma_sim("people", "--space", PARISOMA, "--out", str(tmp_path / "people.csv"))
    shown = natoma_sim("list", "--space", PARISOMA, "--data", str(tmp_path))
    listed = json.loads(natoma_sim("list", "--space", PARISOMA, "--data", str(tmp_path), "--json").stdout)

    assert "Street door" in shown.stdout
    assert "Server room  (staff, PIN)" in shown.stdout
    assert "badge lost" in shown.stdout
    assert "natoma-sim tap --badge" in shown.stdout
    assert {"id": "street", "name": "Street door"} in listed["doors"]
    made = csv.DictReader(natoma_sim("people", "--space", PARISOMA).stdout.splitlines())
    assert not any(row["badge"] in shown.stdout for row in made)
    bills = [
        one["why"] for one in listed["people"] if one["why"].startswith(("membership overdue", "membership grace"))
    ]
    assert len(bills) == 2


def test_list_without_a_people_file_invents_nobody_and_says_how_to_get_some(tmp_path: Path):
    where = ["--data", str(tmp_path / "data"), "--space", PARISOMA]

    shown = natoma_sim("list", *where)
    listed = json.loads(natoma_sim("list", *where, "--json").stdout)
    make, bring = (line.split() for line in shown.stdout.splitlines() if line.startswith("  natoma"))

    assert shown.exit_code == 0
    assert "Street door" in shown.stdout
    assert "there are no people known here" in shown.stdout
    assert "tap --badge" not in shown.stdout
    assert ({"id": "street", "name": "Street door"} in listed["doors"], listed["people"]) == (True, [])
    assert bring == ["natoma", "people", "import", str(tmp_path / "data" / "people.csv"), *where, "--apply"]
    # What it says to do is enough to have people.
    assert natoma_sim(*make[1:]).exit_code == 0
    assert "People to try:" in natoma_sim("list", *where).stdout


def test_list_takes_a_people_file_from_anywhere(tmp_path: Path):
    natoma_sim("people", "--space", PARISOMA, "--out", str(tmp_path / "elsewhere.csv"))

    shown = natoma_sim(
        "list", "--space", PARISOMA, "--data", str(tmp_path / "data"), "--people", str(tmp_path / "elsewhere.csv")
    )

    assert "natoma-sim tap --badge" in shown.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["rum"], "there is no command 'rum'; did you mean 'run'?", id="command"),
        pytest.param(["run", "--space", "no.yaml", "--mqtt", "mqtt://h"], "no.yaml: cannot be read", id="space"),
        pytest.param(["run", "--space", PARISOMA], "which broker? Give --mqtt", id="no broker"),
        pytest.param(["run", "--space", PARISOMA, "--mqtt", "x://y"], "is not an address", id="address"),
        pytest.param(["run", "--space", PARISOMA, "--mqtt", "mqtt://h", "--speed", "0"], "--speed 0", id="speed"),
        pytest.param(
            ["run", "--space", PARISOMA, "--mqtt", "mqtt://h", "--start", "9"], "--start '9' is not a time", id="start"
        ),
        pytest.param(
            ["run", "--space", PARISOMA, "--mqtt", "mqtt://h", "--people", "no.csv"],
            "no.csv: cannot be read",
            id="people",
        ),
        pytest.param(
            ["tap", "--space", PARISOMA, "--mqtt", "mqtt://h", "--badge", "x", "--door", "streeet"],
            "no door 'streeet'; did you mean 'street'?",
            id="door",
        ),
        pytest.param(
            ["tap", "--space", PARISOMA, "--mqtt", "mqtt://h", "--badge", "Nobody Atall", "--door", "street"],
            "nobody is called 'Nobody Atall': there are no people known here. Make some and import them:\n"
            f"  natoma-sim people --space {PARISOMA} --out natoma-data/people.csv\n",
            id="person",
        ),
        pytest.param(
            ["tap", "--space", PARISOMA, "--mqtt", "mqtt://h", "--badge", "04AABBC", "--door", "street"],
            "7 hexadecimal digits, an odd number",
            id="odd number of digits",
        ),
        pytest.param(["hold-open", "--door", "street", "--for", "0"], "--for 0 is out of reach", id="too short"),
        pytest.param(["tap", "--door", "street"], "what to show? Give --badge, --token or --pin", id="no badge"),
    ],
)
def test_bad_input_is_answered_with_what_would_be_right_and_exit_code_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
):
    monkeypatch.chdir(tmp_path)

    result = natoma_sim(*words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_of_another_space_is_noticed_before_anything_starts(tmp_path: Path):
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "passwords.json").write_text('{"door-other": "x"}')

    result = natoma_sim("run", "--space", PARISOMA, "--mqtt", "mqtt://127.0.0.1:1", "--data", str(tmp_path))

    assert result.exit_code == 2
    assert "it was made for another space file" in result.stderr


@pytest.mark.parametrize("words", [["press-exit", "--door", "street"], ["press-button", "--room", "booth"]], ids=str)
def test_hands_need_a_running_simulator(tmp_path: Path, words: list[str]):
    result = natoma_sim(*words, "--data", str(tmp_path))

    assert result.exit_code == 1
    assert "no simulator runs with" in result.stderr


def test_a_broker_that_is_not_there_is_named(tmp_path: Path):
    result = natoma_sim(
        "tap", "--space", PARISOMA, "--mqtt", "mqtt://127.0.0.1:1", "--badge", "04AABBCCDDEEFF", "--door", "street",
        "--data", str(tmp_path),
    )  # fmt: skip

    assert result.exit_code == 1
    assert "mqtt://127.0.0.1:1" in result.stderr
    assert "04AABB" not in result.stderr


def test_the_kinds_of_fault_are_told_to_whoever_says_data_to_every_command():
    told = natoma_sim("fault", "kinds", "--data", "elsewhere")

    assert told.exit_code == 0
    assert "the bolt does not arrive where it is driven (door unit)" in told.stdout
