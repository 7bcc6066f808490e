"""How requests and answers are read and written: strict models, moments with their offset, words without control signs.

What each resource says of itself is in the `models_…` beside this file.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

T = TypeVar("T")

# Beyond these a moment of one zone has no name in another, and nobody means a room's day.
_YEARS = range(2000, 2101)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# A `+` of an address that nobody escaped arrives as a space.
_LOST_PLUS = re.compile(r" (?=\d\d:\d\d$)")
_MOMENT_EXAMPLE = "2026-11-23T09:00:00+01:00"


class Model(BaseModel):
    """Nothing is guessed: a member we do not know is an error, and text is no number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Said(BaseModel):
    """What we answer. More members may come with a newer version."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_mode_override="serialization")


class Query(BaseModel):
    """What stands behind the `?`: text until it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _moment(value: object) -> datetime:
    text = _LOST_PLUS.sub("+", value) if isinstance(value, str) else ""
    if _MOMENT.fullmatch(text):
        try:
            read = datetime.fromisoformat(text.upper())
        except ValueError:
            pass
        else:
            if read.year in _YEARS:
                return read.astimezone(UTC)
    raise PydanticCustomError(
        "moment", "expected a moment with its offset, of the years 2000 to 2100, like {like}", {"like": _MOMENT_EXAMPLE}
    )


def _day(value: object) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            read = date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if read.year in _YEARS:
                return read
    raise PydanticCustomError("day", "expected a day of the years 2000 to 2100, like 2026-11-23")


def _written(at: datetime) -> str:
    fine = "milliseconds" if at.microsecond else "seconds"  # as fine as it is kept
    return at.astimezone(UTC).isoformat(timespec=fine).replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_MOMENT_EXAMPLE]}),
]
"""Of a request: with its offset, in seconds or finer."""

Day = Annotated[
    date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-23"]})
]
"""A day in the space's own zone."""

Instant = Annotated[
    datetime, PlainSerializer(_written, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""Of an answer: UTC."""

# Neither control signs nor what only halves of letters are.
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"

Id = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=PRINTABLE)]
Words = Annotated[str, StringConstraints(max_length=120, pattern=PRINTABLE, strip_whitespace=True)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=PRINTABLE, strip_whitespace=True)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Limit = Annotated[int, Field(ge=1, le=200)]

LIMIT = 50


class Paged(Query):
    limit: Limit = Field(LIMIT, description="How many at most.")
    cursor: Cursor | None = Field(None, description="`next` of the page before.")


class Page(Said, Generic[T]):
    items: list[T]
    next: str | None = Field(None, description="The cursor of the next page; null on the last one.")


class FieldProblem(Said):
    field: str
    why: str


class Taken(Said):
    """What stands there: its time, and never whose it is."""

    start: Instant
    end: Instant


class ProblemDetails(BaseModel):
    """RFC 9457. `detail` is for a person, `type` for the program."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = Field(description="Which of the problems it is: /problems/overlap")
    title: str
    status: int
    detail: str
    fields: list[FieldProblem] | None = Field(None, description="What in the request is not right.")
    room: str | None = None
    there: Taken | None = Field(None, description="Of /problems/overlap and /problems/buffer: what stands there.")
    right: str | None = Field(None, description="What would be right.")
    scope: list[str] | None = Field(None, description="Of /problems/missing_scope: one of these is needed.")


class Nothing(Query):
    """No parameters."""


def as_json(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True)
