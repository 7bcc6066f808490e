"""Units become canonical, or the channel is refused; words for "no reading" are neither errors nor zeros."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.channels import DOOR_WORDS, QUANTITIES, conversion, convert, is_no_reading
from devices.errors import UnitError


@pytest.mark.parametrize(
    ("value", "unit", "device_class", "canonical"),
    [
        (21.5, "°C", "temperature", (21.5, "°C")),
        (32, "°F", "temperature", (0.0, "°C")),
        (70.7, "°F", "temperature", (21.5, "°C")),
        (-40, "°F", "temperature", (-40.0, "°C")),
        (296.3, "K", "temperature", (23.15, "°C")),
        (0, "K", "temperature", (-273.15, "°C")),
        (101325, "Pa", "atmospheric_pressure", (1013.25, "hPa")),
        (101.325, "kPa", "atmospheric_pressure", (1013.25, "hPa")),
        (1013.25, "mbar", "pressure", (1013.25, "hPa")),
        (760, "mmHg", "pressure", (1013.25014435, "hPa")),
        (29.92, "inHg", "pressure", (1013.20748917, "hPa")),
        (3712, "mV", "voltage", (3.712, "V")),
        (250, "mA", "current", (0.25, "A")),
        (1.2, "kW", "power", (1200.0, "W")),
        (1234, "Wh", "energy", (1.234, "kWh")),
        (1500, "ms", "duration", (1.5, "s")),
        (2, "min", "duration", (120.0, "s")),
        (0.4, "ppm", "volatile_organic_compounds_parts", (400.0, "ppb")),
        (612_000, "ppb", "carbon_dioxide", (612.0, "ppm")),
        (0.012, "mg/m³", "pm25", (12.0, "µg/m³")),
        (12, "\u00b5g/m³", "pm25", (12, "\u00b5g/m³")),
        (12, "\u03bcg/m³", "pm25", (12, "\u00b5g/m³")),
        (12, "ug/m3", "pm25", (12, "\u00b5g/m³")),
        (48.5, "dBA", "sound_pressure", (48.5, "dB")),
        (300, " lux ", "illuminance", (300, "lx")),
        (7, "people", "count", (7, "count")),
        (44, None, "humidity", (44, "%")),
        (50, "Hz", "a class of tomorrow", (50, "Hz")),
        (5, "kPa", "a class of tomorrow", (50.0, "hPa")),
        (5, None, "a class of tomorrow", (5, "")),
        (3, "", "aqi", (3, "")),
    ],
)
def test_a_value_becomes_canonical(value, unit, device_class, canonical):
    number, name = convert(value, unit, device_class)
    assert name == canonical[1]
    assert number == pytest.approx(canonical[0], rel=1e-9, abs=1e-12)


def test_no_noise_is_left_behind_the_last_digit():
    assert convert(296.3, "K", "temperature")[0] == 23.15
    assert convert(1.1, "kPa", "pressure")[0] == 11.0
    assert convert(32, "°F", "temperature")[0] == 0.0


@pytest.mark.parametrize(
    ("unit", "device_class", "hint"),
    [
        ("furlong", "temperature", "send °C"),
        ("furlong", "a class of tomorrow", "not known"),
        ("ppm", "temperature", "a unit of parts; send °C"),
        ("dBm", "sound_pressure", "send dB"),
        ("%", "aqi", "send no unit"),
        ("c", "temperature", "send °C"),
    ],
)
def test_a_unit_that_does_not_fit_is_refused_with_the_one_that_would(unit, device_class, hint):
    with pytest.raises(UnitError, match=hint) as refused:
        convert(1.0, unit, device_class)
    assert (refused.value.unit, refused.value.device_class) == (unit, device_class)


@given(st.text(max_size=20), st.sampled_from(sorted(QUANTITIES)))
def test_no_unit_text_does_anything_but_convert_or_refuse(unit, device_class):
    with contextlib.suppress(UnitError):
        assert math.isfinite(conversion(unit, device_class)(1.0))


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=QUANTITIES)
def test_every_class_takes_its_own_unit_as_it_is(quantity):
    assert convert(12.3456789012345, quantity.unit, quantity.device_class) == (12.3456789012345, quantity.unit)


def test_what_nature_does_not_allow_is_out_of_range():
    assert QUANTITIES["temperature"].holds(21.5)
    assert not QUANTITIES["temperature"].holds(-300)
    assert not QUANTITIES["humidity"].holds(100.1)
    assert not QUANTITIES["humidity"].holds(math.nan)


@pytest.mark.parametrize("word", [None, "", " ", "nan", "NaN", "unavailable", "unknown", "None", "null", math.nan])
def test_these_are_no_reading(word):
    assert is_no_reading(word)


@pytest.mark.parametrize("value", [0, 0.0, False, "0", "off", "open", math.inf, [], {}])
def test_a_zero_is_a_reading(value):
    assert not is_no_reading(value)


def test_doors_speak_these_words():
    assert set(DOOR_WORDS["door.contact"]) == {"open", "closed"}
    assert set(DOOR_WORDS["door.lock"]) == {"locked", "unlocked", "jammed", "moving"}
