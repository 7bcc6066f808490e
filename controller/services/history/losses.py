"""What was lost, read back from the event log: each gap, what came after all, and losses that no number tells."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.domain.facts import Fact, FactKind
from controller.domain.history.values import Span
from controller.domain.ids import DeviceId
from controller.services.policy.log_pages import Recorded, facts_since

TOLD = frozenset({FactKind.GAP_FOUND, FactKind.GAP_FILLED, FactKind.MESSAGES_LOST, FactKind.READINGS_SHED})


@dataclass(frozen=True, slots=True)
class Loss:
    """One line; `count` is None where nobody knows, `where` says who lost it, `numbers` which they are."""

    at: datetime
    kind: FactKind
    device: DeviceId | None
    count: int | None
    where: str
    numbers: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What a device's numbers say of a span of time."""

    device: DeviceId
    found: int
    filled: int


async def losses_in(log: Recorded, span: Span, device: DeviceId | None = None) -> list[Loss]:
    """All of this time, oldest first; of one device alone only what its own numbers say."""
    return [
        _loss(logged.fact)
        async for logged in facts_since(log, span.start)
        if logged.fact.kind in TOLD and logged.fact.at < span.end and device in (None, logged.fact.device)
    ]


def missing_in(losses: Iterable[Loss]) -> list[Missing]:
    """By device, those first of whom most is missing."""
    found: dict[DeviceId, list[int]] = {}
    for loss in losses:
        if loss.device is not None and loss.count is not None:
            found.setdefault(loss.device, [0, 0])[loss.kind is FactKind.GAP_FILLED] += loss.count
    by_device = [Missing(device, *counts) for device, counts in found.items()]
    return sorted(by_device, key=lambda one: (one.filled - one.found, one.device))


def _loss(fact: Fact) -> Loss:
    count = fact.detail.get("count")
    return Loss(
        at=fact.at,
        kind=fact.kind,
        device=fact.device,
        count=count if isinstance(count, int) else None,
        where=str(fact.detail.get("where") or fact.detail.get("why") or ""),
        numbers=str(fact.detail.get("numbers") or ""),
    )
