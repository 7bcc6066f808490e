"""`natoma telemetry parked | sending` as typed, beside what a service has left in the data folder."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.adapters.influx.state import SendingFile
from controller.adapters.telemetry.store import TelemetryStore
from controller.cli.telemetry import telemetry
from controller.domain.history.delivery import Refused, Sent
from controller.domain.ids import DeviceId
from controller.errors import InputError
from controller.services.ports import TelemetryRow

SPACE = """\
natoma: 1
id: small
name: Small
zone: America/Los_Angeles
floors: {ground: {size: [8, 5]}}
areas: {studio: {name: Studio}}
doors:
  front: {from: outside, to: studio}
"""
NOON = datetime(2026, 11, 23, 20, tzinfo=UTC)
BAD = Refused("temperature,channel=t,device=s value=1 1", "field type conflict")
ODD = Refused('reading,channel=note,device=s text="one\nt\x1b[2Jwo" 2', "unable to parse")


class Folder:
    def __init__(self, folder: Path) -> None:
        self.data, self.file = folder / "data", folder / "space.yaml"
        self.data.mkdir()
        self.file.write_text(SPACE)

    def refused(self, *refused: Refused) -> None:
        async def keep() -> None:
            async with await SendingFile.open(self.data / "sending.db") as file:
                await file.advance(Sent(3, 7, 3), refused, NOON)

        asyncio.run(keep())

    def typed(self, *words: str) -> Result:
        return CliRunner().invoke(telemetry, [*words, "--data", str(self.data), "--space", str(self.file)])

    def due(self) -> list[int]:
        async def ask() -> list[int]:
            async with await SendingFile.open(self.data / "sending.db") as file:
                return [parked.number for parked in await file.due(100)]

        return asyncio.run(ask())

    def wished(self) -> int:
        async def ask() -> int:
            async with await SendingFile.open(self.data / "sending.db") as file:
                return await file.wished()

        return asyncio.run(ask())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_what_was_refused_is_listed_with_what_the_database_said(folder: Folder):
    folder.refused(BAD, ODD)

    said = folder.typed("parked").output

    assert "     1  2026-11-23 12:00  field type conflict\n        temperature,channel=t,device=s value=1 1" in said
    assert "     2  2026-11-23 12:00  unable to parse" in said
    assert "\x1b" not in said
    assert r'text="one\nt\x1b[2Jwo" 2' in said
    assert folder.typed("parked", "list").output == said


def test_the_newest_are_listed_and_how_many_are_not(folder: Folder):
    folder.refused(BAD, ODD)

    said = folder.typed("parked", "list", "--limit", "1").output

    assert said.startswith("1 older ones are not shown: --limit 2\n     2  ")


def test_a_script_reads_them_whole(folder: Folder):
    folder.refused(BAD, ODD)

    found = json.loads(folder.typed("parked", "list", "--json").output)

    assert found[1] == {
        "number": 2,
        "at": "2026-11-23T20:00:00+00:00",
        "line": ODD.line,
        "words": "unable to parse",
        "is_due": False,
    }


def test_nothing_refused_is_said(folder: Folder):
    folder.refused()

    assert folder.typed("parked").output == "No reading was refused.\n"
    assert folder.typed("parked", "retry").output == "None to try.\n"
    assert folder.typed("parked", "drop", "--all").output == "None to drop.\n"


def test_one_or_all_are_tried_again(folder: Folder):
    folder.refused(BAD, ODD)

    assert folder.typed("parked", "retry", "2").output == "1 reading is tried again by the service.\n"
    assert folder.due() == [2]
    assert "(to be tried again)" in folder.typed("parked").output
    assert folder.typed("parked", "retry").output == "2 readings are tried again by the service.\n"
    assert folder.due() == [1, 2]


def test_one_or_all_are_dropped(folder: Folder):
    folder.refused(BAD, ODD)

    assert folder.typed("parked", "drop", "1").output == "1 reading is dropped.\n"
    assert "field type conflict" not in folder.typed("parked").output
    assert folder.typed("parked", "drop", "--all").output == "1 reading is dropped.\n"


@pytest.mark.parametrize("words", [("drop",), ("drop", "1", "--all")])
def test_dropping_needs_to_be_told_which(folder: Folder, words: tuple[str, ...]):
    folder.refused(BAD)

    assert "say which: numbers" in str(folder.typed("parked", *words).exception)
    assert folder.typed("parked", "retry").output == "1 reading is tried again by the service.\n"


@pytest.mark.parametrize("word", ["retry", "drop"])
def test_a_number_that_is_not_parked_is_told(folder: Folder, word: str):
    folder.refused(BAD)

    failed = folder.typed("parked", word, "1", "9").exception

    assert isinstance(failed, InputError)
    assert "not all of 1, 9 are parked" in str(failed)
    assert "the 1 others are done" in str(failed)


def test_before_anything_was_sent_there_is_nothing_to_look_at(folder: Folder):
    assert "nothing was sent on from this folder yet" in str(folder.typed("parked").exception)
    assert "nothing was sent on from this folder yet" in str(folder.typed("sending", "--now").exception)


def test_how_far_it_is_is_told(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    async def keep() -> None:
        async with await TelemetryStore.open(folder.data / "telemetry.db") as log:
            await log.append([TelemetryRow(DeviceId("s"), f"k{n}", n, n, {"t": 1.0}) for n in range(1, 6)])

    asyncio.run(keep())
    folder.refused(BAD)

    assert folder.typed("sending").output.splitlines() == [
        "Nothing is sent on: influx_url is not set.",
        "1 reading was refused before: natoma telemetry parked.",
    ]
    monkeypatch.setenv("NATOMA_INFLUX_URL", "http://influx:8086")
    assert "2 messages wait to be sent on to http://influx:8086" in folder.typed("sending").output
    assert json.loads(folder.typed("sending", "--json").output) == {
        "to": "http://influx:8086",
        "waiting": 2,
        "parked": 1,
    }


def test_the_service_is_asked_to_try_at_once(folder: Folder):
    folder.refused()

    assert folder.typed("sending", "--now").output.startswith("The service tries at once")
    assert folder.wished() == 1
