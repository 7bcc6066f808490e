"""`natoma telemetry verify` as it is typed, beside a data folder, against a database that says what the test says."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.adapters.influx.state import SendingFile
from controller.adapters.telemetry.store import TelemetryStore
from controller.cli.telemetry import telemetry
from controller.domain.history.delivery import Refused, Sent
from controller.domain.history.values import Measured, Source
from controller.domain.ids import AreaId, DeviceId
from controller.errors import InputError, StoreError
from controller.services.ports import TelemetryRow
from tests.unit.adapters.test_influx_readback import Scripted

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
HOUR_MS = 3_600_000
STUDIO = Source(DeviceId("air"), AreaId("studio"), {"co2": Measured("carbon_dioxide", "ppm")})


class Folder:
    """Three readings in the hour before last."""

    def __init__(self, folder: Path, database: Scripted) -> None:
        self.data, self.space, self.config = folder / "data", folder / "space.yaml", folder / "natoma.toml"
        self.data.mkdir()
        self.space.write_text(SPACE)
        self.config.write_text(f'influx_url = "{database.url}"\ninflux_token = "secret-token"\n')
        self.config.chmod(0o600)
        self.hour = int(datetime.now(UTC).timestamp()) // 3600 - 2
        asyncio.run(self._measure())

    async def _measure(self) -> None:
        begins = self.hour * HOUR_MS
        async with await TelemetryStore.open(self.data / "telemetry.db", deadline_s=30) as store:
            await store.append(
                [
                    TelemetryRow(STUDIO.device, f"n-{n}", begins + n, begins, {"co2": 600.0}, source=STUDIO)
                    for n in range(3)
                ]
            )

    def typed(self, *words: str) -> Result:
        where = ["--data", str(self.data), "--space", str(self.space), "--config", str(self.config)]
        return CliRunner().invoke(telemetry, ["verify", *words, *where])

    def counted(self, count: int) -> tuple[int, object]:
        """The database's answer: so many in that hour."""
        values = [[self.hour * HOUR_MS * 1_000_000, count]]
        return 200, {"results": [{"series": [{"name": "carbon_dioxide", "values": values}]}]}


@pytest.fixture
def database() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.server.shutdown()
    scripted.server.server_close()


@pytest.fixture
def folder(tmp_path: Path, database: Scripted) -> Folder:
    return Folder(tmp_path, database)


def test_the_same_on_both_sides_ends_with_0(folder: Folder, database: Scripted):
    database.answers = [folder.counted(3)]

    said = folder.typed()

    assert said.exit_code == 0
    assert said.stdout.startswith("The same on both sides: 3 points from ")
    assert f"{database.url}.\n" in said.stdout


def test_a_difference_ends_with_1_and_names_what_waits_and_what_was_refused(folder: Folder, database: Scripted):
    async def sent_one() -> None:
        async with await SendingFile.open(folder.data / "sending.db") as file:
            await file.advance(Sent(1, 1, 1), [Refused("a line", "unable to parse")], datetime.now(UTC))

    asyncio.run(sent_one())
    database.answers = [folder.counted(1)]

    said = folder.typed("air", "co2", "--last", "6h")

    assert said.exit_code == 1
    lines = said.stdout.splitlines()
    assert lines[0].startswith(f"Not the same: 3 points here, 1 in {database.url}, from ")
    assert lines[2].endswith("air co2 ppm: 3 here, 1 there (2 missing there)")
    assert lines[3:] == [
        "It has refused 1 reading: natoma telemetry parked shows which and why.",
        "Not sent yet: 2 messages. Their hours differ until they are.",
    ]


def test_a_script_reads_the_same(folder: Folder, database: Scripted):
    database.answers = [folder.counted(2)]

    said = folder.typed("--json")

    assert said.exit_code == 1
    told = json.loads(said.stdout)
    assert (told["equal"], told["points"], told["waiting"]) == (False, {"here": 3, "there": 2}, 3)
    assert [(one["device"], one["here"], one["there"]) for one in told["differences"]] == [("air", 3, 2)]


def test_a_channel_nobody_knows_is_named_as_it_was_typed(folder: Folder):
    said = folder.typed("air", "co22")

    assert isinstance(said.exception, InputError)
    assert str(said.exception).startswith("CHANNEL: air has no channel 'co22'")


def test_a_database_that_refuses_us_is_no_difference(folder: Folder, database: Scripted):
    database.answers = [(401, {"message": "unauthorized access"})]

    said = folder.typed()

    assert isinstance(said.exception, StoreError)
    assert "set influx_token to one that may read natoma" in str(said.exception)


def test_without_a_database_there_is_nothing_to_compare_with(folder: Folder):
    folder.config.write_text("")

    said = folder.typed()

    assert isinstance(said.exception, InputError)
    assert "set influx_url" in str(said.exception)
