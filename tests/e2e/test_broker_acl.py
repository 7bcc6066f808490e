"""The broker the compose file ships, run as it is: its configuration and its access rules, judged by what is delivered.

A broker grants any subscription, so what counts is what arrives, and what the answer to a publish says.
"""

import getpass
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from controller.adapters.broker.passwords import mosquitto_password_file, write_private
from controller.adapters.broker.rights import CONTROLLER_USERS, ONBOARDING_USER
from tests.support.broker import free_port
from tests.support.components import program
from tests.support.plain_mqtt import PATIENCE, plain_client

SHIPPED = Path(__file__).parents[2] / ".docker" / "mosquitto"

SERVERS = set(CONTROLLER_USERS)
READER, LIGHT = "front-reader", "booth-light"
DEVICES = {READER, LIGHT}
EVERYONE = sorted({*SERVERS, *DEVICES, ONBOARDING_USER})
PASSWORDS = {user: f"{user}-password" for user in EVERYONE}

# topic: (who may write it, who hears it)
MATRIX: dict[str, tuple[set[str], set[str]]] = {
    f"natoma/1/{READER}/up/event": ({READER}, SERVERS),
    f"natoma/1/{READER}/up/birth": ({READER, ONBOARDING_USER}, SERVERS),
    f"natoma/1/{READER}/down/command": (SERVERS, {READER}),
    f"natoma/1/{LIGHT}/up/state": ({LIGHT}, SERVERS),
    f"natoma/1/{LIGHT}/down/desired": (SERVERS, {LIGHT}),
    "natoma/1/new-device/up/birth": ({ONBOARDING_USER}, SERVERS),
    "natoma/1/new-device/up/telemetry": (set(), SERVERS),
    f"natoma/1/{ONBOARDING_USER}/up/birth": (set(), SERVERS),
    f"natoma/1/{ONBOARDING_USER}/down/command": (SERVERS, set()),
    "natoma/1/server/up/status": (SERVERS, SERVERS | DEVICES),
    "natoma/1/server/beat/server-access": (SERVERS, {"server-access"}),
    "natoma/1/server/beat/server-telemetry": (SERVERS, {"server-telemetry"}),
    "natoma/1/live/space": (SERVERS, SERVERS | DEVICES),
    "natoma/1/live/door/front": (SERVERS, SERVERS | DEVICES),
    f"natoma/2/{READER}/up/event": (set(), set()),
    f"elsewhere/1/{READER}/up/event": (set(), set()),
    "$SYS/broker/uptime": (set(), SERVERS),
    "$CONTROL/dynamic-security/v1": (set(), set()),
}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with shipped_broker(tmp_path) as (port, _):
        yield port


