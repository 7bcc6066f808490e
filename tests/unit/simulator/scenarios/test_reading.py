"""Scenario files: what they mean, and what is wrong with them, with the line."""

import socket
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from simulator.cli import main
from simulator.errors import InputError
from simulator.scenarios.finding import names, path_of
from simulator.scenarios.model import HoldOpen, Say, TapDoor
from simulator.scenarios.reading import read
from tests.unit.simulator.scenarios.conftest import Write

PARIS = ZoneInfo("Europe/Paris")


def test_times_of_day_count_from_the_beginning(write: Write):
    scenario = read(
        write(
            "starts: 2026-11-17 10:00\nsteps: [{at: '10:00:12', do: open, door: front}, {at: 3s, do: open, door: front}]"
        )
    )

    assert scenario.starts == datetime(2026, 11, 17, 10, tzinfo=PARIS)
    assert [step.at_s for step in scenario.steps] == [3, 12]


def test_a_beginning_may_have_seconds(write: Write):
    assert read(write("starts: 2026-11-17 10:14:45")).starts == datetime(2026, 11, 17, 10, 14, 45, tzinfo=PARIS)


def test_steps_faults_and_people_are_what_they_say(write: Write):
    scenario = read(
        write(
            "people: {mia: {plan: member, has_pin: true}, eve: stranger}\n"
            "life: {speed: 240}\n"
            "given: [natoma: 'book room booth 10:00 11:00 --for {mia}']\n"
            "steps:\n"
            "  - {at: 1s, do: tap, who: mia, door: Front door, pin: wrong, stay: true, name: a}\n"
            "  - {at: 2s, do: hold-open, door: back, for: 4s}\n"
            "faults: [{fault: freeze, target: controller, from: 2s, for: 3s}]\n"
        )
    )

    front, back = scenario.building.doors["front"], scenario.building.doors["back"]
    assert [step.deed for step in scenario.steps] == [
        TapDoor(front, "mia", "", "wrong", "in", True, "a"),
        HoldOpen(back, 4),
    ]
    assert scenario.given[0].deed == Say("book room booth 10:00 11:00 --for {mia}")
    assert scenario.people["mia"].traits == {"plan": "member", "has_pin": "yes"}
    assert scenario.people["eve"].is_stranger
    assert (scenario.speed, scenario.faults[0].target, scenario.strikes_broker) == (240, "controller", False)


def test_words_that_a_command_keeps_may_be_used_after_it_only(write: Write):
    given = "given:\n  - {natoma: guest invite, keeps: {pass: 'token (.+)'}}\n"
    later = "steps: [{at: 1s, do: tap, token: '{pass}', door: front}]"

    assert read(write(given + later)).steps
    with pytest.raises(InputError, match=r"yaml:5: .*\{pass\}"):
        read(write("given:\n  - natoma: guest show {pass}\n  - {natoma: guest invite, keeps: {pass: 'token (.+)'}}"))


