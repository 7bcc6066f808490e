"""One connection's end, at the moments a real broker seldom hits: here each is made to happen."""

import asyncio
import socket
from unittest.mock import Mock

import pytest

from devices.link.connection import Connection
from devices.link.settings import LinkSettings

SETTINGS = LinkSettings(host="broker.example", client_id="server-access")


@pytest.mark.timeout(20)  # what it guards against is a loop that never ends
async def test_a_packet_handed_over_while_the_send_before_it_is_failing_ends_the_connection_and_nothing_spins():
    ours, brokers = socket.socketpair()
    ours.setblocking(False)
    owner = Mock(spec=["on_over"])
    connection = Connection(SETTINGS, ours, asyncio.get_running_loop(), owner)
    connection.open()
    # Only writing may notice that the broker is gone: its end must not be read first.
    asyncio.get_running_loop().remove_reader(ours.fileno())
    brokers.close()

    # In the next turn of the loop CONNECT fails to leave, and this follows before anybody was told.
    asyncio.get_running_loop().call_soon(
        lambda: connection.publish("natoma/1/server/up/status", b"{}", 0, retain=False, properties=None)
    )
    error = await connection.over

    assert "connection closed before the broker answered CONNECT" in str(error)
    owner.on_over.assert_called_once_with(error)
