"""The numbers of devices, kept in memory."""

from collections.abc import Sequence

from controller.domain.ids import DeviceId
from controller.errors import StoreError
from controller.services.history.gaps import Remembered
from tests.support.memory import MemoryTelemetryLog


class MemoryNumbers:
    """The NumberStore port over a value, and the rows of a log in memory."""

    def __init__(self, log: MemoryTelemetryLog) -> None:
        self.failure: StoreError | None = None
        self.saved = Remembered()
        self._log = log

    @property
    def before(self) -> Remembered:
        return self.saved

    async def rows_after(self, last: tuple[DeviceId, str]) -> Sequence[tuple[DeviceId, str]] | None:
        if self.failure is not None:
            raise self.failure
        keys = [(row.device, row.key) for row in self._log.rows]
        return keys[keys.index(last) + 1 :] if last in keys else None

    async def save(self, remembered: Remembered) -> None:
        if self.failure is not None:
            raise self.failure
        self.saved = remembered
