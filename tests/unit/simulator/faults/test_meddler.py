"""What passes between a device and the world while a fault lasts, and after it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.channels import Bolt
from devices.units.steps import BoltFelt, ContactFelt, ExitPressed
from simulator.faults import Fault
from simulator.faults.meddler import Meddler, Room

Make = Callable[..., Fault]
NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


class Sent:
    """Messages that came through, in order."""

    def __init__(self, meddler: Meddler) -> None:
        self._meddler = meddler
        self.out: list[tuple[str, bool]] = []

    def says(self, *words: str, way: Any = "up", kind: str = "event") -> list[tuple[str, bool]]:
        for word in words:
            self._meddler.passes(way, kind, word.encode(), False, self._go)
        return self.out

    def _go(self, body: bytes, retain: bool) -> None:
        self.out.append((body.decode(), retain))


@pytest.fixture
def sent(meddler: Meddler) -> Sent:
    return Sent(meddler)


def test_without_a_fault_all_passes_as_it_is(sent: Sent, told: Any):
    assert sent.says("a", "b") == [("a", False), ("b", False)]
    assert told.lines == []


def test_what_is_dropped_is_written_down_and_does_not_come(sent: Sent, meddler: Meddler, fault: Make, told: Any):
    meddler.begins(fault("drop", way="up"))

    assert sent.says("a") == []
    assert sent.says("b", way="down", kind="command") == [("b", False)]
    assert told.lines == [("drop", "door-front", "event up dropped")]


def test_two_faults_strike_one_after_the_other(sent: Sent, meddler: Meddler, fault: Make, told: Any):
    meddler.begins(fault("duplicate"))
    meddler.begins(fault("retain"))

    assert sent.says("a") == [("a", True), ("a", True)]
    assert told.words == ["event up said 2 times", "event up said to be retained"]


def test_what_is_delayed_comes_when_it_is_due(sent: Sent, meddler: Meddler, fault: Make, time: Any):
    meddler.begins(fault("delay", by_s=2))
    sent.says("a")

    time.passes(1.9)
    assert sent.out == []
    time.passes(0.2)
    assert sent.out == [("a", False)]


def test_every_second_message_overtakes_the_one_before(sent: Sent, meddler: Meddler, fault: Make, time: Any):
    meddler.begins(fault("reorder", within_s=5))

    assert sent.says("a", "b", "c", "d") == [("b", False), ("a", False), ("d", False), ("c", False)]
    sent.says("e")
    time.passes(5)
    assert sent.out[-1] == ("e", False)
    time.passes(60)
    assert len(sent.out) == 5


def test_one_put_behind_comes_at_the_next_even_when_the_fault_is_over(sent: Sent, meddler: Meddler, fault: Make):
    storm = fault("reorder", within_s=5)
    meddler.begins(storm)
    sent.says("a")
    meddler.ends(storm)

    assert sent.says("b") == [("b", False), ("a", False)]


def test_a_frozen_device_says_and_hears_it_all_at_the_end_in_order(sent: Sent, meddler: Meddler, fault: Make):
    ice = fault("freeze")
    meddler.begins(ice)
    assert sent.says("a", "b") == []
    assert sent.says("c", way="down", kind="command") == []

    meddler.ends(ice)

    assert [word for word, _ in sent.out] == ["a", "b", "c"]


def test_frozen_twice_thaws_in_order_when_both_are_over(sent: Sent, meddler: Meddler, fault: Make):
    first, second = fault("freeze"), fault("freeze")
    meddler.begins(first)
    sent.says("a")
    meddler.begins(second)
    sent.says("b")

    meddler.ends(first)
    sent.says("c")
    meddler.ends(second)

    assert [word for word, _ in sent.out] == ["a", "b", "c"]


def test_the_held_are_bounded(sent: Sent, meddler: Meddler, fault: Make):
    ice = fault("freeze")
    meddler.begins(ice)
    sent.says(*("x" for _ in range(10_001)))
    meddler.ends(ice)

    assert len(sent.out) == 10_000


def test_all_that_waits_in_all_devices_is_bounded_together(
    door: Any, fault: Make, time: Any, told: Any, caplog: pytest.LogCaptureFixture
):
    room = Room(left=3)
    one, other = (Meddler(door, lambda: time.now, time.put_off, told.tell, room) for _ in range(2))
    ice, late = fault("freeze"), fault("delay", by_s=2)
    one.begins(ice)
    other.begins(late)
    kept, delayed = Sent(one), Sent(other)
    kept.says("a", "b")
    delayed.says("c", "d", "e")

    one.ends(ice)
    time.passes(2)

    assert [kept.out, delayed.out] == [[("a", False), ("b", False)], [("c", False)]]
    assert caplog.text.count("too many messages wait") == 1
    assert room.left == 3


@pytest.mark.parametrize("kind", ["freeze", "delay", "reorder"])
def test_what_waits_while_the_power_goes_is_forgotten_and_its_sender_told(
    door: Any, sent: Sent, meddler: Meddler, fault: Make, time: Any, kind: str
):
    lasts = fault(kind)
    meddler.begins(lasts)
    meddler.passes("up", "event", b"a", False, sent._go, lambda: door.done.append("lost"))

    meddler.loses_power()
    assert door.done == ["lost"]
    time.passes(3600)
    meddler.ends(lasts)

    assert sent.says("b") == [("b", False)]
    assert door.done == ["lost"]


def test_one_that_waits_twice_is_lost_once(door: Any, sent: Sent, meddler: Meddler, fault: Make):
    meddler.begins(fault("duplicate"))
    meddler.begins(fault("freeze"))
    meddler.passes("up", "event", b"a", False, sent._go, lambda: door.done.append("lost"))

    meddler.loses_power()

    assert door.done == ["lost"]


def test_what_is_lost_takes_no_room(door: Any, fault: Make, time: Any, told: Any):
    room = Room(left=2)
    meddler = Meddler(door, lambda: time.now, time.put_off, told.tell, room)
    ice = fault("freeze")
    meddler.begins(ice)
    sent = Sent(meddler)
    sent.says("a", "b")
    meddler.loses_power()
    sent.says("c", "d")

    meddler.ends(ice)

    assert sent.out == [("c", False), ("d", False)]
    assert room.left == 2


def test_the_same_messages_meet_the_same_fate(sent: Sent, meddler: Meddler, fault: Make):
    words = [f"{number}" for number in range(60)]
    once, again = fault("drop", share=0.5), fault("drop", share=0.5)
    meddler.begins(once)
    first = list(sent.says(*words))
    meddler.ends(once)
    sent.out.clear()
    meddler.begins(again)

    assert sent.says(*words) == first
    assert 10 < len(first) < 50


def test_a_sensor_sticks_to_its_first_reading_under_the_fault(meddler: Meddler, fault: Make, told: Any):
    stuck = fault("sensor-stuck")
    meddler.begins(stuck)

    assert meddler.reads({"co2": 640}) == {"co2": 640}
    assert meddler.reads({"co2": 812}) == {"co2": 640}
    meddler.ends(stuck)
    assert meddler.reads({"co2": 812}) == {"co2": 812}
    assert told.words == ["co2 812 read as 640"]


def test_a_sensor_drifts_from_when_the_fault_began(meddler: Meddler, fault: Make, time: Any):
    time.passes(7200)
    meddler.begins(fault("sensor-drift", per_hour=12))
    time.passes(1800)

    assert meddler.reads({"co2": 800}) == {"co2": 806}


def test_the_clock_is_off_while_the_fault_lasts(meddler: Meddler, fault: Make):
    skew = fault("clock-skew", by_s=90)
    meddler.begins(skew)
    assert meddler.now(NOON) == NOON + timedelta(seconds=90)
    meddler.ends(skew)
    assert meddler.now(NOON) == NOON


def test_a_stuck_contact_is_not_felt_and_tells_the_truth_at_the_end(
    door: Any, meddler: Meddler, fault: Make, told: Any
):
    stuck = fault("stuck-contact")
    meddler.begins(stuck)
    door.feed(ContactFelt(True))
    door.feed(ExitPressed())
    assert door.done == [ExitPressed()]

    meddler.ends(stuck)

    assert door.done == [ExitPressed(), ContactFelt(True)]
    assert told.words == ["the leaf is open, not felt"]


def test_a_contact_stuck_open_on_a_shut_door_is_shut_at_the_end(door: Any, meddler: Meddler, fault: Make):
    stuck = fault("stuck-contact", at="open")
    meddler.begins(stuck)
    meddler.ends(stuck)

    assert door.done == [ContactFelt(True), ContactFelt(False)]


def test_a_contact_stuck_twice_is_felt_when_both_are_over(door: Any, meddler: Meddler, fault: Make):
    first, second = fault("stuck-contact"), fault("stuck-contact")
    meddler.begins(first)
    meddler.begins(second)
    meddler.ends(first)
    door.feed(ContactFelt(True))
    assert door.done == []

    meddler.ends(second)

    assert door.done == [ContactFelt(True)]


def test_a_jammed_bolt_arrives_nowhere_and_is_found_where_it_stayed(door: Any, meddler: Meddler, fault: Make):
    door.feed(BoltFelt(Bolt.UNLOCKED))
    jam = fault("jammed-lock")
    meddler.begins(jam)
    door.feed(BoltFelt(Bolt.LOCKED))
    assert door.done == [BoltFelt(Bolt.UNLOCKED)]

    meddler.ends(jam)

    assert door.done == [BoltFelt(Bolt.UNLOCKED), BoltFelt(Bolt.UNLOCKED)]


def test_a_bolt_that_fell_without_power_is_found_shut_after_a_later_jam(door: Any, meddler: Meddler, fault: Make):
    door.feed(BoltFelt(Bolt.UNLOCKED))
    meddler.loses_power()
    jam = fault("jammed-lock")
    meddler.begins(jam)

    meddler.ends(jam)

    assert door.done == [BoltFelt(Bolt.UNLOCKED), BoltFelt(Bolt.LOCKED)]
