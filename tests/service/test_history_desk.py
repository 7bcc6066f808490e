"""The desk of history: every point once, piece by piece; steps that fit; names that nobody knows."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.building import Area, Device, DeviceKind, Floor, Room, RoomKind, Space
from controller.domain.history.values import EVERYTHING, Selection, Span
from controller.domain.ids import AreaId, DeviceId, FloorId
from controller.services.history.asked import AskedError, Question
from controller.services.history.desk import HistoryDesk, picked
from controller.services.history.ports import Points
from controller.services.history.walk import first_page, moment, newest_texts, pieces, walk
from tests.support.memory_history import HOUR_MS, MemoryHistory

GROUND = FloorId("ground")
ROOMS = {AreaId(id): name for id, name in (("study", "The study"), ("salon", "Salon"))}
SPACE = Space(
    "small",
    "Small",
    ZoneInfo("America/Los_Angeles"),
    "v1",
    floors={GROUND: Floor(GROUND, "Ground", 5, 5)},
    areas={id: Area(id, name, GROUND, room=Room(RoomKind.MEETING)) for id, name in ROOMS.items()},
    devices={
        DeviceId(id): Device(DeviceId(id), DeviceKind.SENSOR, area=AreaId(room))
        for id, room in (("sensor-study", "study"), ("sensor-salon", "salon"))
    },
)
START_MS = 1_795_000_000_000 - 1_795_000_000_000 % HOUR_MS
NOW = datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(days=1)
DAY = Span(moment(START_MS), moment(START_MS + 24 * HOUR_MS))


def a_desk(history: MemoryHistory) -> HistoryDesk:
    return HistoryDesk(history, lambda: SPACE, lambda: NOW)


async def gathered(parts: AsyncIterator[list[Points]]) -> list[tuple[int, str, float | str]]:
    found: list[tuple[int, str, float | str]] = []
    async for part in parts:
        for points in part:
            values: Iterable[float | str] = points.values
            found += [(at, points.series.channel, value) for at, value in zip(points.at_ms, values, strict=True)]
    return found


readings = st.lists(
    st.tuples(st.integers(START_MS - HOUR_MS, START_MS + 25 * HOUR_MS), st.sampled_from(["a", "b"]), st.floats(-9, 9)),
    max_size=60,
)


@given(readings, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_a_walk_meets_each_point_of_the_span_once_and_in_order(came: list[tuple[int, str, float]], piece: int) -> None:
    history = MemoryHistory()
    for at, channel, value in came:
        history.put("d", channel, [(at, value)])

    met = asyncio.run(gathered(walk(history, EVERYTHING, DAY, piece)))

    for wanted in "ab":
        inside = [
            (at, value) for at, channel, value in came if channel == wanted and START_MS <= at < START_MS + 24 * HOUR_MS
        ]
        assert [(at, value) for at, channel, value in met if channel == wanted] == sorted(
            inside, key=lambda one: one[0]
        )


@given(readings, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_pages_asked_for_one_after_the_other_have_each_point_once(
    came: list[tuple[int, str, float]], limit: int
) -> None:
    history = MemoryHistory()
    for at, channel, value in came:
        history.put("d", channel, [(at, value)])

    async def asked() -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        span: Span | None = DAY
        while span is not None:
            page = await first_page(history, EVERYTHING, span, limit)
            shown = [(at, points.series.channel) for points in page.points for at in points.at_ms]
            assert len(shown) <= limit or len({at for at, _ in shown}) == 1
            found += shown
            span = Span(page.more_from, DAY.end) if page.more_from is not None else None
        return found

    inside = [(at, channel) for at, channel, _ in came if START_MS <= at < START_MS + 24 * HOUR_MS]
    assert sorted(asyncio.run(asked())) == sorted(inside)


def test_hours_without_a_point_are_not_asked_for() -> None:
    found = list(pieces(DAY, {START_MS // HOUR_MS: 3, START_MS // HOUR_MS + 1: 3, START_MS // HOUR_MS + 20: 9}, 6))

    assert found == [
        Span(moment(START_MS), moment(START_MS + 2 * HOUR_MS)),
        Span(moment(START_MS + 20 * HOUR_MS), moment(START_MS + 21 * HOUR_MS)),
    ]


async def test_years_of_nothing_are_walked_without_reading_a_point() -> None:
    history = MemoryHistory()
    history.put("d", "c", [(START_MS, 1.0)])

    span = Span(moment(START_MS) - timedelta(days=365), moment(START_MS + 1))
    met = await gathered(walk(history, EVERYTHING, span))

    assert (len(met), history.reads) == (1, 12 + 1), "a count a month, and one reading"


async def test_the_newest_texts_are_found_without_reading_all() -> None:
    history = MemoryHistory()
    history.put("d", "mode", [(START_MS + n * 60_000, f"mode {n}") for n in range(1000)])
    history.put("d", "mode", [(START_MS, 3.0)])

    (found,) = await newest_texts(history, Selection(device=DeviceId("d")), DAY, 5)

    assert found.values == [f"mode {n}" for n in range(995, 1000)]
    assert await newest_texts(history, Selection(device=DeviceId("other")), DAY, 5) == []


@pytest.fixture
def history() -> MemoryHistory:
    made = MemoryHistory()
    minutes = [(START_MS + n * 60_000, float(n)) for n in range(120)]
    made.put("sensor-study", "co2", minutes, device_class="carbon_dioxide", room="study")
    made.put("sensor-salon", "co2", minutes, device_class="carbon_dioxide", room="salon")
    made.put("sensor-gone", "co2", minutes, room="cellar")
    return made


@pytest.mark.parametrize(
    ("asked", "devices"),
    [
        (Question(), ["sensor-gone", "sensor-salon", "sensor-study"]),
        (Question(room="the STUDY"), ["sensor-study"]),
        (Question(room="cellar"), ["sensor-gone"]),
        (Question(device="Sensor-Salon"), ["sensor-salon"]),
        (Question(device_class="carbon_dioxide"), ["sensor-salon", "sensor-study"]),
        (Question(channel="co2", room="salon"), ["sensor-salon"]),
        (Question(device="sensor-study", room="salon"), []),
    ],
    ids=str,
)
def test_what_is_asked_for_is_found_by_its_names(history: MemoryHistory, asked: Question, devices: list[str]) -> None:
    assert [one.device for one in a_desk(history).series(asked)] == devices


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Question(room="studi"), "room: Small has no room 'studi' — did you mean study?"),
        (Question(room="x" * 90), f"room: Small has no room '{'x' * 60}' — there is study, salon"),
        (Question(room="sun"), "room: Small has no room 'sun' — there is study, salon"),
        (Question(device="sensor-stduy"), "device: Small has no device 'sensor-stduy' — did you mean sensor-study?"),
        (Question(device="sensor-study", channel="carbon_dioxide"), "channel: sensor-study has no channel"),
        (Question(channel="CO"), "channel: nothing here has a channel 'CO' — did you mean co2?"),
        (Question(device_class="noise"), "class: nothing here measures 'noise' — there is carbon_dioxide"),
    ],
    ids=str,
)
def test_what_nobody_knows_is_refused_with_the_nearest_name(history: MemoryHistory, asked: Question, why: str) -> None:
    with pytest.raises(AskedError) as refused:
        a_desk(history).series(asked)

    assert str(refused.value).startswith(why)


def test_a_device_that_was_never_heard_has_no_channels_to_be_wrong_about() -> None:
    assert a_desk(MemoryHistory()).last(Question(device="sensor-study", channel="whatever")) == []


def test_whoever_may_see_one_room_is_told_of_no_other(history: MemoryHistory) -> None:
    desk, study = a_desk(history), AreaId("study")

    assert [one.device for one in desk.series(Question(), study)] == ["sensor-study"]
    with pytest.raises(AskedError) as refused:
        desk.series(Question(device="sensor-salo"), study)
    assert "sensor-salon" not in str(refused.value)


@pytest.mark.parametrize(
    ("length", "step"),
    [
        (timedelta(minutes=1), timedelta(seconds=1)),
        (timedelta(hours=1), timedelta(seconds=10)),
        (timedelta(days=1), timedelta(minutes=5)),
        (timedelta(days=7), timedelta(minutes=30)),
        (timedelta(days=365), timedelta(days=1)),
        (timedelta(days=3650), timedelta(days=7)),
    ],
    ids=str,
)
def test_without_a_step_one_is_picked_that_makes_a_chart(length: timedelta, step: timedelta) -> None:
    assert picked(Span(NOW - length, NOW)) == step


async def test_steps_are_of_the_spaces_own_days(history: MemoryHistory) -> None:
    found = await a_desk(history).steps(Question(device="sensor-study", last="3d", step="1d"))

    starts = [moment(edge).astimezone(SPACE.zone) for edge in found.edges_ms[1:-1]]
    assert {(start.hour, start.minute) for start in starts} == {(0, 0)}


async def test_ten_years_at_one_second_are_refused_with_a_step_that_fits(history: MemoryHistory) -> None:
    with pytest.raises(AskedError) as refused:
        await a_desk(history).steps(Question(last="10y", step="1s"))

    assert refused.value.field == "step"
    assert "20,000 are the most: a step of " in refused.value.why


async def test_more_steps_of_many_series_than_an_answer_holds_are_refused(history: MemoryHistory) -> None:
    with pytest.raises(AskedError) as refused:
        await a_desk(history).steps(Question(last="1d", step="1m"), most=4_000)

    assert "of 3 series are 4,3" in refused.value.why


async def test_every_point_and_every_step_come_channel_by_channel(history: MemoryHistory) -> None:
    desk = a_desk(history)

    points = [one async for one in desk.every_point(Question(device_class="carbon_dioxide"))]
    steps = [one async for one in desk.every_step(Question(step="1h"))]

    assert [(one.series.device, len(one.at_ms)) for one in points] == [("sensor-salon", 120), ("sensor-study", 120)]
    assert [(one.series.device, list(one.count)) for one in steps] == [
        (device, [60, 60]) for device in ("sensor-gone", "sensor-salon", "sensor-study")
    ]
