"""Bookings to come that open no door, since their owner is paused or banned or their room is gone: staff are shown.

Nothing is cancelled here: a pause may be over before the booking, a room may come back, and a fair host asks first.
"""

from collections.abc import Iterator
from datetime import datetime

from controller.domain.alarm import AlarmKind, Subject
from controller.domain.holdings import HOLDS_ITS_TIME, Booking
from controller.domain.ids import PersonId
from controller.domain.membership import PersonKind
from controller.domain.rights import DenyReason
from controller.domain.standing import local_day, problem_of
from controller.services.doors.alarms import Alarms
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.holdings_index import memberships_in
from controller.services.ports import Clock

_EVERY = 300  # looks
_OURS = frozenset({AlarmKind.PAUSED_WITH_BOOKINGS, AlarmKind.BANNED_WITH_BOOKINGS, AlarmKind.BOOKED_ROOM_GONE})


class PausedBookings:
    """Keeps one alarm for each person and each room concerned, as long as it is so."""

    def __init__(self, index: AccessIndex, alarms: Alarms, clock: Clock) -> None:
        self._index = index
        self._alarms = alarms
        self._clock = clock
        self._looks = 0

    def rights_changed(self) -> None:
        """Somebody was paused or banned, or is back; a booking was made or cancelled."""
        self._looks = 0

    def look(self) -> None:
        """Once a second; people and bookings are gone through when they have changed, and now and then for their ends."""
        self._looks += 1
        if self._looks % _EVERY != 1:
            return
        lasting = set(idle_bookings(self._index, self._clock.now()))
        for kind, subject in sorted(lasting, key=str):
            if not self._alarms.stands(kind, person=subject.person, area=subject.area):
                self._alarms.raise_(kind, person=subject.person, area=subject.area)
        for alarm in self._alarms.open:
            about = alarm.subject
            if alarm.kind in _OURS and alarm.stands and (alarm.kind, about) not in lasting:
                self._alarms.clear(alarm.kind, person=about.person, area=about.area)


def idle_bookings(index: AccessIndex, now: datetime) -> Iterator[tuple[AlarmKind, Subject]]:
    """About which rooms and about whom staff are to know, for bookings to come."""
    owners: set[PersonId] = set()
    for area, bookings in index.holdings.rooms.items():
        coming = {one.owner for one in bookings if _is_to_come(one, now)}
        if coming and area not in index.space.areas:
            yield AlarmKind.BOOKED_ROOM_GONE, Subject(area=area)
        owners |= coming
    for owner in owners:
        if is_banned(index, owner):
            yield AlarmKind.BANNED_WITH_BOOKINGS, Subject(person=owner)
        elif is_paused(index, owner, now):
            yield AlarmKind.PAUSED_WITH_BOOKINGS, Subject(person=owner)


def is_banned(index: AccessIndex, id: PersonId) -> bool:
    person = index.people.people.get(id)
    return person is not None and person.banned


def is_paused(index: AccessIndex, id: PersonId, now: datetime) -> bool:
    """Whether everything this person holds is paused."""
    person = index.people.people.get(id)
    if person is None or person.kind is PersonKind.STAFF:
        return False
    space = index.space
    day = local_day(now, space.zone, space.cut_off_minutes)
    return problem_of(memberships_in(person, index.people), day, space.grace) is DenyReason.MEMBERSHIP_PAUSED


def _is_to_come(booking: Booking, now: datetime) -> bool:
    return booking.state in HOLDS_ITS_TIME and booking.end > now
