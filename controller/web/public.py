"""The pages for strangers: coming events as a page that works without scripts, and the same as JSON.

Safe for anybody: nothing is in them that was not made public, and nothing can be changed through them.
"""

import json
from collections.abc import Callable, Sequence

from aiohttp import web
from jinja2 import Environment

from controller.domain.building import Space
from controller.domain.holdings import EventEntry
from controller.services.visitors.public_list import Listed, Stage
from controller.web.languages import Language, day_said, language_of
from controller.web.visitor_words import WORDS

# Seats change slowly; a page that is linked from somewhere popular must not become a load.
KEPT_S = 30


class EventPages:
    """`coming` is asked for each request that no cache has answered."""

    def __init__(
        self, space: Callable[[], Space], coming: Callable[[], Sequence[Listed]], environment: Environment
    ) -> None:
        self._space = space
        self._coming = coming
        self._template = environment.get_template("events.html")

    async def page(self, request: web.Request) -> web.Response:
        """Every coming event, the next one first."""
        language = language_of(request)
        shown = [_shown(one, language) for one in self._coming()]
        text = self._template.render(t=WORDS[language], space=self._space(), events=shown)
        response = web.Response(text=text, content_type="text/html", charset="utf-8")
        response.headers["Content-Language"] = language
        response.headers["Vary"] = "Accept-Language"
        return _kept(response)

    async def feed(self, request: web.Request) -> web.Response:
        """The same for programs; members may be added, none changes its meaning."""
        space = self._space()
        body = {
            "space": space.name,
            "zone": str(space.zone),
            "events": [
                {
                    "id": one.id,
                    "name": one.name,
                    "start": one.start.isoformat(),
                    "end": one.end.isoformat(),
                    "place": one.place,
                    "entry": one.entry.value,
                    "seats": one.seats,
                    "seats_left": one.seats_left,
                    "running": one.stage is Stage.RUNNING,
                }
                for one in self._coming()
            ],
        }
        return _kept(web.Response(text=json.dumps(body, ensure_ascii=False), content_type="application/json"))


def _shown(one: Listed, language: Language) -> dict[str, object]:
    words = WORDS[language]
    if one.seats_left == 0:
        seats = words["full"]
    elif one.entry is EventEntry.OPEN:
        seats = words["open"].format(count=one.seats)
    else:
        seats = words["seat_left"] if one.seats_left == 1 else words["seats_left"].format(count=one.seats_left)
    ends_elsewhere = one.end.date() != one.start.date()
    return {
        "id": one.id,
        "name": one.name,
        "day": day_said(one.start, language),
        "year": one.start.year,
        "start": one.start,
        "end": one.end,
        "end_day": day_said(one.end, language) if ends_elsewhere else "",
        "place": one.place,
        "seats": seats,
        "is_full": one.seats_left == 0,
        "by_ticket": one.entry is EventEntry.TICKET,
        "is_running": one.stage is Stage.RUNNING,
    }


def _kept(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = f"public, max-age={KEPT_S}"
    return response
