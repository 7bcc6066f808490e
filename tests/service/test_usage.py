"""The books: counted at once, in the ledger once, and right again after any end of the process."""

import asyncio
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.access import Cost, Denied, Failing, Grant, Granted, GrantKind, Read, Step, decide
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import GuestPass, VisitingPass
from controller.domain.ids import CredentialId, PartnerId, PersonId, PlanId
from controller.domain.membership import Credential, Membership, Person, PersonKind
from controller.domain.reservations import charge_as_plain
from controller.domain.rights import DenyReason, HostedGuest, Rights
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow, Usage
from controller.errors import StoreError
from controller.services.entry.usage import LOOK_EVERY, RESERVED_FOR, UsageBook, settled
from controller.services.ports import LoggedFact
from tests.support.memory import MemoryEventLog
from tests.support.services import ALICE, NOON, SPACE, STREET, HandClock, LoopClock

MONDAY = date(2026, 11, 23)
DAY = Charge(ChargeKind.QUOTA_DAY, ALICE.id, MONDAY)
PASS = Charge(ChargeKind.DAY_PASS, ALICE.id, MONDAY)
DAYS = timedelta(days=1)
GUS = PersonId("gus")
TAP = Read(STREET.unit, "tap", NOON, NOON, 0.0)
TAKEN, NOT_TAKEN, GRANTED = FactKind.ENTRY_TAKEN, FactKind.ENTRY_NOT_TAKEN, FactKind.ENTRY_GRANTED


class ListLedger:
    """The Ledger port over a list."""

    def __init__(self) -> None:
        self.rows: list[LedgerRow] = []
        self.at: int | None = None
        self.failure: StoreError | None = None
        self.loaded = 0

    async def version(self) -> int:
        return len(self.rows)

    async def load(self, since: date) -> list[LedgerRow]:
        self.loaded += 1
        await asyncio.sleep(0.001)
        return [row for row in self.rows if row.charge.day >= since or row.charge.kind is ChargeKind.DAY_PASS]

    async def cursor(self) -> int | None:
        return self.at

    async def append(self, rows, cursor: int | None = None) -> list[bool]:
        if self.failure is not None:
            raise self.failure
        new = []
        for row in rows:
            used = {one.charge for one in self.rows if one.entry is LedgerEntry.USED}
            new.append(row.entry is not LedgerEntry.USED or row.charge not in used)
            if new[-1]:
                self.rows.append(row)
        self.at = self.at if cursor is None else max(self.at or 0, cursor)
        return new


