"""The live stream: snapshot first, deltas after, and nobody waits for a slow browser."""

import asyncio
import json
import re
import socket
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest

from controller.web import stream
from tests.support.site import Site, door, fact, listen

DEADLINE = 10.0


async def next_but_beats(events):
    """The next event that is not just a sign of life."""
    async for told in events:
        if told.event != "beat":
            return told
    return None


async def test_a_browser_gets_our_clock_the_whole_and_then_each_change():
    site = Site()
    site.fill()
    async with (
        asyncio.timeout(DEADLINE),
        site.served(),
        aiohttp.ClientSession() as session,
        aclosing(listen(session, site.url + "api/stream")) as events,
    ):
        beat, whole = await anext(events), await anext(events)
        site.feed.put("door", "street", door(state="open"))
        change = await anext(events)

    assert (beat.event, list(beat.data)) == ("beat", ["at"])
    assert whole.event == "snapshot"
    assert whole.data["doors"]["street"]["state"] == "locked"
    assert change.event == "delta"
    assert change.data["changes"] == [["door", "street", door(state="open")]]
    assert change.id == f"{site.feed.epoch}-{site.feed.id}"


@pytest.mark.parametrize("how", ["header", "query"])
async def test_a_browser_that_comes_back_goes_on_where_it_was(how):
    site = Site()
    site.fill()
    async with asyncio.timeout(DEADLINE), site.served(), aiohttp.ClientSession() as session:
        async with aclosing(listen(session, site.url + "api/stream")) as events:
            place = (await next_but_beats(events)).id
        site.feed.put("door", "street", door(state="released"))
        site.feed.put("door", "street", door(state="open"))
        site.feed.tell(fact(9))
        headers = {"Last-Event-ID": place} if how == "header" else None
        url = f"{site.url}api/stream" + ("" if how == "header" else f"?after={place}")
        async with aclosing(listen(session, url, headers)) as events:
            missed = await next_but_beats(events)

    assert missed.event == "delta"
    assert missed.data["changes"] == [["door", "street", door(state="open")]]
    assert [line["position"] for line in missed.data["facts"]] == [9]


@pytest.mark.parametrize(
    "place", ["another-1", "{epoch}-999999", "{epoch}-x", "{epoch}-²", "{epoch}", "-1", "💥"], ids=ascii
)
async def test_a_place_that_is_not_one_of_ours_starts_afresh(place):
    site = Site()
    site.fill()
    async with asyncio.timeout(DEADLINE), site.served(), aiohttp.ClientSession() as session:
        url = f"{site.url}api/stream?after={place.format(epoch=site.feed.epoch)}"
        async with aclosing(listen(session, url)) as events:
            first = await next_but_beats(events)

    assert first.event == "snapshot"


async def test_a_browser_whose_missed_facts_are_gone_gets_a_fresh_snapshot():
    site = Site()
    site.fill()
    place = f"{site.feed.epoch}-{site.feed.id}"
    for position in range(250):
        site.feed.tell(fact(position))
    async with (
        asyncio.timeout(DEADLINE),
        site.served(),
        aiohttp.ClientSession() as session,
        aclosing(listen(session, f"{site.url}api/stream?after={place}")) as events,
    ):
        first = await next_but_beats(events)

    assert first.event == "snapshot"
    assert len(first.data["facts"]) == 200


async def test_a_quiet_stream_beats():
    site = Site(options={"heartbeat_s": 0.02})
    async with (
        asyncio.timeout(DEADLINE),
        site.served(),
        aiohttp.ClientSession() as session,
        aclosing(listen(session, site.url + "api/stream")) as events,
    ):
        seen = [(await anext(events)).event for _ in range(4)]

    assert seen == ["beat", "snapshot", "beat", "beat"]


async def test_changes_within_one_batch_travel_together():
    site = Site(options={"batch_s": 0.05})
    site.fill()
    async with (
        asyncio.timeout(DEADLINE),
        site.served(),
        aiohttp.ClientSession() as session,
        aclosing(listen(session, site.url + "api/stream")) as events,
    ):
        await next_but_beats(events)
        for position in range(100):
            site.feed.tell(fact(position))
            site.feed.put("space", "", {"people_in": position})
        change = await next_but_beats(events)

    assert len(change.data["facts"]) == 100
    assert change.data["changes"] == [["space", "", {"people_in": 99}]]


