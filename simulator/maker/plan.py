"""A building by numbers: which rooms lie where, which doors lead into them. Values only; `write` makes the file.

Every floor is a corridor between two rows of rooms, with the stairs at its west end; the street is west of the ground
floor's. Doors go where they matter most: the street, each floor, each room, then ways out and second doors.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from simulator.errors import InputError

# What one installation is tried with; more would need another way of numbering rooms.
LIMITS = {"floors": 99, "doors": 2000, "rooms": 2000}
ROOMS_OF_FLOOR = 99  # two digits behind the floor's
_PLENTY_ON_A_FLOOR = 40  # where nobody says how many floors

_ROW_M = 6.0  # the depth of a room, and of a row of them
_HALL_M = 4.0
_STAIRS_M = 4.0
_LEAST_FLOOR_M = 16.0
_WIDE_M = (4.0, 7.0)

# What rooms are, and how often of a hundred; the first of a house are one of each.
_KINDS = {"meeting": 28, "office": 44, "focus": 16, "open_space": 8, "classroom": 4}
_FIRST_KINDS = ("meeting", "booth", "kitchen", "classroom", "office")
_SEATS_M2 = {
    "meeting": 3.0, "office": 7.0, "focus": 12.0, "open_space": 5.0, "classroom": 1.6, "booth": 7.0, "kitchen": 4.0
}  # fmt: skip
_NAMES = ("Minna", "Howard", "Folsom", "Mission", "Harrison", "Tehama", "Clementina", "Kissling", "Dore", "Sumner")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How large; floors and rooms may be left to follow."""

    doors: int
    floors: int | None = None
    rooms: int | None = None


@dataclass(frozen=True, slots=True)
class Room:
    id: str
    name: str
    kind: str
    outline: tuple[float, float, float, float]  # x, y, width, depth
    seats: int
    is_north: bool


@dataclass(slots=True)
class Floor:
    number: int  # 0 is the ground floor
    width_m: float
    rooms: list[Room] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"floor-{self.number}"

    @property
    def depth_m(self) -> float:
        return 2 * _ROW_M + _HALL_M

    @property
    def stairs(self) -> str:
        return f"stairs-{self.number}" if self.number else "lobby"

    @property
    def hall(self) -> str:
        return f"hall-{self.number}"

    @property
    def stairs_outline(self) -> tuple[float, float, float, float]:
        return 0.0, _ROW_M, _STAIRS_M, _HALL_M

    @property
    def hall_outline(self) -> tuple[float, float, float, float]:
        return _STAIRS_M, _ROW_M, self.width_m - _STAIRS_M, _HALL_M


