"""Doors with nobody to ask, on a real broker: they hold the newest list, decide by it, and tell of it once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from controller.adapters.mqtt import MqttOutbound
from controller.domain.ids import DeviceId
from devices import codec
from devices.link import Delivery, Link, LinkSettings
from devices.messages import (
    AccessEntry,
    AccessList,
    AccessRight,
    Ack,
    BadgeReadData,
    Event,
    EventType,
    LocalDecisionData,
    Signal,
)
from devices.topics import Kind, Topics
from devices.units import DoorUnit
from simulator.building import Building
from simulator.building_file import load
from simulator.clock import now
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.fleet import Fleet, no_readings
from tests.support.broker import MosquittoBroker
from tests.support.lists import KEYS, card, entry, sealed
from tests.support.tcpproxy import TcpProxy

pytestmark = pytest.mark.broker

TOPICS = Topics()
FRONT = DeviceId("door-front")
PATIENCE_S = 20.0
READS = 1_000


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    with MosquittoBroker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def one_door() -> Building:
    return load(Path(__file__).parents[2] / "simulator" / "spaces" / "one-door.yaml")


def fleet_of(building: Building, port: int) -> Fleet:
    endpoint = DataDir(Path("nowhere")).endpoint(f"mqtt://127.0.0.1:{port}", None, None, None)
    return Fleet(building, replace(endpoint, door_keys=KEYS), Surroundings(now, no_readings), seed=1)


class Desk:
    """A controller that gives out lists and hears what doors say."""

    def __init__(self, port: int) -> None:
        self.acks: list[Ack] = []
        self.events: list[Event] = []
        self.kept: dict[str, bytes] = {}
        self.outbound = MqttOutbound(TOPICS)
        self.link = Link(
            LinkSettings(
                "127.0.0.1", "desk", port, clean_start=True, session_expiry_s=0,
                subscriptions=((TOPICS.up_filter(), 1), (f"natoma/1/{FRONT}/down/#", 1)),
            ),
            self._heard,
        )  # fmt: skip
        self.outbound.link = self.link

    def _heard(self, delivery: Delivery) -> None:
        self.link.ack(delivery)
        if "/down/" in delivery.topic:
            self.kept[delivery.topic] = delivery.payload
            return
        message = codec.decode(TOPICS, delivery.topic, delivery.payload).message
        if isinstance(message, Ack):
            self.acks.append(message)
        elif isinstance(message, Event):
            self.events.append(message)


@asynccontextmanager
async def desk_at(broker: MosquittoBroker) -> AsyncIterator[Desk]:
    desk = Desk(broker.port)
    async with desk.link:
        await desk.link.connected(PATIENCE_S)
        yield desk


async def until(holds: object) -> None:
    assert callable(holds)
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.02)


def unit_of(fleet: Fleet) -> DoorUnit:
    machine = fleet.devices[FRONT].machine
    assert isinstance(machine, DoorUnit)
    return machine


def tap(fleet: Fleet, badge: BadgeReadData) -> bool:
    seen: list[Signal] = []
    fleet.devices[FRONT].tap(badge, lambda show: seen.append(show.signal))
    (signal,) = seen
    return signal is Signal.GRANTED


def list_of(*entries: AccessEntry, rev: int) -> list[AccessList]:
    return sealed(*entries, device=FRONT, rev=rev, issued=datetime.now(UTC) - timedelta(minutes=1))


async def test_a_list_of_many_pages_is_taken_confirmed_and_cleared_by_a_shorter_one(
    one_door: Building, broker: MosquittoBroker
):
    many = [AccessEntry(h=f"{number:032x}", weekly=((480, 1200),)) for number in range(1500)]
    alice = card("04AF68DACB5A80")
    async with desk_at(broker) as desk, fleet_of(one_door, broker.port) as fleet:
        await desk.outbound.publish_access(FRONT, list_of(*many, entry(alice), rev=1000))
        await until(lambda: unit_of(fleet).own.rev == 1000)
        await desk.outbound.publish_access(FRONT, list_of(entry(alice, AccessRight.BLOCKED), rev=1001))
        await until(lambda: [ack.re for ack in desk.acks] == ["access-1000", "access-1001"])

        pages = {topic for topic, payload in desk.kept.items() if payload and f"/{Kind.ACCESS}" in topic}
        assert pages == {TOPICS.down(FRONT, Kind.ACCESS)}
    # A door that was away finds the newest at once, before anybody asks it anything.
    async with fleet_of(one_door, broker.port) as fleet:
        await until(lambda: unit_of(fleet).own.rev == 1001)


async def test_with_the_network_gone_all_of_the_entitled_and_none_of_the_others_come_in_and_each_is_told_once(
    one_door: Building, broker: MosquittoBroker
):
    dice = Random(7)  # dice, not secrets
    badges = [card(f"04{number:012X}") for number in range(60)]
    entitled = badges[:30]
    entries = [entry(badge) for badge in entitled] + [entry(badge, AccessRight.BLOCKED) for badge in badges[30:40]]
    async with (
        TcpProxy(broker.port) as network,
        desk_at(broker) as desk,
        fleet_of(one_door, network.port) as fleet,
    ):
        await desk.outbound.publish_access(FRONT, list_of(*entries, rev=1000))
        await until(lambda: unit_of(fleet).own.rev == 1000)
        network.refuse()
        network.cut()
        await until(lambda: not unit_of(fleet).voice.online)
        began = datetime.now(UTC)

        reads = [dice.choice(badges) for _ in range(READS)]
        answers = []
        for badge in reads:
            answers.append(tap(fleet, badge))
            await asyncio.sleep(0)

        over = datetime.now(UTC)
        assert answers == [badge in entitled for badge in reads]
        network.refuse(refuse=False)
        await until(lambda: len(_local(desk)) >= READS)
        told = _local(desk)

    assert len({event.id for event in told}) == len(told) == READS
    assert [event.type is EventType.LOCAL_GRANTED for event in told] == answers
    assert all(event.ts is not None and began <= event.ts <= over for event in told)
    assert all(isinstance(event.data, LocalDecisionData) and event.data.card is None for event in told)


def _local(desk: Desk) -> list[Event]:
    local = (EventType.LOCAL_GRANTED, EventType.LOCAL_DENIED)
    return sorted((one for one in desk.events if one.type in local), key=lambda one: int(one.id.split("-")[1]))
