"""An InfluxDB that does as it is told: what neither a real one nor VictoriaMetrics can be brought to do.

A real HTTP server in a thread. It takes all it is sent as InfluxDB 2 would, keeping the last value of each point, but for
what is in `script` (the next answers, one each) or what `rule` says of every request.
"""

import gzip
import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "st-stub-token-of-no-worth"


@dataclass(frozen=True, slots=True)
class Request:
    """What came in."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    lines: tuple[str, ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out, and in which way."""

    status: int = 204
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    takes: bool = False  # it keeps the lines, whatever it says of them
    hangs: bool = False  # nothing, until the stub is told to let go
    cut: bool = False  # the connection is closed before a word
    half: bool = False  # half of the answer, then the connection is closed
    delay_s: float = 0.0


Rule = Callable[[Sequence[str]], Answer | None]


def said(status: int, code: str, message: str, *headers: tuple[str, str], takes: bool = False) -> Answer:
    """An error in InfluxDB 2's own words."""
    body = json.dumps({"code": code, "message": message}).encode()
    return Answer(status, body, (("Content-Type", "application/json; charset=utf-8"), *headers), takes=takes)


UNAUTHORIZED = said(401, "unauthorized", "unauthorized access")
FORBIDDEN = said(403, "forbidden", "insufficient permissions for write")
NO_BUCKET = said(404, "not found", 'bucket "natoma" not found')
TOO_LARGE = said(413, "request too large", "cannot read data: points batch is too large")
UNAVAILABLE = Answer(503, b"Service Unavailable")
HANGS, CUT, HALF = Answer(hangs=True), Answer(cut=True), Answer(204, half=True, takes=True)
SIGN_IN_PAGE = Answer(200, b"<html>Please sign in</html>", (("Content-Type", "text/html"),))
REDIRECT = Answer(302, b"", (("Location", "https://login.example/"),))


def too_many(retry_after: str) -> Answer:
    return said(429, "too many requests", "org has exceeded its write limit", ("Retry-After", retry_after))


def refusing_lines_with(text: str) -> Rule:
    """As 2.x does it: nothing of the request is kept, and only the first bad line is named."""

    def rule(lines: Sequence[str]) -> Answer | None:
        bad = next((line for line in lines if text in line), None)
        return said(400, "invalid", f"unable to parse '{bad}': bad") if bad is not None else None

    return rule


def dropping_lines_with(text: str) -> Rule:
    """As 2.x does it with a field of another type: the rest is kept, and the bad ones are counted."""

    def rule(lines: Sequence[str]) -> Answer | None:
        dropped = sum(text in line for line in lines)
        words = f'failure writing points to database: partial write: field type conflict: input field "value" dropped={dropped}'
        return said(422, "unprocessable entity", words) if dropped else None

    return rule


def no_more_than(limit: int) -> Rule:
    return lambda lines: TOO_LARGE if len(lines) > limit else None


class InfluxStub:
    """Use it as a context; `url` is where it answers."""

    def __init__(self, *, token: str = TOKEN) -> None:
        self.token = token
        self.requests: list[Request] = []
        self.points: dict[str, str] = {}  # measurement, tags and moment -> fields: the last one written
        self.script: list[Answer] = []
        self.rule: Rule = lambda _: None
        self._let_go = threading.Event()
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self._open: set[_Handler] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.refuse()

    def listen(self) -> None:
        """Take connections, at the same port as before."""
        self._let_go.clear()
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.stub = self  # type: ignore[attr-defined]
        self._port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="influx stub", daemon=True
        ).start()

    def refuse(self) -> None:
        """Refuse connections, and end those there are."""
        self._let_go.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for handler in list(self._open):
            with suppress(OSError):
                handler.connection.shutdown(2)

    @property
    def lines(self) -> list[str]:
        """Every line of every request, taken or not."""
        return [line for request in self.requests for line in request.lines]

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            if request.headers.get("authorization") != f"Token {self.token}" and self.token:
                return UNAUTHORIZED
            answer = self.script.pop(0) if self.script else self.rule(request.lines)
            if answer is None or answer.takes or (answer.status == 204 and not answer.hangs and not answer.cut):
                self._keep(request.lines)
            return answer or Answer()

    def wait_until_told(self) -> None:
        self._let_go.wait()

    def _keep(self, lines: Sequence[str]) -> None:
        for line in lines:
            head, at = line.rsplit(" ", 1)
            series, fields = head.split(" ", 1)
            self.points[f"{series} {at}"] = fields


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: InfluxStub

    def setup(self) -> None:
        super().setup()
        self.stub = self.server.stub  # type: ignore[attr-defined]
        self.stub._open.add(self)

    def finish(self) -> None:
        self.stub._open.discard(self)
        super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        answer = self.stub.answer(Request(url.path, query, headers, tuple(plain.decode().split("\n")), body))
        if answer.delay_s:
            self.stub._let_go.wait(answer.delay_s)
        if answer.hangs:
            self.stub.wait_until_told()
        if answer.hangs or answer.cut:
            self.close_connection = True
        elif answer.half:
            self.wfile.write(b"HTTP/1.1 204 No Con")
            self.close_connection = True
        else:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Tests say what is worth saying."""