@contextmanager
def shipped_broker(folder: Path, port: int | None = None) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the shipped files; only the places of the container and the port are replaced."""
    mosquitto = program("mosquitto")
    port = port or free_port()
    text = (SHIPPED / "mosquitto.conf").read_text()
    for inside, here in {
        "/mosquitto/config/": f"{SHIPPED}/",
        "/mosquitto/data/": f"{folder}/",
        "/accounts/": f"{folder}/",
        "\nlistener 1883\n": f"\nlistener {port} 127.0.0.1\n",
    }.items():
        assert inside in text, f"mosquitto.conf no longer says {inside.strip()}"
        text = text.replace(inside, here)
    # Started as root it would become another user, who cannot read a test's folder.
    (folder / "mosquitto.conf").write_text(f"user {getpass.getuser()}\n{text}")
    write_private(folder / "mosquitto.passwords", mosquitto_password_file(PASSWORDS))
    process = subprocess.Popen([mosquitto, "-c", str(folder / "mosquitto.conf")], stdout=(folder / "log").open("ab"))
    try:
        wait_for_port(port, process, folder / "log")
        yield port, process
    finally:
        process.kill()
        process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, f"mosquitto refused its configuration: {log.read_text()}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "mosquitto never listened"
        else:
            return


@pytest.mark.broker
def test_everyone_writes_and_hears_what_the_matrix_says_and_nothing_else(broker: int):
    with ExitStack() as stack:
        clients = {user: stack.enter_context(plain_client(broker, user, PASSWORDS[user])) for user in EVERYONE}
        for client in clients.values():
            client.subscribe("#")
            client.subscribe("$SYS/#")
            client.subscribe("$CONTROL/#")

        wrote = {
            topic: {
                user for user, client in clients.items() if client.publish(topic, user.encode()) != "Not authorized"
            }
            for topic in MATRIX
        }
        # A second answer from the broker comes behind all it had to deliver.
        for client in clients.values():
            client.subscribe("#")
        heard = {
            topic: {user for user, client in clients.items() if topic in {at for at, _ in client.heard}}
            for topic in MATRIX
        }

    assert wrote == {topic: writers for topic, (writers, _) in MATRIX.items()}
    # Nobody hears what nobody could write; the broker itself writes $SYS.
    assert heard == {
        topic: listeners if writers or topic.startswith("$SYS") else set()
        for topic, (writers, listeners) in MATRIX.items()
    }


@pytest.mark.broker
@pytest.mark.parametrize(
    ("user", "password"),
    [(None, None), (READER, "wrong"), ("nobody", "nobody-password"), (READER, "")],
    ids=["no name", "wrong password", "unknown name", "empty password"],
)
def test_without_the_right_password_nothing_connects(broker: int, user: str | None, password: str | None):
    with plain_client(broker, user, password) as client:
        assert str(client.welcome) == "Not authorized"


@pytest.mark.broker
def test_a_device_that_takes_anothers_client_id_pushes_nobody_off(broker: int):
    with (
        plain_client(broker, READER, PASSWORDS[READER], client_id=READER) as reader,
        plain_client(broker, LIGHT, PASSWORDS[LIGHT], client_id=READER) as thief,
    ):
        assert str(thief.welcome) == "Success"
        assert reader.publish(f"natoma/1/{READER}/up/event") != "Not authorized"
        assert reader.goodbye is None


@pytest.mark.broker
def test_a_packet_above_the_cap_ends_its_own_connection_alone(broker: int):
    with (
        plain_client(broker, READER, PASSWORDS[READER]) as reader,
        plain_client(broker, LIGHT, PASSWORDS[LIGHT]) as light,
    ):
        assert light.publish(f"natoma/1/{LIGHT}/up/state", b"x" * 64 * 1024) != "Packet too large"
        light.client.publish(f"natoma/1/{LIGHT}/up/state", b"x" * 80_000, qos=1)
        light.wait_until_gone()

        assert reader.publish(f"natoma/1/{READER}/up/event") != "Not authorized"


@pytest.mark.broker
def test_what_waits_for_an_absent_controller_survives_a_killed_broker(tmp_path: Path):
    topic = f"natoma/1/{READER}/up/event"
    with shipped_broker(tmp_path) as (port, process):
        with plain_client(port, "server-telemetry", PASSWORDS["server-telemetry"], keep_session=True) as controller:
            controller.subscribe("natoma/1/+/up/#")
        with plain_client(port, READER, PASSWORDS[READER]) as reader:
            reader.publish(topic, b'{"id": "kept"}')
        wait_for_snapshot_with(tmp_path / "mosquitto.db", b'{"id": "kept"}')
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    with (
        shipped_broker(tmp_path) as (port, _),
        plain_client(port, "server-telemetry", PASSWORDS["server-telemetry"], keep_session=True) as controller,
    ):
        assert controller.session_present
        assert controller.wait_until_heard(topic) == b'{"id": "kept"}'


def wait_for_snapshot_with(database: Path, payload: bytes) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (database.exists() and payload in database.read_bytes()):
        assert time.monotonic() < deadline, "the broker wrote no snapshot"
        time.sleep(0.02)
