"""Answers for programs: the snapshot, the health, the metrics."""

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.services.meters import Meters
from controller.web.metrics import Metrics
from tests.support.site import NOON, Site, door, fact


async def get(site: Site, path: str) -> tuple[int, aiohttp.ClientResponse, str]:
    async with aiohttp.ClientSession() as session, session.get(site.url + path) as answer:
        return answer.status, answer, await answer.text()


async def get_json(site: Site, path: str):
    async with aiohttp.ClientSession() as session, session.get(site.url + path) as answer:
        return answer.status, await answer.json()


async def test_the_live_snapshot_is_the_feed_with_the_time_it_was_asked():
    site = Site()
    site.fill()
    site.feed.tell(fact(1))
    async with site.served():
        status, body = await get_json(site, "api/live")

    assert status == 200
    assert body["doors"]["street"] == door("street")
    assert [line["position"] for line in body["facts"]] == [1]
    assert body["id"] == site.feed.id
    assert body["at"] > NOON.isoformat()


async def test_health_is_200_while_every_vital_part_is_well():
    site = Site()
    site.health.report("broker", ok=True, text="connected", figures={"reconnects": 2})
    site.health.report("simulator", ok=False, text="not running", vital=False)
    async with site.served():
        status, body = await get_json(site, "healthz")

    assert (status, body["ok"], body["text"]) == (200, True, "simulator: not running")
    assert body["components"]["broker"]["figures"] == {"reconnects": 2}


async def test_health_is_503_as_soon_as_a_vital_part_is_not_and_says_which():
    site = Site()
    site.health.report("event log", ok=False, text="the disk is full")
    async with site.served():
        status, body = await get_json(site, "healthz")

    assert (status, body["ok"], body["text"]) == (503, False, "event log: the disk is full")
    assert body["components"]["event log"]["since"] == "2026-03-02T20:00:00+00:00"


async def test_metrics_are_what_prometheus_reads():
    site = Site()
    site.meters.counter("natoma_reads_total", "Badge reads", result="granted").add(3)
    site.meters.counter("natoma_reads_total", "Badge reads", result="denied").add()
    took = site.meters.histogram("natoma_tap_seconds", "Read to unlock", bounds=(0.001, 0.01))
    for seconds in (0.0004, 0.002, 7.0):
        took.observe(seconds)
    site.meters.gauge("natoma_people", "People in", read=lambda: 87.0)
    site.health.report("broker", ok=False, text="gone")
    async with site.served():
        _, answer, text = await get(site, "metrics")
    samples = {
        (sample.name, *sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert samples[("natoma_reads_total", ("result", "granted"))] == 3
    assert samples[("natoma_reads_total", ("result", "denied"))] == 1
    assert samples[("natoma_people",)] == 87
    assert samples[("natoma_tap_seconds_bucket", ("le", "0.001"))] == 1
    assert samples[("natoma_tap_seconds_bucket", ("le", "0.01"))] == 2
    assert samples[("natoma_tap_seconds_bucket", ("le", "+Inf"))] == 3
    assert samples[("natoma_tap_seconds_count",)] == 3
    assert samples[("natoma_tap_seconds_sum",)] == pytest.approx(7.0024)
    assert samples[("natoma_component_ok", ("component", "broker"))] == 0
    assert samples[("natoma_live_streams",)] == 0
    assert ("process_resident_memory_bytes",) in samples


def test_several_histograms_of_one_name_stay_apart():
    meters = Meters()
    for door_id, seconds in (("street", 0.5), ("yard", 3.0)):
        meters.histogram("natoma_open_seconds", "Open", bounds=(1.0,), door=door_id).observe(seconds)
    (family, _) = list(Metrics(meters, Site().health).collect())

    sums = {sample.labels["door"]: sample.value for sample in family.samples if sample.name.endswith("_sum")}
    assert sums == {"street": 0.5, "yard": 3.0}
