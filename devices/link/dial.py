"""From a host name to a connected, encrypted socket without ever holding up the loop.

paho's own connect blocks in name look-up, TCP and the TLS handshake: seconds in which no door would be answered.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable

from devices.errors import NotConnected
from devices.link.settings import LinkSettings, TlsSettings


async def dial(settings: LinkSettings) -> socket.socket:
    """Connect, or raise NotConnected with what stood in the way. The caller sets the time limit."""
    loop = asyncio.get_running_loop()
    sock = await _connect(settings, loop)
    if settings.tls is None:
        return sock
    try:
        context = await asyncio.to_thread(_context, settings.tls)
    except OSError as exc:
        sock.close()
        raise NotConnected(f"{settings.address}: the TLS files cannot be used: {_what(exc, settings.tls)}") from exc
    try:
        return await _encrypt(sock, context, settings, loop)
    except ssl.SSLCertVerificationError as exc:
        sock.close()
        raise NotConnected(
            f"{settings.address}: the broker's certificate is not accepted: {exc.verify_message}; "
            f"check the CA file ({settings.tls.ca_file or 'none: the authorities of this system'}) and that the certificate names {settings.tls.server_name or settings.host}"
        ) from exc
    except OSError as exc:
        sock.close()
        raise NotConnected(f"{settings.address}: no TLS with the broker: {exc.strerror or exc}") from exc
    except BaseException:
        sock.close()
        raise


def certificate_ends(sock: socket.socket) -> float | None:
    """Epoch seconds until which the broker's certificate is good; None where it showed none."""
    shown = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    return ssl.cert_time_to_seconds(str(shown["notAfter"])) if shown else None


async def _connect(settings: LinkSettings, loop: asyncio.AbstractEventLoop) -> socket.socket:
    try:
        found = await loop.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    except OSError as exc:
        raise NotConnected(f"{settings.address}: host {settings.host!r} is not known: {exc.strerror or exc}") from exc
    # One address that swallows packets must not use up the time of the others.
    share = settings.connect_timeout_s / len(found)
    why = OSError("no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            # Without it a small packet waits for the ACK of the one before: 0.2 ms become 45.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(share):
                await loop.sock_connect(sock, address)
        except OSError as exc:  # TimeoutError is one
            sock.close()
            why = exc
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    # asyncio's own text repeats the address in place of the reason.
    reason = "no answer" if isinstance(why, TimeoutError) or why.errno is None else os.strerror(why.errno)
    raise NotConnected(f"{settings.address}: no connection: {reason}") from why


def _context(tls: TlsSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.check_hostname = tls.check_hostname
    if tls.cert_file is not None:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    return context


def _what(exc: OSError, tls: TlsSettings) -> str:
    files = ", ".join(str(file) for file in (tls.ca_file, tls.cert_file, tls.key_file) if file is not None)
    return f"{exc.strerror or exc} ({files or 'the authorities of this system'})"


async def _encrypt(
    sock: socket.socket, context: ssl.SSLContext, settings: LinkSettings, loop: asyncio.AbstractEventLoop
) -> ssl.SSLSocket:
    name = settings.tls.server_name if settings.tls and settings.tls.server_name else settings.host
    encrypted = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
    try:
        while True:
            try:
                encrypted.do_handshake()
            except ssl.SSLWantReadError:
                await _once(loop.add_reader, loop.remove_reader, encrypted.fileno())
            except ssl.SSLWantWriteError:
                await _once(loop.add_writer, loop.remove_writer, encrypted.fileno())
            else:
                return encrypted
    except BaseException:
        encrypted.close()
        raise


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _once(add: Callable[..., None], remove: Callable[[int], bool], fd: int) -> None:
    ready = asyncio.get_running_loop().create_future()
    add(fd, _settle, ready)
    try:
        await ready
    finally:
        remove(fd)
