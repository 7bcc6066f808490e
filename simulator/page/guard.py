"""What every request to the page must pass, and what every answer carries.

The page has no sign-in and moves doors, so it answers this machine alone; other web sites open in the same browser may
neither frame it, read it, send it anything, nor point a name of theirs at it.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Server": "natoma-sim",
}
_OURS = frozenset({"localhost", "127.0.0.1", "[::1]"})


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A Host that is not ours is somebody else's name for this address; another site's request is not our page's."""
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1 or _name(hosts[0]) not in _OURS:
        raise web.HTTPMisdirectedRequest(text="The simulator's page answers to localhost and 127.0.0.1 only.\n")
    is_from_elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") in ("cross-site", "same-site")
    if is_from_elsewhere and not (request.method == "GET" and request.path == "/"):
        raise web.HTTPForbidden(text="Only the simulator's own page may ask for this.\n")
    # A form of another site cannot send JSON without asking first, and nobody here answers that question.
    if request.method == "POST" and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="What is to be done is said in JSON.\n")
    return await handler(request)


def _name(host: str) -> str:
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdigit() else host.lower()
