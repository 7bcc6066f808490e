"""Messages that leave the house: to a real SMTP server, and to a real HTTP server."""

import asyncio
import email
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import Message as Mail
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult

from controller.adapters.notify import AppriseNotifier, NotifySettings
from controller.domain.community import Profile
from controller.domain.ids import PersonId
from controller.domain.notices import Channel
from controller.services.notices.outbox import SendError
from controller.services.notices.words import Message
from tests.support.services import NOON, HandClock

ADA = PersonId("ada")
HELLO = Message("Pine a été rendue", "Personne n'est venu.\n\nÀ bientôt")
PASSWORD = "correct horse"
HERE = frozenset({"127.0.0.1", "localhost"})


class Postbox:
    """An SMTP server's handler: keeps what it is given, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.recipients: list[str] = []
        self.refuses: str | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuses is not None:
            return self.refuses
        self.mails.append(email.message_from_bytes(envelope.content))
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@asynccontextmanager
async def smtp_server(box: Postbox, **more: Any) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, **more), "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def notifier(**settings: Any) -> AppriseNotifier:
    return AppriseNotifier(NotifySettings(**settings), HandClock(NOON))


def text_of(mail: Mail) -> str:
    parts = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    return bytes(parts[0].get_payload(decode=True)).decode()  # type: ignore[arg-type]


def subject_of(mail: Mail) -> str:
    return str(email.header.make_header(email.header.decode_header(mail["Subject"])))


async def test_a_mail_arrives_once_with_its_letters() -> None:
    box = Postbox()
    async with smtp_server(box) as address:
        out = notifier(smtp=f"smtp://{address}", sender="natoma@example.org")
        await out.send(Profile(ADA, email="ada@example.org"), Channel.MAIL, HELLO)

    (mail,) = box.mails
    assert box.recipients == ["ada@example.org"]
    assert subject_of(mail) == HELLO.subject
    assert "Personne n'est venu." in text_of(mail)
    assert "natoma@example.org" in mail["From"]


async def test_a_mail_server_that_asks_who_we_are_is_told() -> None:
    box = Postbox()
    seen: list[tuple[bytes, bytes]] = []

    def authenticator(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    async with smtp_server(box, authenticator=authenticator, auth_require_tls=False, auth_required=True) as address:
        out = notifier(smtp=f"smtp://natoma:correct%20horse@{address}", sender="natoma@example.org")
        await out.send(Profile(ADA, email="ada@example.org"), Channel.MAIL, HELLO)

    assert len(box.mails) == 1
    assert seen[-1] == (b"natoma", PASSWORD.encode())


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "it takes no login"),
        (
            {"auth_require_tls": False, "authenticator": lambda *_: AuthResult(success=False, handled=False)},
            "it refused the login",
        ),
    ],
)
async def test_a_refused_login_is_an_error_that_shows_no_password(
    more: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "controller")
    async with smtp_server(Postbox(), **more) as address:
        out = notifier(smtp=f"smtp://natoma:correct%20horse@{address}", sender="natoma@example.org")
        with pytest.raises(SendError) as failed:
            await out.send(Profile(ADA, email="ada@example.org"), Channel.MAIL, HELLO)

    assert str(failed.value) == f"the mail server {address} did not take it: {why}"
    assert "horse" not in "".join(record.getMessage() for record in caplog.records if record.name != "mail.log")


async def test_a_refused_mail_is_an_error_that_says_what_was_answered() -> None:
    box = Postbox()
    box.refuses = "550 no such user"
    async with smtp_server(box) as address:
        out = notifier(smtp=f"smtp://{address}", sender="natoma@example.org")
        with pytest.raises(SendError, match="did not take it: it answered 550") as failed:
            await out.send(Profile(ADA, email="ada@example.org"), Channel.MAIL, HELLO)

    assert not failed.value.is_final


async def test_a_mail_server_that_is_away_is_an_error() -> None:
    out = notifier(smtp="smtp://127.0.0.1:9", sender="natoma@example.org")

    with pytest.raises(SendError, match=r"the mail server 127\.0\.0\.1:9 did not take it: it takes no connections"):
        await out.send(Profile(ADA, email="ada@example.org"), Channel.MAIL, HELLO)


def test_who_has_no_address_we_can_use_is_not_reached() -> None:
    with_mail = notifier(smtp="smtp://127.0.0.1:9", sender="natoma@example.org")
    both = Profile(ADA, email="ada@example.org", webhook="https://example.org/hook")

    assert with_mail.channels(both) == (Channel.MAIL, Channel.WEBHOOK)
    assert notifier().channels(both) == (Channel.WEBHOOK,)
    assert with_mail.channels(Profile(ADA)) == ()


def test_settings_show_no_secret() -> None:
    shown = repr(NotifySettings(smtp="smtp://natoma:horse@mail", webhook_secret="hush"))

    assert "horse" not in shown
    assert "hush" not in shown


class Hook:
    """An HTTP server that keeps what is posted to it."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answer = web.Response
        self.url = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((dict(request.headers), await request.json()))
        return self.answer()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook/{rest:.*}", hook.take)
    app.router.add_route("*", "/elsewhere", hook.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook/a%20b?key=1"
    yield hook
    await runner.cleanup()


async def test_a_webhook_is_posted_once_and_signed(hook: Hook) -> None:
    out = notifier(webhook_secret="hush", private_hosts=HERE)

    await out.send(Profile(ADA, webhook=hook.url), Channel.WEBHOOK, HELLO)

    ((headers, body),) = hook.asked
    assert (body["title"], body["message"]) == (HELLO.subject, HELLO.body)
    stamp = headers["X-Natoma-Timestamp"]
    signed = f"{stamp}.{body['title']}\n{body['message']}".encode()
    assert stamp == str(int(NOON.timestamp()))
    assert headers["X-Natoma-Signature"] == hmac.new(b"hush", signed, hashlib.sha256).hexdigest()


async def test_a_webhook_in_our_own_network_is_refused_unless_it_is_meant(hook: Hook) -> None:
    with pytest.raises(SendError, match="in a private network") as refused:
        await notifier().send(Profile(ADA, webhook=hook.url), Channel.WEBHOOK, HELLO)

    assert refused.value.is_final
    assert hook.asked == []


async def test_a_webhook_that_sends_us_elsewhere_is_not_followed(hook: Hook) -> None:
    hook.answer = lambda: web.Response(status=307, headers={"Location": "/elsewhere"})  # type: ignore[assignment]

    with pytest.raises(SendError, match="the webhook did not take it"):
        await notifier(private_hosts=HERE).send(Profile(ADA, webhook=hook.url), Channel.WEBHOOK, HELLO)

    assert len(hook.asked) == 1


async def test_a_webhook_that_fails_is_an_error(hook: Hook) -> None:
    hook.answer = lambda: web.Response(status=503)  # type: ignore[assignment]

    with pytest.raises(SendError, match="the webhook did not take it"):
        await notifier(private_hosts=HERE).send(Profile(ADA, webhook=hook.url), Channel.WEBHOOK, HELLO)


async def test_a_server_that_hangs_does_not_hold_up_the_loop() -> None:
    """Nothing of it is waited for on the loop's own thread."""
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    out = notifier(smtp=f"smtp://127.0.0.1:{port}", sender="natoma@example.org")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await out.send(Profile(ADA, email="ada@example.org"), Channel.MAIL, HELLO)

    out.close()
    for writer in held:
        writer.close()
    silent.close()
