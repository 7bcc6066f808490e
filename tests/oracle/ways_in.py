"""Step 7 of the access rules: every way in that works now, and what each of the others misses by.

Told from the text alone, as all of the oracle: no order, no short cut, every source asked at each read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from controller.domain.building import Door, Plan
from controller.domain.holdings import BookingState, VisitingPass
from controller.domain.membership import (
    Membership,
    Person,
    PersonKind,
    Standing,
)
from controller.domain.rights import DenyReason, HostedGuest
from controller.domain.usage import Charge, ChargeKind
from tests.oracle import days
from tests.oracle.standing import Somebody

MINUTES = timedelta(minutes=1)

# The order of step 9: what costs the member least comes first.
COSTS = ("nothing", "lease", "booking", "event", "unlimited_plan", "quota_day", "day_pass", "pay_as_you_go")
# The order of step 7, for two that cost the same.
KINDS = ("staff", "lease", "booking", "event", "host", "plan", "guest", "visiting", "pay_as_you_go")
# The order of step 7's nearest miss.
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
# Refused for these, what would work without them is still told to staff.
STANDS_IN_THE_WAY = (
    DenyReason.BANNED,
    DenyReason.MEMBERSHIP_OVERDUE,
    DenyReason.MEMBERSHIP_PAUSED,
    DenyReason.MEMBERSHIP_ENDED,
)


@dataclass(frozen=True)
class Way:
    """One way in that works now."""

    kind: str
    cost: str
    charge: Charge | None = None


Found = Iterator[Way | DenyReason]


class WaysIn(Somebody):
    """All of somebody's ways in at one door."""

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
            elif held.is_inside and door.id in {event.path[0], *held.behind}:
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
        # What the pass itself says is counted from the day on which it begins; what its space agreed on, in all.
        first = days.business_day(visit.start, self.space)
        if visit.days is not None and len([day for day in used if day >= first]) >= visit.days:
            return True
        partner = self.space.partners.get(visit.partner)
        return partner is not None and partner.days is not None and len(used) >= partner.days
