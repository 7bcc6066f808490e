"""Bookings: the desk people ask, and what happens to them by themselves."""

from collections.abc import Sequence

from controller.app.wiring.ground import Ground
from controller.app.wiring.rooms import RoomWing
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.services.booking.billing import Billing
from controller.services.booking.desk import BookingDesk, BookingStores
from controller.services.booking.keeper import BookingKeeper
from controller.services.booking.paused import PausedBookings
from controller.services.booking.waiting_list import WaitingList
from controller.services.doors.house_writes import HouseWrites
from controller.services.ports import LoggedFact


class BookingWing(Wing):
    def __init__(self, ground: Ground, rooms: RoomWing) -> None:
        kept, clock = ground.kept, ground.clock
        self.desk = BookingDesk(
            BookingStores(
                kept.bookings,
                kept.series,
                kept.waiting,
                kept.ledger,
                kept.people_store,
                kept.digests,
                kept.list_digest_of_token,
                kept.profiles,
            ),
            space=ground.space,
            people=ground.people,
            note=ground.note,
            now=clock.now,
        )
        self.writes = HouseWrites()
        self.keeper = BookingKeeper(
            index=ground.index,
            store=kept.bookings,
            rooms=rooms.rooms,
            writes=self.writes,
            note=ground.note,
            alarms=ground.alarms,
            clock=clock,
        )
        self.waiting_list = WaitingList(kept.waiting, kept.bookings, ground.space, ground.note, clock)
        self.billing = Billing(kept.bookings, kept.ledger, ground.space, clock)
        self.paused = PausedBookings(ground.index, ground.alarms, clock)

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        self.keeper.recall(facts)
        self.waiting_list.recall(facts)

    def lasting(self) -> Lasting:
        yield "bookings", self.writes.run()
        yield "waiting lists", self.waiting_list.run()
        yield "billing of bookings", self.billing.run()

    def took(self, logged: LoggedFact) -> None:
        self.keeper.took(logged)

    def look(self) -> None:
        self.keeper.look()
        self.paused.look()

    def rights_changed(self) -> None:
        self.paused.rights_changed()
