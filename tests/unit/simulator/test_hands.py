"""What hands do to a door, without a broker: who holds it open, who lets it fall shut, and what they tell."""

import asyncio
from pathlib import Path

import pytest

from devices.units import DoorUnit
from devices.units.steps import ButtonPressed
from simulator.building import Building, Door
from simulator.clock import now
from simulator.control import Control
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.errors import InputError
from simulator.fleet import Fleet, no_readings
from simulator.hands import Hands, Stood


@pytest.fixture
def fleet(one_door: Building) -> Fleet:
    """Devices that never connect: they feel what hands do, and nobody hears of it."""
    endpoint = DataDir(Path("nowhere")).endpoint("mqtt://127.0.0.1:1", None, None, None)
    return Fleet(one_door, endpoint, Surroundings(now, no_readings), seed=1)


@pytest.fixture
def front(one_door: Building) -> Door:
    return one_door.doors["front"]


def stands_open(fleet: Fleet, door: Door) -> bool:
    unit = fleet.devices[door.unit].machine
    assert isinstance(unit, DoorUnit)
    return unit.is_open


async def test_whoever_walks_through_a_held_door_leaves_it_open(fleet: Fleet, front: Door):
    with fleet.held_open(front):
        fleet.move_leaf(front, True)
        fleet.move_leaf(front, False)
        assert stands_open(fleet, front)

    assert not stands_open(fleet, front)


async def test_a_door_held_by_two_falls_shut_after_the_second(fleet: Fleet, front: Door):
    with fleet.held_open(front):
        with fleet.held_open(front):
            pass
        assert stands_open(fleet, front)

    assert not stands_open(fleet, front)


async def test_a_door_that_is_not_held_falls_shut_behind_people(fleet: Fleet, front: Door):
    fleet.move_leaf(front, True)
    fleet.move_leaf(front, False)

    assert not stands_open(fleet, front)


async def test_hands_called_away_let_go(fleet: Fleet, one_door: Building, front: Door):
    holding = asyncio.create_task(Hands(fleet, one_door).open(front, 3600))
    await asyncio.sleep(0)
    assert stands_open(fleet, front)

    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)

    assert not stands_open(fleet, front)


async def test_hands_tell_how_long_it_was_and_that_it_was_forced(fleet: Fleet, one_door: Building, front: Door):
    stood = await Hands(fleet, one_door).open(front, 0.02)

    assert (stood.forced, stood.felt, stood.still_open) == (True, True, False)
    assert stood.held_for_s >= 0.02


async def test_hands_that_let_go_of_a_door_somebody_else_holds_say_so(fleet: Fleet, one_door: Building, front: Door):
    with fleet.held_open(front):
        stood = await Hands(fleet, one_door).open(front, 0)

    assert (stood.forced, stood.still_open) == (False, True)


@pytest.mark.parametrize(
    ("stood", "words"),
    [
        (Stood("a", "A", 75.04, False, True, False), "A: stood open for 75 s"),
        (Stood("a", "A", 12.34, True, True, False), "A: forced, stood open for 12.3 s"),
        (
            Stood("a", "A", 0.052, False, False, False),
            "A: stood open for 0.05 s, but it has no contact and could not tell",
        ),
        (Stood("a", "A", 5, False, True, True), "A: stood open for 5 s; somebody else still holds it"),
    ],
)
def test_what_is_told_is_what_happened(stood: Stood, words: str):
    assert stood.in_words() == words


async def test_a_simulator_of_strangers_calls_nobody_by_name(fleet: Fleet, one_door: Building, tmp_path: Path):
    control = Control(Hands(fleet, one_door), one_door, (), DataDir(tmp_path).nobody_known())

    with pytest.raises(InputError, match="there are no people known here"):
        await control.answer({"do": "tap", "badge": "Grace Santos", "door": "front"})


@pytest.mark.parametrize("named", ["booth", "podcast BOOTH"])
async def test_the_booths_button_is_pressed_by_its_rooms_id_or_name(
    parisoma: Building, named: str, monkeypatch: pytest.MonkeyPatch
):
    endpoint = DataDir(Path("nowhere")).endpoint("mqtt://127.0.0.1:1", None, None, None)
    fleet = Fleet(parisoma, endpoint, Surroundings(now, no_readings), only=["light-booth"], seed=1)
    pressed: list[object] = []
    monkeypatch.setattr(fleet.devices["light-booth"], "feed", pressed.append)
    answer = await Control(Hands(fleet, parisoma), parisoma, ()).answer({"do": "press-button", "room": named})

    assert pressed == [ButtonPressed()]
    assert answer == {"room": "booth", "words": f"{parisoma.areas['booth'].name}: the button was pressed"}


async def test_a_room_without_a_button_and_no_room_are_told_which_has_one(parisoma: Building, fleet: Fleet):
    control = Control(Hands(fleet, parisoma), parisoma, ())

    with pytest.raises(InputError, match="Minna has no button; there is one in booth"):
        await control.answer({"do": "press-button", "room": "minna"})
    with pytest.raises(InputError, match="no room 'boot'; did you mean 'booth'"):
        await control.answer({"do": "press-button", "room": "boot"})
