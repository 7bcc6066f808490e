"""Looks at every part once a second and reports it to the board, in words for the desk.

What a part says of itself is its own; which words that becomes is here.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from controller.adapters.broker import EmbeddedBroker
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId
from controller.services.meters import Meters
from controller.services.ports import Clock
from controller.services.screens.health import HealthBoard
from devices.link import Link, LinkState

LOOK_EVERY = 1.0
# A loop that is this late has been blocked by somebody; taps feel it.
LAG_WARNING = 0.25
# An idle round trip this long is the broker waiting for a delayed acknowledgement, not the network.
SLOW_TRIP = 0.02
# The store that the spool writes to; a refusal of its own is the spool's to tell.
SPOOLED = "telemetry log"
# Two that throw each other out do so for days: it is an alarm, and no line for each time.
CLASH_TOLD_EVERY = 600.0


class Store(Protocol):
    """What every store can say of itself."""

    @property
    def ok(self) -> bool: ...
    @property
    def error(self) -> str: ...
    @property
    def waiting(self) -> int: ...
    @property
    def last_commit_s(self) -> float: ...


@dataclass(slots=True)
class Watch:
    """Everything worth looking at."""

    board: HealthBoard
    links: dict[str, Link]  # by the name staff read
    stores: dict[str, Callable[[], Store]]
    spool_failing: Callable[[], str | None]
    embedded: EmbeddedBroker | None
    note: Callable[[Fact], None]
    meters: Meters
    clock: Clock
    clashes: dict[str, tuple[int, float]] = field(default_factory=dict)  # of each link, so many, last told then

    async def run(self) -> None:
        """Look for ever; also the loop's own lag, told by how late each look comes."""
        lag = self.meters.histogram("natoma_loop_lag_seconds", "How late the event loop was, once a second.")
        was_alive: dict[str, bool] = {}
        due = self.clock.monotonic()
        while True:
            late = max(0.0, self.clock.monotonic() - due)
            lag.observe(late)
            self._look(late, was_alive)
            due = self.clock.monotonic() + LOOK_EVERY
            await asyncio.sleep(LOOK_EVERY)

    def _look(self, late: float, was_alive: dict[str, bool]) -> None:
        for name, link in self.links.items():
            state = link.state
            self._report_link(name, link, state)
            self._tell_clash(name, link, state)
            if not state.generation:
                continue  # never connected yet: nothing was lost, and the first time is no return
            if was_alive.get(name, state.alive) != state.alive:
                kind = FactKind.LINK_RESTORED if state.alive else FactKind.LINK_LOST
                self.note(Fact(kind, self.clock.now(), detail={"link": name.removesuffix(" link")}))
            was_alive[name] = state.alive
        for name, store in self.stores.items():
            # One report for each part: told well and then not, it would look as if it failed anew every second.
            self._report_store(name, store(), self.spool_failing() if name == SPOOLED else None)
        if self.embedded is not None:
            self._report_broker(self.embedded)
        self.board.report(
            "event loop",
            ok=late < LAG_WARNING,
            text="on time" if late < LAG_WARNING else f"blocked for {late:.1f} s",
            vital=False,
        )

    def _report_link(self, name: str, link: Link, state: LinkState) -> None:
        figures = {
            "reconnects": state.reconnects,
            "round_trip_ms": round(state.rtt_s * 1000, 1) if state.rtt_s is not None else None,
            "sessions_lost": state.session_lost,
            "identity_clashes": state.identity_clashes,
            "unreadable": state.poisoned,
        }
        if state.alive:
            slow = state.rtt_s is not None and state.rtt_s >= SLOW_TRIP
            text = f"connected to {link.settings.address}"
            if slow:
                text += ", slow: set `set_tcp_nodelay true` in the broker's configuration"
        else:
            text = str(state.last_error) if state.last_error is not None else "not connected"
        self.board.report(name, ok=state.alive, text=text, figures=figures)

    def _tell_clash(self, name: str, link: Link, state: LinkState) -> None:
        """Somebody else logs in as this link does."""
        known, told_at = self.clashes.get(name, (0, float("-inf")))
        now = self.clock.monotonic()
        if state.identity_clashes > known and now - told_at >= CLASH_TOLD_EVERY:
            self.note(Fact(FactKind.NAME_SHARED, self.clock.now(), device=DeviceId(link.settings.client_id)))
            told_at = now
        self.clashes[name] = (state.identity_clashes, told_at)

    def _report_store(self, name: str, store: Store, failing: str | None) -> None:
        figures = {"waiting": store.waiting, "last_commit_ms": round(store.last_commit_s * 1000, 1)}
        text = "writing" if store.ok else store.error
        if failing is not None:
            text = f"readings wait unacknowledged: {failing}"
        self.board.report(name, ok=store.ok and failing is None, text=text, figures=figures)

    def _report_broker(self, embedded: EmbeddedBroker) -> None:
        alive = embedded.process is not None and embedded.process.returncode is None
        text = f"{embedded.name} on {embedded.endpoint.host}:{embedded.endpoint.port}" if alive else "starting again"
        if alive and embedded.limits:
            text += f" ({embedded.limits})"
        self.board.report("broker", ok=alive, text=text, figures={"restarts": embedded.restarts})
