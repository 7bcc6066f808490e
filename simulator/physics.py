"""How a room breathes, warms, sounds and brightens: one room, from how many people are in it.

Simple box models with the source of each constant beside it; solved exactly over a step, so a long
step is as right as many short ones. Who is in the room is the world's affair; noise of the
instruments is added in `instruments`.
"""

import math
from dataclasses import dataclass, field

# --- one person, seated, working -------------------------------------------------------------
# 1.2 met, 70 W/m2 of skin: ISO 7730, annex B, "sedentary activity (office, dwelling, school)".
# 0.0052 litres of CO2 a second at that: Persily and de Jonge 2017, an adult (18.7 l/h).
CO2_PER_PERSON_M3_S = 5.2e-6
# 1.2 met over 1.8 m2 of skin is 126 W; of these 70 W are sensible and 45 W latent in the ASHRAE Handbook of
# Fundamentals, chapter 18, "moderately active office work", which counts a mixed crowd.
SENSIBLE_W = 70.0
# 45 W / 2 450 J/g of evaporation.
MOISTURE_G_S = 45.0 / 2450.0
# A laptop with its screen: ASHRAE Fundamentals, chapter 18, has 30 to 60 W where they are measured.
EQUIPMENT_W = 45.0

# --- the building -----------------------------------------------------------------------------
# Old industrial building: higher than the usual 2.7 m.
CEILING_M = 3.2
# Fresh air, l/s a person and l/s a square metre: ASHRAE 62.1-2019, table 6-1, by the category nearest to each kind of
# room. Of a passage it asks the second alone.
AIR_L_S: dict[str | None, tuple[float, float]] = {
    "office": (2.5, 0.3),
    "open_space": (2.5, 0.3),
    "focus": (2.5, 0.3),
    "meeting": (2.5, 0.3),  # conference
    "booth": (2.5, 0.3),
    "classroom": (3.8, 0.3),  # lecture classroom
    "kitchen": (3.8, 0.9),  # cafeteria
    None: (0.0, 0.3),  # corridors
}
_ANY_ROOM = (2.5, 0.3)
# Through cracks and doors, an hour: Grot and Persily 1986 found 0.2 to 0.7 in large office buildings; the lower end.
INFILTRATION_PER_H = 0.2
# One tilted window on one side of a room, little wind: about 100 m3/h (EN 16798-7 gives this order).
WINDOW_M3_S = 0.028
# Furniture, floor and air together: ISO 13790, "very light" construction, 80 kJ/(m2 K).
HEAT_CAPACITY_J_M2_K = 80_000.0
# Walls, windows and a proportional heating and cooling plant lumped together; four kelvin over the
# base in a full meeting room, as one finds in practice. An estimate: no standard gives one number.
HEAT_LOSS_W_M2_K = 8.0
# Lamps of today: ASHRAE 90.1-2019, table 9.5.1, allows an office 6.9 W/m2.
LIGHTING_W_M2 = 6.0

# --- outside ----------------------------------------------------------------------------------
# Mauna Loa, mean of 2024 (NOAA): 424.6 ppm.
CO2_OUTSIDE_PPM = 425.0
# A mild coast: 12 C at 75 % relative humidity.
MOISTURE_OUTSIDE_G_M3 = 8.0
# Between the 20 C (heating) and 26 C (cooling) of category II in EN 16798-1, on the side of a cool coast.
BASE_C = 20.5

# --- sound ------------------------------------------------------------------------------------
# Ventilation and far traffic, dB(A): EN 16798-1 designs an office's plant for 30 to 40. By day the street adds some.
BACKGROUND_DB = 36.0
BACKGROUND_BY_DAY_DB = 40.0
_STREET_WAKES_H, _STREET_SLEEPS_H = (5.5, 8.5), (18.5, 23.0)
# Sound power of normal speech, dB(A): ISO 3382-3, annex A.
SPEECH_POWER_DB = 68.4
# Keys, chairs, cups of one person who says nothing, as sound power: an estimate, some 20 dB below speech.
RUSTLE_POWER_DB = 49.0
# Absorbing area as a share of the floor: carpet or wood, some acoustic ceiling.
ABSORPTION_SHARE = 0.6
# A diffuse field has no meaning below this: a booth is absorbing, its microphone near.
LEAST_ABSORPTION_M2 = 6.0