class Desk:
    """A book, its stores, and facts as they happen. `dies` leaves only the stores."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.ledger = ListLedger()
        self.log = MemoryEventLog()
        self.book = self._book()

    def _book(self) -> UsageBook:
        return UsageBook(self.ledger, self.log, lambda: SPACE, self.clock)

    async def dies(self) -> None:
        self.book = self._book()
        await self.book.load()

    def happens(self, kind: FactKind, charge: Charge | None = None, tap: str = "read-1", *, kept: bool = True) -> None:
        detail = {"charge": charge_as_plain(charge)} if charge is not None else {}
        fact = Fact(kind, self.clock.now(), door=STREET.id, person=ALICE.id, correlation=tap, detail=detail)
        if kept:
            self.log.append(fact)
        self.book.took(LoggedFact(len(self.log.facts), fact))

    def taps(self, charge: Charge, tap: str = "read-1") -> None:
        """A read is granted."""
        self.book.reserve(charge, tap)

    async def passes(self, seconds: float) -> None:
        """Time passes, with the book at work and looking each second."""
        running = asyncio.get_running_loop().create_task(self.book.run())
        for _ in range(round(seconds)):
            await asyncio.sleep(1.0)
            self.book.look()
        running.cancel()


@pytest.fixture
async def desk():
    one = Desk()
    await one.book.load()
    return one


async def test_a_grant_uses_nothing_and_only_going_in_does(desk):
    desk.taps(DAY)
    granted = desk.book.of(ALICE.id)
    desk.happens(NOT_TAKEN)

    assert (granted, desk.book.of(ALICE.id)) == (Usage(), Usage())


async def test_of_two_reads_the_second_pays_when_the_first_does_not_go_in(desk):
    desk.taps(DAY, "read-1")
    desk.taps(DAY, "read-2")
    desk.happens(NOT_TAKEN, tap="read-1")
    desk.happens(TAKEN, DAY, "read-2")
    await desk.passes(1)

    assert [row.charge for row in desk.ledger.rows] == [DAY]


async def test_a_confirmed_entry_counts_at_once_and_is_in_the_ledger_a_moment_later(desk):
    desk.taps(DAY, "read-1")
    desk.happens(TAKEN, DAY)
    at_once, rows = desk.book.of(ALICE.id).quota_days, list(desk.ledger.rows)
    await desk.passes(1)

    assert (at_once, rows) == ({MONDAY}, [])
    (row,) = desk.ledger.rows
    assert (row.entry, row.charge, row.correlation) == (LedgerEntry.USED, DAY, "read-1")


async def test_check_and_count_are_one_step_two_doors_at_once_use_one_day(desk):
    for number in range(50):
        desk.taps(DAY, f"read-{number}")
    for number in range(50):
        desk.happens(TAKEN if number % 2 else NOT_TAKEN, DAY if number % 2 else None, f"read-{number}")
    await desk.passes(1)

    assert desk.book.of(ALICE.id).quota_days == {MONDAY}
    assert len(desk.ledger.rows) == 1


GUEST = Charge(ChargeKind.GUEST_DAY, ALICE.id, MONDAY, subject=PersonId("gus"))


async def test_one_read_that_is_not_taken_frees_no_other(desk):
    desk.taps(GUEST, "read-1")
    desk.taps(GUEST, "read-2")
    desk.happens(NOT_TAKEN, tap="read-1")

    assert desk.book.of(ALICE.id).guest_days == {MONDAY: {"gus"}}


async def test_parallel_guests_never_over_count_the_hosts_guest_days(desk):
    guests = [PersonId(f"guest-{number}") for number in range(3)]
    seen = []
    for guest in guests:
        charge = Charge(ChargeKind.GUEST_DAY, ALICE.id, MONDAY, subject=guest)
        seen.append(len(desk.book.of(ALICE.id).guest_days.get(MONDAY, ())))
        desk.taps(charge, guest)

    assert seen == [0, 1, 2]
    assert desk.book.of(ALICE.id).guest_days == {MONDAY: frozenset(guests)}


async def test_the_last_day_pass_is_used_once_by_reads_at_two_doors(desk):
    await desk.ledger.append([LedgerRow(LedgerEntry.BOUGHT, PASS, NOON)])
    await desk.passes(1)
    for tap in ("read-1", "read-2"):
        desk.taps(PASS, tap)
        desk.happens(TAKEN, PASS, tap)

    usage = desk.book.of(ALICE.id)
    assert (usage.day_passes_left, usage.day_pass_days) == (0, {MONDAY})


async def test_a_repeat_frees_its_own_reservation_and_not_that_of_the_first_read(desk):
    desk.taps(GUEST)
    desk.taps(GUEST)
    desk.book.released(GUEST, "read-1")

    assert desk.book.of(ALICE.id).guest_days == {MONDAY: {"gus"}}


async def test_a_reservation_no_door_answers_for_ends_by_itself(desk):
    desk.taps(GUEST)
    await desk.passes(RESERVED_FOR - 2)
    before = desk.book.of(ALICE.id).guest_days
    await desk.passes(3)

    assert (before, desk.book.of(ALICE.id).guest_days) == ({MONDAY: {"gus"}}, {})


async def test_a_log_older_than_the_ledger_is_not_read():
    desk = Desk()
    desk.happens(TAKEN, DAY)  # no log is like this; whoever read it would find the charge
    desk.happens(TAKEN)

    await desk.book.load()

    assert (desk.ledger.at, desk.ledger.rows, desk.ledger.loaded) == (2, [], 1)


async def test_the_first_entry_of_a_new_house_outlives_a_kill(desk):
    at_first = desk.ledger.at
    desk.happens(TAKEN, DAY)
    await desk.dies()

    assert at_first == 0
    assert [row.charge for row in desk.ledger.rows] == [DAY]


@pytest.mark.parametrize("when", ["before the ledger", "after the ledger"])
async def test_after_a_kill_nothing_is_missing_and_nothing_is_twice(desk, when):
    desk.happens(TAKEN, DAY)
    if when == "after the ledger":
        await desk.passes(1)
    await desk.dies()
    await desk.passes(1)
    await desk.dies()

    assert [row.charge for row in desk.ledger.rows] == [DAY]
    assert desk.book.of(ALICE.id).quota_days == {MONDAY}


async def test_what_the_log_could_not_take_yet_still_counts_and_is_written_when_it_can(desk):
    desk.happens(TAKEN, DAY, kept=False)
    await desk.passes(3)
    waiting = list(desk.ledger.rows)
    desk.happens(TAKEN, DAY)
    await desk.passes(1)

    assert (waiting, len(desk.ledger.rows)) == ([], 1)


async def test_a_ledger_that_cannot_be_written_costs_nobody_anything(desk):
    desk.ledger.failure = StoreError("natoma.db: the disk is full")
    desk.happens(TAKEN, DAY)
    await desk.passes(5)
    counted = desk.book.of(ALICE.id).quota_days
    desk.ledger.failure = None
    await desk.passes(1)

    assert (counted, len(desk.ledger.rows)) == ({MONDAY}, 1)


async def test_refunds_and_waivers_are_new_rows_and_count_within_a_second(desk):
    desk.happens(TAKEN, DAY)
    await desk.passes(1)
    await desk.ledger.append([LedgerRow(LedgerEntry.REFUNDED, DAY, NOON, -1, "hera", "no heating")])
    await desk.passes(1)

    usage = desk.book.of(ALICE.id)
    assert usage.quota_days - usage.free_days == frozenset()
    assert [row.entry for row in desk.ledger.rows] == [LedgerEntry.USED, LedgerEntry.REFUNDED]


async def test_its_own_rows_are_not_read_again(desk):
    for number in range(10):
        desk.happens(TAKEN, replace(DAY, holder=PersonId(f"member-{number}")), f"read-{number}")
        await desk.passes(1)

    assert desk.ledger.loaded == 1


async def test_an_entry_during_the_reading_of_the_books_is_not_lost(desk):
    await desk.ledger.append([LedgerRow(LedgerEntry.BOUGHT, PASS, NOON)])
    reading = asyncio.get_running_loop().create_task(desk.book.run())
    await asyncio.sleep(LOOK_EVERY + 0.0005)  # in the middle of it
    desk.happens(TAKEN, DAY)
    desk.taps(GUEST, "read-2")
    await asyncio.sleep(1.0)
    reading.cancel()

    usage = desk.book.of(ALICE.id)
    assert (usage.quota_days, usage.guest_days, usage.day_passes_left) == ({MONDAY}, {MONDAY: {"gus"}}, 1)


async def test_two_in_the_morning_belongs_to_yesterday_and_the_week_goes_on(desk):
    desk.happens(TAKEN, DAY)
    await desk.ledger.append([LedgerRow(LedgerEntry.WAIVED, replace(DAY, day=MONDAY), NOON)])
    await desk.passes(1)
    on_the_day = desk.book.of(ALICE.id).quota_days
    await asyncio.sleep(timedelta(hours=14).total_seconds())  # 02:00
    desk.book.look()
    at_two = desk.book.of(ALICE.id).quota_days
    await asyncio.sleep(timedelta(hours=2).total_seconds())  # the cut-off
    desk.book.look()

    assert (on_the_day, at_two, desk.book.of(ALICE.id).quota_days) == ({MONDAY}, {MONDAY}, frozenset())


async def test_a_log_full_of_entries_that_cost_nothing_is_not_read_again_at_every_start(desk):
    for number in range(6_000):
        desk.happens(TAKEN, tap=f"read-{number}")
    await desk.passes(1)

    assert desk.ledger.at > 5_000


async def test_asking_what_somebody_used_costs_under_three_microseconds(desk):
    desk.happens(TAKEN, DAY)
    asked, costs = 1_000, []

    for _ in range(20):
        began = time.perf_counter()
        for _ in range(asked):
            desk.book.of(ALICE.id)
        costs.append((time.perf_counter() - began) / asked)

    assert min(costs) < 3e-6  # the quietest moment: whatever else runs beside it only adds to the others


# --- whatever order things happen in ---------------------------------------------------------------------------------


class Fortnight:
    """A member of two days a week and the guests of a host with three a month, at two doors, in any order."""

    def __init__(self) -> None:
        self.clock = HandClock(NOON - timedelta(hours=1))
        self.book = UsageBook(ListLedger(), MemoryEventLog(), lambda: QUOTA_SPACE, self.clock)
        self.waiting: list[tuple[Charge | None, date, PersonId]] = []
        self.entered: set[tuple[PersonId, date]] = set()
        self.taps = 0

    def reads(self, who: PersonId) -> None:
        is_guest = who != ALICE.id
        window = GuestPass("g", who, ALICE.id, NOON - timedelta(days=1), NOON + timedelta(days=30))
        usage = self.book.of(ALICE.id)
        rights = Rights(
            QUOTA_SPACE,
            STREET,
            Credential(CredentialId("badge"), who),
            Person(who, who, PersonKind.GUEST) if is_guest else ALICE,
            () if is_guest else OF_TWO_DAYS.memberships,
            guest_passes=(HostedGuest(window, ALICE, OF_TWO_DAYS.memberships, (), usage),) if is_guest else (),
            usage=Usage() if is_guest else usage,
        )
        now = self.clock.now()
        decision = decide(Read(STREET.unit, "tap", now, now, 0.0), rights, now)
        if isinstance(decision, Granted):
            if decision.grant.charge is not None:
                self.book.reserve(decision.grant.charge, f"tap-{self.taps}")
            self.waiting.append((decision.grant.charge, now.date(), who))
            self.taps += 1
        else:
            self.waiting.append((None, date.min, who))
            self.taps += 1

    def doors_tell(self, number: int, kind: FactKind) -> None:
        charge, day, who = self.waiting[number]
        if day == date.min:
            return
        self.waiting[number] = (None, date.min, who)
        detail = {"charge": charge_as_plain(charge)} if charge is not None else {}
        fact = Fact(kind, self.clock.now(), door=STREET.id, correlation=f"tap-{number}", detail=detail)
        self.book.took(LoggedFact(number, fact))
        if kind is TAKEN:
            self.entered.add((who, day))

    def a_day_passes(self) -> None:
        for number in range(len(self.waiting)):
            self.doors_tell(number, NOT_TAKEN)
        self.clock.advance(86_400)
        self.book.look()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reads"), st.sampled_from([ALICE.id, PersonId("gus"), PersonId("gil")])),
        st.tuples(st.just("taken"), st.integers(0, 30)),
        st.tuples(st.just("not taken"), st.integers(0, 30)),
        st.tuples(st.just("a day passes"), st.just(0)),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS)
def test_a_quota_is_never_over_counted_by_parallel_reads(steps):
    fortnight = Fortnight()
    for what, which in steps:
        if what == "reads":
            fortnight.reads(which)
        elif what == "a day passes":
            fortnight.a_day_passes()
        elif which < len(fortnight.waiting):
            fortnight.doors_tell(which, TAKEN if what == "taken" else NOT_TAKEN)
    fortnight.a_day_passes()

    usage = fortnight.book.of(ALICE.id)
    came = {day for who, day in fortnight.entered if who == ALICE.id}
    weeks = [day.isocalendar().week for day in usage.quota_days]
    assert came == usage.quota_days
    assert all(weeks.count(week) <= 2 for week in weeks)
    guests = {(guest, day) for day, who in usage.guest_days.items() for guest in who}
    assert guests == {(who, day) for who, day in fortnight.entered if who != ALICE.id}
    assert sum(day.month == MONDAY.month for _, day in guests) <= 3


def gus_may_enter(book: UsageBook) -> Rights:
    """Gus by Alice's invitation."""
    window = GuestPass("g", GUS, ALICE.id, NOON - timedelta(days=1), NOON + timedelta(days=1))
    hosted = HostedGuest(window, ALICE, OF_TWO_DAYS.memberships, (), book.of(ALICE.id))
    return replace(OF_TWO_DAYS, person=Person(GUS, "Gus", PersonKind.GUEST), memberships=(), guest_passes=(hosted,))


