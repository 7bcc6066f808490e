"""A link and a real Mosquitto: what is sent arrives, what is not given back comes again, in order."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.link import MQTT_3_1_1, MQTT_5, Link, LinkSettings, NotConnected, PublishRefused, Will
from tests.support.broker import MosquittoBroker
from tests.support.mailbox import PATIENCE_S, Mailbox, round_trip

pytestmark = pytest.mark.broker

ROOT = Path(__file__).parents[2]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    with MosquittoBroker(tmp_path / "broker") as running:
        yield running


def settings(broker: MosquittoBroker, client_id: str = "listener", **changes: Any) -> LinkSettings:
    # Steps of a test, not of a night: a link of these settings is back, or gives up, in a fraction of a second.
    quick = {"reconnect_min_s": 0.1, "reconnect_max_s": 0.5, "heartbeat_every_s": 1.0}
    return LinkSettings("127.0.0.1", client_id, **{"port": broker.port, **quick, **changes})


@pytest.mark.parametrize("protocol", [MQTT_5, MQTT_3_1_1], ids=["mqtt-5", "mqtt-3.1.1"])
async def test_what_is_published_arrives_as_it_was(broker: MosquittoBroker, protocol: int):
    mailbox = Mailbox()
    hears = settings(broker, protocol=protocol, subscriptions=(("a/#", 1), ("b", 0)))
    async with Link(hears, mailbox.put) as link:
        await link.connected(PATIENCE_S)
        confirmed = link.publish("a/one", b"\x00\xff", qos=1, retain=True)
        assert link.publish("b", b"zero") is None
        assert confirmed is not None
        await asyncio.wait_for(confirmed, PATIENCE_S)

        by_topic = {delivery.topic: delivery for delivery in await mailbox.until_holds(2)}

        assert (by_topic["a/one"].payload, by_topic["a/one"].qos, by_topic["a/one"].retain) == (b"\x00\xff", 1, False)
        assert (by_topic["b"].payload, by_topic["b"].qos) == (b"zero", 0)
        assert link.state.unacked_in == 1
        link.ack(by_topic["a/one"])
        assert (link.state.unacked_in, link.state.unacked_out, link.state.sent) == (0, 0, 2)


async def test_mqtt_5_carries_what_the_body_says_too(broker: MosquittoBroker):
    mailbox = Mailbox()
    async with Link(settings(broker, subscriptions=(("a", 1),)), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        link.publish(
            "a",
            b"{}",
            qos=1,
            expiry_s=5,
            content_type="application/json",
            response_topic="b/up/answer",
            correlation=b"\x01id",
            user_properties={"schema": "1.0", "traceparent": "00-ab-cd-01"},
        )

        (delivery,) = await mailbox.until_holds(1)

    assert (delivery.content_type, delivery.response_topic) == ("application/json", "b/up/answer")
    assert delivery.correlation == b"\x01id"
    assert dict(delivery.user_properties) == {"schema": "1.0", "traceparent": "00-ab-cd-01"}


async def test_thousands_of_messages_pass_both_ways_in_order(broker: MosquittoBroker):
    mailbox = Mailbox()
    count = 3000
    async with Link(settings(broker, subscriptions=(("n/#", 1),), outbox_limit=count), mailbox.put) as link:
        await link.connected(PATIENCE_S)

        def keep_and_ack() -> None:
            for delivery in mailbox.deliveries[link.state.received - link.state.unacked_in :]:
                link.ack(delivery)

        futures = [link.publish(f"n/{n}", b"%d" % n, qos=1) for n in range(count)]
        while len(mailbox.deliveries) < count:
            await mailbox.until_holds(len(mailbox.deliveries) + 1)
            keep_and_ack()
        await asyncio.wait_for(asyncio.gather(*(future for future in futures if future)), PATIENCE_S)

    assert mailbox.payloads == [b"%d" % n for n in range(count)]


async def test_large_messages_pass_piece_by_piece(broker: MosquittoBroker):
    mailbox = Mailbox()
    async with Link(settings(broker, subscriptions=(("big", 1),)), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        bodies = [bytes([n]) * 1_000_000 for n in range(4)]
        for body in bodies:
            link.publish("big", body, qos=1)

        await mailbox.until_holds(4)

    assert mailbox.payloads == bodies


async def test_the_broker_sends_no_more_than_the_window_and_acks_open_it_in_receive_order(broker: MosquittoBroker):
    mailbox = Mailbox()
    async with Link(settings(broker, subscriptions=(("w", 1),), receive_maximum=2), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        for n in range(4):
            link.publish("w", b"%d" % n, qos=1)
        first, second = await mailbox.until_holds(2)
        await round_trip(link)
        assert mailbox.payloads == [b"0", b"1"]

        link.ack(second)
        await round_trip(link)
        assert mailbox.payloads == [b"0", b"1"], "the second was acknowledged before the first"

        link.ack(first)
        await mailbox.until_holds(4)

    assert mailbox.payloads == [b"0", b"1", b"2", b"3"]


CRASHING_RECEIVER = """
import asyncio, sys
from devices.link import Link, LinkSettings