BAD_STEPS: Sequence[tuple[str, str]] = [
    ("{at: 1s, do: tapp, door: front}", "there is no step 'tapp'; did you mean 'tap'?"),
    ("{at: 1s, door: front}", "a step says what to `do:`"),
    ("{at: 1s, do: open, door: frnt}", "no door 'frnt'; did you mean 'front'?"),
    ("{at: 25s, do: open, door: front}", "at '25s': the scenario is over after 20 s"),
    ("{at: soon, do: open, door: front}", "'soon' is no time"),
    ("{at: '10:00', do: open, door: front}", "no day is known"),
    ("{do: open, door: front}", "a step says when: `at: 5s`"),
    ("{at: 1s, do: open, dor: front}", "open has no 'dor'; did you mean 'door'?"),
    ("{at: 1s, do: hold-open, door: front, for: 5}", "for 5 is no length of time"),
    ("{at: 1s, do: hold-open, door: front}", "for None is no length of time"),
    ("{at: 1s, do: tap, who: lou, door: front}", "nobody here is 'lou': did you mean 'lu'?"),
    ("{at: 1s, do: tap, door: front}", "a tap shows one thing"),
    ("{at: 1s, do: tap, who: lu, token: t, door: front}", "a tap shows one thing"),
    ("{at: 1s, do: tap, who: lu, door: front, direction: out}", "Front door has no reader on the inside"),
    ("{at: 1s, do: tap, who: lu, door: front, direction: up}", "direction is in or out, not 'up'"),
    ("{at: 1s, do: tap, who: lu, door: front, pin: 1234}", "this is 1234"),
    ("{at: 1s, do: tap, who: lu, door: front, pin: 1}", "this is 1"),
    ("{at: 1s, do: press-button}", "room is words; this is None"),
    ("{at: 1s, do: open}", "door is words; this is None"),
    ("{at: 1s, do: natoma, say: '\"\"'}", "begins with no command of natoma"),
    ("{at: 1s, do: natoma, say: '# hello'}", "begins with no command of natoma"),
    ("{at: 1s, do: natoma, say: who, keeps: {lu: '(x)'}}", "'lu' is somebody already"),
    ("{at: 1s, do: natoma, say: who, keeps: {folder: '(x)'}}", "'folder' is a word of ours already"),
    ("{at: 1s, do: press-button, room: hall}", "hall has no button; rooms with one: booth"),
    ("{at: 1s, do: press-button, room: both}", "no room 'both'; did you mean"),
    ("{at: 1s, do: breathe, device: light-booth}", "there is no sensor or probe 'light-booth'"),
    ("{at: 1s, do: natoma, say: 'lockdown {nobody}'}", "nobody and nothing here is {nobody}"),
    ("{at: 1s, do: natoma, say: 'lockdown \"on'}", "cannot be typed: No closing quotation"),
    ("{at: 1s, do: natoma, say: who, keeps: {x: 'a('}}", "is no pattern"),
    ("{at: 1s, do: natoma, say: who, keeps: {x: 'a'}}", "has 0 groups"),
    ("{at: 1s, do: natoma, say: who, exits: many}", "exits is a whole number from 0; this is 'many'"),
    ("open the door", "a step says what to `do:`"),
]


@pytest.mark.parametrize(("step", "why"), BAD_STEPS, ids=[step for step, _ in BAD_STEPS])
def test_a_step_that_cannot_be_is_told_with_its_line(write: Write, step: str, why: str):
    path = write(f"people: {{lu: stranger}}\nsteps:\n  - {{at: 0s, do: open, door: front}}\n  - {step}")

    with pytest.raises(InputError) as complaint:
        read(path)

    assert str(complaint.value).startswith(f"{path}:7: ")
    assert why in str(complaint.value)
    assert str(complaint.value).count(str(path)) == 1


