"""What answers in a browser and to programs: the house's page, and what others may reach at an address of its own."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from controller.app.stores import Stores
from controller.app.wiring import Services
from controller.config import Web
from controller.domain.calendars import Feed
from controller.services.entry.access_index import POLL_EVERY
from controller.services.history.desk import HistoryDesk
from controller.services.ports import Clock
from controller.web.api.booths import Studio
from controller.web.api.events import Evenings
from controller.web.api.house import ApiHouse
from controller.web.api.table import Programs
from controller.web.app import create_app, create_outside_app, serve, serve_others
from controller.web.calendars import CalendarFeeds
from controller.web.visitors import Visitors

logger = logging.getLogger(__name__)

# What is written counts within a second; an answer waits for it no longer than this.
TAKEN_UP_WITHIN = 2.0


class Pages:
    """`hint`: a command somebody new may type, for the page to show."""

    def __init__(
        self, web: Web, services: Services, stores: Stores, history: HistoryDesk, clock: Clock, hint: str | None
    ) -> None:
        self._web = web
        self._services = services
        self._stores = stores
        self._history = history
        self._clock = clock
        self._hint = hint

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """The web part at the settings' address; what others may reach at one of its own, where there is to be one."""
        web = self._web
        services = self._services
        visitors = Visitors(lambda: services.index.space, services.listing.coming)
        calendars = CalendarFeeds(services.feeds, _written)
        programs = self._programs()
        app = create_app(
            programs=programs,
            visitors=visitors,
            calendars=calendars,
            history=self._history,
            host_names=web.host_names,
            space=lambda: self._services.index.space,
            feed=self._services.feed,
            health=self._services.board,
            meters=self._services.meters,
            now=self._clock.now,
            hint=self._hint,
        )
        async with AsyncExitStack() as stack:
            address = await stack.enter_async_context(
                serve(app, web.host, web.port, beyond_loopback=web.beyond_loopback)
            )
            if web.outside_port is not None:
                outside = create_outside_app(visitors=visitors, programs=programs, calendars=calendars)
                others = await stack.enter_async_context(serve_others(outside, web.outside_host, web.outside_port))
                logger.info("public events, panels, scanning and the API answer at %s", others)
            yield address

    def _programs(self) -> Programs:
        """What programs with a token are answered from."""
        services = self._services
        house = ApiHouse(
            space=lambda: services.index.space,
            people=lambda: services.index.people,
            room_state=lambda area: services.feed.current("room", area),
            bookings=services.bookings,
            community=services.community,
            history=self._history,
            now=self._clock.now,
        )
        evenings = Evenings(
            store=self._stores.kept.public_events,
            known=services.public_events,
            scans=services.scans,
            digest=self._stores.digests.of_token,
            list_digest=lambda token: asyncio.to_thread(self._stores.digests.list_digest_of_token, token),
            taken_up=self._taken_up,
        )
        studio = Studio(services.booths, self._stores.events, services.wording)
        return Programs(house, evenings, studio, services.keyring, services.answers)

    async def _taken_up(self) -> None:
        """What was written a moment ago counts in memory; `rights` sees to it."""
        written = await self._stores.registry.version()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TAKEN_UP_WITHIN):
                while self._services.index.version < written:  # noqa: ASYNC110  # the task that moves it tells nobody
                    await asyncio.sleep(POLL_EVERY / 4)


def _written(feed: Feed) -> bytes:
    # The library takes some megabytes, and in most houses nobody subscribes.
    from controller.adapters.ical_writing import written

    return written(feed)
