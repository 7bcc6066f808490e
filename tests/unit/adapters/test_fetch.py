"""Getting a calendar from elsewhere, from a real server: once, again, slowly, hugely, and from where nobody may look."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from controller.adapters.fetch import CalendarSource
from controller.adapters.ical_bounds import MAX_BYTES
from controller.errors import InputError
from controller.services.calendars.stores import SourceError

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
INSIDE = CalendarSource(["127.0.0.1", "localhost"])


class Server:
    """Answers as the path says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self.server = TestServer(app)

    def url(self, path: str, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self.server.port}/{path}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        path = request.match_info["path"]
        if path == "huge":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(MAX_BYTES // 65536 + 2):
                await response.write(b"x" * 65536)
            return response
        if path == "slow":
            await asyncio.sleep(30)
        if path == "cut":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(CALENDAR)
            assert request.transport is not None
            request.transport.close()
            return response
        if path.startswith("to/"):
            return web.Response(status=302, headers={"Location": request.query["where"]})
        if path == "loop":
            return web.Response(status=302, headers={"Location": "/loop"})
        if path == "nowhere":
            return web.Response(status=302)
        if path.isdigit():
            return web.Response(status=int(path))
        if path == "zipped":
            return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
        if '"e1"' in (request.headers.get("If-None-Match"), None) or "If-Modified-Since" in request.headers:
            return web.Response(status=304)
        return web.Response(body=CALENDAR, headers={"ETag": '"e1"', "Last-Modified": "Mon, 23 Nov 2026 12:00:00 GMT"})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with server.server:
        yield server


async def test_a_calendar_comes_with_what_its_server_knows_it_by_and_not_again(server: Server) -> None:
    first = await INSIDE.fetch(server.url("a.ics"))

    assert first is not None
    assert (first.data, first.etag, first.modified) == (CALENDAR, '"e1"', "Mon, 23 Nov 2026 12:00:00 GMT")
    assert await INSIDE.fetch(server.url("a.ics"), first.etag, first.modified) is None
    assert await INSIDE.fetch(server.url("a.ics"), None, first.modified) is None


async def test_a_password_in_the_address_is_used_and_told_to_nobody_else(server: Server) -> None:
    await INSIDE.fetch(server.url("to/x?where=http://localhost:" + str(server.server.port) + "/a", "ada:hush@"))

    first, second = (one.headers.get("Authorization") for one in server.asked)
    assert (first, second) == ("Basic YWRhOmh1c2g=", None)
    assert "hush" not in repr(first is None)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/a",
        "http://localhost:{port}/a",
        "http://[::1]:{port}/a",
        "http://0.0.0.0:{port}/a",
        "http://[::ffff:127.0.0.1]:{port}/a",
        "http://169.254.169.254/latest/meta-data",
    ],
)
async def test_no_address_leads_into_the_own_network(server: Server, url: str) -> None:
    with pytest.raises(InputError, match=r"in a private network.*calendars_private_hosts"):
        await CalendarSource().fetch(url.format(port=server.server.port))
    assert server.asked == []


async def test_a_redirect_into_the_own_network_is_not_followed(server: Server) -> None:
    # The setting names the address that was typed, and not the one it sends us to.
    source = CalendarSource(["localhost"])
    where = server.url("secret")

    with pytest.raises(InputError, match=r"127\.0\.0\.1 is in a private network"):
        await source.fetch(f"http://localhost:{server.server.port}/to/x?where={where}")
    assert [one.path for one in server.asked] == ["/to/x"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("404", "127.0.0.1 answers 404 Not Found — is the address still the right one"),
        ("503", "answers 503 Service Unavailable — it is asked again"),
        ("304", "answers 304"),
        ("loop", "sends us from one address to the next"),
        ("nowhere", "sends us on without saying where"),
        ("cut", "answers in a way that cannot be read"),
        ("zipped", "answers compressed"),
    ],
)
async def test_what_a_server_does_wrong_is_told_without_the_address(server: Server, path: str, why: str) -> None:
    with pytest.raises(SourceError, match=why) as caught:
        await INSIDE.fetch(server.url(f"{path}?token=hush", "ada:hush@"))
    assert "hush" not in str(caught.value)


async def test_a_calendar_that_is_too_large_is_read_no_further(server: Server) -> None:
    with pytest.raises(InputError, match="over 5 MB, and no more is read"):
        await INSIDE.fetch(server.url("huge"))


async def test_a_server_that_does_not_answer_is_waited_for_so_long(server: Server) -> None:
    with pytest.raises(SourceError, match=r"127.0.0.1 does not answer in time"):
        await CalendarSource(["127.0.0.1"], timeout_s=0.2).fetch(server.url("slow"))


async def test_a_server_that_is_not_there_is_told(server: Server) -> None:
    url = server.url("a")
    await server.server.close()

    with pytest.raises(SourceError, match=r"127.0.0.1 cannot be reached"):
        await INSIDE.fetch(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://town.example/a.ics", "has the scheme 'ftp'"),
        ("https:///a.ics", "names no host|cannot be read"),
        ("http://[::1/a.ics", "cannot be read"),
        ("a.ics", "has the scheme ''"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "has the scheme 'gopher'"),
    ],
)
async def test_an_address_of_another_kind_is_refused(url: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        await INSIDE.fetch(url)


async def test_webcal_is_asked_with_encryption(server: Server) -> None:
    with pytest.raises(SourceError, match=r"127.0.0.1 cannot be reached"):
        await INSIDE.fetch(server.url("a").replace("http:", "webcal:"))


# --- files ------------------------------------------------------------------------------------------------------------


async def test_a_file_is_read_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "räume 1.ics"
    path.write_bytes(CALENDAR)
    source = CalendarSource()

    first = await source.fetch(path.as_uri())
    assert first is not None
    assert first.data == CALENDAR
    assert await source.fetch(path.as_uri(), None, first.modified) is None
    os.utime(path, ns=(1, 1))
    assert await source.fetch(path.as_uri(), None, first.modified) is not None


async def test_a_file_that_is_none_or_too_large_is_told(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large.ics"
    os.mkfifo(pipe)
    large.write_bytes(b"x" * (MAX_BYTES + 1))

    with pytest.raises(SourceError, match=r"gone.ics cannot be read \(No such file"):
        await CalendarSource().fetch((tmp_path / "gone.ics").as_uri())
    with pytest.raises(InputError, match="is no file"):
        await CalendarSource().fetch(pipe.as_uri())
    with pytest.raises(SourceError, match="Is a directory"):
        await CalendarSource().fetch(tmp_path.as_uri())
    with pytest.raises(InputError, match="over 5 MB"):
        await CalendarSource().fetch(large.as_uri())
