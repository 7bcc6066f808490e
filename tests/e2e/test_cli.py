"""What the command line says to a person who got something wrong, and to a script: words, exit codes, never a traceback.

0 fine, 1 failed, 2 wrong usage or input.
"""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker, free_port
from tests.support.components import program
from tests.support.controller import (
    ROOT,
    ControllerProcess,
    Said,
    clean_environment,
    copy_of,
    eventually,
    is_alive,
    natoma,
)
from tests.support.household import Household, new_badge

WRONG_SPACE = """\
natoma: 1
id: wrong
name: Wrong
zone: Europe/Paris
floors: {ground: {size: [8, 5]}}
areas: {studio: {room: open_space}}
doors:
  front: {from: outside, to: studoi}
devices:
  twin: {kind: sensor, area: studio}
  twin: {kind: sensor, area: studio}
schedules:
  office: mon-fri 18:00-09:00
plans:
  member: {where: studio, schedule: office}
"""
WRONG_LINES = {
    8: "door front, to: 'studoi' is not an area of this file — did you mean 'studio'?",
    11: "device twin: is written twice, first on line 10 — give every device an id of its own",
    13: "schedule office: 'mon-fri 18:00-09:00' ends before it starts — write 18:00-09:00+1 if it runs over midnight",
}
GONE_WITHIN_S = 15.0  # a second and a half alone; other tests run beside it


@pytest.fixture
def data(household: Household, tmp_path: Path) -> Path:
    """A data folder that has been imported into, and never run."""
    return copy_of(household.data, tmp_path / "data")


