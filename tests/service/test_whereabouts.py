"""What people share at doors: followed as it happens, gathered for one read, remembered over a restart."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.access import Denied, Failing, Grant, Granted, GrantKind, Step
from controller.domain.building import Passback, Zone
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import CredentialId, DoorId, PersonId, ZoneId
from controller.domain.membership import Person, Right
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.shared import NOTHING_SHARED, Position
from controller.errors import InputError
from controller.services.entry.shared_state import BESIDE_THE_RELEASE, ON_THE_WAY_FOR, First, SharedState
from controller.services.entry.whereabouts import LOOK_EVERY, Following, forgiven, recalled
from controller.services.ports import LoggedFact
from tests.support.memory import MemoryEventLog
from tests.support.services import ALICE, ALICES_BADGE, LAB, LAB_DOOR, NOON, SPACE, STREET, HandClock, LoopClock

BOB = Person(PersonId("bob"), "Bob")
HERA = Person(PersonId("hera"), "Hera", rights=frozenset({Right.FORGIVE}))
PEOPLE = {person.id: person for person in (ALICE, BOB, HERA)}
CLEAN = ZoneId("clean")
TAKEN = FactKind.ENTRY_TAKEN
# A lab that counts heads, behind an interlock, for two at a time; a door to it from the street as well.
LAB_ZONE = Zone(CLEAN, "Clean room", Passback.HARD, capacity=3)
YARD = replace(STREET, id=DoorId("yard"), unit=SPACE.devices["door-street"].id, inner=LAB, readers=())
LAB_PAIR = replace(LAB_DOOR, interlock="lock", two_person=True)
HOUSE = replace(
    SPACE,
    areas={**SPACE.areas, LAB: replace(SPACE.areas[LAB], zones=frozenset({CLEAN}))},
    doors={STREET.id: STREET, LAB_PAIR.id: LAB_PAIR, YARD.id: replace(YARD, interlock="lock")},
    zones={CLEAN: LAB_ZONE},
)


class Desk:
    """The shared state of a house whose doors a test opens and takes offline by hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.space = HOUSE
        self.following = Following(lambda: self.space, self.clock)
        self.offline: set[str] = set()
        self.open: set[str] = set()
        self.state = SharedState(
            lambda: self.space,
            self.following.whereabouts,
            is_online=lambda unit: unit not in self.offline,
            is_shut=lambda door: door not in self.open,
            clock=self.clock,
        )

    def happens(self, kind: FactKind, person: PersonId | None = None, tap: str | None = None, door=LAB_PAIR) -> None:
        detail = {"credential": ALICES_BADGE.id} if person == ALICE.id else {}
        fact = Fact(kind, self.clock.now(), door=door.id, person=person, correlation=tap, detail=detail)
        logged = LoggedFact(1, fact)
        self.following.took(logged)
        self.state.took(logged)

    def decides(
        self, person: Person, tap: str, decision: Granted | Denied, door=LAB_PAIR, direction="in"
    ) -> First | None:
        now = self.clock.now()
        read = Read(door.unit, tap, now, now, 0.0, direction=direction)
        shared = self.state.for_read(door, person)
        return self.state.decided(read, Rights(self.space, door, None, person, shared=shared), decision)

    def seen_by(self, person: Person | None = ALICE, door=LAB_PAIR, badge=ALICES_BADGE):
        return self.state.for_read(door, person, badge)


GRANTED = Granted(Grant(GrantKind.PLAN), 5.0)
ALONE = Denied(
    DenyReason.SECOND_PERSON_MISSING,
    (Failing(Step.SHARED, DenyReason.SECOND_PERSON_MISSING),),
    as_first=Grant(GrantKind.LEASE, "office"),
)


@pytest.fixture
def desk():
    return Desk()


def test_a_door_without_rules_shares_nothing(desk):
    assert desk.seen_by(door=STREET) is NOTHING_SHARED


def test_positions_and_last_entries_are_of_the_zones_come_into(desk):
    before = desk.seen_by()
    desk.happens(TAKEN, ALICE.id)

    assert before.positions == {CLEAN: Position.UNKNOWN}
    assert (desk.seen_by().positions, desk.seen_by(BOB).positions) == (
        {CLEAN: Position.IN},
        {CLEAN: Position.UNKNOWN},
    )
    assert desk.seen_by().last_entries == {CLEAN: NOON}
    assert desk.seen_by(badge=replace(ALICES_BADGE, id=CredentialId("spare"))).last_entries == {}
    assert desk.seen_by(badge=None).last_entries == {}


def test_an_unknown_badge_has_no_position(desk):
    assert desk.seen_by(None).positions == {}


