"""Devices in foreign dialects on a real Mosquitto with the rights our own broker gives: one of each, side by side."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.adapters.broker.rights import mosquitto_acl
from devices.channels import Bolt
from devices.link import Delivery, Link, LinkSettings
from devices.messages import Scalar
from devices.units import DoorUnit, Input
from simulator.building import Building
from simulator.building_file import load
from simulator.clock import now
from simulator.device import Surroundings
from simulator.dialects.choosing import chosen
from simulator.endpoint import Endpoint
from simulator.fleet import Fleet
from simulator.hands import Hands
from simulator.people import make_people
from tests.support.broker import MosquittoBroker

pytestmark = pytest.mark.broker

SPACES = Path(__file__).parents[2] / "simulator" / "spaces"
PATIENCE_S = 10.0
SPOKEN = {
    "sensor-lobby": "zigbee2mqtt",
    "door-open-space": "tasmota",
    "reader-street": "tasmota",
    "door-classroom": "shelly",
    "door-hosts": "esphome",
    "sensor-kitchen": "homie",
    "door-yard": "esp-rfid",
    "sensor-open-space": "ttn",
    "door-street": "shelly",  # the lock beside the reader above
}
EAR = "ear"
# Where each dialect says whether the device is there, and the words for gone.
GONE = {
    "zigbee2mqtt/sensor-lobby/bridge/state": b'{"state":"offline"}',
    "tele/door-open-space/LWT": b"Offline",
    "tele/reader-street/LWT": b"Offline",
    "door-classroom/online": b"false",
    "door-street/online": b"false",
    "door-hosts/status": b"offline",
    "homie/5/sensor-kitchen/$state": b"lost",
}


@dataclass
class Heard:
    """Everything said, and a way to wait for it."""

    deliveries: list[Delivery] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def takes(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self.more.set()

    def bodies(self, topic: str) -> list[bytes]:
        return [delivery.payload for delivery in self.deliveries if delivery.topic == topic]

    async def until(self, seen: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not seen():
                self.more.clear()
                await self.more.wait()


@pytest.fixture
def building() -> Building:
    return chosen(load(SPACES / "parisoma.yaml"), [f"{device}={dialect}" for device, dialect in SPOKEN.items()])


@asynccontextmanager
async def ear(port: int, *filters: str) -> AsyncIterator[tuple[Link, Heard]]:
    heard = Heard()
    settings = LinkSettings(
        "127.0.0.1", EAR, port, username=EAR, password="test", clean_start=True, session_expiry_s=0,
        subscriptions=tuple((each, 1) for each in filters or ("#",)),
    )  # fmt: skip
    async with Link(settings, heard.takes) as link:
        await link.connected(PATIENCE_S)
        yield link, heard


@asynccontextmanager
async def house(building: Building, folder: Path) -> AsyncIterator[tuple[MosquittoBroker, Fleet]]:
    """A broker that lets each device do what ours would, and the ear everything."""
    users = dict.fromkeys([*SPOKEN, EAR], "test")
    acl = mosquitto_acl("natoma", list(SPOKEN), SPOKEN) + f"\nuser {EAR}\ntopic readwrite #\n"
    with MosquittoBroker(folder / "broker", users=users, acl=acl) as broker:
        endpoint = Endpoint(f"mqtt://127.0.0.1:{broker.port}", "127.0.0.1", broker.port, passwords=users)
        around = Surroundings(now, lambda _: {"temperature": 21.4, "co2": 612})
        yield broker, Fleet(building, endpoint, around, only=SPOKEN, seed=1)


async def test_each_is_heard_obeys_and_is_missed_in_its_own_words(building: Building, tmp_path: Path):
    async with house(building, tmp_path) as (broker, fleet), ear(broker.port) as (link, heard):
        async with fleet:

            def say(topic: str, body: str | dict[str, Any]) -> None:
                link.publish(topic, (body if isinstance(body, str) else json.dumps(body)).encode(), qos=1)

            await _readings_arrive(heard)
            say("cmnd/door-open-space/POWER", "ON")
            say(
                "door-classroom/rpc",
                {"id": 5, "src": "natoma", "method": "Switch.Set", "params": {"id": 0, "on": True, "toggle_after": 9}},
            )
            say("door-hosts/lock/lock/command", "UNLOCK")
            ip = json.loads(heard.bodies("door-yard/send")[0])["ip"]
            say("door-yard/cmd", {"cmd": "opendoor", "doorip": ip})
            await heard.until(lambda: heard.bodies("stat/door-open-space/POWER")[-1:] == [b"ON"])
            await heard.until(lambda: heard.bodies("door-hosts/lock/lock/state")[-1:] == [b"UNLOCKED"])
            await heard.until(
                lambda: any(b'"output":true' in body for body in heard.bodies("door-classroom/events/rpc"))
            )
            answer = json.loads(heard.bodies("natoma/rpc")[0])
            units = (fleet.devices[f"door-{door}"].machine for door in ("open-space", "classroom", "hosts", "yard"))
            bolts = [unit.lock for unit in units if isinstance(unit, DoorUnit)]

            assert (answer["id"], answer["result"]) == (5, {"was_on": False})
            assert bolts == [Bolt.UNLOCKED] * 4
            for device in SPOKEN:
                await fleet.devices[device].cut_power()
            for topic, word in GONE.items():
                await heard.until(lambda topic=topic, word=word: heard.bodies(topic)[-1:] == [word])

        async with ear(broker.port, *GONE, "tasmota/discovery/#", "homeassistant/#", "door-yard/#", "v3/#") as (
            _,
            kept,
        ):
            await kept.until(lambda: {each.topic for each in kept.deliveries} >= GONE.keys())
            await kept.until(lambda: any(each.topic.startswith("homeassistant/lock/") for each in kept.deliveries))
            await kept.until(lambda: sum(each.topic.endswith("/config") for each in kept.deliveries) > 2)

    assert all(delivery.retain for delivery in kept.deliveries)
    assert not [each.topic for each in kept.deliveries if each.topic.startswith(("door-yard/", "v3/"))]


class Twice:
    """Every message that a device says or hears comes twice; nothing else is done to it."""

    def passes(
        self, way: str, kind: str, payload: bytes, retain: bool, go: Callable[[bytes, bool], None], _lost: object = None
    ) -> None:
        go(payload, retain)
        go(payload, retain)

    def loses_power(self) -> None:
        """Nothing waits here."""

    def reads(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        return dict(values)

    def feels(self, given: Input) -> bool:
        return True

    def now(self, true: datetime) -> datetime:
        return true


async def test_what_stands_between_a_device_and_its_link_does_so_in_every_dialect(building: Building, tmp_path: Path):
    async with house(building, tmp_path) as (broker, fleet), ear(broker.port, "stat/#") as (link, heard), fleet:
        fleet.devices["door-open-space"].meddled(Twice())
        link.publish("cmnd/door-open-space/POWER", b"TOGGLE", qos=1)
        await heard.until(lambda: len(heard.bodies("stat/door-open-space/POWER")) >= 4)

    # Toggled twice, and each answer said twice.
    assert heard.bodies("stat/door-open-space/POWER")[:4] == [b"ON", b"ON", b"OFF", b"OFF"]


async def _readings_arrive(heard: Heard) -> None:
    await heard.until(lambda: heard.bodies("zigbee2mqtt/sensor-lobby/Lobby"))
    await heard.until(lambda: heard.bodies("homie/5/sensor-kitchen/air/co2"))
    await heard.until(lambda: heard.bodies("v3/natoma@ttn/devices/sensor-open-space/up"))
    await heard.until(lambda: heard.bodies("door-yard/send"))
    await heard.until(lambda: heard.bodies("homie/5/sensor-kitchen/$state")[-1:] == [b"ready"])
    up = json.loads(heard.bodies("v3/natoma@ttn/devices/sensor-open-space/up")[0])
    assert up["uplink_message"]["decoded_payload"]["co2"] == 612


async def test_whoever_taps_at_a_reader_without_a_lamp_sees_by_the_bolt(building: Building, tmp_path: Path):
    somebody = make_people(building, 1, date(2026, 11, 17))[0]
    unlock = {"id": 1, "src": "natoma", "method": "Switch.Set", "params": {"id": 0, "on": True, "toggle_after": 9}}
    async with house(building, tmp_path) as (broker, fleet), ear(broker.port, "tele/#") as (link, heard), fleet:
        hands = Hands(fleet, building)
        tapping = asyncio.gather(
            hands.tap(somebody, building.doors["street"], walk=False),
            hands.tap(somebody, building.doors["open-space"], walk=False),
        )
        await heard.until(lambda: any(b"PN532" in body for body in heard.bodies("tele/reader-street/SENSOR")))
        link.publish("door-street/rpc", json.dumps(unlock).encode(), qos=1)
        let_in, left_out = await tapping

    assert let_in.in_words() == "granted, Street door unlocked for 9 s"
    assert left_out.in_words() == "no answer"
