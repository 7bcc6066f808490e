"""What becomes of a message that breaks the contract: stored, counted, told to its sender, shown.

Why it was refused is `devices.codec`'s or a service's to say. Nothing here ever holds what was shown
at a reader: samples are redacted before they arrive.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId
from controller.services.meters import Meters
from controller.services.ports import Clock, Outbound, RefusedMessage
from devices import codec
from devices.errors import LinkError, MessageError
from devices.messages import Reject
from devices.topics import Topics

logger = logging.getLogger(__name__)

# One answer and one line a second for each sender and reason: enough to mend it, too little to be a weapon.
ECHO_EVERY = 1.0
# Whoever is no device of ours is one sender: it may call itself anything, and something else each time.
STRANGER = ""


class Store(Protocol):
    """Makes a refused message durable, then acknowledges it."""

    def __call__(
        self, refused: RefusedMessage, acknowledge: Callable[[], None], *, droppable: bool = False
    ) -> None: ...


@dataclass(slots=True)
class _Repeats:
    told_at: float
    unsaid: int = 0


class Refusals:
    """Takes every refused message; `store` makes it durable and then acknowledges it."""

    def __init__(
        self,
        topics: Topics,
        store: Store,
        outbound: Outbound,
        note: Callable[[Fact], None],
        is_known: Callable[[str], bool],
        meters: Meters,
        clock: Clock,
    ) -> None:
        self._topics = topics
        self._store = store
        self._outbound = outbound
        self._note = note
        self._is_known = is_known
        self._meters = meters
        self._clock = clock
        self._repeats: dict[tuple[str, str], _Repeats] = {}

    def refuse(
        self,
        error: MessageError,
        topic: str,
        payload: bytes,
        received_at: datetime,
        acknowledge: Callable[[], None],
        *,
        droppable: bool = False,
    ) -> None:
        """Keep it with its reason, and tell its sender if we know one."""
        sample = codec.sample(topic, payload)
        device = self._sender(topic)
        self._meters.counter(
            "natoma_messages_refused_total", "Messages that broke the contract.", reason=str(error.reason)
        ).add()
        self._store(
            RefusedMessage(
                at=received_at,
                topic=topic[:400],
                device=device,
                reason=str(error.reason),
                path=error.path,
                hint=_advice(error),
                sample=sample,
            ),
            acknowledge,
            droppable=droppable,
        )
        count = self._count(device or STRANGER, str(error.reason))
        if count is None:
            return
        logger.info("refused a message of %s on %s: %s", device or "an unknown sender", topic[:100], error)
        self._note(
            Fact(
                FactKind.MESSAGE_REFUSED,
                received_at,
                device=device,
                detail={
                    "topic": topic[:200],
                    "reason": str(error.reason),
                    "why": error.why,
                    "hint": error.hint,
                    "count": count,
                },
            )
        )
        if device is not None:
            self._echo(device, topic, error, sample, count)

    def _echo(self, device: DeviceId, topic: str, error: MessageError, sample: str, count: int) -> None:
        reject = Reject(
            topic=topic[:400],
            reason=error.reason,
            path=error.path[:200] or None,
            hint=_advice(error)[:400],
            sample=sample,
            count=count,
        )
        try:
            self._outbound.send(device, reject)
        except LinkError as failure:
            logger.debug("could not tell %s: %s", device, failure)

    def _count(self, sender: str, reason: str) -> int | None:
        """How many since it was last said, or None while it is too soon to say it again."""
        now = self._clock.monotonic()
        key = (sender, reason)
        repeats = self._repeats.get(key)
        if repeats is not None and now - repeats.told_at < ECHO_EVERY:
            repeats.unsaid += 1
            return None
        count = 1 + (repeats.unsaid if repeats is not None else 0)
        self._repeats[key] = _Repeats(now)
        return count

    def _sender(self, topic: str) -> DeviceId | None:
        """The device of ours that a topic names, as far as it can be read at all."""
        levels = topic.removeprefix(f"{self._topics.root}/").split("/")
        if len(levels) < 4 or levels[2] != "up":
            return None
        return DeviceId(levels[1]) if self._is_known(levels[1]) else None


def _advice(error: MessageError) -> str:
    """What is wrong, and what would be right: its sender has nothing else to go by."""
    return f"{error.why}; {error.hint}" if error.hint else error.why
