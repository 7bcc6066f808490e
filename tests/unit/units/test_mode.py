"""A door that stands unlocked: for everybody until its hour, for fire until somebody says otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.channels import Bolt, Mode
from devices.messages import Ack, AckPhase, AckReason, Command, Desired, DesiredValue, Do, State
from devices.units import DoorProfile, DoorUnit, Effects, Voice
from devices.units.steps import (
    BoltFelt,
    Connected,
    ContactFelt,
    Disconnected,
    ExitPressed,
    Heard,
    MoveBolt,
    Publish,
    StartTimer,
    StopTimer,
    TimerFired,
)

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ONE = NOON + timedelta(hours=1)


def connected() -> DoorUnit:
    return DoorUnit(Voice("b1"), DoorProfile()).step(Connected(), NOON)[0]


def wish(value: object, until: datetime | None = None) -> Heard:
    return Heard(Desired(rev=1, v={"door.mode": DesiredValue(value=value, until=until)}), retained=True)  # type: ignore[arg-type]


def standing(value: str = "unlocked", until: datetime | None = ONE) -> DoorUnit:
    unit, _ = connected().step(wish(value, until), NOON)
    return unit.step(BoltFelt(Bolt.UNLOCKED), NOON)[0]


def modes(effects: Effects) -> list[object]:
    return [
        effect.message.v["door.mode"]
        for effect in effects
        if isinstance(effect, Publish) and isinstance(effect.message, State)
    ]


def acks(effects: Effects) -> list[tuple[AckPhase, str | None]]:
    said = [effect.message for effect in effects if isinstance(effect, Publish)]
    return [(ack.phase, ack.reason) for ack in said if isinstance(ack, Ack)]


def test_declares_its_mode_as_something_that_can_be_wished_for():
    channel = connected().birth().channels["door.mode"]

    assert (channel.settable, channel.momentary) == (True, False)


def test_unlocked_holds_the_bolt_until_the_hour_by_its_own_clock_and_reports_it():
    _, effects = connected().step(wish("unlocked", ONE), NOON)

    assert MoveBolt(Bolt.UNLOCKED) in effects
    assert StartTimer("mode", 3600.0) in effects
    assert modes(effects) == ["unlocked"]


def test_while_unlocked_a_closing_leaf_does_not_lock():
    unit, _ = standing().step(ContactFelt(is_open=True), NOON)
    unit, closed = unit.step(ContactFelt(is_open=False), NOON)
    _, relock = unit.step(TimerFired("relock"), NOON)

    assert not any(isinstance(effect, MoveBolt) for effect in (*closed, *relock))


def test_locks_itself_at_the_hour_though_nobody_says_so():
    unit, _ = standing().step(Disconnected(), NOON)

    unit, effects = unit.step(TimerFired("mode"), ONE)

    assert unit.mode is Mode.LOCKED
    assert MoveBolt(Bolt.LOCKED) in effects


def test_at_the_hour_an_open_leaf_is_waited_for():
    unit, _ = standing().step(ContactFelt(is_open=True), NOON)

    unit, at_the_hour = unit.step(TimerFired("mode"), ONE)
    _, at_close = unit.step(ContactFelt(is_open=False), ONE)

    assert not any(isinstance(effect, MoveBolt) for effect in at_the_hour)
    assert MoveBolt(Bolt.LOCKED) in at_close


def test_a_wish_to_lock_ends_it_and_its_late_timer_does_nothing():
    unit, effects = standing().step(wish("locked"), NOON)
    unit, _ = unit.step(BoltFelt(Bolt.LOCKED), NOON)

    assert (StopTimer("mode") in effects, MoveBolt(Bolt.LOCKED) in effects) == (True, True)
    assert unit.step(TimerFired("mode"), ONE) == (unit, ())


@pytest.mark.parametrize(
    ("until", "now"),
    [
        pytest.param(NOON, NOON, id="its end has passed"),
        pytest.param(None, NOON, id="it has no end"),
        pytest.param(ONE, datetime(1970, 1, 1, 0, 5, tzinfo=UTC), id="the clock was never set"),
    ],
)
def test_an_unlock_without_an_end_this_device_can_tell_stays_locked(until: datetime | None, now: datetime):
    unit, effects = connected().step(wish("unlocked", until), now)

    assert unit.mode is Mode.LOCKED
    assert not any(isinstance(effect, MoveBolt) for effect in effects)
    assert modes(effects) == ["locked"]


def test_released_for_fire_needs_no_end_and_survives_a_reconnect():
    unit = standing("released", None)

    unit, _ = unit.step(Disconnected(), NOON)
    unit, told = unit.step(Connected(), NOON + timedelta(days=2))

    assert unit.lock is Bolt.UNLOCKED
    assert modes(told) == ["released"]
    assert unit.step(TimerFired("mode"), NOON + timedelta(days=2)) == (unit, ())


def test_for_fire_even_a_jammed_bolt_is_tried_again_and_for_an_open_day_not():
    unit, _ = connected().step(BoltFelt(Bolt.JAMMED), NOON)

    _, fire = unit.step(wish("released"), NOON)
    _, open_day = unit.step(wish("unlocked", ONE), NOON)

    assert MoveBolt(Bolt.UNLOCKED) in fire
    assert not any(isinstance(effect, MoveBolt) for effect in open_day)


def test_a_bolt_shot_by_hand_while_released_is_drawn_again():
    _, effects = standing("released", None).step(BoltFelt(Bolt.LOCKED), NOON)

    assert MoveBolt(Bolt.UNLOCKED) in effects


def test_while_unlocked_an_unlock_is_done_and_a_lock_is_busy():
    unit = standing()

    _, unlocked = unit.step(Heard(Command(id="c1", ts=NOON, ttl_ms=3000, do=Do.UNLOCK)), NOON)
    _, locked = unit.step(Heard(Command(id="c2", ts=NOON, ttl_ms=3000, do=Do.LOCK)), NOON)

    assert acks(unlocked) == [(AckPhase.ACCEPTED, None), (AckPhase.DONE, None)]
    assert acks(locked) == [(AckPhase.REFUSED, AckReason.BUSY)]


def test_a_word_of_a_later_contract_changes_nothing():
    unit = standing()

    same, effects = unit.step(wish("ajar", ONE), NOON)

    assert same == unit
    assert modes(effects) == ["unlocked"]


def test_the_exit_button_works_in_every_mode():
    for unit in (connected(), standing(), standing("released", None)):
        after, _ = unit.step(ExitPressed(), NOON)
        assert after.lock is Bolt.UNLOCKED or after.target is Bolt.UNLOCKED
