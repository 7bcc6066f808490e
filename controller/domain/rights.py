"""What a decision is about: the read, what is known of whoever made it, and the closed list of refusals.

Values only; they are weighed in `access`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from controller.domain.building import Door, Space
from controller.domain.ids import DeviceId
from controller.domain.membership import Credential, Lease, Membership, Person


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


@dataclass(frozen=True, slots=True)
class Rights:
    """All that is known when a read is decided; None is "nobody knows it", which is an answer too."""

    space: Space
    door: Door | None
    credential: Credential | None
    person: Person | None
    memberships: tuple[Membership, ...] = ()
    leases: tuple[Lease, ...] = ()  # of the person's team


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
    # person
    BANNED = "banned"
    NO_MEMBERSHIP = "no_membership"
    MEMBERSHIP_ENDED = "membership_ended"
    MEMBERSHIP_PAUSED = "membership_paused"
    MEMBERSHIP_OVERDUE = "membership_overdue"
    # grants
    OUTSIDE_HOURS = "outside_hours"
    NO_RIGHT = "no_right"
    # Never an answer of `decide`: the service's, when a restricted door's decision cannot be written down.
    LOG_UNAVAILABLE = "log_unavailable"
