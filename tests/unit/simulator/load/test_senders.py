"""What the devices of a load say, and what they make of what they hear: on links that only write down."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.errors import NotConnected
from devices.messages import BadgeReadData, Signal
from devices.topics import Topics
from simulator.device import Between
from simulator.load.asked import Cast, Gate, Probe
from simulator.load.senders import Senders
from simulator.load.tally import Answer, Tally

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)
BADGE = BadgeReadData(card="04AF68DACB5A80", bits=56, format="iso14443a", direction="in")
CAST = Cast(
    gates=(Gate("door-street", "door-street", (BADGE,)), Gate("reader-lab", "door-lab", (BADGE,))),
    probes=(Probe("sensor-a", ({"co2": 500.0}, {"co2": 600.0})), Probe("sensor-b", ({"co2": 700.0},))),
)


@dataclass
class Link:
    """Every message it was given, and a future for each; gone once `is_down`."""

    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent: list[asyncio.Future[None]] = field(default_factory=list)
    is_down: bool = False

    def publish(self, topic: str, payload: bytes, **_: object) -> asyncio.Future[None]:
        if self.is_down:
            raise NotConnected("nobody there")
        self.said.append((topic, json.loads(payload)))
        self.sent.append(asyncio.get_running_loop().create_future())
        return self.sent[-1]


@dataclass
class Device:
    link: Any = field(default_factory=Link)
    between: Between | None = None
    to_the_machine: list[bytes] = field(default_factory=list)

    def meddled(self, between: Between) -> None:
        self.between = between

    def hears(self, kind: str, body: dict[str, Any], *, retain: bool = False) -> None:
        assert self.between is not None
        self.between.passes("down", kind, json.dumps(body).encode(), retain, lambda heard, _: self.to_the_machine.append(heard))  # fmt: skip

    def told(self, do: str, re: str, command_id: str = "c1", **more: object) -> None:
        self.hears("command", {"id": command_id, "ts": NOON.isoformat(), "ttl_ms": 3000, "do": do, "re": re, **more})


Devices = dict[str, Device]


@pytest.fixture
def devices() -> Devices:
    return {name: Device() for name in ("door-street", "reader-lab", "door-lab", "sensor-a", "sensor-b")}


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
async def senders(devices: Devices, tally: Tally) -> Senders:
    return Senders(CAST, devices, Topics(), tally, run="run7", seed=1, now=lambda: NOON)


def tap_at(senders: Senders, devices: Devices, reader: str) -> str:
    """Tap until it was at this reader; the id of that read."""
    device = devices[reader]
    for _ in range(50):
        before = len(device.link.said)
        senders.tap(asyncio.get_running_loop().time())
        if len(device.link.said) > before:
            return str(device.link.said[-1][1]["id"])
    raise AssertionError(f"nobody came to {reader}")


async def test_a_tap_is_a_read_of_the_contract_with_an_id_of_this_run(senders, devices):
    re = tap_at(senders, devices, "door-street")
    topic, body = devices["door-street"].link.said[-1]

    assert topic == "natoma/1/door-street/up/event"
    assert re.startswith("run7-")
    assert body["type"] == "badge.read"
    assert body["data"] == {"card": "04AF68DACB5A80", "bits": 56, "format": "iso14443a", "direction": "in"}
    assert datetime.fromisoformat(body["ts"]) == NOON


async def test_an_unlock_answers_the_tap_and_is_confirmed_as_a_door_does(senders, devices, tally):
    door = devices["door-street"]
    door.told("unlock", tap_at(senders, devices, "door-street"), "c9", hold_s=5)

    assert tally.answers == {Answer.GRANTED: 1}
    acks = [(body["re"], body["phase"]) for topic, body in door.link.said if topic.endswith("/up/ack")]
    assert acks == [("c9", "accepted"), ("c9", "done")]
    assert door.to_the_machine == []


@pytest.mark.parametrize(
    ("reason", "answer"), [("outside_hours", Answer.DENIED), ("try_again", Answer.TRY_AGAIN), ("in_grace", Answer.GRANTED)]
)  # fmt: skip
async def test_a_signal_answers_by_its_reason(reason, answer, senders, devices, tally):
    devices["door-street"].told("signal", tap_at(senders, devices, "door-street"), reason=reason)

    assert tally.answers == {answer: 1}


async def test_where_the_lock_is_another_device_both_must_hear(senders, devices, tally):
    re = tap_at(senders, devices, "reader-lab")
    devices["reader-lab"].told("signal", re)

    assert tally.answers == {Answer.GRANTED: 1}
    assert tally.locks_untold == 1

    devices["door-lab"].told("unlock", re)
    assert tally.locks_untold == 0
    assert tally.twice == 0

    devices["door-lab"].told("unlock", re, "c2")
    assert tally.twice == 1


async def test_what_concerns_no_tap_of_this_run_is_left_to_the_machine(senders, devices, tally):
    door = devices["door-street"]
    re = tap_at(senders, devices, "door-street")
    door.told("unlock", "run6-0")
    door.told("signal", "something else")
    door.hears("command", {"id": "c1", "ts": NOON.isoformat(), "ttl_ms": 3000, "do": "rebirth"})
    door.hears("access", {"rev": 1})
    door.hears("command", {"not": "a command"})
    door.hears("command", {"id": "c2", "ts": NOON.isoformat(), "ttl_ms": 3000, "do": "unlock", "re": re}, retain=True)

    assert len(door.to_the_machine) == 6
    assert tally.answered_taps == 0


async def test_what_the_controller_gives_back_is_counted_by_its_reason(senders, devices, tally):
    devices["sensor-a"].hears("reject", {"reason": "unknown_channel", "count": 12})
    devices["sensor-a"].hears("reject", {"reason": "unknown_channel"})

    assert tally.rejected == {"unknown_channel": 13}


async def test_sensors_speak_in_turn_and_number_what_they_say(senders, devices):
    for _ in range(5):
        senders.reading(0.0)

    told = [body for _, body in devices["sensor-a"].link.said]
    assert [body["seq"] for body in told] == [1, 2, 3]
    assert [body["v"] for body in told] == [{"co2": 600.0}, {"co2": 500.0}, {"co2": 600.0}]
    assert [topic for topic, _ in devices["sensor-b"].link.said] == ["natoma/1/sensor-b/up/telemetry"] * 2


async def test_the_brokers_word_is_counted_for_each_message(senders, devices, tally):
    for _ in range(4):
        senders.reading(0.0)
    first, second = devices["sensor-a"].link.sent
    first.set_result(None)
    second.set_exception(NotConnected("gone"))
    devices["sensor-b"].link.sent[0].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert (tally.readings.confirmed, tally.readings.failed, tally.readings.open) == (1, 2, 1)
    assert tally.readings_lost == 3


async def test_without_a_connection_it_is_lost_and_the_load_goes_on(senders, devices, tally):
    for device in devices.values():
        device.link.is_down = True
    senders.tap(0.0)
    senders.reading(0.0)

    assert (tally.taps.unsaid, tally.readings.unsaid) == (1, 1)
    assert (tally.taps_lost, tally.readings_lost) == (1, 1)


async def test_a_knock_is_answered_and_not_counted(senders, devices, tally):
    knocks = asyncio.get_running_loop().create_task(senders.knock(5.0))
    await asyncio.sleep(0)
    re = devices["reader-lab"].link.said[-1][1]["id"]
    devices["reader-lab"].told("signal", re, reason="outside_hours")

    assert await knocks is Signal.DENIED
    assert tally.numbered == tally.answered_taps == 0


async def test_a_knock_nobody_answers_ends(senders: Senders):
    assert await senders.knock(0.01) is None


async def test_what_a_device_reads_feels_and_sends_passes_as_it_is(senders, devices):
    between = devices["sensor-a"].between
    went: list[tuple[bytes, bool]] = []
    between.passes("up", "state", b"{}", True, lambda body, retain: went.append((body, retain)))

    assert went == [(b"{}", True)]
    assert between.reads({"co2": 1.0}) == {"co2": 1.0}
    assert between.feels(object())
    assert between.now(NOON) == NOON
