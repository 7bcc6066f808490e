"""Shelly Gen2+: notifications, RPC requests and their answers, and a relay that times itself."""

from typing import Any

import pytest

from devices.channels import Bolt
from devices.units.steps import ButtonPressed, ContactFelt
from simulator.building import Building
from tests.support.tongues import NOW, Speaker, speaker

TS = NOW.timestamp()
EVENTS = "door-street/events/rpc"


@pytest.fixture
def door(parisoma: Building) -> Speaker:
    return speaker(parisoma, "door-street", "shelly").connect()


def ask(device: Speaker, method: str, **params: Any) -> Any:
    request = {"id": 12, "src": "natoma", "method": method, "params": params}
    return device.hear("door-street/rpc", request).json("natoma/rpc")


def test_online_is_the_last_will_and_the_first_word(door: Speaker):
    will = door.tongue.will

    assert will is not None
    assert (will.topic, will.body, will.retain) == ("door-street/online", b"false", True)
    assert (door.topics[0], door.said[0].body, door.said[0].retain) == ("door-street/online", b"true", True)


def test_all_of_it_is_notified_once_after_connecting(door: Speaker):
    frame = door.json(EVENTS)

    assert door.topics == ["door-street/online", EVENTS]
    assert frame["src"].startswith("shelly1g3-")
    assert len(frame["src"]) == len("shelly1g3-") + 12
    assert (frame["dst"], frame["method"]) == ("door-street/events", "NotifyFullStatus")
    assert frame["params"]["ts"] == TS
    assert frame["params"]["switch:0"] == {"id": 0, "source": "init", "output": False}
    assert frame["params"]["input:0"] == {"id": 0, "state": False}
    assert frame["params"]["sys"]["unixtime"] == int(TS)
    assert frame["params"]["wifi"]["rssi"] == -61
    assert not door.last(EVENTS).retain


def test_switch_set_with_toggle_after_is_answered_and_times_itself(door: Speaker):
    answer = ask(door, "Switch.Set", id=0, on=True, toggle_after=4)

    assert answer == {"id": 12, "src": door.json(EVENTS)["src"], "dst": "natoma", "result": {"was_on": False}}
    assert door.drawn_for == [Bolt.UNLOCKED]
    assert door.timers["relock"] == 4.0
    changed = {"ts": TS, "switch:0": {"id": 0, "source": "MQTT", "output": True}}
    assert door.json(EVENTS)["params"] == changed

    door.fire("relock")
    assert door.json(EVENTS)["method"] == "NotifyStatus"
    assert door.json(EVENTS)["params"]["switch:0"] == {"id": 0, "source": "timer", "output": False}


def test_a_minute_is_a_minute_where_a_strike_of_ours_would_lock_before(door: Speaker):
    ask(door, "Switch.Set", id=0, on=True, toggle_after=60)

    assert door.timers["relock"] == 60.0


def test_without_a_time_it_takes_the_one_it_was_set_up_with(door: Speaker):
    ask(door, "Switch.Set", id=0, on=True)

    assert door.timers["relock"] == 7.0


def test_off_for_a_while_is_on_again_by_the_clock(door: Speaker):
    ask(door, "Switch.Set", id=0, on=False, toggle_after=3)

    assert door.timers["dialect"] == 3.0
    assert door.drawn_for == []
    assert door.tick().drawn_for == [Bolt.UNLOCKED]


def test_a_clock_that_was_overtaken_turns_nothing(door: Speaker):
    ask(door, "Switch.Set", id=0, on=False, toggle_after=3)
    ask(door, "Switch.Set", id=0, on=True)
    before = list(door.drawn_for)

    assert door.tick().drawn_for == before


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("Switch.Set", {"on": True}, -103),
        ("Switch.Set", {"id": 0}, -103),
        ("Switch.Set", {"id": 0, "on": "yes"}, -103),
        ("Switch.Set", {"id": 0, "on": True, "toggle_after": "4"}, -103),
        ("Switch.Set", {"id": 3, "on": True}, -105),
        ("Switch.Explode", {"id": 0}, 404),
        ("Cover.Open", {"id": 0}, 404),
        ("Input.Set", {"id": 0}, 404),
        ("", {}, 404),
    ],
)
def test_what_cannot_be_done_is_an_error_with_a_code(door: Speaker, method: str, params: dict[str, Any], code: int):
    answer = ask(door, method, **params)

    assert (answer["id"], answer["dst"], answer["error"]["code"]) == (12, "natoma", code)
    assert answer["error"]["message"]
    assert "result" not in answer
    assert door.drawn_for == []