@pytest.mark.parametrize("unit", [LAB_PAIR.unit, YARD.unit])
def test_if_any_door_of_the_zone_is_offline_the_zone_is_uncertain(desk, unit):
    online = desk.seen_by().uncertain
    desk.offline.add(unit)

    assert (online, desk.seen_by().uncertain) == (frozenset(), {CLEAN})


def test_people_on_their_way_in_count_against_the_cap(desk):
    desk.happens(TAKEN, PersonId("carol"))
    for number in range(3):
        desk.decides(Person(PersonId(f"member-{number}"), "M"), f"read-{number}", GRANTED)
    four = desk.seen_by().counts
    desk.happens(FactKind.ENTRY_NOT_TAKEN, PersonId("member-0"), "read-0")
    desk.happens(TAKEN, PersonId("member-1"), "read-1")

    assert (four, desk.seen_by().counts) == ({CLEAN: 4}, {CLEAN: 3})


def test_nobody_stands_in_their_own_way(desk):
    desk.decides(ALICE, "read-1", GRANTED)

    assert (desk.seen_by(ALICE).counts, desk.seen_by(BOB).counts) == ({CLEAN: 0}, {CLEAN: 1})


def test_who_never_came_is_forgotten(desk):
    desk.decides(ALICE, "read-1", GRANTED)
    desk.clock.advance(ON_THE_WAY_FOR + 1)
    desk.state.look()

    assert desk.seen_by(BOB).counts == {CLEAN: 0}


def test_a_grant_that_came_to_nothing_takes_no_place(desk):
    desk.decides(ALICE, "read-1", GRANTED)
    desk.state.released("read-1")

    assert desk.seen_by(BOB).counts == {CLEAN: 0}


def test_interlock_another_door_of_the_group_that_is_not_shut_is_named(desk):
    shut = desk.seen_by().interlocked_with
    desk.open.add(YARD.id)

    assert (shut, desk.seen_by().interlocked_with) == (None, YARD.id)
    assert desk.seen_by(door=HOUSE.doors[YARD.id]).interlocked_with is None


@pytest.mark.parametrize("direction", ["in", "out"])
def test_interlock_two_reads_at_once_open_one_door(desk, direction):
    desk.decides(ALICE, "read-1", GRANTED, door=HOUSE.doors[YARD.id], direction=direction)
    at_once = desk.seen_by(BOB).interlocked_with
    desk.clock.advance(GRANTED.hold_s)
    as_it_relocks = desk.seen_by(BOB).interlocked_with
    desk.clock.advance(BESIDE_THE_RELEASE)

    assert (at_once, as_it_relocks, desk.seen_by(BOB).interlocked_with) == (YARD.id, YARD.id, None)


@pytest.mark.parametrize(
    ("direction", "kind"), [("in", TAKEN), ("in", FactKind.ENTRY_NOT_TAKEN), ("out", FactKind.DOOR_CLOSED)]
)
def test_interlock_the_next_door_need_not_wait_once_the_first_is_done_with(desk, direction, kind):
    yard = HOUSE.doors[YARD.id]
    desk.decides(ALICE, "read-1", GRANTED, door=yard, direction=direction)
    desk.happens(kind, tap="read-1", door=yard)

    assert desk.seen_by(BOB).interlocked_with is None


def test_two_persons_the_first_is_remembered_for_fifteen_seconds(desk):
    desk.decides(ALICE, "read-1", ALONE)
    desk.clock.advance(14.9)
    in_time = desk.seen_by(BOB).first_person
    desk.clock.advance(0.2)

    assert (in_time, desk.seen_by(BOB).first_person) == (ALICE.id, None)


def test_two_persons_who_came_in_are_no_longer_waiting(desk):
    desk.decides(ALICE, "read-1", ALONE)
    first = desk.decides(BOB, "read-2", GRANTED)

    assert desk.seen_by(Person(PersonId("carol"), "Carol")).first_person is None
    assert (first.person, first.correlation, first.grant) == (ALICE.id, "read-1", ALONE.as_first)


def test_two_persons_both_count_as_on_the_way_until_each_went_in(desk):
    desk.decides(ALICE, "read-1", ALONE)
    alone = desk.state.coming_in()
    desk.decides(BOB, "read-2", GRANTED)
    both = desk.state.coming_in(), desk.seen_by(None).counts
    desk.happens(TAKEN, ALICE.id, "read-1")
    one = desk.state.coming_in()
    desk.happens(TAKEN, BOB.id, "read-2")

    assert alone == frozenset()
    assert both == ({ALICE.id, BOB.id}, {CLEAN: 2})
    assert (one, desk.state.coming_in(), desk.seen_by(None).counts) == ({BOB.id}, frozenset(), {CLEAN: 2})


