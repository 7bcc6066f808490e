"""The space file, key by key: what may be written, in which shape, with which defaults.

The JSON Schema for editors is made from these models, so every description here is read by the person who
writes the file. What the keys mean together (does this area exist? is this door in a wall?) is in `check`.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from controller.domain.building import DeviceKind, FailMode, OnLogFailure, RoomKind
from controller.domain.schedule import DAY_MINUTES, Window
from controller.space.times import TimeError, parse_clock, parse_window
from controller.space.zone import ZoneError, find_zone
from devices.badges import Base, ByteOrder, Keep

FORMAT = 1
ID_PATTERN = r"^[a-z0-9-]{1,40}$"
# The broker knows these names already: the controller's own users, the live topics, a device not yet adopted.
RESERVED_IDS = frozenset({"server", "server-access", "server-telemetry", "live", "onboarding"})


def _fail(why: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError("space", "{why} — {fix}", {"why": why, "fix": fix})


def _outline(written: Any) -> Any:
    """`[x, y, width, depth]` is a rectangle; a list of points is itself."""
    if not isinstance(written, list):
        raise _fail("is no outline", "write [x, y, width, depth] or a list of [x, y] points, in metres")
    if len(written) == 4 and all(isinstance(part, int | float) for part in written):
        x, y, width, depth = written
        if width <= 0 or depth <= 0:
            raise _fail("has no size", "write [x, y, width, depth] with a width and a depth above 0")
        return [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
    if len(written) < 3 or not all(isinstance(part, list) for part in written):
        raise _fail("is no outline", "write [x, y, width, depth] or a list of three or more [x, y] points, in metres")
    return written


def _one_or_more(written: Any) -> Any:
    return [written] if isinstance(written, str) else written


def _window(written: Any) -> Window:
    try:
        return parse_window(written if isinstance(written, str) else str(written))
    except TimeError as exc:
        raise _fail(exc.why, exc.fix) from exc


def _hours(written: Any) -> Any:
    if written == "always":
        return {"always": True, "on_holidays": True}
    return {"open": written} if isinstance(written, str | list) else written


def _clock(written: Any) -> int:
    # YAML 1.1 reads 4:00 without quotes as a number of base 60, 240: whole minutes mean the same here.
    if isinstance(written, int) and not isinstance(written, bool) and 0 <= written <= DAY_MINUTES:
        return written
    try:
        return parse_clock(str(written))
    except TimeError as exc:
        raise _fail(exc.why, "write a time of day like '04:00'") from exc


def _zone(written: Any) -> ZoneInfo:
    try:
        return find_zone(str(written))
    except ZoneError as exc:
        raise _fail(exc.why, exc.fix) from exc


def _room(written: Any) -> Any:
    return {"kind": written} if isinstance(written, str) else written


def _egress(written: Any) -> Any:
    known = tuple(way.value for way in Egress)
    if written not in known:
        fix = f"people must get out without power or software: write {', '.join(known[:-1])} or {known[-1]}"
        raise _fail("would need us to let people out", fix)
    return written


def _empty(written: Any) -> Any:
    """`devices:` with nothing after it says that there are none."""
    return {} if written is None else written


Metres = Annotated[float, Field(ge=-1000, le=1000)]
Point = tuple[Metres, Metres]
Size = Annotated[float, Field(gt=0, le=1000)]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
_OUTLINE_SCHEMA = {
    "description": "[x, y, width, depth] in metres, or a list of [x, y] points",
    "oneOf": [
        {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        {
            "type": "array",
            "minItems": 3,
            "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        },
    ],
}
_CLOCK_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^\d{1,2}:\d{2}$"},
        {"type": "integer", "minimum": 0, "maximum": DAY_MINUTES},
    ]
}
Outline = Annotated[tuple[Point, ...], BeforeValidator(_outline), WithJsonSchema(_OUTLINE_SCHEMA)]
HOURS_SCHEMA = {
    "type": "string",
    "description": "Days and hours: 'mon-fri 08:00-20:00', 'sat,sun 10:00-18:00', 'daily 07:00-23:00'; "
    "over midnight 'fri 22:00-06:00+1'",
}
Hours = Annotated[InstanceOf[Window], BeforeValidator(_window), WithJsonSchema(HOURS_SCHEMA)]
Names = Annotated[
    tuple[Id, ...],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class Entry(BaseModel):
    """Anything in the file: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True)


class DrawingKind(StrEnum):
    """What the plan can draw beside areas and doors."""

    VOID = "void"
    STAIRS = "stairs"
    LIFT = "lift"
    DESK = "desk"
    TABLE = "table"
    ROUND_TABLE = "round_table"
    PING_PONG = "ping_pong"
    CHAIR = "chair"
    SOFA = "sofa"
    COUNTER = "counter"
    SHELF = "shelf"
    RACK = "rack"
    SCREEN = "screen"
    STAGE = "stage"
    CUBICLE = "cubicle"
    BASIN = "basin"
    BIKE = "bike"
    PLANT = "plant"
    LABEL = "label"


