"""A link whose broker, network or credentials fail: what it says of itself, and how soon it is back."""

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.link import MQTT_3_1_1, MQTT_5, BadCredentials, IdentityClash, Link, LinkSettings, NotConnected
from tests.support.broker import MosquittoBroker
from tests.support.mailbox import PATIENCE_S, Mailbox, round_trip
from tests.support.tcpproxy import TcpProxy

pytestmark = pytest.mark.broker

BEAT = "natoma/1/server/beat"
EVERY_S = 0.2


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    with MosquittoBroker(tmp_path / "broker") as running:
        yield running


def settings(port: int, client_id: str = "server-access", **changes: Any) -> LinkSettings:
    quick = {"reconnect_min_s": 0.1, "reconnect_max_s": 0.5, "heartbeat_every_s": EVERY_S, "connect_timeout_s": 2.0}
    return LinkSettings("127.0.0.1", client_id, **{"port": port, **quick, **changes})


async def test_a_restarted_broker_is_followed_in_under_five_seconds(broker: MosquittoBroker):
    # The product's own waits, not a test's quick ones.
    async with Link(LinkSettings("127.0.0.1", "server-access", port=broker.port), Mailbox().put) as link:
        await link.connected(PATIENCE_S)
        broker.restart()
        began = time.monotonic()
        await asyncio.wait_for(_generation(link, 2), 5.0)
        await round_trip(link)

    assert time.monotonic() - began < 5.0
    assert link.state.reconnects == 1


async def test_a_session_the_broker_lost_is_counted(broker: MosquittoBroker, caplog: pytest.LogCaptureFixture):
    async with Link(settings(broker.port), Mailbox().put) as link:
        await link.connected(PATIENCE_S)
        assert (link.state.session_present, link.state.session_lost) == (False, 0)
        link.drop()
        await asyncio.wait_for(_generation(link, 2), PATIENCE_S)
        assert (link.state.session_present, link.state.session_lost) == (True, 0)
        broker.restart()
        await asyncio.wait_for(_generation(link, 3), PATIENCE_S)

        assert (link.state.session_present, link.state.session_lost) == (False, 1)
    assert "has lost our session" in caplog.text


@pytest.mark.parametrize("beat", [BEAT, None], ids=["through-the-broker", "pings-alone"])
async def test_a_frozen_broker_is_found_out_and_followed_when_it_wakes(broker: MosquittoBroker, beat: str | None):
    mailbox = Mailbox()
    async with Link(settings(broker.port, heartbeat_topic=beat), mailbox.put, mailbox.note) as link:
        await link.connected(PATIENCE_S)
        broker.freeze()
        began = time.monotonic()

        found_out = await mailbox.until_state(lambda state: state.generation == 1 and not state.alive)

        # At five seconds a beat this is 12.5: two beats missed, and half a beat of grace.
        assert time.monotonic() - began < 2.5 * EVERY_S + 1.0
        assert not found_out.connected
        assert "no sign of life" in str(found_out.last_error)
        broker.thaw()
        await link.connected(PATIENCE_S)
        assert link.state.alive
        assert mailbox.deliveries == [], "beats are the link's own affair"


async def test_a_half_open_network_is_found_out_and_left(broker: MosquittoBroker):
    async with TcpProxy(broker.port) as proxy:
        mailbox = Mailbox()
        async with Link(settings(proxy.port, heartbeat_topic=BEAT), mailbox.put, mailbox.note) as link:
            await link.connected(PATIENCE_S)
            proxy.freeze()
            in_the_dark = link.publish("unlock", b"", qos=1)
            assert in_the_dark is not None
            await mailbox.until_state(lambda state: not state.alive and state.generation == 1)
            with pytest.raises(NotConnected):
                await in_the_dark
            proxy.thaw()
            await link.connected(PATIENCE_S)


async def test_a_slow_network_is_no_dead_broker(broker: MosquittoBroker):
    async with TcpProxy(broker.port) as proxy:
        # A trip takes longer than the grace of half a beat, and less than two beats.
        every_s, proxy.delay_s = 0.5, 0.15
        async with Link(settings(proxy.port, heartbeat_topic=BEAT, heartbeat_every_s=every_s), Mailbox().put) as link:
            await link.connected(PATIENCE_S)
            for _ in range(5):
                await round_trip(link)

            assert (link.state.generation, link.state.alive) == (1, True)
            assert (link.state.rtt_s or 0) >= proxy.delay_s


async def test_a_loop_that_slept_does_not_blame_the_broker(broker: MosquittoBroker):
    async with Link(settings(broker.port, heartbeat_topic=BEAT), Mailbox().put) as link:
        await link.connected(PATIENCE_S)
        time.sleep(6 * EVERY_S)  # it is the loop that must stand still
        await round_trip(link)

        assert (link.state.generation, link.state.alive) == (1, True)


