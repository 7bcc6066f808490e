"""How single things are written in a space file: ids, names, metres, seconds, outlines, hours, a time of day.

Each is a type that the models of `file` and `file_policy` use; nothing here knows a key.
"""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from controller.domain.schedule import DAY_MINUTES, Window
from controller.space.times import TimeError, parse_clock, parse_length, parse_window
from controller.space.zone import ZoneError, find_zone

ID_PATTERN = r"^[a-z0-9-]{1,40}$"


def refused(why: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError("space", "{why} — {fix}", {"why": why, "fix": fix})


def _outline(written: Any) -> Any:
    """`[x, y, width, depth]` is a rectangle; a list of points is itself."""
    if not isinstance(written, list):
        raise refused("is no outline", "write [x, y, width, depth] or a list of [x, y] points, in metres")
    if len(written) == 4 and all(isinstance(part, int | float) for part in written):
        x, y, width, depth = written
        if width <= 0 or depth <= 0:
            raise refused("has no size", "write [x, y, width, depth] with a width and a depth above 0")
        return [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
    if len(written) < 3 or not all(isinstance(part, list) for part in written):
        raise refused("is no outline", "write [x, y, width, depth] or a list of three or more [x, y] points, in metres")
    return written


def one_or_more(written: Any) -> Any:
    return [written] if isinstance(written, str) else written


def _window(written: Any) -> Window:
    try:
        return parse_window(written if isinstance(written, str) else str(written))
    except TimeError as exc:
        raise refused(exc.why, exc.fix) from exc


def _clock(written: Any) -> int:
    # YAML 1.1 reads 4:00 without quotes as a number of base 60, 240: whole minutes mean the same here.
    if isinstance(written, int) and not isinstance(written, bool) and 0 <= written <= DAY_MINUTES:
        return written
    try:
        return parse_clock(str(written))
    except TimeError as exc:
        raise refused(exc.why, "write a time of day like '04:00'") from exc


def _length(written: Any) -> int:
    if isinstance(written, int) and not isinstance(written, bool):
        return written
    try:
        return parse_length(str(written))
    except TimeError as exc:
        raise refused(exc.why, "write minutes, or a length like '4 h' or '1 h 30 min'") from exc


def _zone(written: Any) -> ZoneInfo:
    try:
        return find_zone(str(written))
    except ZoneError as exc:
        raise refused(exc.why, exc.fix) from exc


def empty(written: Any) -> Any:
    """`devices:` with nothing after it says that there are none."""
    return {} if written is None else written


Metres = Annotated[float, Field(ge=-1000, le=1000)]
Point = tuple[Metres, Metres]
Size = Annotated[float, Field(gt=0, le=1000)]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
_OUTLINE_SCHEMA = {
    "description": "[x, y, width, depth] in metres, or a list of [x, y] points",
    "oneOf": [
        {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        {
            "type": "array",
            "minItems": 3,
            "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        },
    ],
}
_CLOCK_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^\d{1,2}:\d{2}$"},
        {"type": "integer", "minimum": 0, "maximum": DAY_MINUTES},
    ]
}
LONGEST_MINUTES = 7 * DAY_MINUTES
_LENGTH_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": LONGEST_MINUTES},
        {"type": "string", "pattern": r"^\s*(\d{1,3}\s*h(\s*\d{1,5}\s*min)?|\d{1,5}\s*min)\s*$"},
    ]
}
Outline = Annotated[tuple[Point, ...], BeforeValidator(_outline), WithJsonSchema(_OUTLINE_SCHEMA)]
HOURS_SCHEMA = {
    "type": "string",
    "description": "Days and hours: 'mon-fri 08:00-20:00', 'sat,sun 10:00-18:00', 'daily 07:00-23:00'; "
    "over midnight 'fri 22:00-06:00+1'",
}
Hours = Annotated[InstanceOf[Window], BeforeValidator(_window), WithJsonSchema(HOURS_SCHEMA)]
NAMES_SCHEMA = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
Names = Annotated[tuple[Id, ...], BeforeValidator(one_or_more), WithJsonSchema(NAMES_SCHEMA)]
# As people files have it: an id of ours, or an e-mail address.
PERSON_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$"
PersonName = Annotated[str, StringConstraints(pattern=PERSON_PATTERN)]
People = Annotated[tuple[PersonName, ...], BeforeValidator(one_or_more), WithJsonSchema(NAMES_SCHEMA)]
Clock = Annotated[int, BeforeValidator(_clock), WithJsonSchema(_CLOCK_SCHEMA)]
Length = Annotated[int, Field(ge=1, le=LONGEST_MINUTES), BeforeValidator(_length), WithJsonSchema(_LENGTH_SCHEMA)]
Zone = Annotated[
    InstanceOf[ZoneInfo],
    BeforeValidator(_zone),
    WithJsonSchema({"type": "string", "description": "Time zone, like Europe/Paris", "pattern": "^UTC$|/"}),
]
Section = BeforeValidator(empty)


class Entry(BaseModel):
    """Anything in the file: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True)