class Egress(StrEnum):
    """How people get out. All of them work by hand or by wire: leaving never asks a computer."""

    HANDLE = "handle"
    BAR = "bar"
    BUTTON = "button"


class DrawingEntry(Entry):
    """Furniture and the like: drawn on the plan, of no weight for doors."""

    kind: DrawingKind = Field(description="What it is")
    outline: Outline = Field(description="Where it stands: [x, y, width, depth] or points, in metres")
    label: str = Field("", max_length=40, description="A word written on it")
    repeat: tuple[Annotated[int, Field(ge=1, le=100)], Annotated[int, Field(ge=1, le=100)]] = Field(
        (1, 1), description="[columns, rows] of the same thing"
    )
    step: Point | None = Field(None, description="[dx, dy] from one to the next; by default its own size")
    seats: int = Field(0, ge=0, le=40, description="Chairs drawn around it")


class FloorEntry(Entry):
    """One storey."""

    name: Name | None = Field(None, description="As people call it; by default the id")
    size: tuple[Size, Size] = Field(description="[width, depth] in metres")
    drawings: tuple[DrawingEntry, ...] = Field((), description="Furniture, stairs, voids: what makes it a plan")


class RoomEntry(Entry):
    """What makes an area a room: it is booked, or sensed."""

    kind: RoomKind = Field(RoomKind.OTHER, description="What it is for; sets the limits left out here")
    seats: int = Field(0, ge=0, le=10_000, description="How many people it is for")
    bookable: bool | None = Field(None, description="By default true for meeting rooms, classrooms and booths")
    co2_limit_ppm: float = Field(1000.0, ge=400, le=5000, description="Above it the air wants changing")
    noise_limit_db: float | None = Field(None, ge=20, le=120, description="Above it the room is loud for its kind")
    comfort_c: tuple[float, float] = Field((19.0, 26.0), description="[lowest, highest] comfortable temperature, °C")


class AreaEntry(Entry):
    """A space bounded by doors, or an open part of one."""

    name: Name | None = Field(None, description="As people call it; by default the id")
    floor: Id | None = Field(None, description="Which floor; by default that of `within`, or the only one")
    outline: Outline | None = Field(None, description="Its walls; by default the whole floor, if nothing else is on it")
    within: Id | None = Field(None, description="The area one walks in from without a door")
    opening: Point | None = Field(None, description="Where one walks in; by default along the whole shared side")
    zones: Names = Field((), description="Groups this area belongs to; plans name them")
    room: Annotated[RoomEntry | None, BeforeValidator(_room)] = Field(
        None, description="A kind of room, or {kind, seats, bookable, limits}"
    )
    label: Point | None = Field(None, description="Where its name is written; by default where there is most space")


class TimingsEntry(Entry):
    """Seconds a door waits."""

    release: float = Field(5.0, ge=3, le=600, description="How long a badge releases the lock; 3 s at least")
    accessible_factor: float = Field(3.0, ge=1, le=20, description="Times longer for who asked for it")
    held_warning: Seconds = Field(30.0, description="Open this long: the door says so")
    held_alarm: Seconds = Field(60.0, description="Open this long: people are told")
    forced_grace: Seconds = Field(2.0, description="Opened within this time after relocking is not forced")
    ajar: Seconds = Field(3.0, description="Closed but not locked after this time is ajar")


class DoorEntry(Entry):
    """A door between two areas. Badges ask to pass `from` one `to` the other; the way back is free."""

    model_config = ConfigDict(populate_by_name=False, serialize_by_alias=True)

    name: Name | None = Field(None, description="As people call it; by default the id")
    outer: Id = Field(alias="from", description="The area one badges in from; `outside` is the street")
    inner: Id = Field(alias="to", description="The area behind it")
    at: Point | None = Field(None, description="[x, y] on the wall; by default the middle of the longest shared wall")
    width: float = Field(1.0, gt=0.3, le=10, description="Metres, as drawn")
    unit: Id | None = Field(None, description="The device that moves the lock; by default `door-<id>`")
    readers: Names = Field((), description="Readers apart from the unit, which may read badges itself")
    timings: TimingsEntry = Field(TimingsEntry(), description="Seconds it waits")
    fail_mode: FailMode = Field(
        FailMode.SECURE, description="Without power, from outside: secure stays shut, safe opens"
    )
    egress: Annotated[Egress, BeforeValidator(_egress)] = Field(
        Egress.HANDLE,
        description="How people get out, always without software: handle, bar, or a button wired to the lock",
    )
    fire_egress: bool = Field(False, description="Released by the fire panel, by wire; we mirror it")
    unlock_schedule: Id | None = Field(None, description="While it is open no badge is needed")
    contact: bool = Field(True, description="Has a contact that tells open from closed")
    enabled: bool = Field(True, description="false: no badge opens it")
    maintenance: bool = Field(False, description="true: being worked on; no badge opens it, no alarm is raised")
    staff_only: bool = Field(False, description="Opens for staff alone")
    on_log_failure: OnLogFailure | None = Field(
        None, description="While decisions cannot be recorded: admit or deny; by default deny for staff_only doors"
    )


