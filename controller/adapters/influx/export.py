"""Questions to VictoriaMetrics, which knows no InfluxQL: points come out of `/api/v1/export` and are counted here.

It keeps numbers alone: a switch is 1 or 0, a text is gone. It keeps milliseconds, and of two points of one series in the
same millisecond one. A cluster is asked at its vmselect, by a URL of its own.
"""

import json
from array import array
from collections import Counter
from collections.abc import Sequence

from controller.adapters.influx.asking import Asking
from controller.adapters.influx.lines import FIELDS, measurement_of, tags_of
from controller.domain.history.values import Kind, Series
from controller.errors import StoreError
from controller.services.history.merging import HOUR_MS, steps_of
from controller.services.history.ports import Points, Steps


class Export:
    """Reads one series after the other; in a thread."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def raw(self, series: Series, start_ms: int, end_ms: int) -> Points | None:
        """Its points, by time; None where there is none."""
        if series.kind is Kind.TEXT:
            return None
        # Its end is part of its span.
        asked = {"match[]": _selector(series), "start": _seconds(start_ms), "end": _seconds(end_ms - 1)}
        found: list[tuple[int, float]] = []
        # Its writes may come below /influx; this never does.
        base = self._asking.base.removesuffix("/influx")
        if base.startswith("/insert/"):
            raise StoreError(
                f"{self._asking.place} only takes readings — set influx_read_url to the cluster's vmselect, "
                "http://vmselect:8481/select/0/prometheus"
            )
        try:
            for line in self._asking.get("/api/v1/export", asked, base=base).splitlines():
                block = json.loads(line)
                found.extend(zip(block["timestamps"], map(float, block["values"]), strict=True))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{self._asking.place} answers something that is no export") from error
        if not found:
            return None
        found.sort(key=lambda point: point[0])
        return Points(series, array("q", [at for at, _ in found]), array("d", [value for _, value in found]))

    def by_step(self, series: Series, edges_ms: Sequence[int]) -> Steps | None:
        points = self.raw(series, edges_ms[0], edges_ms[-1])
        return steps_of(points, edges_ms) if points is not None else None

    def counts_by_hour(self, series: Series, start_ms: int, end_ms: int) -> dict[int, int]:
        """How many points each epoch hour of the span has."""
        points = self.raw(series, start_ms, end_ms)
        return dict(Counter(at // HOUR_MS for at in points.at_ms)) if points is not None else {}


def _selector(series: Series) -> str:
    name = {"__name__": f"{measurement_of(series)}_{FIELDS[series.kind]}"}
    told = ",".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in (name | tags_of(series)).items())
    return f"{{{told}}}"


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03}"
