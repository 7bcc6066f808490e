"""A link and a broker that misbehaves on cue: packets no real one would send, or not at this moment."""

import asyncio
from typing import Any

import pytest

from devices.link import BadCredentials, IdentityClash, Link, LinkError, LinkSettings, NotConnected, OutboxFull
from tests.support.mailbox import PATIENCE_S, Mailbox
from tests.support.scripted_broker import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    ScriptedBroker,
    packet,
    publish,
)


def settings(broker: ScriptedBroker, **changes: Any) -> LinkSettings:
    quick = {"reconnect_min_s": 0.05, "reconnect_max_s": 0.1, "heartbeat_every_s": 1.0, "subscriptions": (("t/#", 1),)}
    return LinkSettings("127.0.0.1", "server-access", **{"port": broker.port, **quick, **changes})


async def test_acknowledgements_leave_in_receive_order_whatever_order_they_are_given_in():
    mailbox = Mailbox()
    async with ScriptedBroker() as broker, Link(settings(broker), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        mids = [31, 7, 900, 2, 15]
        broker.send(b"".join(publish(b"t/x", b"%d" % mid, mid) for mid in mids))
        deliveries = await mailbox.until_holds(5)

        for place in (4, 1, 3, 0):
            link.ack(deliveries[place])
        assert [puback.mid for puback in await broker.until_got(PUBACK, 2)] == [31, 7]
        link.ack(deliveries[2])
        assert [puback.mid for puback in await broker.until_got(PUBACK, 5)] == mids


async def test_a_message_that_cannot_be_read_is_acknowledged_counted_and_passed_over():
    mailbox = Mailbox()
    async with ScriptedBroker() as broker, Link(settings(broker), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        broker.send(
            publish(b"t/before", b"1", 1)
            + publish(b"t/\xff\xfe", b"poison", 2)
            + publish(b"t/x", b"poison", 3, properties=b"\x02\x55\x00")
            + publish(b"t/after", b"2", 4)
        )
        before, after = await mailbox.until_holds(2)
        assert broker.got(PUBACK) == [], "poison overtook the message before it"
        link.ack(before)
        link.ack(after)

        assert [puback.mid for puback in await broker.until_got(PUBACK, 4)] == [1, 2, 3, 4]
        assert (link.state.poisoned, link.state.generation) == (2, 1)


async def test_nonsense_ends_the_connection_and_not_the_link():
    mailbox = Mailbox()
    async with ScriptedBroker() as broker, Link(settings(broker), mailbox.put, mailbox.note) as link:
        await link.connected(PATIENCE_S)
        for number, nonsense in enumerate(
            (b"\x32\x02\x00\x09", b"\xf0\x00", b"\x40\x01\x00", b"\x30\xff\xff\xff\xff\xff")
        ):
            broker.send(nonsense)
            await mailbox.until_state(lambda state, past=number + 1: state.generation > past)
            await link.connected(PATIENCE_S)
        broker.send(publish(b"t/x", b"served", 1))

        assert [delivery.payload for delivery in await mailbox.until_holds(1)] == [b"served"]


async def test_a_session_taken_over_is_told_by_its_reason():
    mailbox = Mailbox()
    async with ScriptedBroker() as broker, Link(settings(broker), mailbox.put, mailbox.note) as link:
        await link.connected(PATIENCE_S)
        broker.send(packet(DISCONNECT, bytes([142])))
        state = await mailbox.until_state(lambda state: state.identity_clashes == 1)

    assert isinstance(state.last_error, IdentityClash)
    assert "two programs share one client id" in str(state.last_error)


async def test_why_the_broker_hangs_up_is_told():
    mailbox = Mailbox()
    async with ScriptedBroker() as broker, Link(settings(broker), mailbox.put, mailbox.note) as link:
        await link.connected(PATIENCE_S)
        broker.send(packet(DISCONNECT, bytes([0x8B])))
        state = await mailbox.until_state(lambda state: state.last_error is not None)

    assert "Server shutting down" in str(state.last_error)


async def test_a_refused_login_is_told_with_the_brokers_reason():
    mailbox = Mailbox()
    async with (
        ScriptedBroker(connack=bytes([0, 134, 0])) as broker,
        Link(settings(broker, username="ada"), mailbox.put, mailbox.note),
    ):
        state = await mailbox.until_state(lambda state: state.last_error is not None)

    assert isinstance(state.last_error, BadCredentials)
    assert "refused user 'ada'" in str(state.last_error)
    assert "Bad user name or password" in str(state.last_error)


async def test_a_refused_subscription_is_told_and_the_link_goes_on():
    mailbox = Mailbox()
    async with ScriptedBroker(suback=b"\x87") as broker, Link(settings(broker), mailbox.put, mailbox.note) as link:
        await link.connected(PATIENCE_S)

        assert link.state.refused_subscriptions == ("t/# (Not authorized)",)
        assert link.state.connected


async def test_the_brokers_window_is_kept_and_the_outbox_is_bounded():
    receive_maximum_2 = b"\0\0" + b"\x03\x21\x00\x02"
    async with (
        ScriptedBroker(connack=receive_maximum_2) as broker,
        Link(settings(broker, outbox_limit=4, heartbeat_every_s=0.1), Mailbox().put) as link,
    ):
        await link.connected(PATIENCE_S)
        futures = [link.publish("t/x", b"%d" % n, qos=1) for n in range(4)]
        with pytest.raises(OutboxFull, match="4 messages wait"):
            link.publish("t/x", b"one too many", qos=1)
        sent = await broker.until_got(PUBLISH, 2)
        await broker.until_got(PINGREQ, 2)
        assert len(broker.got(PUBLISH)) == 2

        broker.send(packet(PUBACK, sent[0].body[5:7]))
        await asyncio.wait_for(futures[0], PATIENCE_S)
        await broker.until_got(PUBLISH, 3)

        assert link.publish("t/x", b"room again", qos=1) is not None


async def test_nothing_unconfirmed_reaches_the_next_connection():
    mailbox = Mailbox()
    async with ScriptedBroker() as broker, Link(settings(broker), mailbox.put, mailbox.note) as link:
        await link.connected(PATIENCE_S)
        unlock = link.publish("door/unlock", b"", qos=1)
        assert unlock is not None
        await broker.until_got(PUBLISH, 1)
        broker.hang_up()
        with pytest.raises(NotConnected):
            await asyncio.wait_for(unlock, PATIENCE_S)
        await link.connected(PATIENCE_S)
        # The second connection has begun to speak; what it had to resend would have come first.
        await broker.until_got(PINGREQ, 2)

    assert len(broker.got(PUBLISH)) == 1


async def test_qos_2_of_an_old_subscription_is_served_as_at_least_once():
    mailbox = Mailbox()
    async with ScriptedBroker() as broker, Link(settings(broker), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        broker.send(publish(b"t/x", b"first", 1) + publish(b"t/x", b"twice", 2, qos=2))
        first, twice = await mailbox.until_holds(2)
        link.ack(twice)
        link.ack(first)
        assert [pubrec.mid for pubrec in await broker.until_got(PUBREC, 1)] == [2]
        broker.send(packet(PUBREL, b"\0\2", flags=2) + packet(PUBREL, b"\0\x63", flags=2))

        assert [pubcomp.mid for pubcomp in await broker.until_got(PUBCOMP, 2)] == [2, 0x63]
        with pytest.raises(ValueError, match="at QoS 2"):
            link.publish("t/x", b"", qos=2)


async def test_callbacks_that_fail_are_told_and_do_not_end_the_link(caplog: pytest.LogCaptureFixture):
    def fails(_: object) -> None:
        raise RuntimeError("not today")

    async with (
        ScriptedBroker() as broker,
        Link(settings(broker), Mailbox().put, fails, on_connected=fails) as link,
    ):
        await link.connected(PATIENCE_S)

        assert link.state.connected
    assert "on_connected failed" in caplog.text
    assert "on_state failed" in caplog.text


async def test_a_link_may_be_dropped_by_the_very_callback_that_hears_of_it():
    mailbox = Mailbox()

    def hang_up_once(link: Link) -> None:
        if link.state.generation == 1:
            link.drop()

    async with (
        ScriptedBroker() as broker,
        Link(settings(broker), mailbox.put, mailbox.note, on_connected=hang_up_once) as link,
    ):
        await mailbox.until_state(lambda state: state.generation == 2)
        await link.connected(PATIENCE_S)


async def test_an_existing_session_is_asked_for_at_every_connect():
    async with ScriptedBroker() as broker, Link(settings(broker), Mailbox().put) as link:
        for _ in range(3):
            await link.connected(PATIENCE_S)
            link.drop()
        connects = await broker.until_got(CONNECT, 3)

    clean_start = 0x02
    # Flags stand behind the protocol's name and version.
    assert [connect.body[7] & clean_start for connect in connects[:3]] == [0, 0, 0]
    assert all(b"\x11" + (14 * 86400).to_bytes(4, "big") in connect.body for connect in connects)


async def test_a_message_larger_than_the_broker_takes_is_not_sent():
    maximum_packet_100 = b"\0\0" + b"\x05\x27\x00\x00\x00\x64"
    async with ScriptedBroker(connack=maximum_packet_100) as broker, Link(settings(broker), Mailbox().put) as link:
        await link.connected(PATIENCE_S)
        with pytest.raises(LinkError, match="larger than the 100 bytes"):
            link.publish("t/x", b"x" * 100, qos=1)

        assert link.publish("t/x", b"x" * 20, qos=1) is not None
        assert link.state.generation == 1


async def test_a_broker_that_does_not_read_is_refused_more_and_memory_stays_bounded():
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.write(packet(2, b"\0\0\0"))
        writer.transport.pause_reading()
        await gone.wait()
        writer.close()

    gone = asyncio.Event()
    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        mute = LinkSettings("127.0.0.1", "flooder", port=port, heartbeat_every_s=5.0)
        async with Link(mute, Mailbox().put) as link:
            await link.connected(PATIENCE_S)

            async def flood() -> None:
                for _ in range(2000):
                    link.publish("t/x", b"x" * 10_000)
                    await asyncio.sleep(0)

            with pytest.raises(OutboxFull, match="does not read"):
                await flood()
            gone.set()
