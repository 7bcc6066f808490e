"""The building as values: floors, areas, rooms, doors, devices, plans and the policy that binds them.

Built by `controller.space` from space.yaml, replaced whole when the file changes, never edited in
place. Who may pass a door is decided in `access`; what a door does next in `door`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from controller.domain.ids import AreaId, DeviceId, DoorId, FloorId, PartnerId, PersonId, PlanId, ScheduleId, ZoneId
from controller.domain.schedule import WeeklySchedule
from controller.domain.ways import Passage, ways_in

Point: TypeAlias = tuple[float, float]
"""Metres from the floor's top left corner: x to the right, y down, as the plan is drawn."""


class RoomKind(StrEnum):
    """What a room is for; it sets the icon and the limits a space file leaves out."""

    OPEN_SPACE = "open_space"
    MEETING = "meeting"
    FOCUS = "focus"
    CLASSROOM = "classroom"
    BOOTH = "booth"
    OFFICE = "office"
    KITCHEN = "kitchen"
    OTHER = "other"


class FailMode(StrEnum):
    """What the lock does without power. It concerns entry only: leaving never needs power or software."""

    SAFE = "safe"
    SECURE = "secure"


class OnLogFailure(StrEnum):
    """What a door answers an entitled badge while the event log cannot be written."""

    ADMIT = "admit"
    DENY = "deny"


class PinMode(StrEnum):
    """Whether a door asks for a PIN."""

    NEVER = "never"
    REQUIRED = "required"  # the badge, then the PIN
    ALLOWED = "allowed"  # a PIN alone will do, as a badge will


class Passback(StrEnum):
    """What a zone does about a badge that comes in twice without going out."""

    OFF = "off"
    SOFT = "soft"  # grant, and tell staff
    HARD = "hard"  # deny
    TIMED = "timed"  # deny the same badge for some seconds


class AtCapacity(StrEnum):
    ALERT = "alert"
    DENY = "deny"  # entry, never exit


@dataclass(frozen=True, slots=True)
class Zone:
    """A group of areas, and the rules of being in it. A zone that only groups areas has all defaults."""

    id: ZoneId
    name: str = ""
    passback: Passback = Passback.OFF
    passback_s: float = 10.0  # of a timed one
    capacity: int | None = None
    at_capacity: AtCapacity = AtCapacity.ALERT


