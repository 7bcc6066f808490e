"""Homie 5: its states in order, its description, retained values as plain text, and what may be set."""

import pytest

from devices.channels import Bolt
from devices.units.steps import ButtonPressed, ContactFelt, Tampered
from simulator.building import Building
from tests.support.tongues import Speaker, speaker

BASE = "homie/5/door-street"


@pytest.fixture
def door(parisoma: Building) -> Speaker:
    return speaker(parisoma, "door-street", "homie").connect()


def test_it_is_init_until_it_is_described_and_ready_after_its_values(door: Speaker):
    states = [say.body.decode() for say in door.said if say.topic == f"{BASE}/$state"]

    assert states == ["init", "ready"]
    assert door.topics[:2] == [f"{BASE}/$state", f"{BASE}/$description"]
    assert door.topics[-1] == f"{BASE}/$state"
    assert all(say.retain and say.qos == 1 for say in door.said)


def test_it_is_lost_by_its_last_will_and_disconnected_by_its_own_word(door: Speaker):
    will = door.tongue.will

    assert will is not None
    assert (will.topic, will.body, will.retain) == (f"{BASE}/$state", b"lost", True)
    assert [say.body for say in door.tongue.leaves(door.now)] == [b"disconnected"]


def test_the_description_names_nodes_and_properties_with_their_types(door: Speaker):
    described = door.json(f"{BASE}/$description")

    assert (described["homie"], described["name"]) == ("5.0", "Street door")
    assert isinstance(described["version"], int)
    assert described["nodes"]["door"]["properties"] == {
        "lock": {"name": "lock", "datatype": "enum", "format": "locked,unlocked", "settable": True},
        "jammed": {"name": "jammed", "datatype": "boolean"},
        "exit": {"name": "exit button", "datatype": "boolean"},
        "contact": {"name": "contact", "datatype": "enum", "format": "open,closed"},
        "badge": {"name": "badge", "datatype": "string", "retained": False},
    }


def test_the_version_is_another_when_the_description_is(parisoma: Building):
    first, second = (
        speaker(parisoma, device, "homie").connect().json(f"homie/5/{device}/$description")["version"]
        for device in ("sensor-lobby", "sensor-open-space")
    )

    assert first != second


def test_readings_are_retained_numbers_as_text_and_nothing_where_there_is_none(parisoma: Building):
    room = speaker(parisoma, "sensor-open-space", "homie").connect().forget()

    room.measure(temperature=21.4, co2=612.2, noise="nan", presence=False)

    assert [(say.topic.rpartition("/")[2], say.body) for say in room.said] == [
        ("temperature", b"21.4"),
        ("co2", b"612"),
        ("presence", b"false"),
    ]
    assert all(say.retain for say in room.said)


def test_set_draws_the_bolt_and_tells_the_intent_before_the_value(door: Speaker):
    door.forget().hear(f"{BASE}/door/lock/set", "unlocked")

    assert door.drawn_for == [Bolt.UNLOCKED]
    assert [(say.topic, say.body) for say in door.said] == [
        (f"{BASE}/door/lock/$target", b"unlocked"),
        (f"{BASE}/door/lock", b"unlocked"),
    ]
    assert door.fire("relock").text(f"{BASE}/door/lock") == "locked"


@pytest.mark.parametrize(
    ("name", "value"), [("lock", "open"), ("lock", "UNLOCKED"), ("contact", "open"), ("jammed", "true")]
)
def test_a_value_the_property_does_not_allow_is_ignored(door: Speaker, name: str, value: str):
    assert door.forget().hear(f"{BASE}/door/{name}/set", value).said == []
    assert door.drawn_for == []


def test_what_changes_is_said_and_nothing_else(door: Speaker):
    door.forget().feed(ContactFelt(True))

    assert [(say.topic, say.body) for say in door.said] == [(f"{BASE}/door/contact", b"open")]


def test_a_stuck_bolt_is_a_property_of_its_own(door: Speaker):
    door.is_stuck = True

    assert door.hear(f"{BASE}/door/lock/set", "unlocked").fire("bolt").text(f"{BASE}/door/jammed") == "true"


def test_a_badge_is_neither_retained_nor_sure_to_arrive(parisoma: Building):
    reader = speaker(parisoma, "reader-street", "homie").connect().forget().tap()

    assert [(say.topic, say.body, say.qos, say.retain) for say in reader.said] == [
        ("homie/5/reader-street/reader/badge", b"04AF68DACB5A80", 0, False)
    ]


def test_a_cover_that_is_off_is_an_alert_for_people(parisoma: Building):
    reader = speaker(parisoma, "reader-street", "homie").connect().feed(Tampered())

    assert reader.last("homie/5/reader-street/$alert/tamper").retain


def test_a_lamp_is_a_boolean_in_lower_case(parisoma: Building):
    lamp = speaker(parisoma, "light-booth", "homie").connect()

    assert lamp.hear("homie/5/light-booth/onair/on/set", "true").text("homie/5/light-booth/onair/on") == "true"
    assert lamp.hear("homie/5/light-booth/onair/on/set", "TRUE").text("homie/5/light-booth/onair/on") == "true"
    assert lamp.hear("homie/5/light-booth/onair/on/set", "false").text("homie/5/light-booth/onair/on") == "false"
    button = lamp.feed(ButtonPressed()).last("homie/5/light-booth/onair/button")
    assert (button.body, button.retain) == (b"short", False)
