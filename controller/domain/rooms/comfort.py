"""Whether a room is warm and dry enough, and whether it is lit. Levels have hysteresis: on a limit nothing flickers."""

from enum import StrEnum

from controller.domain.building import Room
from controller.domain.rooms.readings import over


class Comfort(StrEnum):
    GOOD = "good"
    COLD = "cold"
    WARM = "warm"
    DRY = "dry"
    HUMID = "humid"
    UNKNOWN = "unknown"


# How far a value must fall back below its limit before the level changes again.
TEMPERATURE_MARGIN = 0.5
HUMIDITY_MARGIN = 3.0
# Dry and humid after what people call so indoors; temperatures are the room's own.
HUMIDITY_COMFORT = (30.0, 65.0)
# Between a room by night, with the street lamp before its window, and one with a lamp on.
LIT_LX = 60.0
LIT_MARGIN_LX = 20.0


def comfort_of(room: Room, temperature: float | None, humidity: float | None, before: Comfort) -> Comfort:
    """The first thing people would complain of."""
    coldest, warmest = room.comfort_c
    if temperature is not None:
        if over(coldest, temperature, TEMPERATURE_MARGIN, was=before is Comfort.COLD):
            return Comfort.COLD
        if over(temperature, warmest, TEMPERATURE_MARGIN, was=before is Comfort.WARM):
            return Comfort.WARM
    if humidity is not None:
        driest, dampest = HUMIDITY_COMFORT
        if over(driest, humidity, HUMIDITY_MARGIN, was=before is Comfort.DRY):
            return Comfort.DRY
        if over(humidity, dampest, HUMIDITY_MARGIN, was=before is Comfort.HUMID):
            return Comfort.HUMID
    return Comfort.UNKNOWN if temperature is None and humidity is None else Comfort.GOOD


def is_lit(illuminance: float | None, before: bool | None) -> bool | None:
    """Whether it is light in there, by lamps or by day."""
    return None if illuminance is None else over(illuminance, LIT_LX, LIT_MARGIN_LX, was=before is True)
