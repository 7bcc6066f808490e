"""What a virtual device says and hears in a dialect, and what a broker of ours lets it: the two must agree."""

import pytest

from controller.adapters.broker.rights import dialect_rights, is_allowed, mosquitto_acl
from devices.units.steps import BadgeShown, ButtonPressed, ContactFelt, Measured, Tampered
from simulator.building import Building
from simulator.dialects.names import KINDS
from tests.support.tongues import ANNA, Speaker, speaker

OF_KIND = {
    "sensor": "sensor-open-space-windows",
    "door_unit": "door-street",
    "light": "light-booth",
    "reader": "reader-street",
    "probe": "wifi-lobby",
}
SPOKEN = [(dialect, OF_KIND[kind]) for dialect, kinds in KINDS.items() for kind in sorted(kinds)]
READINGS = {"temperature": 21.4, "light": 320, "window": "open", "rssi": -60, "latency": 5.0, "loss": 0.1}
# What an integrator might send: of every dialect, to whoever listens.
ASKED = (
    ("cmnd/{id}/POWER", "ON"), ("cmnd/{id}/STATUS", "10"), ("{id}/command/switch:0", "on"), ("{id}/command", "status_update"),
    ("{id}/rpc", '{{"id":1,"src":"natoma","method":"Shelly.GetStatus"}}'), ("{id}/lock/lock/command", "UNLOCK"),
    ("{id}/light/on_air/command", '{{"state":"ON"}}'), ("esphome/discover", ""), ("homie/5/{id}/door/lock/set", "unlocked"),
    ("homie/5/{id}/onair/on/set", "true"), ("zigbee2mqtt/{id}/Street door/set", '{{"state":"UNLOCK"}}'),
    ("zigbee2mqtt/{id}/bridge/request/health_check", "{{}}"), ("{id}/cmd", '{{"cmd":"opendoor","doorip":"{ip}"}}'),
    ("v3/natoma@ttn/devices/{id}/down/push", '{{"downlinks":[{{"f_port":1}}]}}'),
)  # fmt: skip


def talked_to(building: Building, device_id: str, dialect: str) -> Speaker:
    """All that can happen to it has happened."""
    device = speaker(building, device_id, dialect).connect()
    for given in (Measured(READINGS), BadgeShown(ANNA), ButtonPressed(), ContactFelt(True), Tampered()):
        device.feed(given)
    for topic, text in ASKED:
        device.hear(topic.format(id=device_id), text.format(ip=device.tongue.who.ip))
    return device.tick().fire("relock")


@pytest.mark.parametrize(("dialect", "device_id"), SPOKEN)
def test_our_broker_lets_it_say_and_hear_all_of_it(parisoma: Building, dialect: str, device_id: str):
    device = talked_to(parisoma, device_id, dialect)
    will = device.tongue.will
    said = {*device.topics, *({will.topic} if will is not None else ())}

    for topic in said:
        assert is_allowed(device_id, "natoma", writing=True, topic=topic, dialect=dialect), topic
    for topic_filter in device.tongue.filters:
        assert is_allowed(device_id, "natoma", writing=False, topic=topic_filter, dialect=dialect), topic_filter


@pytest.mark.parametrize(("dialect", "device_id"), SPOKEN)
def test_it_lets_nobody_else_do_so_and_not_without_the_space_file(parisoma: Building, dialect: str, device_id: str):
    device = talked_to(parisoma, device_id, dialect)
    shared = ("tasmota/discovery/", "natoma/rpc", "esphome/discover")
    own = [topic for topic in device.topics if not topic.startswith(shared)]

    assert not any(is_allowed(device_id, "natoma", writing=True, topic=topic) for topic in device.topics)
    assert not any(is_allowed("somebody", "natoma", writing=True, topic=topic, dialect=dialect) for topic in own)
    heard = [each for each in device.tongue.filters if each != "esphome/discover"]
    assert not any(is_allowed("somebody", "natoma", writing=False, topic=each, dialect=dialect) for each in heard)


def test_a_relay_may_answer_us_and_command_nobody():
    assert is_allowed("door-street", "natoma/paris", writing=True, topic="natoma/paris/rpc", dialect="shelly")
    assert not is_allowed("door-street", "natoma/paris", writing=True, topic="door-yard/rpc", dialect="shelly")
    assert not is_allowed("door-street", "natoma/paris", writing=True, topic="door-street/rpc", dialect="shelly")


def test_a_dialect_nobody_knows_and_our_own_bring_no_rights():
    assert dialect_rights("natoma", "natoma") == dialect_rights("zwave", "natoma") == ()


def test_the_controllers_own_users_never_get_any():
    assert not is_allowed("server-access", "natoma", writing=True, topic="tele/server-access/LWT", dialect="tasmota")


def test_mosquittos_file_names_the_topics_of_that_device_alone():
    lines = mosquitto_acl("natoma", ["door-street", "door-yard"], {"door-street": "esp-rfid", "door-yard": "natoma"})

    assert "topic write door-street/send" in lines.splitlines()
    assert "topic read door-street/cmd" in lines.splitlines()
    assert "door-yard/send" not in lines


def test_all_dialects_of_the_simulator_are_known_to_our_broker():
    assert all(dialect_rights(dialect, "natoma") for dialect in KINDS)
