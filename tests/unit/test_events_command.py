"""`natoma events` as it is typed: what happened, in words, without one line for each of thirty doors."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.adapters.sql.event_log import SqlEventLog
from controller.app.stores import open_kept, open_registry
from controller.cli.events import events
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import PublicEvent, Ticket
from controller.domain.ids import AreaId, DoorId, EventId, PersonId, TicketId
from controller.domain.membership import Person
from controller.services.stores import NewTicket
from controller.space import load
from tests.support.services import NOON

SPACE = """\
natoma: 1
id: house
name: House
zone: America/Los_Angeles
floors: {ground: {size: [8, 5]}}
areas: {studio: {room: open_space}}
doors:
  front: {name: Front door, from: outside, to: studio}
"""


def mode(was: str, now: str, why: str) -> Fact:
    detail: dict[str, Plain] = {
        "mode": now,
        "was": was,
        "why": why,
        "level": "locked",
        "blocks_entry": False,
        "until": None,
    }
    return Fact(FactKind.DOOR_MODE_CHANGED, NOON, door=DoorId("front"), detail=detail)


FACTS = [
    Fact(FactKind.SERVICE_STARTED, NOON - timedelta(minutes=1)),
    mode("unlocked", "locked", "lockdown: a stranger"),
    Fact(
        FactKind.LOCKDOWN_LIFTED,
        NOON,
        detail={"id": "lockdown-1", "scope": "the whole house", "by": "A", "reason": "b"},
    ),
    *[mode("locked", "locked", "nothing unlocks it now") for _ in range(30)],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "space.yaml").write_text(SPACE)

    async def begins() -> None:
        async with open_registry(tmp_path / "data", load(tmp_path / "space.yaml")):
            pass
        await happens(tmp_path, FACTS)

    asyncio.run(begins())
    return tmp_path


async def happens(folder: Path, facts: list[Fact]) -> None:
    async with await SqlEventLog.open(folder / "data" / "events.db") as log:
        await log.append_all(facts)


def says(folder: Path, *words: str) -> list[str]:
    where = ["--data", str(folder / "data"), "--space", str(folder / "space.yaml")]
    said = CliRunner().invoke(events, [*words, *where], catch_exceptions=False)
    return said.stdout.splitlines()


def test_the_end_of_a_lockdown_is_one_line_and_pushes_nothing_away(folder: Path) -> None:
    assert [line[14:] for line in says(folder, "--last", "3")] == [
        "Natoma started",
        "Front door is locked now — lockdown: a stranger",
        "The lockdown of the whole house was lifted by A: b",
    ]


def test_a_script_is_told_of_every_door(folder: Path) -> None:
    kinds = [json.loads(line)["kind"] for line in says(folder, "--json", "--last", "100")]

    assert kinds == [fact.kind for fact in FACTS]


@pytest.mark.parametrize("shape", [(), ("--json",)], ids=["in words", "for scripts"])
def test_duress_is_in_natoma_alarms_alone_and_pushes_nothing_away(folder: Path, shape: tuple[str, ...]) -> None:
    before = says(folder, *shape, "--last", "2")
    detail: dict[str, Plain] = {"alarm": "duress", "id": "abcdef", "silent": True}
    forced = Fact(FactKind.ALARM_RAISED, NOON, door=DoorId("front"), person=PersonId("ada"), detail=detail)
    asyncio.run(happens(folder, [forced]))

    assert says(folder, *shape, "--last", "2") == before


def test_an_entry_under_duress_reads_as_any_other_for_scripts_too(folder: Path) -> None:
    inputs: dict[str, Plain] = {"pin": "duress", "credential": {"id": "pin-ada-duress", "is_duress": True}}
    detail: dict[str, Plain] = {"credential": "pin-ada-duress", "grant": "plan", "inputs": inputs}
    entry = Fact(FactKind.ENTRY_GRANTED, NOON, door=DoorId("front"), person=PersonId("ada"), detail=detail)
    asyncio.run(happens(folder, [entry]))

    (line,) = says(folder, "--json", "--last", "1")
    assert json.loads(line)["detail"] == {
        "credential": "pin-ada",
        "grant": "plan",
        "inputs": {"pin": "right", "credential": {"id": "pin-ada"}},
    }


def test_no_line_is_asked_for_and_none_is_told(folder: Path) -> None:
    assert says(folder, "--last", "0") == []


def test_whoever_holds_a_ticket_is_told_by_the_name_on_it(folder: Path) -> None:
    evening = PublicEvent(
        EventId("talk"),
        "Talk",
        PersonId("hera"),
        AreaId("studio"),
        (DoorId("front"),),
        NOON,
        NOON + timedelta(hours=2),
        9,
    )

    async def hands_out() -> None:
        async with open_kept(folder / "data") as kept:
            await kept.registry.put_person(Person(PersonId("hera"), "Hera"))
            await kept.public_events.put_event(evening)
            await kept.public_events.add_tickets([NewTicket(Ticket(TicketId("talk-1"), evening.id, "Ada"), b"digest")])
        entry = Fact(FactKind.ENTRY_TAKEN, NOON, door=DoorId("front"), person=PersonId("ticket:talk-1"))
        await happens(folder, [entry])

    asyncio.run(hands_out())

    assert [line[14:] for line in says(folder, "--last", "1")] == ["Ada went through Front door"]