async def test_a_cut_is_mended(broker: MosquittoBroker):
    async with TcpProxy(broker.port) as proxy, Link(settings(proxy.port), Mailbox().put) as link:
        await link.connected(PATIENCE_S)
        proxy.cut()
        await asyncio.wait_for(_generation(link, 2), PATIENCE_S)
        await round_trip(link)


async def test_beats_the_acl_eats_are_told_and_do_not_end_the_link(tmp_path: Path):
    acl = "user server-access\ntopic readwrite natoma-test/#\n"
    with MosquittoBroker(tmp_path / "strict", users={"server-access": "pw"}, acl=acl) as broker:
        mailbox = Mailbox()
        known = settings(broker.port, username="server-access", password="pw", heartbeat_topic=BEAT)
        async with Link(known, mailbox.put, mailbox.note) as link:
            mute = await mailbox.until_state(lambda state: state.connected and not state.alive)
            await round_trip(link)

            assert BEAT in str(mute.last_error)
            assert "ACL" in str(mute.last_error)
            assert link.state.generation == 1


@pytest.mark.parametrize("protocol", [MQTT_5, MQTT_3_1_1], ids=["mqtt-5", "mqtt-3.1.1"])
async def test_a_wrong_password_is_named_with_the_broker_and_the_user(tmp_path: Path, protocol: int):
    with MosquittoBroker(tmp_path / "strict", users={"server-access": "right"}) as broker:
        mailbox = Mailbox()
        wrong = settings(broker.port, username="server-access", password="wr0ng", protocol=protocol)
        async with Link(wrong, mailbox.put, mailbox.note) as link:
            state = await mailbox.until_state(lambda state: state.last_error is not None)

            assert isinstance(state.last_error, BadCredentials)
            assert f"127.0.0.1:{broker.port} refused user 'server-access'" in str(state.last_error)
            assert "Not authorized" in str(state.last_error)
            assert "wr0ng" not in str(state)
            with pytest.raises(BadCredentials):
                await link.connected()  # at once: no time would help
            with pytest.raises(NotConnected):
                link.publish("a", b"")


async def test_the_loser_of_a_shared_client_id_says_so(broker: MosquittoBroker):
    # Mosquitto 2.0 kicks out without a word, so it is told from the pattern of the fight.
    both = Mailbox()
    async with (
        Link(settings(broker.port), both.put, both.note) as victim,
        Link(settings(broker.port), both.put, both.note),
    ):
        await victim.connected(PATIENCE_S)
        state = await both.until_state(lambda state: state.identity_clashes > 0)

        assert isinstance(state.last_error, IdentityClash)
        assert "'server-access'" in str(state.last_error)


async def test_a_broker_that_is_not_there_is_named_and_told_of_once(caplog: pytest.LogCaptureFixture):
    mailbox = Mailbox()
    caplog.set_level(logging.DEBUG, "devices.link")
    nobody = settings(1, reconnect_min_s=0.01, reconnect_max_s=0.02)
    async with Link(nobody, mailbox.put, mailbox.note) as link:
        await mailbox.until_state(lambda _: len(mailbox.states) > 5)
        with pytest.raises(NotConnected, match=r"mqtt://127\.0\.0\.1:1: no connection: Connection refused"):
            await link.connected(0.01)

    assert [record.levelname for record in caplog.records if "no connection" in record.message].count("WARNING") == 1


async def test_a_host_nobody_knows_is_named():
    mailbox = Mailbox()
    unknown = LinkSettings("no-such-host.invalid", "server-access", connect_timeout_s=PATIENCE_S)
    async with Link(unknown, mailbox.put, mailbox.note):
        state = await mailbox.until_state(lambda state: state.last_error is not None)

    assert "host 'no-such-host.invalid' is not known" in str(state.last_error)


async def test_a_server_that_never_answers_holds_up_nobody():
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        mailbox = Mailbox()
        port = server.sockets[0].getsockname()[1]
        async with Link(settings(port, connect_timeout_s=0.3), mailbox.put, mailbox.note):
            state = await mailbox.until_state(lambda state: state.last_error is not None, 2.0)

    assert "no answer within 0.3 s" in str(state.last_error)
    assert "one that speaks MQTT 5" in str(state.last_error)


@pytest.mark.parametrize("nodelay", [False, True], ids=["nagle", "nodelay"])
async def test_a_broker_that_holds_small_packets_back_is_told_how_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, nodelay: bool
):
    with MosquittoBroker(tmp_path / "slow", nodelay=nodelay) as broker:
        async with Link(settings(broker.port, heartbeat_topic=BEAT), Mailbox().put) as link:
            await link.connected(PATIENCE_S)
            async with asyncio.timeout(PATIENCE_S):
                while link.state.rtt_s is None or (not nodelay and "round trip" not in caplog.text):
                    await asyncio.sleep(0.01)
            await round_trip(link)

    assert ("set_tcp_nodelay true" in caplog.text) is not nodelay


async def _generation(link: Link, generation: int) -> None:
    # Asked, not told: some of these tests give on_state to nobody.
    while link.state.generation < generation or not link.state.connected:
        await asyncio.sleep(0.005)
