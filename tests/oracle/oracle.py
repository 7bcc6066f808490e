"""The access rules told a second time: slow, plain, and from their text alone.

`answer` asks the nine steps of the page in their order and collects every way in there is. It knows the values that
describe a world and nothing of the code that decides; where both agree on many worlds, the text was understood.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.building import AtCapacity, Door, Passback, PinMode, Plan, Zone
from controller.domain.holdings import BookingState, PublicEvent, VisitingPass
from controller.domain.house import ScopeKind
from controller.domain.membership import (
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Right,
    Standing,
)
from controller.domain.rights import DenyReason, HostedGuest, Read, Rights
from controller.domain.shared import PinEntry, Position
from controller.domain.usage import Charge, ChargeKind
from tests.oracle import days

MINUTES = timedelta(minutes=1)

Told = tuple[str, ...] | tuple[str, str, str, Charge | None] | tuple[str, DenyReason, list[DenyReason]]
"""("granted", kind, cost, charge), ("denied", reason, every failing reason in order), or ("needs_pin",)."""

# The order of step 9: what costs the member least comes first.
COSTS = ("nothing", "lease", "booking", "event", "unlimited_plan", "quota_day", "day_pass", "pay_as_you_go")
# The order of step 7, for two that cost the same.
KINDS = ("staff", "lease", "booking", "event", "host", "plan", "guest", "visiting", "pay_as_you_go")
# The order of step 7's nearest miss.
STANDS_IN_THE_WAY = (
    DenyReason.BANNED,
    DenyReason.MEMBERSHIP_OVERDUE,
    DenyReason.MEMBERSHIP_PAUSED,
    DenyReason.MEMBERSHIP_ENDED,
)
MISSES = (
    DenyReason.OUTSIDE_HOURS,
    DenyReason.BOOKING_TOO_EARLY,
    DenyReason.BOOKING_OVER,
    DenyReason.EVENT_NOT_STARTED,
    DenyReason.EVENT_OVER,
    DenyReason.EVENT_FULL,
    DenyReason.TICKET_USED,
    DenyReason.PASS_NOT_YET_VALID,
    DenyReason.PASS_OVER,
    DenyReason.QUOTA_USED_UP,
    DenyReason.NO_RIGHT,
)


@dataclass(frozen=True)
class Way:
    """One way in that works now."""

    kind: str
    cost: str
    charge: Charge | None = None


Found = Iterator[Way | DenyReason]


def answer(read: Read, rights: Rights, at: datetime) -> Told:
    """What the rules say to this read."""
    return Reading(read, rights, at).answer()


class Reading:
    """One read, and everything that is known when it is decided."""

    def __init__(self, read: Read, rights: Rights, at: datetime) -> None:
        self.read = read
        self.rights = rights
        self.space = rights.space
        self.at = at
        self.today = days.business_day(at, rights.space)
        self.calendar = days.calendar_day(at, rights.space)

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

    # --- 5. the person --------------------------------------------------------------------------------

    def person(self) -> DenyReason | None:
        person = self.rights.person
        if person is None:
            return None  # nobody to ask about
        if person.banned:
            return DenyReason.BANNED
        if person.kind is PersonKind.STAFF:
            return None
        standing = self.standing(self.rights.memberships)
        if standing in (DenyReason.NO_MEMBERSHIP, DenyReason.MEMBERSHIP_ENDED) and self.holds_something_else():
            return None
        return standing

    def standing(self, memberships: tuple[Membership, ...]) -> DenyReason | None:
        """The best of several counts."""
        stands = {self.standing_of(each) for each in memberships}
        for standing, reason in (
            (Standing.ACTIVE, None),
            (Standing.OVERDUE, DenyReason.MEMBERSHIP_OVERDUE),
            (Standing.PAUSED, DenyReason.MEMBERSHIP_PAUSED),
            (Standing.ENDED, DenyReason.MEMBERSHIP_ENDED),
        ):
            if standing in stands:
                return reason
        return DenyReason.NO_MEMBERSHIP

    def standing_of(self, membership: Membership) -> Standing | None:
        """ACTIVE stands for grace too; None is a membership of the future, which counts for nothing."""
        if membership.ends is not None and self.today > membership.ends:
            return Standing.ENDED
        if self.calendar < membership.starts:
            return None
        if membership.standing is Standing.GRACE:
            return Standing.ACTIVE  # the books say so, whatever the bill
        if membership.standing is not Standing.ACTIVE:
            return membership.standing
        if membership.due_since is not None and membership.due_since <= self.calendar:
            grace = self.space.grace
            late = (self.today - membership.due_since).days >= grace.days
            if late or membership.due_cents > grace.cents:
                return Standing.OVERDUE
        return Standing.ACTIVE

    def is_current(self, held: Lease | Membership) -> bool:
        return held.starts <= self.calendar and (held.ends is None or self.today <= held.ends)

    def holds_something_else(self) -> bool:
        """Whether something other than a membership brings this person here, today or later; step 7 says when."""
        rights = self.rights
        # What was over before today began is history; what ended today still tells its holder so.
        today = days.occurrence(self.today, self.space.cut_off_minutes, self.space.zone, last=False)
        ends = [
            *(each.event.end for each in rights.tickets if not each.ticket.is_void),
            *(each.guest_pass.end for each in rights.guest_passes if not each.guest_pass.is_revoked),
            *(each.end for each in rights.visits if not each.is_revoked),
            *(each.end for each in rights.bookings if each.state is BookingState.BOOKED),
            *(each.end for each in rights.hosting),
        ]
        has_day_pass = self.today in rights.usage.day_pass_days or rights.usage.day_passes_left > 0
        has_lease = any(self.is_current(each) for each in rights.leases)
        return has_day_pass or has_lease or any(end > today for end in ends)

    def is_over(self, event: PublicEvent) -> bool:
        return self.at >= event.end or (event.ended_at is not None and self.at >= event.ended_at)

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

    # --- 7. grants, and 9. the cheapest of them -------------------------------------------------------

    def found(self) -> list[Way | DenyReason]:
        door, person = self.rights.door, self.rights.person
        if door is None or person is None:
            return []
        if person.kind is PersonKind.STAFF:
            return [Way("staff", "nothing")]
        if door.staff_only:
            return [DenyReason.NO_RIGHT]
        return [
            *self.by_lease(door),
            *self.by_booking(door, person),
            *self.by_ticket(door),
            *self.by_hosting(door),
            *self.by_plan(door, person),
            *self.by_day_pass(door, person),
            *self.by_guest_pass(door, person),
            *self.by_visiting_pass(door, person),
            DenyReason.NO_RIGHT,
        ]

    def ways(self) -> list[Way]:
        return [each for each in self.found() if isinstance(each, Way)]

    def best_way(self) -> Way:
        return min(self.ways(), key=lambda way: (COSTS.index(way.cost), KINDS.index(way.kind)))

    def grants(self) -> DenyReason | None:
        misses = [each for each in self.found() if isinstance(each, DenyReason)]
        return None if self.ways() or not misses else min(misses, key=MISSES.index)

    def leads_to(self, door: Door, area: str) -> bool:
        """Whether it is a door into this area, or on the way to it."""
        return door.inner == area or door.id in self.space.ways.get(area, frozenset())  # type: ignore[call-overload]

    def by_lease(self, door: Door) -> Found:
        for lease in self.rights.leases:
            if self.is_current(lease) and self.leads_to(door, lease.area):
                yield Way("lease", "lease")

    def by_booking(self, door: Door, person: Person) -> Found:
        for booking in self.rights.bookings:
            if booking.state is not BookingState.BOOKED or not self.leads_to(door, booking.area):
                continue
            if person.id != booking.owner and person.id not in booking.participants:
                continue
            if door.inner == booking.area:
                opens, closes = booking.start - 10 * MINUTES, booking.end
                if booking.not_before is not None and booking.not_before > opens:
                    opens = booking.not_before
            else:
                opens, closes = booking.start - 15 * MINUTES, booking.end + 10 * MINUTES
            starts_on = booking.start.astimezone(self.space.zone).date()
            area = self.space.areas[booking.area]
            if not booking.holiday_confirmed and starts_on in days.holidays_at(self.space, self.rights.house, area):
                yield DenyReason.OUTSIDE_HOURS
            elif self.at < opens:
                yield DenyReason.BOOKING_TOO_EARLY
            elif self.at >= closes:
                yield DenyReason.BOOKING_OVER
            else:
                yield Way("booking", "booking", self.day_for_booking(door, person))

    def day_for_booking(self, door: Door, person: Person) -> Charge | None:
        """A booking opens by itself; it uses a day where the plan says so, there is one left, and days are counted at all."""
        plans, used = self.plans(self.rights.memberships), self.rights.usage.quota_days
        is_unlimited = any(plan.days_per_week is None and plan.kind != "day_pass" for plan in plans)
        if is_unlimited or self.today in used or not self.is_counted(door):
            return None
        for plan in plans:
            if plan.kind == "day_pass" or not plan.booking_uses_day or plan.days_per_week is None:
                continue
            if days.used_this_week(used, self.today) < plan.days_per_week:
                return Charge(ChargeKind.QUOTA_DAY, person.id, self.today, plan=plan.id)
        return None

    def by_ticket(self, door: Door) -> Found:
        for held in self.rights.tickets:
            event = held.event
            if held.ticket.is_void or door.id not in event.path:
                continue
            entered = event.host_entered_at is not None and event.host_entered_at <= self.at
            if self.is_over(event):
                yield DenyReason.EVENT_OVER
            elif self.at < event.start or not entered:
                yield DenyReason.EVENT_NOT_STARTED
            elif held.is_inside and door.id == event.path[0]:
                yield DenyReason.TICKET_USED
            elif held.heads >= event.capacity and not held.is_inside:
                yield DenyReason.EVENT_FULL
            else:
                yield Way("event", "event")

    def by_hosting(self, door: Door) -> Found:
        for event in self.rights.hosting:
            if door.id not in event.path:
                continue
            if self.is_over(event):
                yield DenyReason.EVENT_OVER
            elif self.at < event.start - 60 * MINUTES:
                yield DenyReason.EVENT_NOT_STARTED
            else:
                yield Way("host", "event")

    def plans(self, memberships: tuple[Membership, ...]) -> list[Plan]:
        """The plans that work today; of somebody refused for their standing alone, those that would work without it."""
        working = self.working_plans(memberships)
        if working or self.person() not in STANDS_IN_THE_WAY:
            return working
        current = [each for each in memberships if self.is_current(each) and each.standing is not Standing.ENDED]
        return [self.space.plans[each.plan] for each in current if each.plan in self.space.plans]

    def working_plans(self, memberships: tuple[Membership, ...]) -> list[Plan]:
        working = [each for each in memberships if self.standing_of(each) is Standing.ACTIVE]
        return [self.space.plans[each.plan] for each in working if each.plan in self.space.plans]

    def covers(self, plan: Plan, door: Door) -> bool:
        return door.inner in plan.areas

    def is_in_hours(self, plan: Plan, door: Door) -> bool:
        closed = days.holidays_at(self.space, self.rights.house, self.space.areas[door.inner])
        return days.is_open(self.space.schedules[plan.schedule], self.at, self.space.zone, closed)

    def is_counted(self, door: Door) -> bool:
        return self.space.areas[door.inner].counted

    def by_plan(self, door: Door, person: Person) -> Found:
        usage = self.rights.usage
        for plan in self.plans(self.rights.memberships):
            if not self.covers(plan, door):
                continue
            if not self.is_in_hours(plan, door):
                yield DenyReason.OUTSIDE_HOURS
            elif plan.kind == "day_pass":
                yield Way("plan", "day_pass")
            elif plan.days_per_week is None:
                yield Way("plan", "unlimited_plan")
            elif not self.is_counted(door) or self.today in usage.quota_days:
                yield Way("plan", "quota_day")
            elif days.used_this_week(usage.quota_days, self.today) < plan.days_per_week:
                yield Way("plan", "quota_day", Charge(ChargeKind.QUOTA_DAY, person.id, self.today, plan=plan.id))
            else:
                yield DenyReason.QUOTA_USED_UP
                if self.today in usage.pay_as_you_go_days:
                    yield Way("pay_as_you_go", "pay_as_you_go")
                elif person.pays_as_you_go:
                    charge = Charge(ChargeKind.PAY_AS_YOU_GO, person.id, self.today, plan=plan.id)
                    yield Way("pay_as_you_go", "pay_as_you_go", charge)

    def by_day_pass(self, door: Door, person: Person) -> Found:
        usage = self.rights.usage
        paid = self.today in usage.day_pass_days
        if not paid and usage.day_passes_left <= 0:
            return
        for plan in self.space.plans.values():
            if plan.kind != "day_pass" or not self.covers(plan, door):
                continue
            if not self.is_in_hours(plan, door):
                yield DenyReason.OUTSIDE_HOURS
            elif paid or not self.is_counted(door):
                yield Way("plan", "day_pass")
            else:
                yield Way("plan", "day_pass", Charge(ChargeKind.DAY_PASS, person.id, self.today, plan=plan.id))

    def by_guest_pass(self, door: Door, guest: Person) -> Found:
        """A guest goes where the host could go, in the window of the pass."""
        for hosted in self.rights.guest_passes:
            guest_pass, host = hosted.guest_pass, hosted.host
            leases = [each for each in hosted.host_leases if self.is_current(each)]
            standing = self.standing(hosted.host_memberships)
            excused = standing in (DenyReason.NO_MEMBERSHIP, DenyReason.MEMBERSHIP_ENDED) and leases
            if guest_pass.is_revoked or host.banned or (standing is not None and not excused):
                continue
            by_lease = any(self.leads_to(door, each.area) for each in leases)
            by_plan = [plan for plan in self.working_plans(hosted.host_memberships) if self.covers(plan, door)]
            in_hours = [plan for plan in by_plan if self.is_in_hours(plan, door)]
            if not by_lease and not by_plan:
                continue
            if self.at < guest_pass.start:
                yield DenyReason.PASS_NOT_YET_VALID
            elif self.at >= guest_pass.end:
                yield DenyReason.PASS_OVER
            elif not by_lease and not in_hours:
                yield DenyReason.OUTSIDE_HOURS
            else:
                # By the lease of an office, too, guests are counted on whatever plan the host has.
                counting = in_hours or self.working_plans(hosted.host_memberships)
                yield self.guest_day(hosted, door, guest, counting)

    def guest_day(self, hosted: HostedGuest, door: Door, guest: Person, plans: list[Plan]) -> Way | DenyReason:
        """The host's: each guest counts once a day, and the plan says how many there are in a calendar month."""
        usage, today = hosted.host_usage, self.today
        is_counted = guest.id in usage.guest_days.get(today, frozenset())
        has_come = is_counted and guest.id not in usage.guests_on_their_way
        if not self.is_counted(door) or has_come:
            return Way("guest", "quota_day")
        if not plans:
            return Way("guest", "quota_day", Charge(ChargeKind.GUEST_DAY, hosted.host.id, today, subject=guest.id))
        # Let in at one door and not come yet: this very guest is among those counted, and is charged whoever lets them in.
        used = days.guests_this_month(usage.guest_days, today) - is_counted
        for plan in plans:
            if plan.guest_days_per_month is None or used < plan.guest_days_per_month:
                charge = Charge(ChargeKind.GUEST_DAY, hosted.host.id, today, subject=guest.id, plan=plan.id)
                return Way("guest", "quota_day", charge)
        return DenyReason.QUOTA_USED_UP

    def by_visiting_pass(self, door: Door, person: Person) -> Found:
        used = self.rights.usage.visit_days
        for visit in self.rights.visits:
            plan = self.space.plans.get(visit.plan)
            if visit.is_revoked or plan is None or not self.covers(plan, door):
                continue
            if self.at < visit.start:
                yield DenyReason.PASS_NOT_YET_VALID
            elif self.at >= visit.end:
                yield DenyReason.PASS_OVER
            elif not self.is_in_hours(plan, door):
                yield DenyReason.OUTSIDE_HOURS
            elif not self.is_counted(door) or self.today in used:
                yield Way("visiting", "quota_day")
            elif self.has_visited_enough(visit, plan):
                yield DenyReason.QUOTA_USED_UP
            else:
                yield Way("visiting", "quota_day", Charge(ChargeKind.VISIT_DAY, person.id, self.today, plan=plan.id))

    def has_visited_enough(self, visit: VisitingPass, plan: Plan) -> bool:
        used = self.rights.usage.visit_days
        if plan.days_per_week is not None and days.used_this_week(used, self.today) >= plan.days_per_week:
            return True
        return visit.days is not None and len(used) >= visit.days

    # --- 8. shared state ------------------------------------------------------------------------------

    def shared(self) -> DenyReason | None:
        door, person, shared = self.rights.door, self.rights.person, self.rights.shared
        if door is None or person is None or self.read.direction == "out":
            return None
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
