"""Random people at random doors of the small house, holding anything there is: for the laws of access.

`anything` is mostly refused, for one reason or several; in `likely` worlds one thing alone decides.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from controller.domain.access import Rights
from controller.domain.building import AtCapacity, Passback, PinMode, Space, Zone
from controller.domain.holdings import Booking, BookingState, GuestPass, PublicEvent, VisitingPass
from controller.domain.house import ExtraHoliday, HouseState, Lockdown, Scope, ScopeKind
from controller.domain.ids import CredentialId, DoorId, PartnerId, PersonId, PlanId, ZoneId
from controller.domain.membership import CredentialState, Membership, Person, PersonKind, Right, Standing
from controller.domain.rights import HostedGuest
from controller.domain.shared import NOTHING_SHARED, Position, Shared
from controller.domain.standing import local_day
from controller.domain.usage import Usage
from tests.unit.domain.asking import booking, evening, ticket, with_plans
from tests.unit.domain.house import (
    ALICE,
    CHRISTMAS,
    DAY_PASS,
    FLOOR,
    FULL,
    HOST,
    LANDING,
    LOBBY,
    NOON,
    OFFICE,
    OFFICE_DOOR,
    RUNNERS,
    SF,
    SPACE,
    STREET,
    TWO_DAYS,
    badge_of,
    lease,
    local,
    member,
    read,
)

HOUSE, UPSTAIRS = ZoneId("house"), ZoneId("upstairs")
BOB = Person(PersonId("bob"), "Bob")


def _world_space() -> Space:
    space = with_plans(full_time={"guest_days_per_month": 2}, two_days={"booking_uses_day": True})
    areas = {
        **SPACE.areas,
        LOBBY: replace(SPACE.areas[LOBBY], zones=frozenset({HOUSE})),
        FLOOR: replace(SPACE.areas[FLOOR], zones=frozenset({HOUSE, UPSTAIRS})),
        OFFICE: replace(SPACE.areas[OFFICE], zones=frozenset({HOUSE, UPSTAIRS}), counted=False),
    }
    return replace(
        space,
        areas=areas,
        holiday_zones={CHRISTMAS: frozenset({UPSTAIRS})},
        zones={
            HOUSE: Zone(HOUSE, passback=Passback.SOFT, capacity=5),
            UPSTAIRS: Zone(UPSTAIRS, passback=Passback.HARD, capacity=3, at_capacity=AtCapacity.DENY),
        },
    )


WORLD = _world_space()
PLANS = [FULL, TWO_DAYS, DAY_PASS, RUNNERS, PlanId("gone")]

# Twelve weeks with both a clock change and the holidays in them.
moments = st.datetimes(datetime(2026, 10, 25), datetime(2027, 1, 5)).map(lambda wall: local(wall.isoformat()))
# Hours at which things begin and end, and some in between.
rounded = st.builds(
    lambda day, hour, minute: local(f"{day}T{hour:02}:{minute:02}"),
    st.dates(date(2026, 11, 23), date(2026, 12, 2)),
    st.sampled_from([3, 8, 9, 10, 12, 14, 15, 19, 23]),
    st.sampled_from([0, 15, 30, 50]),
)
lengths = st.sampled_from([timedelta(minutes=30), timedelta(hours=3), timedelta(days=2), timedelta(days=20)])
dates = st.dates(date(2026, 10, 1), date(2027, 1, 31))
near_dates = st.dates(date(2026, 11, 15), date(2026, 12, 10))
some_days = st.frozensets(near_dates, max_size=6)


def memberships(standings: st.SearchStrategy[Standing], *, least: int) -> st.SearchStrategy[tuple[Membership, ...]]:
    return st.lists(
        st.builds(
            replace,
            st.sampled_from([member(plan) for plan in PLANS]),
            starts=st.just(date(2026, 1, 1)) | dates,
            ends=st.none() | dates,
            standing=standings,
            due_since=st.none() | st.none() | st.none() | near_dates,
            due_cents=st.sampled_from([100, 20_000, 30_000]),
        ),
        min_size=least,
        max_size=3,
    ).map(tuple)


mostly_good = st.sampled_from([Standing.ACTIVE, Standing.ACTIVE, Standing.ACTIVE, *Standing])
leases = st.lists(
    st.builds(replace, st.sampled_from([lease(), lease(FLOOR)]), starts=dates, ends=st.none() | dates), max_size=1
).map(tuple)
bookings = st.lists(
    st.builds(
        lambda start, length, buffer, **more: replace(
            booking(),
            start=start,
            end=start + length,
            not_before=None if buffer is None else start + buffer,
            **more,
        ),
        rounded,
        st.sampled_from([timedelta(hours=4), timedelta(minutes=30), timedelta(hours=12)]),
        st.sampled_from([None, None, timedelta(minutes=-5), timedelta(minutes=5)]),
        area=st.sampled_from([OFFICE, OFFICE, FLOOR]),
        owner=st.sampled_from([ALICE.id, ALICE.id, BOB.id]),
        state=st.sampled_from([BookingState.BOOKED, BookingState.BOOKED, *BookingState]),
        holiday_confirmed=st.booleans(),
    ),
    max_size=2,
).map(tuple)
events = st.builds(
    lambda start, length, host_before, **more: evening(
        start=start,
        end=start + length,
        host_entered_at=None if host_before is None else start - host_before,
        **more,
    ),
    rounded,
    st.sampled_from([timedelta(hours=6), timedelta(hours=2), timedelta(hours=12)]),
    st.sampled_from([None, timedelta(minutes=20), timedelta(minutes=-10)]),
    host=st.sampled_from([ALICE.id, HOST.id]),
    ended_at=st.none() | st.none() | rounded,
)
tickets = st.lists(
    st.builds(
        lambda event, heads, inside, behind: ticket(
            event, heads=heads, is_inside=inside, behind=frozenset(event.path[-1:]) if behind else frozenset()
        ),
        events,
        st.sampled_from([0, 30]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=1,
).map(tuple)
usages = st.builds(
    Usage,
    quota_days=some_days,
    day_pass_days=st.frozensets(near_dates, max_size=1),
    day_passes_left=st.sampled_from([0, 0, 0, 1]),
    pay_as_you_go_days=st.frozensets(near_dates, max_size=1),
    visit_days=some_days,
    guest_days=st.dictionaries(near_dates, st.frozensets(st.sampled_from([ALICE.id, BOB.id])), max_size=3),
)
guest_passes = st.lists(
    st.builds(
        lambda start, length, revoked, banned, held, leased, usage: HostedGuest(
            GuestPass("g1", ALICE.id, BOB.id, start, start + length, revoked),
            replace(BOB, banned=banned),
            held,
            leased,
            usage,
        ),
        rounded,
        lengths,
        st.sampled_from([False, False, True]),
        st.sampled_from([False, False, False, True]),
        memberships(mostly_good, least=0),
        leases,
        usages,
    ),
    max_size=1,
).map(tuple)
visits = st.lists(
    st.builds(
        lambda start, length, plan, days, revoked: VisitingPass(
            "v1", PartnerId("trudaine"), ALICE.id, plan, start, start + length, days, revoked
        ),
        rounded,
        lengths,
        st.sampled_from([FULL, TWO_DAYS]),
        st.sampled_from([None, 1, 3]),
        st.sampled_from([False, False, True]),
    ),
    max_size=1,
).map(tuple)
lockdowns = st.builds(
    lambda scope: (Lockdown("l", scope, NOON, HOST.id, "why"),),
    st.sampled_from([Scope(), Scope(ScopeKind.DOOR, STREET.id), Scope(ScopeKind.ZONE, UPSTAIRS)]),
)
quiet_houses = st.builds(
    HouseState, holidays=st.just(()) | st.builds(lambda day: (ExtraHoliday(day, "x"),), near_dates)
)
houses = st.builds(replace, quiet_houses, lockdowns=st.just(()) | lockdowns)
shared = st.builds(
    Shared,
    positions=st.dictionaries(st.sampled_from([HOUSE, UPSTAIRS]), st.sampled_from(Position)),
    counts=st.dictionaries(st.sampled_from([HOUSE, UPSTAIRS]), st.integers(0, 6)),
    uncertain=st.frozensets(st.sampled_from([HOUSE, UPSTAIRS]), max_size=1),
    interlocked_with=st.sampled_from([None, DoorId("landing")]),
    first_person=st.sampled_from([None, ALICE.id, BOB.id]),
    on_air_until=st.none() | moments,
    on_air_for=st.frozensets(st.sampled_from([ALICE.id, BOB.id]), max_size=1),
)
people = st.builds(
    replace,
    st.just(ALICE),
    kind=st.sampled_from(PersonKind),
    banned=st.booleans(),
    needs_time=st.booleans(),
    rights=st.sampled_from([frozenset[Right](), frozenset({Right.OVERRIDE_LOCKDOWN})]),
    pays_as_you_go=st.booleans(),
)
credentials = st.builds(
    replace,
    st.just(badge_of(ALICE)),
    id=st.just(CredentialId("badge")),
    state=st.sampled_from(CredentialState),
    valid_from=st.none() | moments,
    valid_until=st.none() | moments,
)
doors = st.builds(
    replace,
    st.sampled_from(list(SPACE.doors.values())),
    enabled=st.booleans(),
    in_maintenance=st.booleans(),
    pin=st.sampled_from(PinMode),
    two_person=st.booleans(),
    interlock=st.sampled_from([None, "airlock"]),
)
anything = st.builds(
    Rights,
    st.just(WORLD),
    st.none() | doors,
    st.none() | credentials,
    st.none() | people,
    memberships(st.sampled_from(Standing), least=0),
    leases,
    bookings,
    tickets,
    guest_passes,
    visits,
    usages,
    houses,
    shared,
    st.lists(events, max_size=1).map(tuple),
)
likely = st.builds(
    Rights,
    st.just(WORLD),
    st.sampled_from([STREET, STREET, LANDING, OFFICE_DOOR]),
    st.sampled_from(range(8)).flatmap(
        lambda n: (
            credentials.map(lambda badge: replace(badge, state=CredentialState.ACTIVE))
            if n == 7
            else st.just(badge_of(ALICE))
        )
    ),
    st.just(ALICE) | st.just(replace(ALICE, pays_as_you_go=True)),
    memberships(mostly_good, least=0),
    leases,
    bookings,
    tickets,
    guest_passes,
    visits,
    usages,
    quiet_houses,
    st.just(NOTHING_SHARED),
    st.lists(events, max_size=1).map(tuple),
)
reads = st.builds(
    replace,
    st.just(read()),
    age_s=st.sampled_from([0.0, 4.9, 5.1, 600.0]),
    retained=st.booleans(),
    duplicate=st.booleans(),
    direction=st.sampled_from(["in", "out"]),
)
near_moments = st.builds(
    lambda at, seconds: at + timedelta(seconds=seconds), rounded, st.sampled_from([0, 0, 1, -1, 600, 3_599])
)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Rights, datetime]:
    """A likely world, and a moment at or about which something in it begins or ends."""
    world = draw(likely)
    windows: list[Booking | PublicEvent | GuestPass | VisitingPass] = [
        *world.bookings,
        *(held.event for held in world.tickets),
        *world.hosting,
        *(held.guest_pass for held in world.guest_passes),
        *world.visits,
    ]
    edges = [each.start for each in windows] + [each.end for each in windows]
    if not edges:
        return world, draw(moments | near_moments)
    after = draw(st.sampled_from([60, 0, -60, 600, -600, -900, 3_600, 40_000, 80_000, -80_000]))
    return world, draw(st.sampled_from(edges)) + timedelta(seconds=after)


def until(world: Rights, at: datetime) -> Rights:
    """The same with nothing used on a day that has yet to come."""
    today = local_day(at, SF, WORLD.cut_off_minutes).business

    def past(usage: Usage) -> Usage:
        return Usage(
            frozenset(day for day in usage.quota_days if day <= today),
            frozenset(day for day in usage.day_pass_days if day <= today),
            usage.day_passes_left,
            frozenset(day for day in usage.pay_as_you_go_days if day <= today),
            frozenset(day for day in usage.visit_days if day <= today),
            {day: who for day, who in usage.guest_days.items() if day <= today},
        )

    hosts = tuple(replace(each, host_usage=past(each.host_usage)) for each in world.guest_passes)
    return replace(world, usage=past(world.usage), guest_passes=hosts)
