"""Zigbee2MQTT 2.x: a bridge of its own, its devices' exposes, their states, and what it is asked."""

import json

import pytest

from devices.channels import Bolt
from devices.units.steps import ButtonPressed, ContactFelt
from simulator.building import Building
from tests.support.tongues import speaker

BASE = "zigbee2mqtt/sensor-lobby"


def test_a_bridge_says_it_is_there_and_what_is_behind_it(parisoma: Building):
    lobby = speaker(parisoma, "sensor-lobby", "zigbee2mqtt").connect()

    assert lobby.topics[:4] == [
        f"{BASE}/bridge/state",
        f"{BASE}/bridge/info",
        f"{BASE}/bridge/devices",
        f"{BASE}/Lobby/availability",
    ]
    assert all(say.retain and say.qos == 1 for say in lobby.said[:4])
    assert lobby.json(f"{BASE}/bridge/state") == {"state": "online"}
    assert lobby.json(f"{BASE}/Lobby/availability") == {"state": "online"}
    coordinator, sensor = lobby.json(f"{BASE}/bridge/devices")
    assert coordinator["type"] == "Coordinator"
    assert sensor["friendly_name"] == "Lobby"
    assert sensor["ieee_address"].startswith("0x")
    assert len(sensor["ieee_address"]) == 18
    assert (sensor["supported"], sensor["disabled"], sensor["interview_completed"]) == (True, False, True)
    assert (sensor["power_source"], sensor["model_id"]) == ("Battery", sensor["definition"]["model"])
    assert {(each["type"], each["property"], each.get("unit")) for each in sensor["definition"]["exposes"]} == {
        ("numeric", "temperature", "°C"),
        ("numeric", "humidity", "%"),
        ("numeric", "co2", "ppm"),
        ("numeric", "noise", "dBA"),
        ("binary", "occupancy", None),
        ("numeric", "battery", "%"),
        ("numeric", "voltage", "mV"),
        ("numeric", "linkquality", "lqi"),
    }
    assert all(each["access"] == 1 for each in sensor["definition"]["exposes"])


def test_its_last_will_and_its_goodbye_are_that_of_the_bridge(parisoma: Building):
    tongue = speaker(parisoma, "sensor-lobby", "zigbee2mqtt").tongue

    assert tongue.will is not None
    assert (tongue.will.topic, tongue.will.retain, tongue.will.qos) == (f"{BASE}/bridge/state", True, 1)
    assert json.loads(tongue.will.body) == {"state": "offline"}


def test_a_state_repeats_all_that_is_known_and_is_not_retained(parisoma: Building):
    lobby = speaker(parisoma, "sensor-lobby", "zigbee2mqtt").connect().forget()

    lobby.measure(temperature=21.4, humidity=40.2, co2=612, noise=41.5, presence=True).measure(temperature=21.6)

    assert lobby.topics == [f"{BASE}/Lobby"] * 2
    assert not lobby.said[1].retain
    assert lobby.json(f"{BASE}/Lobby") == {
        "battery": 100, "voltage": 3000, "temperature": 21.6, "humidity": 40.2, "co2": 612, "noise": 41.5,
        "occupancy": True, "linkquality": 168,
    }  # fmt: skip


def test_what_cannot_be_read_is_null_and_no_word(parisoma: Building):
    lobby = speaker(parisoma, "sensor-lobby", "zigbee2mqtt").connect()

    lobby.measure(temperature="nan", co2=None)

    assert lobby.json(f"{BASE}/Lobby")["temperature"] is None
    assert lobby.json(f"{BASE}/Lobby")["co2"] is None


def test_a_contact_that_is_true_is_closed(parisoma: Building):
    windows = speaker(parisoma, "sensor-open-space-windows", "zigbee2mqtt").connect()
    topic = "zigbee2mqtt/sensor-open-space-windows/Open space"

    windows.measure(window="closed")
    assert windows.json(topic)["contact"] is True
    windows.measure(window="open")
    assert windows.json(topic)["contact"] is False