def alice_may_enter(book: UsageBook, **more: object) -> Rights:
    """Alice, who has used up her week, by whatever `more` she has."""
    used = replace(book.of(ALICE.id), quota_days=frozenset({MONDAY + DAYS, MONDAY + 2 * DAYS}))
    return replace(OF_TWO_DAYS, usage=used, **more)


def alice_may_visit(book: UsageBook) -> Rights:
    visit = VisitingPass("v", PartnerId("trudaine"), ALICE.id, QUOTA, NOON, NOON + timedelta(days=1), days=1)
    return replace(OF_TWO_DAYS, memberships=(), visits=(visit,), usage=book.of(ALICE.id))


@pytest.mark.parametrize("opens", [0, 1], ids=["the first door opens", "the second door opens"])
@pytest.mark.parametrize(
    ("may_enter", "kind"),
    [
        pytest.param(gus_may_enter, ChargeKind.GUEST_DAY, id="a guest"),
        pytest.param(alice_may_visit, ChargeKind.VISIT_DAY, id="a visitor"),
        pytest.param(alice_may_enter, ChargeKind.DAY_PASS, id="a day pass"),
        pytest.param(
            lambda book: alice_may_enter(book, person=replace(ALICE, pays_as_you_go=True)),
            ChargeKind.PAY_AS_YOU_GO,
            id="pay as you go",
        ),
    ],
)
async def test_who_taps_at_two_doors_is_charged_once_whichever_of_them_opens(desk, may_enter, kind, opens):
    desk.book = UsageBook(desk.ledger, desk.log, lambda: DAY_PASS_SPACE, desk.clock)
    if kind is ChargeKind.DAY_PASS:
        await desk.ledger.append([LedgerRow(LedgerEntry.BOUGHT, PASS, NOON)])
    await desk.book.load()
    taps = []
    for tap in ("read-0", "read-1"):
        decision = decide(TAP, replace(may_enter(desk.book), space=DAY_PASS_SPACE), NOON)
        assert isinstance(decision, Granted)
        assert decision.grant.charge is not None
        desk.taps(decision.grant.charge, tap)
        taps.append(decision.grant.charge)
    for number, charge in enumerate(taps):
        desk.happens(TAKEN if number == opens else NOT_TAKEN, charge, f"read-{number}")
    await desk.passes(1)

    assert [row.charge.kind for row in desk.ledger.rows if row.entry is LedgerEntry.USED] == [kind]
    again = decide(TAP, replace(may_enter(desk.book), space=DAY_PASS_SPACE), NOON)
    assert isinstance(again, Granted)
    assert again.grant.charge is None