BAD_EXPECTATIONS: Sequence[tuple[str, str]] = [
    ("{tap: first, shows: granted}", "tap cannot be 'first'; there are none"),
    ("{dor: front, bolt: locked}", "nothing is expected of 'dor'; did you mean 'door'?"),
    ("all is well", "an expectation is {tap: …"),
    ("{door: frnt, bolt: locked}", "no door 'frnt'; did you mean 'front'?"),
    ("{door: front, bolt: shut}", "bolt cannot be 'shut'; known are: jammed, locked, moving, unlocked"),
    ("{door: front}", "of a door one of these is expected: bolt, leaf, mode"),
    ("{door: front, bolt: locked, leaf: open}", "of a door one of these"),
    ("{door: back, leaf: open}", "back has no contact"),
    ("{door: front, says: door.opned}", "says cannot be 'door.opned'; did you mean 'door.opened'?"),
    ("{door: front, says: rex, at: 3s}", "what happens has no duration"),
    ("{door: front, bolt: locked, at: 25s}", "'25s': the scenario is over after 20 s"),
    ("{door: front, bolt: locked, at: 5}", "5 is no time"),
    ("{door: front, bolt: locked, after: 5s, by: 4s}", "by is not after `after`"),
    ("{door: front, bolt: locked, at: 1s, by: 4s}", "not two of them"),
    ("{door: front, bolt: locked, throughout: 5s}", "throughout is [from, until]; this is '5s'"),
    ("{door: front, bolt: locked, throughout: [5s, 4s]}", "ends before it begins"),
    ("{door: front, bolt: locked, never: true, times: 1}", "say one of `never`, `times` and `at_least`"),
    ("{door: front, bolt: locked, throughout: [1s, 4s], times: 1}", "`throughout` says all the time"),
    ("{door: front, bolt: locked, when: 4s}", "has no 'when'"),
    ("{light: hall, is: on}", "there is no light 'hall'"),
    ("{light: booth, is: red}", "is cannot be 'red'; known are: off, on"),
    ("{device: sensor-hal, link: lost}", "did you mean 'sensor-hall'?"),
    ("{room: booth, statis: free}", "of a room one of these is expected"),
    ("{house: people, is: 2}", "house cannot be 'people'; did you mean 'people_in'?"),
    ("{house: people_in, is: many}", "is is a whole number from 0; this is 'many'"),
    ("{house: people_in}", "how many are expected: `is: 2`"),
    ("{house: mode, is: lokdown, never: true}", "is cannot be 'lokdown'; did you mean 'lockdown'?"),
    ("{door: front, alarm: fourced, never: true}", "alarm cannot be 'fourced'; did you mean 'forced'?"),
    ("{door: front, state: opne, never: true}", "state cannot be 'opne'; did you mean 'open'?"),
    ("{door: front, meant: shut}", "meant cannot be 'shut'; known are: "),
    ("{door: front, device_state: redy}", "device_state cannot be 'redy'; did you mean 'ready'?"),
    ("{door: front, shows: denied, reason: no_rihgt}", "reason cannot be 'no_rihgt'; did you mean 'no_right'?"),
    ("{room: booth, status: on_aiir, never: true}", "status cannot be 'on_aiir'; did you mean 'on_air'?"),
    ("{room: booth, air: stuffi}", "air cannot be 'stuffi'; did you mean 'stuffy'?"),
    ("{room: booth, on_air_wanted: yes please}", "on_air_wanted cannot be 'yes please'"),
    ("{door: front, bolt: unlocked, at_least: 0}", "at_least is a whole number from 1; this is 0"),
    ("{readings: acknowledged, at_least: 0}", "at_least is a whole number from 1; this is 0"),
    ("{light: [1], is: on}", "there is no light '[1]'"),
    ("{room: [1], status: free}", "room is words; this is [1]"),
    ("{readings: lost}", "readings cannot be 'lost'"),
    ("{life: tap}", "life cannot be 'tap'; did you mean 'taps'?"),
    ("{area: hall, channel: noise, between: [1, 2]}", "channel cannot be 'noise'"),
    ("{area: hall, channel: co2, between: [2, 1]}", "the first is the greater"),
    ("{area: hall, channel: co2, between: 2}", "between is [least, most]; this is 2"),
    ("{area: hall, channel: co2, between: [1, many]}", "each of the two is a number; this is 'many'"),
]


@pytest.mark.parametrize(("expected", "why"), BAD_EXPECTATIONS, ids=[expected for expected, _ in BAD_EXPECTATIONS])
def test_an_expectation_that_cannot_be_is_told_with_its_line(write: Write, expected: str, why: str):
    path = write("", expect=f"expect:\n  - {{readings: acknowledged}}\n  - {expected}")

    with pytest.raises(InputError) as complaint:
        read(path)

    assert str(complaint.value).startswith(f"{path}:7: ")
    assert why in str(complaint.value)


