"""`natoma keep` deletes by no clock that may be wrong, unless a person says that it is right."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.adapters.sql.event_log import SqlEventLog
from controller.adapters.sql.upgrade import EVENTS, bring_up
from controller.adapters.telemetry import schema
from controller.cli.keep import keep
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DoorId, PersonId
from controller.errors import InputError

DAY = timedelta(days=1)


async def _came_in(data: Path, days_ago: tuple[int, ...]) -> None:
    now = datetime.now(UTC)
    async with await SqlEventLog.open(data / "events.db") as log:
        await log.append_all(
            [
                Fact(FactKind.ENTRY_TAKEN, now - days * DAY, DoorId("front"), person=PersonId("alice"))
                for days in days_ago
            ]
        )


async def _persons(data: Path) -> list[str | None]:
    async with await SqlEventLog.open(data / "events.db") as log:
        return [one.fact.person for one in await log.latest(10) if one.fact.kind is FactKind.ENTRY_TAKEN]


def house(data: Path, *days_ago: int) -> Path:
    bring_up(data / "events.db", EVENTS)
    schema.bring_up(data / "telemetry.db")
    asyncio.run(_came_in(data, days_ago))
    return data


def kept(data: Path, *words: str) -> Result:
    return CliRunner().invoke(keep, [*words, "--data", str(data)])


def test_a_clock_far_ahead_of_the_log_is_refused_until_a_person_says_that_it_is_right(tmp_path: Path):
    data = house(tmp_path / "data", 120, 100)

    refused = [kept(data), kept(data)]
    after_refusal = asyncio.run(_persons(data))
    done = kept(data, "--yes")

    for one in refused:
        assert isinstance(one.exception, InputError)
        assert "nothing is deleted: the clock says" in str(one.exception)
        assert "natoma keep --yes" in str(one.exception)
    assert after_refusal == ["alice", "alice"]
    assert done.exit_code == 0, done.output
    assert asyncio.run(_persons(data)) == [None, None]


@pytest.mark.parametrize("newest", [1, 24])
def test_a_clock_that_goes_on_from_the_log_is_gone_by(tmp_path: Path, newest: int):
    data = house(tmp_path / "data", 100, 75, 50, 25, newest)

    done = kept(data)

    assert done.exit_code == 0, done.output
    assert "Names in the event log" in done.output
    assert asyncio.run(_persons(data)) == [None, "alice", "alice", "alice", "alice"]
