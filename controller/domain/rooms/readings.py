"""What a room's sensors last said, as values, and the one way in which a level changes.

Which sensors belong to a room and when they spoke is the services' to know; what is made of it is in the files beside.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controller.domain.device import silence_limit
from controller.domain.telemetry import Value


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest reading of one channel in the room; `age_s` since it was measured, `every_s` its cadence."""

    device_class: str
    value: Value
    age_s: float
    every_s: float
    yes_age_s: float | None = None  # of what feels people: since it last said yes; None: it never did
    trail: tuple[tuple[float, float], ...] = ()  # of the air: (age in seconds, value), the oldest first

    @property
    def is_live(self) -> bool:
        """Whether it still says something: a sensor that missed its cadence does not."""
        return self.age_s <= silence_limit(self.every_s)


def live(readings: Iterable[Reading]) -> list[Reading]:
    """Those that still say something."""
    return [reading for reading in readings if reading.is_live]


def numbers(readings: Iterable[Reading], device_class: str) -> list[float]:
    """The figures of one class; yes, no and words are none."""
    return [
        float(reading.value)
        for reading in readings
        if reading.device_class == device_class and not isinstance(reading.value, bool | str)
    ]


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def over(value: float, limit: float, margin: float, *, was: bool) -> bool:
    """Whether `value` is over `limit`; once it was, it stays so until it is `margin` below."""
    return value > limit - margin if was else value > limit


def in_words(seconds: float) -> str:
    """ "40 s", "3 min", "5 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
