"""A broker of our own as a child: it starts, is private, comes back when it dies, and ends with us."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.adapters.broker import BrokerProgram, Endpoint, open_broker
from controller.adapters.broker.embedded import FIRST_PORT, PORTS_TRIED
from controller.adapters.broker.rights import ACCESS_USER, RECORDER_USER
from controller.errors import StartupError
from devices.errors import BadCredentials, LinkError
from devices.link import Link, LinkSettings
from tests.support.broker import free_port
from tests.support.components import program

READER, LIGHT = "reader-street", "light-booth"
DEVICES = [READER, LIGHT]
PATIENCE = 20.0


@contextlib.contextmanager
def busy(port: int) -> Iterator[int]:
    """Somebody else listens there, unless somebody does already."""
    with socket.socket() as other:
        with contextlib.suppress(OSError):
            other.bind(("127.0.0.1", port))
            other.listen()
        yield other.getsockname()[1] or port


def link(
    endpoint: Endpoint, user: str, heard: list[tuple[str, bytes]], *filters: str, password: str | None = None
) -> Link:
    settings = LinkSettings(
        host=endpoint.host,
        port=endpoint.port,
        client_id=user,
        username=user,
        password=password or endpoint.passwords[user],
        protocol=endpoint.version,
        subscriptions=tuple((topic_filter, 1) for topic_filter in filters),
    )
    return Link(settings, lambda delivery: heard.append((delivery.topic, delivery.payload)))


async def until(holds) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.005)


# --- starting ---------------------------------------------------------------------------------------------------------


async def test_a_port_somebody_insists_on_must_be_free(tmp_path: Path):
    with busy(free_port()) as taken, pytest.raises(StartupError, match=f"broker port {taken} on 127.0.0.1 is in use"):
        async with open_broker(tmp_path, "natoma", DEVICES, port=taken):
            pass


@pytest.mark.broker
async def test_without_a_wish_the_first_free_port_from_the_usual_one_on_is_taken(tmp_path: Path):
    program("mosquitto")
    with busy(FIRST_PORT):
        async with open_broker(tmp_path, "natoma", DEVICES) as broker:
            assert FIRST_PORT < broker.endpoint.port < FIRST_PORT + PORTS_TRIED
            assert broker.endpoint.url == f"mqtt://127.0.0.1:{broker.endpoint.port}"


@pytest.mark.broker
async def test_its_files_are_for_their_owner_alone(tmp_path: Path):
    program("mosquitto")
    folder = tmp_path / "broker"
    async with open_broker(folder, "natoma", DEVICES, port=free_port()):
        private = ("passwords.json", "passwords.mosquitto", "acl.mosquitto")
        assert {(folder / name).stat().st_mode & 0o777 for name in private} == {0o600}
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.broker
async def test_a_damaged_store_is_named_with_what_to_do_about_it(tmp_path: Path):
    program("mosquitto")
    (tmp_path / "mosquitto.db").write_bytes(b"this is no store of messages")

    with pytest.raises(StartupError, match=r"mosquitto did not start on port \d+: .*; move \S+mosquitto\.db away"):
        async with open_broker(tmp_path, "natoma", DEVICES, port=free_port()):
            pass


@pytest.mark.broker
async def test_a_second_broker_over_the_same_folder_is_refused(tmp_path: Path):
    program("mosquitto")
    async with open_broker(tmp_path, "natoma", DEVICES, port=free_port()) as first:
        with pytest.raises(StartupError, match=f"still running as process {first.process.pid}"):
            async with open_broker(tmp_path, "natoma", DEVICES, port=free_port(), predecessor_limit=0.1):
                pass


@pytest.mark.broker
async def test_a_pid_of_long_ago_keeps_nobody_from_starting(tmp_path: Path):
    program("mosquitto")
    (tmp_path / "broker.pid").write_text(str(os.getpid()))  # alive, and no broker

    async with open_broker(tmp_path, "natoma", DEVICES, port=free_port()) as broker:
        assert broker.process.returncode is None


# --- running ----------------------------------------------------------------------------------------------------------

PROGRAMS = [
    pytest.param(BrokerProgram.MOSQUITTO, marks=pytest.mark.broker),
    pytest.param(BrokerProgram.AMQTT),
]


def needed(wanted: BrokerProgram) -> None:
    if wanted is BrokerProgram.MOSQUITTO:
        program("mosquitto")
    else:
        pytest.importorskip("amqtt")


@pytest.mark.parametrize("wanted", PROGRAMS, ids=str)
async def test_devices_and_the_controller_reach_each_other_and_nobody_else(tmp_path: Path, wanted: BrokerProgram):
    needed(wanted)
    heard: dict[str, list[tuple[str, bytes]]] = {user: [] for user in (ACCESS_USER, READER, LIGHT)}
    async with (
        open_broker(tmp_path, "natoma", DEVICES, port=free_port(), program=wanted) as broker,
        link(broker.endpoint, ACCESS_USER, heard[ACCESS_USER], "natoma/1/+/up/event") as controller,
        link(broker.endpoint, READER, heard[READER], "natoma/1/reader-street/down/#") as reader,
        # What it may not hear is granted politely by some brokers, and then never delivered.
        link(broker.endpoint, LIGHT, heard[LIGHT], "natoma/1/light-booth/down/#") as light,
    ):
        for one in (controller, reader, light):
            await one.connected(PATIENCE)
        light.publish("natoma/1/reader-street/up/event", b"forged", qos=0)
        light.publish("natoma/1/light-booth/up/event", b"mine", qos=0)
        reader.publish("natoma/1/reader-street/up/event", b"tap", qos=1)
        await until(lambda: len(heard[ACCESS_USER]) >= 2)
        controller.publish("natoma/1/reader-street/down/command", b"unlock", qos=1)
        await until(lambda: heard[READER])
        controller.publish("natoma/1/light-booth/down/command", b"last", qos=1)
        await until(lambda: heard[LIGHT])

    assert (broker.name, broker.endpoint.version) == (str(wanted), 5 if wanted is BrokerProgram.MOSQUITTO else 4)
    assert bool(broker.limits) is (wanted is BrokerProgram.AMQTT)
    assert {payload for _, payload in heard[ACCESS_USER]} == {b"mine", b"tap"}
    assert heard[READER] == [("natoma/1/reader-street/down/command", b"unlock")]
    assert heard[LIGHT] == [("natoma/1/light-booth/down/command", b"last")]


@pytest.mark.parametrize("wanted", PROGRAMS, ids=str)
async def test_a_folder_of_before_the_recorder_lets_it_listen_to_all_and_say_nothing(
    tmp_path: Path, wanted: BrokerProgram
):
    needed(wanted)
    (tmp_path / "passwords.json").write_text(json.dumps({READER: "known of old"}))
    heard: list[tuple[str, bytes]] = []
    async with (
        open_broker(tmp_path, "natoma", DEVICES, port=free_port(), program=wanted) as broker,
        link(broker.endpoint, RECORDER_USER, heard, "natoma/1/#") as recorder,
        link(broker.endpoint, READER, [], "natoma/1/reader-street/down/#") as reader,
        link(broker.endpoint, ACCESS_USER, []) as controller,
    ):
        for one in (recorder, reader, controller):
            await one.connected(PATIENCE)
        recorder.publish("natoma/1/reader-street/down/command", b"forged", qos=0)
        recorder.publish("natoma/1/recorder/up/event", b"forged", qos=0)
        reader.publish("natoma/1/reader-street/up/event", b"tap", qos=1)
        await until(lambda: heard)
        controller.publish("natoma/1/reader-street/down/command", b"unlock", qos=1)
        await until(lambda: len(heard) > 1)

    assert broker.endpoint.passwords[READER] == "known of old"
    assert heard == [
        ("natoma/1/reader-street/up/event", b"tap"),
        ("natoma/1/reader-street/down/command", b"unlock"),
    ]


@pytest.mark.parametrize("wanted", PROGRAMS, ids=str)
async def test_a_device_speaks_its_dialect_where_the_space_file_names_it(tmp_path: Path, wanted: BrokerProgram):
    needed(wanted)
    heard: list[tuple[str, bytes]] = []
    spoken = {READER: "zigbee2mqtt", LIGHT: "natoma"}
    async with (
        open_broker(tmp_path, "natoma", DEVICES, dialects=spoken, port=free_port(), program=wanted) as broker,
        link(broker.endpoint, READER, heard, "zigbee2mqtt/reader-street/#") as reader,
        link(broker.endpoint, LIGHT, [], "natoma/1/light-booth/down/#") as light,
    ):
        for one in (reader, light):
            await one.connected(PATIENCE)
        light.publish("zigbee2mqtt/reader-street/name/set", b"forged", qos=0)
        light.publish("zigbee2mqtt/light-booth/bridge/state", b"unnamed", qos=0)
        reader.publish("zigbee2mqtt/reader-street/bridge/state", b"online", qos=1)
        await until(lambda: heard)

    assert heard == [("zigbee2mqtt/reader-street/bridge/state", b"online")]


@pytest.mark.parametrize("wanted", PROGRAMS, ids=str)
async def test_a_wrong_password_connects_nowhere(tmp_path: Path, wanted: BrokerProgram):
    needed(wanted)
    async with (
        open_broker(tmp_path, "natoma", DEVICES, port=free_port(), program=wanted) as broker,
        link(broker.endpoint, READER, [], password="guessed") as guesser,
    ):
        await until(lambda: guesser.state.last_error is not None)

        assert isinstance(guesser.state.last_error, BadCredentials)
        assert not guesser.state.connected


@pytest.mark.broker
async def test_a_broker_that_dies_is_started_again_on_its_port(tmp_path: Path):
    program("mosquitto")
    async with open_broker(tmp_path, "natoma", DEVICES, port=free_port()) as broker:
        killed = broker.process.pid
        os.kill(killed, signal.SIGKILL)
        await until(lambda: broker.restarts == 1)
        async with link(broker.endpoint, READER, []) as reader:
            await reader.connected(PATIENCE)

        assert broker.process.pid != killed


@pytest.mark.broker
async def test_it_ends_with_us(tmp_path: Path):
    program("mosquitto")
    async with open_broker(tmp_path, "natoma", DEVICES, port=free_port()) as broker:
        pass

    assert broker.process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", broker.endpoint.port)


@pytest.mark.broker
async def test_devices_keep_their_passwords_through_a_restart(tmp_path: Path):
    program("mosquitto")
    seen = []
    for users in (DEVICES, [*DEVICES, "new"]):
        async with open_broker(tmp_path, "natoma", users, port=free_port()) as broker:
            seen.append(dict(broker.endpoint.passwords))

    assert {user: seen[1][user] for user in seen[0]} == seen[0]
    assert "new" in seen[1]


@pytest.mark.broker
async def until_connects(endpoint: Endpoint, user: str, password: str) -> None:
    """The broker reads its files a moment after it was told to."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with link(endpoint, user, [], password=password) as one:
                with contextlib.suppress(LinkError):
                    await one.connected(0.5)
                    return
