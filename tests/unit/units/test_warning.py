"""A door held open too long: its unit and its readers say so, and whoever waits for an answer goes on waiting."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.channels import Bolt
from devices.messages import HELD_OPEN, Ack, AckPhase, AckReason, BadgeReadData, Command, Do, Signal
from devices.topics import Kind
from devices.units import DoorProfile, DoorUnit, Effects, Input, Reader, Voice
from devices.units.steps import BadgeShown, Connected, Heard, MoveBolt, Publish, Show, StopTimer

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BADGE = BadgeReadData(card="04AF68DACB5A80", bits=56, format="iso14443a", direction="in")
WARNING = Show(Signal.WARNING, "held_open")
MACHINES = pytest.mark.parametrize(
    "machine", [Reader(Voice("b1")), DoorUnit(Voice("b1"), DoorProfile(reads_badges=True))], ids=["reader", "door unit"]
)
Machine = Reader | DoorUnit


def after(machine: Machine, *inputs: Input, at: datetime = NOON) -> tuple[Machine, Effects]:
    """What the last of these inputs led to, of a machine that is connected."""
    machine, effects = machine.step(Connected(), NOON)
    for given in inputs:
        machine, effects = machine.step(given, at)
    return machine, effects


def told(reason: str | None = HELD_OPEN, *, re: str | None = None, retained: bool = False, id: str = "c1") -> Heard:
    return Heard(Command(id=id, ts=NOON, ttl_ms=3000, do=Do.SIGNAL, re=re, reason=reason), retained=retained)


def shows(effects: Effects) -> list[Show]:
    return [effect for effect in effects if isinstance(effect, Show)]


def ack(effects: Effects) -> tuple[AckPhase, str | None]:
    (said,) = (effect.message for effect in effects if isinstance(effect, Publish) and effect.kind is Kind.ACK)
    assert isinstance(said, Ack)
    return said.phase, said.reason


@MACHINES
def test_whoever_holds_the_door_is_warned_at_it(machine: Machine) -> None:
    _, effects = after(machine, told())

    assert shows(effects) == [WARNING]
    assert ack(effects) == (AckPhase.DONE, None)
    assert MoveBolt(Bolt.LOCKED) not in effects


@MACHINES
def test_a_warning_does_not_end_the_question_of_a_badge(machine: Machine) -> None:
    asking, warned = after(machine, BadgeShown(BADGE), told())
    _, answered = asking.step(told(None, re="b1-1", id="c2"), NOON)

    assert asking.reading.is_open
    assert (shows(warned), StopTimer("answer") in warned) == ([WARNING], False)
    assert shows(answered) == [Show(Signal.GRANTED)]


@MACHINES
def test_a_warning_does_not_end_the_wait_for_a_pin(machine: Machine) -> None:
    waiting, effects = after(machine, BadgeShown(BADGE), told("enter_pin", re="b1-1", id="c2"), told())

    assert waiting.reading.awaits_pin
    assert (shows(effects), StopTimer("pin") in effects) == ([WARNING], False)


@MACHINES
def test_a_warning_that_claims_to_answer_a_badge_answers_nothing(machine: Machine) -> None:
    asking, effects = after(machine, BadgeShown(BADGE), told(re="b1-1"))

    assert asking.reading.is_open
    assert (shows(effects), ack(effects)) == ([], (AckPhase.REFUSED, AckReason.EXPIRED))


@MACHINES
def test_a_warning_that_is_late_retained_or_told_again_is_not_shown(machine: Machine) -> None:
    _, late = after(machine, told(), at=NOON + timedelta(seconds=4))
    _, retained = after(machine, told(retained=True))
    _, again = after(machine, told(), told())

    assert [shows(effects) for effects in (late, retained, again)] == [[], [], []]


def test_a_door_unit_that_reads_no_badges_has_nothing_to_warn_with() -> None:
    _, effects = after(DoorUnit(Voice("b1"), DoorProfile()), told())

    assert (shows(effects), ack(effects)) == ([], (AckPhase.REFUSED, AckReason.UNKNOWN_CHANNEL))
