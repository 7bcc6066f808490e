"""A real InfluxDB for a test: Debian's 1.6.7 as a child process, and in front of it a small facade that speaks 2.x.

Behind `/api/v2/write` the parser, the types and the storage are influxd's own. The facade adds what 1.x lacks: token,
organization, bucket, and the status codes and bodies of 2.x. `/query` (InfluxQL) is handed through. Where 1.x and 2.x
differ all the same is told in docs/influxdb.md.
"""

import contextlib
import http.client
import json
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeAlias
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from tests.support.broker import free_port
from tests.support.components import program
from tests.support.serverprocess import ServerProcess

TOKEN = "test-token"  # guards nothing
ORG = "house"

SeriesKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...], str]
"""Measurement, tags by name, field."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    kind: str = "application/json"


class InfluxServer:
    """Use as a context manager. It keeps its ports and its files through `kill` and `start`."""

    org = ORG
    token = TOKEN

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()  # the facade's
        self.url = f"http://127.0.0.1:{self.port}"
        self._port_of_1x = free_port()
        self._config = folder / "influxd.conf"
        self._config.write_text(_configuration(folder, self._port_of_1x, free_port()))
        self._server = ServerProcess(
            [program("influxd"), "-config", str(self._config)], folder / "influxd.log", self._pings
        )
        self._facade: _Facade | None = None
        self._buckets = 0
        self.buckets: set[str] = set()
        self.writes = 0  # requests that arrived

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self._server.start()
        self._facade = _Facade(self)

    def kill(self) -> None:
        """Both die as in a power cut: connections break, and none is taken."""
        if self._facade is not None:
            self._facade.end()
            self._facade = None
        self._server.kill()

    @property
    def is_running(self) -> bool:
        return self._server.is_running

    def new_bucket(self) -> str:
        """An empty one."""
        self._buckets += 1
        name = f"bucket{self._buckets}"
        self.influxql(f'CREATE DATABASE "{name}"')
        self.buckets.add(name)
        return name

    # --- what is in it --------------------------------------------------------------------------------------------

    def influxql(self, statement: str, bucket: str = "") -> list[dict[str, Any]]:
        """The series of the answer, asked of influxd itself."""
        asked = urlencode({"db": bucket, "q": statement, "epoch": "ns"})
        answer = self.forward("POST", f"/query?{asked}", b"", {})
        (result,) = json.loads(answer.body)["results"]
        assert "error" not in result, result["error"]
        found: list[dict[str, Any]] = result.get("series", [])
        return found

    def points(self, bucket: str) -> dict[SeriesKey, list[tuple[int, Any]]]:
        """Every point: (nanoseconds, value) by series, by time."""
        found: dict[SeriesKey, list[tuple[int, Any]]] = {}
        for block in self.influxql("SELECT * FROM /.*/ GROUP BY *", bucket):
            tags = tuple(sorted((name, value) for name, value in block.get("tags", {}).items() if value))
            for at_ns, *values in block["values"]:
                for name, value in zip(block["columns"][1:], values, strict=True):
                    if value is not None:
                        found.setdefault((block["name"], tags, name), []).append((at_ns, value))
        return found

    # --- for the facade -------------------------------------------------------------------------------------------

    def forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Ask influxd; OSError when it is away."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port_of_1x, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read(), response.headers.get("Content-Type", ""))
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def _pings(self) -> bool:
        return self.forward("GET", "/ping", b"", {}).status == 204


class _Facade:
    """The listening side of one life of the server."""

    def __init__(self, influx: InfluxServer) -> None:
        facade = self
        self._open: set[socket.socket] = set()

        class Handler(_Handler):
            server_side = influx

            def setup(self) -> None:
                super().setup()
                facade._open.add(self.connection)

            def finish(self) -> None:
                facade._open.discard(self.connection)
                super().finish()

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                """Whoever asked went away, or we did: that is what these tests are about."""

        self._server = Server(("127.0.0.1", influx.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), name="influx facade", daemon=True).start()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            _shut(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_side: InfluxServer

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def log_message(self, *_: object) -> None:
        """Tests ask what is in the database instead."""

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self._answer(body)
        except OSError:
            # influxd died under the request: nobody answers.
            _shut(self.connection)
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("X-Influxdb-Version", "v2.0-facade")
        self.send_header("Content-Type", answer.kind or "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _answer(self, body: bytes) -> Answer:
        influx, url = self.server_side, urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        match self.command, url.path:
            case _, "/ping":
                return Answer(204, b"")
            case "GET", "/health":
                return Answer(200, b'{"name":"influxdb","status":"pass","version":"v2.0-facade"}')
            case "POST", "/api/v2/write":
                influx.writes += 1
                return self._refused() or self._written(asked, body)
            case _, "/query":
                return self._refused() or influx.forward(self.command, self.path, body, self._kept_headers())
        return _error(404, "not found", "path not found")

    def _refused(self) -> Answer | None:
        if self.headers.get("Authorization") != f"Token {self.server_side.token}":
            return _error(401, "unauthorized", "unauthorized access")
        return None

    def _written(self, asked: dict[str, str], body: bytes) -> Answer:
        influx = self.server_side
        if asked.get("org") != influx.org:
            return _error(404, "not found", f'organization name "{asked.get("org")}" not found')
        bucket = asked.get("bucket", "")
        if bucket not in influx.buckets:
            return _error(404, "not found", f'bucket "{bucket}" not found')
        where = f"/write?db={quote(bucket)}&precision={quote(asked.get('precision', 'ns'))}"
        answer = influx.forward("POST", where, body, self._kept_headers())
        return answer if answer.status == 204 else _as_2x(answer)

    def _kept_headers(self) -> dict[str, str]:
        return {name: self.headers[name] for name in ("Content-Encoding", "Content-Type") if name in self.headers}


def _as_2x(answer: Answer) -> Answer:
    """What 2.x says where 1.x said this: a line that cannot be read is 400, one that cannot be kept is 422."""
    why = str(json.loads(answer.body).get("error", ""))
    if "unable to parse" in why:
        return _error(400, "invalid", why.removeprefix("partial write: "))
    if why.startswith("partial write"):
        return _error(422, "unprocessable entity", f"failure writing points to database: {why}")
    return _error(answer.status, "internal error", why)


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, json.dumps({"code": code, "message": message}).encode())


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _configuration(folder: Path, port: int, backup_port: int) -> str:
    return f"""
reporting-disabled = true
bind-address = "127.0.0.1:{backup_port}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[logging]
  level = "warn"
[continuous_queries]
  enabled = false
"""
