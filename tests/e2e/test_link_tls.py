"""A link over TLS to a real Mosquitto: only to the broker it was told to trust, and never holding up the loop."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devices.link import Link, LinkSettings, NotConnected, TlsSettings
from tests.support.broker import MosquittoBroker, ServerTls
from tests.support.components import program
from tests.support.mailbox import PATIENCE_S, Mailbox, round_trip

pytestmark = pytest.mark.broker


@dataclass(frozen=True)
class Papers:
    """A test authority, and what it signed for a broker at 127.0.0.1 and for a client."""

    authority: Path
    broker_cert: Path
    broker_key: Path
    client_cert: Path
    client_key: Path


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    openssl, folder = program("openssl"), tmp_path_factory.mktemp("papers")

    def run(*arguments: str) -> None:
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority")
    for name in ("broker", "client"):
        run("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1,DNS:broker.example\n")
        signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext"]
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signing)
    run("req", "-x509", *curve, "-keyout", "other.key", "-out", "other.pem", "-days", "2", "-subj", "/CN=Another")
    return Papers(*(folder / name for name in ("ca.pem", "broker.pem", "broker.key", "client.pem", "client.key")))


@pytest.fixture
def broker(tmp_path: Path, papers: Papers) -> Iterator[MosquittoBroker]:
    served = ServerTls(papers.authority, papers.broker_cert, papers.broker_key)
    with MosquittoBroker(tmp_path / "broker", tls=served) as running:
        yield running


def settings(broker: MosquittoBroker, tls: TlsSettings, **changes: Any) -> LinkSettings:
    return LinkSettings(
        "127.0.0.1", "listener", **{"port": broker.port, "tls": tls, "subscriptions": (("t", 1),), **changes}
    )


async def why_not(refused: LinkSettings) -> str:
    """What a link says that cannot connect."""
    mailbox = Mailbox()
    async with Link(refused, mailbox.put, mailbox.note):
        state = await mailbox.until_state(lambda state: state.last_error is not None)
    assert isinstance(state.last_error, NotConnected)
    return str(state.last_error)


async def test_messages_small_and_large_pass_encrypted(broker: MosquittoBroker, papers: Papers):
    mailbox = Mailbox()
    async with Link(settings(broker, TlsSettings(ca_file=papers.authority)), mailbox.put) as link:
        await link.connected(PATIENCE_S)
        # Larger than a TLS record and than a read, so that pieces wait inside OpenSSL.
        payloads = [b"x" * size for size in (1, 16_384, 70_000, 1_000_000, 2)]
        for payload in payloads:
            link.publish("t", payload, qos=1)
        await mailbox.until_holds(len(payloads))
        await round_trip(link)

    assert mailbox.payloads == payloads


async def test_a_broker_of_another_authority_is_refused(broker: MosquittoBroker, papers: Papers):
    stranger = TlsSettings(ca_file=papers.authority.with_name("other.pem"))

    assert re.search(
        r"certificate is not accepted: .*the CA file .*other\.pem", await why_not(settings(broker, stranger))
    )


async def test_a_certificate_for_another_name_is_refused(broker: MosquittoBroker, papers: Papers):
    misnamed = TlsSettings(ca_file=papers.authority, server_name="door.example")

    assert re.search(r"Hostname mismatch.*door\.example", await why_not(settings(broker, misnamed)))

    named = TlsSettings(ca_file=papers.authority, server_name="broker.example")
    async with Link(settings(broker, named), Mailbox().put) as link:
        await link.connected(PATIENCE_S)


async def test_a_client_proves_itself_by_certificate(tmp_path: Path, papers: Papers):
    served = ServerTls(papers.authority, papers.broker_cert, papers.broker_key, require_certificate=True)
    with MosquittoBroker(tmp_path / "strict", tls=served) as broker:
        anonymous = TlsSettings(ca_file=papers.authority)
        await why_not(settings(broker, anonymous))
        known = TlsSettings(ca_file=papers.authority, cert_file=papers.client_cert, key_file=papers.client_key)
        async with Link(settings(broker, known), Mailbox().put) as link:
            await link.connected(PATIENCE_S)


async def test_files_that_are_not_there_are_named(broker: MosquittoBroker, tmp_path: Path):
    nowhere = TlsSettings(ca_file=tmp_path / "nowhere.pem")

    assert re.search(r"No such file or directory .*nowhere\.pem", await why_not(settings(broker, nowhere)))


async def test_a_server_that_never_shakes_hands_holds_up_nobody(papers: Papers):
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with server:
        mailbox = Mailbox()
        port = server.sockets[0].getsockname()[1]
        silent = LinkSettings(
            "127.0.0.1", "c", port=port, tls=TlsSettings(ca_file=papers.authority), connect_timeout_s=0.3
        )
        async with Link(silent, mailbox.put, mailbox.note):
            state = await mailbox.until_state(lambda state: state.last_error is not None, 2.0)

    assert "no answer within 0.3 s" in str(state.last_error)
