"""How the parts of the service are: one named line each, and one verdict over all of them.

Whoever owns a part reports on it; the board keeps since when, and shows every change on the live
feed. It probes nothing by itself.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from controller.services.screens.live import LiveFeed

Figures = Mapping[str, float | int | str | bool | None]
"""Small numbers and words that explain a part: reconnects, rows waiting, milliseconds."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part: `ok` now and `since` when; `vital` when the house does not work without it."""

    name: str
    ok: bool
    text: str
    since: datetime
    vital: bool = True
    figures: Figures = field(default_factory=dict)

    def as_plain(self) -> dict[str, object]:
        """What the feed and `/healthz` show."""
        return {
            "name": self.name,
            "ok": self.ok,
            "text": self.text,
            "since": self.since.astimezone(UTC).isoformat(),
            "vital": self.vital,
            "figures": dict(self.figures),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Over all parts: not `ok` as soon as one vital part is not."""

    ok: bool
    text: str
    failing: tuple[str, ...] = ()


class HealthBoard:
    """The parts by name, in the order they were first named."""

    def __init__(self, feed: LiveFeed, now: Callable[[], datetime], expected: Iterable[str] = ()) -> None:
        self._feed = feed
        self._now = now
        self._components: dict[str, Component] = {}
        for name in expected:
            self.report(name, ok=False, text="not started yet")

    def report(
        self,
        name: str,
        *,
        ok: bool,
        text: str,
        figures: Figures | None = None,
        vital: bool = True,
    ) -> None:
        """Say how one part is; `since` moves only when `ok` does."""
        before = self._components.get(name)
        since = before.since if before is not None and before.ok == ok else self._now()
        component = Component(name, ok, text, since, vital, figures or {})
        if component == before:
            return
        self._components[name] = component
        self._feed.put("health", name, component.as_plain())

    def remove(self, name: str) -> None:
        """Forget a part that is no longer run."""
        if self._components.pop(name, None) is not None:
            self._feed.forget("health", name)

    def components(self) -> tuple[Component, ...]:
        """Every part, in order."""
        return tuple(self._components.values())

    def verdict(self) -> Verdict:
        """One answer for a load balancer, and one sentence for a person."""
        failing = tuple(part for part in self._components.values() if not part.ok)
        if not failing:
            return Verdict(True, "Everything works")
        text = "; ".join(f"{part.name}: {part.text}" for part in failing)
        return Verdict(not any(part.vital for part in failing), text, tuple(part.name for part in failing))
