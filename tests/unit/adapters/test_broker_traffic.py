"""The two connections over a real broker: what had been waiting is told from what is said now, and how we speak."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controller.adapters.clock import SystemClock
from controller.adapters.mqtt import (
    ACCESS_KINDS,
    Broker,
    MqttInbound,
    MqttOutbound,
    access_settings,
    telemetry_settings,
)
from devices.errors import NotConnected
from devices.link import Delivery, Link, LinkSettings
from devices.messages import Command, Desired, DesiredValue, Do
from devices.times import parse_time
from devices.topics import Topics
from tests.support.broker import MosquittoBroker

pytestmark = pytest.mark.broker

TOPICS = Topics("natoma")
PATIENCE = 20.0
NOW = SystemClock().now
NOON = parse_time("2026-11-23T20:00:00Z")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with MosquittoBroker(tmp_path) as running:
        yield Broker("127.0.0.1", running.port)


@dataclass
class Listening:
    """A router that takes everything down, and acknowledges it."""

    heard: list[tuple[str, bytes, dict[str, bool]]] = field(default_factory=list)

    def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retained: bool,
        backlog: bool,
        droppable: bool,
        acknowledge: Callable[[], None],
        **_: object,
    ) -> None:
        how = {"retained": retained, "backlog": backlog, "droppable": droppable}
        self.heard.append((topic.rsplit("/", 1)[-1], payload, {name: True for name, is_so in how.items() if is_so}))
        acknowledge()

    def how(self, payload: bytes) -> dict[str, bool]:
        return next(how for _, said, how in self.heard if said == payload)


def device(broker: Broker, name: str, heard: list[Delivery] | None = None) -> Link:
    settings = LinkSettings(
        host=broker.host,
        port=broker.port,
        client_id=name,
        username=None,
        password=None,
        subscriptions=((TOPICS.device_filter(name), 1),),
    )

    def take(delivery: Delivery) -> None:
        if heard is not None:
            heard.append(delivery)
        link.ack(delivery)

    link = Link(settings, take)
    return link


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.002)


# --- in ---------------------------------------------------------------------------------------------------------------


async def test_what_waited_while_we_were_away_is_marked_and_what_comes_now_is_not(broker: Broker):
    async with device(broker, "reader") as reader:
        await reader.connected(PATIENCE)
        before = MqttInbound(Listening(), TOPICS, access_settings(broker, TOPICS, "boot-1"), now=NOW)
        async with before.link:
            await before.link.connected(PATIENCE)
            assert await before.caught_up(PATIENCE)
        await reader.publish("natoma/1/reader/up/event", b"while away", qos=1)
        await reader.publish("natoma/1/reader/up/status", b"retained", qos=1, retain=True)

        listening = Listening()
        after = MqttInbound(listening, TOPICS, access_settings(broker, TOPICS, "boot-2"), now=NOW)
        async with after.link:
            assert await after.caught_up(PATIENCE)
            await reader.publish("natoma/1/reader/up/event", b"now", qos=1)
            await until(lambda: any(payload == b"now" for _, payload, _ in listening.heard))

    assert listening.how(b"while away") == {"backlog": True}
    assert any(how.get("retained") for _, payload, how in listening.heard if payload == b"retained")
    assert listening.how(b"now") == {}


async def test_a_long_queue_is_all_backlog_and_an_old_marker_in_it_ends_nothing(broker: Broker):
    async with device(broker, "reader") as reader:
        await reader.connected(PATIENCE)
        before = MqttInbound(Listening(), TOPICS, access_settings(broker, TOPICS, "boot-1"), now=NOW)
        async with before.link:
            assert await before.caught_up(PATIENCE)
        await reader.publish("natoma/1/server/beat/server-access/marker", b"of a connection that broke", qos=1)
        for number in range(300):
            await reader.publish("natoma/1/reader/up/event", str(number).encode(), qos=1)

        listening = Listening()
        after = MqttInbound(listening, TOPICS, access_settings(broker, TOPICS, "boot-2"), now=NOW)
        async with after.link:
            assert await after.caught_up(PATIENCE)
            await until(lambda: len(listening.heard) == 300)

    assert all(how == {"backlog": True} for _, _, how in listening.heard)


async def test_only_what_nobody_waits_for_may_be_dropped(broker: Broker):
    listening = Listening()
    inbound = MqttInbound(listening, TOPICS, telemetry_settings(broker, TOPICS), now=NOW)
    async with inbound.link, device(broker, "sensor") as sensor:
        await sensor.connected(PATIENCE)
        assert await inbound.caught_up(PATIENCE)
        sensor.publish("natoma/1/sensor/up/telemetry", b"at most once", qos=0)
        await sensor.publish("natoma/1/sensor/up/telemetry", b"at least once", qos=1)
        await until(lambda: len(listening.heard) == 2)

    assert listening.how(b"at most once") == {"droppable": True}
    assert listening.how(b"at least once") == {}


async def test_each_connection_hears_its_own_kinds(broker: Broker):
    access, telemetry = Listening(), Listening()
    ears = [
        MqttInbound(access, TOPICS, access_settings(broker, TOPICS, "boot-1"), now=NOW),
        MqttInbound(telemetry, TOPICS, telemetry_settings(broker, TOPICS), elsewhere=ACCESS_KINDS, now=NOW),
    ]
    kinds = ["birth", "status", "state", "event", "ack", "telemetry", "health", "wibble"]
    async with ears[0].link, ears[1].link, device(broker, "one") as one:
        await one.connected(PATIENCE)
        for ear in ears:
            assert await ear.caught_up(PATIENCE)
        for kind in kinds:
            await one.publish(f"natoma/1/one/up/{kind}", b"{}", qos=1)
        await until(lambda: len(access.heard) + len(telemetry.heard) == len(kinds))

    assert {kind for kind, *_ in access.heard} == {"birth", "status", "state", "event", "ack"}
    assert {kind for kind, *_ in telemetry.heard} == {"telemetry", "health", "wibble"}


async def test_who_asks_to_hear_of_connections_hears_of_each(broker: Broker):
    connected = []
    inbound = MqttInbound(
        Listening(), TOPICS, access_settings(broker, TOPICS, "boot-1"), lambda: connected.append(True), now=NOW
    )
    async with inbound.link:
        assert await inbound.caught_up(PATIENCE)
        inbound.link.drop()
        await until(lambda: len(connected) == 2)


async def test_a_broker_that_hands_nothing_over_does_not_hold_up_the_start(broker: Broker):
    inbound = MqttInbound(Listening(), TOPICS, access_settings(broker, TOPICS, "boot-1"), now=NOW)

    assert not await inbound.caught_up(0.01)


async def test_a_session_the_broker_forgot_is_told_and_a_first_one_is_not(tmp_path: Path):
    with MosquittoBroker(tmp_path) as running:
        broker = Broker("127.0.0.1", running.port)
        told: list[bool] = []
        for expect_session in (False, True, True):
            if len(told) == 2:
                running.restart()
            settings = telemetry_settings(broker, TOPICS, expect_session=expect_session)
            inbound = MqttInbound(Listening(), TOPICS, settings, on_session=told.append, now=NOW)
            async with inbound.link:
                assert await inbound.caught_up(PATIENCE)

    assert told == [False, False, True]


async def test_what_the_broker_counts_as_dropped_is_handed_on_and_that_it_was_said_before_us(broker: Broker):
    told: list[tuple[int, bool]] = []
    listening = Listening()
    settings = telemetry_settings(broker, TOPICS)
    inbound = MqttInbound(listening, TOPICS, settings, now=NOW, on_dropped=lambda total, old: told.append((total, old)))
    async with inbound.link:
        await until(lambda: told)

    assert (told, listening.heard) == ([(0, True)], [])


# --- out --------------------------------------------------------------------------------------------------------------


async def test_a_command_goes_out_once_with_its_life_and_its_correlation_and_is_never_retained(broker: Broker):
    heard: list[Delivery] = []
    inbound = MqttInbound(Listening(), TOPICS, access_settings(broker, TOPICS, "boot-1"), now=NOW)
    outbound = MqttOutbound(TOPICS)
    outbound.link = inbound.link
    async with inbound.link, device(broker, "door", heard) as door:
        await door.connected(PATIENCE)
        assert await inbound.caught_up(PATIENCE)
        assert outbound.is_live
        outbound.send("door", Command(id="c-1", ts=NOON, ttl_ms=3000, do=Do.UNLOCK), expiry_s=3, correlation="read-1")
        await until(lambda: heard)
    async with device(broker, "door", heard) as door:
        await door.connected(PATIENCE)

    (command,) = heard
    assert (command.topic, command.qos, command.retain) == ("natoma/1/door/down/command", 1, False)
    assert (command.correlation, command.content_type) == (b"read-1", "application/json")


async def test_a_wish_is_retained_for_a_light_that_comes_later(broker: Broker):
    heard: list[Delivery] = []
    inbound = MqttInbound(Listening(), TOPICS, access_settings(broker, TOPICS, "boot-1"), now=NOW)
    outbound = MqttOutbound(TOPICS)
    outbound.link = inbound.link
    async with inbound.link:
        assert await inbound.caught_up(PATIENCE)
        outbound.send("light", Desired(rev=1, v={"onair": DesiredValue(value=True, until=NOON)}))
        outbound.show("natoma/1/live/door/street", {"state": "locked", "name": "Straßentür"})
        async with device(broker, "light", heard) as light:
            await light.connected(PATIENCE)
            await until(lambda: heard)

    assert (heard[0].topic, heard[0].retain) == ("natoma/1/light/down/desired", True)


def test_before_the_link_is_open_nothing_can_be_sent():
    outbound = MqttOutbound(TOPICS)

    assert not outbound.is_live
    with pytest.raises(NotConnected, match="not open yet"):
        outbound.show("natoma/1/live/space", {})


def test_no_password_is_in_the_words_for_a_broker():
    broker = Broker("host", 1883, access_password="one secret", telemetry_password="another secret")

    assert "secret" not in repr(broker)
    assert "secret" not in repr(access_settings(broker, TOPICS, "boot-1"))
