"""The law of the access index: after any sequence of edits, by any writer, it equals an index built fresh."""

import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adapters.sql.registry import SqlRegistry
from controller.domain.building import Area, Room, RoomKind, Space
from controller.domain.holdings import Booking, GuestPass, PublicEvent, Ticket, VisitingPass
from controller.domain.house import ExtraHoliday, Scope, ScopeKind, Wanted, WindowOpened
from controller.domain.ids import (
    AreaId,
    BookingId,
    CohortId,
    CredentialId,
    DoorId,
    EventId,
    FloorId,
    PartnerId,
    PersonId,
    ScheduleId,
    TeamId,
    TicketId,
)
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Right,
    Standing,
    Team,
)
from controller.errors import InputError
from controller.services.entry.access_index import AccessIndex, refresh
from controller.services.people.people import Held, ImportPlan
from controller.services.stores import NewTicket
from tests.support.registries import DAY, FULL, NOON, SPRING, Kept, kept_in, opened

ROOMS = [AreaId("pine"), AreaId("oak")]
SPACE = Space(
    "house",
    "House",
    ZoneInfo("America/Los_Angeles"),
    "1",
    areas={
        id_: Area(id_, id_, FloorId("first"), room=Room(RoomKind.MEETING, bookable=True, buffer_minutes=10))
        for id_ in ROOMS
    },
)

# Few of everything, so that edits meet: a badge passes on, a room is booked twice, an event loses its tickets.
whom = st.sampled_from(["ada", "ben"] * 4 + ["cem"]).map(PersonId)  # there is no Cem before somebody puts her in
hours = st.integers(0, 3).map(lambda n: NOON + timedelta(hours=n))
plans = st.sampled_from([FULL.id, DAY.id])
teams = st.sampled_from(["atelier", "nord"]).map(TeamId)
cohorts = st.sampled_from(["spring", "autumn"]).map(CohortId)
digests = st.sampled_from([b"1" * 32, b"2" * 32, b"3" * 32])
scopes = st.sampled_from([Scope(), Scope(ScopeKind.FLOOR, "first"), Scope(ScopeKind.DOOR, "street")])
bookings = st.builds(
    lambda n, area, start, owner, others: Booking(
        BookingId(f"b{n}"), area, start, start + timedelta(hours=1), owner, frozenset(others)
    ),
    st.integers(0, 2), st.sampled_from(ROOMS), hours, whom, st.lists(whom, max_size=2),
)  # fmt: skip
events = st.builds(
    lambda n, host, start: PublicEvent(
        EventId(f"e{n}"), "Talk", host, ROOMS[0], (DoorId("street"),), start, start + timedelta(hours=2), 20
    ),
    st.integers(0, 1), whom, hours,
)  # fmt: skip
tickets = st.builds(
    lambda n, event, person, digest: NewTicket(
        Ticket(TicketId(f"t{n}"), EventId(f"e{event}"), person=person), digest, None if n else digest
    ),
    st.integers(0, 3), st.integers(0, 1), st.none() | whom, digests,
)  # fmt: skip
held = st.builds(
    lambda who, many, team: Held(
        Person(who, "New Name", team=team),
        tuple(Membership(who, plan, SPRING) for plan in many),
        (Credential(CredentialId(f"b-{who}"), who),),
        {f"badge of {who}".encode(): CredentialId(f"b-{who}")},
        {CredentialId(f"b-{who}"): f"list of {who}".encode()},
    ),
    whom, st.sets(plans), st.none() | st.just(TeamId("atelier")),
)  # fmt: skip

Edit = Callable[[Kept], Awaitable[object]]


def edit(make: Callable[..., Edit], *drawn: st.SearchStrategy[object]) -> st.SearchStrategy[Edit]:
    return st.tuples(*drawn).map(lambda values: make(*values))


async def imported(kept: Kept, one: Held) -> None:
    await kept.people.apply_import(ImportPlan(await kept.people.version(), (one,), {TeamId("atelier"): "Atelier"}))