BAD_FILES: Sequence[tuple[str, int, str]] = [
    ("abut: x", 4, "a scenario has no 'abut'; did you mean 'about'?"),
    ("starts: yesterday", 4, "starts 'yesterday' is no local time; write 2026-11-17 10:00"),
    ("starts: 2026-11-17", 4, "starts '2026-11-17' is no local time"),
    ("starts: 2026-03-29 02:30", 4, "starts 2026-03-29 02:30: clocks in Europe/Paris skip that hour"),
    ("starts: 0001-01-01 00:00", 4, "starts in the year 1; take one from 1970 to 2100"),
    ("starts: 9999-12-31 23:59", 4, "starts in the year 9999"),
    ("space: house", 4, "there is 'space' already, in line 2"),
    ("people: {mia: {plan: member},\n  mia: stranger}", 5, "there is 'mia' already, in line 4"),
    ("people: {mia: {plan: nope}}", 4, "the space has no plan 'nope'; known are: member"),
    ("about: 2026-11-17", 4, "there is 'about' already"),
    ("steps: &a [*a]", 4, "*a repeats another entry"),
    ("steps:\n  - &b {at: 1s, do: open, door: front}\n  - {<<: *b, at: 2s}", 6, "*b repeats another entry"),
    (f"steps: {'[' * 3000}{']' * 3000}", 4, "lists within lists, more than 16 deep"),
    (f"steps:\n{'- ' * 100}a", 5, "lists within lists, more than 16 deep"),
    ("seed: lucky", 4, "seed is a whole number from 0; this is 'lucky'"),
    ("life: {speed: 5000}", 4, "speed 5000 is out of reach"),
    ("life: {sped: 2}", 4, "life has no 'sped'; did you mean 'speed'?"),
    ("people: {mia: member}", 4, "somebody is {trouble: …}; this is 'member'"),
    ("people: {mia: {badge: 04AA}}", 4, "somebody has no 'badge'"),
    ("people: {mia: {trouble: tired}}", 4, "trouble 'tired' is none of theirs; did you mean 'expired'?"),
    ("people: {mia: {has_pin: 1}}", 4, "has_pin is true or false; this is 1"),
    ("people: [mia]", 4, "'people' is {name: …}"),
    ("steps: {at: 1s}", 4, "'steps' is a list"),
    ("given: [{say: who}]", 4, "an entry of `given` has no 'say'"),
    (
        "faults: [{fault: drop, target: sensor-nowhere}]",
        4,
        "there is no device or door or area or kind 'sensor-nowhere'",
    ),
    ("faults: [{fault: drp, target: front}]", 4, "fault 'drp' is none of ours; did you mean 'drop'?"),
    ("faults: [{fault: drop, target: controller}]", 4, "drop strikes devices"),
    ("faults: [{fault: stop, target: controller}]", 4, "stop strikes broker, not 'controller'"),
    ("faults: [{fault: freeze, target: front, from: 30s}]", 4, "over after 20 s, before this fault begins"),
    (
        "steps: [{at: 1s, do: tap, token: t, door: front, name: a},\n  {at: 2s, do: tap, token: t, door: front, name: a}]",
        5,
        "there is a tap 'a' already",
    ),
    ("steps: [", 6, "this is not YAML"),
]


@pytest.mark.parametrize(("text", "line", "why"), BAD_FILES, ids=[text for text, _, _ in BAD_FILES])
def test_a_file_that_cannot_be_is_told_with_its_line(write: Write, text: str, line: int, why: str):
    path = write(text)

    with pytest.raises(InputError) as complaint:
        read(path)

    assert str(complaint.value).startswith(f"{path}:{line}: ")
    assert why in str(complaint.value)


def test_what_is_missing_is_asked_for(write: Write, tmp_path: Path):
    with pytest.raises(InputError, match=r"`expect:` with a list"):
        read(write("", expect=""))
    with pytest.raises(InputError, match=r"lasts 'long' is no length; write 20s or 1m"):
        read(write("", lasts="long"))
    with pytest.raises(InputError, match=r"lasts '1h' is no length"):
        read(write("", lasts="1h"))
    with pytest.raises(InputError, match="there is no such scenario file"):
        path_of(str(tmp_path / "nowhere.yaml"))


def test_a_space_that_is_not_there_or_does_not_check_is_told(write: Write, tmp_path: Path):
    path = write("")
    path.write_text(path.read_text().replace("space: house", "space: hous"))
    with pytest.raises(InputError, match=rf"{path}:2: there is no space 'hous'"):
        read(path)

    (tmp_path / "hous.yaml").write_text("areas: {hall: {}}\ndoors:\n  front: {from: outside, to: hal}\n")
    with pytest.raises(InputError, match=rf"{path}:2: {tmp_path / 'hous.yaml'}:3: .*did you mean 'hall'"):
        read(path)


@pytest.mark.parametrize("named", ["/tmp", "../../../etc/passwd", "..", "house.yml", "/"])
def test_a_space_is_looked_for_by_its_name_or_beside_the_file_and_nowhere_else(write: Write, named: str):
    path = write("")
    path.write_text(path.read_text().replace("space: house", f"space: {named}"))

    with pytest.raises(InputError, match=rf"{path}:2: there is no space '{named}', neither ours nor beside"):
        read(path)


