"""What every request must pass and every answer carries."""

import aiohttp
import pytest

from controller.web.guard import host_name, is_loopback
from tests.support.site import Site

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Server": "natoma",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

ANSWERS = [
    ("GET", "/", 200),
    ("GET", "/api/live", 200),
    ("GET", "/api/stream", 200),
    ("GET", "/healthz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/static/0/main.js", 200),
    ("GET", "/static/0/../../secrets", 404),
    ("GET", "/nowhere", 404),
    ("POST", "/", 405),
    ("DELETE", "/api/live", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS, ids=lambda value: str(value))
async def test_every_answer_carries_the_security_headers_and_no_page_is_kept(method, path, status):
    async with (
        Site().served() as site,
        aiohttp.ClientSession() as session,
        session.request(method, site.url.rstrip("/") + path) as answer,
    ):
        seen = {name: answer.headers.get(name) for name in HEADERS}

        assert answer.status == status
        assert seen == HEADERS
        assert answer.headers["Cache-Control"] == ("no-cache" if path == "/static/0/main.js" else "no-store")
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_an_answer_to_a_bug_carries_them_too():
    site = Site()
    site.space = None  # nothing can be drawn from it
    async with site.served(), aiohttp.ClientSession() as session, session.get(site.url) as answer:
        assert answer.status == 500
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "Traceback" not in await answer.text()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "localhost", "LocalHost.:80", "[::1]:8080", "natoma.lan"], ids=str
)
async def test_our_own_names_are_answered(host):
    async with (
        Site(options={"host_names": ["Natoma.lan"]}).served() as site,
        aiohttp.ClientSession() as session,
        session.get(site.url, headers={"Host": host}) as answer,
    ):
        assert answer.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8080",
        "evil.example:127.0.0.1",
        "[::1",
        "[::1]x",
    ],
    ids=str,
)
async def test_a_name_that_is_not_ours_is_refused_everywhere(host):
    async with Site().served() as site, aiohttp.ClientSession() as session:
        for path in ("", "api/live", "api/stream", "healthz", "metrics", "nowhere"):
            async with session.get(site.url + path, headers={"Host": host}) as answer:
                assert answer.status == 421
                assert "NATOMA_WEB_HOST_NAMES" in await answer.text()


@pytest.mark.parametrize("site_of_origin", ["cross-site", "same-site"])
async def test_another_web_site_can_link_to_the_page_and_reach_nothing_else(site_of_origin):
    async with Site().served() as site, aiohttp.ClientSession() as session:
        statuses = {}
        for path in ("", "api/live", "api/stream", "healthz", "metrics"):
            async with session.get(site.url + path, headers={"Sec-Fetch-Site": site_of_origin}) as answer:
                statuses[path] = answer.status

    assert statuses == {"": 200, "api/live": 403, "api/stream": 403, "healthz": 403, "metrics": 403}


@pytest.mark.parametrize(
    ("host", "name"),
    [("a.b:1", "a.b"), ("[::1]:2", "::1"), ("[::1]", "::1"), ("", None), ("[::1", None), ("[::1]9", None)],
    ids=str,
)
def test_the_name_in_a_host_header(host, name):
    assert host_name(host) == name


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *((host, True) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "192.168.1.4", "natoma.lan", "")),
    ],
    ids=str,
)
def test_which_addresses_leave_the_page_to_this_machine(host, here):
    assert is_loopback(host) is here
