"""The health board: who is well, since when, and the one verdict."""

from datetime import UTC, datetime, timedelta

from controller.services.screens.health import HealthBoard, Verdict
from controller.services.screens.live import LiveFeed

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class HandClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


def test_a_part_that_was_expected_and_never_reported_is_not_well():
    board = HealthBoard(LiveFeed(), HandClock().now, expected=["broker"])

    assert board.verdict() == Verdict(False, "broker: not started yet", ("broker",))


def test_since_moves_only_when_the_part_turns():
    clock = HandClock()
    board = HealthBoard(LiveFeed(), clock.now)
    board.report("broker", ok=True, text="connected")
    clock.at += timedelta(minutes=5)
    board.report("broker", ok=True, text="connected", figures={"reconnects": 1})
    steady = board.components()[0].since
    board.report("broker", ok=False, text="refuses the password")

    assert steady == NOON
    assert board.components()[0].since == NOON + timedelta(minutes=5)


def test_every_change_is_shown_on_the_feed_and_a_repeat_is_not():
    feed = LiveFeed()
    board = HealthBoard(feed, HandClock().now)
    board.report("event log", ok=True, text="writing", figures={"waiting": 0})
    board.report("event log", ok=True, text="writing", figures={"waiting": 0})

    assert feed.id == 1
    assert feed.snapshot()["health"] == {
        "event log": {
            "name": "event log",
            "ok": True,
            "text": "writing",
            "since": "2026-03-02T12:00:00+00:00",
            "vital": True,
            "figures": {"waiting": 0},
        }
    }


def test_a_part_the_house_can_do_without_is_named_and_does_not_fail_it():
    board = HealthBoard(LiveFeed(), HandClock().now)
    board.report("broker", ok=True, text="connected")
    board.report("influx", ok=False, text="unreachable", vital=False)

    assert board.verdict() == Verdict(True, "influx: unreachable", ("influx",))


def test_all_well_says_so():
    board = HealthBoard(LiveFeed(), HandClock().now)
    board.report("broker", ok=True, text="connected")

    assert board.verdict() == Verdict(True, "Everything works")


def test_a_part_no_longer_run_leaves_the_board_and_the_screens():
    feed = LiveFeed()
    board = HealthBoard(feed, HandClock().now, expected=["simulator"])

    board.remove("simulator")
    board.remove("simulator")

    assert board.components() == ()
    assert feed.snapshot()["health"] == {}
