"""The vocabulary of readings: classes, units, conversions, the words doors speak, and what is no reading at all.

Names of classes are Home Assistant's device classes. Whether a value is plausible here and now (fresh, in order, not
jumping) is the receiver's question; this only knows what a number means.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from devices.errors import UnitError

_NO_READING = frozenset({"", "nan", "none", "null", "unavailable", "unknown"})


def is_no_reading(value: object) -> bool:
    """Is this one of the ways devices say "I have no value"? Neither an error nor a zero; keep the old value's age."""
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip().lower() in _NO_READING
    return isinstance(value, float) and math.isnan(value)


# --- quantities -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quantity:
    """One class of reading, its canonical unit ("" has none) and what nature allows it to be."""

    device_class: str
    unit: str
    low: float = -math.inf
    high: float = math.inf

    def holds(self, value: float) -> bool:
        """Can such a thing be at all? Below absolute zero or over 100 % humidity is a fault, not weather."""
        return self.low <= value <= self.high


QUANTITIES: dict[str, Quantity] = {
    quantity.device_class: quantity
    for quantity in (
        Quantity("temperature", "°C", -273.15, 10_000),
        Quantity("humidity", "%", 0, 100),
        Quantity("moisture", "%", 0, 100),
        Quantity("battery", "%", 0, 100),
        Quantity("carbon_dioxide", "ppm", 0, 1_000_000),
        Quantity("carbon_monoxide", "ppm", 0, 1_000_000),
        Quantity("volatile_organic_compounds_parts", "ppb", 0, 1_000_000_000),
        Quantity("volatile_organic_compounds", "µg/m³", 0),
        Quantity("pm1", "µg/m³", 0),
        Quantity("pm25", "µg/m³", 0),
        Quantity("pm10", "µg/m³", 0),
        Quantity("nitrogen_dioxide", "µg/m³", 0),
        Quantity("ozone", "µg/m³", 0),
        Quantity("aqi", "", 0),
        Quantity("pressure", "hPa", 0),
        Quantity("atmospheric_pressure", "hPa", 0, 2_000),
        Quantity("illuminance", "lx", 0),
        # Quieter than the threshold of hearing is possible, so there is no floor at zero.
        Quantity("sound_pressure", "dB", -30, 200),
        Quantity("signal_strength", "dBm", -200, 50),
        Quantity("voltage", "V"),
        Quantity("current", "A"),
        Quantity("power", "W"),
        Quantity("energy", "kWh"),
        Quantity("frequency", "Hz", 0),
        Quantity("duration", "s", 0),
        Quantity("count", "count", 0),
    )
}


@dataclass(frozen=True, slots=True)
class _Unit:
    """`(value - zero) * scale` is the value in the first unit of its dimension; units of one dimension convert."""

    dimension: str
    scale: float = 1.0
    zero: float = 0.0