class DeviceEntry(Entry):
    """A device the building expects. Its id is its MQTT user name."""

    kind: DeviceKind = Field(description="What it does here")
    door: Id | None = Field(None, description="The door it stands at (door_unit, reader)")
    area: Id | None = Field(None, description="The area it tells of (sensor, light, probe)")
    at: Point | None = Field(None, description="[x, y] in metres; by default at its door, or in the middle of its area")
    every_s: float | None = Field(None, gt=0, le=86_400, description="Seconds between its messages; longer is silence")
    channels: tuple[str, ...] | None = Field(None, description="What it measures, for plans and the simulator")
    reader_profile: Id = Field("iso14443a", description="How it spells badge numbers: built in, or of this file")
    direction: str = Field("in", pattern="^(in|out)$", description="A reader for coming in, or for counting out")
    dialect: str = Field("natoma", pattern=r"^[a-z0-9_-]{1,40}$", description="What it speaks; natoma is our own")


class ReaderProfileEntry(Entry):
    """How one kind of reader spells what it sees; what is left out is as the contract spells it."""

    base: Base = Field(Base.HEX, description="hex, decimal, decimal_bytes, or facility (077,30211)")
    separators: str = Field(" :-,.", max_length=10, description="Characters between the digits that mean nothing")
    byte_order: ByteOrder = Field(ByteOrder.ISO, description="reversed: the last byte comes first")
    inverted: bool = Field(False, description="true: every bit is its opposite (data wires swapped)")
    size: int | None = Field(None, ge=1, le=32, description="The card's length in bytes, where leading zeros get lost")
    keep: Keep = Field(Keep.LOW, description="Which end of the number this reader passes on")
    keep_bytes: int | None = Field(None, ge=1, le=32, description="How many bytes of it: 3 for a 26-bit reader")
    unpadded: bool = Field(False, description="true: each byte is written without its leading zero")
    bits: int | None = Field(None, ge=1, le=256, description="Bits of the badge, where the message does not say")
    format: str = Field("iso14443a", description="Format of the badge, where the message does not say")


class ScheduleEntry(Entry):
    """Hours of the week."""

    open: Annotated[tuple[Hours, ...], BeforeValidator(_one_or_more)] = Field((), description="When it is open")
    always: bool = Field(False, description="Around the clock, every day")
    on_holidays: bool = Field(False, description="true: holidays change nothing; by default they close it")


class PlanKind(StrEnum):
    """How a plan is come by."""

    MEMBERSHIP = "membership"
    DAY_PASS = "day_pass"  # noqa: S105 - a pass, no password
    VISITING = "visiting"
    HOSTED = "hosted"
    EVENT = "event"


class PlanEntry(Entry):
    """What a membership buys: where, and when."""

    name: Name | None = Field(None, description="As people call it; by default the id")
    where: Names = Field(description="Areas or zones; what lies within an area comes with it")
    schedule: Id = Field("always", description="When a badge is accepted")
    days_per_week: int | None = Field(None, ge=1, le=7, description="On how many days of a week; by default on all")
    kind: PlanKind = Field(PlanKind.MEMBERSHIP, description="How it is come by")


_ROOT_PATTERN = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$"
Section = BeforeValidator(_empty)


class SpaceFile(Entry):
    """A building and its policy, as one person can read it."""

    natoma: int = Field(description="The version of this format: 1", ge=FORMAT, le=FORMAT)
    id: Id = Field(description="A short name for machines")
    name: Name = Field(description="A name for people")
    zone: Annotated[
        InstanceOf[ZoneInfo],
        BeforeValidator(_zone),
        WithJsonSchema({"type": "string", "description": "Time zone, like Europe/Paris", "pattern": "^UTC$|/"}),
    ]
    root: Annotated[str, StringConstraints(pattern=_ROOT_PATTERN, max_length=200)] = Field(
        "natoma", description="First level(s) of every MQTT topic; several spaces may share a broker"
    )
    cut_off: Annotated[
        int,
        BeforeValidator(_clock),
        WithJsonSchema(_CLOCK_SCHEMA),
    ] = Field(240, description="When the business day starts, like '04:00', or in minutes from midnight")
    floors: Annotated[dict[Id, FloorEntry], Section] = Field(description="Storeys, with their size")
    areas: Annotated[dict[Id, AreaEntry], Section] = Field(
        description="Spaces bounded by doors, and open parts of them"
    )
    doors: Annotated[dict[Id, DoorEntry], Section] = Field({}, description="Doors between areas")
    devices: Annotated[dict[Id, DeviceEntry], Section] = Field({}, description="Readers, sensors, lights, probes")
    reader_profiles: Annotated[dict[Id, ReaderProfileEntry], Section] = Field(
        {}, description="Ways readers spell badge numbers, beside those built in"
    )
    schedules: Annotated[dict[Id, Annotated[ScheduleEntry, BeforeValidator(_hours)]], Section] = Field(
        {}, description="Hours that doors and plans name; `always` needs no entry"
    )
    holidays: Annotated[dict[date, Name], Section] = Field({}, description="Days that close schedules: date, name")
    plans: Annotated[dict[Id, PlanEntry], Section] = Field({}, description="What memberships buy")