PEOPLE = [
    edit(lambda one: lambda to: imported(to, one), held),
    edit(lambda who, kind, team: lambda to: to.people.put_person(Person(who, "N", kind, team=team)),
         whom, st.sampled_from(PersonKind), st.none() | teams),
    edit(lambda who, many: lambda to: to.people.put_person(Person(who, "C", cohorts=tuple(many))),
         whom, st.lists(cohorts, max_size=2)),
    edit(lambda who, rights: lambda to: to.people.set_rights(who, rights), whom, st.sets(st.sampled_from(Right))),
    edit(lambda who, yes: lambda to: to.people.set_banned(who, yes), whom, st.booleans()),
    edit(lambda who, standing: lambda to: to.people.set_standing(who, standing), whom, st.sampled_from(Standing)),
    edit(lambda who, plan: lambda to: to.people.set_bill(who, plan, SPRING, 100), whom, plans),
    edit(lambda who: lambda to: to.people.pay(who), whom),
    edit(lambda n, who, digest: lambda to: to.people.put_credential(
        Credential(CredentialId(f"pin-{n}"), who, CredentialKind.PIN), digest), st.integers(0, 1), whom, digests),
    edit(lambda who, state: lambda to: to.people.set_credential_state(CredentialId(f"b-{who}"), state),
         whom, st.sampled_from(CredentialState)),
    edit(lambda who: lambda to: to.people.remove_credential(CredentialId(f"b-{who}")), whom),
    edit(lambda team, plan: lambda to: to.people.put_team(Team(team, "T"), [Membership(None, plan, SPRING)]),
         teams, plans),
    edit(lambda id_, plan: lambda to: to.people.put_cohort(Cohort(id_, "C", plan, SPRING, date(2026, 6, 1))),
         cohorts, plans),
    edit(lambda id_: lambda to: to.people.remove_cohort(id_), cohorts),
    edit(lambda team, room: lambda to: to.people.put_lease(Lease(team, room, SPRING)), teams, st.sampled_from(ROOMS)),
    edit(lambda team, room: lambda to: to.people.remove_lease(team, room, SPRING), teams, st.sampled_from(ROOMS)),
]  # fmt: skip
BOOKINGS = [
    *[edit(lambda one: lambda to: to.bookings.put_booking(one), bookings)] * 3,
    edit(lambda many: lambda to: to.bookings.put_bookings(many), st.lists(bookings, min_size=1, max_size=2)),
    edit(lambda n: lambda to: to.bookings.cancel_booking(BookingId(f"b{n}")), st.integers(0, 3)),
    edit(lambda n, at: lambda to: to.bookings.release_booking(BookingId(f"b{n}"), at), st.integers(0, 3), hours),
]  # fmt: skip
EVENTS = [
    edit(lambda one: lambda to: to.events.put_event(one), events),
    edit(lambda n, at: lambda to: to.events.start_event(EventId(f"e{n}"), at), st.integers(0, 1), hours),
    edit(lambda n, at: lambda to: to.events.end_event(EventId(f"e{n}"), at), st.integers(0, 1), hours),
    edit(lambda many: lambda to: to.events.add_tickets(many), st.lists(tickets, min_size=1, max_size=2)),
    edit(lambda n: lambda to: to.events.void_ticket(TicketId(f"t{n}")), st.integers(0, 3)),
    edit(lambda n, who, at: lambda to: to.guests.put_guest_pass(
        GuestPass(f"g{n}", PersonId(f"guest-{n}"), who, at, at + timedelta(hours=1))), st.integers(0, 1), whom, hours),
    edit(lambda n: lambda to: to.guests.revoke_guest_pass(f"g{n}"), st.integers(0, 1)),
    edit(lambda n, at: lambda to: to.guests.record_visit(VisitingPass(
        f"v{n}", PartnerId("p"), PersonId(f"p/{n}"), FULL.id, at, at + timedelta(hours=1))), st.integers(0, 1), hours),
    edit(lambda n: lambda to: to.guests.revoke_pass(f"v{n}", "why", NOON), st.integers(0, 1)),
]  # fmt: skip
HOUSE = [
    edit(lambda scope: lambda to: to.house.begin_lockdown(scope, PersonId("ada"), "why", NOON), scopes),
    edit(lambda scope: lambda to: to.house.lift_lockdown(scope, PersonId("ada"), "why", NOON), scopes),
    edit(lambda: lambda to: to.house.set_fire(NOON, "panel")),
    edit(lambda: lambda to: to.house.clear_fire(NOON)),
    edit(lambda: lambda to: to.house.confirm_fire(PersonId("ada"), "why", NOON)),
    edit(lambda scope, wanted: lambda to: to.house.set_override(
        scope, wanted, NOON + timedelta(hours=1), PersonId("ada"), "why", NOON), scopes, st.sampled_from(Wanted)),
    edit(lambda scope: lambda to: to.house.end_override(scope, PersonId("ada"), "why", NOON), scopes),
    edit(lambda scope, at: lambda to: to.house.put_one_off(
        scope, Wanted.LOCKED, at, at + timedelta(hours=1), "why"), scopes, hours),
    edit(lambda n: lambda to: to.house.remove_one_off(f"exception-{n}"), st.integers(1, 3)),
    edit(lambda n: lambda to: to.house.put_holiday(ExtraHoliday(date(2026, 3, n), "H")), st.integers(1, 3)),
    edit(lambda n: lambda to: to.house.remove_holiday(date(2026, 3, n)), st.integers(1, 3)),
    edit(lambda at, who: lambda to: to.house.window_opened(
        WindowOpened(DoorId("street"), ScheduleId("s"), NOON, at, who)), hours, whom),
    edit(lambda at: lambda to: to.house.window_closed(DoorId("street"), ScheduleId("s"), NOON, at), hours),
]  # fmt: skip

