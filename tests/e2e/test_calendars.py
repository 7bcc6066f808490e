"""A calendar kept elsewhere, on real parts: what it says opens a door, and others read what it booked."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.controller import Said, natoma
from tests.support.field import FieldDevice
from tests.support.live_house import SLOWEST_S, Live, house_at, now
from tests.support.rules_house import RulesHouse

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def live(rules_house: RulesHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with house_at(tmp_path_factory.mktemp("calendars"), rules_house) as live:
        yield live


async def test_what_a_calendar_elsewhere_says_opens_the_door_within_a_second_and_is_read_by_others(live: Live):
    start = now().replace(minute=0, second=0, microsecond=0)
    text = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:rehearsal\r\nSUMMARY:Rehearsal\r\n"
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDTEND:{start + timedelta(hours=2):%Y%m%dT%H%M%SZ}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )

    async def calendar(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/calendar")

    app = web.Application()
    app.router.add_get("/town.ics", calendar)
    async with TestServer(app) as server, live.doors("stage") as doors:
        assert await live.answer(doors["stage"], "olga") == "no_right"

        url = f"http://127.0.0.1:{server.port}/town.ics?key=hush"
        hosts = {"NATOMA_CALENDARS_PRIVATE_HOSTS": "127.0.0.1"}
        added = await typed(live, "add", url, "--room", "stage", "--owner", "olga", "--name", "Town", **hosts)
        await counts(live, doors["stage"])
        linked = await typed(live, "link", "room", "stage")
        address = live.controller.url + linked.out.strip().removeprefix("/")
        feed = await read(address)
        nothing = await read(address.replace("/calendar/", "/calendar/x"))

    assert (added.code, "Booked 1, changed 0, taken back 0." in added.out, "hush" in added.out) == (0, True, False)
    assert ("SUMMARY:Booked" in feed, "Rehearsal" in feed, nothing) == (True, False, "There is no such calendar.\n")


async def typed(live: Live, *words: str, **environment: str) -> Said:
    where = ("--data", live.data, "--space", live.space)
    return await asyncio.to_thread(natoma, "calendars", *words, *where, **environment)


async def counts(live: Live, door: FieldDevice) -> None:
    began = time.monotonic()
    while await live.answer(door, "olga") != "unlock":
        assert time.monotonic() - began < SLOWEST_S


async def read(address: str) -> str:
    """As a program would that comes again until the link counts."""
    async with aiohttp.ClientSession() as session:
        for _ in range(20):
            async with session.get(address) as answer:
                text = await answer.text()
            if answer.status == 200 or "/calendar/x" in address:
                break
            await asyncio.sleep(0.1)
    return text
