"""Answers for programs: the live snapshot as JSON, and whether the service is well."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed, to_json


class Api:
    """Two read-only views on what the services already hold."""

    def __init__(self, feed: LiveFeed, health: HealthBoard, now: Callable[[], datetime]) -> None:
        self._feed = feed
        self._health = health
        self._now = now

    async def live(self, request: web.Request) -> web.Response:
        """Everything the page shows, at once."""
        response = _json({"at": self._now().isoformat(), **self._feed.snapshot()})
        response.enable_compression()
        return response

    async def healthz(self, request: web.Request) -> web.Response:
        """200 while every vital part is well, else 503; either way each part by name."""
        verdict = self._health.verdict()
        return _json(
            {
                "ok": verdict.ok,
                "text": verdict.text,
                "components": {part.name: part.as_plain() for part in self._health.components()},
            },
            status=200 if verdict.ok else 503,
        )


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(text=to_json(body), status=status, content_type="application/json")
