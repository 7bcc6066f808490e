"""A clock that jumps is said to be suspect, and the house goes on by what has passed: no hours gained, no booking twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.clock import HouseClock, awake_or_asleep, is_kept_by_a_time_service, last_known
from controller.domain.alarm import AlarmKind
from controller.domain.facts import Fact, FactKind
from controller.services.clock_watch import ClockWatch
from controller.services.doors.alarms import Alarms
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """Its clock says whatever a test sets; time passes all the same."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at
        self.passed = 0.0
        self.keeps_time = False

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.passed += seconds

    def clock(self, known: datetime | None = None) -> HouseClock:
        return HouseClock(known, wall=lambda: self.at, passed=lambda: self.passed, vouched=lambda: self.keeps_time)


class Hall:
    """The board, the alarms and the facts of a house on this machine."""

    def __init__(self, machine: Machine, known: datetime | None = None, *, shift: timedelta = timedelta(0)) -> None:
        self.clock = machine.clock(known)
        self.facts: list[Fact] = []
        feed = LiveFeed(epoch="test")
        self.board = HealthBoard(feed, self.clock.now)
        self.alarms = Alarms(None, self.facts.append, feed, self.clock)
        self.watch = ClockWatch(
            lambda: self.clock.off,
            self.board,
            self.alarms,
            self.facts.append,
            self.clock,
            left_in="data/last-time",
            shift=shift,
        )

    def told(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind is FactKind.CLOCK_SUSPECT]


@pytest.mark.parametrize(
    ("jump", "words"),
    [(HOUR, "60 minutes ahead"), (-3 * HOUR, "3 hours behind"), (timedelta(seconds=90), "90 s ahead")],
)
def test_a_clock_that_jumps_is_told_once_and_not_followed(jump: timedelta, words: str) -> None:
    machine = Machine()
    hall = Hall(machine)
    hall.watch.look()
    machine.at += jump
    for _ in range(3):
        machine.advance(1)
        hall.watch.look()

    (fact,) = hall.told()
    (part,) = hall.board.components()
    assert fact.detail["by_s"] == jump.total_seconds()
    assert words in part.text
    assert (part.ok, part.vital) == (False, False)
    assert hall.clock.now() == NOON + timedelta(seconds=3)
    assert hall.alarms.stands(AlarmKind.CLOCK_SUSPECT)


def test_a_clock_that_is_right_again_ends_the_alarm() -> None:
    machine = Machine()
    hall = Hall(machine)
    machine.at += HOUR
    hall.watch.look()
    machine.at -= HOUR
    hall.watch.look()

    assert not hall.alarms.stands(AlarmKind.CLOCK_SUSPECT)
    assert next(iter(hall.board.components())).text == "on time"


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (timedelta(days=-17), "17 days behind this machine's clock, as NATOMA_CLOCK_SHIFT asks"),
        (timedelta(minutes=90), "90 minutes ahead of this machine's clock, as NATOMA_CLOCK_SHIFT asks"),
    ],
)
def test_a_house_at_another_date_says_so_and_goes_by_it(shift: timedelta, words: str) -> None:
    hall = Hall(Machine(), shift=shift)
    hall.watch.look()

    (part,) = hall.board.components()
    assert words in part.text
    assert (part.ok, part.vital) == (False, False)
    assert hall.told() == []
    assert not hall.alarms.stands(AlarmKind.CLOCK_SUSPECT)


def test_a_jump_that_a_time_service_stands_for_is_followed_without_a_word() -> None:
    machine = Machine()
    hall = Hall(machine)
    machine.keeps_time = True
    machine.at -= HOUR
    hall.watch.look()

    assert (hall.told(), hall.clock.now()) == ([], NOON - HOUR)


def test_a_machine_that_wakes_in_1970_runs_the_house_from_the_last_time_it_knew_until_it_is_set() -> None:
    machine = Machine(datetime(1970, 1, 1, tzinfo=UTC))
    hall = Hall(machine, known=NOON)
    machine.advance(30)
    hall.watch.look()

    assert hall.clock.now() == NOON + timedelta(seconds=30)
    assert hall.alarms.stands(AlarmKind.CLOCK_SUSPECT)

    machine.at = NOON + timedelta(days=21)  # for so long the power was off, and now a time service has answered
    hall.watch.look()

    assert hall.clock.now() == NOON + timedelta(days=21)
    assert not hall.alarms.stands(AlarmKind.CLOCK_SUSPECT)


def test_the_last_time_is_read_as_it_was_left_and_no_other_text_is_one(tmp_path: Path) -> None:
    file = tmp_path / "last-time"
    assert last_known(file) is None
    file.write_text("yesterday")
    assert last_known(file) is None
    file.write_text("2026-03-02T13:00:00+01:00\n")
    assert last_known(file) == NOON


def test_what_this_system_says_of_its_clocks_can_be_asked() -> None:
    assert awake_or_asleep() <= awake_or_asleep()
    assert is_kept_by_a_time_service() in (True, False)
    assert HouseClock().off is None