DOOR = "zigbee2mqtt/door-street/Street door"


def test_a_lock_exposes_its_words_and_obeys_them(parisoma: Building):
    door = speaker(parisoma, "door-street", "zigbee2mqtt").connect()
    lock = door.json("zigbee2mqtt/door-street/bridge/devices")[1]["definition"]["exposes"][1]
    state, lock_state = lock["features"]

    assert lock["type"] == "lock"
    assert (state["property"], state["value_on"], state["value_off"], state["access"]) == ("state", "LOCK", "UNLOCK", 7)
    assert lock_state["values"] == ["not_fully_locked", "locked", "unlocked"]
    assert door.json(DOOR) == {"contact": True, "state": "LOCK", "lock_state": "locked", "linkquality": 168}

    door.hear(f"{DOOR}/set", {"state": "UNLOCK"})
    assert door.drawn_for == [Bolt.UNLOCKED]
    assert door.json(DOOR)["state"] == "UNLOCK"
    assert door.json(DOOR)["lock_state"] == "unlocked"

    door.hear(f"{DOOR}/set/state", "LOCK")
    assert door.drawn_for == [Bolt.UNLOCKED, Bolt.LOCKED]
    assert door.json(DOOR)["lock_state"] == "locked"


def test_a_lock_that_locks_by_itself_says_so(parisoma: Building):
    door = speaker(parisoma, "door-street", "zigbee2mqtt").connect().hear(f"{DOOR}/set", {"state": "UNLOCK"})

    assert door.timers["relock"] == 7.0
    door.fire("relock")

    assert door.json(DOOR)["lock_state"] == "locked"


def test_a_jammed_lock_is_not_fully_locked(parisoma: Building):
    door = speaker(parisoma, "door-street", "zigbee2mqtt").connect()
    door.is_stuck = True

    door.hear(f"{DOOR}/set", {"state": "UNLOCK"}).fire("bolt")

    assert door.json(DOOR)["lock_state"] == "not_fully_locked"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"state": 1}', '{"state": "OPEN"}', '{"brightness": 3}'])
def test_what_is_no_command_moves_nothing(parisoma: Building, text: str):
    door = speaker(parisoma, "door-street", "zigbee2mqtt").connect()

    assert door.hear(f"{DOOR}/set", text).drawn_for == []


def test_a_leaf_that_moves_is_a_state(parisoma: Building):
    door = speaker(parisoma, "door-street", "zigbee2mqtt").connect().feed(ContactFelt(True))

    assert door.json(DOOR)["contact"] is False


def test_a_lamp_is_switched_and_its_button_is_an_action_said_once(parisoma: Building):
    lamp = speaker(parisoma, "light-booth", "zigbee2mqtt").connect()
    topic = "zigbee2mqtt/light-booth/Podcast booth"

    lamp.hear(f"{topic}/set", {"state": "ON"})
    assert lamp.json(topic)["state"] == "ON"
    lamp.hear(f"{topic}/set", {"state": "TOGGLE"})
    assert lamp.json(topic)["state"] == "OFF"
    lamp.feed(ButtonPressed())
    assert lamp.json(topic) == {"state": "OFF", "action": "single", "linkquality": 168}
    lamp.hear(f"{topic}/get", {"state": ""})
    assert "action" not in lamp.json(topic)


def test_the_bridge_answers_with_the_transaction_it_was_asked_with(parisoma: Building):
    lobby = speaker(parisoma, "sensor-lobby", "zigbee2mqtt").connect()

    lobby.hear(f"{BASE}/bridge/request/health_check", {"transaction": 7})
    lobby.hear(f"{BASE}/bridge/request/permit_join", {"time": 254, "transaction": "a"})

    healthy = {"data": {"healthy": True}, "status": "ok", "transaction": 7}
    assert lobby.json(f"{BASE}/bridge/response/health_check") == healthy
    refused = lobby.json(f"{BASE}/bridge/response/permit_join")
    assert (refused["status"], refused["transaction"]) == ("error", "a")
    assert "permit_join" in refused["error"]
