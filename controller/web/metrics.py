"""The services' plain numbers, written down the way Prometheus reads them."""

from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from controller.services.meters import Counter, Family, Gauge, Histogram, Meters
from controller.services.screens.health import HealthBoard


class Metrics(Collector):
    """Reads the meters and the health board each time somebody asks."""

    def __init__(self, meters: Meters, health: HealthBoard) -> None:
        self._meters = meters
        self._health = health
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def serve(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def collect(self) -> Iterator[Metric]:
        for family in self._meters.families():
            if family.series:
                yield _as_metric(family)
        well = GaugeMetricFamily(
            "natoma_component_ok", "1 while this part of the service is well", labels=["component"]
        )
        for part in self._health.components():
            well.add_metric([part.name], float(part.ok))
        yield well


def _as_metric(family: Family) -> Metric:
    names = [label for label, _ in next(iter(family.series))]
    metric: Metric | None = None
    for labels, meter in family.series.items():
        values = [value for _, value in labels]
        match meter:
            case Counter():
                metric = metric or CounterMetricFamily(family.name, family.help, labels=names)
                metric.add_sample(f"{metric.name}_total", dict(labels), float(meter.value))
            case Gauge():
                metric = metric or GaugeMetricFamily(family.name, family.help, labels=names)
                metric.add_sample(family.name, dict(labels), meter.value)
            case Histogram():
                histogram = metric if isinstance(metric, HistogramMetricFamily) else None
                metric = histogram = histogram or HistogramMetricFamily(family.name, family.help, labels=names)
                histogram.add_metric(values, buckets=_cumulated(meter), sum_value=meter.total)
    assert metric is not None
    return metric


def _cumulated(meter: Histogram) -> list[tuple[str, float]]:
    seen, buckets = 0, []
    for bound, count in zip((*meter.bounds, float("inf")), meter.counts, strict=True):
        seen += count
        buckets.append(("+Inf" if bound == float("inf") else str(bound), float(seen)))
    return buckets
