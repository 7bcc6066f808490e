"""What hands hold to a reader and type at it, and what they tell of its answer: without a broker, the test answers."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from click.testing import CliRunner

from devices.channels import Bolt
from devices.messages import BadgeReadData, Command, Do, Signal
from devices.units import DoorUnit
from devices.units.steps import BadgeShown, Heard, Input, PinEntered, Show
from simulator.acts import Act, Tap
from simulator.building import Building, Door
from simulator.cli import main
from simulator.clock import WorldClock, now
from simulator.control import Control
from simulator.device import Surroundings, VirtualDevice
from simulator.endpoint import DataDir
from simulator.errors import InputError
from simulator.fleet import Fleet, no_readings
from simulator.hands import Hands
from simulator.people import SimPerson
from simulator.pocket import Pocket, pocket_of
from simulator.run import Liveliness
from simulator.world import World
from tests.support.leaping import LeapingLoop
from tests.unit.simulator.conftest import SPACES

GRACE = SimPerson("grace", "Grace Santos", "member", badge="04AF68DACB5A80", badge_format="iso14443a", pin="493817")
DIGITS, TOKEN = "493817", "qR-7f3k"


@pytest.fixture
def fleet(one_door: Building) -> Fleet:
    """A door that takes itself for connected: what it says reaches nobody, and the test answers in their stead."""
    endpoint = DataDir(Path("nowhere")).endpoint("mqtt://127.0.0.1:1", None, None, None)
    fleet = Fleet(one_door, endpoint, Surroundings(now, no_readings), seed=1)
    machine = unit(fleet)
    fleet.devices["door-front"].machine = replace(machine, voice=replace(machine.voice, online=True))
    return fleet


@pytest.fixture
def front(one_door: Building) -> Door:
    return one_door.doors["front"]


def unit(fleet: Fleet) -> DoorUnit:
    machine = fleet.devices["door-front"].machine
    assert isinstance(machine, DoorUnit)
    return machine


class Desk:
    """Answers what the door asks, in this order: "unlock", or the reason of a signal."""

    def __init__(self, device: VirtualDevice, *answers: str, reason: str | None = None) -> None:
        self.asked: list[Input] = []
        self._device = device
        self._answers = iter(answers)
        self._reason = reason
        self._number = count()
        self._feed = device.feed
        device.feed = self._hears  # type: ignore[method-assign]

    def _hears(self, given: Input) -> None:
        self._feed(given)
        if isinstance(given, BadgeShown | PinEntered):
            self.asked.append(given)
            asyncio.get_running_loop().call_soon(self._answer)

    def _answer(self) -> None:
        answer = next(self._answers)
        machine = self._device.machine
        assert isinstance(machine, DoorUnit)
        do, reason = (Do.UNLOCK, self._reason) if answer == "unlock" else (Do.SIGNAL, answer)
        said = Command(
            id=f"c{next(self._number)}", ts=now(), ttl_ms=3000, do=do, re=machine.reading.request, reason=reason
        )
        self._feed(Heard(said))


async def test_hands_type_the_pin_when_the_reader_asks_and_tell_what_it_showed(
    fleet: Fleet, one_door: Building, front: Door
):
    desk = Desk(fleet.devices["door-front"], "enter_pin", "unlock")

    outcome = await Hands(fleet, one_door).tap(GRACE, front, pin=DIGITS, walk=False)

    assert desk.asked[1] == PinEntered(DIGITS)
    assert outcome.in_words() == "enter your PIN\ngranted, front unlocked for 5 s"
    assert unit(fleet).lock is Bolt.UNLOCKED


async def test_a_wrong_pin_is_told_as_the_door_said_it(fleet: Fleet, one_door: Building, front: Door):
    Desk(fleet.devices["door-front"], "enter_pin", "pin_wrong")

    outcome = await Hands(fleet, one_door).tap(GRACE, front, pin="000000")

    assert (outcome.granted, outcome.in_words()) == (False, "enter your PIN\ndenied: pin_wrong")


async def test_whoever_is_asked_and_gave_no_pin_hears_how_to(fleet: Fleet, one_door: Building, front: Door):
    Desk(fleet.devices["door-front"], "enter_pin")

    outcome = await Hands(fleet, one_door).tap(GRACE, front)

    assert (outcome.granted, outcome.shown) == (False, Signal.ENTER_PIN)
    assert outcome.in_words() == "enter your PIN: the door waits 15 s for it; give it with --pin"


async def test_a_pin_nobody_asked_for_is_not_typed_after_a_badge(fleet: Fleet, one_door: Building, front: Door):
    desk = Desk(fleet.devices["door-front"], "outside_hours")

    outcome = await Hands(fleet, one_door).tap(GRACE, front, pin=DIGITS)

    assert len(desk.asked) == 1
    assert outcome.in_words() == "denied: outside_hours"


async def test_a_pin_alone_is_typed_at_once(fleet: Fleet, one_door: Building, front: Door):
    desk = Desk(fleet.devices["door-front"], "unlock")

    outcome = await Hands(fleet, one_door).use(Pocket(pin=DIGITS), front, walk=False)

    assert desk.asked == [PinEntered(DIGITS)]
    assert outcome.in_words() == "granted, front unlocked for 5 s"


async def test_a_token_is_shown_as_a_badge_is(fleet: Fleet, one_door: Building, front: Door):
    desk = Desk(fleet.devices["door-front"], "unlock")

    outcome = await Hands(fleet, one_door).use(pocket_of(None, "in", token=TOKEN), front, walk=False)

    assert desk.asked == [BadgeShown(BadgeReadData(token=TOKEN, direction="in"))]
    assert outcome.granted


async def test_in_grace_the_member_reads_that_a_payment_is_late(fleet: Fleet, one_door: Building, front: Door):
    Desk(fleet.devices["door-front"], "unlock", reason="in_grace")

    outcome = await Hands(fleet, one_door).tap(GRACE, front, walk=False)

    assert outcome.in_words() == "granted, front unlocked for 5 s — a payment is late"


async def test_a_running_simulator_takes_badge_and_pin_or_a_token(fleet: Fleet, one_door: Building):
    desk = Desk(fleet.devices["door-front"], "enter_pin", "pin_wrong", "unknown_credential")
    control = Control(Hands(fleet, one_door), one_door, [GRACE])

    with_pin = await control.answer({"do": "tap", "badge": "Grace Santos", "pin": DIGITS, "door": "front"})
    with_token = await control.answer({"do": "tap", "badge": "", "token": TOKEN, "door": "front"})

    assert with_pin["words"] == "enter your PIN\ndenied: pin_wrong"
    assert with_token["words"] == "denied: unknown_credential"
    assert len(desk.asked) == 3


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ({}, "nothing to show"),
        ({"badge": "Grace Santos", "token": TOKEN}, "one thing is shown at a time"),
        ({"pin": "12 34"}, "1 to 16 digits"),
        ({"pin": "secret"}, "1 to 16 digits"),
        ({"token": "t" * 257}, "at most 256 characters; this one has 257"),
    ],
)
async def test_what_no_reader_would_send_is_refused_without_repeating_it(
    fleet: Fleet, one_door: Building, held: dict[str, str], why: str
):
    control = Control(Hands(fleet, one_door), one_door, [GRACE])

    with pytest.raises(InputError, match=why) as error:
        await control.answer({"do": "tap", "door": "front", **held})

    assert not any(text in str(error.value) for text in (held.get("pin") or DIGITS, held.get("token") or TOKEN))


async def test_no_number_no_pin_and_no_token_is_in_a_repr_or_a_log(
    fleet: Fleet, one_door: Building, front: Door, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    Desk(fleet.devices["door-front"], "enter_pin", "pin_wrong", "unknown_credential")
    hands = Hands(fleet, one_door)
    pockets = [pocket_of(GRACE, "in", pin=DIGITS), pocket_of(None, "in", token=TOKEN)]

    outcomes = [await hands.use(pocket, front) for pocket in pockets]

    told = caplog.text + repr((pockets, outcomes, GRACE, unit(fleet)))
    assert not any(secret in told for secret in (GRACE.badge, DIGITS, TOKEN))


def test_a_dash_is_typed_unseen(tmp_path: Path):
    where = ["--space", str(SPACES / "one-door.yaml"), "--mqtt", "mqtt://h", "--data", str(tmp_path)]

    told = CliRunner().invoke(
        main, ["tap", "--token", "-", "--pin", "-", "--door", "front", *where], f"{TOKEN}\n12 34\n"
    )

    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.split("\n")[:2] == ["Token: ", "PIN: "]
    assert "a PIN is 1 to 16 digits" in told.stderr
    assert not any(secret in told.output for secret in (TOKEN, "12 34"))


# --- the world's people -----------------------------------------------------------------------------------------------


class OneTap:
    """A world in which somebody taps once, and stops with the answer."""

    def __init__(self, tap: Tap, stop: asyncio.Event) -> None:
        self.now = self.next_due = 0.0
        self.heard: list[bool] = []
        self._acts: Iterator[list[Act]] = iter([[tap]])
        self._stop = stop

    def advance(self, _: float) -> list[Act]:
        return next(self._acts, [])

    def answered(self, _: str, granted: bool) -> None:
        self.heard.append(granted)
        self._stop.set()


class PinReader:
    """A fleet whose one reader asks for a PIN, and opens for Grace's."""

    def __init__(self) -> None:
        self.typed: list[str] = []

    def tap(self, _: str, __: BadgeReadData, answer: object) -> None:
        answer(Show(Signal.ENTER_PIN))  # type: ignore[operator]

    def enter_pin(self, _: str, digits: str, answer: object) -> None:
        self.typed.append(digits)
        answer(Show(Signal.GRANTED if digits == DIGITS else Signal.DENIED))  # type: ignore[operator]


@pytest.mark.parametrize(("pin", "typed", "granted"), [(DIGITS, [DIGITS], True), ("", [], False)], ids=["pin", "none"])
def test_people_type_the_pin_they_have_and_go_away_without_one(front: Door, pin: str, typed: list[str], granted: bool):
    async def live() -> tuple[list[bool], list[str]]:
        stop, reader = asyncio.Event(), PinReader()
        world = OneTap(Tap(replace(GRACE, pin=pin), front, "door-front", "in"), stop)
        clock = cast("WorldClock", SimpleNamespace(speed=1.0, world=lambda _: 0.0))
        await Liveliness(cast("World", world), cast("Fleet", reader), clock).live(stop)
        return world.heard, reader.typed

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert runner.run(live()) == ([granted], typed)
