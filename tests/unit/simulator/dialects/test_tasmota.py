"""Tasmota: discovery, its last will, telemetry, the relay of a door with PulseTime, and badges as telemetry."""

import json

import pytest

from devices.channels import Bolt
from devices.units.steps import ButtonPressed, ContactFelt
from simulator.building import Building
from tests.support.tongues import WIEGAND, speaker

MEMBERS = {
    "ip", "dn", "fn", "hn", "mac", "md", "sw", "t", "ft", "tp", "ofln", "onln", "state", "rl", "swc", "swn", "btn", "so",
    "lt_st", "lk", "bat", "dslp", "ver",
}  # fmt: skip


def test_discovery_is_retained_and_by_the_mac_it_names(parisoma: Building):
    door = speaker(parisoma, "door-street", "tasmota").connect()
    config = next(say for say in door.said if say.topic.endswith("/config"))
    said = json.loads(config.body)

    assert set(said) >= MEMBERS
    assert config.topic == f"tasmota/discovery/{said['mac']}/config"
    assert len(said["mac"]) == 12
    assert said["mac"] == said["mac"].upper()
    assert config.retain
    assert (said["t"], said["ft"], said["tp"]) == ("door-street", "%prefix%/%topic%/", ["cmnd", "stat", "tele"])
    assert (said["ofln"], said["onln"], said["state"]) == ("Offline", "Online", ["OFF", "ON", "TOGGLE", "HOLD"])
    assert (said["rl"], said["swc"]) == ([1, 0, 0, 0, 0, 0, 0, 0], [1, -1, -1, -1, -1, -1, -1, -1])
    assert said["fn"] == ["Street door", *[None] * 7]
    assert (said["lk"], said["lt_st"], said["dslp"], said["ver"]) == (0, 0, 0, 1)


def test_the_sample_of_its_sensors_has_the_drivers_it_will_speak_of(parisoma: Building):
    room = speaker(parisoma, "sensor-open-space", "tasmota").connect()
    sensors = next(json.loads(say.body) for say in room.said if say.topic.endswith("/sensors"))

    assert sensors == {
        "sn": {
            "Time": "2026-11-17T10:15:00",
            "SCD40": {"CarbonDioxide": 0, "Temperature": 0.0, "Humidity": 0.0},
            "BH1750": {"Illuminance": 0},
            "Switch1": "OFF",
            "TempUnit": "C",
        },
        "ver": 1,
    }


def test_its_last_will_is_retained_plain_text(parisoma: Building):
    door = speaker(parisoma, "door-street", "tasmota").connect()
    will = door.tongue.will

    assert will is not None
    assert (will.topic, will.body, will.retain) == ("tele/door-street/LWT", b"Offline", True)
    assert door.text("tele/door-street/LWT") == "Online"
    assert door.last("tele/door-street/LWT").retain


def test_readings_are_objects_by_driver_with_the_unit_beside_them_and_local_time(parisoma: Building):
    room = speaker(parisoma, "sensor-open-space", "tasmota").connect()

    room.measure(temperature=21.4, humidity=40.2, co2=612, light=320, presence=True, noise=44.0)

    assert room.json("tele/sensor-open-space/SENSOR") == {
        "Time": "2026-11-17T10:15:00",
        "SCD40": {"CarbonDioxide": 612, "Temperature": 21.4, "Humidity": 40.2},
        "BH1750": {"Illuminance": 320},
        "Switch1": "ON",
        "TempUnit": "C",
    }
    assert not room.last("tele/sensor-open-space/SENSOR").retain


def test_its_state_tells_of_time_and_wifi(parisoma: Building):
    room = speaker(parisoma, "sensor-open-space", "tasmota").connect().later(93_784).measure(co2=600)
    state = room.json("tele/sensor-open-space/STATE")

    assert (state["UptimeSec"], state["Uptime"]) == (93_784, "1T02:03:04")
    assert (state["Wifi"]["RSSI"], state["Wifi"]["Signal"], state["Wifi"]["LinkCount"]) == (78, -61, 1)
    assert "POWER" not in state


@pytest.mark.parametrize("word", ["ON", "on", "1", "TOGGLE"])
def test_power_on_draws_the_bolt_for_the_pulse_and_is_answered_at_once(parisoma: Building, word: str):
    door = speaker(parisoma, "door-street", "tasmota").connect().forget()

    door.hear("cmnd/door-street/POWER1", word)

    assert door.drawn_for == [Bolt.UNLOCKED]
    assert [(say.topic, say.body.decode(), say.retain) for say in door.said] == [
        ("stat/door-street/RESULT", '{"POWER":"ON"}', False),
        ("stat/door-street/POWER", "ON", False),
    ]
    assert door.timers["relock"] == 7.0
    door.forget().fire("relock")
    assert [(say.topic, say.body.decode()) for say in door.said] == [
        ("stat/door-street/RESULT", '{"POWER":"OFF"}'),
        ("stat/door-street/POWER", "OFF"),
    ]