@dataclass(frozen=True, slots=True)
class Door:
    id: str
    name: str
    outer: str
    inner: str
    at: tuple[float, float]
    is_escape: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`doors` in the order in which they matter."""

    floors: tuple[Floor, ...]
    doors: tuple[Door, ...]

    def has_door(self, inner: str) -> bool:
        return any(door.inner == inner for door in self.doors)


def plan(wanted: Wanted, seed: int) -> Plan:
    """Lay it out; the same numbers and seed give the same building. InputError says what would fit."""
    floors, rooms = _judged(wanted)
    dice = random.Random(f"space/{floors}/{wanted.doors}/{rooms}/{seed}")
    kinds = list(_FIRST_KINDS[:rooms])
    kinds += dice.choices(list(_KINDS), list(_KINDS.values()), k=rooms - len(kinds))
    of_kind, names = iter(kinds), _names()
    laid = []
    for number in range(floors):
        share = rooms // floors + (number < rooms % floors)
        laid.append(_floor(number, [next(of_kind) for _ in range(share)], names, dice))
    possible = [door for doors in _doors_by_weight(laid) for door in doors]
    if wanted.doors > len(possible):
        more = -(-(wanted.doors - 1 - 2 * floors) // 2)
        raise InputError(
            f"--doors {wanted.doors} are more than the walls of {_counted(rooms, 'room')} on "
            f"{_counted(floors, 'floor')} have place for; take {len(possible)} at most, or --rooms {more}"
        )
    return Plan(tuple(laid), tuple(possible[: wanted.doors]))


def _judged(wanted: Wanted) -> tuple[int, int]:
    """How many floors and rooms, when all numbers are possible."""
    for name, value, least in (
        ("doors", wanted.doors, 1),
        ("floors", wanted.floors, 1),
        ("rooms", wanted.rooms, 0),
    ):
        if value is not None and not least <= value <= LIMITS[name]:
            raise InputError(f"--{name} {value} is out of reach; take {least} to {LIMITS[name]:,}")
    rooms = wanted.rooms if wanted.rooms is not None else max(0, wanted.doors - 1 - (wanted.floors or 1))
    floors = wanted.floors if wanted.floors is not None else max(1, -(-rooms // _PLENTY_ON_A_FLOOR))
    if rooms > floors * ROOMS_OF_FLOOR:
        raise InputError(
            f"--rooms {rooms} do not fit on {_counted(floors, 'floor')} of {ROOMS_OF_FLOOR} each; "
            f"take --floors {-(-rooms // ROOMS_OF_FLOOR)} or more"
        )
    return floors, rooms


def _floor(number: int, kinds: list[str], names: Iterator[str], dice: random.Random) -> Floor:
    north, south = kinds[0::2], kinds[1::2]
    widths = {True: [_wide(dice) for _ in north], False: [_wide(dice) for _ in south]}
    for each in widths.values():  # the first lies along the stairs, and needs a wall to the corridor
        each[:1] = [max(wide, _STAIRS_M + 2.0) for wide in each[:1]]
    width = round(max(_LEAST_FLOOR_M, sum(widths[True]), sum(widths[False])), 1)
    floor = Floor(number, width)
    place = 0
    for is_north, row in ((True, north), (False, south)):
        # The last room of a row goes to the end of it, so that no space is left that is nobody's.
        edges = [0.0]
        for wide in widths[is_north]:
            edges.append(round(edges[-1] + wide, 1))
        if row:
            edges[-1] = width
        for kind, (left, right) in zip(row, pairwise(edges), strict=True):
            place += 1
            floor.rooms.append(_room(floor, place, kind, left, right - left, names, is_north=is_north))
    return floor


def _room(floor: Floor, place: int, kind: str, x: float, width: float, names: Iterator[str], *, is_north: bool) -> Room:
    number = f"{floor.number}{place:02d}"
    name = {"booth": "Podcast booth", "kitchen": "Kitchen", "classroom": "Classroom"}.get(kind)
    if name is None:
        name = next(names) if kind in ("meeting", "focus") else kind.replace("_", " ").capitalize()
    if kind not in ("meeting", "focus"):
        name = f"{name} {number}"
    outline = (x, 0.0 if is_north else _ROW_M + _HALL_M, round(width, 1), _ROW_M)
    seats = max(1, round(width * _ROW_M / _SEATS_M2[kind]))
    return Room(f"room-{number}", name, kind, outline, seats, is_north)


def _doors_by_weight(floors: list[Floor]) -> Iterator[list[Door]]:
    """All the doors there could be, those that matter most first."""
    middle = _ROW_M + _HALL_M / 2
    yield [Door("street", "Street door", "outside", floors[0].stairs, (0.0, middle))]
    yield [Door(f"hall-{f.number}", f"{_ordinal(f)}", f.stairs, f.hall, (_STAIRS_M, middle)) for f in floors]
    yield [
        Door(room.id, room.name, floor.hall, room.id, _to_hall(floor, room)) for floor in floors for room in floor.rooms
    ]
    yield [
        Door(f"escape-{f.number}", f"{_ordinal(f)} fire escape", "outside", f.hall, (f.width_m, middle), is_escape=True)
        for f in floors
    ]
    yield [
        Door(f"{room.id}-out", f"{room.name}, outside", "outside", room.id, _to_outside(floor, room), is_escape=True)
        for floor in floors
        for room in floor.rooms
    ]


def _to_hall(floor: Floor, room: Room) -> tuple[float, float]:
    x, _, width, _ = room.outline
    middle = (max(x, _STAIRS_M) + min(x + width, floor.width_m)) / 2
    return round(middle, 1), _ROW_M if room.is_north else _ROW_M + _HALL_M


def _to_outside(floor: Floor, room: Room) -> tuple[float, float]:
    x, _, width, _ = room.outline
    return round(x + width / 2, 1), 0.0 if room.is_north else floor.depth_m


def _wide(dice: random.Random) -> float:
    return round(dice.uniform(*_WIDE_M), 1)


def _names() -> Iterator[str]:
    number = 1
    while True:
        for name in _NAMES:
            yield name if number == 1 else f"{name} {number}"
        number += 1


def _ordinal(floor: Floor) -> str:
    return "Ground floor" if not floor.number else f"Floor {floor.number}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' if count != 1 else ''}"
