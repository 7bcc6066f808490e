"""One running controller, put together from the outside in; tasks start last, so that they stop first."""

import asyncio
import contextlib
import gc
import json
import logging
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from controller.adapters.broker import EmbeddedBroker, open_broker
from controller.adapters.broker.passwords import write_door_keys, write_private
from controller.adapters.broker.rights import ACCESS_USER, TELEMETRY_USER
from controller.adapters.certificates import papers_of
from controller.adapters.clock import LAST_TIME, HouseClock, last_known
from controller.adapters.fetch import CalendarSource
from controller.adapters.ical_process import CalendarReader
from controller.adapters.known_time import KnownTimeFile
from controller.adapters.memory import give_back
from controller.adapters.mqtt import Broker, MqttOutbound
from controller.adapters.notify import AppriseNotifier
from controller.adapters.publications import PublicationFolder
from controller.adapters.telemetry.keeping import KeptReadings
from controller.app.archive import long_history
from controller.app.health import Watch
from controller.app.links import Links
from controller.app.lock import alone_in
from controller.app.pages import Pages
from controller.app.publications import space_at_start, version_read
from controller.app.restore import settle_restored
from controller.app.runners import Runners, running
from controller.app.sending import open_outgoing
from controller.app.stores import Stores, kept_in, open_stores
from controller.app.wiring import FACTS_SHOWN, Services
from controller.config import Settings
from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind
from controller.services.calendars.stores import Elsewhere
from controller.services.clock_watch import ClockWatch, shifted
from controller.services.entry.access_index import keep_fresh, people_differ
from controller.services.entry.whereabouts import recalled
from controller.services.history.desk import HistoryDesk
from controller.services.history.news import fact_of
from controller.services.history.outgoing import Outgoing
from controller.services.history.sender import CONSUMER
from controller.services.keeping.cleaning import Cleaner
from controller.services.keeping.guard import Guard
from controller.services.meters import Meters
from controller.services.papers import PapersWatch
from controller.services.policy.publishing import Following
from controller.services.ports import RegistrySnapshot
from controller.services.screens.displays import Displays, beat
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from controller.space.readers import Profiles
from controller.web.guard import is_loopback
from devices.accesslist import public_key_of
from devices.link import MQTT_5
from devices.topics import Topics

logger = logging.getLogger(__name__)

# How far back is read at the start: who came in since the cut-off, and which PINs were wrong, is within a day.
RECALLED = timedelta(days=1)
# The interpreter hands its lock over this often when two threads want it; at its default of 5 ms a commit
# that is done could wait that long to say so.
SWITCH_INTERVAL = 0.0005
# A power cut may cost as much of the last time as is tolerated anyway.
TIME_KEPT_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """What somebody who started it wants to know."""

    address: str
    broker: Broker
    embedded: EmbeddedBroker | None
    space: Space
    # Whether something is on its way to the disk that somebody waits for.
    is_writing: Callable[[], bool]