async def main():
    heard, all_here = [], asyncio.Event()
    def on_delivery(delivery):
        heard.append(delivery)
        if len(heard) <= 3:
            link.ack(delivery)
        if len(heard) == 8:
            all_here.set()
    settings = LinkSettings("127.0.0.1", "receiver", port=int(sys.argv[1]), subscriptions=(("work", 1),))
    async with Link(settings, on_delivery) as link:
        await link.connected(10)
        print("ready", flush=True)
        await all_here.wait()
        # What the broker confirms now was sent behind the three: they have left this process.
        await link.publish("behind", b"", qos=1)
        print(*(delivery.payload.decode() for delivery in heard), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_what_a_killed_process_had_not_given_back_comes_again(broker: MosquittoBroker):
    loop = asyncio.get_running_loop()
    process = subprocess.Popen(
        [sys.executable, "-c", CRASHING_RECEIVER, str(broker.port)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        lines = process.stdout
        assert await asyncio.wait_for(loop.run_in_executor(None, lines.readline), PATIENCE_S) == "ready\n"
        async with Link(settings(broker, "sender"), Mailbox().put) as sender:
            await sender.connected(PATIENCE_S)
            for n in range(8):
                sender.publish("work", b"%d" % n, qos=1)
            assert await asyncio.wait_for(loop.run_in_executor(None, lines.readline), PATIENCE_S) == "0 1 2 3 4 5 6 7\n"
    finally:
        process.kill()
        process.wait()

    mailbox = Mailbox()
    async with Link(settings(broker, "receiver", subscriptions=(("work", 1),)), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        assert link.state.session_present
        await mailbox.until_holds(5)

    assert mailbox.payloads == [b"3", b"4", b"5", b"6", b"7"]
    assert link.state.session_lost == 0


@pytest.mark.parametrize("protocol", [MQTT_5, MQTT_3_1_1], ids=["mqtt-5", "mqtt-3.1.1"])
async def test_an_ack_that_comes_after_a_reconnect_confirms_nothing(broker: MosquittoBroker, protocol: int):
    mailbox = Mailbox()
    hears = settings(broker, protocol=protocol, subscriptions=(("work", 1),))
    async with Link(hears, mailbox.put, mailbox.note) as link:
        await link.connected(PATIENCE_S)
        link.publish("work", b"once", qos=1)
        (old,) = await mailbox.until_holds(1)
        link.drop()
        await mailbox.until_holds(2)

        link.ack(old)
        await round_trip(link)
        link.drop()
        again = (await mailbox.until_holds(3))[2]
        link.ack(again)
        await round_trip(link)
        link.drop()
        await mailbox.until_state(lambda state: state.generation == 4)
        await link.connected(PATIENCE_S)
        await round_trip(link)

    assert mailbox.payloads == [b"once"] * 3
    assert [delivery.generation for delivery in mailbox.deliveries] == [1, 2, 3]


async def test_offline_nothing_is_kept_for_later(broker: MosquittoBroker):
    mailbox = Mailbox()
    async with (
        Link(settings(broker, "controller"), Mailbox().put) as link,
        Link(settings(broker, "door", subscriptions=(("unlock", 1),)), mailbox.put) as door,
    ):
        await link.connected(PATIENCE_S)
        await door.connected(PATIENCE_S)
        link.drop()
        with pytest.raises(NotConnected, match="'unlock' was not sent"):
            link.publish("unlock", b"too late", qos=1)
        await link.connected(PATIENCE_S)
        link.publish("unlock", b"now", qos=1)
        await mailbox.until_holds(1)
        await round_trip(door)

    assert mailbox.payloads == [b"now"]


async def test_an_unlock_under_way_when_the_broker_dies_never_arrives(broker: MosquittoBroker):
    mailbox = Mailbox()
    async with (
        Link(settings(broker, "controller"), Mailbox().put) as link,
        Link(settings(broker, "door", subscriptions=(("unlock", 1),)), mailbox.put) as door,
    ):
        await link.connected(PATIENCE_S)
        await door.connected(PATIENCE_S)
        broker.freeze()
        unlock = link.publish("unlock", b"too late", qos=1)
        assert unlock is not None
        assert link.state.unacked_out == 1
        broker.kill()
        with pytest.raises(NotConnected, match="not sent again"):
            await asyncio.wait_for(unlock, PATIENCE_S)
        assert link.state.unacked_out == 0
        broker.start()
        await link.connected(PATIENCE_S)
        await door.connected(PATIENCE_S)
        link.publish("unlock", b"now", qos=1)
        await mailbox.until_holds(1)
        await round_trip(link)
        await round_trip(door)

    assert mailbox.payloads == [b"now"]


async def test_retained_state_comes_again_at_each_connect(broker: MosquittoBroker):
    mailbox = Mailbox()
    async with Link(settings(broker, subscriptions=(("state", 1),)), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        link.publish("state", b"closed", qos=1, retain=True)
        link.ack((await mailbox.until_holds(1))[0])
        await round_trip(link)
        link.drop()

        again = (await mailbox.until_holds(2))[1]

    assert (again.payload, again.retain) == (b"closed", True)


async def test_a_fresh_message_tells_that_it_is_retained_where_that_was_asked(broker: MosquittoBroker):
    mailbox = Mailbox()
    asks = settings(broker, subscriptions=(("event", 1), ("state", 1)), flagged_if_retained=frozenset({"event"}))
    async with Link(asks, mailbox.put) as link:
        await link.connected(PATIENCE_S)
        for topic in ("event", "state"):
            link.publish(topic, b"kept", qos=1, retain=True)
        link.publish("event", b"passing", qos=1)

        heard = await mailbox.until_holds(3)

    assert [(one.topic, one.payload, one.retain) for one in heard] == [
        ("event", b"kept", True),
        ("state", b"kept", False),
        ("event", b"passing", False),
    ]


async def test_birth_is_said_at_each_connect_and_the_will_when_we_vanish(broker: MosquittoBroker):
    mailbox = Mailbox()
    device = settings(broker, "device", will=Will("status", b"lost"))

    def say_birth(link: Link) -> None:
        link.publish("status", b"ready", qos=1, retain=True)

    async with (
        Link(settings(broker, subscriptions=(("status", 1),)), mailbox.put) as listener,
    ):
        await listener.connected(PATIENCE_S)
        async with Link(device, Mailbox().put, on_connected=say_birth) as link:
            await mailbox.until_holds(1)
            link.drop()
            await mailbox.until_holds(3)
            link.publish("status", b"disconnected", qos=1, retain=True)
        await mailbox.until_holds(4)
        await round_trip(listener)

    assert mailbox.payloads == [b"ready", b"lost", b"ready", b"disconnected"]


async def test_a_delayed_will_is_not_said_of_a_link_that_comes_back(broker: MosquittoBroker):
    mailbox = Mailbox()
    async with (
        Link(settings(broker, subscriptions=(("status", 1),)), mailbox.put) as listener,
        Link(settings(broker, "sensor", will=Will("status", b"lost", delay_s=30)), Mailbox().put) as link,
    ):
        await listener.connected(PATIENCE_S)
        await link.connected(PATIENCE_S)
        link.drop()
        await link.connected(PATIENCE_S)
        link.publish("status", b"still here", qos=1)
        await mailbox.until_holds(1)
        await round_trip(listener)

    assert mailbox.payloads == [b"still here"]


async def test_a_receiver_that_fails_loses_its_message_and_not_the_link(
    broker: MosquittoBroker, caplog: pytest.LogCaptureFixture
):
    mailbox = Mailbox()

    def picky(delivery: Any) -> None:
        mailbox.put(delivery)
        if delivery.payload == b"bad":
            raise RuntimeError("I do not like it")
        link.ack(delivery)

    # A window of two: were the bad ones not given back, the third would be the last.
    async with Link(settings(broker, subscriptions=(("t", 1),), receive_maximum=2), picky) as link:
        await link.connected(PATIENCE_S)
        for payload in (b"good", b"bad", b"bad", b"bad", b"good"):
            link.publish("t", payload, qos=1)
        await mailbox.until_holds(5)
        await round_trip(link)
        assert (link.state.callback_errors, link.state.unacked_in, link.state.connected) == (3, 0, True)

    assert sum("I do not like it" in str(record.exc_info) for record in caplog.records) == 1


async def test_a_message_the_broker_will_not_pass_on_fails_by_name(tmp_path: Path):
    with MosquittoBroker(
        tmp_path / "strict", users={"device": "pw"}, acl="user device\ntopic write mine/#\n"
    ) as broker:
        known = settings(broker, username="device", password="pw")
        async with Link(known, Mailbox().put) as link:
            await link.connected(PATIENCE_S)
            forged = link.publish("theirs/event", b"{}", qos=1)
            assert forged is not None

            with pytest.raises(PublishRefused, match="'theirs/event': not authorized"):
                await asyncio.wait_for(forged, PATIENCE_S)
