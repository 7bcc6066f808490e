"""The web part put together: which address answers what, and the door it listens at.

The page is read-only and for this machine alone: until people sign in, only a program with a token changes anything.
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime

from aiohttp import web

from controller.domain.building import Space
from controller.errors import InputError
from controller.services.history.desk import HistoryDesk
from controller.services.meters import Meters
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from controller.web import port as ports
from controller.web.api.frame import tell_problems
from controller.web.api.live import Api
from controller.web.api.table import Programs, mount
from controller.web.assets import Assets
from controller.web.calendars import CalendarFeeds
from controller.web.guard import add_security_headers, is_loopback, only_for
from controller.web.history import HistoryPages
from controller.web.metrics import Metrics
from controller.web.pages import Pages
from controller.web.stream import BATCH_S, HEARTBEAT_S, STREAM_LIMIT, WRITE_LIMIT_S, LiveStreams
from controller.web.visitors import LINKED, Visitors, mount_visitors

SHUTDOWN_S = 2.0


def create_app(
    *,
    space: Callable[[], Space],
    feed: LiveFeed,
    health: HealthBoard,
    meters: Meters,
    now: Callable[[], datetime],
    programs: Programs | None = None,
    visitors: Visitors | None = None,
    calendars: CalendarFeeds | None = None,
    history: HistoryDesk | None = None,
    hint: str | None = None,
    host_names: Collection[str] = (),
    heartbeat_s: float = HEARTBEAT_S,
    batch_s: float = BATCH_S,
    stream_limit: int = STREAM_LIMIT,
    write_limit_s: float = WRITE_LIMIT_S,
) -> web.Application:
    """The application over what the services hold. `hint` is a command a newcomer can try, shown on the page."""
    assets = Assets()
    pages = Pages(space, assets, hint)
    api = Api(feed, health, now)
    streams = LiveStreams(
        feed,
        now,
        meters,
        heartbeat_s=heartbeat_s,
        batch_s=batch_s,
        limit=stream_limit,
        write_limit_s=write_limit_s,
    )
    metrics = Metrics(meters, health)

    app = web.Application(middlewares=[only_for(host_names, LINKED), tell_problems])
    app.router.add_get("/", pages.now)
    app.router.add_get("/api/live", api.live)
    app.router.add_get("/api/stream", streams.serve, allow_head=False)
    app.router.add_get("/healthz", api.healthz)
    app.router.add_get("/metrics", metrics.serve)
    app.router.add_get("/static/{version}/{name:.+}", assets.serve)
    if history is not None:
        HistoryPages(history, space, assets).mount(app)
    if visitors is not None:
        mount_visitors(app, visitors, assets)
    if calendars is not None:
        calendars.mount(app)
    if programs is not None:
        mount(app, programs)
    app.on_response_prepare.append(add_security_headers)
    app.on_shutdown.append(streams.close)
    return app


def create_outside_app(
    *, visitors: Visitors, programs: Programs | None, calendars: CalendarFeeds | None = None
) -> web.Application:
    """What others may reach: pages that hold nothing secret, and the API, which asks for a token.

    Neither how the building is nor who comes and goes is here; so it needs no name of its own, and no loopback.
    """
    assets = Assets()
    app = web.Application(middlewares=[tell_problems])
    app.router.add_get("/", _to_events)
    app.router.add_get("/static/{version}/{name:.+}", assets.serve)
    mount_visitors(app, visitors, assets)
    if calendars is not None:
        calendars.mount(app)
    if programs is not None:
        mount(app, programs)
    app.on_response_prepare.append(add_security_headers)
    return app


async def _to_events(request: web.Request) -> web.Response:
    raise web.HTTPFound("/events")


@asynccontextmanager
async def serve(app: web.Application, host: str, port: int, *, beyond_loopback: bool = False) -> AsyncIterator[str]:
    """Listen while the context is open; yields the page's address. Port 0 lets the system choose."""
    if not beyond_loopback and not is_loopback(host):
        raise InputError(
            f"web host {host} — expected this machine's own 127.0.0.1, ::1 or localhost: there is no sign-in yet, so "
            "anyone who reaches the page sees who comes and goes. To serve others all the same, set "
            "NATOMA_WEB_BEYOND_LOOPBACK=true and put a proxy with a sign-in before it"
        )
    async with _listening(app, host, port, "NATOMA_WEB_PORT") as address:
        yield address


@asynccontextmanager
async def serve_others(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """The same for what anybody may reach, at any address."""
    async with _listening(app, host, port, "NATOMA_WEB_OUTSIDE_PORT") as address:
        yield address


@asynccontextmanager
async def _listening(app: web.Application, host: str, port: int, setting: str) -> AsyncIterator[str]:
    # A handler may be cancelled the moment its browser leaves; what changes something is finished all the same, by the
    # frame of the API.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as exc:
            raise ports.refusal(host, port, exc, setting) from exc
        bound = runner.addresses[0]
        yield f"http://{f'[{bound[0]}]' if ':' in bound[0] else bound[0]}:{bound[1]}/"
    finally:
        await runner.cleanup()
