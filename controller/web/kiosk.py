"""The frames of two pages that live by a token: a room's panel, and scanning tickets on a phone.

Nothing of the house is in them, so anybody may fetch them: what they show, their scripts ask of /api/v1 with the token
that was given to them in the address's fragment, which no browser sends to a server.
"""

from collections.abc import Callable

from aiohttp import web
from jinja2 import Environment

from controller.domain.building import Space
from controller.web.languages import language_of
from controller.web.visitor_words import WORDS

# A phone's camera reads the code; the page asks nobody else for anything.
CAMERA = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"


class KioskPages:
    def __init__(self, space: Callable[[], Space], environment: Environment) -> None:
        self._space = space
        self._panel = environment.get_template("panel.html")
        self._scan = environment.get_template("scan.html")

    async def panel(self, request: web.Request) -> web.Response:
        """The same frame for every room, whether there is one of that name or not."""
        return self._answer(request, self._panel.render(t=WORDS[language_of(request)], zone=self._space().zone))

    async def scan(self, request: web.Request) -> web.Response:
        response = self._answer(request, self._scan.render(t=WORDS[language_of(request)], zone=self._space().zone))
        response.headers["Permissions-Policy"] = CAMERA
        return response

    def _answer(self, request: web.Request, text: str) -> web.Response:
        response = web.Response(text=text, content_type="text/html", charset="utf-8")
        response.headers["Content-Language"] = language_of(request)
        return response
