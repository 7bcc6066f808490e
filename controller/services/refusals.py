"""What becomes of a message that breaks the contract: stored, counted, told to its sender, shown.

Why it was refused is `devices.codec`'s or a service's to say. Nothing here ever holds what was shown
at a reader: samples are redacted before they arrive.
"""

import logging
from collections import OrderedDict
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
# A burst of unknown topics must not grow this table.
SENDERS_KEPT = 2_000


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
        self._repeats: OrderedDict[tuple[str, str], _Repeats] = OrderedDict()

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
                device=DeviceId(device) if device else None,
                reason=str(error.reason),
                path=error.path,
                hint=_advice(error),
                sample=sample,
            ),
            acknowledge,
            droppable=droppable,
        )
        count = self._count(device or topic[:100], str(error.reason))
        if count is None:
            return
        logger.info("refused a message of %s on %s: %s", device or "an unknown sender", topic[:100], error)
        self._note(
            Fact(
                FactKind.MESSAGE_REFUSED,
                received_at,
                device=DeviceId(device) if device and self._is_known(device) else None,
                detail={
                    "topic": topic[:200],
                    "reason": str(error.reason),
                    "why": error.why,
                    "hint": error.hint,
                    "count": count,
                },
            )
        )
        if device is not None and self._is_known(device):
            self._echo(device, topic, error, sample, count)

    def _echo(self, device: str, topic: str, error: MessageError, sample: str, count: int) -> None:
        reject = Reject(
            topic=topic[:400],
            reason=error.reason,
            path=error.path[:200] or None,
            hint=_advice(error)[:400],
            sample=sample,
            count=count,
        )
        try:
            self._outbound.send(DeviceId(device), reject)
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
        self._repeats.move_to_end(key)
        if len(self._repeats) > SENDERS_KEPT:
            self._repeats.popitem(last=False)
        return count

    def _sender(self, topic: str) -> str | None:
        """The device a topic names, as far as it can be read at all."""
        levels = topic.removeprefix(f"{self._topics.root}/").split("/")
        if len(levels) < 4 or levels[2] != "up":
            return None
        return levels[1]


def _advice(error: MessageError) -> str:
    """What is wrong, and what would be right: its sender has nothing else to go by."""
    return f"{error.why}; {error.hint}" if error.hint else error.why
