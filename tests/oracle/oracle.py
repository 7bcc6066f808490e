"""The access rules told a second time: slow, plain, and from their text alone.

`answer` asks the nine steps of the page in their order and collects every way in there is. It knows the values that
describe a world and nothing of the code that decides; where both agree on many worlds, the text was understood.
"""

from datetime import datetime, timedelta

from controller.domain.building import AtCapacity, Door, Passback, PinMode, Zone
from controller.domain.house import ScopeKind
from controller.domain.membership import (
    CredentialKind,
    CredentialState,
    Person,
    PersonKind,
    Right,
)
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.shared import PinEntry, Position
from controller.domain.usage import Charge
from tests.oracle.ways_in import WaysIn

Told = tuple[str, ...] | tuple[str, str, str, Charge | None] | tuple[str, DenyReason, list[DenyReason]]
"""("granted", kind, cost, charge), ("denied", reason, every failing reason in order), or ("needs_pin",)."""


def answer(read: Read, rights: Rights, at: datetime) -> Told:
    """What the rules say to this read."""
    return Reading(read, rights, at).answer()


class Reading(WaysIn):
    """One read, asked the steps in their order."""

    def answer(self) -> Told:
        if self.read.direction == "out" and self.message() is None and self.rights.door is not None:
            return ("granted", "exit", "nothing", None)
        before_pin = [self.message(), self.door(), self.credential()]
        pin = self.pin()
        if pin == "ask" and before_pin == [None, None, None]:
            return ("needs_pin",)
        steps = [
            *before_pin,
            pin if isinstance(pin, DenyReason) else None,
            self.person(),
            self.lockdown(),
            self.grants(),
            self.shared(),
        ]
        failing = [reason for reason in steps if reason is not None]
        if failing:
            return ("denied", failing[0], failing)
        best = self.best_way()
        return ("granted", best.kind, best.cost, best.charge)

    # --- 1. message, 2. door, 3. credential, 4. PIN ---------------------------------------------------

    def message(self) -> DenyReason | None:
        if self.read.retained or self.read.duplicate:
            return DenyReason.REPLAYED
        return DenyReason.STALE_READ if self.read.age_s > 5 else None

    def door(self) -> DenyReason | None:
        door = self.rights.door
        if door is None:
            return DenyReason.UNKNOWN_DOOR
        if not door.enabled:
            return DenyReason.DOOR_DISABLED
        return DenyReason.DOOR_IN_MAINTENANCE if door.in_maintenance else None

    def credential(self) -> DenyReason | None:
        credential = self.rights.credential
        door = self.rights.door
        if credential is None:
            # A PIN typed alone is not an unknown badge: what is wrong with it is told at step 4.
            typed_alone = door is not None and door.pin is PinMode.ALLOWED
            is_refused = self.read.pin in (PinEntry.WRONG, PinEntry.LOCKED_OUT)
            return None if typed_alone and is_refused else DenyReason.UNKNOWN_CREDENTIAL
        if credential.kind is CredentialKind.PIN and door is not None and door.pin is not PinMode.ALLOWED:
            return DenyReason.UNKNOWN_CREDENTIAL  # a PIN without a badge, where it takes a badge
        if credential.state is CredentialState.LOST:
            return DenyReason.CREDENTIAL_LOST
        if credential.state is CredentialState.BLOCKED:
            return DenyReason.CREDENTIAL_BLOCKED
        if credential.valid_from is not None and self.at < credential.valid_from:
            return DenyReason.CREDENTIAL_NOT_YET_VALID
        if credential.valid_until is not None and self.at >= credential.valid_until:
            return DenyReason.CREDENTIAL_EXPIRED
        return DenyReason.UNKNOWN_CREDENTIAL if self.rights.person is None else None

    def pin(self) -> DenyReason | str | None:
        match self.read.pin:
            case PinEntry.TIMEOUT:
                return DenyReason.PIN_TIMEOUT
            case PinEntry.WRONG:
                return DenyReason.PIN_WRONG
            case PinEntry.LOCKED_OUT:
                return DenyReason.PIN_LOCKED_OUT
            case PinEntry.RIGHT | PinEntry.DURESS:
                return None
        asks = self.rights.door is not None and self.rights.door.pin is PinMode.REQUIRED
        return "ask" if asks else None

    # --- 6. lockdown ----------------------------------------------------------------------------------

    def lockdown(self) -> DenyReason | None:
        door, person = self.rights.door, self.rights.person
        if door is None or person is None or Right.OVERRIDE_LOCKDOWN in person.rights:
            return None
        for lockdown in self.rights.house.lockdowns:
            scope = lockdown.scope
            reaches = {
                ScopeKind.SPACE: True,
                ScopeKind.FLOOR: scope.id == door.floor,
                ScopeKind.ZONE: scope.id in self.space.areas[door.inner].zones,
                ScopeKind.DOOR: scope.id == door.id,
            }
            if reaches[scope.kind]:
                return DenyReason.LOCKDOWN
        return None

    # --- 8. shared state ------------------------------------------------------------------------------

    def shared(self) -> DenyReason | None:
        door, person, shared = self.rights.door, self.rights.person, self.rights.shared
        if door is None or person is None or self.read.direction == "out":
            return None
        # The booth: while on air only the holder, the participants and staff enter.
        is_on_air = shared.on_air_until is not None and self.at < shared.on_air_until
        if is_on_air and person.kind is not PersonKind.STAFF and person.id not in shared.on_air_for:
            return DenyReason.ON_AIR
        if door.interlock is not None and shared.interlocked_with is not None:
            return DenyReason.INTERLOCK
        zones = self.zones_entered(door)
        if any(self.passed_back(zone, person) for zone in zones):
            return DenyReason.ANTI_PASSBACK
        for zone in zones:
            denies = zone.capacity is not None and zone.at_capacity is AtCapacity.DENY
            if denies and shared.counts.get(zone.id, 0) >= zone.capacity:  # type: ignore[operator]
                return DenyReason.OCCUPANCY_FULL
        if door.two_person and shared.first_person in (None, person.id):
            return DenyReason.SECOND_PERSON_MISSING
        return None

    def zones_entered(self, door: Door) -> list[Zone]:
        """Those of the area behind the door that the area before it is not in."""
        before = self.space.areas[door.outer].zones if door.outer in self.space.areas else frozenset()
        entered = self.space.areas[door.inner].zones - before
        return [self.space.zones[each] for each in entered if each in self.space.zones]

    def passed_back(self, zone: Zone, person: Person) -> bool:
        shared = self.rights.shared
        if person.kind is PersonKind.STAFF or person.needs_time:
            return False
        if zone.passback is Passback.HARD:
            return zone.id not in shared.uncertain and shared.positions.get(zone.id) is Position.IN
        if zone.passback is Passback.TIMED and zone.id in shared.last_entries:
            return self.at - shared.last_entries[zone.id] < timedelta(seconds=zone.passback_s)
        return False
