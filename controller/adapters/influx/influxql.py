"""Questions in InfluxQL, as InfluxDB 1.x understands them, and 2.x where a DBRP mapping names the bucket.

Answers come page by page, each a question of its own from the last moment on: 2.x has no `chunked`, and a 1.x may be
set to cut answers off. What the values mean is told by the series that is asked for (`lines.py` says how it is written).
"""

import json
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import gcd
from typing import Any

from controller.adapters.influx.asking import Asking
from controller.adapters.influx.lines import FIELDS, measurement_of, tags_of
from controller.domain.history.values import Kind, Series
from controller.errors import StoreError
from controller.services.history.merging import HOUR_MS, steps_of
from controller.services.history.ports import Points, Steps

PAGE = 10_000
NS_IN_MS = 1_000_000


class NoInfluxQlError(StoreError):
    """Whoever answers takes our writes, and knows no InfluxQL."""


class InfluxQl:
    """Reads one series after the other; in a thread."""

    def __init__(self, asking: Asking, database: str, *, page: int = PAGE) -> None:
        self._asking = asking
        # As 2.x maps the name of a bucket: before a slash the database, behind it the retention policy.
        self._database, _, self._policy = database.partition("/")
        self._page = page

    def raw(self, series: Series, start_ms: int, end_ms: int) -> Points | None:
        """Its points, by time; None where there is none."""
        at_ms: array[int] = array("q")
        texts: list[str] = []
        numbers: array[float] = array("d")
        for at_ns, value in self._rows(_field(series), series, start_ms, end_ms):
            at_ms.append(at_ns // NS_IN_MS)
            if series.kind is Kind.TEXT:
                texts.append(str(value))
            else:
                numbers.append(float(value))
        return Points(series, at_ms, texts if series.kind is Kind.TEXT else numbers) if at_ms else None

    def by_step(self, series: Series, edges_ms: Sequence[int]) -> Steps | None:
        """Numbers are summed up there. InfluxQL has no mean of switches: they are summed up here."""
        if series.kind is not Kind.NUMBER:
            points = self.raw(series, edges_ms[0], edges_ms[-1])
            return steps_of(points, edges_ms) if points is not None and series.kind is Kind.SWITCH else None
        field = _field(series)
        what = f"mean({field}), min({field}), max({field}), count({field})"
        starts: array[int] = array("q")
        found: list[tuple[float, float, float, int]] = []
        for first, after, group in even_stretches(edges_ms):
            for at_ns, *figures in self._rows(what, series, first, after, group):
                starts.append(at_ns // NS_IN_MS)
                found.append((figures[0], figures[1], figures[2], figures[3]))
        if not found:
            return None
        mean, low, high, count = zip(*found, strict=True)
        return Steps(series, starts, array("d", mean), array("d", low), array("d", high), array("q", count))

    def counts_by_hour(self, series: Series, start_ms: int, end_ms: int) -> dict[int, int]:
        """How many points each epoch hour of the span has."""
        rows = self._rows(f"count({_field(series)})", series, start_ms, end_ms, HOUR_MS)
        return {at_ns // NS_IN_MS // HOUR_MS: count for at_ns, count in rows if count}

    def _rows(self, what: str, series: Series, start_ms: int, end_ms: int, group_ms: int = 0) -> Iterator[list[Any]]:
        """[nanoseconds, value…] of each point or group, by time, however many pages that takes."""
        start_ns, end_ns = start_ms * NS_IN_MS, end_ms * NS_IN_MS
        # Groups are counted from the first edge, not from 1970.
        grouped = f" GROUP BY time({group_ms}ms, {start_ms % group_ms}ms) fill(none)" if group_ms else ""
        if group_ms == HOUR_MS:
            grouped = " GROUP BY time(1h) fill(none)"
        while start_ns < end_ns:
            statement = (
                f"SELECT {what} FROM {_name(measurement_of(series))} WHERE {_tags(series)}"  # noqa: S608  # quoted
                f" AND time >= {start_ns} AND time < {end_ns}{grouped} ORDER BY time ASC LIMIT {self._page}"
            )
            rows, is_partial = self._answer(statement)
            yield from rows
            if not rows or (len(rows) < self._page and not is_partial):
                return
            last = int(rows[-1][0])
            start_ns = last + 1 if not group_ms else max(last + group_ms * NS_IN_MS, start_ns + 1)

    def _answer(self, statement: str) -> tuple[list[list[Any]], bool]:
        asked = {"db": self._database, "q": statement, "epoch": "ns"}
        body = self._asking.get("/query", asked | {"rp": self._policy} if self._policy else asked)
        try:
            # Go writes the float -0.0 as -0.
            (result,) = json.loads(body, parse_int=lambda text: -0.0 if text == "-0" else int(text))["results"]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self._asking.place} answers something that is no InfluxQL result") from error
        if "error" in result:
            raise StoreError(self._wrong(str(result["error"])))
        blocks = result.get("series", [])
        if blocks and blocks[0].get("name") == "databases":
            # VictoriaMetrics answers every question with the same list.
            raise NoInfluxQlError(f"{self._asking.place} knows no InfluxQL")
        rows = [row for block in blocks for row in block["values"]]
        return rows, any(part.get("partial") for part in (result, *blocks))

    def _wrong(self, error: str) -> str:
        if "database not found" in error or "dbrp" in error.lower():
            return (
                f"{self._asking.place} knows no database {self._database!r} — in InfluxDB 2 map the bucket: "
                f"influx v1 dbrp create --db {self._database} --rp autogen --default --bucket-id …"
            )
        return f"{self._asking.place} answers: {' '.join(error.split())[:200]}"


def even_stretches(edges_ms: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(start, end, length of a group) so that no group crosses an edge: the first and the last step are cut short."""
    inner = edges_ms[1:-1]
    if not inner:
        yield edges_ms[0], edges_ms[-1], edges_ms[-1] - edges_ms[0]
        return
    yield edges_ms[0], inner[0], inner[0] - edges_ms[0]
    if len(inner) > 1:
        yield inner[0], inner[-1], gcd(*(after - first for first, after in pairwise(inner)))
    yield inner[-1], edges_ms[-1], edges_ms[-1] - inner[-1]


def _field(series: Series) -> str:
    return _name(FIELDS[series.kind])


def _tags(series: Series) -> str:
    # A tag that no point has is equal to the empty text.
    return " AND ".join(f"{_name(key)} = {_text(value)}" for key, value in tags_of(series).items())


def _name(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