async def run(
    settings: Settings,
    space: Space,
    *,
    stop: asyncio.Event,
    on_ready: Callable[[Running], Awaitable[None]] | None = None,
    hint: str | None = None,
    clock: HouseClock | None = None,
    detour: Callable[[EmbeddedBroker], Awaitable[int]] | None = None,
) -> None:
    """Serve until `stop` is set; without a `clock` by the machine's.

    `detour` is told of our own broker once it answers, and says through which port of this machine we are to reach it.

    Raises:
        StartupError: something the service cannot do without is missing, newer, damaged or taken.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    async with AsyncExitStack() as stack:
        stack.enter_context(alone_in(settings.data))
        clock = clock or HouseClock(last_known(settings.data / LAST_TIME))
        if clock.shift:
            logger.warning("this house lives %s, as NATOMA_CLOCK_SHIFT asks", shifted(clock.shift))
        space = space_at_start(settings.data, settings.space, space)
        read_by = (CONSUMER,) if settings.influx is not None else ()
        stores = await stack.enter_async_context(
            open_stores(settings.home, space, clock.now, log_cap_mb=settings.telemetry_cap_mb, log_read_by=read_by)
        )
        await settle_restored(settings.data, stores, clock.now())
        # Before the endpoint is told: whoever brings up doors finds what they need beside it.
        await asyncio.to_thread(
            write_door_keys,
            settings.data / "broker",
            stores.digests.list_key,
            public_key_of(stores.list_signing_key),
        )
        broker, embedded = await _broker(stack, settings, space)
        if embedded is not None and detour is not None:
            broker = replace(broker, port=await detour(embedded))
        notifier = AppriseNotifier(settings.notify, clock)
        stack.callback(notifier.close)
        outgoing = await stack.enter_async_context(
            open_outgoing(settings.influx, settings.data, stores.telemetry, clock)
        )
        service = _Service(settings, space, stores, broker, embedded, clock, hint, notifier, outgoing)
        await stack.enter_async_context(service.working(stop))
        # The page before the links: with the broker away it is where one looks.
        address = await stack.enter_async_context(service.pages.open())
        await stack.enter_async_context(service.links.open(stop))
        service.note(FactKind.SERVICE_STARTED, version=space.version)
        # What lives for ever should not be looked at again by every full collection: it costs milliseconds.
        gc.collect()
        await asyncio.to_thread(give_back)
        gc.freeze()
        if on_ready is not None:
            await on_ready(Running(address, broker, embedded, space, stores.is_writing))
        await service.until(stop)


async def _broker(stack: AsyncExitStack, settings: Settings, space: Space) -> tuple[Broker, EmbeddedBroker | None]:
    """The broker somebody named, or one of our own."""
    if settings.mqtt is not None:
        if settings.mqtt.tls is None and not is_loopback(settings.mqtt.host):
            logger.warning(
                "the link to %s is not encrypted: passwords and badge numbers cross the network in the clear; "
                "use mqtts:// (docs/settings.md)",
                settings.mqtt.host,
            )
        return settings.mqtt, None
    embedded = await stack.enter_async_context(
        open_broker(
            settings.data / "broker",
            space.root,
            space.devices,
            dialects={str(device.id): device.dialect for device in space.devices.values()},
            port=settings.broker_port,
            program=settings.broker,
        )
    )
    end = embedded.endpoint
    # For the simulator and for whoever connects a device of their own to this broker.
    left = {"url": end.url, "version": "5" if end.version == MQTT_5 else "3.1.1", "space": str(settings.space)}
    await asyncio.to_thread(write_private, settings.data / "broker" / "endpoint.json", json.dumps(left, indent=1))
    return (
        Broker(
            host=end.host,
            port=end.port,
            version=end.version,
            access_user=ACCESS_USER,
            access_password=end.passwords[ACCESS_USER],
            telemetry_user=TELEMETRY_USER,
            telemetry_password=end.passwords[TELEMETRY_USER],
        ),
        embedded,
    )


class _Service:
    """Everything between the stores and the page, wired once."""

    def __init__(
        self,
        settings: Settings,
        space: Space,
        stores: Stores,
        broker: Broker,
        embedded: EmbeddedBroker | None,
        clock: HouseClock,
        hint: str | None,
        notifier: AppriseNotifier,
        outgoing: Outgoing | None,
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._embedded = embedded
        self._clock = clock
        self._boot = secrets.token_hex(6)
        self._topics = topics = Topics(space.root)
        self._outbound = MqttOutbound(topics)
        feed = LiveFeed()
        expected = ("access link", "telemetry link", "event log", "telemetry log")
        board = HealthBoard(feed, clock.now, ("broker", *expected) if embedded is not None else expected)
        self._profiles = Profiles(space)
        self._services = services = Services(
            space,
            kept_in(stores),
            self._outbound,
            clock,
            feed=feed,
            meters=Meters(),
            board=board,
            profiles=self._profiles,
            notifier=notifier,
            elsewhere=Elsewhere(CalendarSource(settings.calendars_private_hosts), CalendarReader()),
            outgoing=outgoing,
        )
        history = long_history(stores.telemetry, settings, clock)
        desk = HistoryDesk(history, lambda: services.index.space, clock.now)
        self.pages = Pages(settings.web, services, stores, desk, clock, hint)
        self._clock_watch = ClockWatch(
            lambda: clock.off,
            board,
            services.alarms,
            services.journal.note,
            clock,
            left_in=str(settings.data / LAST_TIME),
            shift=clock.shift,
        )
        self._displays = Displays(feed, self._outbound, topics)
        self.links = Links(
            services.router,
            services.gaps,
            topics,
            broker,
            embedded,
            self._boot,
            stores.numbers.before.sessions,
            self._connected,
            now=clock.now,
        )
        self._outbound.link = self.links.access
        self._papers_watch = PapersWatch(lambda: papers_of(broker.tls, lambda: self.links.access.state), board, clock)
        self._runners: Runners

    # --- what happens inside ----------------------------------------------------------------------

    def note(self, kind: FactKind, **detail: str) -> None:
        self._services.journal.note(Fact(kind, self._clock.now(), detail=detail))

    def _connected(self) -> None:
        self._displays.show_everything_again()
        self._papers_watch.link_back()
        self._services.link_back()

    def _registry_changed(self, before: RegistrySnapshot) -> None:
        self._services.rights_changed()
        # A lockdown, a door set by hand and a list's digest are versions of the registry too, with facts of their own.
        if people_differ(before, self._services.index.people):
            self.note(FactKind.PEOPLE_CHANGED, version=str(self._services.index.version))

    async def _adopt(self, space: Space) -> None:
        # New plans first: from the moment they count, somebody may be given one.
        await self._stores.registry.sync_plans(space.plans.values())
        self._profiles.publish(space)
        await self._services.adopt(space)

    # --- life -------------------------------------------------------------------------------------

    @asynccontextmanager
    async def working(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """The tasks; they begin before anything comes in, and end after the last message was written down."""
        facts = await recalled(self._stores.events, self._clock.now() - RECALLED, at_least=FACTS_SHOWN)
        await self._services.recall(facts, await self._stores.telemetry.newest())
        self._stores.telemetry.listen(lambda news: self._services.journal.note(fact_of(news, self._clock.now())))
        async with running(stop) as runners:
            self._runners = runners
            self._start_tasks(runners)
            yield

    def _start_tasks(self, runners: Runners) -> None:
        services = self._services
        for name, work in services.lasting():
            runners.start(work, name)
        runners.start(self._each_second(), "every second")
        runners.start(self._keep_time(), "last known time")
        runners.start(self._papers_watch.run(), "certificates")
        runners.start(keep_fresh(services.index, self._stores.registry, self._registry_changed), "rights")
        runners.start(self._stores.keep_reserve_empty(), "reserve")
        runners.start(self._watch().run(), "watch")
        runners.start(self._displays.run(), "displays")
        runners.start(beat(self._outbound, self._topics, self._boot, self._clock), "heartbeat")
        publications = Following(
            PublicationFolder(self._settings.data),
            running=lambda: services.index.space,
            read=partial(version_read, self._settings.data),
            adopt=self._adopt,
            note=services.journal.note,
            clock=self._clock,
        )
        runners.start(publications.run(), "policy")
        log, readings, clock = self._stores.events, KeptReadings.of(self._stores.telemetry), self._clock
        guard = Guard(KnownTimeFile(self._settings.data), log, readings, clock, lambda: clock.off is not None)
        cleaner = Cleaner(log, readings, self._settings.keep, clock, services.journal.note)
        runners.start(cleaner.run(guard), "cleaning")

    def _watch(self) -> Watch:
        services = self._services
        return Watch(
            board=services.board,
            links={"access link": self.links.access, "telemetry link": self.links.telemetry},
            stores={"event log": self._stores.events.health, "telemetry log": self._stores.telemetry.health},
            spool_failing=lambda: services.spool.failing,
            embedded=self._embedded,
            note=services.journal.note,
            meters=services.meters,
            clock=self._clock,
        )

    async def until(self, stop: asyncio.Event) -> None:
        """Serve until told to stop, or until a task that should live for ever has died."""
        await stop.wait()
        if self._runners.death is not None:
            raise self._runners.death
        self.note(FactKind.SERVICE_STOPPED)

    async def _each_second(self) -> None:
        while True:
            if self.links.are_alive:
                self._services.presence.sweep()
            else:
                self._services.presence.deaf()
            self._services.look()
            self._clock_watch.look()
            await asyncio.sleep(1.0)

    async def _keep_time(self) -> None:
        """Leave behind what time it is, for a start on a machine that has forgotten."""
        while True:
            text = self._clock.now().isoformat()
            # Without space for it, the last one that was written is still a floor.
            with contextlib.suppress(OSError):
                await asyncio.to_thread(write_private, self._settings.data / LAST_TIME, text)
            await asyncio.sleep(TIME_KEPT_EVERY)
