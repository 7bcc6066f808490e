"""`natoma-sim load` with something wrong: said in words, exit code 2 or 1, nothing started."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main
from simulator.errors import RunError
from simulator.load.asked import Wanted
from simulator.load.run import Result as Came
from simulator.load.tally import Tally
from simulator.people import SimPerson, write_people
from simulator.sockets import make_room_for

SPACES = Path(__file__).parents[4] / "simulator" / "spaces"


@pytest.fixture
def data(tmp_path: Path, people: list[SimPerson]) -> Path:
    write_people(people, tmp_path / "data" / "people.csv")
    return tmp_path / "data"


def load(data: Path, *words: str, space: str = "parisoma") -> Result:
    where = ["--data", str(data), "--space", str(SPACES / f"{space}.yaml"), "--mqtt", "mqtt://127.0.0.1:1"]
    return CliRunner().invoke(main, ["load", *where, *words])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--taps", "many"), "--taps 'many' is no pace"),
        (("--for", "2h"), "--for '2h' is no time"),
        (("--readers", "200"), "--readers 200: parisoma.yaml has"),
        (("--sensors", "0"), "--sensors 0 is too few"),
        (("--arrival", "now"), "'now' is not one of 'poisson', 'even'"),
    ],
)
def test_wrong_words_are_refused(words, told, data: Path):
    said = load(data, *words)

    assert said.exit_code == 2
    assert told in said.stderr
    assert said.stdout == ""


def test_without_people_it_says_how_to_make_some(tmp_path: Path):
    said = load(tmp_path)

    assert said.exit_code == 2
    assert "there are no people known here" in said.stderr


def test_a_passwords_file_of_another_space_is_noticed_before_anything_starts(data: Path, tmp_path: Path):
    (tmp_path / "passwords.json").write_text(json.dumps({"door-other": "x"}))
    said = load(data, "--passwords", str(tmp_path / "passwords.json"))

    assert said.exit_code == 2
    assert "the passwords file has none for" in said.stderr


def test_beside_a_running_simulator_it_does_not_start(data: Path):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(data / "simulator.sock"))
        other.listen()
        said = load(data)

    assert said.exit_code == 1
    assert "its devices are the same: end it" in said.stderr


def test_where_no_house_ran_it_says_what_to_start(data: Path):
    said = CliRunner().invoke(main, ["load", "--data", str(data), "--space", str(SPACES / "parisoma.yaml")])

    assert said.exit_code == 2
    assert f"no house has run on {data} yet; start `natoma run --space" in said.stderr


@pytest.mark.parametrize(("lost", "code"), [(0, 0), (3, 1)])
def test_the_exit_code_says_whether_anything_was_lost(lost, code, data: Path, monkeypatch: pytest.MonkeyPatch):
    async def done(*_: object) -> Came:
        tally = Tally()
        tally.taps.unsaid = lost
        return Came(
            Wanted(10, 100, 60), tally, 5, 7, lasted_s=60.0, cpu_s=1.0, links_lost=0, was_stopped=False
        )  # fmt: skip

    monkeypatch.setattr("simulator.cli.load.run_load", done)
    in_words, for_a_script = load(data), load(data, "--json")

    assert in_words.exit_code == for_a_script.exit_code == code
    assert "10 taps/s at 5 readers and 100 readings/s of 7 sensors" in in_words.stdout
    assert json.loads(for_a_script.stdout)["taps"]["lost"] == lost
    assert ("3 taps lost" in in_words.stderr) == bool(lost)


def test_more_devices_than_the_system_allows_are_said_in_words(monkeypatch: pytest.MonkeyPatch):
    raised: list[tuple[int, int]] = []
    monkeypatch.setattr("resource.getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr("resource.setrlimit", lambda _, limits: raised.append(limits))

    make_room_for(900)
    make_room_for(2000)
    assert raised == [(2064, 4096)]
    with pytest.raises(RunError, match="5,000 devices need as many connections, and this system allows 4,096"):
        make_room_for(5000)
