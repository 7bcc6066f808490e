"""Where people are: in, out or unknown by zone, and how many, as far as doors have told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.building import Door
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import OUTSIDE, CredentialId, DoorId, PersonId, ZoneId
from controller.domain.rooms.occupancy import Quality
from controller.domain.shared import Position
from controller.domain.whereabouts import HOUSE, Layout, Whereabouts
from tests.unit.domain.house import FLOOR, LANDING, LOBBY, NOON, OFFICE, OFFICE_DOOR, SPACE, STREET

ALICE, BOB, TICKET = PersonId("alice"), PersonId("bob"), PersonId("ticket:7")
BADGE, SPARE = CredentialId("badge-alice"), CredentialId("spare-alice")
GROUND, UP = ZoneId("ground"), ZoneId("up")
IN, OUT, UNKNOWN = Position.IN, Position.OUT, Position.UNKNOWN
ESTIMATED, COUNTED = Quality.ESTIMATED, Quality.COUNTED
# What the fact of an entry says of one that a door let in alone.
ALONE = {"alone": True}
TAKEN, GRANTED, EXIT, OPENED, CLOSED = (
    FactKind.ENTRY_TAKEN,
    FactKind.ENTRY_GRANTED,
    FactKind.EXIT_REQUESTED,
    FactKind.DOOR_OPENED,
    FactKind.DOOR_CLOSED,
)
ZONES = {LOBBY: GROUND, SPACE.areas[LANDING.outer].id: GROUND, FLOOR: UP, OFFICE: UP}
HOUSE_SPACE = replace(
    SPACE,
    areas={
        area.id: replace(area, zones=frozenset({ZONES[area.id]}) if area.id in ZONES else frozenset())
        for area in SPACE.areas.values()
    },
)
LAYOUT = Layout.of(HOUSE_SPACE)


class Day:
    """One day, a second for each thing that happens."""

    def __init__(self, layout: Layout = LAYOUT, at: datetime = NOON) -> None:
        self.at = at
        self.where = Whereabouts(layout, layout.day(at))

    def happens(self, kind: FactKind, door: Door | None = STREET, person: PersonId | None = None, **detail) -> None:
        self.at += timedelta(seconds=1)
        self.where.take(Fact(kind, self.at, door=door.id if door else None, person=person, detail=detail))

    def comes_in(self, person: PersonId | None, door: Door = STREET) -> None:
        self.happens(OPENED, door)
        self.happens(TAKEN, door, person)
        self.happens(CLOSED, door)

    def badges_out(self, person: PersonId, door: Door = STREET) -> None:
        self.happens(GRANTED, door, person, grant="exit")
        self.happens(OPENED, door)
        self.happens(CLOSED, door)

    def positions(self, person: PersonId = ALICE) -> tuple[Position, Position]:
        return self.where.position(person, GROUND), self.where.position(person, UP)

    @property
    def counts(self) -> tuple[int, int, int]:
        return tuple(self.where.count(zone).people for zone in (HOUSE, GROUND, UP))  # type: ignore[return-value]


@pytest.fixture
def day():
    return Day()


def test_a_person_is_in_out_or_unknown(day):
    unknown = day.positions()
    day.comes_in(ALICE)
    in_the_lobby = day.positions()
    day.comes_in(ALICE, LANDING)

    assert (unknown, in_the_lobby, day.positions()) == ((UNKNOWN, UNKNOWN), (IN, OUT), (OUT, IN))


def test_leaving_by_badge_and_opening_is_known_by_name(day):
    day.comes_in(ALICE)
    day.happens(GRANTED, STREET, ALICE, grant="exit")
    asked = day.positions()
    day.happens(OPENED)

    assert (asked, day.positions(), day.counts) == ((IN, OUT), (OUT, OUT), (0, 0, 0))


def test_who_asks_to_leave_and_does_not_open_stays(day):
    day.comes_in(ALICE)
    day.happens(GRANTED, STREET, ALICE, grant="exit")
    day.at += timedelta(seconds=61)
    day.happens(OPENED)

    assert (day.positions()[0], day.counts[0]) == (IN, 1)


def test_leaving_through_a_door_that_stands_open_needs_no_edge(day):
    day.comes_in(ALICE)
    day.happens(OPENED)
    day.happens(GRANTED, STREET, ALICE, grant="exit")

    assert (day.positions()[0], day.counts[0]) == (OUT, 0)


def test_two_who_badge_out_at_one_opening_are_both_out(day):
    day.comes_in(ALICE)
    day.comes_in(BOB)
    day.happens(GRANTED, STREET, ALICE, grant="exit")
    day.happens(GRANTED, STREET, BOB, grant="exit")
    day.happens(OPENED)

    assert (day.positions(ALICE)[0], day.positions(BOB)[0], day.counts[0]) == (OUT, OUT, 0)


def test_the_exit_button_knows_nobody_and_makes_the_count_an_estimate(day):
    day.comes_in(ALICE)
    before = day.where.count()
    day.happens(EXIT)
    day.happens(OPENED)

    assert (before.people, before.quality) == (1, COUNTED)
    assert (day.where.count().people, day.where.count().quality) == (0, ESTIMATED)
    assert day.positions()[0] is IN  # nobody knows that it was Alice


def test_granted_not_entered_moves_neither_passback_nor_occupancy(day):
    day.happens(GRANTED, STREET, ALICE, grant="plan")
    day.happens(FactKind.ENTRY_NOT_TAKEN, STREET, ALICE)

    assert (day.positions(), day.counts) == ((UNKNOWN, UNKNOWN), (0, 0, 0))


def test_guests_and_event_visitors_count(day):
    day.comes_in(PersonId("guest-of-alice"))
    day.comes_in(TICKET)
    day.comes_in(None)

    assert day.counts == (3, 3, 0)


def test_people_are_counted_in_the_zone_they_went_on_to(day):
    day.comes_in(ALICE)
    day.comes_in(ALICE, LANDING)
    day.comes_in(ALICE, OFFICE_DOOR)  # within the same zone

    assert day.counts == (1, 0, 1)


def test_last_entry_is_into_the_zone_and_not_from_room_to_room_in_it(day):
    day.happens(TAKEN, LANDING, ALICE, credential=BADGE)
    first = day.at
    day.happens(TAKEN, OFFICE_DOOR, ALICE, credential=BADGE)

    assert (day.where.last_entry(ALICE, BADGE, UP), day.where.last_entry(BOB, BADGE, UP)) == (first, None)


def test_last_entry_is_the_same_badges_and_not_another_one_of_the_same_person(day):
    day.happens(TAKEN, STREET, ALICE, credential=BADGE)
    first = day.at
    day.happens(TAKEN, STREET, ALICE, credential=SPARE)
    day.happens(TAKEN, STREET, ALICE)  # as an earlier version told it
    day.happens(TAKEN, LANDING, ALICE, credential=SPARE, alone=True)

    by_badge = [day.where.last_entry(ALICE, badge, GROUND) for badge in (BADGE, SPARE, CredentialId("none"))]
    assert by_badge == [first, first + timedelta(seconds=1), None]
    assert day.where.last_entry(ALICE, SPARE, UP) == day.at


def test_occupancy_is_never_negative_and_says_when_it_lost_count(day):
    day.badges_out(ALICE)

    assert (day.counts, day.where.count().quality) == ((0, 0, 0), ESTIMATED)


def test_reset_nightly_at_the_day_cut_off(day):
    day.comes_in(ALICE)
    day.where.new_day(day.where.day + timedelta(days=1))

    assert (day.positions(), day.counts) == ((UNKNOWN, UNKNOWN), (0, 0, 0))


def test_reset_by_staff_forgive(day):
    day.happens(TAKEN, STREET, ALICE, credential=BADGE)
    day.comes_in(BOB)
    day.happens(FactKind.WHEREABOUTS_FORGIVEN, None, ALICE, by="hera", reason="left with Bob")

    assert (day.positions(ALICE), day.positions(BOB)) == ((UNKNOWN, UNKNOWN), (IN, OUT))
    assert day.where.last_entry(ALICE, BADGE, GROUND) is None
    assert day.counts[0] == 2  # where they are is unknown, that two came in is not


def test_to_forgive_nobody_changes_nothing(day):
    day.comes_in(ALICE)
    day.happens(FactKind.WHEREABOUTS_FORGIVEN, None, None, by="hera", reason="as another version wrote it")

    assert (day.positions(ALICE), day.counts[0]) == ((IN, OUT), 1)


def test_positions_become_unknown_after_fire_and_the_house_is_empty_once_staff_confirm(day):
    day.comes_in(ALICE)
    day.happens(FactKind.FIRE_BEGAN, None)
    burning = (day.positions(), day.where.count().people)
    day.comes_in(BOB)
    during = day.positions(BOB)
    day.happens(FactKind.FIRE_CONFIRMED, None)

    assert burning == ((UNKNOWN, UNKNOWN), 1)
    assert during == (UNKNOWN, UNKNOWN)
    assert (day.positions(BOB), day.counts, day.where.count().quality) == ((UNKNOWN, UNKNOWN), (0, 0, 0), ESTIMATED)


# By fire, by an unlock of the zone, and because the street door is the only one into the ground floor.
ZONE_UNLOCKS = [{"mode": "released"}, {"mode": "unlocked", "wide": True}, {"mode": "unlocked"}]


@pytest.mark.parametrize("how", ZONE_UNLOCKS, ids=["fire", "zone", "its only door"])
def test_positions_become_unknown_after_a_zone_unlock(day, how):
    day.comes_in(ALICE)
    day.comes_in(BOB, LANDING)
    day.happens(FactKind.DOOR_MODE_CHANGED, STREET, **how)
    unlocked = day.positions(ALICE)
    day.comes_in(ALICE)
    while_unlocked = day.positions(ALICE)
    day.happens(FactKind.DOOR_MODE_CHANGED, STREET, mode="locked")
    locked_again = day.positions(ALICE)
    day.comes_in(ALICE)

    assert (unlocked, while_unlocked, locked_again) == ((UNKNOWN, OUT), (UNKNOWN, OUT), (UNKNOWN, OUT))
    assert day.positions(ALICE) == (IN, OUT)
    assert day.positions(BOB)[1] is IN  # the floor upstairs was never unlocked
    assert (day.where.count(GROUND).quality, day.where.count(UP).quality) == (ESTIMATED, COUNTED)


BACK_DOOR = replace(STREET, id=DoorId("back"))


def test_while_one_door_of_several_is_unlocked_who_is_in_stays_known_and_counts_are_estimates():
    day = Day(Layout.of(replace(HOUSE_SPACE, doors={**HOUSE_SPACE.doors, BACK_DOOR.id: BACK_DOOR})))
    day.comes_in(ALICE)
    day.happens(FactKind.DOOR_MODE_CHANGED, BACK_DOOR, mode="unlocked")
    unlocked, quality = day.positions(ALICE), day.where.count(GROUND).quality
    day.comes_in(BOB)
    day.happens(FactKind.DOOR_MODE_CHANGED, STREET, mode="unlocked")
    every_door = day.positions(ALICE)[0]
    day.happens(FactKind.DOOR_MODE_CHANGED, BACK_DOOR, mode="locked")

    assert (unlocked, quality, every_door) == ((IN, OUT), ESTIMATED, UNKNOWN)
    assert (day.positions(ALICE)[0], day.positions(BOB)[0]) == (
        UNKNOWN,
        UNKNOWN,
    )  # it was unlocked as a whole until now
    assert day.where.count(GROUND).people == 2


def test_another_word_about_a_locked_door_is_no_unlock(day):
    day.comes_in(ALICE)
    day.happens(FactKind.DOOR_MODE_CHANGED, STREET, mode="locked", blocks_entry=True)

    assert day.positions() == (IN, OUT)


def test_a_forced_door_makes_the_counts_of_its_zones_estimates(day):
    day.happens(FactKind.DOOR_FORCED, LANDING)

    assert (day.where.count(UP).quality, day.where.count(HOUSE).quality) == (ESTIMATED, COUNTED)


def test_late_events_move_nothing(day):
    day.happens(TAKEN, STREET, ALICE, late_s=300.0)

    assert (day.positions(), day.counts) == ((UNKNOWN, UNKNOWN), (0, 0, 0))


def test_a_grant_of_a_door_alone_that_nobody_used_moves_nobody(day):
    day.happens(FactKind.LOCAL_GRANTED, STREET, ALICE, direction="in")
    day.happens(FactKind.ENTRY_NOT_TAKEN, STREET, ALICE, alone=True)

    assert (day.positions(), day.counts) == ((UNKNOWN, UNKNOWN), (0, 0, 0))


def test_an_entry_decided_offline_is_followed_at_the_time_it_happened(day):
    day.comes_in(ALICE)
    day.badges_out(ALICE)
    earlier = day.at - timedelta(minutes=20)
    day.where.take(Fact(TAKEN, earlier, door=STREET.id, person=ALICE, detail=ALONE))
    day.where.take(Fact(TAKEN, earlier, door=STREET.id, person=BOB, detail=ALONE))

    assert (day.positions(ALICE)[0], day.positions(BOB)[0]) == (OUT, IN)
    assert day.where.count().quality is ESTIMATED


def test_who_was_let_out_by_a_door_alone_is_out_and_the_count_an_estimate(day):
    day.comes_in(ALICE)
    day.happens(FactKind.LOCAL_GRANTED, STREET, ALICE, direction="out", late_s=300.0)

    assert (day.positions(ALICE)[0], day.counts[0], day.where.count().quality) == (OUT, 0, ESTIMATED)


def test_an_entry_of_yesterday_that_is_told_today_moves_nothing(day):
    day.where.take(Fact(TAKEN, NOON - timedelta(hours=9), door=STREET.id, person=ALICE, detail=ALONE))

    assert (day.positions(), day.counts) == ((UNKNOWN, UNKNOWN), (0, 0, 0))


def test_both_of_a_two_person_door_are_in(day):
    day.happens(TAKEN, STREET, ALICE)
    day.happens(TAKEN, STREET, BOB)

    assert (day.positions(ALICE)[0], day.positions(BOB)[0], day.counts[0]) == (IN, IN, 2)


def test_auto_exit_at_the_end_of_an_event(day):
    day.comes_in(ALICE)
    day.comes_in(TICKET)
    day.happens(FactKind.EVENT_ENDED, None, None, event="talk", left=(TICKET, "ticket:8"))

    assert (day.where.is_inside(TICKET), day.where.is_inside(ALICE), day.counts) == (False, True, (1, 1, 0))


def test_another_version_of_the_space_keeps_who_is_in(day):
    day.comes_in(ALICE)
    areas = {**HOUSE_SPACE.areas, LOBBY: replace(HOUSE_SPACE.areas[LOBBY], zones=frozenset({ZoneId("new")}))}
    day.where.relayout(Layout.of(replace(HOUSE_SPACE, areas=areas)))

    assert day.where.position(ALICE, ZoneId("new")) is IN
    assert (day.where.count().people, day.where.count(ZoneId("new")).quality) == (1, ESTIMATED)


def test_a_door_nobody_knows_moves_nobody(day):
    day.happens(TAKEN, replace(STREET, id=DoorId("gone")), ALICE)

    assert day.counts == (0, 0, 0)


def test_the_street_is_in_no_zone():
    assert LAYOUT.gates[STREET.id].outer == OUTSIDE
    assert LAYOUT.gates[STREET.id].left == frozenset()


# --- past somebody with a phone ----------------------------------------------------------------------------------------

ADMITTED, LEFT = FactKind.TICKET_ADMITTED, FactKind.TICKET_LEFT


def by_hand(day: Day, kind: FactKind, person: PersonId | None = TICKET, area=OFFICE, **how) -> None:
    day.at += timedelta(seconds=1)
    at = how.pop("at", day.at)
    day.where.take(Fact(kind, at, area=area, person=person, detail=how))


def test_a_ticket_scanned_by_hand_comes_in_and_goes_out_without_a_door():
    day = Day()
    by_hand(day, ADMITTED)
    inside = (day.where.count(UP).people, day.where.count(HOUSE).people, day.where.is_inside(TICKET))
    by_hand(day, LEFT)

    assert inside == (1, 1, True)
    assert (day.where.count(UP).people, day.where.count(HOUSE).people, day.where.is_inside(TICKET)) == (0, 0, False)
    assert day.where.count(HOUSE).quality is COUNTED


def test_whoever_came_in_by_a_reader_and_is_scanned_again_in_the_room_is_counted_once():
    day = Day()
    day.comes_in(TICKET)
    by_hand(day, ADMITTED)

    assert (day.where.count(HOUSE).people, day.where.count(GROUND).people, day.where.count(UP).people) == (1, 0, 1)


def test_a_scan_told_late_counts_at_its_own_time_and_what_is_known_of_a_later_moment_stands():
    day = Day()
    by_hand(day, ADMITTED)
    early = day.at - timedelta(minutes=5)
    by_hand(day, LEFT, at=early, late_s=300.0)
    by_hand(day, ADMITTED, BOB, at=early, late_s=300.0)

    assert day.where.is_inside(TICKET)
    assert day.where.seen(BOB).since == early
    assert (day.where.count(HOUSE).people, day.where.count(HOUSE).quality) == (2, ESTIMATED)


@pytest.mark.parametrize(
    "how",
    [{"person": None}, {"area": None}, {"at": NOON - timedelta(days=2)}],
    ids=["nobody", "nowhere", "another day"],
)
def test_a_scan_that_is_about_nobody_nowhere_or_another_day_moves_nobody(how):
    day = Day()
    by_hand(day, ADMITTED, **how)

    assert day.where.count(HOUSE).people == 0


HAPPENINGS = st.tuples(
    st.sampled_from(
        [*list(FactKind)],
    ),
    st.sampled_from([STREET, LANDING, OFFICE_DOOR]),
    st.sampled_from([None, ALICE, BOB, TICKET]),
    st.sampled_from(
        [
            {},
            {"grant": "exit"},
            {"mode": "unlocked"},
            {"mode": "unlocked", "wide": True},
            {"mode": "locked"},
            {"left": (TICKET,)},
        ]
    ),
)


@given(st.lists(HAPPENINGS, max_size=30))
def test_whatever_happens_no_count_is_negative_and_the_same_facts_give_the_same_answers(happenings):
    one, other = Day(), Day()
    for kind, door, person, detail in happenings:
        one.happens(kind, door, person, **detail)
        other.happens(kind, door, person, **detail)
        assert min(one.counts) >= 0

    assert (one.counts, one.positions()) == (other.counts, other.positions())
