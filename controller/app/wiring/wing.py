"""What the house asks of each of its wings as time goes by.

A wing builds the services of one trade and passes on to them what they asked for. What it does not need it leaves out.
"""

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from controller.domain.building import Space
from controller.domain.ids import DeviceId
from controller.services.ports import LoggedFact

Newest: TypeAlias = Mapping[DeviceId, Mapping[str, tuple[int, float | bool | str]]]
"""The newest value of every channel, as the telemetry log has it."""

Lasting: TypeAlias = Iterator[tuple[str, Coroutine[Any, Any, None]]]
"""What must run as long as the house does, by name."""


class Wing:
    """Some services of one house. Whatever is said here is said to the wings in the order `house` lists them."""

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        """What was known before the last stop; before anything comes in."""

    def lasting(self) -> Lasting:
        """Its own tasks; the first to start is the last to stop."""
        return iter(())

    def took(self, logged: LoggedFact) -> None:
        """A fact, as it happens."""

    def device_changed(self, device: DeviceId) -> None:
        """A device came, went, fell silent or started anew."""

    def look(self) -> None:
        """Once a second."""

    def adopt(self, space: Space) -> None:
        """Another version of the space, of the same doors and devices, counts from now on."""

    def rights_changed(self) -> None:
        """Another version of the registry, or of the space, counts now."""

    def link_back(self) -> None:
        """The link to the broker is there again; what it retained may be gone."""