# --- light ------------------------------------------------------------------------------------
# EN 12464-1 asks for 500 lx on a desk; sensors hang on walls and see less.
ELECTRIC_LX = 380.0
# Full overcast noon to clear noon is 10 to 100 klx outside; 2 % reaches the middle of a room.
OUTSIDE_NOON_LX = 32_000.0
DAYLIGHT_FACTOR = 0.02
SUNRISE_H = 6.6
SUNSET_H = 18.9


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a room matters to its air and sound. `windows` of an inner room is 0, of a facade room 1."""

    floor_m2: float
    seats: int
    windows: float = 1.0
    kind: str | None = "office"  # of room; None for a passage
    # Fresh air of the plant, designed for its seats, and of the cracks. Asked for every half minute of a day: kept.
    airflow_m3_s: float = field(init=False)

    def __post_init__(self) -> None:
        a_person, a_square_metre = AIR_L_S.get(self.kind, _ANY_ROOM)
        plant = a_person * max(self.seats, 1) + a_square_metre * max(self.floor_m2, 2.0)
        airflow = plant / 1000 + INFILTRATION_PER_H * self.volume_m3 / 3600
        object.__setattr__(self, "airflow_m3_s", airflow)

    @property
    def volume_m3(self) -> float:
        return max(self.floor_m2, 2.0) * CEILING_M

    @property
    def air_change_s(self) -> float:
        """The time constant of its air: after so long 37 % of what was in it is left."""
        return self.volume_m3 / self.airflow_m3_s


@dataclass(frozen=True, slots=True)
class Climate:
    """What the air of one room is like."""

    co2_ppm: float = CO2_OUTSIDE_PPM
    temperature_c: float = BASE_C
    moisture_g_m3: float = MOISTURE_OUTSIDE_G_M3

    @property
    def humidity_percent(self) -> float:
        return min(100.0, 100.0 * self.moisture_g_m3 / _saturation_g_m3(self.temperature_c))


def breathe(
    climate: Climate, shape: Shape, people: int, seconds: float, hour: float, *, window_open: bool = False
) -> Climate:
    """The room's air `seconds` later, with that many people in it all along."""
    airflow = shape.airflow_m3_s + (WINDOW_M3_S if window_open else 0.0)
    exchanged = math.exp(-airflow * seconds / shape.volume_m3)
    co2_settled = CO2_OUTSIDE_PPM + 1e6 * CO2_PER_PERSON_M3_S * people / airflow
    moisture_settled = MOISTURE_OUTSIDE_G_M3 + MOISTURE_G_S * people / airflow
    area = max(shape.floor_m2, 2.0)
    gains_w = people * (SENSIBLE_W + EQUIPMENT_W) + (LIGHTING_W_M2 * area if people else 0.0)
    settled_c = _base_c(hour) + gains_w / (HEAT_LOSS_W_M2_K * area)
    cooled = math.exp(-HEAT_LOSS_W_M2_K * seconds / HEAT_CAPACITY_J_M2_K)
    return Climate(
        co2_ppm=_toward(climate.co2_ppm, co2_settled, exchanged),
        moisture_g_m3=_toward(climate.moisture_g_m3, moisture_settled, exchanged),
        temperature_c=_toward(climate.temperature_c, settled_c, cooled),
    )


def background_db(hour: float) -> float:
    """What is heard where nobody is."""
    awake = _share(hour, *_STREET_WAKES_H) - _share(hour, *_STREET_SLEEPS_H)
    return BACKGROUND_DB + awake * (BACKGROUND_BY_DAY_DB - BACKGROUND_DB)


def _share(hour: float, begins: float, ends: float) -> float:
    return min(1.0, max(0.0, (hour - begins) / (ends - begins)))


def sound_db(shape: Shape, talkers: float, *, people: int = 0, background: float = BACKGROUND_DB) -> float:
    """Sound level in a diffuse field: the energy sum of the background, of everyone talking and of everyone there.

    Half a talker is somebody who talks for half of the time.
    """
    absorption = max(LEAST_ABSORPTION_M2, ABSORPTION_SHARE * shape.floor_m2)
    power = talkers * 10 ** (SPEECH_POWER_DB / 10) + people * 10 ** (RUSTLE_POWER_DB / 10)
    return 10 * math.log10(10 ** (background / 10) + power * 4 / absorption)


def light_lx(shape: Shape, people: int, hour: float) -> float:
    """Daylight through the windows, and the lamps while somebody is there."""
    sun = math.sin(math.pi * (hour - SUNRISE_H) / (SUNSET_H - SUNRISE_H)) if SUNRISE_H < hour < SUNSET_H else 0.0
    return OUTSIDE_NOON_LX * sun * DAYLIGHT_FACTOR * shape.windows + (ELECTRIC_LX if people else 0.0)


def _toward(now: float, settled: float, remaining: float) -> float:
    return settled + (now - settled) * remaining


def _base_c(hour: float) -> float:
    # Coolest before dawn, warmest in mid-afternoon.
    return BASE_C + 0.8 * math.sin(2 * math.pi * (hour - 10.0) / 24.0)


def _saturation_g_m3(celsius: float) -> float:
    # Magnus, in the form of the WMO guide: hPa, then the gas law.
    pressure_hpa = 6.112 * math.exp(17.62 * celsius / (243.12 + celsius))
    return 216.7 * pressure_hpa / (273.15 + celsius)
