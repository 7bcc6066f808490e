"""Messages out of the house by Apprise: e-mail through somebody's SMTP server, and webhooks.

Apprise is an extra (`notify`); without it, or without a server to hand mail to, nothing can be reached. It works with
threads and blocks, so each message has one of a few; what it logs may show addresses and passwords, and is not passed on.
"""

import asyncio
import hashlib
import hmac
import logging
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from controller.adapters.addresses import is_named, is_public
from controller.domain.community import Profile
from controller.domain.notices import Channel
from controller.services.notices.outbox import SendError
from controller.services.notices.words import Message
from controller.services.ports import Clock

logger = logging.getLogger(__name__)


class _Why(logging.Filter):
    """Of what the library logs, the one word of why a message did not go; its lines name whole addresses, passwords among them."""

    _CAUSES = (
        (re.compile(r"\b535\b|[Aa]uthentication"), "it refused the login"),
        (re.compile(r"AUTH extension"), "it takes no login"),
        (re.compile(r"[Rr]efused"), "it takes no connections"),
        (re.compile(r"timed? ?out", re.IGNORECASE), "it did not answer in time"),
        (re.compile(r"[Cc]ertificate|SSL|TLS"), "its certificate or encryption was not accepted"),
        (re.compile(r"Name or service|getaddrinfo|resolve", re.IGNORECASE), "its name has no address"),
        (re.compile(r"\((5\d\d|4\d\d), b'|error=(\d{3})"), "it answered {}"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._here = threading.local()  # each message has a thread of its own

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the reason and let no line through."""
        text = record.getMessage()
        for pattern, words in self._CAUSES:
            if found := pattern.search(text):
                self._here.cause = words.format(next((part for part in found.groups() if part), ""))
                break
        return False

    def begin(self) -> None:
        self._here.cause = None

    @property
    def cause(self) -> str | None:
        return getattr(self._here, "cause", None)


_why = _Why()
_library = logging.getLogger("apprise")
_library.setLevel(logging.DEBUG)
_library.addFilter(_why)

SENDERS = 4
# To connect, and to wait for an answer; a stop of the service waits as long for one that is being sent.
TIMEOUT_S = 5.0
MAIL_SCHEMES = {"smtp": ("mailto", ""), "smtp+starttls": ("mailtos", "starttls"), "smtps": ("mailtos", "ssl")}
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Where mail is handed over, as whom, and what webhooks are signed with."""

    smtp: str | None = field(default=None, repr=False)  # smtp://, smtp+starttls:// or smtps://user:password@host:port
    sender: str | None = None  # natoma@example.org
    webhook_secret: str | None = field(default=None, repr=False)
    private_hosts: frozenset[str] = frozenset()  # in our own network, and meant to be


def is_installed() -> bool:
    """Whether the extra is here."""
    try:
        import apprise  # noqa: F401
    except ImportError:
        return False
    return True


class AppriseNotifier:
    """The `Notifier` port."""

    def __init__(self, settings: NotifySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._has_library = is_installed()
        if settings.smtp is not None and not self._has_library:
            logger.warning(
                "a mail server is set, but messages go nowhere: pip install 'natoma[notify]' (docs/notices.md)"
            )
        self._threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="notices")

    def channels(self, profile: Profile) -> tuple[Channel, ...]:
        if not self._has_library:
            return ()
        has_mail = bool(profile.email and self._settings.smtp and self._settings.sender)
        ways = ((Channel.MAIL, has_mail), (Channel.WEBHOOK, bool(profile.webhook)))
        return tuple(channel for channel, is_there in ways if is_there)

    async def send(self, profile: Profile, channel: Channel, message: Message) -> None:
        """One message by one way; SendError when it was not taken."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._carry, profile, channel, message)

    def close(self) -> None:
        """Whoever is being sent something is not waited for: it is tried again at the next start."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _carry(self, profile: Profile, channel: Channel, message: Message) -> None:
        if channel is Channel.MAIL:
            self._send(f"the mail server {self._server()}", self._mail(profile.email), message)
            return
        self._check_host(profile.webhook)
        self._send("the webhook", self._webhook(profile.webhook, message), message)

    def _send(self, where: str, url: str, message: Message) -> None:
        import apprise

        asset = apprise.AppriseAsset(app_id="Natoma", app_desc="Natoma", app_url="", secure_logging=True)
        target: Any = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        if target is None:
            raise SendError(f"{where} has an address that cannot be used", is_final=True)
        _why.begin()
        try:
            arrived = target.notify(body=message.body, title=message.subject, body_format="text")
        except (OSError, TypeError, ValueError) as exc:
            raise SendError(f"{where} did not take it ({type(exc).__name__})") from None
        if not arrived:
            raise SendError(f"{where} did not take it{f': {_why.cause}' if _why.cause else ''}")

    def _server(self) -> str:
        server = urlsplit(str(self._settings.smtp))
        return f"{server.hostname}:{server.port or _PORTS[server.scheme]}"

    def _mail(self, to: str) -> str:
        server = urlsplit(str(self._settings.smtp))
        schema, mode = MAIL_SCHEMES[server.scheme]
        login = f"{server.username}:{server.password or ''}@" if server.username else ""
        words = {
            "smtp": server.hostname or "",
            "from": self._settings.sender or "",
            "to": to,
            "format": "text",
            "cto": TIMEOUT_S,
            "rto": TIMEOUT_S,
        }
        if mode:
            words["mode"] = mode
        return f"{schema}://{login}{self._server()}/?{urlencode(words)}"

    def _webhook(self, address: str, message: Message) -> str:
        url = urlsplit(address)
        login = f"{url.username}:{url.password or ''}@" if url.username else ""
        words = {"redirect": "no", "method": "post", "cto": TIMEOUT_S, "rto": TIMEOUT_S}
        asked = f"{url.query}&" if url.query else ""
        if self._settings.webhook_secret is not None:
            stamp = str(int(self._clock.now().timestamp()))
            signed = f"{stamp}.{message.subject}\n{message.body}".encode()
            words["+X-Natoma-Timestamp"] = stamp
            words["+X-Natoma-Signature"] = hmac.new(
                self._settings.webhook_secret.encode(), signed, hashlib.sha256
            ).hexdigest()
        schema = "jsons" if url.scheme == "https" else "json"
        port = f":{url.port}" if url.port else ""
        return f"{schema}://{login}{url.hostname}{port}{quote(url.path or '/')}?{asked}{urlencode(words)}"

    def _check_host(self, address: str) -> None:
        """A webhook is an address that a person typed: it must not reach what stands behind our own door."""
        url = urlsplit(address)
        host = url.hostname or ""
        if is_named(host, self._settings.private_hosts):
            return
        try:
            found = socket.getaddrinfo(host, url.port or 443, proto=socket.IPPROTO_TCP)
        except OSError:
            raise SendError(f"the webhook's host {host} has no address") from None
        if not all(is_public(str(entry[4][0])) for entry in found):
            raise SendError(
                f"the webhook's host {host} is in a private network: name it in setting notify_private_hosts if it is "
                "meant to be",
                is_final=True,
            )
