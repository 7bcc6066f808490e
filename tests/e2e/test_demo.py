"""The demo in an empty folder, as a newcomer starts it: a building that lives, and a badge that opens a door of it."""

import csv
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import free_port
from tests.support.components import program
from tests.support.controller import (
    ROOT,
    ControllerProcess,
    clean_environment,
    eventually,
    is_alive,
    natoma,
    offspring,
)

ONE_DOOR = ROOT / "simulator" / "spaces" / "one-door.yaml"
ALL_THERE_S = 60.0
ANSWERS_S = 20.0
# Staff alone use it, so whatever it does is the test's own doing.
QUIET = "deliveries"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broker", "is_killed"),
    [pytest.param("mosquitto", False, marks=pytest.mark.broker), ("amqtt", True)],
    ids=["mosquitto", "amqtt"],
)
def test_a_newcomer_sees_the_building_live_and_a_badge_open_a_door(broker: str, is_killed: bool, tmp_path: Path):
    if broker == "mosquitto":
        program("mosquitto")
    empty = tmp_path / "newcomer"
    empty.mkdir()
    words = ("demo", "--broker", broker, "--broker-port", free_port())
    with ControllerProcess(tmp_path, *words, data=empty / "natoma-data", cwd=empty, cold=True) as demo:
        assert demo.page().startswith("<!doctype html>")
        eventually(lambda: _device_states(demo) == {"ready"}, "all devices ready", ALL_THERE_S)
        eventually(lambda: _door(demo)["state"] == "locked", "the door locked", ALL_THERE_S)
        eventually(lambda: {room["sensor"] for room in _sensed(demo)} == {"live"}, "all sensors live", ALL_THERE_S)
        demo.wait_until_well()

        told = _simulator("tap", "--badge", _a_host(demo.data), "--door", QUIET, "--json", cwd=empty)
        assert told["granted"] is True
        assert told["unlocked_for_s"] > 0
        moved = {_door(demo)["state"]}
        eventually(lambda: moved.add(_door(demo)["state"]) or "open" in moved, f"the door open, not {moved}", ANSWERS_S)

        # What it told its user to type works as it stands.
        (hint,) = (line.removeprefix("Tap a badge:") for line in demo.said.splitlines() if line.startswith("Tap a"))
        assert _simulator(*shlex.split(hint)[1:], "--json", cwd=empty)["granted"] is True

        (walk,) = (line.partition(": ")[2] for line in demo.said.splitlines() if line.startswith("Walk about in it"))
        with urllib.request.urlopen(walk, timeout=ANSWERS_S) as page:
            assert page.read().startswith(b"<!doctype html>")
        assert demo.said.splitlines()[-1].startswith("Open http://")

        children = demo.children()
        assert len(children) >= 2, "a broker and a simulator"
        if is_killed:
            demo.kill()
        else:
            assert demo.stop() == 0
        eventually(lambda: not any(map(is_alive, children)), "no process left behind", ANSWERS_S)
    assert "Traceback" not in demo.log
    assert "the simulator has ended" not in demo.log


def test_the_demo_does_not_take_a_broker_of_yours(tmp_path: Path):
    told = natoma("demo", cwd=tmp_path, NATOMA_MQTT="mqtt://127.0.0.1:1883")

    assert told.code == 2
    assert "setting mqtt names a broker of yours; the demo brings its own" in told.err
    assert list(tmp_path.iterdir()) == []