_UNITS: dict[str, _Unit] = {
    "°C": _Unit("temperature"),
    "°F": _Unit("temperature", 5 / 9, 32.0),
    "K": _Unit("temperature", 1.0, 273.15),
    "%": _Unit("percent"),
    "ppm": _Unit("parts"),
    "ppb": _Unit("parts", 1e-3),
    "µg/m³": _Unit("mass in air"),
    "mg/m³": _Unit("mass in air", 1e3),
    "hPa": _Unit("pressure"),
    "mbar": _Unit("pressure"),
    "Pa": _Unit("pressure", 1e-2),
    "kPa": _Unit("pressure", 10.0),
    "bar": _Unit("pressure", 1e3),
    "mmHg": _Unit("pressure", 1.333_223_874_15),
    "inHg": _Unit("pressure", 33.863_886_67),
    "lx": _Unit("illuminance"),
    "dB": _Unit("level"),
    "dBm": _Unit("signal"),
    "V": _Unit("voltage"),
    "mV": _Unit("voltage", 1e-3),
    "A": _Unit("current"),
    "mA": _Unit("current", 1e-3),
    "W": _Unit("power"),
    "kW": _Unit("power", 1e3),
    "kWh": _Unit("energy"),
    "Wh": _Unit("energy", 1e-3),
    "MWh": _Unit("energy", 1e3),
    "Hz": _Unit("frequency"),
    "kHz": _Unit("frequency", 1e3),
    "s": _Unit("time"),
    "ms": _Unit("time", 1e-3),
    "min": _Unit("time", 60.0),
    "h": _Unit("time", 3600.0),
    "count": _Unit("count"),
    "": _Unit("none"),
}
# Other spellings of the same units. A-weighting is how sound in rooms is measured, so dBA is what dB means here.
_SPELLINGS = {
    "C": "°C", "℃": "°C", "degC": "°C", "F": "°F", "℉": "°F", "degF": "°F", "°K": "K", "%RH": "%", "%rh": "%",
    "ug/m3": "µg/m³", "ug/m³": "µg/m³", "µg/m3": "µg/m³", "mg/m3": "mg/m³", "lux": "lx", "Lux": "lx",
    "dBA": "dB", "dB(A)": "dB", "sec": "s", "people": "count", "persons": "count", "pcs": "count",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one channel's numbers become canonical: resolved once at its birth, applied to every reading."""

    unit: str
    zero: float = 0.0
    scale: float = 1.0
    shift: float = 0.0

    def __call__(self, value: float) -> float:
        if self.scale == 1.0 and self.zero == self.shift:
            return value
        # Twelve digits are more than any sensor has; without it 296.3 K would be 23.150000000000034 °C.
        return float(f"{(value - self.zero) * self.scale + self.shift:.12g}")


# Names and units come from devices, so what is remembered of them has an end.
@lru_cache(maxsize=2_048)
def conversion(unit: str | None, device_class: str) -> Conversion:
    """From this unit to the canonical one of this class; raises UnitError for a unit that does not fit.

    No unit means the canonical one. A class we do not know is taken with any unit we do.
    """
    quantity = QUANTITIES.get(device_class)
    if unit is None:
        return Conversion(quantity.unit if quantity else "")
    spelled = _spelled(unit)
    here = _UNITS.get(spelled)
    if here is None:
        hint = f"send {quantity.unit or 'no unit'}" if quantity else "this unit is not known"
        raise UnitError(unit, device_class, f"{hint}; known are {', '.join(filter(None, _UNITS))}")
    if quantity is None:
        quantity = Quantity(device_class, _FIRST_OF[here.dimension])
    there = _UNITS[quantity.unit]
    if here.dimension != there.dimension:
        raise UnitError(unit, device_class, f"this is a unit of {here.dimension}; send {quantity.unit or 'no unit'}")
    return Conversion(quantity.unit, here.zero, here.scale / there.scale, there.zero)


def convert(value: float, unit: str | None, device_class: str) -> tuple[float, str]:
    """One value in the canonical unit of its class, and that unit; raises UnitError."""
    how = conversion(unit, device_class)
    return how(value), how.unit


def _spelled(unit: str) -> str:
    # U+00B5 and U+03BC look alike and mean the same; the canonical one is U+00B5.
    plain = unit.strip().replace("\u03bc", "\u00b5")
    return _SPELLINGS.get(plain, plain)


_FIRST_OF = {known.dimension: name for name, known in reversed(_UNITS.items())}


# --- words of doors ---------------------------------------------------------------------------------------------------


class Contact(StrEnum):
    """What `door.contact` says."""

    OPEN = "open"
    CLOSED = "closed"


class Bolt(StrEnum):
    """What `door.lock` says."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    JAMMED = "jammed"
    MOVING = "moving"


class Mode(StrEnum):
    """What `door.mode` says: how the door behaves towards whoever has no badge."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"  # nobody needs a badge, until an hour the device knows
    RELEASED = "released"  # for fire: until somebody says otherwise


DOOR_CONTACT = "door.contact"
DOOR_LOCK = "door.lock"
DOOR_MODE = "door.mode"
# Whether the exit button is pressed now: one that stays so is stuck.
DOOR_REX = "door.rex"
# The only words these channels may say. A dialect's ON or true means one thing on one device and the other on the
# next, so it is translated where the device is known, never guessed here.
DOOR_WORDS: dict[str, tuple[str, ...]] = {
    DOOR_CONTACT: tuple(Contact),
    DOOR_LOCK: tuple(Bolt),
    DOOR_MODE: tuple(Mode),
}
