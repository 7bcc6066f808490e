"""Whoever is paused and has bookings to come: staff are shown, since nothing of these opens a door.

Nothing is cancelled here: a pause may be over before the booking, and a fair host asks first.
"""

from collections.abc import Iterator
from datetime import datetime

from controller.domain.alarm import AlarmKind
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


class PausedBookings:
    """Keeps one alarm for each person concerned, as long as it is so."""

    def __init__(self, index: AccessIndex, alarms: Alarms, clock: Clock) -> None:
        self._index = index
        self._alarms = alarms
        self._clock = clock
        self._looks = 0

    def rights_changed(self) -> None:
        """Somebody was paused or is back; a booking was made or cancelled."""
        self._looks = 0

    def look(self) -> None:
        """Once a second; people and bookings are gone through when they have changed, and now and then for their ends."""
        self._looks += 1
        if self._looks % _EVERY != 1:
            return
        now = self._clock.now()
        flagged = set(paused_owners(self._index, now))
        for person in flagged:
            if not self._alarms.stands(AlarmKind.PAUSED_WITH_BOOKINGS, person=person):
                self._alarms.raise_(AlarmKind.PAUSED_WITH_BOOKINGS, person=person)
        for alarm in self._alarms.open:
            about = alarm.subject.person
            if alarm.kind is AlarmKind.PAUSED_WITH_BOOKINGS and alarm.stands and about not in flagged:
                self._alarms.clear(AlarmKind.PAUSED_WITH_BOOKINGS, person=about)


def paused_owners(index: AccessIndex, now: datetime) -> Iterator[PersonId]:
    """Who owns a booking to come and is paused."""
    coming: set[PersonId] = {
        one.owner for bookings in index.holdings.rooms.values() for one in bookings if _is_to_come(one, now)
    }
    return (owner for owner in coming if is_paused(index, owner, now))


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