def test_the_demo_puts_nobody_into_a_database_of_yours(tmp_path: Path):
    told = natoma("demo", cwd=tmp_path, NATOMA_DATABASE="postgresql://127.0.0.1/natoma")

    assert told.code == 2
    assert "setting database names one of yours, and the demo's people are made up" in told.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scenario", "door-hold"), "did you mean 'door-held'?"),
        (("--scenario", "door-held", "--as-if", "2026-11-01 01:58"), "leave --as-if out"),
        (("--scenario", "door-held", "--space", "mine.yaml"), "leave --space out"),
        (("--scenario", "door-held", "--proxy", "0"), "leave --proxy out"),
        (("--as-if", "new year"), "--as-if: 'new year' is no moment"),
        (
            ("--as-if", "2026-03-08 02:30"),
            "clocks in America/Los_Angeles skip 2026-03-08 02:30 — the next that comes is 03:00",
        ),
        (("--as-if", "2012-11-01 01:58"), "leads to 2012-11-01, and no house lives then"),
        (("--as-if", "2026-11-01 01:58", "--data", "."), "--data: a house has lived in . already"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_a_demo_that_cannot_be_shown_says_why_and_starts_nothing(tmp_path: Path, words: tuple[str, ...], said: str):
    (tmp_path / "last-time").touch()

    told = natoma("demo", *words, cwd=tmp_path)

    assert (told.code, said in told.err) == (2, True), told.err
    assert [one.name for one in tmp_path.iterdir()] == ["last-time"]


@pytest.mark.slow
def test_another_date_is_lived_by_the_house_and_its_doors_and_told_wherever_one_looks(tmp_path: Path):
    words = ("demo", "--as-if", "2026-11-01 01:58", "--broker-port", free_port())
    with ControllerProcess(tmp_path, *words) as demo:
        assert "It is Sunday, 2026-11-01 01:5" in demo.said
        assert "export NATOMA_CLOCK_SHIFT=" in demo.said
        assert "this machine's clock, as NATOMA_CLOCK_SHIFT asks" in demo.log

        # Messages of its own devices are as old as they are: nothing of another date reached it.
        eventually(lambda: _device_states(demo) == {"ready"}, "all devices ready", ALL_THERE_S)
        told = demo.health()[1]["components"]["clock"]["text"]
        assert "this machine's clock, as NATOMA_CLOCK_SHIFT asks" in told


def test_the_port_for_faults_is_not_one_that_somebody_has(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = natoma("demo", "--proxy", port, cwd=tmp_path)

    assert (told.code, f"--proxy {port} cannot be had: Address already in use" in told.err) == (2, True), told.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.broker
def test_its_broker_can_be_struck_and_an_end_of_its_simulator_is_told(tmp_path: Path):
    program("mosquitto")
    words = ("demo", "--space", ONE_DOOR, "--broker-port", free_port(), "--proxy", free_port())
    with ControllerProcess(tmp_path, *words) as demo:
        eventually(lambda: _device_states(demo) == {"ready"}, "the door's unit ready", ALL_THERE_S)
        demo.wait_until_well()
        added = _simulator("fault", "add", "stop", "broker", "--data", str(demo.data), "--json", cwd=tmp_path)
        eventually(lambda: demo.health()[0] != 200, "a house without its broker", ANSWERS_S)
        _simulator("fault", "clear", str(added["number"]), "--data", str(demo.data), "--json", cwd=tmp_path)
        demo.wait_until_well()
        assert "the simulator has ended" not in demo.log

        (simulator,) = (pid for pid in demo.children() if "simulator" in Path(f"/proc/{pid}/cmdline").read_text())
        os.kill(simulator, signal.SIGKILL)

        eventually(lambda: "the simulator has ended by itself" in demo.log, "word of its end", ANSWERS_S)
        (line,) = (line for line in demo.log.splitlines() if "the simulator has ended" in line)
        assert "ERROR" in line
        assert "exit code -9" in line
        assert str(demo.data / "simulator.log") in line
        assert demo.stop() == 0


def test_a_scenario_that_is_stopped_leaves_nothing_behind_and_passes_for_no_success(tmp_path: Path):
    program("mosquitto")
    with (tmp_path / "said.txt").open("wb") as said:
        demo = subprocess.Popen(
            [sys.executable, "-m", "controller", "demo", "--scenario", "door-held"],
            env=clean_environment(TMPDIR=str(tmp_path)),
            cwd=ROOT,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        eventually(lambda: b"door-held begins" in (tmp_path / "said.txt").read_bytes(), "its beginning", ALL_THERE_S)
        children = offspring(demo.pid)
        demo.send_signal(signal.SIGINT)

        assert demo.wait(ANSWERS_S) == 3
    assert "door-held was stopped before its end" in (tmp_path / "said.txt").read_text()
    assert len(children) == 2, "a broker and a simulator"
    assert not any(map(is_alive, children))
    assert [one.name for one in tmp_path.iterdir()] == ["said.txt"]


def _device_states(demo: ControllerProcess) -> set[str]:
    return {device["state"] for device in demo.live()["devices"].values()}


def _door(demo: ControllerProcess) -> Mapping[str, Any]:
    return demo.live()["doors"][QUIET]


def _sensed(demo: ControllerProcess) -> list[Mapping[str, Any]]:
    """The rooms that have a sensor at all."""
    with_sensor = {device["room"] for device in demo.live()["devices"].values() if device["kind"] == "sensor"}
    return [room for id_, room in demo.live()["rooms"].items() if id_ in with_sensor]


def _a_host(data: Path) -> str:
    with (data / "people.csv").open(newline="") as file:
        return next(
            row["name"]
            for row in csv.DictReader(file)
            if row["kind"] == "staff" and row["badge_state"] in ("", "active") and not row["valid_until"]
        )


def _simulator(*words: str, cwd: Path) -> Mapping[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *words],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=ANSWERS_S,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    answer: Mapping[str, Any] = json.loads(done.stdout)
    return answer
