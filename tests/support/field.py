"""A device in the hands of a test: it says what the test says, does nothing by itself, and keeps what it hears.

It speaks bare JSON over a link of its own, so that what the controller does is judged by the wire alone.
"""

import asyncio
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from devices.link import MQTT_5, Delivery, Link, LinkSettings, Will
from tests.support.mailbox import PATIENCE_S

ROOT = "natoma"

DOOR_CHANNELS = {
    "door.lock": {"class": "lock", "momentary": True},
    "door.contact": {"class": "door"},
    "badge": {"class": "badge", "momentary": True},
}
READER_CHANNELS = {"badge": {"class": "badge", "momentary": True}}
SENSOR_CHANNELS = {"count": {"class": "count", "unit": "count"}}


@dataclass(frozen=True, slots=True)
class Heard:
    """One message to the device."""

    kind: str  # command, reject, …
    body: dict[str, Any]
    at: float  # the loop's clock
    retained: bool


class FieldDevice:
    """Use as an async context manager. `on_heard` is called with each message as it comes in."""

    def __init__(
        self,
        port: int,
        name: str,
        channels: dict[str, dict[str, Any]] = DOOR_CHANNELS,
        *,
        password: str | None = None,
        protocol: int = MQTT_5,
        outbox_limit: int = 1000,
        host: str = "127.0.0.1",
    ) -> None:
        self.name = name
        self.boot = secrets.token_hex(4)
        self.heard: list[Heard] = []
        self.on_heard: Callable[[Heard], None] | None = None
        self._channels = channels
        self._changed = asyncio.Event()
        self._number = itertools.count(1)
        settings = LinkSettings(
            host,
            name,
            port=port,
            username=name if password is not None else None,
            password=password,
            protocol=protocol,
            clean_start=True,
            subscriptions=((f"{ROOT}/1/{name}/down/#", 1),),
            will=Will(self._up("status"), json.dumps({"state": "lost", "boot": self.boot}).encode()),
            heartbeat_every_s=1.0,
            reconnect_min_s=0.05,
            reconnect_max_s=0.2,
            outbox_limit=outbox_limit,
        )
        self.link = Link(settings, self._hear, on_connected=self._introduce)

    async def __aenter__(self) -> Self:
        await self.link.__aenter__()
        await self.link.connected(PATIENCE_S)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.link.__aexit__(kind, error, trace)

    # --- what it says -------------------------------------------------------------------------------------------------

    async def say(self, kind: str, body: dict[str, Any] | bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1; return once the broker has it."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        taken = self.link.publish(self._up(kind), payload, qos=1, retain=retain)
        assert taken is not None
        await asyncio.wait_for(taken, PATIENCE_S)

    async def tap(self, card: str, **changes: Any) -> str:
        """Read a badge now, or as the changes say; the read's id, once the broker has it. None leaves a field out."""
        retain = bool(changes.pop("retain", False))
        body = {**self.read(card), **changes}
        await self.say("event", {name: value for name, value in body.items() if value is not None}, retain=retain)
        return str(body["id"])

    def read(self, card: str) -> dict[str, Any]:
        """The body of a read of this badge at this moment, with an id of its own."""
        return {
            "id": f"{self.boot}-{next(self._number)}",
            "type": "badge.read",
            "ts": datetime.now(UTC).isoformat(),
            "data": {"card": card, "format": "iso14443a"},
        }

    # --- what it hears ------------------------------------------------------------------------------------------------

    def commands(self, do: str | None = None, *, to: str | None = None) -> list[dict[str, Any]]:
        """The commands so far: all, those that do this, those that answer this read."""
        return [
            one.body
            for one in self.heard
            if one.kind == "command" and do in (None, one.body["do"]) and to in (None, one.body.get("re"))
        ]

    def rejects(self) -> list[dict[str, Any]]:
        return [one.body for one in self.heard if one.kind == "reject"]

    async def until(self, is_so: Callable[[], bool], what: str, within: float = PATIENCE_S) -> None:
        """Return when something it hears makes this true."""
        try:
            async with asyncio.timeout(within):
                while not is_so():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            newest = [(one.kind, one.body) for one in self.heard[-5:]]
            raise AssertionError(f"{self.name} waited {within:g} s for {what}; heard last: {newest}") from None

    async def answer(self, message_id: str, do: str = "unlock") -> dict[str, Any]:
        """The first command of this sort that answers this read."""
        await self.until(lambda: bool(self.commands(do, to=message_id)), f"{do} for {message_id}")
        return self.commands(do, to=message_id)[0]

    async def rejection(self, reason: str) -> dict[str, Any]:
        """The first refusal with this reason."""
        await self.until(lambda: any(one["reason"] == reason for one in self.rejects()), f"a reject, {reason}")
        return next(one for one in self.rejects() if one["reason"] == reason)

    # --- small steps --------------------------------------------------------------------------------------------------

    def _introduce(self, link: Link) -> None:
        birth = {"contract": "1.0", "rev": 1, "channels": self._channels}
        link.publish(self._up("birth"), json.dumps(birth).encode(), qos=1, retain=True)
        ready = {"state": "ready", "boot": self.boot, "ts": datetime.now(UTC).isoformat()}
        link.publish(self._up("status"), json.dumps(ready).encode(), qos=1, retain=True)

    def _hear(self, delivery: Delivery) -> None:
        self.link.ack(delivery)
        if not delivery.payload:
            return  # a retained topic was cleared: nothing is said
        kind = delivery.topic.rpartition("/")[2]
        heard = Heard(kind, json.loads(delivery.payload), delivery.received_mono, delivery.retain)
        if self.on_heard is not None:
            self.on_heard(heard)
        self.heard.append(heard)
        self._changed.set()

    def _up(self, kind: str) -> str:
        return f"{ROOT}/1/{self.name}/up/{kind}"