# Of one kind at a time they meet more often than mixed; mixed, they must not disturb each other.
STEPS = st.sampled_from([PEOPLE, BOOKINGS, EVENTS, HOUSE, [*PEOPLE, *BOOKINGS, *EVENTS, *HOUSE]]).flatmap(
    lambda some: st.lists(st.tuples(st.one_of(some), st.booleans()), min_size=12, max_size=25)
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with Ada and Ben in it; examples work on copies, as making one costs more than all its edits."""
    folder = tmp_path_factory.mktemp("registry")
    async with opened("sqlite", folder):
        pass
    return folder / "natoma.db"


def copied(begun: Path) -> Path:
    """Whole: what is still in the log beside the file too."""
    copy = begun.with_name("copy.db")
    for left in begun.parent.glob("copy.db*"):
        left.unlink()
    with contextlib.closing(sqlite3.connect(begun)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


@settings(max_examples=25, deadline=None)  # other programs run on this machine too
@given(steps=STEPS)
async def test_an_index_that_followed_every_edit_equals_one_built_fresh(
    steps: list[tuple[Edit, bool]], begun: Path
) -> None:
    async with SqlRegistry(copied(begun), key_id="k1", now=lambda: NOON) as registry:
        kept = kept_in(registry)
        index = AccessIndex(SPACE, await registry.load())
        for step, looks in steps:
            before = await registry.version()
            try:
                await step(kept)
            except InputError:
                assert await registry.version() == before
            if looks:
                await refresh(index, registry)
        await refresh(index, registry)

        now = await registry.load()
        fresh = AccessIndex(SPACE, now)
        assert index.people == now
        assert index.holdings == fresh.holdings


async def test_what_the_followers_know_after_one_transaction_of_several_rooms(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path) as kept:
        index = AccessIndex(SPACE, await kept.people.load())
        first = Booking(BookingId("b1"), ROOMS[0], NOON, NOON + timedelta(hours=1), PersonId("ada"))
        next_one = replace(first, id=BookingId("b2"), start=first.end, end=first.end + timedelta(hours=1))

        await kept.bookings.put_bookings([next_one, first, replace(first, id=BookingId("b3"), area=ROOMS[1])])
        await refresh(index, kept.people)

        assert [one.not_before for one in index.holdings.rooms[ROOMS[0]]] == [None, first.end + timedelta(minutes=10)]
        assert [one.not_before for one in index.holdings.rooms[ROOMS[1]]] == [None]


async def test_a_follower_learns_how_doors_alone_know_a_new_ticket(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path) as kept:
        event = PublicEvent(
            EventId("e1"), "Talk", PersonId("ada"), ROOMS[0], (DoorId("street"),), NOON, NOON + timedelta(hours=2), 20
        )
        await kept.events.put_event(event)
        index = AccessIndex(SPACE, await kept.people.load())

        await kept.events.add_tickets([NewTicket(Ticket(TicketId("t1"), event.id), b"1" * 32, b"2" * 32)])
        await refresh(index, kept.people)

        assert index.people.list_digests[CredentialId("ticket:t1")] == b"2" * 32
