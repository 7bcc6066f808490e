"""The booth's light: asked for with an end, told until it hears, and shown as on only when it says so."""

from datetime import timedelta

import pytest

from controller.domain.facts import Fact, FactKind
from controller.services.ports import LoggedFact
from controller.services.rooms.booth import SESSION
from devices.errors import NotConnected
from devices.messages import Desired, DeviceState, Event, EventType, State, Status
from tests.support.services import BOOTH, LIGHT, NOON, SENSOR, STUDY, HandClock, House


@pytest.fixture
def house():
    house = House(clock=HandClock())
    house.bring_up()
    says(house, False)
    house.told.clear()
    return house


def press(house: House, id: str = "press-1", **more) -> None:
    how = {name: more.pop(name) for name in ("backlog",) if name in more}
    house.say(LIGHT, Event(id=id, type=EventType.BUTTON, **more), **how)


def says(house: House, on: object) -> None:
    """The light reports what it shows."""
    house.say(LIGHT, State(ts=house.clock.now(), v={"onair": on}))


def wishes(house: House) -> list[tuple[object, object]]:
    desired = [message for message in house.outbound.to(LIGHT) if isinstance(message, Desired)]
    return [(one.v["onair"].value, one.v["onair"].until) for one in desired]


def shown(house: House) -> str:
    return str(house.booths.shown(BOOTH))


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_press_asks_for_on_air_with_an_end(house):
    press(house)

    assert wishes(house) == [(True, NOON + SESSION)]
    assert shown(house) == "requested"


def test_it_is_shown_as_on_only_once_the_light_confirms(house):
    press(house)
    before = shown(house)
    says(house, True)

    assert (before, shown(house)) == ("requested", "on")
    states = [fact.detail["state"] for fact in house.heard_of(FactKind.ON_AIR_CHANGED)]
    assert states == ["requested", "on"]


def test_a_second_press_ends_it_and_it_is_off_once_the_light_says_so(house):
    press(house, "press-1")
    says(house, True)
    press(house, "press-2")
    ending = shown(house)
    says(house, False)

    assert wishes(house)[-1] == (False, None)
    assert (ending, shown(house)) == ("ending", "off")


def test_the_same_press_told_twice_is_one_press(house):
    press(house, "press-1")
    press(house, "press-1")

    assert wishes(house) == [(True, NOON + SESSION)]
    assert len(house.heard_of(FactKind.BUTTON_PRESSED)) == 1


@pytest.mark.parametrize("late", [{"ts": NOON - timedelta(seconds=6)}, {"age_ms": 6_000}, {"backlog": True}], ids=str)
def test_a_late_press_is_recorded_and_lights_nothing(house, late):
    press(house, **late)

    assert wishes(house) == []
    assert len(house.heard_of(FactKind.BUTTON_PRESSED)) == 1
    assert shown(house) == "off"


def test_a_button_elsewhere_is_noted_and_lights_nothing(house):
    house.say(SENSOR, Event(id="press-1", type=EventType.BUTTON))

    assert house.outbound.sent == []
    assert [fact.device for fact in house.heard_of(FactKind.BUTTON_PRESSED)] == [SENSOR]


def test_when_the_end_has_come_the_next_press_asks_anew(house):
    press(house, "press-1")
    says(house, True)
    house.clock.advance(SESSION.total_seconds())
    house.booths.look()
    ended = shown(house)
    press(house, "press-2")

    assert ended == "ending"
    assert wishes(house)[-1] == (True, NOON + 2 * SESSION)


# --- when the light or the line is gone -------------------------------------------------------------------------------


def test_a_lost_light_is_unknown_and_never_on(house):
    press(house)
    says(house, True)
    house.say(LIGHT, Status(state=DeviceState.LOST, boot="boot-1"))

    assert shown(house) == "unknown"


def test_a_light_that_comes_back_is_believed_again(house):
    press(house)
    says(house, True)
    house.say(LIGHT, Status(state=DeviceState.LOST, boot="boot-1"))
    house.say(LIGHT, Status(state=DeviceState.READY, boot="boot-1"))

    assert shown(house) == "on"


def test_a_light_that_could_not_be_told_is_told_once_there_is_a_line(house):
    house.outbound.failure = NotConnected("broker:1883: not connected")
    press(house)
    house.clock.advance(3)
    house.booths.look()
    house.outbound.failure = None
    house.booths.look()
    house.booths.look()

    assert wishes(house) == [(True, NOON + SESSION)]


@pytest.mark.parametrize("said", ["on", 1, None], ids=["a word", "a number", "no reading"])
def test_what_is_neither_true_nor_false_says_nothing(house, said):
    says(house, said)

    assert shown(house) == "unknown"


# --- through a restart ------------------------------------------------------------------------------------------------


def on_air_fact(wanted: bool, until: str | None, device: str = LIGHT) -> LoggedFact:
    detail = {"state": "on", "wanted": wanted, "until": until}
    return LoggedFact(1, Fact(FactKind.ON_AIR_CHANGED, NOON, device=device, area=BOOTH, detail=detail))


@pytest.mark.parametrize(
    ("facts", "after"),
    [
        ([on_air_fact(True, (NOON + timedelta(minutes=20)).isoformat())], "on"),
        ([on_air_fact(True, (NOON - timedelta(minutes=1)).isoformat())], "ending"),
        ([on_air_fact(True, (NOON + SESSION).isoformat()), on_air_fact(False, None)], "ending"),
        ([on_air_fact(True, (NOON + SESSION).isoformat(), "light-of-another-day")], "ending"),
    ],
    ids=["not over yet", "over meanwhile", "ended before", "of a light that is gone"],
)
def test_after_a_restart_what_was_asked_for_holds_until_its_end(facts, after):
    house = House(clock=HandClock())
    house.booths.recall(facts)
    house.bring_up()
    says(house, True)

    assert shown(house) == after


def test_a_room_without_a_light_has_nothing_to_show(house):
    assert house.booths.shown(STUDY) is None
