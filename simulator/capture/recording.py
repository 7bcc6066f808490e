"""Listening to a broker and writing down what is said, each message as it came."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from devices.link import Delivery, Link, LinkSettings
from simulator.capture.line import Line, masked, text_of
from simulator.errors import InputError


@contextmanager
def opened(out: str) -> Iterator[TextIO]:
    """A file for its owner only: captures hold badges unless they are masked, and who came when in any case."""
    try:
        number = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as exc:
        raise InputError(f"--out {out}: cannot be written: {exc.strerror}") from exc
    with os.fdopen(number, "w", encoding="utf-8") as file:
        Path(out).chmod(0o600)
        yield file


class Recorder:
    """Writes deliveries; `count` of them so far."""

    def __init__(self, file: TextIO, *, with_badges: bool) -> None:
        self._file = file
        self._with_badges = with_badges
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
        at = datetime.fromtimestamp(delivery.received_at, UTC)
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
