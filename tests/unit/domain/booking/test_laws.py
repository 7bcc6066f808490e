"""Whatever is booked, changed, cancelled and checked in to, whoever moves and however late we look.

No two live bookings overlap, no occupied room is released, no door right outlives its booking by more than the stated
minutes. A small house plays the desk and the keeper by the pure functions alone.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controller.domain.access import Granted, decide
from controller.domain.booking.conflicts import held_until
from controller.domain.booking.no_show import CHECK_IN_WITHIN, Due, Presence, check_in, comes_for, due, released
from controller.domain.booking.order import with_not_before
from controller.domain.booking.rules import (
    Circumstances,
    Edit,
    Refused,
    Wish,
    approve,
    cancel,
    decline,
    end_early,
    judge,
    judge_edit,
)
from controller.domain.booking_rights import ROOM_BEFORE, WAY_AFTER, WAY_BEFORE
from controller.domain.grants import GrantKind
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId
from tests.unit.domain.booking.at_the_desk import ALICE_ASKS, BOB, CELL, HALL, HOUSE, PEOPLE, PINE, STAFF_ASK
from tests.unit.domain.house import ALICE, FLOOR, HOST, NOON, door, member, read, rights

HALL_DOOR = door("hall", FLOOR, HALL)
WITH_HALL = replace(HOUSE, doors={**HOUSE.doors, HALL_DOOR.id: HALL_DOOR})
ROOMS = (PINE, HALL, CELL)
_MINUTE = timedelta(minutes=1)

AREAS = st.sampled_from(ROOMS)
OWNERS = st.sampled_from([ALICE.id, BOB.id])
ASKERS = st.sampled_from([ALICE.id, BOB.id, HOST.id, None])
MINUTES = st.integers(1, 90)
FROM_NOW = st.integers(-5, 120)


class BookedHouse(RuleBasedStateMachine):
    """One Monday afternoon; every rule is something that people, sensors or the keeper do."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = NOON
        self.bookings: dict[BookingId, Booking] = {}
        self.presence: dict[AreaId, Presence] = {}

    # --- people ---------------------------------------------------------------------------------

    @rule(area=AREAS, start=FROM_NOW, minutes=MINUTES, owner=OWNERS, by_staff=st.booleans(), with_other=st.booleans())
    def book(self, area: AreaId, start: int, minutes: int, owner: PersonId, by_staff: bool, with_other: bool) -> None:
        begins = self.now + start * _MINUTE
        others = frozenset({ALICE.id, BOB.id}) if with_other else frozenset()
        wish = Wish(area, begins, begins + minutes * _MINUTE, owner, others)
        answer = judge(wish, self._asked(HOST.id if by_staff else owner), BookingId(f"b{len(self.bookings)}"))
        if isinstance(answer, Booking):
            self.bookings[answer.id] = answer

    @precondition(lambda self: self.bookings)
    @rule(data=st.data(), by=ASKERS, start=st.none() | FROM_NOW, minutes=st.none() | MINUTES, area=st.none() | AREAS)
    def edit(
        self, data: st.DataObject, by: PersonId | None, start: int | None, minutes: int | None, area: AreaId | None
    ) -> None:
        one = self._any(data)
        begins = self.now + start * _MINUTE if start is not None else None
        end = (begins or one.start) + minutes * _MINUTE if minutes is not None else None
        self._keep(judge_edit(one, Edit(begins, end, area, at_panel=by is None), self._asked(by)))

    @precondition(lambda self: self.bookings)
    @rule(
        data=st.data(),
        by=ASKERS,
        what=st.sampled_from([cancel, end_early, approve, decline, check_in]),
    )
    def change(
        self,
        data: st.DataObject,
        by: PersonId | None,
        what: Callable[[Booking, Circumstances], Booking | Refused],
    ) -> None:
        self._keep(what(self._any(data), self._asked(by)))

    @rule(area=AREAS, person=OWNERS)
    def go_in(self, area: AreaId, person: PersonId) -> None:
        for one in comes_for(self.bookings.values(), person, area, self.now):
            self.bookings[one.id] = replace(one, checked_in_at=self.now)
        self.presence[area] = Presence(occupied=True, last_felt=self.now)

    # --- the world ------------------------------------------------------------------------------

    @rule(area=AREAS, felt=st.none() | st.booleans())
    def sense(self, area: AreaId, felt: bool | None) -> None:
        before = self.presence.get(area, Presence())
        was_felt = self.now if felt or before.occupied else before.last_felt
        self.presence[area] = Presence(felt, was_felt)

    @rule(minutes=st.integers(0, 30), looks=st.booleans())
    def wait(self, minutes: int, looks: bool) -> None:
        for _ in range(minutes):
            self.now += _MINUTE
            if looks:
                self.keep()

    @precondition(lambda self: self.bookings)
    @rule(data=st.data(), felt=st.none() | st.booleans())
    def wait_until_it_counts(self, data: st.DataObject, felt: bool | None) -> None:
        """Chance alone seldom comes to the very moment at which a booking is given back, or not."""
        one = self._any(data)
        self.now = max(self.now, one.start + CHECK_IN_WITHIN)
        self.sense(one.area, felt)
        self.keep()

    @rule()
    def keep(self) -> None:
        for one in list(self.bookings.values()):
            presence = self.presence.get(one.area, Presence())
            match due(one, self.now, presence):
                case Due.RELEASE:
                    assert not presence.occupied
                    assert self.now >= one.start + CHECK_IN_WITHIN
                    assert one.checked_in_at is None
                    self.bookings[one.id] = released(one, self.now)
                case Due.DECLINE:
                    self.bookings[one.id] = replace(one, state=BookingState.DECLINED)

    # --- what always holds ----------------------------------------------------------------------

    @invariant()
    def no_two_live_bookings_overlap(self) -> None:
        live = [one for one in self.bookings.values() if one.state in HOLDS_ITS_TIME]
        for one, other in combinations(live, 2):
            assert one.area != other.area or one.start >= held_until(other) or other.start >= held_until(one)

    @invariant()
    def every_booking_has_a_length(self) -> None:
        assert all(one.end > one.start for one in self.bookings.values())

    @invariant()
    def no_door_right_outlives_its_booking(self) -> None:
        moments = {self.now, self.now + WAY_AFTER} | {
            at for one in self.bookings.values() for at in (one.end, one.end + WAY_AFTER)
        }
        laid_out = [
            one
            for area in ROOMS
            for one in with_not_before(
                (each for each in self.bookings.values() if each.area == area),
                WITH_HALL.areas[area].room.buffer_minutes,  # type: ignore[union-attr]
            )
        ]
        for person in (ALICE, BOB):
            theirs = tuple(one for one in laid_out if person.id == one.owner or person.id in one.participants)
            for each in WITH_HALL.doors.values():
                known = replace(rights(at=each, person=person, space=WITH_HALL), bookings=theirs)
                for at in moments:
                    answer = decide(read(at), known, at)
                    if not isinstance(answer, Granted):
                        continue
                    assert answer.grant.kind is GrantKind.BOOKING
                    by = self.bookings[BookingId(answer.grant.ref)]
                    assert by.state is BookingState.BOOKED
                    is_room = each.inner == by.area
                    assert by.start - (ROOM_BEFORE if is_room else WAY_BEFORE) <= at
                    assert at < by.end + (timedelta() if is_room else WAY_AFTER)

    # --- the desk -------------------------------------------------------------------------------

    def _asked(self, by: PersonId | None) -> Circumstances:
        known = STAFF_ASK if by == HOST.id else ALICE_ASKS
        everything = list(self.bookings.values())
        return replace(
            known,
            space=WITH_HALL,
            now=self.now,
            by=by,
            people=PEOPLE,
            memberships=(member(),),
            others=everything,
            own=everything,
        )

    def _any(self, data: st.DataObject) -> Booking:
        return self.bookings[data.draw(st.sampled_from(sorted(self.bookings)))]

    def _keep(self, answer: Booking | Refused) -> None:
        if isinstance(answer, Booking):
            self.bookings[answer.id] = answer


BookedHouse.TestCase.settings = settings(
    max_examples=80, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestWhateverIsBooked = BookedHouse.TestCase