@dataclass(frozen=True, slots=True)
class Floor:
    id: FloorId
    name: str
    width: float  # metres
    depth: float  # metres
    drawings: tuple["Drawing", ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """Something on the plan that is neither area nor door: a void, stairs, a row of ping-pong tables."""

    kind: str  # void, stairs, desk, table, label
    outline: tuple[Point, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """What makes an area a room: it is booked, or sensed."""

    kind: RoomKind
    seats: int = 0
    bookable: bool = False
    buffer_minutes: int = 0  # between two bookings, for who clears up
    needs_approval: bool = False  # a booking waits until staff approve it
    longest_minutes: int | None = None  # of one booking; None: as its plan says
    hours: ScheduleId | None = None  # when it may be booked; None: whenever the house lets somebody in
    quiet_for: frozenset[AreaId] = frozenset()  # while on air in one of these booths, here it is to be quiet
    co2_limit_ppm: float = 1000.0
    noise_limit_db: float = 65.0
    comfort_c: tuple[float, float] = (19.0, 26.0)


@dataclass(frozen=True, slots=True)
class Area:
    """A space bounded by doors, or an open part of one (`within`)."""

    id: AreaId
    name: str
    floor: FloorId | None  # None for `outside` alone
    outline: tuple[Point, ...] = ()
    within: AreaId | None = None  # reached without a door from this area
    room: Room | None = None
    zones: frozenset[ZoneId] = frozenset()  # groups that plans, lockdown and anti-passback name
    label: Point | None = None  # where the plan writes the name; None: where there is room
    opening: Point | None = None  # where one walks in without a door, when not along the whole shared side
    counted: bool = True  # an entry here uses one of a plan's days


@dataclass(frozen=True, slots=True)
class DoorTimings:
    """Seconds, after `access-rules`: what the machine of `door` is told to wait."""

    release: float = 5.0
    accessible_factor: float = 3.0
    held_warning: float = 30.0
    held_alarm: float = 60.0
    forced_grace: float = 2.0
    ajar: float = 3.0
    exit_fault: float = 30.0  # an exit button pressed for longer is stuck, and nobody leaving
    flap: float = 0.2  # a contact that moves faster is one movement, with a count
    second_person: float = 15.0  # between the two badges of a two-person door


@dataclass(frozen=True, slots=True)
class Door:
    """A door between two areas; badges ask to pass from `outer` into `inner`."""

    id: DoorId
    name: str
    outer: AreaId
    inner: AreaId
    at: Point
    floor: FloorId
    unit: DeviceId  # the device that moves the lock and feels the contact
    readers: tuple[DeviceId, ...] = ()  # readers apart from the unit; the unit may read badges too
    timings: DoorTimings = DoorTimings()
    fail_mode: FailMode = FailMode.SECURE
    on_log_failure: OnLogFailure = OnLogFailure.ADMIT
    enabled: bool = True
    in_maintenance: bool = False
    has_contact: bool = True
    staff_only: bool = False
    fire_egress: bool = False  # released (by wire; we mirror it) when the fire panel says so
    unlock_schedule: ScheduleId | None = None  # no badge needed while it is open
    # The unlock window waits until one of these has opened the door; empty: it does not wait.
    first_person_in: frozenset[PersonId] = frozenset()
    any_staff_first: bool = False  # any staff member counts as listed
    last_out: bool = False  # the unlock window ends when the last person counted inside has left
    pin: PinMode = PinMode.NEVER
    two_person: bool = False
    interlock: str | None = None  # of the doors of one interlock, one may be open at a time
    width: float = 1.0  # metres, as the plan draws it


class DeviceKind(StrEnum):
    """The role a device plays here; what it can say is in its own birth."""

    DOOR_UNIT = "door_unit"
    READER = "reader"
    SENSOR = "sensor"
    LIGHT = "light"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Device:
    """A device the building expects: its id is its MQTT user name."""

    id: DeviceId
    kind: DeviceKind
    door: DoorId | None = None
    area: AreaId | None = None
    at: Point | None = None
    every_s: float = 60.0  # the cadence it promised; silence is judged against it
    reader_profile: str = "iso14443a"
    direction: str = "in"  # of a reader: in or out
    dialect: str = "natoma"
    channels: tuple[str, ...] = ()  # what it is here for; its birth says what it really has


@dataclass(frozen=True, slots=True)
class Plan:
    """What a membership buys: where (areas or zones), and when."""

    id: PlanId
    name: str
    schedule: ScheduleId
    areas: frozenset[AreaId]  # every area whose entry it covers, zones already resolved
    days_per_week: int | None = None  # None: no quota
    kind: str = "membership"  # membership, day_pass, visiting, hosted, event
    guest_days_per_month: int | None = None  # None: as many as the host likes
    booking_uses_day: bool = False  # whether coming for a booking uses one of the days
    may_book: bool = True
    booking_hours_per_month: float | None = None  # None: no maximum
    booking_days_ahead: int = 90  # how far ahead a booking may begin
    longest_booking_hours: float | None = None  # of one booking


@dataclass(frozen=True, slots=True)
class Grace:
    """How late and how large an unpaid bill may be while doors still open: both must hold."""

    days: int = 7
    cents: int = 20_000


@dataclass(frozen=True, slots=True)
class Partner:
    """A space whose members may visit ours: it signs passes, we hold its public key."""

    id: PartnerId
    name: str
    public_key: str  # Ed25519, base64url without padding, as `natoma visits key` prints it
    plan: PlanId  # what its members may do here
    days: int | None = None  # free days for each of its members within 30 days; None: the plan's own quota alone


@dataclass(frozen=True, slots=True)
class Space:
    """One whole building and its policy, as one version of its file."""

    id: str
    name: str
    zone: ZoneInfo
    version: str  # short hash of the file: stored with every decision
    root: str = "natoma"
    cut_off_minutes: int = 4 * 60  # the business day starts here, local time
    floors: Mapping[FloorId, Floor] = field(default_factory=dict)
    areas: Mapping[AreaId, Area] = field(default_factory=dict)
    doors: Mapping[DoorId, Door] = field(default_factory=dict)
    devices: Mapping[DeviceId, Device] = field(default_factory=dict)
    schedules: Mapping[ScheduleId, WeeklySchedule] = field(default_factory=dict)
    holidays: Mapping[date, str] = field(default_factory=dict)
    # Holidays of some zones only; those in `holidays` and not here close everything.
    holiday_zones: Mapping[date, frozenset[ZoneId]] = field(default_factory=dict)
    plans: Mapping[PlanId, Plan] = field(default_factory=dict)
    zones: Mapping[ZoneId, Zone] = field(default_factory=dict)
    partners: Mapping[PartnerId, Partner] = field(default_factory=dict)
    grace: Grace = Grace()
    offline_valid_h: float = 24.0  # how long a door decides alone from one access list; 720 at most
    # The house's own ways to spell a badge, in the words of `devices.badges`, which the domain does not know.
    reader_profiles: Mapping[str, Mapping[str, str | int | bool]] = field(default_factory=dict)
    # The doors between the street and each area; derived, so that no file can contradict the doors themselves.
    ways: Mapping[AreaId, frozenset[DoorId]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Nobody's way leads through a door that only staff may open.
        passages = (Passage(door.id, door.outer, door.inner) for door in self.doors.values() if not door.staff_only)
        within = {area.id: area.within for area in self.areas.values()}
        object.__setattr__(self, "ways", ways_in(within, passages))

    def door_of(self, device: DeviceId) -> Door | None:
        """The door this reader or unit stands at, or None for a device that has none."""
        known = self.devices.get(device)
        return self.doors.get(known.door) if known is not None and known.door is not None else None
