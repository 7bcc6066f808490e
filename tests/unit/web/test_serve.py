"""Listening: only here, and in words when it cannot."""

import os
import socket
import time

import pytest

from controller.errors import InputError, StartupError
from controller.web.app import create_app, serve
from controller.web.port import holder_of, refusal
from tests.support.site import Site


@pytest.fixture
def taken():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


async def test_a_port_in_use_names_the_address_who_holds_it_and_what_to_change(taken):
    with pytest.raises(StartupError) as refused:
        async with Site().served(taken):
            pass

    text = str(refused.value)
    assert f"web address 127.0.0.1:{taken} — already in use" in text
    assert f"(process {os.getpid()})" in text
    assert "--web-port or NATOMA_WEB_PORT" in text


def test_nobody_holds_a_port_that_nobody_listens_at(taken, tmp_path):
    assert holder_of(1) is None
    assert holder_of(taken, proc=tmp_path) is None, "a system without /proc tells nothing, and that is no error"


@pytest.mark.parametrize(
    ("exc", "said"),
    [
        (PermissionError(13, "Permission denied"), "this user may not open port 80"),
        (OSError(99, "Cannot assign requested address"), "is not an address of this machine"),
        (socket.gaierror(-2, "Name or service not known"), "is not an address of this machine"),
        (OSError(23, "Too many open files"), "Too many open files"),
    ],
    ids=["forbidden", "foreign address", "unknown name", "anything else"],
)
def test_every_other_refusal_is_a_sentence_too(exc, said):
    text = str(refusal("10.9.9.9", 80, exc))

    assert text.startswith("web address 10.9.9.9:80 — ")
    assert said in text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10"], ids=str)
async def test_an_address_others_can_reach_needs_an_explicit_word(host):
    site = Site()
    app = create_app(space=lambda: site.space, feed=site.feed, health=site.health, meters=site.meters, now=lambda: None)

    with pytest.raises(InputError, match=f"web host {host} — expected this machine's own"):
        async with serve(app, host, 0):
            pass


async def test_with_that_word_it_listens():
    site = Site()
    app = create_app(space=lambda: site.space, feed=site.feed, health=site.health, meters=site.meters, now=lambda: None)

    async with serve(app, "0.0.0.0", 0, beyond_loopback=True) as url:
        assert url.startswith("http://0.0.0.0:")


async def test_stopping_frees_the_port():
    site = Site()
    async with site.served():
        port = int(site.url.rsplit(":", 1)[1].strip("/"))
    began = time.monotonic()
    async with site.served(port):
        pass

    assert time.monotonic() - began < 5
