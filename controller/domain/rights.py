"""What a decision is about: the read, what is known of whoever made it, and the closed list of refusals.

Values only; they are weighed in `access`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from controller.domain.building import Door, Space
from controller.domain.holdings import Booking, GuestPass, HeldTicket, PublicEvent, VisitingPass
from controller.domain.house import HouseState
from controller.domain.ids import DeviceId
from controller.domain.membership import Credential, Lease, Membership, Person
from controller.domain.shared import NOTHING_SHARED, PinEntry, Shared
from controller.domain.usage import Usage


@dataclass(frozen=True, slots=True)
class Read:
    """One badge read, as it reached us. `age_s` is how long ago the badge was shown."""

    reader: DeviceId
    message_id: str
    read_at: datetime
    received_at: datetime
    age_s: float
    retained: bool = False
    duplicate: bool = False
    direction: Literal["in", "out"] = "in"
    pin: PinEntry | None = None  # None: none was asked for yet
    began: str | None = None  # of a PIN, the message that asked for it: the badge's

    @property
    def correlation(self) -> str:
        """What ties the facts of one tap together: the id of the message it began with."""
        return self.began or self.message_id


@dataclass(frozen=True, slots=True)
class Rights:
    """All that is known when a read is decided; None is "nobody knows it", which is an answer too."""

    space: Space
    door: Door | None
    credential: Credential | None
    person: Person | None
    memberships: tuple[Membership, ...] = ()  # the person's own, their team's and their cohorts'
    leases: tuple[Lease, ...] = ()  # of the person's team
    bookings: tuple[Booking, ...] = ()  # as owner or participant
    tickets: tuple[HeldTicket, ...] = ()
    guest_passes: tuple["HostedGuest", ...] = ()
    visits: tuple[VisitingPass, ...] = ()
    usage: Usage = field(default=Usage())
    house: HouseState = field(default=HouseState())
    shared: Shared = NOTHING_SHARED
    hosting: tuple[PublicEvent, ...] = ()  # events this person is the host of


@dataclass(frozen=True, slots=True)
class HostedGuest:
    """A guest pass beside what its host holds: the guest can do no more than that."""

    guest_pass: GuestPass
    host: Person
    host_memberships: tuple[Membership, ...] = ()
    host_leases: tuple[Lease, ...] = ()
    host_usage: Usage = field(default=Usage())


class DenyReason(StrEnum):
    """Why a read opens nothing, in the order in which the reasons are looked for."""

    # message
    REPLAYED = "replayed"
    STALE_READ = "stale_read"
    # door
    UNKNOWN_DOOR = "unknown_door"
    DOOR_DISABLED = "door_disabled"
    DOOR_IN_MAINTENANCE = "door_in_maintenance"
    # credential
    UNKNOWN_CREDENTIAL = "unknown_credential"
    CREDENTIAL_LOST = "credential_lost"
    CREDENTIAL_BLOCKED = "credential_blocked"
    CREDENTIAL_NOT_YET_VALID = "credential_not_yet_valid"
    CREDENTIAL_EXPIRED = "credential_expired"
    # PIN
    PIN_TIMEOUT = "pin_timeout"
    PIN_WRONG = "pin_wrong"
    PIN_LOCKED_OUT = "pin_locked_out"
    # person
    BANNED = "banned"
    NO_MEMBERSHIP = "no_membership"
    PASS_REVOKED = "pass_revoked"  # noqa: S105  # a guest's or a visitor's, and nothing else brings them here
    MEMBERSHIP_ENDED = "membership_ended"
    MEMBERSHIP_PAUSED = "membership_paused"
    MEMBERSHIP_OVERDUE = "membership_overdue"
    # lockdown
    LOCKDOWN = "lockdown"
    # grants, the nearest miss first
    OUTSIDE_HOURS = "outside_hours"
    BOOKING_TOO_EARLY = "booking_too_early"
    BOOKING_OVER = "booking_over"
    EVENT_NOT_STARTED = "event_not_started"
    EVENT_OVER = "event_over"
    EVENT_FULL = "event_full"
    TICKET_USED = "ticket_used"
    PASS_NOT_YET_VALID = "pass_not_yet_valid"  # noqa: S105  # a guest's or a visitor's
    PASS_OVER = "pass_over"  # noqa: S105
    QUOTA_USED_UP = "quota_used_up"
    NO_RIGHT = "no_right"
    # shared state
    ON_AIR = "on_air"
    INTERLOCK = "interlock"
    ANTI_PASSBACK = "anti_passback"
    OCCUPANCY_FULL = "occupancy_full"
    SECOND_PERSON_MISSING = "second_person_missing"
    # Never an answer of `decide`: the service's, when a restricted door's decision cannot be written down.
    LOG_UNAVAILABLE = "log_unavailable"