def test_it_tells_how_it_stands_when_asked(door: Speaker):
    assert ask(door, "Input.GetStatus", id=0)["result"] == {"id": 0, "state": False}
    assert ask(door, "Switch.GetStatus", id=0)["result"] == {"id": 0, "source": "init", "output": False}
    assert set(ask(door, "Shelly.GetStatus")["result"]) == {"mqtt", "sys", "wifi", "switch:0", "input:0"}
    assert ask(door, "Shelly.GetDeviceInfo")["result"]["gen"] == 3
    assert ask(door, "Mqtt.GetStatus")["result"] == {"connected": True}
    assert ask(door, "Switch.Toggle", id=0)["result"] == {"was_on": False}
    assert ask(door, "Switch.Toggle", id=0)["result"] == {"was_on": True}


@pytest.mark.parametrize("source", [None, "", "a/+/b", "#", 7])
def test_a_request_from_nowhere_is_done_and_not_answered(door: Speaker, source: object):
    request = {"id": 1, "src": source, "method": "Switch.Set", "params": {"id": 0, "on": True}}

    door.hear("door-street/rpc", request)

    assert door.drawn_for == [Bolt.UNLOCKED]
    assert not [topic for topic in door.topics if topic.endswith("/rpc") and topic != EVENTS]


@pytest.mark.parametrize(("word", "held_s"), [("on", 7.0), ("toggle", 7.0), ("on,3", 3.0)])
def test_the_plain_command_topic_turns_it_too(door: Speaker, word: str, held_s: float):
    assert door.hear("door-street/command/switch:0", word).drawn_for == [Bolt.UNLOCKED]
    assert door.timers["relock"] == held_s


def test_an_unknown_word_turns_nothing(door: Speaker):
    assert door.hear("door-street/command/switch:0", "open sesame").drawn_for == []


def test_status_topics_speak_when_asked_only(door: Speaker):
    assert not [topic for topic in door.topics if "/status/" in topic]
    door.hear("door-street/command", "status_update")
    assert door.json("door-street/status/switch:0") == {"id": 0, "source": "init", "output": False}


def test_a_leaf_is_an_input_and_only_what_changed_is_told(door: Speaker):
    door.feed(ContactFelt(True))

    assert door.json(EVENTS)["params"] == {"ts": TS, "input:0": {"id": 0, "state": True}}


def test_readings_come_in_both_units_and_without_what_it_cannot_measure(parisoma: Building):
    room = speaker(parisoma, "sensor-open-space", "shelly").connect()

    room.measure(temperature=21.4, humidity=40.2, co2=612, noise=44.0, light=120, presence=True)

    assert room.json("sensor-open-space/events/rpc")["params"] == {
        "ts": TS,
        "temperature:0": {"id": 0, "tC": 21.4, "tF": 70.5},
        "humidity:0": {"id": 0, "rh": 40.2},
        "illuminance:0": {"id": 0, "lux": 120, "illumination": "twilight"},
        "presencezone:200": {"id": 200, "value": True, "num_objects": 1},
    }


def test_its_battery_is_a_component_of_its_own(parisoma: Building):
    room = speaker(parisoma, "sensor-open-space", "shelly").connect()
    told = [say.body for say in room.said if b"devicepower:0" in say.body]

    assert b'"devicepower:0":{"id":0,"battery":{"V":6.0,"percent":100},"external":{"present":true}}' in told[-1]


@pytest.mark.parametrize(("lux", "word"), [(10, "dark"), (120, "twilight"), (400, "bright"), (None, None)])
def test_light_has_a_word(parisoma: Building, lux: int | None, word: str | None):
    room = speaker(parisoma, "sensor-open-space", "shelly").connect().measure(light=lux)

    told = room.json("sensor-open-space/events/rpc")["params"]["illuminance:0"]
    assert told == {"id": 0, "lux": lux, "illumination": word}


def test_a_button_is_an_event(parisoma: Building):
    lamp = speaker(parisoma, "light-booth", "shelly").connect().feed(ButtonPressed())

    frame = lamp.json("light-booth/events/rpc")
    assert frame["method"] == "NotifyEvent"
    assert frame["params"]["events"] == [{"component": "input:0", "id": 0, "event": "single_push", "ts": TS}]


def test_a_lamp_that_is_on_for_a_while_goes_off_by_the_clock(parisoma: Building):
    lamp = speaker(parisoma, "light-booth", "shelly").connect()
    request = {"id": 1, "src": "x", "method": "Switch.Set", "params": {"id": 0, "on": True, "toggle_after": 5}}

    lamp.hear("light-booth/rpc", request)
    assert lamp.json("light-booth/events/rpc")["params"]["switch:0"]["output"] is True
    lamp.tick()
    assert lamp.json("light-booth/events/rpc")["params"]["switch:0"]["output"] is False
