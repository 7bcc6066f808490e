"""Instruments: near the truth, in the steps of their data sheets, and never impossible."""

import math
import random
from datetime import datetime
from statistics import mean

import pytest

from simulator.building import Building
from simulator.instruments import BREATH_PPM, CHANNELS, RoomTruth, breathed_on, measure
from simulator.people import SimPerson
from simulator.performing import Instruments
from simulator.physics import Climate
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
