"""Those who are no members: public events, guests, partners' passes."""

from collections.abc import Sequence

from controller.app.wiring.ground import Ground
from controller.app.wiring.inside import InsideWing
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.services.doors.house_writes import HouseWrites
from controller.services.ports import LoggedFact
from controller.services.visitors.public_events import PublicEvents
from controller.services.visitors.public_list import PublicList
from controller.services.visitors.ticket_scans import TicketScans
from controller.services.visitors.visits import Visits


class VisitorWing(Wing):
    def __init__(self, ground: Ground, inside: InsideWing) -> None:
        kept = ground.kept
        self.writes = HouseWrites()
        self.public_events = PublicEvents(
            people=ground.people,
            whereabouts=inside.following.whereabouts,
            coming_in=lambda: inside.shared.coming_in() | self.scans.coming_in(),
            store=kept.public_events,
            writes=self.writes,
            note=ground.note,
            alarms=ground.alarms,
            clock=ground.clock,
        )
        self.listing = PublicList(ground.space, ground.people, self.public_events, ground.clock)
        self.scans = TicketScans(
            space=ground.space,
            people=ground.people,
            events=self.public_events,
            seen=inside.following.whereabouts.seen,
            digests=kept.digests,
            journal=ground.journal,
            clock=ground.clock,
        )
        self.visits = Visits(
            space=ground.space,
            people=ground.people,
            guests=kept.guests,
            credentials=kept.credentials,
            digests=kept.digests,
            list_digest=kept.list_digest_of_token,
            writes=self.writes,
            clock=ground.clock,
        )

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        self.public_events.recall(facts)
        self.scans.recall(facts)

    def lasting(self) -> Lasting:
        yield "events and visits", self.writes.run()

    def took(self, logged: LoggedFact) -> None:
        self.public_events.took(logged)
        self.scans.took(logged)

    def look(self) -> None:
        self.public_events.look()
        self.visits.look()
