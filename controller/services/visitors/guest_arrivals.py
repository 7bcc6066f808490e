"""A guest has come in: told once a day, with whom they come to see."""

from collections.abc import Iterable
from datetime import date

from controller.domain.arrivals import host_of
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import PersonId
from controller.domain.schedule import business_day
from controller.services.entry.access_index import AccessIndex
from controller.services.ports import LoggedFact, Note


class GuestArrivals:
    """Follows entries; whose guest it is, `domain.arrivals` decides."""

    def __init__(self, index: AccessIndex, note: Note) -> None:
        self._index = index
        self._note = note
        self._told: set[tuple[PersonId, date]] = set()

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: who was told of today."""
        for logged in facts:
            fact = logged.fact
            if fact.kind is FactKind.GUEST_ARRIVED and fact.person is not None:
                self._told.add((fact.person, self._day(fact)))

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens."""
        fact = logged.fact
        if fact.kind is not FactKind.ENTRY_TAKEN or fact.person is None:
            return
        guest = self._index.people.people.get(fact.person)
        if guest is None:
            return
        holdings = self._index.holdings
        host = host_of(guest, holdings.guests.get(guest.id, ()), holdings.bookings.get(guest.id, ()), fact.at)
        about = (guest.id, self._day(fact))
        if host is not None and about not in self._told:
            self._told.add(about)
            self._note(
                Fact(
                    FactKind.GUEST_ARRIVED,
                    fact.at,
                    door=fact.door,
                    person=guest.id,
                    correlation=fact.correlation,
                    detail={"host": host},
                )
            )

    def look(self) -> None:
        """Once a second: only today's are of any use."""
        if len(self._told) > 1000:
            newest = max(day for _, day in self._told)
            self._told = {one for one in self._told if one[1] == newest}

    def _day(self, fact: Fact) -> date:
        space = self._index.space
        return business_day(fact.at, space.zone, space.cut_off_minutes)
