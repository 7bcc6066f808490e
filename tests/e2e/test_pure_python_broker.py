"""The pure-Python broker of our own: small, but no message of a building that wakes up all at once is lost in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from controller.adapters.broker import BrokerProgram, EmbeddedBroker, open_broker
from devices.link import MQTT_3_1_1, Link, LinkSettings
from tests.support.broker import free_port
from tests.support.field import FieldDevice
from tests.support.mailbox import PATIENCE_S, Mailbox

pytest.importorskip("amqtt")

DEVICES = [f"device-{number:02}" for number in range(60)]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    async with open_broker(tmp_path, "natoma", DEVICES, port=free_port(), program=BrokerProgram.AMQTT) as running:
        yield running


def device(broker: EmbeddedBroker, name: str) -> FieldDevice:
    end = broker.endpoint
    return FieldDevice(end.port, name, password=end.passwords[name], protocol=MQTT_3_1_1)


def client(broker: EmbeddedBroker, user: str, topic_filter: str) -> LinkSettings:
    return LinkSettings(
        "127.0.0.1",
        user,
        port=broker.endpoint.port,
        username=user,
        password=broker.endpoint.passwords[user],
        protocol=MQTT_3_1_1,
        subscriptions=((topic_filter, 1),),
    )


async def test_every_birth_reaches_all_who_listen_though_all_devices_connect_at_once(broker: EmbeddedBroker):
    heard, heard_with_all = Mailbox(), Mailbox()
    async with (
        Link(client(broker, "server-telemetry", "natoma/1/+/up/birth"), heard.put) as births,
        Link(client(broker, "server-access", "natoma/1/+/up/#"), heard_with_all.put) as everything,
        AsyncExitStack() as building,
    ):
        await births.connected(PATIENCE_S)
        await everything.connected(PATIENCE_S)
        all_devices = [device(broker, name) for name in DEVICES]
        await asyncio.gather(*(building.enter_async_context(one) for one in all_devices))
        await heard.until_holds(len(DEVICES))
        await heard_with_all.until_holds(2 * len(DEVICES))

        for mailbox, link in ((heard, births), (heard_with_all, everything)):
            for delivery in mailbox.deliveries:
                link.ack(delivery)
            assert {one.topic.split("/")[2] for one in mailbox.deliveries} == set(DEVICES)
        # Each connected once: nobody was hung up on.
        assert {one.link.state.generation for one in all_devices} == {1}


async def test_a_device_hears_nothing_that_is_retained_for_others(broker: EmbeddedBroker):
    one, other = DEVICES[:2]
    states, own = Mailbox(), Mailbox()
    async with device(broker, one) as first:
        await first.say("state", {"ts": "2026-03-02T12:00:00Z", "v": {"door.lock": "locked"}}, retain=True)
        async with Link(client(broker, "server-access", "natoma/1/+/up/state"), states.put) as server:
            await server.connected(PATIENCE_S)
            for delivery in await states.until_holds(1):
                server.ack(delivery)  # or it hears nothing more of the server for five seconds
            async with Link(client(broker, other, f"natoma/1/{other}/down/#"), own.put) as link:
                await link.connected(PATIENCE_S)
                server.publish(f"natoma/1/{other}/down/command", b"{}", qos=1)
                for delivery in await own.until_holds(1):
                    link.ack(delivery)

    assert [delivery.topic for delivery in own.deliveries] == [f"natoma/1/{other}/down/command"]
