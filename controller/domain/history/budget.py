"""How many series may begin: a device that invents names for its channels must not fill the memory of the house.

A new series is a new line on a chart: a house gets a few thousand of them on its first day and a handful in a week.
What is beyond these bounds is refused, reading by reading; whatever else its message brought is kept.
"""

from dataclasses import dataclass
from enum import StrEnum

# A house of 1,000 devices is there within minutes of its first start; a flood of invented names is not.
PER_MINUTE = 5_000
# Forty channels, each moved or renamed two dozen times.
OF_A_DEVICE = 1_000
# Some 70 MiB of memory, whatever comes.
OF_THE_HOUSE = 100_000


class Bound(StrEnum):
    """Which of the bounds was met."""

    MINUTE = "minute"
    DEVICE = "device"
    HOUSE = "house"


BOUNDS: dict[Bound, int] = {Bound.MINUTE: PER_MINUTE, Bound.DEVICE: OF_A_DEVICE, Bound.HOUSE: OF_THE_HOUSE}


@dataclass(frozen=True, slots=True)
class Begun:
    """How many series began in the latest minute that any began in."""

    minute: int = 0
    count: int = 0


def begin(begun: Begun, minute: int, *, of_device: int, of_house: int) -> tuple[Begun, Bound | None]:
    """Count one more series, or name the bound that is in its way. Minutes that lie behind count as the latest."""
    if of_device >= OF_A_DEVICE:
        return begun, Bound.DEVICE
    if of_house >= OF_THE_HOUSE:
        return begun, Bound.HOUSE
    if minute > begun.minute:
        return Begun(minute, 1), None
    if begun.count >= PER_MINUTE:
        return begun, Bound.MINUTE
    return Begun(begun.minute, begun.count + 1), None
