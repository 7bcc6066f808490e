"""A PIN at a reader: asked for after the badge or typed alone, said once, kept nowhere, and never judged at the door."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.channels import Bolt
from devices.messages import (
    IN_GRACE,
    AccessRight,
    Ack,
    AckPhase,
    AckReason,
    BadgeReadData,
    Command,
    Do,
    Event,
    EventType,
    Signal,
)
from devices.topics import Kind
from devices.units import DoorProfile, DoorUnit, Effects, Input, OwnList, Reader, Voice
from devices.units.steps import (
    BadgeShown,
    Connected,
    Disconnected,
    Heard,
    MoveBolt,
    PinEntered,
    Publish,
    ReleaseLock,
    Show,
    StartTimer,
    StopTimer,
    TimerFired,
    Unheard,
)
from tests.support.lists import ALICE, EVE, KEYS, entry, sealed

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DIGITS = "493817"
PIN_ALONE = BadgeReadData(pin=DIGITS)
READERS = pytest.mark.parametrize("machine", ["reader", "door unit"], indirect=True)
Machine = Reader | DoorUnit


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Machine:
    return made(request.param)


def made(kind: str) -> Machine:
    """Connected, with a list that lets Alice in."""
    voice, own = Voice("b1"), OwnList("door-street", KEYS)
    start = Reader(voice, own=own) if kind == "reader" else DoorUnit(voice, DoorProfile(reads_badges=True), own)
    (page,) = sealed(entry(ALICE, AccessRight.STAFF))
    machine, _ = after(start, Connected(), Heard(page, retained=True))
    return machine


def after(machine: Machine, *inputs: Input) -> tuple[Machine, Effects]:
    """What the last of these inputs led to."""
    effects: Effects = ()
    for given_input in inputs:
        machine, effects = machine.step(given_input, NOON)
    return machine, effects


def answer(re: str, reason: str | None = None, *, do: Do = Do.SIGNAL, id: str = "c1") -> Heard:
    return Heard(Command(id=id, ts=NOON, ttl_ms=3000, do=do, re=re, reason=reason))


ASKED = (BadgeShown(ALICE), answer("b1-1", "enter_pin", id="asked"))
"""Alice's badge, and the controller's wish for her PIN."""


def events(effects: Effects) -> list[Event]:
    said = [effect.message for effect in effects if isinstance(effect, Publish)]
    return [event for event in said if isinstance(event, Event)]


def shows(effects: Effects) -> list[Show]:
    return [effect for effect in effects if isinstance(effect, Show)]


def acks(effects: Effects) -> list[tuple[AckPhase, str | None]]:
    said = [effect.message for effect in effects if isinstance(effect, Publish) and effect.kind is Kind.ACK]
    return [(ack.phase, ack.reason) for ack in said if isinstance(ack, Ack)]


# --- a badge, then its PIN --------------------------------------------------------------------------------------------


@READERS
def test_asked_for_a_pin_it_says_so_and_waits_fifteen_seconds(machine: Machine):
    machine, effects = after(machine, *ASKED)

    assert shows(effects) == [Show(Signal.ENTER_PIN, "enter_pin")]
    assert StopTimer("answer") in effects
    assert StartTimer("pin", 15.0) in effects
    assert acks(effects) == [(AckPhase.DONE, None)]
    assert machine.reading.awaits_pin


@READERS
def test_the_pin_becomes_an_event_of_its_own_with_a_second_to_answer(machine: Machine):
    machine, effects = after(machine, *ASKED, PinEntered(DIGITS))

    (event,) = events(effects)
    assert (event.id, event.type, event.data) == ("b1-2", EventType.PIN_ENTERED, PIN_ALONE)
    assert effects[0] == StopTimer("pin")
    assert effects[-1] == StartTimer("answer", 1.0)
    assert machine.reading.request == "b1-2"


def test_an_unlock_answers_the_pin_and_opens():
    machine, effects = after(made("door unit"), *ASKED, PinEntered(DIGITS), answer("b1-2", do=Do.UNLOCK))

    assert MoveBolt(Bolt.UNLOCKED) in effects
    assert shows(effects) == [Show(Signal.GRANTED)]
    assert not machine.reading.is_open


@pytest.mark.parametrize("re", ["b1-1", "b1-3", "somebody-elses-2"], ids=["the badge's", "a later one's", "another's"])
def test_an_unlock_that_answers_anything_else_than_the_pin_opens_nothing(re: str):
    _, effects = after(made("door unit"), *ASKED, PinEntered(DIGITS), answer(re, do=Do.UNLOCK))

    assert acks(effects) == [(AckPhase.REFUSED, AckReason.EXPIRED)]
    assert not any(isinstance(effect, MoveBolt) for effect in effects)


def test_an_unlock_for_the_badge_opens_nothing_while_its_pin_is_awaited():
    machine, effects = after(made("door unit"), *ASKED, answer("b1-1", do=Do.UNLOCK))

    assert acks(effects) == [(AckPhase.REFUSED, AckReason.EXPIRED)]
    assert machine.reading.awaits_pin


@READERS
def test_a_wrong_pin_is_denied_and_nothing_stays_open(machine: Machine):
    machine, effects = after(machine, *ASKED, PinEntered(DIGITS), answer("b1-2", "pin_wrong"))

    assert shows(effects) == [Show(Signal.DENIED, "pin_wrong")]
    assert not machine.reading.is_open
    assert not machine.reading.awaits_pin


@READERS
def test_whoever_types_nothing_for_fifteen_seconds_tries_again(machine: Machine):
    machine, effects = after(machine, *ASKED, TimerFired("pin"))

    assert effects == (Show(Signal.TRY_AGAIN, "pin_timeout"),)
    assert not machine.reading.awaits_pin


@READERS
def test_a_badge_shown_while_a_pin_is_awaited_starts_over(machine: Machine):
    machine, effects = after(machine, *ASKED, BadgeShown(EVE))
    _, late = after(machine, TimerFired("pin"))

    (event,) = events(effects)
    assert (event.id, event.type, event.data) == ("b1-2", EventType.BADGE_READ, EVE)
    assert StopTimer("pin") in effects
    assert late == ()


@READERS
def test_digits_typed_before_the_badge_is_answered_are_not_looked_at(machine: Machine):
    machine, _ = after(machine, BadgeShown(ALICE))

    assert machine.step(PinEntered(DIGITS), NOON) == (machine, ())


@READERS
def test_a_wish_for_a_pin_that_comes_after_the_reader_gave_up_is_refused(machine: Machine):
    machine, effects = after(machine, BadgeShown(EVE), TimerFired("answer"), answer("b1-1", "enter_pin"))

    assert acks(effects) == [(AckPhase.REFUSED, AckReason.EXPIRED)]
    assert not machine.reading.awaits_pin


@READERS
def test_a_wish_for_a_pin_said_twice_is_one(machine: Machine):
    _, effects = after(machine, *ASKED, ASKED[1])

    assert shows(effects) == []
    assert StartTimer("pin", 15.0) not in effects


# --- a PIN alone ------------------------------------------------------------------------------------------------------


@READERS
def test_a_pin_alone_is_a_question_too(machine: Machine):
    machine, effects = after(machine, PinEntered(DIGITS))

    (event,) = events(effects)
    assert (event.id, event.type, event.data) == ("b1-1", EventType.PIN_ENTERED, PIN_ALONE)
    assert machine.reading.request == "b1-1"


@READERS
@pytest.mark.parametrize(
    "digits", ["", "12 34", "12345678901234567", "zwölf"], ids=["none", "a space", "17", "letters"]
)
def test_what_no_keypad_types_is_no_pin_and_ends_nothing(machine: Machine, digits: str):
    waiting, _ = after(machine, *ASKED)

    machine, effects = after(waiting, PinEntered(digits))

    assert (machine, effects) == (waiting, (Show(Signal.TRY_AGAIN, "unreadable_pin"),))


def test_a_door_unit_without_a_reader_has_no_keypad():
    machine, _ = DoorUnit(Voice("b1")).step(Connected(), NOON)

    assert machine.step(PinEntered(DIGITS), NOON) == (machine, ())


# --- nobody answers ---------------------------------------------------------------------------------------------------


def hands_list_with_the_pin(machine: Machine) -> Machine:
    """A list that would let this very PIN in, if a door ever asked it about one."""
    (page,) = sealed(entry(PIN_ALONE, AccessRight.STAFF), entry(ALICE, AccessRight.STAFF), rev=99)
    machine, _ = machine.step(Heard(page, retained=True), NOON)
    assert machine.own.rev == 99
    return machine


@READERS
@pytest.mark.parametrize("before", [(), ASKED], ids=["alone", "after its badge"])
def test_a_pin_nobody_answers_is_tried_again_and_opens_nothing(machine: Machine, before: tuple[Input, ...]):
    machine = hands_list_with_the_pin(machine)

    machine, effects = after(machine, *before, PinEntered(DIGITS), TimerFired("answer"))

    assert [effect for effect in effects if isinstance(effect, Show)] == [Show(Signal.TRY_AGAIN, "no_answer")]
    assert not any(isinstance(effect, MoveBolt) or getattr(effect, "admitted", False) for effect in effects)
    assert not machine.reading.is_open


@READERS
@pytest.mark.parametrize("before", [(), ASKED], ids=["alone", "after its badge"])
def test_offline_a_pin_is_tried_again_opens_nothing_and_is_not_told_later(machine: Machine, before: tuple[Input, ...]):
    machine, _ = after(hands_list_with_the_pin(machine), *before, Disconnected())

    machine, effects = after(machine, PinEntered(DIGITS))
    machine, later = machine.step(Connected(), NOON + timedelta(hours=20))

    assert shows(effects) == [Show(Signal.TRY_AGAIN, "no_answer")]
    assert not any(isinstance(effect, MoveBolt | ReleaseLock | StartTimer) for effect in effects)
    assert events(later) == []


@READERS
def test_a_pin_the_broker_never_confirmed_is_not_said_again(machine: Machine):
    machine, effects = after(machine, PinEntered(DIGITS))
    (event,) = events(effects)

    machine, again = after(machine, Disconnected(), Unheard(event), Connected())

    assert events(again) == []
    assert machine.voice.kept == ()


def test_the_badge_of_staff_opens_a_pin_door_that_has_nobody_to_ask():
    _, effects = after(made("door unit"), Disconnected(), BadgeShown(ALICE))

    assert MoveBolt(Bolt.UNLOCKED) in effects
    assert shows(effects) == [Show(Signal.GRANTED)]


# --- a payment is late ------------------------------------------------------------------------------------------------


def test_in_grace_the_member_enters_and_is_told():
    _, of_its_own = after(made("door unit"), BadgeShown(ALICE), answer("b1-1", IN_GRACE, do=Do.UNLOCK))
    _, of_a_reader = after(made("reader"), BadgeShown(ALICE), answer("b1-1", IN_GRACE))

    assert MoveBolt(Bolt.UNLOCKED) in of_its_own
    assert shows(of_its_own) == [Show(Signal.GRANTED, "in_grace")]
    assert shows(of_a_reader) == [Show(Signal.GRANTED, "in_grace")]


# --- where digits may be ----------------------------------------------------------------------------------------------

INPUTS: st.SearchStrategy[Input] = st.one_of(
    st.sampled_from([
        PinEntered(DIGITS), BadgeShown(ALICE), BadgeShown(EVE), Connected(), Disconnected(),
        TimerFired("answer"), TimerFired("pin"), TimerFired("replay"),
        Unheard(Event(id="b1-1", type=EventType.PIN_ENTERED, ts=NOON, data=PIN_ALONE)),
    ]),
    st.builds(
        lambda number, re, reason, do: answer(f"b1-{re}", reason, do=do, id=f"c{number}"),
        st.integers(0, 9), st.integers(1, 6), st.sampled_from([None, "enter_pin", "pin_wrong", "in_grace"]),
        st.sampled_from([Do.SIGNAL, Do.UNLOCK]),
    ),
)  # fmt: skip


@given(st.sampled_from(["reader", "door unit"]), st.lists(INPUTS, max_size=25))
def test_digits_are_in_no_state_no_repr_no_log_and_nothing_kept(kind: str, inputs: list[Input]):
    machine = made(kind)
    written: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: written.append(record.getMessage())  # type: ignore[method-assign]
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        for given_input in inputs:
            online = machine.voice.online
            machine, effects = machine.step(given_input, NOON)
            written.append(repr((given_input, machine, effects)))
            # Nothing is left of them but the one event that says them, and that only while somebody listens.
            assert machine.reading.shown in (None, ALICE, EVE)
            assert EventType.PIN_ENTERED not in [event.type for event in machine.voice.kept]
            if EventType.PIN_ENTERED in [event.type for event in events(effects)]:
                assert online
                assert isinstance(given_input, PinEntered)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert not any(DIGITS in text for text in written)


@given(st.lists(INPUTS, max_size=25))
def test_a_pin_is_never_judged_at_the_door(inputs: list[Input]):
    machine = hands_list_with_the_pin(made("door unit"))
    for given_input in inputs:
        before = machine
        machine, effects = machine.step(given_input, NOON)
        if any(isinstance(effect, MoveBolt) for effect in effects):
            by_command = isinstance(given_input, Heard) and given_input.message.do is Do.UNLOCK  # type: ignore[attr-defined]
            by_badge = isinstance(given_input, BadgeShown) or before.reading.shown is not None
            assert by_command or by_badge
        assert isinstance(machine, DoorUnit)
        machine = replace(machine, lock=Bolt.LOCKED)
