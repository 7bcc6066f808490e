"""Readings as lines of InfluxDB's protocol: the same text as the library's `Point` makes, at a tenth of its price.

A measurement is a device class; device, channel, room and unit are tags. Numbers are the field `value`, switches `on`,
texts `text`: a channel that changes its kind never meets a field of another type.
"""

import math
import re
from collections.abc import Callable, Sequence

from controller.domain.history.values import Kind, Series, Value
from controller.services.history.ports import LoggedReadings

# Of a class nobody has said. A measurement that begins with # would make its lines comments, taken and thrown away.
UNCLASSED = "reading"
_COMMENT = "#"

FIELDS = {Kind.NUMBER: "value", Kind.SWITCH: "on", Kind.TEXT: "text"}

# No question in InfluxQL can name them: what was written under such a name would never be found again.
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))

# The protocol has no way to write a backslash before these, or at the end: it takes along what follows.
_TAKING_ALONG = re.compile(r"\\+(?=[,= ]|\Z)")

_IN_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "})
_IN_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
# A line break within a text is allowed by the protocol, and VictoriaMetrics ends the line there all the same: what a device
# says could then go on as a line of its own, with another device's name. It goes as the two characters \n.
_IN_TEXT = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\\n"})

# A sensor says the same few hundred numbers again and again: a look-up costs a fifth of writing a float out.
REMEMBERED = 20_000


class Lines:
    """Makes lines; what it has made of a series and of a number once it remembers. Used by one thread at a time."""

    def __init__(self, *, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered  # of each: series and numbers
        # The series itself is the key, not its number: in a log put back from a backup a number may mean another.
        self._heads: dict[Series, tuple[str, Callable[[Value], str | None] | None]] = {}
        self._numbers: dict[float, str] = {}

    def of(self, rows: Sequence[LoggedReadings]) -> list[str]:
        """One line for each reading, in their order. A number that is none (NaN, infinite) has no line."""
        heads, numbers = self._heads, self._numbers
        if len(heads) > self._remembered:
            heads.clear()
        if len(numbers) > self._remembered:
            numbers.clear()
        by_id: dict[int, tuple[str, Callable[[Value], str | None] | None]] = {}
        lines: list[str] = []
        add = lines.append
        for row in rows:
            stamp = f" {row.at_ns}"
            for series, value in row.readings:
                known = by_id.get(series.id)
                if known is None:
                    known = heads.get(series)
                    if known is None:
                        known = heads[series] = head_of(series), _WRITTEN[series.kind]
                    by_id[series.id] = known
                head, written = known
                if written is None:
                    text = numbers.get(value)  # type: ignore[arg-type]  # the kind says that it is one
                    if text is None:
                        text = number(float(value))
                        if text is None:
                            continue
                        if value:  # 0.0 and -0.0 are one key, and two texts
                            numbers[float(value)] = text
                    add(head + text + stamp)
                else:
                    add(f"{head}{written(value)}{stamp}")
        return lines


def head_of(series: Series) -> str:
    """All of a line that comes before the value."""
    told = "".join(f",{key}={value.translate(_IN_TAG)}" for key, value in tags_of(series).items() if value)
    return f"{measurement_of(series).translate(_IN_MEASUREMENT)}{told} {FIELDS[series.kind]}="


def measurement_of(series: Series) -> str:
    """What its lines begin with, as the database has it."""
    named = _name(series.device_class)
    return UNCLASSED if not named or named.startswith(_COMMENT) else named


def tags_of(series: Series) -> dict[str, str]:
    """All four, as the database has them; "" for one that its lines do not have."""
    tags = {"channel": series.channel, "device": series.device, "room": series.room or "", "unit": series.unit}
    return {key: _name(value) for key, value in tags.items()}


def _name(text: str) -> str:
    """As much of it as can be written and asked for alike."""
    return _TAKING_ALONG.sub("", text.translate(_CONTROLS))


def number(value: float) -> str | None:
    """A float as a field of a line; None where it is no number."""
    if not math.isfinite(value):
        return None
    return repr(value).removesuffix(".0")


def _switch(value: Value) -> str:
    return "true" if value else "false"


def _text(value: Value) -> str:
    return f'"{str(value).translate(_IN_TEXT)}"'


_WRITTEN: dict[Kind, Callable[[Value], str | None] | None] = {
    Kind.NUMBER: None,  # by far the most: written where it stands
    Kind.SWITCH: _switch,
    Kind.TEXT: _text,
}
