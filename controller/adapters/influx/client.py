"""One request after the other to an InfluxDB 2, or to what takes the same writes, by the library's asynchronous client.

What the network and the server do becomes a `Reply`; what follows from it is `controller.domain.history.delivery`'s.
The token is in the client's header and nowhere else: in no text, no repr, no log.
"""

import asyncio
import contextlib
import json
import os
import re
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    ServerDisconnectedError,
    TCPConnector,
    TraceConfig,
)
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException

from controller.adapters.influx.lines import Lines
from controller.adapters.influx.settings import InfluxSettings
from controller.domain.history.delivery import Reply
from controller.services.history.ports import LoggedReadings
from controller.services.ports import Clock

# A server that is busy with its disk answers late; one that hangs is given up before the next minute's readings come.
TIMEOUT_S = 30.0
CONNECT_S = 10.0
KEEPALIVE_S = 600.0
# So many lines are made, or compressed, where one stands; more in a thread, so that no tap waits for them. Putting them
# together costs less than the thread would.
FEW_LINES = 200
# Of what a server says: one line on a screen. Its JSON may quote the whole request.
WORDS_LIMIT = 300
# Level 1 makes a fifth of the bytes; level 6 a seventh, for four times the work.
GZIP_LEVEL = 1
_GZIP_BITS = 31

_DROPPED = re.compile(r"dropped=(\d+)")


class InfluxDatabase:
    """Made by `open_database`."""

    def __init__(
        self,
        settings: InfluxSettings,
        client: InfluxDBClientAsync,
        clock: Clock,
        connections: "_Connections",
        *,
        timeout_s: float,
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._timeout_s = timeout_s
        # Its transport, which knows address, token and errors. Its write API parses, copies and gathers for each request,
        # which costs a small one as much again as sending it.
        self._transport = client.api_client.rest_client
        where = urlencode({"org": settings.org, "bucket": settings.bucket, "precision": "ns"})
        self._address = f"{client.api_client.configuration.host}/api/v2/write?{where}"
        self._headers = {**client.api_client.default_headers, "Content-Type": "text/plain; charset=utf-8"}
        if settings.gzip:
            self._headers["Content-Encoding"] = "gzip"
        self._clock = clock
        self._lines = Lines()

    @property
    def address(self) -> str:
        return self._settings.url

    async def lines_of(self, rows: Sequence[LoggedReadings]) -> list[str]:
        if sum(len(row.readings) for row in rows) <= FEW_LINES:
            return self._lines.of(rows)
        return await asyncio.to_thread(self._lines.of, rows)

    async def write(self, lines: Sequence[str]) -> Reply:
        body = "\n".join(lines).encode()
        if self._settings.gzip:
            # The library would do it on the loop's thread, at the highest level: 30 ms of every tap's time.
            body = await asyncio.to_thread(_packed, body) if len(lines) > FEW_LINES else _packed(body)
        before = self._connections.made
        reply = await self._reply(body)
        # The first there is follows on none.
        return replace(reply, anew=True) if 0 < before < self._connections.made else reply

    async def _reply(self, body: bytes) -> Reply:
        try:
            answer = await self._transport.POST(  # type: ignore[no-untyped-call]
                self._address, headers=self._headers, body=body
            )
        except ApiException as error:
            return self._refusal(error)
        except TimeoutError:
            return Reply(None, f"no answer within {self._timeout_s:.0f} s")
        except (ClientError, OSError) as error:
            return Reply(None, self._masked(_why_away(error)))
        # The transport takes any 2xx for well; a database says 204, or 201.
        if answer.status in (201, 204):
            return Reply(answer.status)
        return Reply(answer.status, f"it answered {answer.status} as a web page does, not as a database")

    def _refusal(self, error: ApiException) -> Reply:
        body = error.body if isinstance(error.body, bytes) else b""
        said = _said(body)
        headers: Mapping[str, str] = error.headers or {}
        words = said or f"{error.status} {error.reason}"
        if 300 <= error.status < 400:
            words = f"{error.status}: it points to {headers.get('Location', 'another address')}; set that as influx_url"
        dropped = _DROPPED.search(said or "")
        return Reply(
            error.status,
            self._masked(words),
            retry_after_s=_seconds(headers.get("Retry-After"), self._clock.now()),
            is_databases=said is not None,
            dropped=int(dropped[1]) if dropped else 0,
        )

    def _masked(self, words: str) -> str:
        """On one line, and without the token, should a server ever repeat it to us."""
        if self._settings.token:
            words = words.replace(self._settings.token, "***")
        words = " ".join(words.split())
        return words if len(words) <= WORDS_LIMIT else f"{words[:WORDS_LIMIT]}…"


class _Connections:
    """Counts those that were made: behind the library's back the next is made without a word when one has ended."""

    def __init__(self) -> None:
        self.made = 0

    def session(self, **more: Any) -> ClientSession:
        """What the library calls for its session; it would give it no tracing but its own."""
        tracing = TraceConfig()
        tracing.on_connection_create_end.append(self._note)
        # Kept open between two requests of a house that measures once in a minute: another connection means something.
        connector = TCPConnector(limit=1, keepalive_timeout=KEEPALIVE_S)
        return ClientSession(**{**more, "connector": connector, "trace_configs": [tracing]})

    async def _note(self, *_: object) -> None:
        self.made += 1


@asynccontextmanager
async def open_database(
    settings: InfluxSettings, clock: Clock, *, timeout_s: float = TIMEOUT_S
) -> AsyncIterator[InfluxDatabase]:
    """A client for as long as the context is open; it connects when something is written."""
    connections = _Connections()
    client = InfluxDBClientAsync(
        url=settings.url,
        token=settings.token,  # without one, no header
        org=settings.org,
        timeout=ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_S, timeout_s)),
        # A POST that is redirected arrives as a GET, and a sign-in page that answers it is no database.
        allow_redirects=False,
        client_session_type=connections.session,
    )
    try:
        yield InfluxDatabase(settings, client, clock, connections, timeout_s=timeout_s)
    finally:
        # A peer that resets while we say goodbye is gone either way.
        with contextlib.suppress(ClientError, OSError):
            await client.close()  # type: ignore[no-untyped-call]


def _why_away(error: ClientError | OSError) -> str:
    """Why there was no connection, or no more: the library says it for whoever programs with it."""
    match error:
        case ClientConnectorCertificateError():
            return (
                f"its certificate is not trusted: {getattr(error.certificate_error, 'verify_message', '') or 'unknown'}"
            )
        case ClientSSLError():
            return f"no TLS can be agreed on: {getattr(error.os_error, 'reason', None) or 'is it http there?'}"
        case ClientConnectorDNSError():
            return "nobody knows a host of this name"
        case ServerDisconnectedError():
            return "it ended the connection before it answered"
        case OSError() if error.errno is not None and error.errno > 0:
            return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__


def _packed(body: bytes) -> bytes:
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_BITS)
    return packer.compress(body) + packer.flush()


def _said(body: bytes) -> str | None:
    """A database's own words: 2.x says {"code", "message"}, 1.x {"error"}. None: somebody else is speaking."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    words = told.get("message") or told.get("error")
    return words if isinstance(words, str) else None


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """How long a server asks us to wait: it names seconds, or a moment."""
    if retry_after is None:
        return None
    try:
        return float(retry_after)
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    # A moment that names no zone is in UTC, as HTTP has it.
    return (until if until.tzinfo is not None else until.replace(tzinfo=UTC)).timestamp() - now.timestamp()
