"""The words of history: a series, what picks some of them, a span of time.

A series is one channel of one device as long as it means the same thing. When its class, its unit, its room or the kind
of its values changes, another series begins: the old points keep saying what they said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from controller.domain.ids import AreaId, DeviceId

Value: TypeAlias = float | bool | str
SeriesId = NewType("SeriesId", int)


class Kind(StrEnum):
    """What the values of a series are; they never mix."""

    NUMBER = "number"
    SWITCH = "switch"  # true or false
    TEXT = "text"


def kind_of(value: Value) -> Kind:
    """The kind of series this value belongs to."""
    if isinstance(value, bool):
        return Kind.SWITCH
    return Kind.TEXT if isinstance(value, str) else Kind.NUMBER


@dataclass(frozen=True, slots=True)
class Measured:
    """What a channel measures: its class, and the canonical unit its values are stored in. "" where nobody has said."""

    device_class: str = ""
    unit: str = ""


UNKNOWN = Measured()


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A device as it is placed and as it was born, shared by all its rows until one of the two changes.

    Compared by identity: whoever makes rows keeps one, so that a store may remember what it knows by it.
    """

    device: DeviceId
    room: AreaId | None = None
    channels: Mapping[str, Measured] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """One line on a chart."""

    id: SeriesId
    device: DeviceId
    channel: str
    kind: Kind
    device_class: str = ""
    unit: str = ""
    room: AreaId | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which series: all that agree with everything given here."""

    device: DeviceId | None = None
    channel: str | None = None
    room: AreaId | None = None
    device_class: str | None = None

    def takes(self, series: Series) -> bool:
        return (
            (self.device is None or series.device == self.device)
            and (self.channel is None or series.channel == self.channel)
            and (self.room is None or series.room == self.room)
            and (self.device_class is None or series.device_class == self.device_class)
        )


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until before `end`, both aware."""

    start: datetime
    end: datetime
