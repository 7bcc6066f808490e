"""The sender itself against real databases: InfluxDB 1.6.7 behind a facade, VictoriaMetrics, and a real 2.x if one is named.

INFLUX_URL, INFLUX_TOKEN, INFLUX_ORG and INFLUX_BUCKET name an InfluxDB 2 that may be written to; without them its tests
are skipped. What they write carries a name of its own each time, and stays there.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.clock import SystemClock
from controller.adapters.influx.asking import ReadSettings
from controller.adapters.influx.client import open_database
from controller.adapters.influx.readback import ReadBack
from controller.adapters.influx.settings import InfluxSettings
from controller.adapters.influx.state import SendingFile
from controller.domain.facts import Fact, FactKind
from controller.domain.history.values import Kind, Series, SeriesId, Span, Value
from controller.domain.ids import AreaId, DeviceId
from controller.services.doors.alarms import Alarms
from controller.services.history.outgoing import Outgoing
from controller.services.history.ports import LoggedReadings, Points
from controller.services.history.sender import House, Sender
from controller.services.meters import Meters
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from tests.e2e.influx.test_servers import write
from tests.support.influxd import InfluxServer
from tests.support.victoria import VictoriaServer

NOON = datetime(2025, 6, 15, 12, tzinfo=UTC)
NOON_MS = 1_749_988_800_000
DAY = Span(NOON - timedelta(hours=12), NOON + timedelta(hours=12))
NAMES = ("INFLUX_URL", "INFLUX_TOKEN", "INFLUX_ORG", "INFLUX_BUCKET")


@dataclass(frozen=True, slots=True)
class Named:
    """An InfluxDB 2 of somebody's own."""

    url: str
    token: str
    org: str
    bucket: str


@dataclass(frozen=True, slots=True)
class Target:
    """A database with a bucket to write to, and a word that is in no other test's readings."""

    server: InfluxServer | VictoriaServer | Named
    bucket: str
    word: str = field(default_factory=lambda: f"t{secrets.token_hex(4)}")

    @property
    def settings(self) -> InfluxSettings:
        return InfluxSettings(self.server.url, self.server.org, self.bucket, self.server.token)

    def series(self, number: int, channel: str, kind: Kind = Kind.NUMBER, of_class: str = "") -> Series:
        device = DeviceId(f"{self.word}-air")
        return Series(
            SeriesId(number), device, channel, kind, of_class and f"{self.word}-{of_class}", "", AreaId("hall")
        )

    async def read(self, *series: Series) -> list[Points]:
        if isinstance(self.server, VictoriaServer):
            self.server.points()  # what was just taken is not found before it is flushed
        read_back = ReadBack(ReadSettings(self.server.url, self.bucket, self.server.token))
        return await read_back.raw(series, DAY)


def named_influx() -> Named:
    missing = [name for name in NAMES if not os.environ.get(name)]
    if missing:
        pytest.skip(f"{', '.join(missing)} would name an InfluxDB 2 to write to")
    return Named(*(os.environ[name] for name in NAMES))


@pytest.fixture(params=["influxd 1.6.7", "InfluxDB 2"])
def influx_target(request: pytest.FixtureRequest) -> Target:
    if request.param == "InfluxDB 2":
        named = named_influx()
        return Target(named, named.bucket)
    influx: InfluxServer = request.getfixturevalue("influx")
    return Target(influx, influx.new_bucket())


@pytest.fixture(params=["influxd 1.6.7", "VictoriaMetrics", "InfluxDB 2"])
def target(request: pytest.FixtureRequest) -> Target:
    if request.param == "VictoriaMetrics":
        victoria: VictoriaServer = request.getfixturevalue("victoria")
        return Target(victoria, victoria.new_bucket())
    if request.param == "InfluxDB 2":
        named = named_influx()
        return Target(named, named.bucket)
    influx: InfluxServer = request.getfixturevalue("influx")
    return Target(influx, influx.new_bucket())


@dataclass
class ListLog:
    """The log as a list; positions count from 1."""

    rows: list[LoggedReadings] = field(default_factory=list)

    def add(self, at_ms: int, *readings: tuple[Series, Value], ordinal: int = 0) -> None:
        self.rows.append(LoggedReadings(len(self.rows) + 1, at_ms * 1_000_000 + ordinal, readings))

    @property
    def last_position(self) -> int:
        return len(self.rows)

    async def after(self, position: int, limit: int) -> list[LoggedReadings]:
        return self.rows[position : position + limit]

    def release(self, consumer: str, upto: int) -> None:
        pass

    def first_position(self) -> int:
        return 1


@pytest.fixture
def log() -> Iterator[ListLog]:
    return ListLog()