# --- what doors decided alone ----------------------------------------------------------------------------------------

LOCAL = Fact(FactKind.LOCAL_GRANTED, NOON, door=STREET.id, person=ALICE.id, message_id="m-1", detail={"rev": 4})
RIGHTS = Rights(SPACE, STREET, None, ALICE)
QUOTA, A_DAY = PlanId("two-days"), PlanId("day-pass")
QUOTA_SPACE = replace(
    SPACE,
    plans={
        **SPACE.plans,
        QUOTA: replace(next(iter(SPACE.plans.values())), id=QUOTA, days_per_week=2, guest_days_per_month=3),
    },
)
OF_TWO_DAYS = replace(
    RIGHTS,
    space=QUOTA_SPACE,
    credential=Credential(CredentialId("badge"), ALICE.id),
    memberships=(Membership(ALICE.id, QUOTA, date(2026, 1, 1)),),
)
DAY_PASS_SPACE = replace(
    QUOTA_SPACE,
    plans={QUOTA: QUOTA_SPACE.plans[QUOTA], A_DAY: replace(QUOTA_SPACE.plans[QUOTA], id=A_DAY, kind="day_pass")},
)


def granted(charge: Charge | None) -> Granted:
    return Granted(Grant(GrantKind.PLAN, cost=Cost.QUOTA_DAY, charge=charge), 5.0)


