"""Every address of /api/v1, from which the router and the document are made, so that they cannot drift apart."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from controller.services.tokens.answers import Answers
from controller.services.tokens.keyring import Keyring
from controller.web.api.bookings import BookingResource
from controller.web.api.booths import BoothResource, Studio
from controller.web.api.community import CommunityResource
from controller.web.api.events import Evenings, EventResource
from controller.web.api.frame import Frame
from controller.web.api.house import ApiHouse
from controller.web.api.openapi import document
from controller.web.api.people import PeopleResource
from controller.web.api.problems import PLACE, Problem
from controller.web.api.rooms import RoomResource
from controller.web.api.routes import PREFIX, Route
from controller.web.api.series import SeriesResource
from controller.web.api.telemetry import TelemetryResource
from controller.web.api.waiting import WaitingResource
from controller.web.api.whoami import TokenResource

DOCUMENT = "/api/openapi.json"


def table(house: ApiHouse, evenings: Evenings, studio: Studio) -> tuple[Route, ...]:
    """Everything there is to ask for."""
    resources = (
        ("token", TokenResource(house)),
        ("rooms", RoomResource(house)),
        ("bookings", BookingResource(house)),
        ("series", SeriesResource(house)),
        ("waiting", WaitingResource(house)),
        ("events", EventResource(house, evenings)),
        ("booths", BoothResource(house, studio)),
        ("telemetry", TelemetryResource(house)),
        ("people", PeopleResource(house)),
        ("community", CommunityResource(house)),
    )
    return tuple(route.tagged(tag) for tag, resource in resources for route in resource.routes())


@dataclass(frozen=True, slots=True)
class Programs:
    """All that programs are answered from."""

    house: ApiHouse
    evenings: Evenings
    studio: Studio
    keyring: Keyring
    answers: Answers


def mount(app: web.Application, programs: Programs) -> None:
    """Answer below /api/v1, and tell what is there."""
    routes = table(programs.house, programs.evenings, programs.studio)
    frame = Frame(programs.keyring, programs.answers)
    for route in routes:
        app.router.add_route(route.method, PREFIX + route.path, frame.handler(route))
    app.router.add_get(DOCUMENT, _told(routes))
    app.router.add_get(PLACE + "{problem}", _explained)
    # Before the stores are closed, and after the last request has come in.
    app.on_shutdown.append(frame.close)


def _told(routes: Sequence[Route]) -> Handler:
    text = json.dumps(document(routes), ensure_ascii=False)

    async def serve(request: web.Request) -> web.Response:
        """It tells what could be asked and nothing of the house: no token is needed to read it."""
        response = web.Response(text=text, content_type="application/json")
        response.enable_compression()
        return response

    return serve


async def _explained(request: web.Request) -> web.Response:
    """A problem's `type` is an address, and this is what stands there."""
    slug = request.match_info["problem"]
    if slug not in set(Problem):
        raise web.HTTPNotFound(text="There is no such problem.\n")
    problem = Problem(slug)
    return web.Response(text=f"{problem.heading}\n\nHTTP {problem.status.value}. See docs/api.md.\n")