async def send(log: ListLog, settings: InfluxSettings, folder: Path) -> tuple[list[Fact], Sequence[str]]:
    """All of the log, once; the facts that were told, and the lines that were refused."""
    told: list[Fact] = []
    clock, feed = SystemClock(), LiveFeed()
    house = House(told.append, Alarms(None, told.append, feed, clock), HealthBoard(feed, clock.now), Meters(), clock)
    async with (
        await SendingFile.open(folder / "sending.db") as kept,
        open_database(settings, clock) as database,
    ):
        await Sender(Outgoing(log, database, kept), house).look()
        return told, [parked.line for parked in await kept.listed(100)]


async def test_everything_lands_once_however_often_it_is_sent(target: Target, log: ListLog, tmp_path: Path):
    warm, lit = target.series(1, "warm", of_class="warm"), target.series(2, "lit", Kind.SWITCH)
    for second in range(1_000):
        log.add(NOON_MS + second * 1000, (warm, second / 8), (lit, second % 2 == 0))

    for time in ("first", "second"):
        (tmp_path / time).mkdir()
        assert await send(log, target.settings, tmp_path / time) == ([], [])

    found = {points.series: points for points in await target.read(warm, lit)}
    moments = [NOON_MS + second * 1000 for second in range(1_000)]
    assert list(found[warm].at_ms) == list(found[lit].at_ms) == moments
    assert list(found[warm].values) == [second / 8 for second in range(1_000)]
    assert list(found[lit].values) == [float(second % 2 == 0) for second in range(1_000)]


async def test_two_readings_of_one_millisecond_are_two_points(influx_target: Target, log: ListLog, tmp_path: Path):
    warm = influx_target.series(1, "warm")
    log.add(NOON_MS, (warm, 1.0))
    log.add(NOON_MS, (warm, 2.0), ordinal=2)

    await send(log, influx_target.settings, tmp_path)

    (points,) = await influx_target.read(warm)
    assert (list(points.at_ms), list(points.values)) == ([NOON_MS, NOON_MS], [1.0, 2.0])


async def test_a_channel_that_changes_its_kind_changes_its_field_and_nothing_is_refused(
    influx_target: Target, log: ListLog, tmp_path: Path
):
    number, text = influx_target.series(1, "odd"), influx_target.series(2, "odd", Kind.TEXT)
    log.add(NOON_MS, (number, 1.0))
    log.add(NOON_MS + 1, (text, 'eco, "mild"'))

    assert await send(log, influx_target.settings, tmp_path) == ([], [])

    assert [list(points.values) for points in await influx_target.read(number, text)] == [[1.0], ['eco, "mild"']]


async def test_one_line_of_a_type_the_bucket_knows_otherwise_is_parked_and_the_rest_lands(
    influx_target: Target, log: ListLog, tmp_path: Path
):
    warm, clash = influx_target.series(1, "warm", of_class="warm"), influx_target.series(2, "co2", of_class="co2")
    # Another program wrote a text where we write numbers.
    await write(influx_target.server, influx_target.bucket, f'{clash.device_class} value="high" {NOON_MS}000000')
    for second in range(100):
        log.add(NOON_MS + second * 1000, (warm, float(second)))
    log.add(NOON_MS + 50_000, (clash, 612.0), ordinal=7)

    told, parked = await send(log, influx_target.settings, tmp_path)

    (line,) = parked
    assert (
        line == f"{clash.device_class},channel=co2,device={clash.device},room=hall value=612 {NOON_MS + 50_000}000007"
    )
    assert [fact.kind for fact in told] == [FactKind.POINTS_PARKED]
    (points,) = await influx_target.read(warm)
    assert list(points.values) == [float(second) for second in range(100)]


async def test_a_packed_batch_lands(influx_target: Target, log: ListLog, tmp_path: Path):
    warm = influx_target.series(1, "warm")
    log.add(NOON_MS, (warm, 1.0))
    settings = influx_target.settings

    await send(log, InfluxSettings(settings.url, settings.org, settings.bucket, settings.token, gzip=True), tmp_path)

    (points,) = await influx_target.read(warm)
    assert list(points.values) == [1.0]


async def test_victoria_takes_them_below_the_prefix_of_its_cluster(
    victoria: VictoriaServer, log: ListLog, tmp_path: Path
):
    """A cluster's vminsert listens at /insert/0/influx; the single server has the same handler at /influx."""
    target = Target(victoria, victoria.new_bucket())
    warm = target.series(1, "warm")
    log.add(NOON_MS, (warm, 1.5))

    await send(log, InfluxSettings(f"{victoria.url}/influx", "any", "any"), tmp_path)

    (points,) = await target.read(warm)
    assert list(points.values) == [1.5]