def test_an_offline_entry_uses_the_quota_left():
    (fact,) = settled(LOCAL, OF_TWO_DAYS, granted(DAY))

    assert fact.detail == {"rev": 4, "charge": {"kind": "quota_day", "holder": "alice", "day": "2026-11-23"}}


async def test_an_offline_entry_is_counted_when_it_is_replayed(desk):
    (fact,) = settled(replace(LOCAL, kind=FactKind.ENTRY_TAKEN), OF_TWO_DAYS, granted(DAY))
    desk.log.append(fact)
    desk.book.took(LoggedFact(1, fact))
    await desk.passes(1)

    assert [row.charge for row in desk.ledger.rows] == [DAY]


@pytest.mark.parametrize(
    ("rights", "decision"),
    [
        (OF_TWO_DAYS, Denied(DenyReason.QUOTA_USED_UP, (Failing(Step.GRANTS, DenyReason.QUOTA_USED_UP),))),
        (OF_TWO_DAYS, granted(PASS)),
        (RIGHTS, granted(replace(DAY, kind=ChargeKind.PAY_AS_YOU_GO))),
    ],
    ids=["nothing left", "would take a pass kept for another day", "would make a bill"],
)
def test_overshoot_is_flagged_never_charged_silently(rights, decision):
    local, flagged = settled(LOCAL, rights, decision)

    assert "charge" not in local.detail
    assert (flagged.kind, flagged.person, flagged.at) == (FactKind.QUOTA_OVERSHOT, ALICE.id, NOON)
    assert flagged.detail == {"day": "2026-11-23"}


def test_who_has_nothing_but_passes_uses_one_offline_too():
    (fact,) = settled(LOCAL, RIGHTS, granted(PASS))

    assert "charge" in fact.detail


def test_a_pass_paid_for_the_day_covers_a_second_offline_entry():
    rights = replace(OF_TWO_DAYS, usage=Usage(day_pass_days=frozenset({MONDAY})))

    (fact,) = settled(LOCAL, rights, granted(PASS))

    assert fact.kind is FactKind.LOCAL_GRANTED


@pytest.mark.parametrize(
    "decision", [granted(None), Denied(DenyReason.BANNED, ())], ids=["unlimited", "banned meanwhile"]
)
def test_what_costs_nothing_offline_is_recorded_as_it_was(decision):
    assert settled(LOCAL, RIGHTS, decision) == (LOCAL,)
