"""Rooms: which there are, how each is now, when it is free."""

from collections.abc import Iterator

from controller.domain.building import Area, Room
from controller.domain.schedule import local_date
from controller.domain.tokens import TokenScope
from controller.web.api.house import ApiHouse
from controller.web.api.models import Nothing, Paged
from controller.web.api.models_rooms import FreeQuery, FreeSlots, RoomOut, Rooms, SlotOut
from controller.web.api.paging import page_of
from controller.web.api.problems import Problem
from controller.web.api.routes import Answer, Call, Route, route


class RoomResource:
    def __init__(self, house: ApiHouse) -> None:
        self._house = house

    def routes(self) -> Iterator[Route]:
        read = TokenScope.ROOMS_READ
        yield route(
            "GET", "/rooms", "listRooms", "Every room, and how it is now", self.list, read, query=Paged, gives=Rooms
        )
        yield route("GET", "/rooms/{room}", "getRoom", "One room", self.get, read, gives=RoomOut)
        yield route(
            "GET",
            "/rooms/{room}/free",
            "listFreeSlots",
            "When a room is free on a day",
            self.free,
            read,
            query=FreeQuery,
            gives=FreeSlots,
            problems=(Problem.NOT_BOOKABLE, Problem.REFUSED),
        )

    async def list(self, call: Call[Paged, None]) -> Answer:
        rooms = [
            (area, area.room)
            for area in self._house.space().areas.values()
            if area.room is not None and call.token.area in (None, area.id)
        ]
        shown, after = page_of(rooms, lambda pair: (str(pair[0].id),), call.query)
        return Answer(Rooms(items=[self._out(area, room) for area, room in shown], next=after))

    async def get(self, call: Call[Nothing, None]) -> Answer:
        area, room = self._house.room(call.path["room"])
        call.check_room(area.id)
        return Answer(self._out(area, room))

    async def free(self, call: Call[FreeQuery, None]) -> Answer:
        area, _ = self._house.room(call.path["room"])
        call.check_room(area.id)
        day = call.query.day or local_date(self._house.now(), self._house.space().zone)
        slots = await self._house.bookings.free_slots(area.id, day)
        items = [SlotOut(start=one.start, end=one.end) for one in slots]
        return Answer(FreeSlots(room=area.id, day=day.isoformat(), items=items))

    def _out(self, area: Area, room: Room) -> RoomOut:
        state = self._house.room_state(area.id)
        return RoomOut(
            id=area.id,
            name=area.name,
            kind=room.kind,
            floor=area.floor,
            seats=room.seats,
            bookable=room.bookable,
            needs_approval=room.needs_approval,
            buffer_minutes=room.buffer_minutes,
            longest_minutes=room.longest_minutes,
            state=dict(state) if state is not None else None,
        )
