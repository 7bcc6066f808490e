"""What was lost, as the command line tells, prints and exports it."""

from datetime import timedelta

import pytest

from controller.cli.telemetry_gaps import COLUMNS, as_plain, row, told
from controller.domain.facts import Fact, FactKind
from controller.domain.history.values import Span
from controller.services.history.losses import Missing, losses_in, missing_in
from tests.support.memory import MemoryEventLog
from tests.support.services import LIGHT, NOON, SENSOR, SF

DAY = Span(NOON - timedelta(hours=12), NOON + timedelta(hours=12))


def at(hours: float, kind: FactKind, device: str | None = None, **detail: object) -> Fact:
    return Fact(kind, NOON + timedelta(hours=hours), device=device, detail=detail)


HAPPENED = (
    at(-30, FactKind.GAP_FOUND, SENSOR, count=99, numbers="1-99"),
    at(-2, FactKind.GAP_FOUND, SENSOR, count=4, numbers="7-10"),
    at(-1, FactKind.DEVICE_READY, SENSOR),
    at(0, FactKind.MESSAGES_LOST, where="broker_session", count=None),
    at(1, FactKind.GAP_FILLED, SENSOR, count=1),
    at(2, FactKind.MESSAGES_LOST, where="broker_queue", count=4_000),
    at(3, FactKind.GAP_FOUND, LIGHT, count=1, numbers="=2"),
    at(4, FactKind.READINGS_SHED, count=12, why="the disk is full"),
    at(30, FactKind.GAP_FOUND, SENSOR, count=5, numbers="11-15"),
)


@pytest.fixture
async def found():
    log = MemoryEventLog()
    await log.append_all(HAPPENED)
    return await losses_in(log, DAY)


async def test_losses_of_a_time_are_those_of_that_time_and_nothing_else(found):
    assert [(loss.kind, loss.count) for loss in found] == [
        (FactKind.GAP_FOUND, 4),
        (FactKind.MESSAGES_LOST, None),
        (FactKind.GAP_FILLED, 1),
        (FactKind.MESSAGES_LOST, 4_000),
        (FactKind.GAP_FOUND, 1),
        (FactKind.READINGS_SHED, 12),
    ]


async def test_of_one_device_only_its_own_are_told():
    log = MemoryEventLog()
    await log.append_all(HAPPENED)

    assert [loss.count for loss in await losses_in(log, DAY, SENSOR)] == [4, 1]


async def test_what_is_missing_is_added_up_by_device_the_worst_first(found):
    assert missing_in(found) == [Missing(SENSOR, 4, 1), Missing(LIGHT, 1, 0)]


async def test_a_person_reads_a_table_and_a_sum(found):
    said = told(found, missing_in(found), SF)

    assert said[1] == "2026-11-23 10:00:00      4  missing         sensor-study  7-10"
    assert said[2] == (
        "2026-11-23 12:00:00      ?  lost            –             the broker has forgotten our session, and what waited in it"
    )
    assert said[6].endswith("12  dropped         –             the disk is full")
    assert said[-3:] == [
        "",
        "sensor-study: 3 messages missing, 1 came after all",
        "light-booth: 1 message missing",
    ]


async def test_a_sheet_has_counts_that_add_up_and_no_cell_that_runs(found):
    rows = [dict(zip(COLUMNS, row(loss), strict=True)) for loss in found]

    assert [line["count"] for line in rows] == ["4", "", "1", "4000", "1", "12"]
    assert rows[0]["time"] == "2026-11-23T18:00:00.000Z"
    assert rows[4]["numbers"] == "'=2"


async def test_a_program_reads_a_count_nobody_knows_as_null(found):
    assert as_plain(found[1]) == {
        "at": "2026-11-23T20:00:00+00:00",
        "what": "messages_lost",
        "device": None,
        "count": None,
        "where": "broker_session",
        "numbers": None,
    }
