"""The journal: what must be durable first, what may be durable a moment later, and that neither is lost or doubled."""

import asyncio

import pytest

from controller.domain.facts import Fact, FactKind
from controller.errors import StoreError
from controller.services.journal import NOTE_PAUSE, NOTES_KEPT, RETRY_AFTER, Journal
from controller.services.ports import LoggedFact
from tests.support.services import DISK_S, NOON, SteppingLog

DISK_FULL = StoreError("events.db: the disk is full")


def noted(number: int) -> Fact:
    return Fact(FactKind.DOOR_OPENED, NOON, detail={"number": number})


class Desk:
    """A journal over a log, and what its listener was told."""

    def __init__(self, notes_kept: int = NOTES_KEPT) -> None:
        self.log = SteppingLog([])
        self.told: list[LoggedFact] = []
        self.journal = Journal(self.log, self.told.append, notes_kept=notes_kept)
        self.writing = asyncio.get_running_loop().create_task(self.journal.run())

    def written(self) -> list[object]:
        return [logged.fact.detail["number"] for logged in self.log.facts]

    async def closed(self) -> None:
        self.writing.cancel()
        await asyncio.wait({self.writing})


@pytest.fixture
async def desk():
    desk = Desk()
    yield desk
    await desk.closed()


async def test_a_note_is_told_at_once_and_durable_within_a_moment(desk):
    desk.journal.note(noted(1))
    at_once = ([logged.fact for logged in desk.told], desk.written())
    await asyncio.sleep(NOTE_PAUSE + 2 * DISK_S)

    assert at_once == ([noted(1)], [])
    assert desk.written() == [1]


async def test_notes_are_written_in_the_order_they_were_made(desk):
    for number in range(1_200):
        desk.journal.note(noted(number))
    await asyncio.sleep(1.0)
    desk.journal.note(noted(1_200))
    await asyncio.sleep(1.0)

    assert desk.written() == list(range(1_201))


async def test_notes_survive_a_log_that_fails_and_keep_their_order(desk, caplog):
    desk.log.failure = DISK_FULL
    desk.journal.note(noted(1))
    desk.journal.note(noted(2))
    await asyncio.sleep(10)
    desk.journal.note(noted(3))
    await asyncio.sleep(10)
    while_failing = (desk.written(), desk.journal.failing)
    desk.log.failure = None
    await asyncio.sleep(RETRY_AFTER + NOTE_PAUSE)

    assert while_failing == ([], True)
    assert (desk.written(), desk.journal.failing) == ([1, 2, 3], False)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"event log: 2 facts wait: {DISK_FULL}"
    ]


async def test_notes_that_failed_together_once_are_written_in_their_order(desk):
    desk.log.failure = DISK_FULL
    for number in range(3):
        desk.journal.note(noted(number))
    await asyncio.sleep(NOTE_PAUSE + 2 * DISK_S)  # one commit, and not its second try
    desk.log.failure = None
    await asyncio.sleep(2 * RETRY_AFTER)

    assert desk.written() == [0, 1, 2]


async def test_a_record_is_told_only_once_it_is_durable_and_announced(desk):
    appended = await desk.journal.record(noted(1))
    before = list(desk.told)
    desk.journal.announce(noted(1), appended)
    await asyncio.sleep(0)

    assert before == []
    assert desk.told == [LoggedFact(1, noted(1))]
    assert desk.written() == [1]


async def test_a_record_that_cannot_be_made_says_so_and_is_not_told(desk):
    desk.log.failure = DISK_FULL
    with pytest.raises(StoreError, match="disk is full"):
        await desk.journal.record(noted(1))

    assert desk.told == []


async def test_a_note_takes_the_place_of_the_newest_record_in_the_stream(desk):
    desk.journal.announce(noted(1), await desk.journal.record(noted(1)))
    await asyncio.sleep(0)
    desk.journal.note(noted(2))

    assert desk.told[-1].position == 1


async def test_the_last_notes_are_written_on_the_way_out(desk):
    await asyncio.sleep(0)
    desk.journal.note(noted(1))
    await desk.closed()

    assert desk.written() == [1]


async def test_stopping_while_notes_are_written_writes_none_of_them_twice(desk):
    desk.journal.note(noted(1))
    await asyncio.sleep(NOTE_PAUSE + DISK_S / 2)  # handed to the disk, not answered yet
    desk.journal.note(noted(2))
    await desk.closed()

    assert desk.written() == [1, 2]


async def test_a_log_that_fails_does_not_keep_the_service_from_stopping(desk):
    desk.log.failure = DISK_FULL
    desk.journal.note(noted(1))
    await asyncio.sleep(5)
    async with asyncio.timeout(1):
        await desk.closed()

    assert desk.writing.done()


async def test_past_its_limit_the_oldest_notes_are_dropped_and_counted():
    desk = Desk(notes_kept=3)
    desk.log.failure = DISK_FULL
    for number in range(5):
        desk.journal.note(noted(number))
    desk.log.failure = None
    await asyncio.sleep(1)

    await desk.closed()

    assert (desk.journal.dropped, desk.written()) == (2, [2, 3, 4])


async def test_a_note_past_the_limit_while_others_are_written_costs_none_that_was_not(desk):
    crowded = Desk(notes_kept=3)
    for number in range(3):
        crowded.journal.note(noted(number))
    await asyncio.sleep(NOTE_PAUSE + DISK_S / 2)  # those three are on their way to the disk
    crowded.journal.note(noted(3))
    await crowded.closed()

    assert crowded.written() == [0, 1, 2, 3]
    assert crowded.journal.dropped == 0
