"""Gets a calendar that is kept elsewhere, over HTTP or from a file of this machine; carefully, as its address is typed.

No address leads into the network of the house unless a setting names its host: that is looked at after the name was
resolved, for every redirect anew, so that no name can be made to point inside. What is secret of an address is in no
error and no log.
"""

import asyncio
import ipaddress
import os
import socket
import stat
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from controller.adapters.addresses import is_named, is_public
from controller.adapters.ical_bounds import MAX_BYTES
from controller.errors import InputError
from controller.services.calendars.stores import Fetched, SourceError

TIMEOUT_S = 30.0
CONNECT_S = 10.0
MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024
_HEADERS = {
    "Accept": "text/calendar, */*;q=0.1",
    # What is small on the wire may be huge in memory; a calendar is small enough as it is.
    "Accept-Encoding": "identity",
    "User-Agent": "Natoma (calendar import)",
}


class _InsideError(OSError):
    """A name leads to an address that is not of the public internet."""


class _PublicResolver(AbstractResolver):
    """Names as the system resolves them; but what leads inside is no answer."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._system = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        if not is_named(host, self._names) and not all(is_public(one["host"]) for one in found):
            raise _InsideError(host)
        return found

    async def close(self) -> None:
        await self._system.close()


class CalendarSource:
    """The Source port. `private_hosts` are those of the house's own network that may be asked all the same."""

    def __init__(self, private_hosts: Collection[str] = (), *, timeout_s: float = TIMEOUT_S) -> None:
        self._private_hosts = tuple(private_hosts)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_S, timeout_s))

    async def fetch(self, url: str, etag: str | None = None, modified: str | None = None) -> Fetched | None:
        if url.lower().startswith("file:"):
            return await asyncio.to_thread(_from_file, Path(unquote(urlsplit(url).path)), modified)
        told = {"If-None-Match": etag} if etag else {"If-Modified-Since": modified} if modified else {}
        at = _address(url)
        connector = aiohttp.TCPConnector(
            resolver=_PublicResolver(self._private_hosts), use_dns_cache=False, force_close=True
        )
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
        ) as session:
            for _ in range(MAX_REDIRECTS + 1):
                self._check(at)
                came = await _ask(session, at, told)
                if not isinstance(came, URL):
                    return came
                if at.scheme == "https" and came.scheme != "https":
                    raise SourceError(f"{at.host} sends us on without encryption — give the address it is at now")
                at = came
        raise SourceError(f"{at.host} sends us from one address to the next — give the one it is at now")

    def _check(self, at: URL) -> None:
        """What is an address already is resolved by nobody."""
        host = at.host or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return
        if not is_public(host) and not is_named(host, self._private_hosts):
            raise _inside(host)


def _inside(host: str) -> InputError:
    return InputError(
        f"{host} is in a private network, and a calendar's address must not lead there — if it is the house's own, "
        "name it in the setting calendars_private_hosts"
    )


def _address(url: str) -> URL:
    """An address that may be asked; webcal is what calendars call https."""
    right = "write https://…, webcal://… or the path of a file"
    try:
        parsed = URL(url)
    except ValueError:
        raise InputError(f"the calendar's address cannot be read — {right}") from None
    if parsed.scheme in ("webcal", "webcals"):
        # Under its own scheme a port would be unknown to it.
        parsed = URL("https" + url[url.index(":") :])
    if parsed.scheme not in ("http", "https"):
        raise InputError(f"the calendar's address has the scheme {parsed.scheme[:20]!r} — {right}")
    if not parsed.host:
        raise InputError(f"the calendar's address names no host — {right}")
    return parsed


async def _ask(session: aiohttp.ClientSession, at: URL, told: dict[str, str]) -> Fetched | URL | None:
    host = at.host
    try:
        async with session.get(at, headers=told, allow_redirects=False) as response:
            if response.status == 304 and told:
                return None
            if response.status in _REDIRECTS:
                return _next(at, response)
            if response.status != 200:
                raise SourceError(f"{host} answers {response.status} {_reason(response)} — {_hint(response.status)}")
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise SourceError(f"{host} answers compressed, though it was asked not to — give another address")
            return Fetched(await _body(response), response.headers.get("ETag"), response.headers.get("Last-Modified"))
    except TimeoutError:
        raise SourceError(f"{host} does not answer in time — it is asked again") from None
    except aiohttp.ClientConnectorError as exc:
        if isinstance(exc.os_error, _InsideError):
            raise _inside(str(host)) from None
        raise SourceError(
            f"{host} cannot be reached ({exc.strerror or type(exc).__name__}) — is the name right?"
        ) from None
    except (aiohttp.ClientError, ValueError) as exc:
        # The library's own words may repeat the address.
        raise SourceError(f"{host} answers in a way that cannot be read ({type(exc).__name__})") from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        data += chunk
        if len(data) > MAX_BYTES:
            raise _too_large()
    return bytes(data)


def _too_large() -> InputError:
    return InputError(
        f"the calendar is over {MAX_BYTES // 1024 // 1024} MB, and no more is read — export a shorter time, or one room alone"
    )


def _next(at: URL, response: aiohttp.ClientResponse) -> URL:
    try:
        return _address(str(at.join(URL(response.headers["Location"]))))
    except (KeyError, ValueError):
        raise SourceError(f"{at.host} sends us on without saying where") from None


def _reason(response: aiohttp.ClientResponse) -> str:
    return "".join(letter for letter in (response.reason or "")[:40] if letter.isprintable())


def _hint(status: int) -> str:
    if status in (401, 403, 404, 410):
        return "is the address still the right one?"
    return "it is asked again"


def _from_file(path: Path, modified: str | None) -> Fetched | None:
    try:
        # A pipe would be waited for; what is opened is what is looked at.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            found = os.fstat(opened.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise InputError(f"{path} is no file — name a calendar exported as .ics")
            now = str(found.st_mtime_ns)
            if now == modified:
                return None
            data = opened.read(MAX_BYTES + 1)
    except OSError as exc:
        raise SourceError(f"{path} cannot be read ({exc.strerror})") from None
    if len(data) > MAX_BYTES:
        raise _too_large()
    return Fetched(data, modified=now)
