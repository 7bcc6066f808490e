"""What the house tells anyone who only listens: retained topics below `live/`, and our own heartbeat.

No name and no badge number goes out here. The values are the live feed's; this is their public side.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from controller.services.ports import Clock, Outbound
from controller.services.screens.live import LiveFeed
from devices.errors import LinkError
from devices.messages import DeviceState, Message, Status
from devices.topics import Topics

logger = logging.getLogger(__name__)

HEARTBEAT_EVERY = 10.0
# A door's changes go out at once; a busy room need not be told more often than this.
PAUSE = 0.2

DOOR_FIELDS = ("name", "mode", "state", "contact", "lock", "alarm", "device", "since", "reported_at")
ROOM_FIELDS = (
    "name",
    "kind",
    "status",
    "since",
    "until",
    "now",
    "next",
    "checked_in",
    "in_use_unchecked",
    "unavailable",
    "occupancy",
    "comfort",
    "comfort_since",
    "air",
    "air_since",
    "quiet",
    "quiet_since",
    "wifi",
    "wifi_since",
    "windows",
    "windows_since",
    "lit",
    "on_air",
    "on_air_wanted",
    "quiet_please",
    "sensor",
    "silent_since",
    "measured_at",
)
SPACE_FIELDS = ("name", "people_in", "capacity", "mode")


class Displays:
    """Follows the feed and keeps the retained topics equal to it, after a broken connection too."""

    def __init__(self, feed: LiveFeed, outbound: Outbound, topics: Topics) -> None:
        self._feed = feed
        self._outbound = outbound
        self._topics = topics
        self._shown: dict[str, Mapping[str, object] | None] = {}
        self._waiting: dict[str, Mapping[str, object] | None] = {}

    def show_everything_again(self) -> None:
        """A broker that came back may have forgotten what it retained."""
        self._waiting = {**self._shown, **self._waiting}

    async def run(self) -> None:
        """Follow the feed until cancelled."""
        watching = self._feed.subscribe()
        async for push in watching:
            for topic, key, value in _changes(push.event, push.data):
                path, fields = self._public(topic, key)
                body = _only(value, fields) if value is not None else None
                if path is not None and self._waiting.get(path, self._shown.get(path, ...)) != body:
                    self._waiting[path] = body
            self._publish()
            await asyncio.sleep(PAUSE)

    def _publish(self) -> None:
        for path in list(self._waiting):
            try:
                self._outbound.show(path, self._waiting[path])
            except LinkError as error:
                logger.debug("displays wait: %s", error)
                return
            self._shown[path] = self._waiting.pop(path)

    def _public(self, topic: str, key: str) -> tuple[str | None, tuple[str, ...]]:
        """Where a thing of the feed is shown, and what of it; None for what is nobody's business outside."""
        if topic == "door":
            return self._topics.live_door(key), DOOR_FIELDS
        if topic == "room":
            return self._topics.live_room(key), ROOM_FIELDS
        if topic == "space":
            return self._topics.live_space, SPACE_FIELDS
        return None, ()


async def beat(outbound: Outbound, topics: Topics, boot: str, clock: Clock) -> None:
    """Say that we live, and what time it is, for devices that have no other clock."""
    while True:
        now = clock.now()
        status: Message = Status(state=DeviceState.READY, boot=boot, ts=now, epoch_ms=int(now.timestamp() * 1000))
        try:
            outbound.show(topics.server_status, status.model_dump(mode="json", exclude_none=True))
        except LinkError as error:
            logger.debug("heartbeat not sent: %s", error)
        await asyncio.sleep(HEARTBEAT_EVERY)


def _changes(event: str, data: Mapping[str, object]) -> Iterable[tuple[str, str, Mapping[str, object] | None]]:
    """The same triples from a delta and from a snapshot; a value of None has left the space."""
    if event == "delta":
        yield from data["changes"]  # type: ignore[misc]  # the feed's own shape
        return
    yield "space", "", data["space"]  # type: ignore[misc]
    for topic, plural in (("door", "doors"), ("room", "rooms")):
        for key, value in data[plural].items():  # type: ignore[attr-defined]
            yield topic, key, value


def _only(value: Mapping[str, object], fields: tuple[str, ...]) -> Mapping[str, object]:
    return {name: value[name] for name in fields if value.get(name) is not None}
