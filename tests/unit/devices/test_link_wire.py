"""The buffered, gathering socket under paho."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from devices.link.wire import UNSENT_BYTES, Wire


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


async def test_one_fill_serves_many_reads(pair):
    ours, theirs = pair
    wire = Wire(ours, asyncio.get_running_loop())
    theirs.send(b"abcdef")
    wire.fill()
    theirs.send(b"later")

    assert [wire.recv(1), wire.recv(2), wire.recv(100)] == [b"a", b"bc", b"def"]
    assert wire.pending() == 0
    with pytest.raises(BlockingIOError):
        wire.recv(1)


async def test_the_end_is_told_behind_what_came_before_it(pair):
    ours, theirs = pair
    wire = Wire(ours, asyncio.get_running_loop())
    theirs.send(b"last words")
    theirs.close()
    wire.fill()
    wire.fill()

    assert wire.recv(100) == b"last words"
    assert wire.has_news()
    with pytest.raises(ConnectionResetError):
        wire.recv(1)


async def test_nothing_is_written_before_the_flush_and_then_all_at_once(pair):
    ours, theirs = pair
    wire = Wire(ours, asyncio.get_running_loop())
    wire.send(b"one ")
    wire.send(b"two")
    with pytest.raises(BlockingIOError):
        theirs.recv(100)

    wire.flush()

    assert theirs.recv(100) == b"one two"


async def test_what_the_kernel_will_not_take_follows_by_itself_and_in_order(pair):
    ours, theirs = pair
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    wire = Wire(ours, asyncio.get_running_loop())
    drained = asyncio.Event()
    wire.on_drained = drained.set
    sent = bytes(range(256)) * 900
    wire.send(sent)
    wire.flush()
    assert wire.unsent
    got = b""
    while len(got) < len(sent):
        got += await asyncio.wait_for(asyncio.get_running_loop().sock_recv(theirs, 65536), 5)
    await asyncio.wait_for(drained.wait(), 5)

    assert got == sent
    assert not wire.unsent
    wire.close()


async def test_a_peer_that_does_not_read_stops_the_writer(pair):
    ours, _ = pair
    wire = Wire(ours, asyncio.get_running_loop())
    wire.send(b"x" * UNSENT_BYTES)

    with pytest.raises(BlockingIOError):
        wire.send(b"y")


async def test_closing_sends_the_goodbye_that_gathered(pair):
    ours, theirs = pair
    wire = Wire(ours, asyncio.get_running_loop())
    wire.send(b"\xe0\x00")
    wire.close()
    wire.close()

    assert theirs.recv(100) == b"\xe0\x00"