@pytest.fixture(scope="module")
def left(household: Household, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a controller that ran once, and was stopped."""
    folder = tmp_path_factory.mktemp("left")
    copy_of(household.data, folder / "data")
    with nobody_at() as port:
        words = ("run", "--space", household.space, "--mqtt", f"mqtt://127.0.0.1:{port}")
        controller = ControllerProcess(folder, *words)
        controller.launch()
        eventually((controller.data / "telemetry.db").exists, "its databases")
        controller.signalled(signal.SIGTERM)
        controller.end()
    return folder / "data"


def complaint(said: Said, code: int) -> str:
    """What it said on standard error; the exit code is as it should be, and nobody sees a traceback."""
    assert "Traceback" not in said.err + said.out
    assert said.code == code, said.err + said.out
    return said.err


@contextmanager
def nobody_at() -> Iterator[int]:
    """A port that is ours and at which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextmanager
def somebody_at() -> Iterator[int]:
    """A port at which another program listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


# --- the space file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "run"])
def test_everything_wrong_with_a_space_file_is_told_with_its_line(command: str, tmp_path: Path):
    space = tmp_path / "space.yaml"
    space.write_text(WRONG_SPACE)
    words = {
        "check": ("check", space),
        "run": ("run", "--space", space, "--data", tmp_path / "data"),
    }

    said = natoma(*words[command])

    assert complaint(said, 2) is not None
    told = said.out if command == "check" else said.err
    for line, words_ in WRONG_LINES.items():
        assert f"{space}:{line}: {words_}" in told
    assert not (tmp_path / "data").exists()


def test_check_tells_a_script_the_same(tmp_path: Path):
    space = tmp_path / "space.yaml"
    space.write_text(WRONG_SPACE)

    said = natoma("check", space, "--json")

    complaint(said, 2)
    told = json.loads(said.out)
    assert (told["ok"], told["errors"]) == (False, len(WRONG_LINES))
    assert [problem["line"] for problem in told["problems"]] == list(WRONG_LINES)


def test_a_space_file_that_is_not_there_is_named(tmp_path: Path):
    said = natoma("run", "--space", tmp_path / "none.yaml", "--data", tmp_path / "data")

    assert f"natoma: {tmp_path}/none.yaml: there is no such file" in complaint(said, 2)


# --- what the service needs -------------------------------------------------------------------------------------------


@pytest.mark.broker
def test_a_page_port_in_use_is_told_with_the_way_out(data: Path, household: Household):
    program("mosquitto")
    with somebody_at() as port:
        said = _run(data, household, "--web-port", port, "--broker-port", free_port())

    told = complaint(said, 1)
    assert f"natoma: web address 127.0.0.1:{port} — already in use by " in told
    assert "choose another with --web-port or NATOMA_WEB_PORT" in told


def test_a_broker_port_in_use_is_told_with_the_way_out(data: Path, household: Household):
    with somebody_at() as port:
        said = _run(data, household, "--broker-port", port)

    told = complaint(said, 1)
    assert f"natoma: broker port {port} on 127.0.0.1 is in use by another program" in told
    assert "choose a free port with --broker-port" in told


@pytest.mark.broker
def test_a_refused_password_is_told_at_once_and_not_repeated(data: Path, household: Household, tmp_path: Path):
    with MosquittoBroker(tmp_path / "strict", users={"natoma": "right"}) as broker:
        url = f"mqtt://natoma:wr0ng@127.0.0.1:{broker.port}"
        said = _run(data, household, "--mqtt", url, within=GONE_WITHIN_S)

    told = complaint(said, 1)
    assert f"natoma: the broker refuses us: mqtt://127.0.0.1:{broker.port} refused user 'natoma'" in told
    assert "give the right user and password with --mqtt" in told
    assert "wr0ng" not in told


@pytest.mark.parametrize("file", ["natoma", "events", "telemetry"])
def test_a_database_newer_than_the_program_is_not_touched(file: str, left: Path, tmp_path: Path, household: Household):
    data = copy_of(left, tmp_path / "data")
    path = data / f"{file}.db"
    with closing(sqlite3.connect(path)) as newer:
        for (table,) in newer.execute("SELECT name FROM sqlite_master WHERE name LIKE 'alembic%'").fetchall():
            newer.execute(f"UPDATE {table} SET version_num = '9999'")
        newer.execute("PRAGMA user_version = 9999")
        newer.commit()
    before = path.read_bytes()

    said = _run(data, household)

    told = complaint(said, 1)
    assert f"natoma: {path} was written by a newer Natoma: its schema is 9999, this program knows up to" in told
    assert "Run the newer program" in told
    assert path.read_bytes() == before


def _scratched(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 : 3 * 4096] = b"\xa5" * (2 * 4096)
    path.write_bytes(content)


def _cut_off(path: Path) -> None:
    os.truncate(path, 5000)


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("file", "damage", "words"),
    [
        *((file, _scratched, "is damaged") for file in ("natoma", "events", "telemetry")),
        *(
            (file, _cut_off, "is cut off: 5000 bytes where its header says")
            for file in ("natoma", "events", "telemetry")
        ),
        ("natoma", _emptied, "is empty (0 bytes)"),
    ],
)
def test_a_damaged_database_is_named_and_never_replaced(
    file: str, damage: Callable[[Path], None], words: str, left: Path, tmp_path: Path, household: Household
):
    data = copy_of(left, tmp_path / "data")
    path = data / f"{file}.db"
    damage(path)
    before = path.read_bytes()

    told = complaint(_run(data, household), 1)

    assert f"natoma: {path} {words}" in told
    assert "Put back a copy from your backup" in told
    assert path.read_bytes() == before


def test_a_data_folder_that_is_a_file_is_refused(household: Household):
    said = _run(household.space, household)

    told = complaint(said, 2)
    assert f"setting data (--data): '{household.space}' is a file — name a directory, or a new one" in told


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"NATOMA_MQTT_URL": "mqtt://b"}, "setting NATOMA_MQTT_URL (environment): there is none — did you mean mqtt?"),
        ({"NATOMA_MQTT": "b:1883"}, "setting mqtt (NATOMA_MQTT): 'b:1883' has no scheme — write mqtt://host:1883"),
    ],
    ids=["unknown", "wrong"],
)
def test_a_setting_that_is_wrong_is_told_with_where_it_came_from(
    environment: dict[str, str], words: str, data: Path, household: Household
):
    assert words in complaint(natoma("run", "--space", household.space, "--data", data, **environment), 2)


def test_a_settings_file_that_is_wrong_is_told_with_its_lines(tmp_path: Path):
    (tmp_path / "natoma.toml").write_text('web_port = 8080\nweb_prot = 9090\nlog_levle = "info"\n')

    told = complaint(natoma("run", cwd=tmp_path), 2)

    assert "setting web_prot (natoma.toml:2): there is none — did you mean web_port?" in told
    assert "setting log_levle (natoma.toml:3): there is none — did you mean log_level?" in told


@pytest.mark.parametrize("words", [("rum",), ("explain", "--door", "front")])
def test_wrong_usage_is_two_and_points_at_help(words: tuple[str, ...]):
    assert "--help" in complaint(natoma(*words), 2)


def test_every_setting_has_a_flag_of_its_name():
    table = (ROOT / "docs" / "settings.md").read_text().split("## ")[0]
    settings = [name for row in re.findall(r"(?m)^\| (`.*?) \|", table) for name in re.findall(r"`(\w+)`", row)]
    # What may hold a password: whoever looks at the processes of a machine can read a command line.
    secret = {"database", "notify_smtp", "notify_webhook_secret", "influx_token"}

    flags = natoma("run", "--help").out

    assert {"web_beyond_loopback", "web_host_names"} <= set(settings)
    without = {name for name in settings if f"--{name.replace('_', '-')} " not in flags.replace("/", " ")}
    assert without == secret


def test_the_flags_of_the_page_reach_the_settings(data: Path, household: Household):
    told = complaint(_run(data, household, "--web-host-names", "door/local"), 2)

    assert "setting web_host_names (--web-host-names): " in told


def test_the_demo_says_which_building_it_takes():
    said = natoma("demo", "--help").out

    assert "Without it the sample building" in " ".join(said.split())
    assert "starter" not in said


# --- the key of the badges --------------------------------------------------------------------------------------------


def _key_is_gone(key: Path) -> None:
    key.unlink()


def _key_is_another(key: Path) -> None:
    key.write_bytes(bytes(32))


@pytest.mark.parametrize("loss", [_key_is_gone, _key_is_another])
@pytest.mark.parametrize("command", ["run", "import", "explain"])
def test_a_lost_badge_key_is_told_and_never_replaced(
    command: str, loss: Callable[[Path], None], data: Path, household: Household, tmp_path: Path
):
    key = data / "secrets" / "badge.key"
    loss(key)
    before = key.read_bytes() if key.exists() else None
    (tmp_path / "people.csv").write_text("id,name\ndora,Dora Dietz\n")
    words = {
        "run": ("run", "--web-port", 0),
        "import": ("people", "import", tmp_path / "people.csv", "--apply"),
        "explain": ("explain", "--badge", "alice", "--door", "front"),
    }

    told = complaint(natoma(*words[command], "--space", household.space, "--data", data), 1)

    assert f"natoma: {key} is" in told
    assert "Put the key back from your backup" in told
    assert "remove their credentials (in the registry, table credential" in told
    assert "enrol the badges again" in told
    assert (key.read_bytes() if key.exists() else None) == before


def test_badges_are_enrolled_again_after_what_the_complaint_says(data: Path, household: Household, tmp_path: Path):
    (data / "secrets" / "badge.key").unlink()
    with closing(sqlite3.connect(data / "natoma.db")) as registry:
        registry.execute("DELETE FROM credential")
        registry.commit()
    people = tmp_path / "people.csv"
    people.write_text(f"id,name,kind,plan,from,badge\nalice,Alice Arnaud,member,full,2020-01-01,{new_badge()}\n")
    where = ("--space", household.space, "--data", data)

    complaint(natoma("people", "import", people, "--apply", *where), 0)

    said = natoma("explain", "--badge", "alice", "--door", "front", *where, "--json")
    complaint(said, 0)
    assert json.loads(said.out)["answer"] == "granted"


# --- people -----------------------------------------------------------------------------------------------------------


def test_a_badge_with_an_odd_number_of_digits_is_told_by_line_and_column_and_not_shown(
    data: Path, household: Household, tmp_path: Path
):
    good, bad = new_badge(), new_badge()[:-1]
    people = tmp_path / "people.csv"
    people.write_text(f"id,name,badge\ndora,Dora Dietz,{good}\nemil,Emil Eder,{bad}\n")

    said = natoma("people", "import", people, "--apply", "--space", household.space, "--data", data)

    told = complaint(said, 2)
    assert (
        f"{people}:3: badge: 13 characters ending in '{bad[-2:]}' — the badge has 13 hexadecimal digits, an odd" in told
    )
    assert bad not in told
    assert "two digits each" in told
    assert _people(data, household) == {"alice", "bob", "carol"}, "one wrong row, and nothing is imported"


def test_an_import_shows_and_changes_nothing_until_it_is_told_to(data: Path, household: Household, tmp_path: Path):
    people = tmp_path / "people.csv"
    people.write_text(f"id,name,badge\ndora,Dora Dietz,{new_badge()}\n")
    words = ("people", "import", people, "--space", household.space, "--data", data, "--json")

    looked = natoma(*words)
    assert complaint(looked, 0) is not None
    assert json.loads(looked.out)["applied"] is False
    assert "dora" not in _people(data, household)

    applied = natoma(*words, "--apply")
    assert complaint(applied, 0) is not None
    assert json.loads(applied.out)["applied"] is True
    assert "dora" in _people(data, household)


def test_a_people_file_that_is_not_there_is_named(data: Path, household: Household):
    said = natoma("people", "import", "none.csv", "--space", household.space, "--data", data)

    assert "none.csv" in complaint(said, 2)


# --- questions --------------------------------------------------------------------------------------------------------


def test_an_unknown_door_or_a_wrong_moment_is_told_with_what_would_be_right(left: Path, household: Household):
    about = ("explain", "--badge", "alice", "--space", household.space, "--data", left)

    told = complaint(natoma(*about, "--door", "frnt"), 2)
    assert "natoma: --door: Test house has no door 'frnt' — did you mean front?" in told

    told = complaint(natoma(*about, "--door", "front", "--at", "tomorrow"), 2)
    assert "natoma: --at: 'tomorrow' is no moment — write it like 2026-11-23T14:00" in told

    for moment in ("9999-12-31T23:59", "0001-01-01T00:00"):
        told = complaint(natoma(*about, "--door", "front", "--at", moment), 2)
        assert (
            f"natoma: --at: '{moment}' is in the year {int(moment[:4])} — name a moment between 1970 and 2100" in told
        )


def test_a_badge_nobody_could_hold_is_refused_without_showing_it(left: Path, household: Household):
    odd = new_badge()[:-1]

    told = complaint(
        natoma("explain", "--badge", odd, "--door", "front", "--space", household.space, "--data", left), 2
    )

    assert "an odd number" in told
    assert odd not in told


def test_explain_and_events_speak_to_scripts(left: Path, household: Household):
    where = ("--space", household.space, "--data", left, "--json")

    said = natoma("explain", "--badge", household.badges["carol"], "--door", "Front door", *where)
    assert complaint(said, 0) is not None
    assert "credential_lost" in json.dumps(json.loads(said.out))
    assert household.badges["carol"] not in said.out + said.err

    said = natoma("events", *where)
    assert complaint(said, 0) is not None
    kinds = [json.loads(line)["kind"] for line in said.out.splitlines()]
    assert "service_started" in kinds


def test_explain_answers_before_the_first_run(data: Path, household: Household):
    assert not (data / "events.db").exists()

    said = natoma("explain", "--badge", "alice", "--door", "front", "--space", household.space, "--data", data)

    complaint(said, 0)
    assert "Alice Arnaud" in said.out
    assert not (data / "events.db").exists()


def test_explain_reads_a_badge_number_from_another_program(data: Path, household: Household):
    words = ("explain", "--badge", "-", "--door", "front", "--space", household.space, "--data", data)

    said = natoma(*words, typed=f"{household.badges['alice']}\n")

    assert complaint(said, 0) == ""
    assert "Alice Arnaud" in said.out

    assert "--badge -: standard input is empty" in complaint(natoma(*words), 2)


def test_events_of_a_newer_program_are_not_guessed_at(left: Path, tmp_path: Path, household: Household):
    data = copy_of(left, tmp_path / "data")
    with closing(sqlite3.connect(data / "events.db")) as newer:
        newer.execute("UPDATE alembic_version_events SET version_num = '9999'")
        newer.commit()

    said = natoma("events", "--space", household.space, "--data", data)

    assert f"natoma: {data / 'events.db'} was written by a newer Natoma" in complaint(said, 1)
    assert said.out == ""


@pytest.mark.parametrize("last", [0, 1])
def test_last_says_how_many_events_to_begin_with(last: int, left: Path, household: Household):
    said = natoma("events", "--last", last, "--space", household.space, "--data", left)

    complaint(said, 0)
    assert len(said.out.splitlines()) == last


def test_fewer_than_no_events_are_wrong_usage(left: Path, household: Household):
    said = natoma("events", "--last", "-1", "--space", household.space, "--data", left)

    assert "--last" in complaint(said, 2)
    assert said.out == ""


@pytest.mark.parametrize(
    "words", [("events",), ("events", "--json"), ("--help",), ("explain", "--badge", "alice", "--door", "front")]
)
def test_a_reader_that_has_enough_is_no_failure(words: tuple[str, ...], left: Path, household: Household):
    where = () if words == ("--help",) else ("--space", household.space, "--data", left)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "controller", *map(str, (*words, *where))],
            cwd=ROOT, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE,
            text=True, timeout=20,
        )  # fmt: skip
    finally:
        os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "words",
    [("events",), ("explain", "--badge", "alice", "--door", "front"), ("people", "import", "none.csv")],
    ids=["events", "explain", "import"],
)
def test_a_mistyped_data_folder_is_not_made(words: tuple[str, ...], tmp_path: Path):
    said = natoma(*words, "--data", tmp_path / "typo", cwd=tmp_path)

    assert f"natoma: no space file: neither space.yaml nor {tmp_path / 'typo' / 'space.yaml'}" in complaint(said, 2)
    assert list(tmp_path.iterdir()) == []


def test_events_of_a_folder_without_any_are_two(household: Household, tmp_path: Path):
    said = natoma("events", "--space", household.space, "--data", tmp_path / "nowhere")

    assert "there is no such file — name the data folder with --data" in complaint(said, 2)


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_polite_end_is_zero_soon_and_leaves_nobody_behind(
    number: signal.Signals, household: Household, tmp_path: Path
):
    program("mosquitto")
    copy_of(household.data, tmp_path / "data")
    with ControllerProcess(tmp_path, "run", "--space", household.space, "--broker-port", free_port()) as controller:
        children = controller.children()
        assert children, "a broker of its own"

        assert controller.signalled(number) == 0

        eventually(lambda: not any(map(is_alive, children)), "nobody left behind", GONE_WITHIN_S)
    assert "Traceback" not in controller.log


def test_ctrl_c_is_heard_while_it_waits_for_a_broker(household: Household, tmp_path: Path):
    copy_of(household.data, tmp_path / "data")
    with nobody_at() as port:
        words = ("run", "--space", household.space, "--mqtt", f"mqtt://127.0.0.1:{port}")
        controller = ControllerProcess(tmp_path, *words, cold=True)
        controller.launch()
        try:
            eventually(lambda: "no connection" in controller.log, "its first try")
            assert controller.signalled(signal.SIGINT) == 0
        finally:
            controller.end()


@pytest.mark.broker
def test_a_killed_controller_leaves_no_broker_and_starts_again_at_once(household: Household, tmp_path: Path):
    program("mosquitto")
    copy_of(household.data, tmp_path / "data")
    with ControllerProcess(tmp_path, "run", "--space", household.space, "--broker-port", free_port()) as controller:
        children = controller.children()
        controller.kill()

        controller.start()

        assert children, "a broker of its own"
        assert not any(map(is_alive, children))
        controller.wait_until_well()
        assert len(controller.children()) == len(children)


@pytest.mark.broker
def test_a_first_run_with_nothing_begins_with_the_starter(tmp_path: Path):
    program("mosquitto")
    with ControllerProcess(tmp_path, "run", "--broker-port", free_port(), cwd=tmp_path, cold=True) as controller:
        assert (controller.data / "space.yaml").exists()


# --- small steps ------------------------------------------------------------------------------------------------------


def _run(data: Path, household: Household, *words: object, within: float = 20.0) -> Said:
    return natoma("run", "--space", household.space, "--data", data, "--web-port", 0, *words, within=within)


def _people(data: Path, household: Household) -> set[str]:
    with closing(sqlite3.connect(data / "natoma.db")) as registry:
        return {row[0] for row in registry.execute("SELECT id FROM person")}
