"""What was measured and said: what of it was lost on its way."""

from collections.abc import Sequence

from controller.app.wiring.ground import Ground
from controller.app.wiring.rooms import RoomWing
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.alarm import AlarmKind
from controller.domain.facts import FactKind
from controller.services.history.gaps import BROKER_SESSION, Gaps
from controller.services.history.rebirth import Rebirths
from controller.services.ports import LoggedFact

ALARMED = {FactKind.MESSAGES_LOST: AlarmKind.MESSAGES_LOST, FactKind.NAME_SHARED: AlarmKind.NAME_SHARED}


class HistoryWing(Wing):
    def __init__(self, ground: Ground, rooms: RoomWing) -> None:
        self._alarms = ground.alarms
        self.gaps = Gaps(
            ground.kept.numbers,
            ground.presence,
            ground.note,
            ground.clock,
            ground.meters,
            spool_dropped=lambda: rooms.spool.dropped,
        )
        self.rebirths = Rebirths(ground.presence, ground.outbound, ground.clock)
        rooms.listen_to_readings(self.gaps.kept)

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        await self.gaps.recall(facts)

    def lasting(self) -> Lasting:
        yield "counts", self.gaps.run()

    def took(self, logged: LoggedFact) -> None:
        fact = logged.fact
        if (kind := ALARMED.get(fact.kind)) is not None:
            self._alarms.raise_(kind, device=fact.device, at=fact.at, detail=fact.detail)
        if fact.kind is FactKind.MESSAGES_LOST and fact.detail.get("where") == BROKER_SESSION:
            self.rebirths.ask_all()

    def look(self) -> None:
        self.gaps.look()
        self.rebirths.look()
