"""ESPHome over MQTT with Home Assistant's discovery: retained plain texts, abbreviated documents, lock words, tags."""

import json

import pytest

from devices.channels import Bolt
from devices.units.steps import ButtonPressed, ContactFelt
from simulator.building import Building
from tests.support.tongues import WIEGAND, Speaker, speaker


@pytest.fixture
def door(parisoma: Building) -> Speaker:
    return speaker(parisoma, "door-street", "esphome").connect()


def test_its_status_is_the_last_will_and_comes_after_discovery(door: Speaker):
    will = door.tongue.will

    assert will is not None
    assert (will.topic, will.body, will.retain) == ("door-street/status", b"offline", True)
    assert door.text("door-street/status") == "online"
    assert door.last("door-street/status").retain
    assert door.topics.index("door-street/status") > door.topics.index("homeassistant/lock/door-street/lock/config")


def test_each_component_is_discovered_by_a_document_of_its_own(parisoma: Building):
    room = speaker(parisoma, "sensor-open-space", "esphome").connect()
    config = room.last("homeassistant/sensor/sensor-open-space/co2/config")
    said = json.loads(config.body)

    assert config.retain
    assert said.pop("dev")["ids"] == room.json("esphome/discover/sensor-open-space")["mac"]
    assert said == {
        "name": "CO2",
        "dev_cla": "carbon_dioxide",
        "unit_of_meas": "ppm",
        "stat_cla": "measurement",
        "stat_t": "sensor-open-space/sensor/co2/state",
        "avty_t": "sensor-open-space/status",
        "uniq_id": "ESPsensorco2",
    }


def test_the_node_answers_who_looks_for_it(door: Speaker):
    node = door.last("esphome/discover/door-street")

    assert set(json.loads(node.body)) >= {
        "ip", "name", "friendly_name", "version", "mac", "platform", "board", "network",
    }  # fmt: skip
    assert node.retain
    assert door.forget().hear("esphome/discover").topics == ["esphome/discover/door-street"]
    assert door.forget().hear("esphome/ping/door-street").topics == ["esphome/discover/door-street"]


def test_readings_are_retained_texts_with_fixed_decimals(parisoma: Building):
    room = speaker(parisoma, "sensor-open-space", "esphome").connect().forget()

    room.measure(temperature=21, humidity=40.26, co2=612.4, noise="nan", presence=True)

    assert {say.topic.removeprefix("sensor-open-space/"): say.body.decode() for say in room.said} == {
        "sensor/temperature/state": "21.0",
        "sensor/humidity/state": "40.3",
        "sensor/co2/state": "612",
        "sensor/noise/state": "nan",
        "binary_sensor/presence/state": "ON",
    }
    assert all(say.retain for say in room.said)


def test_a_probe_tells_of_its_wifi(parisoma: Building):
    probe = speaker(parisoma, "wifi-lobby", "esphome").connect().measure(rssi=-61, latency=4.25, loss=0)

    assert probe.text("wifi-lobby/sensor/wifi_signal/state") == "-61"
    assert probe.text("wifi-lobby/sensor/packet_loss/state") == "0.0"


@pytest.mark.parametrize("word", ["UNLOCK", "unlock", "OPEN"])
def test_a_lock_says_what_it_is_at_and_where_it_arrived(door: Speaker, word: str):
    door.forget().hear("door-street/lock/lock/command", word)

    assert door.drawn_for == [Bolt.UNLOCKED]
    assert [say.body for say in door.said if say.topic == "door-street/lock/lock/state"] == [b"UNLOCKING", b"UNLOCKED"]
    door.fire("relock")
    assert door.text("door-street/lock/lock/state") == "LOCKED"


def test_a_lock_that_is_stuck_says_so(door: Speaker):
    door.is_stuck = True

    door.hear("door-street/lock/lock/command", "UNLOCK").fire("bolt")

    assert door.text("door-street/lock/lock/state") == "JAMMED"


def test_a_lock_word_it_does_not_know_moves_nothing(door: Speaker):
    assert door.hear("door-street/lock/lock/command", "PLEASE").drawn_for == []


def test_lock_shoots_the_bolt(door: Speaker):
    door.hear("door-street/lock/lock/command", "UNLOCK").hear("door-street/lock/lock/command", "lock")

    assert door.drawn_for == [Bolt.UNLOCKED, Bolt.LOCKED]


def test_a_door_that_is_on_is_open(door: Speaker):
    assert door.text("door-street/binary_sensor/door/state") == "OFF"
    assert door.feed(ContactFelt(True)).text("door-street/binary_sensor/door/state") == "ON"


def test_a_tag_is_upper_hex_with_hyphens_and_never_retained(parisoma: Building):
    reader = speaker(parisoma, "reader-street", "esphome").connect()
    scanner = reader.json("homeassistant/tag/reader-street/tag/config")

    reader.forget().tap()

    assert scanner["t"] == "reader-street/tag_scanned"
    assert scanner["dev"]["ids"]
    assert [(say.topic, say.body, say.retain) for say in reader.said] == [
        ("reader-street/tag_scanned", b"04-AF-68-DA-CB-5A-80", False)
    ]


def test_a_wiegand_tag_is_a_decimal_of_its_data_bits(parisoma: Building):
    reader = speaker(parisoma, "reader-street", "esphome").connect().tap(WIEGAND)

    assert reader.text("reader-street/tag_scanned") == str(0x4D7603)


def test_a_light_speaks_the_json_schema_and_its_button_is_an_event(parisoma: Building):
    lamp = speaker(parisoma, "light-booth", "esphome").connect()
    config = lamp.json("homeassistant/light/light-booth/on_air/config")
    event = lamp.json("homeassistant/event/light-booth/button/config")

    assert (config["schema"], config["cmd_t"]) == ("json", "light-booth/light/on_air/command")
    assert event["event_types"] == ["press"]
    lamp.hear("light-booth/light/on_air/command", {"state": "ON", "brightness": 255})
    assert lamp.json("light-booth/light/on_air/state") == {"color_mode": "onoff", "state": "ON"}
    lamp.hear("light-booth/light/on_air/command", "ON")
    lamp.hear("light-booth/light/on_air/command", {"state": "OFF"})
    assert lamp.json("light-booth/light/on_air/state")["state"] == "OFF"
    assert lamp.feed(ButtonPressed()).json("light-booth/event/button/state") == {"event_type": "press"}
