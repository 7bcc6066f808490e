"""Readings sent on to a database, where one is named."""

from collections.abc import Sequence

from controller.app.wiring.ground import Ground
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.alarm import AlarmKind
from controller.services.history.outgoing import Outgoing
from controller.services.history.sender import House, Sender
from controller.services.ports import LoggedFact


class SendingWing(Wing):
    def __init__(self, ground: Ground, outgoing: Outgoing | None) -> None:
        self._alarms = ground.alarms
        house = House(ground.note, ground.alarms, ground.board, ground.meters, ground.clock)
        self.sender = Sender(outgoing, house) if outgoing is not None else None

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        if self.sender is None:
            # Whoever took the database out of the settings has dealt with what it would not take.
            self._alarms.clear(AlarmKind.SENDING_STOPPED)

    def lasting(self) -> Lasting:
        if self.sender is not None:
            yield "sending", self.sender.run()
