"""What was lost on its way: told with its count, once, through restarts and kills; and devices asked what they are."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.facts import FactKind
from controller.domain.history.sequence import Gap
from controller.errors import StoreError
from controller.services.history.gaps import SAVED_EVERY_S, SETTLES_S, TOLD_EVERY_S
from controller.services.history.rebirth import FIRST_AFTER_S, ROUNDS
from controller.services.ports import TelemetryRow
from devices.errors import NotConnected
from devices.messages import DeviceState, Status, Telemetry
from tests.support.services import LAB_UNIT, SENSOR, STREET_UNIT, HandClock, House, birth

READY = Status(state=DeviceState.READY, boot="boot-1")


@pytest.fixture
def house():
    return House(clock=HandClock())


def row(number: int | None, boot: str = "boot-1", device: str = SENSOR) -> TelemetryRow:
    key = f"{boot}-{number}-{number or 0:016x}" if number is not None else "some-id"
    return TelemetryRow(device=device, key=key, measured_ms=0, received_ms=0, values={"co2": 1.0}, seq=number)


async def kept(house: House, *numbers: int | None, boot: str = "boot-1", device: str = SENSOR) -> None:
    """Readings with these numbers are in the log, and the service was told."""
    rows = [row(number, boot, device) for number in numbers]
    await asyncio.gather(*(committed(house, each) for each in rows))
    house.services.gaps.kept(rows)


async def committed(house: House, each: TelemetryRow) -> None:
    house.telemetry_log._add(each)


def settled(house: House, seconds: float = SETTLES_S) -> None:
    house.clock.advance(seconds)
    house.services.look()


def found(house: House) -> list[tuple[object, object]]:
    return [(fact.detail["count"], fact.detail["numbers"]) for fact in house.heard_of(FactKind.GAP_FOUND)]


def lost(house: House) -> list[tuple[object, object]]:
    return [(fact.detail["where"], fact.detail["count"]) for fact in house.heard_of(FactKind.MESSAGES_LOST)]


@asynccontextmanager
async def running(house: House):
    """The task that keeps the counts, as long as this is open; then it is stopped politely."""
    task = asyncio.get_running_loop().create_task(house.services.gaps.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def again(house: House, *, stopped: bool = True) -> House:
    """The service is started over what the last one kept; a killed one has not kept its newest counts."""
    if stopped:
        async with running(house):
            pass
    await house.log.append_all(house.told)
    after = House(clock=house.clock, before=house)
    await after.services.recall(await after.log.latest(200), {})
    return after


# --- numbers ----------------------------------------------------------------------------------------------------------


async def test_numbers_that_were_skipped_are_told_once_with_their_count(house):
    await kept(house, 1, 2, 6)
    settled(house)
    settled(house, 60.0)

    assert found(house) == [(3, "3-5")]
    assert house.shown("device", SENSOR)["missing"] == 3


async def test_what_only_overtook_another_is_no_gap(house):
    await kept(house, 1, 4)
    settled(house, SETTLES_S / 2)
    await kept(house, 2, 3)
    settled(house)

    assert found(house) == []


async def test_what_comes_after_it_was_told_is_told_too(house):
    await kept(house, 1, 4)
    settled(house)
    await kept(house, 2)
    settled(house, TOLD_EVERY_S)

    assert [fact.detail for fact in house.heard_of(FactKind.GAP_FILLED)] == [{"count": 1}]
    assert house.shown("device", SENSOR)["missing"] == 1


async def test_a_device_that_loses_each_second_message_is_told_every_ten_seconds_and_adds_up(house):
    for number in range(1, 121, 2):
        await kept(house, number)
        settled(house, 1.0)
    settled(house, TOLD_EVERY_S)

    counts = [count for count, _ in found(house)]
    assert sum(counts) == 59
    assert len(counts) <= 8


async def test_many_gaps_at_once_are_named_as_far_as_somebody_reads(house):
    await kept(house, *range(1, 41, 2))
    settled(house)

    assert found(house) == [(19, "2, 4, 6, 8, 10, 12, 14, 16 and 11 more gaps")]


async def test_readings_through_the_whole_house_are_counted_by_boot(house):
    house.say(SENSOR, READY)
    writing = asyncio.get_running_loop().create_task(house.spool.run())
    for number in (1, 5):
        house.say(SENSOR, Telemetry(seq=number, v={"co2": 500}))
    house.say(SENSOR, Status(state=DeviceState.READY, boot="boot-2"))
    await asyncio.sleep(1)
    for number in (1, 2):
        house.say(SENSOR, Telemetry(seq=number, v={"co2": 500}))
    await asyncio.sleep(1)
    settled(house)
    writing.cancel()

    assert [count for count, _ in found(house)] == [3]
    assert house.services.gaps.missing(SENSOR) == 3


# --- restarts ---------------------------------------------------------------------------------------------------------


async def test_what_was_lost_while_we_were_stopped_is_a_gap(house):
    await kept(house, 1, 2, 3)

    after = await again(house)
    await kept(after, 8)
    settled(after)

    assert found(after) == [(4, "4-7")]


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "killed"])
async def test_a_restart_finds_no_gap_where_none_is(house, stopped):
    async with running(house):
        await kept(house, 1, 2, 3)
        await asyncio.sleep(SAVED_EVERY_S + 1)
        await kept(house, 4, 5)
        if not stopped:
            saved = house.numbers.saved
    if not stopped:
        house.numbers.saved = saved

    after = await again(house, stopped=False)
    await kept(after, 6, 7)
    settled(after)

    assert found(after) == []
    assert after.services.gaps.missing(SENSOR) == 0


async def test_a_gap_that_a_kill_left_untold_is_told_after_it(house):
    async with running(house):
        await kept(house, 1, 2, 3)
        await asyncio.sleep(1)
        saved = house.numbers.saved
    house.numbers.saved = saved
    await kept(house, 9)

    after = await again(house, stopped=False)
    settled(after)

    assert found(after) == [(5, "4-8")]


async def test_a_gap_that_was_told_before_the_kill_is_not_told_again(house):
    async with running(house):
        await kept(house, 1, 2, 3)
        await asyncio.sleep(1)
        saved = house.numbers.saved
    await kept(house, 9)
    settled(house)
    house.numbers.saved = saved

    after = await again(house, stopped=False)
    settled(after, 60.0)

    assert found(house) == [(5, "4-8")]
    assert found(after) == []
    assert after.shown("device", SENSOR)["missing"] == 5


async def test_a_late_number_fills_a_gap_of_before_the_restart(house):
    await kept(house, 1, 4)
    settled(house)

    after = await again(house)
    await kept(after, 3)
    settled(after)

    assert [fact.detail for fact in after.heard_of(FactKind.GAP_FILLED)] == [{"count": 1}]


@pytest.mark.parametrize("why", ["the log is another", "the log cannot be read", "its number stood beside an id"])
async def test_where_nobody_knows_what_was_heard_last_no_gap_is_made_up(house, why):
    await kept(house, 1, 2, 3)
    async with running(house):
        pass
    if why == "the log is another":
        house.numbers.saved = replace(house.numbers.saved, last=(SENSOR, "of another log"))
    elif why == "the log cannot be read":
        house.numbers.failure = StoreError("telemetry.db: locked")
    else:
        house.telemetry_log.rows.append(row(None))

    after = await again(house, stopped=False)
    house.numbers.failure = None
    await kept(after, 90, 92)
    settled(after)

    assert found(after) == [(1, "91")]


async def test_counts_that_cannot_be_kept_are_kept_later(house, caplog):
    house.numbers.failure = StoreError("numbers.json: the disk is full")
    async with running(house):
        await kept(house, 1)
        await asyncio.sleep(1)
        await kept(house, 2)
        await asyncio.sleep(SAVED_EVERY_S + 1)
        house.numbers.failure = None
        await asyncio.sleep(SAVED_EVERY_S + 1)
        assert house.numbers.saved.counts[SENSOR].highest == 2
        await kept(house, 3)
        house.numbers.failure = StoreError("numbers.json: the disk is full")

    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "the counts wait: numbers.json: the disk is full",
        "the counts are as of the last 10 s before: numbers.json: the disk is full",
    ]


async def test_gaps_that_are_told_are_remembered_as_told(house):
    await kept(house, 1, 4)
    settled(house)
    async with running(house):
        pass

    assert house.numbers.saved.counts[SENSOR].told == (Gap(2, 3),)


# --- what no number tells ---------------------------------------------------------------------------------------------


def test_what_the_broker_dropped_is_told_with_its_count_and_is_one_alarm(house):
    gaps = house.services.gaps
    for total in (0, 4_000, 4_000, 4_100):
        gaps.broker_dropped("broker:1883", total, is_old=False)

    assert lost(house) == [("broker_queue", 4_000), ("broker_queue", 100)]
    assert [(alarm.kind, alarm.count) for alarm in house.alarms.open] == [(AlarmKind.MESSAGES_LOST, 2)]


async def test_what_the_broker_dropped_while_we_were_away_is_told_at_the_start(house):
    house.services.gaps.broker_dropped("broker:1883", 10, is_old=True)

    after = await again(house)
    after.services.gaps.broker_dropped("broker:1883", 25, is_old=True)
    after.services.gaps.broker_dropped("other:1883", 500, is_old=True)

    assert lost(house) == []
    assert lost(after) == [("broker_queue", 15)]


def test_what_the_spool_drops_is_told_at_most_every_ten_seconds():
    house = House(clock=HandClock(), spool_limit=1)
    house.say(SENSOR, READY)
    for second in range(25):
        for number in range(3):
            house.say(SENSOR, Telemetry(seq=3 * second + number, v={"co2": 500}), droppable=True)
        settled(house, 1.0)

    assert lost(house) == [("spool", 2), ("spool", 30), ("spool", 30)]


async def test_a_session_is_remembered_for_the_next_start(house):
    house.services.gaps.session_kept("server-access at broker:1883")
    house.services.gaps.session_kept("server-access at broker:1883")

    after = await again(house)

    assert after.numbers.saved.sessions == {"server-access at broker:1883"}


def test_a_forgotten_session_is_told_without_a_count_and_is_an_alarm(house):
    house.services.gaps.session_lost("telemetry")

    (fact,) = house.heard_of(FactKind.MESSAGES_LOST)
    assert fact.detail == {"where": "broker_session", "count": None, "link": "telemetry"}
    assert [alarm.kind for alarm in house.alarms.open] == [AlarmKind.MESSAGES_LOST]


def forgotten(house: House) -> None:
    """Both links find that the broker has lost their sessions."""
    for link in ("access", "telemetry"):
        house.services.gaps.session_lost(link)
        house.clock.advance(0.2)


def test_who_says_nothing_of_itself_after_the_broker_forgot_it_is_asked_up_to_three_times(house):
    for device in (SENSOR, STREET_UNIT, LAB_UNIT):
        house.say(device, birth())
    for device in (SENSOR, STREET_UNIT):
        house.say(device, READY)
    house.clock.advance(60)
    forgotten(house)
    house.say(SENSOR, birth(), retained=True)
    for _ in range(60):
        settled(house, 1.0)

    assert asked(house) == [STREET_UNIT] * ROUNDS


def test_who_has_said_it_once_asked_is_not_asked_again(house):
    house.say(STREET_UNIT, READY)
    forgotten(house)
    settled(house, FIRST_AFTER_S)
    house.say(STREET_UNIT, birth())
    for _ in range(60):
        settled(house, 1.0)

    assert asked(house) == [STREET_UNIT]


def test_who_cannot_be_asked_now_is_asked_when_there_is_a_link(house):
    house.say(SENSOR, READY)
    forgotten(house)
    house.outbound.failure = NotConnected("no link")
    settled(house, FIRST_AFTER_S)
    before = asked(house)
    house.outbound.failure = None
    settled(house, 1.0)

    assert (before, asked(house)) == ([], [SENSOR])


def asked(house: House) -> list[str]:
    return [step[1] for step in house.steps if step[0] == "sent" and "rebirth" in step]
