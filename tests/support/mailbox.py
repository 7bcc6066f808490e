"""A receiver of deliveries that keeps them all and lets a test wait for them, with a deadline."""

import asyncio
from collections.abc import Callable

from devices.link import Delivery, Link, LinkState

PATIENCE_S = 10.0


class Mailbox:
    """Give `put` as a link's on_delivery and `note` as its on_state."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.states: list[LinkState] = []
        self._changed = asyncio.Event()

    def put(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._changed.set()

    def note(self, state: LinkState) -> None:
        self.states.append(state)
        self._changed.set()

    @property
    def payloads(self) -> list[bytes]:
        return [delivery.payload for delivery in self.deliveries]

    async def until_holds(self, count: int, patience_s: float = PATIENCE_S) -> list[Delivery]:
        await self._until(lambda: len(self.deliveries) >= count, patience_s, f"{count} messages")
        return self.deliveries

    async def until_state(self, is_it: Callable[[LinkState], bool], patience_s: float = PATIENCE_S) -> LinkState:
        """The first state ever told, from the beginning, of which this is true."""
        await self._until(lambda: any(map(is_it, self.states)), patience_s, "that state")
        return next(state for state in self.states if is_it(state))

    async def _until(self, is_so: Callable[[], bool], patience_s: float, what: str) -> None:
        try:
            async with asyncio.timeout(patience_s):
                while not is_so():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            last = self.states[-1] if self.states else None
            raise AssertionError(
                f"waited {patience_s} s for {what}; got {[payload[:40] for payload in self.payloads[-5:]]} and, last, {last}"
            ) from None


async def round_trip(link: Link) -> None:
    """Return when the broker has taken everything this link published before."""
    future = link.publish("natoma-test/round-trip", b"", qos=1)
    assert future is not None
    await asyncio.wait_for(future, PATIENCE_S)
