"""What the API is told of the house: ways to ask what counts now, and the desks. The resources know nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.domain.building import Area, Room, Space
from controller.domain.ids import AreaId, PersonId
from controller.domain.membership import PersonKind
from controller.services.booking.desk import BookingDesk
from controller.services.history.desk import HistoryDesk
from controller.services.people.community import Community
from controller.services.ports import RegistrySnapshot
from controller.web.api.problems import not_found


@dataclass(frozen=True, slots=True)
class ApiHouse:
    space: Callable[[], Space]
    people: Callable[[], RegistrySnapshot]
    room_state: Callable[[AreaId], Mapping[str, object] | None]  # as the live feed has it
    bookings: BookingDesk
    community: Community
    history: HistoryDesk
    now: Callable[[], datetime]

    def room(self, id: str) -> tuple[Area, Room]:
        """A room of this space; a problem where there is none."""
        area = self.space().areas.get(AreaId(id))
        if area is None or area.room is None:
            raise not_found("room", id)
        return area, area.room

    def is_staff(self, person: PersonId | None) -> bool:
        known = self.people().people.get(person) if person is not None else None
        return known is not None and known.kind is PersonKind.STAFF
