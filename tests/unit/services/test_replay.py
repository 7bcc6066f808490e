"""What is kept of a decision's inputs decides the same again, whatever was held; and it costs a tap next to nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.access import Denied, Read, Rights, decide
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import Booking
from controller.domain.house import ExtraHoliday, HouseState
from controller.domain.ids import AreaId, BookingId, DeviceId, PersonId, PlanId
from controller.domain.membership import Membership, Person
from controller.domain.rights import HostedGuest
from controller.domain.shared import PinEntry, Position, Shared
from controller.domain.usage import Usage
from controller.services.policy.plain_values import UnreadableError, from_plain, to_plain
from controller.services.policy.replay import BOOKINGS_KEPT, inputs_of, read_from, rights_from
from tests.oracle.worlds import World, world

random_worlds = st.randoms(use_true_random=False).map(world)
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def kept(read: Read, rights: Rights) -> Any:
    """The inputs as they come back from the log."""
    return json.loads(json.dumps(inputs_of(read, rights), allow_nan=False))


def again(read: Read, rights: Rights) -> Rights:
    return rights_from(kept(read, rights), rights.space, rights.door)


def check(asked: World) -> None:
    read, rights, at = asked
    if len(rights.bookings) > BOOKINGS_KEPT:
        return
    read = replace(read, received_at=at)
    assert decide(read, again(read, rights), at) == decide(read, rights, at)


@settings(max_examples=100, deadline=None)  # for a small world to look at; the many are in the next test
@given(random_worlds)
def test_a_decision_made_again_from_its_kept_inputs_is_the_same(asked: World) -> None:
    check(asked)


@pytest.mark.law
def test_a_thousand_worlds_decide_the_same_again() -> None:
    chance = Random("replay")
    for _ in range(1_000):
        check(world(chance))


def test_of_very_many_bookings_those_are_kept_that_can_matter() -> None:
    """Whoever books a room every day for a year still gets the same answer."""
    chance = Random("bookings")
    for _ in range(200):
        read, rights, at = world(chance)
        if rights.person is None:
            continue
        read = replace(read, received_at=at)
        every_day = tuple(
            Booking(
                BookingId(f"b{day}"),
                AreaId("room"),
                at + timedelta(days=day),
                at + timedelta(days=day, hours=1),
                rights.person.id,
            )
            for day in range(-100, 200)
        )
        rights = replace(rights, bookings=every_day)
        decided, replayed = decide(read, rights, at), decide(read, again(read, rights), at)

        assert len(kept(read, rights)["bookings"]) < BOOKINGS_KEPT
        if isinstance(decided, Denied) and isinstance(replayed, Denied):
            assert (decided.reason, decided.failed) == (replayed.reason, replayed.failed)
        else:
            assert decided == replayed


def test_no_name_and_nothing_of_a_badge_is_kept() -> None:
    chance = Random("names")
    for _ in range(200):
        read, rights, _ = world(chance)
        if rights.person is None:
            continue
        rights = replace(rights, person=replace(rights.person, name="Zoë Unmistakable"))
        said = json.dumps(inputs_of(read, rights), ensure_ascii=False)
        assert "Unmistakable" not in said
        assert '"name"' not in said


def test_what_is_at_its_default_is_not_written() -> None:
    person = Person(PersonId("alice"), "Alice")
    rights = Rights(
        None,  # type: ignore[arg-type]  # the policy is not kept
        None,
        None,
        person,
        memberships=(Membership(person.id, PlanId("full"), NOON.date()),),
    )

    assert inputs_of(read_at(NOON), rights) == {
        "person": {"id": "alice"},
        "memberships": ({"person": "alice", "plan": "full", "starts": "2026-11-23"},),
    }


def test_an_unknown_badge_has_no_inputs() -> None:
    assert inputs_of(read_at(NOON), Rights(None, None, None, None)) == {}  # type: ignore[arg-type]


def test_usage_shared_state_holidays_and_the_pin_come_back() -> None:
    rights = Rights(
        None,  # type: ignore[arg-type]
        None,
        None,
        Person(PersonId("bob"), ""),
        usage=Usage(
            quota_days=frozenset({NOON.date()}),
            day_passes_left=2,
            guest_days={NOON.date(): frozenset({PersonId("guest")})},
        ),
        shared=Shared(positions={"house": Position.IN}, last_entries={"house": NOON}, uncertain=frozenset({"house"})),  # type: ignore[dict-item,arg-type]
        house=HouseState(holidays=(ExtraHoliday(NOON.date(), ""),)),
    )
    inputs = kept(replace(read_at(NOON), pin=PinEntry.DURESS), rights)

    assert rights_from(inputs, None, None) == rights  # type: ignore[arg-type]
    assert read_from(fact_at(NOON), inputs).pin is PinEntry.DURESS


def test_modes_of_doors_are_no_part_of_a_decision() -> None:
    house = HouseState(fire=None, windows=())

    assert "house" not in inputs_of(read_at(NOON), Rights(None, None, None, None, house=house))  # type: ignore[arg-type]


def test_a_read_comes_back_from_its_fact() -> None:
    read = read_at(NOON)

    assert read_from(fact_at(NOON), {}) == read
    with pytest.raises(UnreadableError):
        read_from(replace(fact_at(NOON), detail={}), {})


@pytest.mark.parametrize(
    "damaged",
    [
        {"person": {"id": "alice", "kind": "king"}},
        {"person": 7},
        {"memberships": "none"},
        {"memberships": [{"plan": "full", "starts": "soon"}]},
        {"person": {}},
        {"usage": {"quota_days": "2026"}},
    ],
    ids=lambda damaged: json.dumps(damaged),
)
def test_damaged_inputs_are_told_apart_from_nothing(damaged: Any) -> None:
    with pytest.raises(UnreadableError):
        rights_from(damaged, None, None)  # type: ignore[arg-type]


def test_what_a_newer_version_wrote_beside_what_we_know_does_not_matter() -> None:
    found = rights_from({"person": {"id": "alice", "shoe_size": 42}}, None, None)  # type: ignore[arg-type]

    assert found.person == Person(PersonId("alice"), "")


def test_values_of_every_kind_that_rights_hold_come_back() -> None:
    chance = Random("values")
    for _ in range(300):
        rights = world(chance).rights
        for held in (*rights.bookings, *rights.tickets, *rights.guest_passes, *rights.visits):
            plain = json.loads(json.dumps(to_plain(held)))
            found = from_plain(type(held), plain)
            if not isinstance(held, HostedGuest) and not hasattr(held, "ticket"):
                assert found == held


def test_writing_the_inputs_costs_a_tap_next_to_nothing() -> None:
    """Some 10 µs on one core alone; ten times that is for a machine that does other things meanwhile."""
    chance = Random("speed")
    asked = [world(chance) for _ in range(50)]
    took = []
    for _ in range(40):
        for read, rights, _ in asked:
            began = perf_counter()
            inputs_of(read, rights)
            took.append(perf_counter() - began)
    assert sorted(took)[len(took) // 2] < 100e-6


def read_at(at: datetime) -> Read:
    return Read(DeviceId("reader"), "m1", at, at, 0.0)


def fact_at(at: datetime) -> Fact:
    detail: dict[str, Plain] = {"read_at": at.isoformat(), "age_s": 0.0, "direction": "in"}
    return Fact(FactKind.ENTRY_DENIED, at, device=DeviceId("reader"), message_id="m1", detail=detail)


def test_a_title_and_where_a_booking_came_from_are_not_kept() -> None:
    booked = Booking(
        BookingId("b-1"),
        AreaId("pine"),
        NOON,
        NOON + timedelta(hours=1),
        PersonId("ada"),
        title="Redundancies",
        origin="cal-1/x",
    )

    plain = to_plain(booked)

    assert "Redundancies" not in json.dumps(plain)
    assert "cal-1" not in json.dumps(plain)
    assert from_plain(Booking, plain) == replace(booked, title="", origin="")
