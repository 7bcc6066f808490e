"""Meters: handles that are cheap to add to and bounded in number."""

import pytest

from controller.services.meters import SERIES_LIMIT, Meters


def test_asking_again_gives_the_same_handle():
    meters = Meters()
    meters.counter("reads_total", "Badge reads", result="granted").add(2)
    meters.counter("reads_total", "Badge reads", result="granted").add()
    meters.counter("reads_total", "Badge reads", result="denied").add()

    (family,) = meters.families()
    assert {labels: meter.value for labels, meter in family.series.items()} == {
        (("result", "granted"),): 3,
        (("result", "denied"),): 1,
    }


def test_a_gauge_is_set_or_read_when_asked():
    meters = Meters()
    waiting = [1, 2, 3]

    meters.gauge("watchers", "Screens").set(4)

    assert meters.gauge("watchers", "Screens").value == 4
    assert meters.gauge("rows", "Rows waiting", read=lambda: len(waiting)).value == 3


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, 0), (0.001, 0), (0.0011, 1), (0.01, 1), (99.0, 2)], ids=str)
def test_an_observation_falls_in_the_bucket_whose_bound_it_does_not_pass(seconds, bucket):
    took = Meters().histogram("tap_seconds", "Read to unlock", bounds=(0.001, 0.01))

    took.observe(seconds)

    assert took.counts.index(1) == bucket
    assert (took.count, took.total) == (1, seconds)


def test_a_quantile_names_the_bucket_bound():
    took = Meters().histogram("tap_seconds", "Read to unlock", bounds=(0.001, 0.01, 0.1))
    assert took.quantile(0.5) is None
    for seconds in (0.0005, 0.0005, 0.005, 5.0):
        took.observe(seconds)

    assert (took.quantile(0.5), took.quantile(0.75), took.quantile(0.99)) == (0.001, 0.01, 0.1)


def test_labels_from_outside_cannot_grow_it_without_end():
    meters = Meters()
    for number in range(SERIES_LIMIT + 50):
        meters.counter("refused_total", "Refused", device=f"d{number}").add()

    (family,) = meters.families()
    assert len(family.series) == SERIES_LIMIT + 1
    assert family.series[(("device", "other"),)].value == 50


def test_one_name_is_one_sort_of_meter():
    meters = Meters()
    meters.counter("reads_total", "Badge reads")

    with pytest.raises(TypeError, match="reads_total is a Counter, asked for as a Gauge"):
        meters.gauge("reads_total", "Badge reads")
