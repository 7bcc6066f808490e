"""The pages of those who have no seat at the console: strangers, a room's panel, whoever scans tickets.

All of them are safe for anybody to fetch. What a panel and a scanner show and do, they ask of /api/v1 with a token.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controller.domain.building import Space
from controller.services.visitors.public_list import Listed
from controller.web.assets import Assets
from controller.web.kiosk import KioskPages
from controller.web.public import EventPages

TEMPLATES = Path(__file__).parent / "templates" / "visitors"

# Pages that another site may link to; what they hold is nobody's secret.
LINKED = ("/events", "/events.json", "/events.ics", "/calendar/", "/panel/", "/scan")


@dataclass(frozen=True, slots=True)
class Visitors:
    """All that these pages are made from."""

    space: Callable[[], Space]
    coming: Callable[[], Sequence[Listed]]  # of the events that were made public


def mount_visitors(app: web.Application, visitors: Visitors, assets: Assets) -> None:
    """Answer for coming events, panels and scanning."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(asset=assets.url)
    events = EventPages(visitors.space, visitors.coming, environment)
    kiosk = KioskPages(visitors.space, environment)
    app.router.add_get("/events", events.page)
    app.router.add_get("/events.json", events.feed)
    app.router.add_get("/panel/{room}", kiosk.panel)
    app.router.add_get("/scan", kiosk.scan)
