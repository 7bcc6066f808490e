"""`natoma who` and `natoma people profile`, as typed: what they tell, and of whom they tell nothing."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.adapters.clock import SystemClock
from controller.adapters.sql.event_log import SqlEventLog
from controller.cli.community import who
from controller.cli.people import people
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DoorId, PersonId
from controller.errors import InputError

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


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada and Ben have come in; Claire has not."""
    folder = tmp_path_factory.mktemp("community")
    (folder / "space.yaml").write_text(SPACE)
    (folder / "people.csv").write_text(
        "id,name,plan,from\nada,Ada Lovelace,full,2026-03-01\nben,Ben Okri,full,2026-03-01\nclaire,Claire,full,2026-03-01\n"
    )
    _typed(people, folder, "import", str(folder / "people.csv"), "--apply", "--space", str(folder / "space.yaml"))

    async def come_in() -> None:
        now = SystemClock().now()
        async with await SqlEventLog.open(folder / "data" / "events.db") as log:
            entered = [
                Fact(FactKind.ENTRY_TAKEN, now, door=DoorId("street"), person=PersonId(one)) for one in ("ada", "ben")
            ]
            await log.append_all(entered)

    asyncio.run(come_in())
    return folder


def _typed(command: object, folder: Path, *words: str) -> str:
    done = CliRunner().invoke(command, [*words, "--data", str(folder / "data")], catch_exceptions=False)  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    return done.output


def profile(folder: Path, *words: str) -> str:
    return _typed(people, folder, "profile", *words)


def here(folder: Path, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(
        _typed(who, folder, *words, "--json", "--space", str(folder / "space.yaml"))
    )
    return found


@pytest.fixture(autouse=True)
def forgotten(house: Path) -> None:
    for one in ("ada", "ben", "claire"):
        profile(house, one, "--forget")


def test_nobody_is_here_for_others_who_did_not_choose_it(house: Path) -> None:
    assert here(house) == []
    assert _typed(who, house, "--space", str(house / "space.yaml")) == (
        "Nobody who is here wants to be seen, or nobody is here.\n"
    )


def test_whoever_shares_it_is_seen_while_they_are_in(house: Path) -> None:
    for one in ("ada", "claire"):
        profile(house, one, "--share-presence", "on", "--skill", "soldering", "--about", "Ask me early")

    assert here(house) == [{"person": "ada", "name": "Ada Lovelace", "skills": [], "about": "Ask me early"}]


def test_who_could_help_is_found_by_what_they_know(house: Path) -> None:
    for one in ("ada", "ben"):
        profile(house, one, "--share-presence", "on", "--can-be-asked", "on", "--skill", f"{one} soldering")

    assert [one["person"] for one in here(house, "--helps", "solder for ben")] == ["ben", "ada"]
    assert "Nobody who is here and may be asked names 'piano'." in _typed(
        who, house, "--helps", "piano", "--space", str(house / "space.yaml")
    )


def test_a_profile_is_told_whole_and_its_webhook_hidden(house: Path) -> None:
    told = profile(
        house, "ada", "--email", "ada@example.org", "--webhook", "https://example.org/secret", "--language", "fr"
    )

    assert told == (
        "Ada Lovelace (ada):\n"
        "  messages: to ada@example.org, a webhook, in French\n"
        "  presence: nobody is told that they are here, and nobody is told what they know\n"
        "  skills:   none named\n"
        "  about:    nothing written\n"
    )


def test_opting_out_is_as_if_they_had_never_been_there(house: Path) -> None:
    profile(house, "ada", "--share-presence", "on")
    profile(house, "ada", "--share-presence", "off")

    assert here(house) == []


def test_forgetting_and_changing_at_once_is_refused(house: Path) -> None:
    with pytest.raises(InputError, match="leave the other options out"):
        profile(house, "ada", "--forget", "--email", "ada@example.org")


def test_nothing_to_look_for_is_refused(house: Path) -> None:
    with pytest.raises(InputError, match="name what you need help with"):
        here(house, "--helps", "  ")
