"""Calendars in and out: those kept elsewhere become bookings, those of the house are read by others."""

from controller.app.wiring.booking import BookingWing
from controller.app.wiring.ground import Ground
from controller.app.wiring.visitors import VisitorWing
from controller.app.wiring.wing import Lasting, Wing
from controller.services.calendars.feeds import Feeds
from controller.services.calendars.links import Links
from controller.services.calendars.polling import Polling
from controller.services.calendars.stores import Elsewhere
from controller.services.calendars.taking import Taking


class CalendarWing(Wing):
    def __init__(
        self, ground: Ground, bookings: BookingWing, visitors: VisitorWing, elsewhere: Elsewhere | None
    ) -> None:
        """Without `elsewhere` no calendar is fetched."""
        kept, board, clock = ground.kept, ground.board, ground.clock
        self.links = Links(kept.links)
        self.feeds = Feeds(self.links, kept.bookings, visitors.listing.coming, ground.space, ground.people, clock)
        self.polling = (
            Polling(
                kept.calendars,
                elsewhere.source,
                elsewhere.reader,
                Taking(bookings.desk),
                clock,
                lambda: ground.space().zone,
                # A house whose doors work is well, whatever another server does.
                lambda name, ok, text: board.report(name, ok=ok, text=text, vital=False),
            )
            if elsewhere is not None
            else None
        )

    def lasting(self) -> Lasting:
        yield "calendar links", self.links.run()
        if self.polling is not None:
            yield "outside calendars", self.polling.run()