def test_power_without_a_word_is_a_question(parisoma: Building):
    door = speaker(parisoma, "door-street", "tasmota").connect().hear("cmnd/door-street/POWER", "")

    assert door.drawn_for == []
    assert door.text("stat/door-street/POWER") == "OFF"


def test_power_off_shoots_the_bolt(parisoma: Building):
    door = speaker(parisoma, "door-street", "tasmota").connect().hear("cmnd/door-street/POWER", "ON")

    assert door.hear("cmnd/door-street/POWER", "OFF").drawn_for == [Bolt.UNLOCKED, Bolt.LOCKED]
    assert door.text("stat/door-street/POWER") == "OFF"


@pytest.mark.parametrize(
    ("wanted", "told", "held_s"), [("", 70, 7.0), ("30", 30, 3.0), ("111", 111, 11.1), ("160", 160, 60.0)]
)
def test_pulse_time_counts_tenths_and_beyond_them_seconds(parisoma: Building, wanted: str, told: int, held_s: float):
    door = speaker(parisoma, "door-street", "tasmota").connect().hear("cmnd/door-street/PulseTime1", wanted)

    assert door.json("stat/door-street/RESULT") == {"PulseTime1": {"Set": told, "Remaining": 0}}
    assert door.hear("cmnd/door-street/POWER", "ON").machine.hold_s == pytest.approx(held_s)  # type: ignore[attr-defined]


def test_a_jammed_lock_leaves_its_relay_as_it_finds_it(parisoma: Building):
    door = speaker(parisoma, "door-street", "tasmota").connect()
    door.is_stuck = True

    door.hear("cmnd/door-street/POWER", "ON").fire("bolt")

    assert door.text("stat/door-street/POWER") == "OFF"


def test_the_leaf_is_a_switch_that_reports(parisoma: Building):
    door = speaker(parisoma, "door-street", "tasmota").connect().feed(ContactFelt(True))

    assert door.json("stat/door-street/RESULT") == {"Switch1": {"Action": "ON"}}
    assert door.hear("cmnd/door-street/STATUS", "10").json("stat/door-street/STATUS10") == {
        "StatusSNS": {"Time": "2026-11-17T10:15:00", "Switch1": "ON"}
    }
    assert door.hear("cmnd/door-street/STATE").json("stat/door-street/RESULT")["POWER"] == "OFF"
    assert "StatusSTS" in door.hear("cmnd/door-street/STATUS", "11").json("stat/door-street/STATUS11")


def test_an_unknown_command_is_answered_so(parisoma: Building):
    door = speaker(parisoma, "door-street", "tasmota").connect().hear("cmnd/door-street/FOO", "1")

    assert door.json("stat/door-street/RESULT") == {"Command": "Unknown"}


def test_a_badge_is_an_extra_telemetry_message_in_the_words_of_its_reader(parisoma: Building):
    reader = speaker(parisoma, "reader-street", "tasmota").connect().forget().tap()

    assert reader.topics == ["tele/reader-street/SENSOR"]
    assert reader.json("tele/reader-street/SENSOR") == {
        "Time": "2026-11-17T10:15:00",
        "PN532": {"UID": "04AF68DACB5A80", "DATA": ""},
    }
    assert not reader.said[0].retain


def test_a_short_badge_is_a_number_with_its_parity_bits(parisoma: Building):
    reader = speaker(parisoma, "reader-street", "tasmota").connect().tap(WIEGAND)

    assert reader.json("tele/reader-street/SENSOR")["Wiegand"] == {"UID": 0x4D7603, "Size": 26}


def test_the_lock_that_opens_answers_whoever_showed_a_badge_at_the_same_board(parisoma: Building):
    door = speaker(parisoma, "door-street", "tasmota").connect().tap().hear("cmnd/door-street/POWER", "ON")

    assert [show.signal for show in door.shown] == ["granted"]


def test_a_lamp_stays_on_until_it_is_switched_off(parisoma: Building):
    lamp = speaker(parisoma, "light-booth", "tasmota").connect().hear("cmnd/light-booth/POWER", "ON")

    assert lamp.json("stat/light-booth/RESULT") == {"POWER": "ON"}
    lamp.feed(ButtonPressed())
    assert lamp.json("stat/light-booth/RESULT") == {"Button1": {"Action": "SINGLE"}}
    lamp.hear("cmnd/light-booth/POWER", "OFF")
    assert lamp.text("stat/light-booth/POWER") == "OFF"
