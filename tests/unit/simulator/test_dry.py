"""Days lived at full speed: the same each time, and what a controller would believe."""

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from devices import codec
from devices.topics import Topics
from simulator.building import Building
from simulator.building_file import load
from simulator.cli import main
from simulator.dry import Day, lived
from simulator.people import make_people

ONE_DOOR = """\
natoma: 1
id: small
name: Small
zone: America/Los_Angeles
floors: {ground: {size: [8, 5]}}
areas: {studio: {room: open_space}}
doors:
  front: {from: outside, to: studio}
devices:
  sensor-studio: {kind: sensor, area: studio}
plans:
  member: {where: studio}
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Building:
    file = tmp_path_factory.mktemp("small") / "space.yaml"
    file.write_text(ONE_DOOR)
    return load(file)


def days_of(building: Building, first: str, days: int = 1, seed: int = 1, **more: bool) -> list[str]:
    start = datetime.fromisoformat(f"{first}T04:00").replace(tzinfo=building.zone)
    people = make_people(building, 1, start.date(), 12)
    return list(lived(Day(building, people, seed, start, start + timedelta(days=days), **more)))


def test_the_same_seed_lives_the_same_days_byte_for_byte_and_another_seed_others(small):
    friday_and_saturday = days_of(small, "2026-11-20", 2)
    assert friday_and_saturday == days_of(small, "2026-11-20", 2)
    assert friday_and_saturday[:2000] != days_of(small, "2026-11-20", 1, seed=2)[:2000]


def test_a_day_lived_twice_as_long_begins_with_the_same_day(small):
    two_days, one_day = days_of(small, "2026-11-16", 2), days_of(small, "2026-11-16")
    assert two_days[: len(one_day)] == one_day


def test_every_message_is_one_of_the_contract_in_the_order_of_its_time(small):
    topics = Topics(small.root)
    lines = [json.loads(line) for line in days_of(small, "2026-11-16")]
    kinds = Counter()
    for line in lines:
        decoded = codec.decode(topics, line["topic"], line["payload"].encode())
        kinds[decoded.address.kind] += 1
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    assert {"birth", "status", "telemetry", "state", "event", "command", "ack", "health"} <= set(kinds)
    # One sensor, one reading a minute, and the one at power-on.
    assert kinds["telemetry"] == pytest.approx(24 * 60, abs=3)


def test_every_unlock_answers_a_read_of_that_moment(small):
    asked: dict[str, str] = {}
    answered = 0
    for line in map(json.loads, days_of(small, "2026-11-16")):
        body = json.loads(line["payload"])
        if body.get("type") == "badge.read":
            asked[body["id"]] = line["t"]
        elif body.get("do") == "unlock":
            waited = datetime.fromisoformat(line["t"]) - datetime.fromisoformat(asked.pop(body["re"]))
            assert waited < timedelta(seconds=1)
            answered += 1
    assert answered > 10


def test_badges_are_masked_to_their_last_two_characters_unless_asked_for(small):
    def shown(**more: bool) -> set[str]:
        bodies = (json.loads(json.loads(line)["payload"]) for line in days_of(small, "2026-11-16", **more))
        return {body["data"]["card"] for body in bodies if body.get("type") == "badge.read"}

    masked, plain = shown(), shown(with_badges=True)
    assert all(card.startswith("************") for card in masked)
    assert {card[-2:] for card in masked} == {card[-2:] for card in plain}
    assert not any("*" in card for card in plain)


@pytest.mark.parametrize(("first", "hours"), [("2026-03-07", 23), ("2026-10-31", 25)])
def test_the_night_of_the_other_clock_is_an_hour_shorter_or_longer(tmp_path, first, hours):
    file, out = tmp_path / "space.yaml", tmp_path / "day.jsonl"
    file.write_text(ONE_DOOR)
    words = ["day", "--space", str(file), "--data", str(tmp_path), "--date", first, "--out", str(out)]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 0, said.output
    readings = sum('/up/telemetry"' in line for line in out.read_text().splitlines())
    assert readings == pytest.approx(hours * 60, abs=3)
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--days", "0"], "--days 0 is out of reach; take 1 to 366"),
        (["--date", "9999-12-31"], "--date 9999-12-31 is out of reach; take 1970-01-01 to 2100-12-31"),
        (["--date", "0001-01-01"], "--date 0001-01-01 is out of reach; take 1970-01-01 to 2100-12-31"),
        (["--date", "2026-02-30"], "--date '2026-02-30' is no day of the calendar; write it like 2026-11-16"),
        (["--out", "/nowhere/at/all"], "--out /nowhere/at/all: cannot be written"),
    ],
)
def test_bad_input_is_named_with_what_would_be_right_and_nothing_is_lived(tmp_path: Path, words, said):
    file = tmp_path / "space.yaml"
    file.write_text(ONE_DOOR)
    answer = CliRunner().invoke(main, ["day", "--space", str(file), "--data", str(tmp_path), *words])
    assert answer.exit_code == 2
    assert said in answer.output