def test_a_plan_is_known_by_any_spelling_of_its_id_and_nobodys_may_be_asked_for(write: Write):
    people = read(write("people: {mia: {plan: Member}, guest: {plan: false}}")).people

    assert [wanted.traits["plan"] for wanted in people.values()] == ["Member", ""]


def test_an_hour_that_comes_twice_is_its_first(write: Write):
    starts = read(write("starts: 2026-10-25 02:30")).starts

    assert starts is not None
    assert starts.utcoffset() == timedelta(hours=2)


def test_scenarios_of_ours_are_known_by_name_and_all_can_be_read():
    assert len(names()) >= 12
    assert all(read(path_of(name)).about for name in names())
    with pytest.raises(InputError, match=r"and a file of yours ends with \.yaml; did you mean 'door-held'\?$"):
        path_of("dor-held")


# --- the command line -----------------------------------------------------------------------------


def test_the_scenarios_are_listed_with_what_they_are_about():
    listed = CliRunner().invoke(main, ["scenario"])

    assert listed.exit_code == 0
    assert "door-held\n    Somebody props the back door." in listed.output
    assert "natoma demo --scenario NAME" in listed.output


def test_a_wrong_scenario_starts_nothing_and_exits_two(write: Write, tmp_path: Path):
    path = write("steps: [{at: 1s, do: open, door: frnt}]")
    words = ["run", str(path), "--check", "--data", str(tmp_path / "data"), "--mqtt", "mqtt://127.0.0.1:1"]

    said = CliRunner().invoke(main, words)

    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr == f"natoma-sim: {path}:4: no door 'frnt'; did you mean 'front'?\n"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("text", "more", "why"),
    [
        ("starts: 2020-02-03 10:00", [], "it begins on 2020-02-03 at 10:00:00, and here it is 2"),
        ("people: {mia: {plan: member}}", [], "nobody of the people file can be 'mia'"),
        ("faults: [{fault: stop, target: broker}]", [], "it strikes the broker: give --proxy PORT"),
        ("", ["--space", "other.yaml"], "other.yaml: cannot be read as a space file"),
        ("", ["--space", "simulator/spaces/one-door.yaml"], "one-door.yaml; natoma demo --scenario"),
    ],
)
def test_a_scenario_that_cannot_be_played_here_starts_nothing(
    write: Write, tmp_path: Path, text: str, more: list[str], why: str
):
    here = ["--data", str(tmp_path / "data"), "--mqtt", "mqtt://127.0.0.1:1"]
    space = more or ["--space", str(tmp_path / "house.yaml")]

    said = CliRunner().invoke(main, ["run", str(write(text)), *here, *space])

    assert said.exit_code == 2
    assert why in said.stderr


def test_which_scenario_is_meant_is_asked_before_where_the_broker_is(tmp_path: Path):
    said = CliRunner().invoke(main, ["run", "dor-held", "--check", "--data", str(tmp_path)])

    assert said.exit_code == 2
    assert said.stderr.startswith("natoma-sim: there is no scenario 'dor-held', ")


def test_beside_a_simulator_that_runs_no_device_connects_and_nothing_is_judged(write: Write, tmp_path: Path):
    where = tempfile.mkdtemp(prefix="natoma-")  # a socket's path is short
    path = write("")
    with socket.socket(socket.AF_UNIX) as listens, socket.create_server(("127.0.0.1", 0)) as broker:
        listens.bind(f"{where}/simulator.sock")
        listens.listen()
        broker.setblocking(False)
        url = f"mqtt://127.0.0.1:{broker.getsockname()[1]}"

        said = CliRunner().invoke(main, ["run", str(path), "--check", "--data", where, "--mqtt", url])

        with pytest.raises(BlockingIOError):
            broker.accept()
    assert said.exit_code == 3
    assert said.stderr.splitlines()[-2:] == [
        f"natoma-sim: a simulator already runs with {where}; stop it, or give this one another --data",
        "scenario was not judged: it was not played to its end",
    ]


def test_check_is_for_a_scenario(tmp_path: Path):
    said = CliRunner().invoke(main, ["run", "--check", "--data", str(tmp_path)])

    assert (said.exit_code, said.stderr) == (
        2,
        "natoma-sim: --check is for a scenario: name one; natoma-sim scenario lists them\n",
    )