def test_two_persons_need_two_places(desk):
    desk.decides(ALICE, "read-1", ALONE)

    assert (desk.seen_by(ALICE).counts, desk.seen_by(BOB).counts) == ({CLEAN: 0}, {CLEAN: 1})


def test_two_persons_who_waited_too_long_goes_in_with_nobody(desk):
    desk.decides(ALICE, "read-1", ALONE)
    desk.clock.advance(15.1)

    assert desk.decides(BOB, "read-2", GRANTED) is None


def test_two_persons_who_was_refused_for_another_reason_is_no_first_one(desk):
    desk.decides(ALICE, "read-1", Denied(DenyReason.NO_RIGHT, ()))

    assert desk.seen_by(BOB).first_person is None


def test_another_version_of_the_space_counts_at_the_next_read(desk):
    desk.space = replace(HOUSE, zones={}, doors={LAB_DOOR.id: LAB_DOOR})

    assert desk.seen_by(door=LAB_DOOR) is NOTHING_SHARED


# --- following --------------------------------------------------------------------------------------------------------


def test_reset_nightly_at_the_day_cut_off(desk):
    desk.happens(TAKEN, ALICE.id)
    desk.clock.advance(timedelta(hours=15, minutes=59).total_seconds())
    desk.following.look()
    before = desk.seen_by().positions
    desk.clock.advance(60)
    desk.following.look()

    assert (before, desk.seen_by().positions) == ({CLEAN: Position.IN}, {CLEAN: Position.UNKNOWN})


def test_after_a_restart_today_is_known_again_and_yesterday_is_not(desk):
    facts = [
        Fact(TAKEN, NOON - timedelta(days=1), door=LAB_PAIR.id, person=BOB.id),
        Fact(TAKEN, NOON - timedelta(hours=1), door=LAB_PAIR.id, person=ALICE.id),
    ]
    desk.following.recall(LoggedFact(place, fact) for place, fact in enumerate(facts, 1))

    assert (desk.seen_by(ALICE).positions, desk.seen_by(BOB).positions) == (
        {CLEAN: Position.IN},
        {CLEAN: Position.UNKNOWN},
    )


async def test_recalled_reads_back_as_far_as_the_cut_off_and_no_further():
    log = MemoryEventLog()
    await log.append_all([Fact(TAKEN, NOON + timedelta(seconds=second)) for second in range(1_200)])

    facts = await recalled(log, NOON + timedelta(seconds=100))

    assert (len(facts), facts[0].position, facts[-1].position) == (1_100, 101, 1_200)


async def test_forgive_typed_in_another_process_reaches_this_one_within_a_second():
    clock, log, told = LoopClock(), MemoryEventLog(), []
    log.append(Fact(FactKind.WHEREABOUTS_FORGIVEN, clock.now(), person=BOB.id))  # before our time
    following = Following(lambda: HOUSE, clock)
    following.recall(await log.latest())
    following.took(LoggedFact(2, Fact(TAKEN, clock.now(), door=LAB_PAIR.id, person=ALICE.id)))
    running = asyncio.get_running_loop().create_task(following.run(log, told.append))
    await asyncio.sleep(1.0)
    nothing_yet = list(told)
    fact = forgiven(PEOPLE, "Alice", "hera", "left with Bob", clock.now())
    log.append(Fact(TAKEN, clock.now(), door=LAB_PAIR.id))  # our own: heard of already
    log.append(fact)
    await asyncio.sleep(LOOK_EVERY * 2)
    running.cancel()

    assert (nothing_yet, told) == ([], [fact])
    assert (fact.person, fact.detail) == (ALICE.id, {"by": "hera", "reason": "left with Bob"})


@pytest.mark.parametrize(
    ("who", "by", "reason", "words"),
    [
        ("alise", "hera", "left", "PERSON: nobody here is 'alise' — did you mean "),
        ("alice", "hero", "left", "--by: nobody here is 'hero' — did you mean "),
        ("alice", "bob", "left", "Bob may not forgive (right forgive) — ask Hera"),
        ("alice", "hera", "  ", "--reason: is empty"),
    ],
    ids=["nobody", "by nobody", "without the right", "without a reason"],
)
def test_forgive_refuses_what_makes_no_sense(who, by, reason, words):
    with pytest.raises(InputError) as refused:
        forgiven(PEOPLE, who, by, reason, NOON)

    assert words in str(refused.value)
