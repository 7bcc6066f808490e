"""Readings sent on: each arrives, whatever the database and the disk do, and what cannot arrive is told."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.facts import Fact, FactKind
from controller.domain.history.delivery import Heard, Reply, Sent
from controller.domain.history.values import Kind, Series, SeriesId
from controller.domain.ids import DeviceId
from controller.services.doors.alarms import Alarms
from controller.services.history.outgoing import Outgoing
from controller.services.history.sender import CONSUMER, HEALTH, LINES_PER_SECOND, House, Sender, told_age
from controller.services.meters import Counter, Meters
from controller.services.screens.health import Component, HealthBoard
from controller.services.screens.live import LiveFeed
from tests.support.memory_sending import (
    DENIED,
    GONE,
    MIDNIGHT_NS,
    TAKEN,
    MemoryDatabase,
    MemoryReadingsLog,
    MemorySending,
    no_more_than,
    refusing,
    value_of,
)
from tests.support.services import LoopClock

MINUTE = 60.0
BUSY = Reply(503, "starting")


class Building:
    """A log, a database, and a sender between them on a leaping loop."""

    def __init__(self, *, most: int = 100) -> None:
        self.log = MemoryReadingsLog()
        self.database = MemoryDatabase()
        self.store = MemorySending()
        self.most = most
        self.clock = LoopClock()
        self.facts: list[Fact] = []
        feed = LiveFeed(epoch="test")
        self.board = HealthBoard(feed, self.clock.now)
        self.alarms = Alarms(None, self.facts.append, feed, self.clock)
        self.meters = Meters()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[Sender]:
        """A sender that runs as long as the context is open; another context is another start of the service."""
        self.meters = Meters()
        house = House(self.facts.append, self.alarms, self.board, self.meters, self.clock)
        sender = Sender(Outgoing(self.log, self.database, self.store, self.most), house, random=Random(1))
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(sender.run())
            await asyncio.sleep(0.1)
            yield sender
            task.cancel()

    def told(self, kind: FactKind) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind is kind]

    @property
    def health(self) -> Component:
        return next(part for part in self.board.components() if part.name == HEALTH)

    def requests(self, answer: Heard) -> int:
        meter = self.meters.counter("natoma_sending_requests_total", "", answer=answer)
        assert isinstance(meter, Counter)
        return meter.value


def upto(last: int) -> list[int]:
    return list(range(1, last + 1))


# --- all is well ------------------------------------------------------------------------------------------------------


async def test_what_was_there_and_what_comes_is_sent_once():
    building = Building()
    building.log.add(250)
    async with building.sending():
        await asyncio.sleep(2)
        building.log.add(3)
        await asyncio.sleep(2)

        assert [value_of(line) for line in building.database.points] == upto(253)
        assert [len(request) for request in building.database.requests] == [100, 100, 50, 3]
        assert await building.store.sent() == Sent(253, MIDNIGHT_NS + 253_000_000, 0)
        assert building.log.held == {CONSUMER: 253}
        assert (building.health.ok, building.health.text) == (True, "to http://influx:8086")


async def test_a_second_of_readings_is_one_request():
    building = Building(most=5000)
    async with building.sending():
        for _ in range(20):
            building.log.add(5)
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)

        assert len(building.database.requests) <= 3
        assert building.database.values == upto(100)


async def test_nothing_to_send_sends_nothing():
    building = Building()
    async with building.sending():
        await asyncio.sleep(MINUTE)

        assert building.database.requests == []
        assert building.health.figures["waiting"] == 0


async def test_a_request_is_whole_messages_of_any_size():
    building = Building(most=10)
    two = Series(SeriesId(2), DeviceId("sensor-2"), "t", Kind.NUMBER)
    building.log.add(30)
    building.log.rows = [
        replace(row, readings=row.readings * (25 if row.position == 7 else 3)) if row.position % 7 == 0 else row
        for row in building.log.rows
    ]
    building.log.rows[10] = replace(building.log.rows[10], readings=())
    building.log.add(1, series=two)
    async with building.sending():
        await asyncio.sleep(5)

        assert max(len(request) for request in building.database.requests) == 10
        assert building.database.values == [n for n in upto(31) if n != 11]
        assert (await building.store.sent()).position == 31


async def test_a_log_of_messages_without_readings_moves_the_cursor_and_sends_nothing():
    building = Building()
    building.log.add(3)
    building.log.rows = [replace(row, readings=()) for row in building.log.rows]
    async with building.sending():
        await asyncio.sleep(3)

        assert building.database.requests == []
        assert (await building.store.sent()).position == 3


async def test_catching_up_takes_no_more_than_its_share_of_the_machine():
    building = Building(most=5000)
    building.log.add(LINES_PER_SECOND)
    async with building.sending():
        await asyncio.sleep(0.4)

        assert 0.3 * LINES_PER_SECOND <= len(building.database.points) <= 0.7 * LINES_PER_SECOND
        assert "messages wait, the oldest is " in building.health.text
        assert building.health.ok
        await asyncio.sleep(1)

        assert len(building.database.points) == LINES_PER_SECOND


# --- a database that is away ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [GONE, BUSY, Reply(500, "internal error"), Reply(None, "no answer within 30 s")])
async def test_an_outage_of_five_minutes_delays_every_reading_and_loses_none(reply: Reply):
    building = Building()
    async with building.sending():
        building.log.add(10)
        await asyncio.sleep(3)
        building.database.says = lambda _: reply
        for _ in range(330):
            building.log.add(2)
            await asyncio.sleep(1)
        assert building.database.values == upto(10)
        assert not building.health.ok
        assert "the database at http://influx:8086 does not answer: " in building.health.text
        assert reply.words in building.health.text

        building.database.says = lambda _: TAKEN
        await asyncio.sleep(2 * MINUTE)

        assert building.database.values == upto(670)
        assert building.health.ok
        assert building.alarms.open == ()


async def test_pauses_grow_to_a_minute_and_go_on_for_ever():
    building = Building()
    building.database.says = lambda _: GONE
    building.log.add(1)
    async with building.sending():
        await asyncio.sleep(8 * 3600)
        tries = len(building.database.requests)
        assert 8 * 60 <= tries <= 8 * 130

        building.database.says = lambda _: TAKEN
        await asyncio.sleep(MINUTE + 5)

        assert building.database.values == [1]


async def test_the_first_failure_is_a_warning_and_the_return_is_told(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    building = Building()
    building.database.replies = [GONE] * 4
    building.log.add(1)
    async with building.sending():
        await asyncio.sleep(2 * MINUTE)

    told = [record.message for record in caplog.records if record.name.startswith("controller.services.history")]
    assert told[0] == "readings wait: the database at http://influx:8086 does not answer: connection refused"
    assert told[1:2] == ["the database at http://influx:8086 takes readings again"]
    assert sum("readings wait" in line for line in told) == 1


async def test_a_server_that_asks_for_five_minutes_is_left_alone_for_five_minutes():
    building = Building()
    building.database.replies = [Reply(429, "too many requests", retry_after_s=300.0)]
    building.log.add(1)
    async with building.sending():
        await asyncio.sleep(299)
        assert len(building.database.requests) == 1
        assert "asks us to wait" in building.health.text

        await asyncio.sleep(5)
        assert building.database.values == [1]


async def test_how_old_the_oldest_is_shows_while_it_waits():
    building = Building()
    now_ns = int(building.clock.now().timestamp() * 1e9)
    building.log.add(2, at_ns=now_ns)
    building.database.says = lambda _: GONE
    async with building.sending() as sender:
        await asyncio.sleep(600)

        assert 595 <= sender.oldest_s() <= 605
        assert building.health.figures["waiting"] == 2
        assert "2 messages wait, the oldest is 10 min old" in building.health.text

        building.database.says = lambda _: TAKEN
        await asyncio.sleep(2 * MINUTE)
        assert (sender.oldest_s(), sender.behind) == (0.0, 0)


async def test_what_a_database_took_just_before_it_went_is_sent_once_more():
    """VictoriaMetrics has up to ten seconds of what it confirmed in memory only."""
    building = Building()
    async with building.sending():
        for _ in range(60):
            building.log.add(1)
            await asyncio.sleep(1)
        kept = [line for line in building.database.points if value_of(line) <= 50]
        building.database.points = kept  # it was killed, and has forgotten
        building.database.replies = [GONE] * 3
        building.log.add(1)
        await asyncio.sleep(MINUTE)

        assert building.database.values == upto(61)


async def test_a_database_that_comes_and_goes_is_still_sent_what_is_new():
    building = Building()
    async with building.sending():
        for turn in range(60):
            building.log.add(300)
            building.database.replies = [TAKEN, GONE] if turn % 2 else [GONE]
            await asyncio.sleep(5)
        await asyncio.sleep(MINUTE)

        assert building.database.values == upto(18_000)
        assert len(building.database.points) < 3 * 18_000


# --- somebody must act ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply", [DENIED, Reply(403, "forbidden"), Reply(404, "bucket not found"), Reply(200), Reply(400, "<html>")]
)
async def test_without_a_right_it_stops_and_staff_are_alarmed_once(reply: Reply):
    building = Building()
    building.database.says = lambda _: reply
    building.log.add(2)
    async with building.sending():
        await asyncio.sleep(3600)

        assert 15 <= len(building.database.requests) <= 45
        assert len(building.told(FactKind.SENDING_STOPPED)) == 1
        assert [(alarm.kind, alarm.count) for alarm in building.alarms.open] == [(AlarmKind.SENDING_STOPPED, 1)]
        assert "look at influx_url, influx_org, influx_bucket and influx_token" in building.health.text
        assert await building.store.sent() == Sent()


async def test_a_token_put_right_needs_no_restart():
    building = Building()
    building.database.says = lambda _: DENIED
    building.log.add(2)
    async with building.sending():
        await asyncio.sleep(20 * MINUTE)
        building.database.says = lambda _: TAKEN
        await asyncio.sleep(4 * MINUTE)

        assert building.database.values == [1, 2]
        assert len(building.told(FactKind.SENDING_RESUMED)) == 1
        assert not any(alarm.stands for alarm in building.alarms.open)


async def test_whoever_has_mended_it_can_have_it_tried_at_once():
    building = Building()
    building.database.says = lambda _: DENIED
    building.log.add(2)
    async with building.sending():
        await asyncio.sleep(10)
        building.database.says = lambda _: TAKEN
        await building.store.wish()
        await asyncio.sleep(2)

        assert building.database.values == [1, 2]


async def test_an_alarm_from_before_the_last_start_ends_when_it_goes():
    building = Building()
    building.alarms.raise_(AlarmKind.SENDING_STOPPED)
    building.log.add(1)
    async with building.sending():
        await asyncio.sleep(2)

        assert not any(alarm.stands for alarm in building.alarms.open)


# --- lines that are bad -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("says_how_many", [True, False])
async def test_one_bad_line_is_parked_and_the_rest_lands(says_how_many: bool):
    building = Building()
    building.log.add(300)
    building.database.says = refusing({137}, "partial write: field type conflict", says_how_many=says_how_many)
    async with building.sending():
        await asyncio.sleep(10)

        assert building.database.values == [n for n in upto(300) if n != 137]
        (parked,) = await building.store.listed(10)
        assert (value_of(parked.line), parked.words) == (137, "partial write: field type conflict")
        (fact,) = building.told(FactKind.POINTS_PARKED)
        assert fact.detail == {"count": 1, "why": "partial write: field type conflict"}
        assert not building.health.ok
        assert "it refused 1 reading: natoma telemetry parked" in building.health.text
        assert building.requests(Heard.BAD_AMONG) == 7


async def test_a_batch_in_which_all_is_bad_is_parked_at_once_where_the_server_says_so():
    building = Building()
    building.log.add(100)
    building.database.says = refusing(set(upto(100)), "points beyond retention policy", says_how_many=True)
    async with building.sending():
        await asyncio.sleep(5)

        assert len(building.database.requests) == 1
        assert await building.store.parked() == 100
        assert building.told(FactKind.POINTS_PARKED)[0].detail["count"] == 100


async def test_bad_lines_of_one_series_are_found_in_a_few_steps():
    building = Building(most=512)
    odd = Series(SeriesId(2), DeviceId("sensor-2"), "t", Kind.NUMBER, "humidity", "%")
    for _ in range(64):
        building.log.add(7)
        building.log.add(1, series=odd)
    building.database.says = refusing({8 * n for n in range(1, 65)}, "dropped", says_how_many=True)
    async with building.sending():
        await asyncio.sleep(5)

        assert await building.store.parked() == 64
        assert len(building.database.values) == 448
        assert len(building.database.requests) <= 20


async def test_a_line_that_is_refused_again_after_an_outage_is_told_once():
    building = Building()
    building.log.add(3)
    building.database.replies = [GONE]
    building.database.says = refusing({2})
    async with building.sending():
        await asyncio.sleep(2 * MINUTE)

        assert [value_of(line) for line in building.database.lines].count(2) > 1
        assert building.told(FactKind.POINTS_PARKED)[0].detail["count"] == 1
        assert len(building.told(FactKind.POINTS_PARKED)) == 1
        assert building.health.figures["parked"] == 1


async def test_a_line_refused_every_second_is_told_once_a_minute():
    building = Building()
    building.database.says = refusing(set(upto(1000)), "no")
    async with building.sending():
        for _ in range(150):
            building.log.add(1)
            await asyncio.sleep(1)

        facts = building.told(FactKind.POINTS_PARKED)
        assert 2 <= len(facts) <= 3
        await asyncio.sleep(MINUTE)
        assert sum(int(str(fact.detail["count"])) for fact in building.told(FactKind.POINTS_PARKED)) == 150


async def test_refused_readings_that_make_room_for_newer_ones_are_counted_and_told():
    building = Building()
    building.store = MemorySending(parked_limit=100)
    building.database.says = refusing(set(upto(1000)), "no", says_how_many=True)
    async with building.sending():
        building.log.add(250)
        await asyncio.sleep(2 * MINUTE)

        facts = building.told(FactKind.READINGS_SHED)
        assert sum(int(str(fact.detail["count"])) for fact in facts) == 150
        assert len(facts) <= 2
        assert "in the house's own history alone" in str(facts[0].detail["why"])
        assert (building.health.figures["parked"], building.health.figures["parked_dropped"]) == (100, 150)


async def test_what_is_too_large_is_halved_and_less_goes_at_once_from_then_on():
    building = Building()
    building.log.add(1000)
    building.database.says = no_more_than(30)
    async with building.sending():
        await asyncio.sleep(10)

        assert building.database.values == upto(1000)
        assert 2 <= building.requests(Heard.TOO_LARGE) <= 10
        assert await building.store.parked() == 0


async def test_one_line_too_large_by_itself_is_parked():
    building = Building()
    building.log.add(3)
    building.database.says = lambda lines: (
        Reply(413, "too large") if any(value_of(line) == 2 for line in lines) else TAKEN
    )
    async with building.sending():
        await asyncio.sleep(5)

        assert building.database.values == [1, 3]
        assert await building.store.parked() == 1


async def test_what_was_parked_is_tried_again_when_somebody_says_so():
    building = Building()
    building.log.add(10)
    building.database.says = refusing({3, 7})
    async with building.sending():
        await asyncio.sleep(5)
        building.database.says = refusing({7}, "still bad")
        await building.store.retry([])
        await asyncio.sleep(5)

        assert building.database.values == [n for n in upto(10) if n != 7]
        (parked,) = await building.store.listed(10)
        assert (value_of(parked.line), parked.words, parked.is_due) == (7, "still bad", False)

        await building.store.drop([])
        await asyncio.sleep(5)
        assert building.health.ok
        assert (await building.store.sent()).position == 10


async def test_what_was_parked_does_not_wait_for_the_end_of_a_long_catching_up():
    building = Building(most=10)
    building.log.add(1)
    building.database.says = refusing({1})
    async with building.sending():
        await asyncio.sleep(3)
        building.database.says = lambda _: TAKEN
        building.database.takes_s = 0.5
        building.log.add(300)
        await asyncio.sleep(2)
        await building.store.retry([])
        await asyncio.sleep(7)

        assert building.log.last_position > (await building.store.sent()).position
        assert 1 in building.database.values


# --- the disk, the log, a restart -------------------------------------------------------------------------------------


async def test_a_cursor_that_cannot_be_kept_is_not_moved_and_the_batch_goes_again():
    building = Building()
    building.log.add(2)
    building.store.failing = True
    async with building.sending():
        await asyncio.sleep(10)
        assert (await building.store.sent()).position == 0
        assert building.log.held[CONSUMER] == 0

        building.store.failing = False
        building.log.add(1)
        await asyncio.sleep(5)

        assert building.database.values == [1, 2, 3]
        assert (await building.store.sent()).position == 3


async def test_a_log_that_cannot_be_read_is_read_later():
    building = Building()
    building.log.add(2)
    building.log.failing = True
    async with building.sending():
        await asyncio.sleep(10)
        building.log.failing = False
        await asyncio.sleep(2)

        assert building.database.values == [1, 2]


async def test_after_a_restart_only_what_is_recent_goes_again():
    building = Building()
    async with building.sending():
        for _ in range(100):
            building.log.add(1)
            await asyncio.sleep(1)
        await asyncio.sleep(5)
    building.database.points.clear()
    building.log.add(1)
    async with building.sending():
        await asyncio.sleep(3)

        assert building.database.values[-1] == 101
        assert 60 <= building.database.values[0] <= 75


async def test_killed_after_the_database_took_it_and_before_it_was_noted_it_goes_again_and_is_one_point():
    building = Building()
    building.log.add(5)
    building.store.failing = True
    async with building.sending():
        await asyncio.sleep(0.5)
    building.store.failing = False
    async with building.sending():
        await asyncio.sleep(2)

        assert len(building.database.points) == 10
        assert len(set(building.database.points)) == 5


async def test_what_the_cap_took_before_it_went_is_counted_and_told_by_the_log_alone():
    building = Building(most=20)
    building.log.add(10)
    async with building.sending():
        await asyncio.sleep(3)
        building.database.says = lambda _: GONE
        building.log.add(100)
        await asyncio.sleep(10)
        building.log.shed(60)
        building.log.add(5)
        building.database.says = lambda _: TAKEN
        await asyncio.sleep(3 * MINUTE)

        # What had been read before it was shed went all the same.
        assert building.database.values == [n for n in upto(115) if not 30 < n <= 60]
        assert building.health.figures["shed"] == 30
        assert building.told(FactKind.READINGS_SHED) == []
        assert (await building.store.sent()).position == 115


async def test_the_first_time_what_the_log_still_has_is_sent_and_nothing_is_called_lost():
    building = Building()
    building.log.add(50)
    building.log.shed(20)
    async with building.sending():
        await asyncio.sleep(3)

        assert building.database.values == list(range(21, 51))
        assert building.told(FactKind.READINGS_SHED) == []
        assert building.health.figures["shed"] == 0


async def test_what_left_the_log_while_nothing_was_sent_on_is_told_once():
    building = Building()
    building.log.add(10)
    async with building.sending():
        await asyncio.sleep(3)
    building.log.add(50)
    building.log.shed(40)
    async with building.sending():
        await asyncio.sleep(MINUTE)
        building.log.add(1)
        await asyncio.sleep(3)

        (fact,) = building.told(FactKind.READINGS_SHED)
        assert fact.detail["count"] == 30
        assert building.health.figures["shed"] == 30
        assert building.database.values == [*upto(10), *range(41, 62)]


async def test_over_another_connection_what_is_recent_goes_again():
    """A server killed and back between two requests refuses nobody."""
    building = Building()
    async with building.sending():
        for _ in range(60):
            building.log.add(1)
            await asyncio.sleep(1)
        building.database.points.clear()
        building.database.replies = [replace(TAKEN, anew=True)]
        building.log.add(1)
        await asyncio.sleep(5)

        assert building.database.values[0] in (30, 31, 32)
        assert building.database.values[1:] == list(range(building.database.values[0] + 1, 62))


async def test_a_log_put_back_from_an_old_backup_is_sent_whole(caplog: pytest.LogCaptureFixture):
    building = Building()
    building.log.add(100)
    async with building.sending():
        await asyncio.sleep(5)
    building.log = MemoryReadingsLog()
    building.log.add(40)
    async with building.sending():
        building.log.add(5)
        await asyncio.sleep(5)

        assert [value_of(line) for line in building.database.points[-45:]] == upto(45)
        assert (await building.store.sent()).position == 45
    assert "the log of readings is not the one that was sent up to 100" in caplog.text


async def test_a_log_that_went_on_in_another_way_is_known_by_its_rows():
    building = Building()
    building.log.add(100)
    async with building.sending():
        await asyncio.sleep(5)
    building.log = MemoryReadingsLog()
    building.log.add(120, at_ns=MIDNIGHT_NS + 77)
    building.database.points.clear()
    async with building.sending():
        await asyncio.sleep(5)

        assert building.database.values == upto(120)


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.4, "3 s"), (600, "10 min"), (3 * 3600, "3 h"), (5 * 86_400, "5 days")]
)
def test_an_age_is_told_as_a_person_says_it(seconds: float, words: str):
    assert told_age(seconds) == words
