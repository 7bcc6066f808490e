"""The page over HTTP: its files, the drawing, the people to pick, what is done, and one live stream.

Messages of the stream: `all` (the whole table), `news` (what changed, null for what is gone), `beat` (still there).
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from aiohttp import web

from devices import strictjson
from simulator.errors import InputError, RunError
from simulator.page.acts import Acts
from simulator.page.guard import add_headers, only_this_machine
from simulator.page.life import Life, Table, changes

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
# A tap is seen within a tenth of a second; the page takes ten seconds of silence for a dead stream (`static/stream.js`).
_LOOK_EVERY_S = 0.1
_BEAT_EVERY_S = 4.0
_MOST_STREAMS = 50
_LONGEST_REQUEST = 4096
_STOP_WITHIN_S = 1.0
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Page:
    """What the page shows and does; `plan` is what `drawing` told once."""

    def __init__(self, plan: str, life: Life, acts: Acts) -> None:
        self._life = life
        self._acts = acts
        self._plan = plan
        self._streams: set[asyncio.Task[object]] = set()
        # Few and small; nothing else of the package can be asked for.
        folder = files("simulator.page").joinpath("static")
        self._files = {file.name: file.read_bytes() for file in folder.iterdir()}

    def app(self) -> web.Application:
        app = web.Application(middlewares=[only_this_machine], client_max_size=_LONGEST_REQUEST)
        app.router.add_get("/", self._front)
        app.router.add_get("/static/{name}", self._file)
        app.router.add_get("/plan", self._drawing)
        app.router.add_get("/people", self._people)
        app.router.add_get("/live", self._live)
        app.router.add_post("/do", self._do)
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._hang_up)
        return app

    async def _front(self, _: web.Request) -> web.Response:
        return self._answer("index.html")

    async def _file(self, request: web.Request) -> web.Response:
        return self._answer(request.match_info["name"])

    def _answer(self, name: str) -> web.Response:
        if name not in self._files:
            raise web.HTTPNotFound(text="There is no such file.\n")
        kind = _TYPES[name.rpartition(".")[2]]
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8")

    async def _drawing(self, _: web.Request) -> web.Response:
        return web.Response(text=self._plan, content_type="application/json")

    async def _people(self, request: web.Request) -> web.Response:
        return web.json_response(self._acts.found(request.query.get("q", "")))

    async def _do(self, request: web.Request) -> web.Response:
        try:
            asked = strictjson.parse(await request.read())
            if not isinstance(asked, dict):
                raise InputError("what is to be done is a JSON object")
            return web.json_response(await self._acts.do(asked))
        except InputError as exc:
            return web.json_response({"error": str(exc)}, status=422)
        except strictjson.StrictJsonError as exc:
            return web.json_response({"error": f"what is to be done {exc.why}; {exc.hint}"}, status=400)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        if len(self._streams) >= _MOST_STREAMS:
            raise web.HTTPServiceUnavailable(text=f"{_MOST_STREAMS} pages are open already; close one.\n")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        task = asyncio.current_task()
        assert task is not None  # a handler always runs in one
        self._streams.add(task)
        try:
            async for message in self._messages():
                await response.write(message)
        except ConnectionError:
            logger.debug("a browser left")
        finally:
            self._streams.discard(task)
        return response

    async def _messages(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        told: Table = self._life.now()
        yield _message("all", told)
        said_at = loop.time()
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now = self._life.now()
            news = changes(told, now)
            if news:
                yield _message("news", news)
            elif loop.time() - said_at >= _BEAT_EVERY_S:
                yield _message("beat", {})
            else:
                continue
            told, said_at = now, loop.time()

    async def _hang_up(self, _: web.Application) -> None:
        for task in self._streams:
            task.cancel()


@asynccontextmanager
async def serve(page: Page, port: int) -> AsyncIterator[str]:
    """Listen on this machine while the block runs; yields the address. Port 0 lets the system choose."""
    runner = web.AppRunner(page.app(), access_log=None, handler_cancellation=False, shutdown_timeout=_STOP_WITHIN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as exc:
            raise RunError(
                f"--page-port {port}: the page cannot be there: {exc.strerror or exc}; 0 takes a free one"
            ) from exc
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def _message(name: str, content: Table) -> bytes:
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
