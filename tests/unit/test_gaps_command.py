"""`natoma telemetry gaps`, as it is typed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.adapters.sql.event_log import SqlEventLog
from controller.cli.telemetry import telemetry
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId
from controller.errors import InputError
from tests.support.household import SPACE

YESTERDAY = datetime.now(UTC) - timedelta(hours=30)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    (tmp_path / "space.yaml").write_text(SPACE)
    async with await SqlEventLog.open(tmp_path / "events.db") as log:
        hall = DeviceId("sensor-hall")
        gap = {"count": 3, "numbers": "4-6"}
        await log.append_all([Fact(FactKind.GAP_FOUND, YESTERDAY, device=hall, detail=gap)])
    return tmp_path


def typed(folder: Path, *words: str) -> Result:
    where = ("--data", str(folder), "--space", str(folder / "space.yaml"))
    return CliRunner().invoke(telemetry, ["gaps", *words, *where])


def test_a_gap_is_shown_for_whoever_asks_far_enough_back(data: Path) -> None:
    assert "Nothing was lost in that time" in typed(data).output
    assert typed(data, "--last", "7d").output.endswith("\nsensor-hall: 3 messages missing\n")


def test_a_sheet_and_a_program_get_the_same_gap(data: Path) -> None:
    (_, line) = typed(data, "sensor-hall", "--last", "7d", "--csv").output.splitlines()
    said = json.loads(typed(data, "--last", "7d", "--json").output)

    assert line.endswith(",gap_found,sensor-hall,3,,4-6")
    assert (said["device"], said["count"], said["numbers"]) == ("sensor-hall", 3, "4-6")


def test_before_the_first_run_nothing_was_lost(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)

    assert "Nothing was lost" in typed(tmp_path).output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("sensor-hal",), "DEVICE: no device 'sensor-hal'"),
        (("--last", "soon"), "--last:"),
        (("--csv", "--json"), "--csv: a sheet and --json are two forms of one answer"),
        (("--from", "2099-01-01"), "--from:"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(data: Path, words: tuple[str, ...], why: str) -> None:
    refused = typed(data, *words).exception

    assert isinstance(refused, InputError)
    assert why in str(refused)
