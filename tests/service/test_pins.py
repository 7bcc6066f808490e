"""PINs at a door: asked for after the badge, compared, and guarded against guessing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.building import PinMode
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import CredentialId, DeviceId, PersonId
from controller.domain.membership import Credential, CredentialKind, CredentialState, Person
from controller.domain.rights import Read
from controller.domain.shared import PinEntry
from controller.services.entry.pins import ASKED_KEPT, PIN_WITHIN, Asked, Pins
from controller.services.ports import LoggedFact
from devices.badges import Badge
from tests.support.services import ALICE, CARD, LAB_DOOR, LAB_UNIT, NOON, STREET_READER, LoopClock

BOB = Person(PersonId("bob"), "Bob")
DOOR = replace(LAB_DOOR, pin=PinMode.REQUIRED)
RIGHT, DURESS, BOBS, BLOCKED, EXPIRED = "493817", "493818", "271828", "161803", "141421"


def pin_of(person: Person, **more: object) -> Credential:
    made = Credential(CredentialId(f"pin-{person.id}"), person.id, CredentialKind.PIN)
    return replace(made, **more)  # type: ignore[arg-type]


KNOWN = {
    RIGHT: (pin_of(ALICE), ALICE),
    DURESS: (pin_of(ALICE, is_duress=True), ALICE),
    BOBS: (pin_of(BOB), BOB),
    BLOCKED: (pin_of(ALICE, state=CredentialState.BLOCKED), ALICE),
    EXPIRED: (pin_of(ALICE, valid_until=NOON), ALICE),
}


class PlainPins:
    """The PinDigests port without a key."""

    def of_pin(self, digits: str) -> bytes:
        return digits.encode()


class Keypad:
    """Pins, and what came of them."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.facts: list[Fact] = []
        self.timed_out: list[Asked] = []
        self.alerts: list[tuple[str, str]] = []
        self.pins = self._pins()

    def _pins(self) -> Pins:
        return Pins(
            digests=PlainPins(),
            lookup=lambda digest: KNOWN.get(digest.decode(), (None, None)),
            note=self.facts.append,
            timed_out=self.timed_out.append,
            locked_out=lambda door, reader: self.alerts.append((door, reader)),
            clock=self.clock,
        )

    def restarts(self, *facts: Fact) -> None:
        self.pins = self._pins()
        self.pins.recall(LoggedFact(place, fact) for place, fact in enumerate(facts))

    def badge(self, person: Person = ALICE, id: str = "read-1", reader: DeviceId = LAB_UNIT) -> bool:
        now = self.clock.now()
        badge = Badge(CARD, 56, "iso14443a")
        asked = Asked(Read(reader, id, now, now, 0.0), DOOR, person.id.encode(), badge, person)
        return self.pins.ask(asked)

    def enters(self, digits: str, reader: DeviceId = LAB_UNIT) -> PinEntry | None:
        asked = self.pins.take(reader)
        return self.pins.judge(asked, digits) if asked is not None else None

    def guesses(self, times: int, reader: DeviceId = LAB_UNIT) -> list[PinEntry | None]:
        answers = []
        for number in range(times):
            self.badge(id=f"guess-{self.clock.monotonic()}-{number}", reader=reader)
            answers.append(self.enters(f"{number:06}", reader))
        return answers


@pytest.fixture
async def keypad():
    return Keypad()


@pytest.mark.parametrize(
    ("digits", "entry"),
    [
        (RIGHT, PinEntry.RIGHT),
        (DURESS, PinEntry.DURESS),
        ("000000", PinEntry.WRONG),
        (BOBS, PinEntry.WRONG),
        (BLOCKED, PinEntry.WRONG),
        (EXPIRED, PinEntry.WRONG),
    ],
    ids=["right", "duress", "nobody's", "right for somebody else", "blocked", "expired"],
)
async def test_the_pin_after_the_badge(keypad, digits, entry):
    keypad.badge()

    assert keypad.enters(digits) is entry


async def test_asking_is_recorded_without_a_number(keypad):
    keypad.badge()

    (fact,) = keypad.facts
    assert (fact.kind, fact.person, fact.device, fact.correlation, fact.message_id) == (
        FactKind.PIN_ASKED,
        ALICE.id,
        LAB_UNIT,
        "read-1",
        None,
    )
    assert fact.detail == {}


async def test_pin_timeout_after_fifteen_seconds(keypad):
    keypad.badge()
    await asyncio.sleep(PIN_WITHIN - 0.1)
    in_time = list(keypad.timed_out)
    await asyncio.sleep(0.2)

    assert in_time == []
    assert [asked.read.message_id for asked in keypad.timed_out] == ["read-1"]
    assert keypad.enters(RIGHT) is None


