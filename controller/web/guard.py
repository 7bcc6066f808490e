"""What every request must pass and every answer carries, before there is any sign-in.

The page is read-only and answers this machine alone, so the dangers are other web sites open in the
same browser: they may neither frame it, read it, rebind a name to it, nor use up its streams.
"""

import ipaddress
from collections.abc import Collection

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

CONTENT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    # Text from badges, people and devices can then not become markup, whatever a script does.
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}

SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{directive} {value}" for directive, value in CONTENT_POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Server": "natoma",
}

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer, errors and streams too; what is not said to be cached is not."""
    allowed = response.headers.get("Permissions-Policy")  # a page that needs one more, and says so itself
    response.headers.update(SECURITY_HEADERS)
    if allowed is not None:
        response.headers["Permissions-Policy"] = allowed
    response.headers.setdefault("Cache-Control", "no-store")


def only_for(names: Collection[str], linked: Collection[str] = ()) -> Middleware:
    """A middleware that refuses a Host that is not ours (DNS rebinding), and data asked for by another site.

    `linked` are pages beside the first that another site may lead to; it still cannot read them.
    """
    ours = frozenset(name.lower() for name in names) | LOOPBACK_NAMES

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        hosts = request.headers.getall("Host", [])
        name = host_name(hosts[0]) if len(hosts) == 1 else None
        if name not in ours:
            raise web.HTTPMisdirectedRequest(
                text=f"This page answers to {', '.join(sorted(ours))}, not to {name or 'an unnamed host'!r}.\n"
                "If that name is meant, add it to the setting NATOMA_WEB_HOST_NAMES.\n"
            )
        is_from_elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") in ("cross-site", "same-site")
        if is_from_elsewhere and request.path != "/" and not _is_followed(request, linked):
            raise web.HTTPForbidden(text="Only Natoma's own page may ask for this.\n")
        return await handler(request)

    return check


def _is_followed(request: web.Request, linked: Collection[str]) -> bool:
    """Whether somebody followed a link to one of these pages; a name that ends in a slash stands for all below it."""
    is_link = request.headers.get("Sec-Fetch-Mode") == "navigate"
    path = request.path
    return is_link and any(path == page or (page.endswith("/") and path.startswith(page)) for page in linked)


def host_name(host: str) -> str | None:
    """The name in a Host header without its port, lower-case, an IPv6 address without brackets."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        return name.lower() if bracket and (not port or port[0] == ":") else None
    return host.partition(":")[0].lower().removesuffix(".") or None


def is_loopback(host: str) -> bool:
    """Whether binding this address leaves the page to this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
