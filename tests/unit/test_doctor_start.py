"""The doctor asks what the start asks: of a house that cannot start it says so, and what to do."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.app.doctor import Finding, Grade, examine_house
from controller.app.doctor.examination import _lists
from controller.app.stores import open_stores
from controller.cli.people import import_people
from controller.config import load as load_settings
from controller.services.offline.list_sheets import sheets_of
from controller.space import parse
from tests.support.controller import copy_of
from tests.support.household import SPACE as TEXT
from tests.support.household import new_badge

SPACE = parse(TEXT)
BADGE_KEY = Path("secrets", "badge.key")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("house") / "data"
    people = data.with_name("people.csv")
    people.write_text(f"id,name,kind,plan,from,badge\nalice,Alice,member,full,2020-01-01,{new_badge()}\n")

    async def start() -> None:
        async with open_stores(data, SPACE):
            pass

    asyncio.run(import_people(load_settings(None, {"data": data}), SPACE, people))
    asyncio.run(start())
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return copy_of(made, tmp_path / "data")


def examined(data: Path) -> list[Finding]:
    async def look() -> list[Finding]:
        return [finding async for finding in examine_house(load_settings(None, {"data": data}), SPACE)]

    return asyncio.run(look())


def due(data: Path) -> dict[str, Finding]:
    return {one.what: one for one in examined(data) if one.grade is Grade.ACT}


def test_a_house_that_was_started_has_nothing_to_be_done(data: Path) -> None:
    assert due(data) == {}


@pytest.mark.parametrize(
    ("spoil", "what", "how"),
    [
        (lambda data: (data / BADGE_KEY).unlink(), "key badge.key", "badge.key is missing, and badges are enrolled"),
        (lambda data: (data / BADGE_KEY).write_bytes(b"x"), "key badge.key", "holds 1 bytes, a badge key has 32"),
        (lambda data: (data / "secrets/lists.key").write_bytes(b"x"), "key lists.key", "holds 1 bytes"),
        (lambda data: (data / "restored.json").write_text("{}"), "file restored.json", "Natoma does not start"),
        (lambda data: (data / "restoring.json").write_text("{}"), "restore", "half restored"),
        (lambda data: (data / "last-time").write_text("9999-12-31T00:00:00Z"), "file last-time", "does not go by it"),
        (lambda data: (data / "reserve.jsonl").write_text("{]\n"), "file reserve.jsonl", "decision 1 in it cannot be read"),
        (lambda data: (data / "natoma.db").unlink(), "file natoma.db", "it is missing: Natoma does not start"),
        (lambda data: (data / "telemetry.db").unlink(), "file telemetry.db", "it is missing: Natoma does not start"),
    ],
)  # fmt: skip
def test_what_a_start_stumbles_over_must_be_done(
    data: Path, spoil: Callable[[Path], object], what: str, how: str
) -> None:
    spoil(data)

    found = due(data)[what]

    assert how in found.how
    assert found.do


def test_a_last_time_ahead_of_the_machines_clock_is_told_with_the_way_to_take_that_clock(data: Path) -> None:
    (data / "last-time").write_text((datetime.now(UTC) + timedelta(minutes=5)).isoformat())

    assert f"delete {data / 'last-time'}" in due(data)["file last-time"].do

    (data / "last-time").write_text(datetime.now(UTC).isoformat())
    assert "file last-time" not in due(data)


def test_numbers_that_cannot_be_read_are_told(data: Path) -> None:
    (data / "numbers.json").write_text("{}")

    (found,) = (one for one in examined(data) if one.what == "file numbers.json")
    assert (found.grade, "counted anew" in found.how) == (Grade.NOTE, True)


@pytest.mark.parametrize("name", ["history/2026-03.db", "sending.db"])
def test_of_what_a_house_starts_without_nobody_says_that_it_does_not(data: Path, name: str) -> None:
    (data / name).parent.mkdir(exist_ok=True)
    (data / name).write_bytes(b"no database" * 100)

    found = due(data)[f"file {name}"]

    assert "does not start on it" not in found.how + found.do
    assert "ove it aside" in found.do
    assert "--over" not in found.do


def test_doors_whose_lists_are_well_are_one_line(data: Path) -> None:
    now = datetime.now(UTC)
    doors = [str(device) for device in sheets_of(SPACE)]

    def give(*devices: str, until: datetime) -> None:
        ms = int(until.timestamp() * 1000)
        with closing(sqlite3.connect(data / "natoma.db")) as registry, registry:
            rows = [(device, number + 1, b"salt", 0, ms) for number, device in enumerate(devices)]
            into = "INSERT INTO access_list (device, rev, salt, issued_ms, until_ms) VALUES (?, ?, ?, ?, ?)"
            registry.executemany(into, rows)

    def told() -> list[tuple[str, Grade]]:
        found = asyncio.run(_lists(load_settings(None, {"data": data}), SPACE, now))
        return [(one.what, one.grade) for one in found]

    give(*doors[1:], until=now + timedelta(hours=9))
    assert told()[-1] == ("lists of doors", Grade.WELL)
    assert [grade for _, grade in told()] == [Grade.NOTE, Grade.WELL]
    give(doors[0], until=now + timedelta(hours=9))
    assert told() == [("lists of doors", Grade.WELL)]
