"""Calendars on the web: who gets one, what a cache is told, and what nobody is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from controller.adapters.ical_writing import written
from controller.domain.calendars import Feed, FeedEvent, Stamped
from controller.web.calendars import CalendarFeeds

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "s" * 43


class Feeds:
    """One calendar under one secret, and the public events."""

    def __init__(self) -> None:
        self.since = NOON

    async def of(self, secret: str) -> Feed | None:
        return self.events() if secret == SECRET else None

    def events(self) -> Feed:
        talk = FeedEvent("talk@house", NOON, NOON + timedelta(hours=1), "Talk")
        return Feed("House", (Stamped(talk, self.since, 0),), self.since)


@pytest.fixture
async def site() -> AsyncIterator[tuple[TestClient[web.Request, web.Application], Feeds]]:
    feeds, app = Feeds(), web.Application()
    CalendarFeeds(feeds, written).mount(app)  # type: ignore[arg-type]
    async with TestClient(TestServer(app)) as client:
        yield client, feeds


async def test_a_calendar_is_private_under_its_link_and_public_events_are_not(site) -> None:  # type: ignore[no-untyped-def]
    client, _ = site
    mine, public = await client.get(f"/calendar/{SECRET}.ics"), await client.get("/events.ics")

    assert mine.content_type == public.content_type == "text/calendar"
    assert (await mine.text()).startswith("BEGIN:VCALENDAR\r\n")
    assert mine.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert public.headers["Cache-Control"] == "public, max-age=300"


async def test_what_somebody_has_is_not_sent_again_until_it_changes(site) -> None:  # type: ignore[no-untyped-def]
    client, feeds = site
    path = f"/calendar/{SECRET}.ics"
    first = await client.get(path)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]

    assert (await client.get(path, headers={"If-None-Match": tag})).status == 304
    assert (await client.get(path, headers={"If-Modified-Since": modified})).status == 304
    feeds.since = NOON + timedelta(minutes=5)
    again = await client.get(path, headers={"If-None-Match": tag, "If-Modified-Since": modified})
    assert again.status == 200
    assert (await client.get(path, headers={"If-Modified-Since": modified})).status == 200


@pytest.mark.parametrize("secret", ["x" * 43, "short", SECRET + "x", "%00" * 43, "é" * 43])
async def test_who_has_no_link_gets_one_answer_whatever_they_try(site, secret: str) -> None:  # type: ignore[no-untyped-def]
    client, _ = site
    answer = await client.get(f"/calendar/{secret}.ics")

    assert (answer.status, await answer.text()) == (404, "There is no such calendar.\n")