async def test_a_pin_entered_in_time_does_not_time_out_later(keypad):
    keypad.badge()
    keypad.enters(RIGHT)
    await asyncio.sleep(PIN_WITHIN * 2)

    assert keypad.timed_out == []


async def test_a_pin_at_another_reader_is_not_this_badges(keypad):
    keypad.badge()

    assert keypad.enters(RIGHT, STREET_READER) is None


async def test_another_badge_gives_up_the_one_that_waited(keypad):
    keypad.badge()
    keypad.badge(BOB, "read-2")

    assert [asked.read.message_id for asked in keypad.timed_out] == ["read-1"]
    assert keypad.enters(BOBS) is PinEntry.RIGHT


async def test_the_same_badge_shown_again_begins_anew(keypad):
    keypad.badge()
    await asyncio.sleep(PIN_WITHIN - 1)
    keypad.badge(id="read-2")
    await asyncio.sleep(PIN_WITHIN - 1)

    assert keypad.timed_out == []
    assert keypad.enters(RIGHT) is PinEntry.RIGHT


async def test_a_repeat_of_the_badges_read_asks_for_nothing(keypad):
    keypad.badge()
    keypad.enters(RIGHT)

    assert keypad.badge() is False
    assert keypad.enters(RIGHT) is None
    assert len(keypad.facts) == 1


async def test_what_was_asked_is_remembered_within_bounds(keypad):
    for number in range(ASKED_KEPT + 10):
        keypad.badge(id=f"read-{number}")

    assert keypad.badge(id="read-0") is True


async def test_5_wrong_in_5_min_locks_pins_on_that_reader_for_5_min_and_alerts(keypad):
    answers = keypad.guesses(5)
    before = keypad.alerts.copy()
    keypad.badge(id="right-one")
    locked = keypad.enters(RIGHT)
    await asyncio.sleep(299)
    keypad.badge(id="still-early")
    still = keypad.enters(RIGHT)
    await asyncio.sleep(2)
    keypad.badge(id="in-time")

    assert answers == [PinEntry.WRONG] * 5
    assert (before, keypad.alerts) == ([(DOOR.id, LAB_UNIT)], [(DOOR.id, LAB_UNIT)])
    assert (locked, still, keypad.enters(RIGHT)) == (PinEntry.LOCKED_OUT, PinEntry.LOCKED_OUT, PinEntry.RIGHT)


async def test_a_lockout_is_of_one_reader(keypad):
    keypad.guesses(5)
    keypad.badge(reader=STREET_READER, id="other")

    assert keypad.enters(RIGHT, STREET_READER) is PinEntry.RIGHT


async def test_a_lockout_survives_a_restart(keypad):
    wrong = Fact(FactKind.ENTRY_DENIED, NOON - timedelta(minutes=1), device=LAB_UNIT, detail={"reason": "pin_wrong"})
    long_ago = replace(wrong, at=NOON - timedelta(hours=1), device=STREET_READER)
    keypad.restarts(*[long_ago] * 5, *[wrong] * 5)
    keypad.badge()
    keypad.badge(id="elsewhere", reader=STREET_READER)

    assert keypad.enters(RIGHT) is PinEntry.LOCKED_OUT
    assert keypad.enters(RIGHT, STREET_READER) is PinEntry.RIGHT


async def test_a_pin_alone_is_a_credential(keypad):
    alone = keypad.pins.alone(LAB_UNIT, DOOR, RIGHT)
    duress = keypad.pins.alone(LAB_UNIT, DOOR, DURESS)

    assert (alone.entry, alone.digest) == (PinEntry.RIGHT, RIGHT.encode())
    assert duress.entry is PinEntry.DURESS


async def test_a_wrong_pin_alone_is_nobodys_and_counts_against_the_reader(keypad):
    answers = [keypad.pins.alone(LAB_UNIT, DOOR, f"{number:06}") for number in range(5)]
    locked = keypad.pins.alone(LAB_UNIT, DOOR, RIGHT)

    assert {(one.entry, one.digest) for one in answers} == {(PinEntry.WRONG, None)}
    # Locked out, not even whose PIN it is may show.
    assert (locked.entry, locked.digest) == (PinEntry.LOCKED_OUT, None)
    assert keypad.alerts == [(DOOR.id, LAB_UNIT)]


async def test_a_blocked_pin_alone_is_for_the_decision_to_refuse(keypad):
    assert keypad.pins.alone(LAB_UNIT, DOOR, BLOCKED).digest == BLOCKED.encode()


async def test_no_pin_and_no_number_shows_in_what_is_kept(keypad):
    keypad.badge()
    asked = keypad.pins.take(LAB_UNIT)

    shown = repr((asked, keypad.pins.alone(LAB_UNIT, DOOR, RIGHT), keypad.facts))
    assert RIGHT not in shown
    assert CARD not in shown
