"""Listening to a broker and writing down what is said, each message as it came."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import TextIO

from devices.link import Delivery, Link, LinkSettings
from simulator.capture.line import Line, text_of
from simulator.capture.masking import masked


class Recorder:
    """Writes deliveries; `count` of them so far. `shift`: how far the house is ahead of this machine's clock."""

    def __init__(self, file: TextIO, *, with_badges: bool, shift: timedelta = timedelta()) -> None:
        self._file = file
        self._with_badges = with_badges
        self._shift = shift
        self.count = 0

    def heard(self, delivery: Delivery) -> None:
        """One message; in the file before it is acknowledged."""
        props: dict[str, object] = {}
        if delivery.content_type is not None:
            props["content_type"] = delivery.content_type
        if delivery.response_topic is not None:
            props["response_topic"] = delivery.response_topic
        if delivery.correlation is not None:
            props["correlation"] = delivery.correlation.decode(errors="replace")
        if delivery.user_properties:
            props["user_properties"] = [list(pair) for pair in delivery.user_properties]
        # The moments in bodies are the house's, and so is the one they are moved from when they are said again.
        at = datetime.fromtimestamp(delivery.received_at, UTC) + self._shift
        line = Line(
            at, delivery.topic, delivery.payload, delivery.qos, retain=delivery.retain, dup=delivery.dup, props=props
        )
        self._file.write(text_of(line if self._with_badges else masked(line)) + "\n")
        self._file.flush()
        self.count += 1


async def record(settings: LinkSettings, recorder: Recorder, for_s: float | None, stop: asyncio.Event) -> None:
    """Until the time is up, or `stop`; raises LinkError when the broker does not take us."""

    def heard(delivery: Delivery) -> None:
        recorder.heard(delivery)
        link.ack(delivery)

    async with Link(settings, heard) as link:
        await link.connected(settings.connect_timeout_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await stop.wait()
