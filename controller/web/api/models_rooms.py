"""Rooms as the API tells of them."""

from typing import Any

from pydantic import Field

from controller.domain.building import RoomKind
from controller.web.api.models import Day, Instant, Page, Query, Said


class RoomOut(Said):
    id: str
    name: str
    kind: RoomKind
    floor: str | None
    seats: int
    bookable: bool
    needs_approval: bool
    buffer_minutes: int = Field(description="Between two bookings, for who clears up.")
    longest_minutes: int | None = Field(description="Of one booking; null: as the plan says.")
    state: dict[str, Any] | None = Field(
        description="How it is now, as on the live feed: status, occupancy, comfort, air, quiet. Null until it is known."
    )


class Rooms(Page[RoomOut]):
    pass


class FreeQuery(Query):
    day: Day | None = Field(None, description="In the space's own zone; today without it.")


class SlotOut(Said):
    start: Instant
    end: Instant


class FreeSlots(Said):
    room: str
    day: str
    items: list[SlotOut]
