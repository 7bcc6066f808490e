"""The watch: every part looked at once a second, in words for the desk, and the moments that are worth a line."""

import asyncio
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from controller.app.health import CLASH_TOLD_EVERY, LAG_WARNING, Watch
from controller.domain.facts import Fact, FactKind
from controller.services.meters import Meters
from controller.services.screens.health import Component, HealthBoard
from controller.services.screens.live import LiveFeed
from devices.errors import BadCredentials
from devices.link import LinkState
from tests.support.services import HandClock, LoopClock

UP = LinkState(connected=True, alive=True, generation=1, rtt_s=0.0004)


@dataclass
class FakeLink:
    """What the watch asks of a link."""

    state: LinkState
    settings: object = field(
        default_factory=lambda: SimpleNamespace(address="127.0.0.1:1883", client_id="server-access")
    )


@dataclass
class FakeStore:
    ok: bool = True
    error: str = ""
    waiting: int = 0
    last_commit_s: float = 0.0012


class Tower:
    """A watch over two links and two stores that do as they are told."""

    def __init__(self, clock=None, embedded=None) -> None:
        self.clock = clock or HandClock()
        self.access, self.telemetry = FakeLink(UP), FakeLink(UP)
        self.log, self.readings = FakeStore(), FakeStore()
        self.spool_failing: str | None = None
        self.noted: list[Fact] = []
        self.board = HealthBoard(LiveFeed(), self.clock.now)
        self.meters = Meters()
        self.watch = Watch(
            board=self.board,
            links={"access link": self.access, "telemetry link": self.telemetry},
            stores={"event log": lambda: self.log, "telemetry log": lambda: self.readings},
            spool_failing=lambda: self.spool_failing,
            embedded=embedded,
            note=self.noted.append,
            meters=self.meters,
            clock=self.clock,
        )

    def part(self, name: str) -> Component:
        return {part.name: part for part in self.board.components()}[name]


@pytest.fixture
async def tower():
    tower = Tower(LoopClock())
    watching = asyncio.get_running_loop().create_task(tower.watch.run())
    await asyncio.sleep(0.5)
    yield tower
    watching.cancel()


async def looked() -> None:
    await asyncio.sleep(1.0)


async def test_when_all_is_well_every_part_says_so(tower):
    assert tower.board.verdict().text == "Everything works"
    assert tower.part("access link").text == "connected to 127.0.0.1:1883"
    assert tower.part("event log").figures == {"waiting": 0, "last_commit_ms": 1.2}
    assert tower.noted == []


async def test_a_link_that_goes_and_comes_is_told_once_each_way(tower):
    tower.access.state = replace(UP, alive=False)
    await looked()
    await looked()
    down = tower.part("access link")
    tower.access.state = UP
    await looked()

    assert (down.ok, down.text) == (False, "not connected")
    assert [(fact.kind, fact.detail) for fact in tower.noted] == [
        (FactKind.LINK_LOST, {"link": "access"}),
        (FactKind.LINK_RESTORED, {"link": "access"}),
    ]


async def test_somebody_who_logs_in_as_we_do_is_told_once_in_ten_minutes(tower):
    for clashes in range(1, 30):
        tower.access.state = replace(UP, identity_clashes=clashes)
        await looked()
    told = list(tower.noted)
    await asyncio.sleep(CLASH_TOLD_EVERY)
    still = list(tower.noted)
    tower.access.state = replace(UP, identity_clashes=31)
    await looked()

    assert [(fact.kind, fact.device) for fact in told] == [(FactKind.NAME_SHARED, "server-access")]
    assert still == told
    assert len(tower.noted) == 2


async def test_a_link_says_why_it_is_down(tower):
    tower.telemetry.state = LinkState(last_error=BadCredentials("broker:1883: the password is wrong"))
    await looked()

    assert tower.part("telemetry link").text == "broker:1883: the password is wrong"


async def test_a_slow_round_trip_names_the_setting_that_mends_it(tower):
    tower.access.state = replace(UP, rtt_s=0.041)
    await looked()

    assert tower.part("access link").ok
    assert "set_tcp_nodelay true" in tower.part("access link").text


async def test_a_store_that_cannot_be_written_fails_the_house(tower):
    tower.log = FakeStore(ok=False, error="events.db: the disk is full")
    await looked()

    verdict = tower.board.verdict()
    assert (verdict.ok, verdict.text) == (False, "event log: events.db: the disk is full")


async def test_readings_that_wait_unacknowledged_are_told_though_the_store_thinks_itself_well(tower):
    tower.spool_failing = "telemetry.db: locked"
    await looked()

    part = tower.part("telemetry log")
    assert (part.ok, part.text) == (False, "readings wait unacknowledged: telemetry.db: locked")


async def test_trouble_that_lasts_keeps_the_time_it_began(tower):
    tower.spool_failing = "telemetry.db: locked"
    await looked()
    began = tower.part("telemetry log").since
    for _ in range(5):
        await looked()

    assert tower.part("telemetry log").since == began


def test_a_loop_that_was_blocked_is_named_and_does_not_fail_the_house():
    tower = Tower()
    tower.watch._look(LAG_WARNING + 1.0, {})

    assert tower.part("event loop").text == "blocked for 1.2 s"
    assert tower.board.verdict().ok


async def test_the_loops_lag_is_measured_once_a_second(tower):
    await looked()
    await looked()

    (lag,) = [family for family in tower.meters.families() if family.name == "natoma_loop_lag_seconds"]
    assert next(iter(lag.series.values())).count == 3


@pytest.mark.parametrize(
    ("returncode", "limits", "ok", "text"),
    [
        (None, "", True, "mosquitto on 127.0.0.1:1883"),
        (None, "for trying things", True, "mosquitto on 127.0.0.1:1883 (for trying things)"),
        (1, "", False, "starting again"),
    ],
    ids=["running", "with limits", "gone"],
)
def test_a_broker_of_our_own_is_a_part_too(returncode, limits, ok, text):
    broker = SimpleNamespace(
        process=SimpleNamespace(returncode=returncode),
        name="mosquitto",
        endpoint=SimpleNamespace(host="127.0.0.1", port=1883),
        limits=limits,
        restarts=2,
    )
    tower = Tower(embedded=broker)
    tower.watch._look(0.0, {})

    part = tower.part("broker")
    assert (part.ok, part.text, part.figures) == (ok, text, {"restarts": 2})
