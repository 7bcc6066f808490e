"""`natoma doctor` and `natoma keep`: what a person is told of a house, and what a script by the exit code."""

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.upgrade import EVENTS, bring_up
from controller.adapters.telemetry import schema
from tests.support.broker import MosquittoBroker, free_port
from tests.support.controller import ControllerProcess, Said, copy_of, natoma
from tests.support.household import Household

Natoma = Callable[..., Said]


@pytest.fixture
def data(household: Household, tmp_path: Path) -> Path:
    """A house as its first run leaves it."""
    folder = copy_of(household.data, tmp_path / "data")
    bring_up(folder / "events.db", EVENTS)
    schema.bring_up(folder / "telemetry.db")
    return folder


@pytest.fixture
def do(data: Path, household: Household) -> Natoma:
    def run(*words: object, **environment: str) -> Said:
        said = natoma(*words, "--data", data, "--space", household.space, **environment)
        assert "Traceback" not in said.err
        return said

    return run


def findings(said: Said) -> dict[str, dict[str, str]]:
    return {found["what"]: found for found in map(json.loads, said.out.splitlines())}


def tell(data: Path, at: datetime, *, person: str | None = None) -> None:
    with contextlib.closing(sqlite3.connect(data / "events.db")) as log, log:
        log.execute(
            "INSERT INTO fact (at_us, kind, door, person) VALUES (?, 'entry_taken', 'front', ?)",
            (round(at.timestamp() * 1e6), person),
        )


def test_a_house_that_is_well_is_told_so_and_nothing_must_be_done(do: Natoma):
    said = do("doctor", "--json")

    found = findings(said)
    assert (said.code, {one["grade"] for one in found.values()} - {"well", "note"}) == (0, set())
    assert found["file natoma.db"]["how"].startswith("whole")
    assert found["service"]["how"] == "it does not run"
    assert found["clock"]["grade"] == found["keeping"]["grade"] == "well"
    assert found["list of Front door (door-front)"]["do"] == "run Natoma: it makes one for each door"


def test_each_finding_says_what_to_do(do: Natoma, data: Path):
    (data / "secrets" / "badge.key").chmod(0o644)
    (data / "natoma.db.before-0001").write_bytes(b"old")
    old = time.time() - 120 * 86_400
    os.utime(data / "natoma.db.before-0001", (old, old))
    tell(data, datetime.now(UTC) + timedelta(days=3))

    said = do("doctor", "--json")

    found = findings(said)
    assert said.code == 1
    assert found["secret secrets/badge.key"]["do"] == f"chmod 600 {data / 'secrets' / 'badge.key'}"
    assert "120 days old" in found["copy natoma.db.before-0001"]["how"]
    assert "time service" in found["clock"]["do"]
    assert all(one["do"] for one in found.values() if one["grade"] != "well")


def test_looking_changes_nothing(do: Natoma, data: Path):
    tell(data, datetime.now(UTC) - timedelta(days=100), person="alice")
    before = {name: (data / name).read_bytes() for name in ("natoma.db", "events.db", "telemetry.db")}

    do("doctor")
    do("keep", "--dry-run")

    assert {name: (data / name).read_bytes() for name in before} == before


def test_what_may_not_be_kept_is_told_then_let_go_of_then_gone(do: Natoma, data: Path):
    for days in (100, 75, 50, 25, 1):
        tell(data, datetime.now(UTC) - timedelta(days=days), person="alice")

    examined, dry = do("doctor", "--json"), do("keep", "--dry-run")
    gone, again = do("keep"), do("keep")

    assert (examined.code, findings(examined)["keeping"]["do"]) == (1, "start Natoma, or run natoma keep")
    assert "Names in the event log of before" in dry.out
    assert dry.out.endswith(": 1 would go\n")
    assert gone.out.endswith(": 1 gone\n")
    assert again.out == "Nothing is kept for longer than it may be.\n"
    with contextlib.closing(sqlite3.connect(data / "events.db")) as log:
        told = log.execute("SELECT kind, person FROM fact ORDER BY position").fetchall()
    assert told == [("entry_taken", None), *[("entry_taken", "alice")] * 4, ("history_cleaned", None)]


def test_a_retention_shorter_than_the_safety_lag_is_refused_naming_both(do: Natoma):
    said = do("keep", "--dry-run", NATOMA_KEEP_TELEMETRY="12h")

    assert said.code == 2
    assert (
        "setting keep_telemetry (NATOMA_KEEP_TELEMETRY): '12h' is shorter than the safety lag of readings (25h)"
        in said.err
    )


def test_a_broker_that_is_away_is_named_with_what_to_do(do: Natoma):
    said = do("doctor", "--json", "--mqtt", f"mqtt://127.0.0.1:{free_port()}")

    (broker,) = (one for what, one in findings(said).items() if what.startswith("broker mqtt://127.0.0.1:"))
    assert (said.code, broker["grade"], broker["do"]) == (1, "act", "start it, or correct setting mqtt")


@pytest.mark.broker
def test_beside_a_running_service_its_parts_are_told_and_its_name_at_the_broker_is_left_to_it(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    controller.start()
    controller.wait_until_well()
    port = controller.url.rstrip("/").rpartition(":")[2]
    where = ("--mqtt", f"mqtt://127.0.0.1:{house_broker.port}", "--web-port", port)

    said = natoma("doctor", "--json", "--data", controller.data, "--space", household.space, *where)
    kept = natoma("keep", "--data", controller.data)

    found = findings(said)
    assert found["service, access link"]["grade"] == found["service, event log"]["grade"] == "well"
    assert not any(what.startswith("broker") for what in found)
    assert (kept.code, "another natoma is using the data folder" in kept.err) == (1, True)
    _, health = controller.health()
    assert health["components"]["telemetry link"]["figures"]["reconnects"] == 0
    assert health["components"]["telemetry link"]["figures"]["identity_clashes"] == 0


@pytest.mark.broker
def test_a_broker_of_somebody_elses_is_visited_and_judged(do: Natoma, house_broker: MosquittoBroker):
    said = do("doctor", "--json", "--mqtt", f"mqtt://127.0.0.1:{house_broker.port}")

    found = [json.loads(line) for line in said.out.splitlines()]
    broker = [one for one in found if one["what"].startswith("broker")]
    assert [one["grade"] for one in broker if "takes us" in one["how"]] == ["well"]
    assert not any("beat does not come back" in one["how"] for one in broker)
