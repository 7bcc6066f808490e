"""The Things Stack v3: what its server says of a sensor on the air."""

import base64

import pytest

from simulator.building import Building
from tests.support.tongues import Speaker, speaker

BASE = "v3/natoma@ttn/devices/sensor-open-space"


@pytest.fixture
def room(parisoma: Building) -> Speaker:
    return speaker(parisoma, "sensor-open-space", "ttn").connect()


def test_it_joins_once_and_has_no_last_will(room: Speaker):
    assert room.tongue.will is None
    assert room.topics == [f"{BASE}/join"]
    joined = room.json(f"{BASE}/join")
    assert joined["end_device_ids"]["device_id"] == "sensor-open-space"
    assert len(joined["end_device_ids"]["dev_eui"]) == 16
    assert joined["join_accept"]["session_key_id"]
    room.measure(co2=600).forget().connect()
    assert f"{BASE}/join" not in room.topics


def test_an_uplink_has_the_decoded_and_the_normalized_payload(room: Speaker):
    room.measure(temperature=21.4, humidity=40.2, co2=612, light=320, noise=44.0, presence=True)
    up = room.json(f"{BASE}/up")
    message = up["uplink_message"]

    assert message["decoded_payload"] == {
        "temperature": 21.4, "humidity": 40.2, "co2": 612, "illuminance": 320, "battery": 3.6,
    }  # fmt: skip
    assert message["normalized_payload"] == [
        {"air": {"temperature": 21.4, "relativeHumidity": 40.2, "co2": 612, "lightIntensity": 320}, "battery": 3.6}
    ]
    assert message["f_port"] == 2
    assert len(base64.b64decode(message["frm_payload"])) == 16
    assert set(message["rx_metadata"][0]) >= {"gateway_ids", "time", "rssi", "snr"}
    assert message["settings"]["time"] == "2026-11-17T18:15:00.000000Z"
    assert message["received_at"] > message["settings"]["time"]
    assert up["received_at"] > message["received_at"]
    assert "simulated" not in up
    assert not room.last(f"{BASE}/up").retain


def test_zero_is_left_out_so_the_first_uplink_has_no_count(room: Speaker):
    counts = [room.measure(co2=600).json(f"{BASE}/up")["uplink_message"].get("f_cnt") for _ in range(3)]

    assert counts == [None, 1, 2]


def test_another_power_on_is_another_session(room: Speaker):
    first = room.measure(co2=600).json(f"{BASE}/up")["uplink_message"]["session_key_id"]
    room.tongue = room.tongue.rebooted()
    second = room.connect().measure(co2=600).json(f"{BASE}/up")["uplink_message"]

    assert second["session_key_id"] != first
    assert "f_cnt" not in second


def test_no_reading_is_no_field(room: Speaker):
    decoded = room.measure(temperature="nan", co2=0).json(f"{BASE}/up")["uplink_message"]["decoded_payload"]

    assert decoded == {"co2": 0, "battery": 3.6}


def test_a_downlink_is_queued_and_sent_after_the_next_uplink(room: Speaker):
    downlink = {"f_port": 15, "frm_payload": "AQ==", "priority": "NORMAL"}

    room.hear(f"{BASE}/down/push", {"downlinks": [downlink]})
    assert room.json(f"{BASE}/down/queued")["downlink_queued"] == downlink
    assert f"{BASE}/down/sent" not in room.topics
    room.forget().measure(co2=600)
    assert room.topics == [f"{BASE}/up", f"{BASE}/down/sent"]
    assert room.json(f"{BASE}/down/sent")["downlink_sent"] == downlink
    assert room.forget().measure(co2=600).topics == [f"{BASE}/up"]


def test_replace_empties_the_queue_and_nonsense_queues_nothing(room: Speaker):
    room.hear(f"{BASE}/down/push", {"downlinks": [{"f_port": 1}]}).hear(f"{BASE}/down/replace", {"downlinks": []})

    room.forget().hear(f"{BASE}/down/push", "[]").hear(f"{BASE}/down/push", {"downlinks": "x"}).measure(co2=600)

    assert room.topics == [f"{BASE}/up"]
