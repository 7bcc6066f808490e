"""The one page: its frame and the floor plan, rendered on the server; its script brings it to life.

Names of people, doors and devices reach the markup through autoescape alone.
"""

from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from controller.domain.building import Space
from controller.web.assets import Assets
from controller.web.floorplan import FloorPlan, draw
from controller.web.words import ENGLISH

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Renders the page for the space as it is now; drawing is done once per version of the space."""

    def __init__(self, space: Callable[[], Space], assets: Assets, hint: str | None = None) -> None:
        self._space = space
        self._hint = hint
        self._drawn: tuple[str, tuple[FloorPlan, ...]] | None = None
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(t=ENGLISH, asset=assets.url)
        self._template = environment.get_template("now.html")

    async def now(self, request: web.Request) -> web.Response:
        """How the building is now."""
        response = web.Response(text=self.render(), content_type="text/html", charset="utf-8")
        response.enable_compression()
        return response

    def render(self) -> str:
        space = self._space()
        return self._template.render(space=space, floors=self._floors(space), hint=self._hint)

    def _floors(self, space: Space) -> tuple[FloorPlan, ...]:
        if self._drawn is None or self._drawn[0] != space.version:
            self._drawn = space.version, draw(space)
        return self._drawn[1]
