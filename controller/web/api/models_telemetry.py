"""Readings as the API tells of them: lists beside each other, since a chart has thousands of points."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from controller.domain.history.values import Kind
from controller.web.api.models import PRINTABLE, Id, Instant, Page, Paged, Query, Said

MOST_POINTS = 20_000
MOST_STEPS = 100_000

Typed = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PRINTABLE)]


class Which(Query):
    device: Id | None = Field(None, description="Its id.")
    channel: Id | None = None
    room: Id | None = Field(None, description="Its id or name: what is measured there.")
    device_class: Id | None = Field(None, alias="class", description="temperature, carbon_dioxide.")


# Not looked through one by one: they come from the store, thousands at once.
Values = Annotated[
    list[Any],
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": ["number", "boolean", "string"]},
            "description": "Numbers, true and false, or texts: by the kind of the series.",
        }
    ),
]


class SeriesQuery(Which, Paged):
    pass


class When(Which):
    since: Typed | None = Field(
        None, alias="from", description="A day or moment: 2026-11-22, 2026-11-22T14:00:00+01:00."
    )
    until: Typed | None = Field(None, alias="to", description="The same; a day is all of it. Now, without it.")
    last: Typed | None = Field(
        None, description="Instead of `from`: so long before the end, 90s, 24h, 7d, 1y. 1d, without it."
    )


class PointsQuery(When):
    limit: int = Field(1_000, ge=1, le=MOST_POINTS, description="How many points at most, of all series together.")


class StepsQuery(When):
    step: Typed | None = Field(None, description="5m, 1h, 1d in the space's own zone; without it, one that fits.")


class SeriesOut(Said):
    """One channel of one device, as long as it means the same."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    device: str
    channel: str
    kind: Kind
    device_class: str | None = Field(alias="class")
    unit: str | None
    room: str | None


class AllSeries(Page[SeriesOut]):
    pass


class LastOut(Said):
    series: SeriesOut
    at: Instant
    value: float | bool | str


class Lasts(Page[LastOut]):
    pass


class PointsOut(Said):
    series: SeriesOut
    at_ms: list[int] = Field(description="When each was measured: milliseconds since 1970 UTC.")
    values: Values


class Points(Said):
    start: Instant
    end: Instant
    items: list[PointsOut]
    more_from: Instant | None = Field(description="There is more: ask again with this as `from`. Null: that is all.")


class StepsOut(Said):
    series: SeriesOut
    start_ms: list[int] = Field(description="Where each step begins; steps without a reading are left out.")
    mean: list[float]
    low: list[float]
    high: list[float]
    count: list[int]


class Steps(Said):
    start: Instant
    end: Instant
    step_s: float
    items: list[StepsOut]