async def test_more_screens_than_allowed_are_told_to_come_back_and_a_place_is_freed_when_one_leaves():
    site = Site(options={"stream_limit": 2})
    async with asyncio.timeout(DEADLINE), site.served(), aiohttp.ClientSession() as session:
        url = site.url + "api/stream"
        async with aclosing(listen(session, url)) as one, aclosing(listen(session, url)) as two:
            await anext(one)
            await anext(two)
            async with session.get(url) as refused:
                assert refused.status == 503
                assert refused.headers["Retry-After"] == "10"
                assert "2 screens are watching already" in await refused.text()
        while True:  # the server notices a browser that leaves within a turn or two of its loop
            async with session.get(url) as again:
                if again.status == 200:
                    break


async def test_a_browser_that_does_not_read_is_resynced_later_and_costs_the_others_nothing():
    site = Site()
    site.fill()
    async with asyncio.timeout(DEADLINE), site.served(), aiohttp.ClientSession() as session:
        port = int(site.url.rsplit(":", 1)[1].strip("/"))
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port))
        slow.setblocking(False)
        slow.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with aclosing(listen(session, site.url + "api/stream")) as events:
            await next_but_beats(events)
            heard = []
            for position in range(1500):
                site.feed.tell(fact(position, text="x" * 1000))
                heard += (await next_but_beats(events)).data["facts"]
        resyncs = site.meters.counter("natoma_live_resyncs_total", "Browsers that fell behind and started afresh")
        assert [line["position"] for line in heard] == list(range(1500)), "the other one heard every fact"

        text = b""
        loop = asyncio.get_running_loop()
        # It reads at last; through the small window it would be told 2 KB each fifth of a second.
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        while b"event: resync" not in text:
            text += await loop.sock_recv(slow, 65536)
        slow.close()

    assert resyncs.value == 1


async def test_a_browser_that_takes_nothing_for_too_long_is_let_go():
    site = Site(options={"write_limit_s": 0.05})
    async with asyncio.timeout(DEADLINE), site.served():
        with socket.socket() as dead:
            dead.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            dead.connect(("127.0.0.1", int(site.url.rsplit(":", 1)[1].strip("/"))))
            dead.sendall(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            watching = site.meters.gauge("natoma_live_streams", "Browsers that watch now")
            while watching.value == 0:
                await asyncio.sleep(0)
            while watching.value:
                site.feed.tell(fact(1, text="x" * 10_000))
                await asyncio.sleep(0)


async def test_stopping_the_service_ends_the_streams_at_once():
    site = Site()
    async with asyncio.timeout(DEADLINE), aiohttp.ClientSession() as session:
        async with site.served():
            events = listen(session, site.url + "api/stream")
            await next_but_beats(events)
        assert await next_but_beats(events) is None


async def test_what_a_name_may_hold_cannot_break_the_stream_apart():
    site = Site()
    hostile = "a\nevent: snapshot\ndata: {}\n\n\r\n\u2028 \ud800"
    site.feed.tell(fact(1, text=hostile))
    async with (
        asyncio.timeout(DEADLINE),
        site.served(),
        aiohttp.ClientSession() as session,
        aclosing(listen(session, site.url + "api/stream")) as events,
    ):
        first = await next_but_beats(events)

    assert first.data["facts"][0]["text"] == hostile
    assert json.dumps(first.data)


def test_the_page_calls_a_stream_dead_after_ten_seconds_and_two_lost_beats():
    script = (Path(stream.__file__).parent / "static" / "stream.js").read_text()
    [silent_ms] = re.findall(r"const SILENT_MS = (\d+);", script)

    assert int(silent_ms) == 10_000
    assert 2 * stream.HEARTBEAT_S < int(silent_ms) / 1000 < 3 * stream.HEARTBEAT_S
