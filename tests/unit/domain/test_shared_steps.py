"""What the people inside share: on air, interlock, anti-passback, occupancy, two persons."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from controller.domain.access import Denied, DenyReason, Failing, Granted, GrantKind, Miss, Rights, Step
from controller.domain.building import AtCapacity, Door, Passback, Zone
from controller.domain.ids import OUTSIDE, AreaId, PersonId, ZoneId
from controller.domain.membership import Person
from controller.domain.shared import Position, Shared
from tests.unit.domain.asking import answer, decided, failing
from tests.unit.domain.house import (
    ALICE,
    FLOOR,
    HOST,
    LANDING,
    LOBBY,
    NIGHT,
    NOON,
    SPACE,
    STAIRS,
    STREET,
    member,
    read,
    rights,
)

HOUSE, UPSTAIRS = ZoneId("house"), ZoneId("upstairs")
BOB = PersonId("bob")


def zoned(*rules: Zone, at: Door = STREET, person: Person = ALICE, **shared: object) -> Rights:
    """The whole house is a zone, and the floor one more; `shared` is what is known of those inside."""
    of: Mapping[AreaId, frozenset[ZoneId]] = {
        LOBBY: frozenset({HOUSE}),
        STAIRS: frozenset({HOUSE}),
        FLOOR: frozenset({HOUSE, UPSTAIRS}),
    }
    areas = {id_: replace(area, zones=of.get(id_, frozenset())) for id_, area in SPACE.areas.items()}
    space = replace(SPACE, areas=areas, zones={rule.id: rule for rule in rules})
    held = rights(member(), at=at, person=person, space=space)
    return replace(held, shared=replace(Shared(), **shared))  # type: ignore[arg-type]


def passback(kind: Passback, zone: ZoneId = HOUSE, seconds: float = 10.0) -> Zone:
    return Zone(zone, passback=kind, passback_s=seconds)


# --- on air -------------------------------------------------------------------------------------------

SOON = NOON + timedelta(minutes=30)


def on_air(*people: PersonId, until: datetime = SOON, **more: object) -> Rights:
    return zoned(on_air_until=until, on_air_for=frozenset(people), **more)  # type: ignore[arg-type]


def test_while_it_is_on_air_only_its_people_and_staff_come_in() -> None:
    assert answer(on_air(BOB)) == DenyReason.ON_AIR
    assert answer(on_air(ALICE.id, BOB)) == GrantKind.PLAN
    assert answer(on_air(BOB, person=HOST)) == GrantKind.STAFF
    assert answer(on_air(BOB, until=NOON)) == GrantKind.PLAN


def test_whoever_is_refused_is_told_when_it_is_over() -> None:
    decision = decided(on_air(BOB))

    assert isinstance(decision, Denied)
    assert decision.miss == Miss(DenyReason.ON_AIR, SOON)


def test_who_may_not_come_in_anyway_is_told_when_both_are_over() -> None:
    hours_end_first = on_air(BOB, until=NIGHT + timedelta(days=1))

    decision = decided(hours_end_first, NIGHT)

    assert isinstance(decision, Denied)
    assert [each.reason for each in decision.failed] == [DenyReason.OUTSIDE_HOURS, DenyReason.ON_AIR]
    assert decision.miss is not None
    assert decision.miss.next_time is not None
    assert decision.miss.next_time >= NIGHT + timedelta(days=1)


def test_nobody_is_kept_in_a_booth_on_air() -> None:
    leaving = decided(on_air(BOB), read_=replace(read(), direction="out"))

    assert isinstance(leaving, Granted)


# --- anti-passback ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Passback.HARD, Passback.SOFT])
@pytest.mark.parametrize(
    "position",
    [pytest.param(Position.OUT, id="out"), pytest.param(Position.UNKNOWN, id="unknown allows either way")],
)
def test_who_is_out_or_unknown_enters(kind: Passback, position: Position) -> None:
    decision = decided(zoned(passback(kind), positions={HOUSE: position}))

    assert isinstance(decision, Granted)
    assert decision.soft == ()


def test_a_zone_nobody_has_a_position_in_is_unknown() -> None:
    assert answer(zoned(passback(Passback.HARD))) == GrantKind.PLAN


def test_hard_passback_denies_who_is_in() -> None:
    assert answer(zoned(passback(Passback.HARD), positions={HOUSE: Position.IN})) == DenyReason.ANTI_PASSBACK


def test_soft_passback_grants_and_tells_staff() -> None:
    decision = decided(zoned(passback(Passback.SOFT), positions={HOUSE: Position.IN}))

    assert isinstance(decision, Granted)
    assert decision.soft == (DenyReason.ANTI_PASSBACK,)


def test_passback_that_is_off_says_nothing() -> None:
    decision = decided(zoned(passback(Passback.OFF), positions={HOUSE: Position.IN}))

    assert isinstance(decision, Granted)
    assert decision.soft == ()


def test_with_a_door_of_the_zone_offline_hard_becomes_soft_and_says_so() -> None:
    held = zoned(passback(Passback.HARD), positions={HOUSE: Position.IN}, uncertain=frozenset({HOUSE}))

    decision = decided(held)

    assert isinstance(decision, Granted)
    assert decision.soft == (DenyReason.ANTI_PASSBACK,)


@pytest.mark.parametrize(
    ("ago_s", "expected"),
    [
        pytest.param(0.0, DenyReason.ANTI_PASSBACK, id="at once"),
        pytest.param(9.999, DenyReason.ANTI_PASSBACK, id="within the seconds"),
        pytest.param(10.0, GrantKind.PLAN, id="after them"),
    ],
)
def test_timed_passback_denies_the_same_badge_for_its_seconds(ago_s: float, expected: object) -> None:
    last = {HOUSE: NOON - timedelta(seconds=ago_s)}

    assert answer(zoned(passback(Passback.TIMED), last_entries=last)) == expected


def test_timed_passback_is_ten_seconds_by_default_and_tells_when_it_is_over() -> None:
    last = {HOUSE: NOON - timedelta(seconds=4)}
    decision = decided(zoned(Zone(HOUSE, passback=Passback.TIMED), last_entries=last))

    assert decision == Denied(
        DenyReason.ANTI_PASSBACK,
        (Failing(Step.SHARED, DenyReason.ANTI_PASSBACK),),
        Miss(DenyReason.ANTI_PASSBACK, NOON + timedelta(seconds=6)),
    )


def test_timed_passback_asks_no_position() -> None:
    assert answer(zoned(passback(Passback.TIMED), positions={HOUSE: Position.IN})) == GrantKind.PLAN


@pytest.mark.parametrize(
    "person",
    [pytest.param(HOST, id="staff"), pytest.param(replace(ALICE, needs_time=True), id="accessibility")],
)
def test_staff_and_accessibility_are_exempt_from_passback(person: Person) -> None:
    for kind in Passback:
        held = zoned(passback(kind), person=person, positions={HOUSE: Position.IN}, last_entries={HOUSE: NOON})
        decision = decided(held)
        assert isinstance(decision, Granted)
        assert decision.soft == ()


def test_only_the_zones_one_comes_into_by_this_door_count() -> None:
    inside = {HOUSE: Position.IN, UPSTAIRS: Position.OUT}
    rules = (passback(Passback.HARD), passback(Passback.HARD, UPSTAIRS))

    assert answer(zoned(*rules, at=LANDING, positions=inside)) == GrantKind.PLAN
    assert answer(zoned(*rules, at=STREET, positions=inside)) == DenyReason.ANTI_PASSBACK
    assert answer(zoned(*rules, at=LANDING, positions={UPSTAIRS: Position.IN})) == DenyReason.ANTI_PASSBACK


# From the street up to the floor without the lobby: one comes into both zones at once.
FIRE_STAIRS = replace(LANDING, outer=OUTSIDE)


def test_of_two_zones_at_once_staff_are_told_once() -> None:
    both = (
        Zone(HOUSE, passback=Passback.SOFT, capacity=2),
        Zone(UPSTAIRS, passback=Passback.SOFT, capacity=2),
    )
    inside = {HOUSE: Position.IN, UPSTAIRS: Position.IN}

    decision = decided(zoned(*both, at=FIRE_STAIRS, positions=inside, counts={HOUSE: 2, UPSTAIRS: 2}))

    assert isinstance(decision, Granted)
    assert decision.soft == (DenyReason.ANTI_PASSBACK, DenyReason.OCCUPANCY_FULL)


# --- occupancy ----------------------------------------------------------------------------------------


def capped(at: AtCapacity, people: int, **more: object) -> Rights:
    return zoned(Zone(HOUSE, capacity=2, at_capacity=at), counts={HOUSE: people}, **more)  # type: ignore[arg-type]


def test_a_cap_that_denies_keeps_the_next_one_out() -> None:
    assert answer(capped(AtCapacity.DENY, 1)) == GrantKind.PLAN
    assert answer(capped(AtCapacity.DENY, 2)) == DenyReason.OCCUPANCY_FULL


def test_a_cap_that_alerts_grants_and_tells_staff() -> None:
    decision = decided(capped(AtCapacity.ALERT, 2))

    assert isinstance(decision, Granted)
    assert decision.soft == (DenyReason.OCCUPANCY_FULL,)


def test_a_cap_never_denies_exit() -> None:
    assert answer(capped(AtCapacity.DENY, 9), read_=read(direction="out")) == GrantKind.EXIT


def test_a_zone_without_a_cap_is_never_full() -> None:
    assert answer(zoned(Zone(HOUSE), counts={HOUSE: 5000})) == GrantKind.PLAN


# --- interlock and two persons ------------------------------------------------------------------------

AIRLOCK = replace(STREET, interlock="airlock")
TWO = replace(STREET, two_person=True)


def test_of_an_interlock_one_door_may_be_open_at_a_time() -> None:
    assert answer(zoned(at=AIRLOCK, interlocked_with=LANDING.id)) == DenyReason.INTERLOCK
    assert answer(zoned(at=AIRLOCK)) == GrantKind.PLAN
    assert answer(zoned(at=AIRLOCK, person=HOST, interlocked_with=LANDING.id)) == DenyReason.INTERLOCK


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        pytest.param(None, DenyReason.SECOND_PERSON_MISSING, id="nobody yet"),
        pytest.param(ALICE.id, DenyReason.SECOND_PERSON_MISSING, id="the same person twice"),
        pytest.param(BOB, GrantKind.PLAN, id="somebody else"),
    ],
)
def test_a_two_person_door_opens_for_two_different_people(first: PersonId | None, expected: object) -> None:
    assert answer(zoned(at=TWO, first_person=first)) == expected


def test_staff_need_a_second_person_too() -> None:
    assert answer(zoned(at=TWO, person=HOST)) == DenyReason.SECOND_PERSON_MISSING
    assert answer(zoned(at=TWO, person=HOST, first_person=ALICE.id)) == GrantKind.STAFF


def test_shared_state_is_asked_in_its_order_and_after_the_grants() -> None:
    everything: dict[str, object] = {
        "positions": {HOUSE: Position.IN},
        "counts": {HOUSE: 2},
        "interlocked_with": LANDING.id,
    }
    rule = Zone(HOUSE, passback=Passback.HARD, capacity=2, at_capacity=AtCapacity.DENY)
    door = replace(AIRLOCK, two_person=True)

    def asked(at: datetime = NOON, **less: object) -> list[DenyReason]:
        return failing(zoned(rule, at=door, **{**everything, **less}), at)  # type: ignore[arg-type]

    assert asked() == [DenyReason.INTERLOCK]
    assert asked(interlocked_with=None) == [DenyReason.ANTI_PASSBACK]
    assert asked(interlocked_with=None, positions={}) == [DenyReason.OCCUPANCY_FULL]
    assert asked(interlocked_with=None, positions={}, counts={}) == [DenyReason.SECOND_PERSON_MISSING]
    assert asked(NIGHT) == [DenyReason.OUTSIDE_HOURS, DenyReason.INTERLOCK]


def test_notes_for_staff_do_not_hide_what_denies() -> None:
    rule = Zone(HOUSE, passback=Passback.SOFT, capacity=2, at_capacity=AtCapacity.DENY)

    assert failing(zoned(rule, positions={HOUSE: Position.IN}, counts={HOUSE: 2})) == [DenyReason.OCCUPANCY_FULL]


def test_of_somebody_leaving_nothing_shared_is_asked() -> None:
    leaving = decided(
        zoned(passback(Passback.HARD), at=TWO, positions={HOUSE: Position.IN}), read_=read(direction="out")
    )

    assert isinstance(leaving, Granted)
    assert (leaving.grant.kind, leaving.failed) == (GrantKind.EXIT, ())
