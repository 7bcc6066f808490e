"""A port before a broker: it passes on, stops, is killed, freezes, and comes back at the same place."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulator.errors import RunError
from simulator.faults import Proxy


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    async def says_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(says_again, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def asked(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter], word: bytes) -> bytes:
    stream[1].write(word + b"\n")
    async with asyncio.timeout(5):
        return await stream[0].readline()


async def test_what_is_said_comes_through_and_back(echo: int):
    async with Proxy("127.0.0.1", echo) as proxy:
        assert await asked(await asyncio.open_connection("127.0.0.1", proxy.port), b"a") == b"a\n"


async def test_a_frozen_one_keeps_connections_and_thaws_with_all_that_was_said(echo: int):
    async with Proxy("127.0.0.1", echo) as proxy:
        reader, writer = stream = await asyncio.open_connection("127.0.0.1", proxy.port)
        await asked(stream, b"a")
        proxy.freeze()
        writer.write(b"b\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await reader.readline()
        proxy.thaw()

        assert await reader.readline() == b"b\n"


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_stopped_or_killed_one_ends_connections_takes_none_and_comes_back_at_its_port(echo: int, how: str):
    async with Proxy("127.0.0.1", echo) as proxy:
        stream = await asyncio.open_connection("127.0.0.1", proxy.port)
        await asked(stream, b"a")
        getattr(proxy, how)()
        if how == "kill":
            with pytest.raises(ConnectionResetError):
                await stream[0].readline()
        else:
            assert await stream[0].readline() == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        await proxy.start()
        await proxy.start()

        assert await asked(await asyncio.open_connection("127.0.0.1", proxy.port), b"b") == b"b\n"


async def test_without_a_broker_behind_it_a_connection_ends_at_once():
    async with Proxy("127.0.0.1", 1) as proxy:
        reader, _ = await asyncio.open_connection("127.0.0.1", proxy.port)

        assert await reader.read() == b""


async def test_a_port_that_is_taken_is_said(echo: int):
    with pytest.raises(RunError, match=f"127.0.0.1:{echo} cannot be listened on"):
        async with Proxy("127.0.0.1", 1, listen=echo):
            pass
