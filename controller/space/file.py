"""The space file, key by key: what may be written, in which shape, with which defaults.

The JSON Schema for editors is made from these models, so every description here is read by the person who
writes the file. What the keys mean together (does this area exist? is this door in a wall?) is in `check`.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from controller.domain.building import DeviceKind, FailMode, OnLogFailure, PinMode, RoomKind
from controller.space.file_policy import (
    GraceEntry,
    HolidayEntry,
    PartnerEntry,
    PlanEntry,
    ScheduleEntry,
    ZoneEntry,
    holiday,
    hours,
)
from controller.space.values import (
    Clock,
    Entry,
    Id,
    Length,
    Name,
    Names,
    Outline,
    People,
    Point,
    Seconds,
    Section,
    Size,
    Zone,
    refused,
)
from devices.badges import Base, ByteOrder, Keep

FORMAT = 1
# The broker knows these names already: the controller's own users, the live topics, a device not yet adopted, who records.
RESERVED_IDS = frozenset({"server", "server-access", "server-telemetry", "live", "onboarding", "recorder"})


def _room(written: Any) -> Any:
    return {"kind": written} if isinstance(written, str) else written


def _egress(written: Any) -> Any:
    known = tuple(way.value for way in Egress)
    if written not in known:
        fix = f"people must get out without power or software: write {', '.join(known[:-1])} or {known[-1]}"
        raise refused("would need us to let people out", fix)
    return written


STAFF = "staff"
"""Among `first_person_in`: any staff member."""


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
    buffer_minutes: int = Field(0, ge=0, le=240, description="Between two bookings, for who clears up")
    needs_approval: bool = Field(False, description="true: a booking waits until staff approve it")
    longest: Length | None = Field(
        None, description="Of one booking, in minutes or like '4 h'; by default as its plan says"
    )
    hours: Id | None = Field(None, description="The schedule in which it may be booked; by default at any hour")
    quiet_for: Names = Field((), description="Booths: while one of them is on air, here it is to be quiet")
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
    counted: bool = Field(
        True, description="Coming in here uses one of a plan's days; false: a bike store, a letter box"
    )


class TimingsEntry(Entry):
    """Seconds a door waits."""

    release: float = Field(5.0, ge=3, le=600, description="How long a badge releases the lock; 3 s at least")
    accessible_factor: float = Field(3.0, ge=1, le=20, description="Times longer for who asked for it")
    held_warning: Seconds = Field(30.0, description="Open this long: the door says so")
    held_alarm: Seconds = Field(60.0, description="Open this long: people are told")
    forced_grace: Seconds = Field(2.0, description="Opened within this time after relocking is not forced")
    ajar: Seconds = Field(3.0, description="Closed but not locked after this time is ajar")
    exit_fault: float = Field(30.0, ge=5, le=3600, description="An exit button pressed this long is stuck")
    flap: float = Field(0.2, ge=0, le=5, description="A contact that moves faster than this is one movement")
    second_person: float = Field(15.0, ge=3, le=120, description="Between the two badges of a two-person door")


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
    first_person_in: People = Field(
        (), description="The unlock schedule waits until one of these has opened the door: ids of people, or staff"
    )
    last_out: bool = Field(False, description="true: the unlock window ends when the last person inside has left")
    pin: PinMode = Field(PinMode.NEVER, description="required: the badge, then a PIN; allowed: a PIN alone will do")
    two_person: bool = Field(False, description="true: two people show their badges, one after the other")
    interlock: Id | None = Field(None, description="Of the doors that name the same one, one is open at a time")
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


_ROOT_PATTERN = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$"


class SpaceFile(Entry):
    """A building and its policy, as one person can read it."""

    natoma: int = Field(description="The version of this format: 1", ge=FORMAT, le=FORMAT)
    id: Id = Field(description="A short name for machines")
    name: Name = Field(description="A name for people")
    zone: Zone
    root: Annotated[str, StringConstraints(pattern=_ROOT_PATTERN, max_length=200)] = Field(
        "natoma", description="First level(s) of every MQTT topic; several spaces may share a broker"
    )
    cut_off: Clock = Field(240, description="When the business day starts, like '04:00', or in minutes from midnight")
    floors: Annotated[dict[Id, FloorEntry], Section] = Field(description="Storeys, with their size")
    areas: Annotated[dict[Id, AreaEntry], Section] = Field(
        description="Spaces bounded by doors, and open parts of them"
    )
    doors: Annotated[dict[Id, DoorEntry], Section] = Field({}, description="Doors between areas")
    devices: Annotated[dict[Id, DeviceEntry], Section] = Field({}, description="Readers, sensors, lights, probes")
    reader_profiles: Annotated[dict[Id, ReaderProfileEntry], Section] = Field(
        {}, description="Ways readers spell badge numbers, beside those built in"
    )
    zones: Annotated[dict[Id, ZoneEntry], Section] = Field(
        {}, description="Rules of being in the zones that areas name; a zone without rules needs no entry"
    )
    schedules: Annotated[dict[Id, Annotated[ScheduleEntry, BeforeValidator(hours)]], Section] = Field(
        {}, description="Hours that doors and plans name; `always` needs no entry"
    )
    holidays: Annotated[dict[date, Annotated[HolidayEntry, BeforeValidator(holiday)]], Section] = Field(
        {}, description="Days that close schedules: date, then a name, or {name, zones}"
    )
    plans: Annotated[dict[Id, PlanEntry], Section] = Field({}, description="What memberships buy")
    grace: Annotated[GraceEntry, Section] = Field(
        GraceEntry(), description="How late and how large an unpaid bill may be while doors still open"
    )
    partners: Annotated[dict[Id, PartnerEntry], Section] = Field(
        {}, description="Spaces whose members may visit, by the passes they sign"
    )
    offline_valid_h: float = Field(
        24.0, ge=1, le=720, description="Hours a door decides alone from its last list, while nobody answers it"
    )
