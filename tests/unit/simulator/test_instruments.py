"""Instruments: near the truth, in the steps of their data sheets, and never impossible."""

import math
import random
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from statistics import mean

import pytest

from simulator.building import Building
from simulator.instruments import BREATH_PPM, CHANNELS, RoomTruth, battery_percent, breathed_on, measure
from simulator.people import SimPerson
from simulator.performing import Instruments
from simulator.physics import Climate
from simulator.routes import Routes
from simulator.wifi import Wifi
from simulator.world import World

DESK = RoomTruth(Climate(co2_ppm=800, temperature_c=22.0), people=4, sound_db=52.0, light_lx=420)
EMPTY = RoomTruth(Climate(), people=0, sound_db=36.0, light_lx=0)


def readings(channel: str, truth: RoomTruth, many: int = 400) -> list[object]:
    dice = random.Random(1)
    return [measure([channel], truth, dice)[channel] for _ in range(many)]


@pytest.mark.parametrize(
    ("channel", "truth"), [("temperature", 22.0), ("co2", 800), ("noise", 52.0), ("light", 420), ("rssi", -53.4)]
)
def test_readings_scatter_around_the_truth(channel: str, truth: float):
    values = [float(value) for value in readings(channel, DESK)]  # type: ignore[arg-type]

    assert mean(values) == pytest.approx(truth, rel=0.02)
    assert len(set(values)) > 1


def test_every_channel_of_every_room_reads_something_plausible():
    for truth in (DESK, EMPTY):
        values = measure(CHANNELS, truth, random.Random(2))

        assert set(values) == set(CHANNELS)
        assert values["window"] in ("open", "closed")
        assert isinstance(values["presence"], bool)


def test_presence_is_missed_now_and_then_but_hardly_ever_invented():
    alone = RoomTruth(Climate(), people=1, sound_db=40, light_lx=0)

    assert 0.9 < mean(bool(value) for value in readings("presence", alone, 2000)) < 1
    assert mean(bool(value) for value in readings("presence", EMPTY, 2000)) < 0.01


def test_a_channel_nobody_knows_reads_nothing():
    assert measure(["radon"], DESK, random.Random(1)) == {}


def test_a_breath_raises_what_is_read_and_fades():
    quiet = {"co2": 600, "humidity": 40.0, "noise": 36.1}

    assert breathed_on(quiet, 0.0) == {"co2": 2600, "humidity": 54.0, "noise": 36.1}
    assert breathed_on(quiet, 60.0) == {"co2": 1336, "humidity": 45.2, "noise": 36.1}
    assert breathed_on(quiet, 600.0) == breathed_on(quiet, math.inf) == quiet


def test_a_breath_is_on_one_sensor_and_throws_no_dice(parisoma: Building, people: list[SimPerson], morning: datetime):
    world = World(parisoma, people, 1, morning)
    breathed, left = (Instruments(parisoma, world, 1) for _ in range(2))
    before = breathed.co2_at("sensor-booth")
    assert before is not None

    breathed.breathe_on("sensor-booth")

    assert breathed.co2_at("sensor-booth") == round(before + BREATH_PPM)
    assert breathed.read("sensor-booth")["co2"] == left.read("sensor-booth")["co2"] + BREATH_PPM
    assert breathed.read("sensor-minna") == left.read("sensor-minna")
    assert breathed.co2_at("door-street") is None


def share(channel: str, truth: RoomTruth, many: int = 4000) -> float:
    return mean(bool(value) for value in readings(channel, truth, many))


def test_infrared_overlooks_one_who_sits_still_and_hardly_one_who_walks():
    sitting = replace(EMPTY, people=1)

    assert share("motion", sitting) == pytest.approx(0.55, abs=0.03)
    assert share("motion", replace(sitting, moving=1)) == pytest.approx(0.98, abs=0.01)
    assert share("presence", sitting) == pytest.approx(0.97, abs=0.01)


def test_of_many_somebody_always_moves_and_an_empty_room_is_seldom_seen_as_taken():
    assert share("motion", replace(EMPTY, people=8)) > 0.99
    assert 0 < share("motion", EMPTY) < 0.01


def test_cells_last_some_weeks_and_are_changed_before_they_are_empty():
    with_co2, without = (
        [battery_percent(channels, 60.0, day * 86400.0, 0.0) for day in range(400)]
        for channels in (("co2", "temperature"), ("temperature",))
    )

    assert with_co2[0] == without[0] == 100.0
    assert 1.0 < with_co2[0] - with_co2[1] < 2.0
    assert without[30] > with_co2[30] + 10
    assert min(with_co2) >= 8.0
    assert sum(later > before for before, later in pairwise(with_co2)) >= 4, "new cells several times a year"


def test_a_sensor_says_in_its_health_what_its_cells_have_left(
    parisoma: Building, people: list[SimPerson], morning: datetime
):
    world = World(parisoma, people, 1, morning)
    instruments = Instruments(parisoma, world, 1)
    now = instruments.read("sensor-kitchen")["battery"]
    world.advance(world.now + 2 * 3600)

    assert 8 <= instruments.read("sensor-kitchen")["battery"] < now
    assert "battery" not in instruments.read("wifi-kitchen"), "a probe hangs on a wire"


def test_the_more_share_an_access_point_the_longer_each_waits():
    quiet, busy = (replace(EMPTY, clients=clients) for clients in (2, 45))
    waits = [mean(float(value) for value in readings("latency", truth)) for truth in (quiet, busy)]  # type: ignore[arg-type]
    losses = [mean(float(value) for value in readings("loss", truth)) for truth in (quiet, busy)]  # type: ignore[arg-type]

    assert 2 < waits[0] < 6
    assert 10 < waits[1] < 40
    assert losses[0] < 0.4 < losses[1] < 5
    assert set(readings("clients", busy)) == {45}
    assert mean(readings("airtime", busy)) == pytest.approx(75, abs=1)  # type: ignore[type-var]


def test_everybodys_devices_are_on_one_access_point_of_their_floor(parisoma: Building):
    wifi = Wifi(parisoma, Routes(parisoma))
    heads = {"howard": 5, "folsom": 5, "office-205": 10, "storage": 5}
    points = [device.area for device in parisoma.devices.values() if device.kind == "probe"]

    clients = {point: wifi.clients(point, heads) for point in points if point is not None}

    assert sum(clients.values()) == 40, "1.6 of each"
    assert sum(clients[point] for point in ("open-floor", "library")) == 16
    assert clients["folsom"] == 8
    assert wifi.clients("howard", heads) == 0, "no access point hangs there"
