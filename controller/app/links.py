"""The two connections to the broker, and what this house and that broker know of each other's sessions."""

import logging
from asyncio import Event
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial

from controller.adapters.broker import EmbeddedBroker
from controller.adapters.mqtt import (
    ACCESS_KINDS,
    Broker,
    MqttInbound,
    access_settings,
    telemetry_settings,
)
from controller.app.runners import until
from controller.errors import StartupError
from controller.services.history.gaps import Gaps
from controller.services.inbound import Router
from devices.errors import BadCredentials, LinkError
from devices.link import Link
from devices.topics import Topics

logger = logging.getLogger(__name__)

# A broker that does not answer at the start may come later; doors are shown as unknown until then.
FIRST_ANSWER = 10.0
CATCH_UP = 5.0


class Links:
    """`access` carries what a member waits for, `telemetry` what may wait."""

    def __init__(
        self,
        router: Router,
        gaps: Gaps,
        topics: Topics,
        broker: Broker,
        embedded: EmbeddedBroker | None,
        boot: str,
        sessions_before: Collection[str],
        connected: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        """`sessions_before`: by their names here, those that the last run left at its broker. `now` is the house's time."""
        self._gaps = gaps
        self._sessions_before = sessions_before
        # The pure-Python broker forgets all sessions when it stops.
        self._forgets = embedded is not None and bool(embedded.limits)
        # An embedded broker may find another port; it is known by being ours.
        self._broker_name = "our own broker" if embedded is not None else f"{broker.host}:{broker.port}"
        self._access = MqttInbound(
            router,
            topics,
            access_settings(broker, topics, boot, expect_session=self._has_session("access")),
            connected,
            on_session=partial(self._session, "access"),
            now=now,
        )
        self._telemetry = MqttInbound(
            router,
            topics,
            telemetry_settings(broker, topics, expect_session=self._has_session("telemetry")),
            on_session=partial(self._session, "telemetry"),
            on_dropped=lambda total, is_old: gaps.broker_dropped(self._broker_name, total, is_old=is_old),
            elsewhere=ACCESS_KINDS,
            now=now,
        )

    @property
    def access(self) -> Link:
        return self._access.link

    @property
    def telemetry(self) -> Link:
        return self._telemetry.link

    @property
    def are_alive(self) -> bool:
        """Whether both hear what devices say."""
        return self.access.state.alive and self.telemetry.state.alive

    @asynccontextmanager
    async def open(self, stop: Event) -> AsyncIterator[None]:
        """Access opens first: births are known before the first reading is judged. StartupError when we are refused."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.access)
            try:
                await until(self._first_answer(), stop)
            except BadCredentials as error:
                raise StartupError(
                    f"the broker refuses us: {error}; "
                    "give the right user and password with --mqtt mqtt://user:password@host"
                ) from error
            except LinkError as error:
                logger.warning("no broker yet (%s); trying on", error)
            await stack.enter_async_context(self.telemetry)
            yield

    async def _first_answer(self) -> None:
        await self.access.connected(FIRST_ANSWER)
        await self._access.caught_up(CATCH_UP)

    def _session_name(self, link: str) -> str:
        return f"{link} at {self._broker_name}"

    def _has_session(self, link: str) -> bool:
        return not self._forgets and self._session_name(link) in self._sessions_before

    def _session(self, link: str, is_lost: bool) -> None:
        if is_lost:
            self._gaps.session_lost(link)
        self._gaps.session_kept(self._session_name(link))
