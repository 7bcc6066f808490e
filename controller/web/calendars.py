"""Calendars for programs that subscribe: those under secret links, and the public events.

Who has no link, a wrong one or one that was revoked gets one and the same answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from controller.domain.calendars import Feed
from controller.services.calendars.feeds import Feeds
from controller.services.calendars.links import SECRET_LENGTH

# As the page of public events: linked from somewhere popular it must not become a load.
_PUBLIC_KEPT_S = 300
_NOTHING = "There is no such calendar.\n"


@dataclass(frozen=True, slots=True)
class CalendarFeeds:
    """The feeds, and how one is written."""

    feeds: Feeds
    written: Callable[[Feed], bytes]

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/events.ics", self.events)
        app.router.add_get("/calendar/{secret}", self.secret)

    async def events(self, request: web.Request) -> web.Response:
        """For anybody."""
        return self._answer(request, self.feeds.events(), f"public, max-age={_PUBLIC_KEPT_S}")

    async def secret(self, request: web.Request) -> web.Response:
        """For whoever has the link."""
        secret = request.match_info["secret"].removesuffix(".ics")
        feed = await self.feeds.of(secret) if len(secret) == SECRET_LENGTH else None
        if feed is None:
            raise web.HTTPNotFound(text=_NOTHING)
        return self._answer(request, feed, "private, max-age=0, must-revalidate")

    def _answer(self, request: web.Request, feed: Feed, kept: str) -> web.Response:
        body = self.written(feed)
        etag = hashlib.sha256(body).hexdigest()[:32]
        response = web.Response(status=304) if _has(request, feed, etag) else web.Response(body=body)
        response.headers["Content-Type"] = "text/calendar; charset=utf-8"
        response.headers["Cache-Control"] = kept
        response.etag = etag
        response.last_modified = feed.since
        # Whoever opens it in a browser saves a file, and no page is told where they came from.
        response.headers["Content-Disposition"] = 'attachment; filename="calendar.ics"'
        return response


def _has(request: web.Request, feed: Feed, etag: str) -> bool:
    asked = request.if_none_match
    if asked is not None:
        return any(one.value in ("*", etag) for one in asked)
    since = request.if_modified_since
    return since is not None and feed.since.replace(microsecond=0) < since + timedelta(seconds=1)
