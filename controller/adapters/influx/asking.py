"""One question after the other to a time-series database over HTTP, for reading back; what it means is the askers'.

The library writes; it has no InfluxQL. So this is the standard library's client, in a thread, where answers of many
points are taken apart as well. Redirects are not followed: the token is for one host.
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from controller.errors import StoreError

# A year of one series takes a server seconds; one that hangs is told after that.
TIMEOUT_S = 30.0
# Longer than this no page of an answer is.
MOST_BYTES = 256 * 1024 * 1024
_WORDS = 200


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """Where readings are read back from: the address they are sent to, unless it has another for reading."""

    url: str
    database: str  # the bucket; in 2.x a DBRP mapping gives it this name
    token: str = field(default="", repr=False)
    timeout_s: float = TIMEOUT_S


class UnreadableError(StoreError):
    """The database is well and cannot make sense of this one question."""


class Asking:
    """A connection kept for a few questions; use as a context manager, in one thread."""

    def __init__(self, settings: ReadSettings) -> None:
        self._settings = settings
        url = urlsplit(settings.url)
        self.base = url.path.rstrip("/")
        self._host = url.hostname or ""
        self._connection: http.client.HTTPConnection
        if url.scheme == "https":
            self._connection = http.client.HTTPSConnection(
                self._host, url.port, timeout=settings.timeout_s, context=ssl.create_default_context()
            )
        else:
            self._connection = http.client.HTTPConnection(self._host, url.port, timeout=settings.timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str, asked: Mapping[str, str], *, base: str | None = None) -> bytes:
        """The body of a 200; StoreError for everything else. `base`: another one than the address has."""
        base = self.base if base is None else base
        headers = {"Accept": "application/json"}
        if self._settings.token:
            headers["Authorization"] = f"Token {self._settings.token}"
        try:
            self._connection.request("GET", f"{base}{path}?{urlencode(asked)}", headers=headers)
            response = self._connection.getresponse()
            body = response.read(MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise StoreError(
                f"{self.place} does not answer ({_reason(error)}), so nothing is read back from it"
            ) from error
        if response.status != 200:
            said = self._refusal(response.status, body)
            raise UnreadableError(said) if response.status == 400 else StoreError(said)
        return body

    @property
    def place(self) -> str:
        return f"the database at {self._settings.url}"

    def _refusal(self, status: int, body: bytes) -> str:
        if status in (401, 403):
            return f"{self.place} refuses our token ({status}): set influx_token to one that may read {self._settings.database}"
        return f"{self.place} answers {status}: {_said(body)}"


def _said(body: bytes) -> str:
    try:
        told: Any = json.loads(body)
        words = str(told.get("message") or told.get("error") or "nothing more")
    except (ValueError, AttributeError):
        words = body[:_WORDS].decode(errors="replace")
    return " ".join(words.split())[:_WORDS]


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it takes too long"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
