"""Doors with a keypad, from the badge to the bolt's command: what is asked, what is answered, and to which message."""

import asyncio
from dataclasses import replace

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.building import Door, PinMode
from controller.domain.facts import FactKind
from controller.domain.ids import CredentialId
from controller.domain.membership import Credential, CredentialKind
from controller.services.entry.pins import PIN_WITHIN
from devices.messages import BadgeReadData, Command, Do, Event, EventType, Signal
from tests.support.services import (
    ALICE,
    LAB_DOOR,
    LAB_UNIT,
    PEOPLE,
    SPACE,
    STRANGE_CARD,
    STREET,
    STREET_READER,
    STREET_UNIT,
    House,
    PlainDigests,
    with_door,
)

RIGHT, DURESS, WRONG = "493817", "493818", "000001"


def house_with(door: Door) -> House:
    """Alice has a PIN, and another for when somebody forces her."""
    pins = {
        digits: Credential(CredentialId(f"pin-{digits}"), ALICE.id, CredentialKind.PIN, is_duress=digits == DURESS)
        for digits in (RIGHT, DURESS)
    }
    people = replace(
        PEOPLE,
        credentials={**PEOPLE.credentials, **{pin.id: pin for pin in pins.values()}},
        digests={**PEOPLE.digests, **{PlainDigests().of_pin(digits): pin.id for digits, pin in pins.items()}},
    )
    house = House(space=with_door(SPACE, door), people=people)
    house.bring_up()
    return house


@pytest.fixture
async def house():
    """The lab wants a PIN after the badge."""
    return house_with(replace(LAB_DOOR, pin=PinMode.REQUIRED))


@pytest.fixture
async def keypad():
    """At the lab a PIN by itself will do."""
    return house_with(replace(LAB_DOOR, pin=PinMode.ALLOWED))


async def types(house: House, digits: str, id: str = "pin-1", reader: str = LAB_UNIT, **how: bool) -> None:
    house.say(reader, Event(id=id, type=EventType.PIN_ENTERED, data=BadgeReadData(pin=digits)), **how)
    await house.settled()


def told(house: House) -> list[tuple[str, str | None, str | None]]:
    """What every device was told: to whom, the answer to which message, and what it is."""
    commands = [(sent.device, sent.message) for sent in house.outbound.sent if isinstance(sent.message, Command)]
    return [
        (device, command.re, command.reason if command.do is Do.SIGNAL else str(command.do))
        for device, command in commands
    ]


async def test_the_badge_is_answered_with_a_wish_for_its_pin_and_the_pin_with_the_unlock(house):
    await house.tap(LAB_UNIT)
    asked = told(house)
    await types(house, RIGHT)

    assert asked == [(LAB_UNIT, "read-1", "enter_pin")]
    assert told(house)[1:] == [(LAB_UNIT, "pin-1", "unlock")]
    (granted,) = house.heard_of(FactKind.ENTRY_GRANTED)
    assert (granted.message_id, granted.correlation, granted.person) == ("pin-1", "read-1", ALICE.id)


async def test_the_wish_for_a_pin_is_shown_as_one_and_not_as_a_denial(house):
    await house.tap(LAB_UNIT)

    assert [sent.message.shows for sent in house.outbound.sent] == [Signal.ENTER_PIN]


async def test_a_reader_apart_from_its_lock_hears_of_the_pin_and_the_lock_unlocks_for_it():
    house = house_with(replace(STREET, pin=PinMode.REQUIRED))

    await house.tap()
    await types(house, RIGHT, reader=STREET_READER)

    assert told(house) == [
        (STREET_READER, "read-1", "enter_pin"),
        (STREET_UNIT, "pin-1", "unlock"),
        (STREET_READER, "pin-1", None),
    ]


async def test_a_wrong_pin_is_denied_and_ends_the_question(house):
    await house.tap(LAB_UNIT)
    await types(house, WRONG)
    await types(house, RIGHT, "pin-2")

    (_, denied, after) = told(house)
    assert denied == (LAB_UNIT, "pin-1", "pin_wrong")
    assert after[2] != "unlock"


async def test_a_badge_nobody_knows_is_not_asked_for_a_pin(house):
    await house.tap(LAB_UNIT, STRANGE_CARD)

    assert told(house) == [(LAB_UNIT, "read-1", "unknown_credential")]


async def test_nobody_typing_for_fifteen_seconds_is_a_denial_for_the_pins_timeout(house):
    await house.tap(LAB_UNIT)
    await asyncio.sleep(PIN_WITHIN + 0.1)
    await house.settled()
    await types(house, RIGHT)

    (denied, _) = house.heard_of(FactKind.ENTRY_DENIED)
    assert (denied.detail["reason"], denied.correlation) == ("pin_timeout", "read-1")
    assert "unlock" not in [what for _, _, what in told(house)]


