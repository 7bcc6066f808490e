"""Readings on their way to the log: canonical, judged, durable, and only then acknowledged."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.history.values import Measured
from controller.errors import StoreError
from controller.services.rooms.spool import BATCH_LIMIT, COMMIT_EVERY
from devices.messages import ChannelSpec, Reject, Sample, Telemetry
from tests.support.services import NOON, SENSOR, STUDY, House, birth

READINGS = f"natoma/1/{SENSOR}/up/telemetry"
LOCKED = StoreError("telemetry.db: locked by another process")


@pytest.fixture
async def house():
    house = House()
    house.bring_up()
    house.say(SENSOR, birth())
    house.steps.clear()
    async with house.working():
        yield house


async def stored(house: House) -> None:
    """The time that a commit takes, and more."""
    await asyncio.sleep(0.1)


def acknowledgements(house: House) -> int:
    return house.steps.count(("acknowledged", READINGS))


# --- what is written --------------------------------------------------------------------------------------------------


async def test_a_reading_is_stored_in_its_canonical_unit(house):
    house.say(SENSOR, birth(rev=2, t=ChannelSpec(device_class="temperature", unit="°F")))
    house.say(SENSOR, Telemetry(seq=1, ts=NOON, v={"t": 70.7}))
    await stored(house)

    (row,) = house.telemetry_log.rows
    assert (row.values, row.flags, row.set_aside, row.seq) == ({"t": 21.5}, (), {}, 1)
    assert row.measured_ms == row.received_ms == int(NOON.timestamp() * 1000)


async def test_a_channel_of_an_unknown_unit_is_set_aside_and_its_neighbours_are_kept(house):
    furlongs = ChannelSpec(device_class="temperature", unit="furlong")
    house.say(SENSOR, birth(rev=2, t=furlongs, co2=ChannelSpec(device_class="carbon_dioxide")))
    house.say(SENSOR, Telemetry(v={"t": 3, "co2": 600}))
    await stored(house)

    (row,) = house.telemetry_log.rows
    assert (row.values, row.set_aside) == ({"co2": 600.0}, {"t": "unit"})


@pytest.mark.parametrize(
    ("readings", "set_aside"),
    [({"co2": 99_999}, {"co2": "out_of_range"}), ({"smell": 3}, {"smell": "unknown_channel"})],
    ids=["more than there can be", "not in the birth"],
)
async def test_what_cannot_be_is_stored_with_its_reason_and_not_as_a_reading(house, readings, set_aside):
    house.say(SENSOR, Telemetry(v=readings))
    await stored(house)

    (row,) = house.telemetry_log.rows
    assert (row.values, row.set_aside) == ({}, set_aside)


@pytest.mark.parametrize("value", ["warm", True], ids=["words", "yes"])
async def test_words_where_a_number_belongs_are_no_reading(house, value):
    house.say(SENSOR, Telemetry(v={"temperature": value}))
    await stored(house)

    (row,) = house.telemetry_log.rows
    assert (row.values, row.set_aside) == ({}, {"temperature": "schema"})


async def test_a_retained_reading_is_refused_and_not_stored_as_one(house):
    house.say(SENSOR, Telemetry(v={"temperature": 19.0}), retained=True)
    await stored(house)

    assert house.telemetry_log.rows == []
    assert [refused.reason for refused in house.telemetry_log.refused] == ["stale"]


async def test_the_sender_hears_which_reading_was_not_believed(house):
    house.say(SENSOR, Telemetry(v={"co2": 99_999, "temperature": 21.0}))
    await stored(house)

    (told,) = [sent.message for sent in house.outbound.sent if isinstance(sent.message, Reject)]
    assert (str(told.reason), told.path) == ("out_of_range", "v.co2")
    assert [refused.path for refused in house.telemetry_log.refused] == ["v.co2"]
    assert acknowledgements(house) == 1


async def test_no_reading_is_neither_an_error_nor_a_zero(house):
    house.say(SENSOR, Telemetry(v={"temperature": "unavailable", "co2": None, "presence": True}))
    await stored(house)

    (row,) = house.telemetry_log.rows
    assert (row.values, row.set_aside) == ({"presence": True}, {})


async def test_without_a_birth_readings_are_kept_as_they_came_and_marked(house):
    other = "light-booth"
    house.say(other, Telemetry(ts=NOON, v={"t": 70.7, "gone": "unknown"}))
    house.say(other, Telemetry(v={"t": 70.8}))
    await stored(house)

    first, second = house.telemetry_log.rows
    assert (first.values, first.flags) == ({"t": 70.7}, ("no_birth",))
    assert second.flags == ("no_birth", "time_missing")


@pytest.mark.parametrize(
    ("late_s", "flag", "measured_at"),
    [
        (-600, "clock_skew", NOON),
        (-90, "clock_skew", NOON + timedelta(seconds=90)),
        (10, None, NOON - timedelta(seconds=10)),
        (600, "backfill", NOON - timedelta(seconds=600)),
    ],
    ids=["ten minutes ahead", "a minute and a half ahead", "ten seconds late", "ten minutes late"],
)
async def test_a_reading_has_the_time_its_clock_can_be_trusted_with(house, late_s, flag, measured_at):
    house.say(SENSOR, Telemetry(ts=NOON - timedelta(seconds=late_s), v={"co2": 600}))
    await stored(house)

    (row,) = house.telemetry_log.rows
    assert row.flags == ((flag,) if flag else ())
    assert row.measured_ms == int(measured_at.timestamp() * 1000)


async def test_a_backlog_becomes_one_row_for_each_moment_and_is_acknowledged_once_at_its_end(house):
    moments = [NOON - timedelta(minutes=minutes) for minutes in (30, 20, 10)]
    batch = tuple(Sample(ts=at, v={"co2": 500 + place}) for place, at in enumerate(moments))
    house.say(SENSOR, Telemetry(seq=9, batch=batch))
    await stored(house)

    rows = house.telemetry_log.rows
    assert [row.values["co2"] for row in rows] == [500, 501, 502]
    assert [row.seq for row in rows] == [None, None, 9]
    assert len({row.key for row in rows}) == 3
    assert acknowledgements(house) == 1


# --- when it is acknowledged ------------------------------------------------------------------------------------------


async def test_nothing_is_acknowledged_before_it_is_durable(house):
    house.say(SENSOR, Telemetry(seq=1, v={"co2": 600}))
    await asyncio.sleep(0)
    early = acknowledgements(house)
    await stored(house)

    assert early == 0
    assert house.steps == [("committed", "1"), ("acknowledged", READINGS)]


async def test_a_store_that_fails_is_tried_again_and_nothing_is_acknowledged_meanwhile(house):
    house.telemetry_log.failure = LOCKED
    house.say(SENSOR, Telemetry(seq=1, v={"co2": 600}))
    await asyncio.sleep(60)
    while_failing = (acknowledgements(house), house.spool.failing, len(house.kept))
    house.telemetry_log.failure = None
    await asyncio.sleep(6)

    assert while_failing == (0, str(LOCKED), 0)
    assert (acknowledgements(house), house.spool.failing, len(house.kept)) == (1, None, 1)


async def test_a_store_that_fails_is_warned_of_once_and_its_return_told(house, caplog):
    caplog.set_level("INFO", "controller.services.rooms.spool")
    house.telemetry_log.failure = LOCKED
    house.say(SENSOR, Telemetry(seq=1, v={"co2": 600}))
    await asyncio.sleep(60)
    house.telemetry_log.failure = None
    await asyncio.sleep(6)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"telemetry log: 1 messages wait unacknowledged: {LOCKED}"),
        ("INFO", "telemetry log: written again"),
    ]


async def test_a_repeat_is_acknowledged_and_not_told_as_new(house):
    for _ in range(2):
        house.say(SENSOR, Telemetry(seq=1, ts=NOON, v={"co2": 600}))
        await stored(house)

    assert acknowledgements(house) == 2
    assert len(house.kept) == len(house.telemetry_log.rows) == 1
    counted = {family.name: next(iter(family.series.values())) for family in house.meters.families()}
    assert counted["natoma_readings_kept_total"].value == 1
    assert counted["natoma_readings_repeated_total"].value == 1


async def test_refused_messages_share_the_commits_of_readings(house):
    house.say(SENSOR, Telemetry(seq=1, v={"co2": 600}))
    house.deliver(READINGS, b"{")
    await stored(house)

    assert house.telemetry_log.commits == [2]
    assert acknowledgements(house) == 2
    assert [refused.reason for refused in house.telemetry_log.refused] == ["bad_json"]


# --- how much, and how often ------------------------------------------------------------------------------------------


def flood(house: House, count: int, **how: bool) -> None:
    for seq in range(count):
        house.say(SENSOR, Telemetry(seq=seq, v={"co2": 600}), **how)


async def test_an_idle_spool_commits_at_once_and_a_busy_one_in_groups(house):
    house.say(SENSOR, Telemetry(seq=0, v={"co2": 600}))
    await asyncio.sleep(0.0005)  # its commit has begun
    for seq in range(1, 6):
        house.say(SENSOR, Telemetry(seq=seq, v={"co2": 600}))
    await stored(house)

    assert house.telemetry_log.commits == [1, 5]


async def test_a_busy_spool_leaves_time_between_two_commits(house):
    began = asyncio.get_running_loop().time()
    for seq in range(20):
        house.say(SENSOR, Telemetry(seq=seq, v={"co2": 600}))
        await asyncio.sleep(0.001)
    took = asyncio.get_running_loop().time() - began

    assert len(house.telemetry_log.commits) <= took / COMMIT_EVERY + 1


async def test_a_flood_is_committed_in_bites(house):
    flood(house, 2 * BATCH_LIMIT + 1)
    await stored(house)

    assert house.telemetry_log.commits == [BATCH_LIMIT, BATCH_LIMIT, 1]
    assert acknowledgements(house) == 2 * BATCH_LIMIT + 1


@pytest.fixture
async def narrow():
    """A house whose spool has room for ten, so that a test need not make twenty thousand."""
    house = House(spool_limit=10)
    async with house.working():
        yield house


async def test_what_nobody_waits_for_is_dropped_and_counted_once_the_spool_is_full(narrow):
    flood(narrow, 15, droppable=True)
    await stored(narrow)

    assert (narrow.spool.dropped, len(narrow.telemetry_log.rows)) == (5, 10)


async def test_what_must_be_acknowledged_is_never_dropped(narrow):
    # A missing acknowledgement would hold back those of all that follow: the link would fall silent for good.
    flood(narrow, 15, droppable=True)
    narrow.say(SENSOR, Telemetry(seq=99, v={"co2": 601}))
    narrow.deliver(READINGS, b"{")
    await stored(narrow)

    assert narrow.telemetry_log.rows[-1].values == {"co2": 601}
    assert len(narrow.telemetry_log.refused) == 1
    assert narrow.spool.dropped == 5


# --- what it means and where ------------------------------------------------------------------------------------------


async def test_each_row_says_the_class_the_canonical_unit_and_the_room_of_its_channels(house):
    house.say(
        SENSOR, birth(rev=2, t=ChannelSpec(device_class="temperature", unit="°F"), door=ChannelSpec(device_class="x"))
    )
    house.say(SENSOR, Telemetry(seq=1, ts=NOON, v={"t": 70.7}))
    await stored(house)

    (row,) = house.telemetry_log.rows
    assert row.source is not None
    assert (row.source.device, row.source.room) == (SENSOR, STUDY)
    assert row.source.channels == {"t": Measured("temperature", "°C"), "door": Measured("x", "")}


async def test_rows_of_one_device_share_their_source_until_it_is_born_again(house):
    for seq in (1, 2):
        house.say(SENSOR, Telemetry(seq=seq, ts=NOON, v={"co2": 600 + seq}))
    house.say(SENSOR, birth(rev=2, co2=ChannelSpec(device_class="carbon_dioxide")))
    house.say(SENSOR, Telemetry(seq=3, ts=NOON, v={"co2": 603}))
    await stored(house)

    first, second, third = house.telemetry_log.rows
    assert first.source is second.source
    assert third.source is not first.source


async def test_without_a_birth_a_clock_that_was_never_set_is_not_believed():
    house = House()
    house.bring_up()
    async with house.working():
        house.say(SENSOR, Telemetry(seq=1, ts=datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC), v={"co2": 600}))
        await stored(house)

    (row,) = house.telemetry_log.rows
    assert (row.values, row.set_aside) == ({}, {"co2": "stale"})
