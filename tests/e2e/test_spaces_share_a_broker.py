"""Two spaces on one Mosquitto: their controllers log in by the same users, and neither pushes the other off."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from controller.adapters.broker.rights import CONTROLLER_USERS, mosquitto_acl
from controller.adapters.mqtt import Broker, access_settings, client_id, telemetry_settings
from devices.link import Link
from devices.topics import Topics
from tests.support.broker import MosquittoBroker, free_port
from tests.support.mailbox import Mailbox
from tests.support.plain_mqtt import plain_client

PATIENCE = 20.0
# Long enough for whoever was pushed off to come back and push in turn.
TOGETHER = 2.0
ROOTS = (Topics(), Topics("natoma/paris"), Topics("natoma-paris"))
PASSWORDS = {user: f"{user}-password" for user in (*CONTROLLER_USERS, "reader")}
RIGHTS = "\n".join(mosquitto_acl(topics.root, CONTROLLER_USERS) for topics in ROOTS)


def both_links(port: int, topics: Topics) -> tuple[Link, Link]:
    access, telemetry = CONTROLLER_USERS
    broker = Broker(
        "127.0.0.1",
        port,
        access_user=access,
        access_password=PASSWORDS[access],
        telemetry_user=telemetry,
        telemetry_password=PASSWORDS[telemetry],
    )
    return (
        Link(access_settings(broker, topics, "boot-1"), Mailbox().put),
        Link(telemetry_settings(broker, topics), Mailbox().put),
    )


@pytest.mark.broker
async def test_controllers_of_several_roots_stay_connected_to_one_broker(tmp_path: Path):
    # As docs/settings.md tells it: devices on a listener where nobody takes another's id, controllers on another.
    devices = free_port()
    beside = (f"listener {devices} 127.0.0.1", "use_username_as_clientid true")
    with MosquittoBroker(tmp_path, users=PASSWORDS, acl=RIGHTS, extra=beside) as broker:
        async with AsyncExitStack() as stack:
            links = [link for topics in ROOTS for link in both_links(broker.port, topics)]
            for link in links:
                await stack.enter_async_context(link)
                await link.connected(PATIENCE)
            await asyncio.sleep(TOGETHER)

            assert [(link.state.connected, link.state.generation) for link in links] == [(True, 1)] * len(links)
        with (
            plain_client(devices, "reader", PASSWORDS["reader"], client_id="reader") as reader,
            plain_client(devices, CONTROLLER_USERS[0], PASSWORDS[CONTROLLER_USERS[0]], client_id="reader"),
        ):
            assert reader.goodbye is None


def test_below_the_usual_root_sessions_keep_their_names():
    names = [client_id("server-access", topics) for topics in ROOTS]

    assert names == ["server-access", "server-access-natoma:paris", "server-access-natoma-paris"]