async def test_five_wrong_pins_lock_pins_out_and_raise_one_alarm(house):
    for number in range(5):
        await house.tap(LAB_UNIT, id=f"read-{number}")
        await types(house, WRONG, f"wrong-{number}")
    await house.tap(LAB_UNIT, id="read-right")
    await types(house, RIGHT, "right")

    assert told(house)[-2:] == [(LAB_UNIT, "read-right", "enter_pin"), (LAB_UNIT, "right", "pin_locked_out")]
    assert [alarm.kind for alarm in house.alarms.open] == [AlarmKind.PIN_LOCKED_OUT]


async def test_a_duress_pin_opens_as_the_right_one_does_and_raises_a_silent_alarm(house):
    await house.tap(LAB_UNIT)
    await types(house, DURESS)

    assert told(house) == [(LAB_UNIT, "read-1", "enter_pin"), (LAB_UNIT, "pin-1", "unlock")]
    assert [(alarm.kind, alarm.subject.person) for alarm in house.alarms.open] == [(AlarmKind.DURESS, ALICE.id)]
    assert "duress" not in str(house.feed.snapshot())


async def test_a_duress_pin_that_opens_nothing_alerts_silently_too(house):
    banned = replace(house.index.people, people={ALICE.id: replace(ALICE, banned=True)})
    house.index.load(banned)

    await house.tap(LAB_UNIT)
    await types(house, DURESS)

    assert told(house)[1:] == [(LAB_UNIT, "pin-1", "banned")]
    assert [(alarm.kind, alarm.subject.person) for alarm in house.alarms.open] == [(AlarmKind.DURESS, ALICE.id)]
    assert "duress" not in str(house.feed.snapshot())


@pytest.mark.parametrize(
    ("digits", "what"),
    [(RIGHT, "unlock"), (DURESS, "unlock"), (WRONG, "pin_wrong")],
    ids=["right", "duress", "wrong"],
)
async def test_a_pin_alone_is_answered_where_it_is_a_credential(keypad, digits, what):
    await types(keypad, digits)

    assert told(keypad) == [(LAB_UNIT, "pin-1", what)]


async def test_a_pin_alone_that_is_locked_out_is_told_as_such_and_not_as_an_unknown_badge(keypad):
    await guesses_five_times(keypad, EventType.PIN_ENTERED)
    await types(keypad, RIGHT)

    assert [what for _, _, what in told(keypad)] == ["pin_wrong"] * 5 + ["pin_locked_out"]


async def test_a_pin_alone_opens_nothing_where_it_is_none(house):
    await types(house, RIGHT)

    (answer,) = told(house)
    assert answer[2] != "unlock"


async def guesses_five_times(house: House, event_type: EventType) -> None:
    for number in range(5):
        guess = Event(id=f"guess-{number}", type=event_type, data=BadgeReadData(pin=f"00000{number}"))
        house.say(LAB_UNIT, guess)
        await house.settled()


@pytest.mark.parametrize("event_type", [EventType.PIN_ENTERED, EventType.BADGE_READ])
async def test_guessing_pins_that_are_credentials_locks_them_out_whatever_the_keypad_calls_them(keypad, event_type):
    await guesses_five_times(keypad, event_type)
    keypad.say(LAB_UNIT, Event(id="right", type=event_type, data=BadgeReadData(pin=RIGHT)))
    await keypad.settled()

    assert "unlock" not in [what for _, _, what in told(keypad)]
    assert [alarm.kind for alarm in keypad.alarms.open] == [AlarmKind.PIN_LOCKED_OUT]


async def test_a_lockout_of_pins_alone_survives_a_restart(keypad):
    await guesses_five_times(keypad, EventType.PIN_ENTERED)
    again = house_with(replace(LAB_DOOR, pin=PinMode.ALLOWED))
    await again.services.recall(keypad.log.facts, {})

    await types(again, RIGHT)

    assert "unlock" not in [what for _, _, what in told(again)]


async def test_a_pin_said_twice_opens_once(keypad):
    await types(keypad, RIGHT)
    await types(keypad, RIGHT)

    assert [what for _, _, what in told(keypad)].count("unlock") == 1


async def test_a_retained_pin_opens_nothing(keypad):
    await types(keypad, RIGHT, retained=True)

    assert told(keypad) == []


async def test_no_digits_are_in_any_fact_or_on_any_screen(house):
    await house.tap(LAB_UNIT)
    await types(house, WRONG)
    await house.tap(LAB_UNIT, id="read-2")
    await types(house, RIGHT, "pin-2")

    seen = str((house.told, [logged.fact for logged in house.log.facts], house.feed.snapshot(), house.outbound.sent))
    assert not any(digits in seen for digits in (RIGHT, WRONG))
