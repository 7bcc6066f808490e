"""Reads, and who answers them: we do, or a door did alone and tells of it afterwards."""

from collections.abc import Callable, Sequence

from controller.app.wiring.doors import DoorWing
from controller.app.wiring.ground import Ground
from controller.app.wiring.inside import InsideWing
from controller.app.wiring.lists import ListWing
from controller.app.wiring.visitors import VisitorWing
from controller.app.wiring.wing import Lasting, Newest, Wing
from controller.domain.alarm import AlarmKind
from controller.domain.building import Device
from controller.domain.facts import FactKind
from controller.domain.ids import DeviceId, DoorId
from controller.services.entry.access import AccessService
from controller.services.entry.access_index import Circumstances
from controller.services.entry.alerts import Alert
from controller.services.entry.pins import Asked, Pins
from controller.services.entry.reads import Reads
from controller.services.entry.shown import Recognition
from controller.services.offline.local_decisions import LocalDecisions
from controller.services.ports import LoggedFact
from controller.services.refusals import Refusals
from devices.badges import ReaderProfile


class EntryWing(Wing):
    def __init__(
        self,
        ground: Ground,
        doors: DoorWing,
        inside: InsideWing,
        visitors: VisitorWing,
        lists: ListWing,
        *,
        refusals: Refusals,
        profiles: Callable[[Device], ReaderProfile],
        beside: Circumstances,
    ) -> None:
        self._alarms = ground.alarms
        index, kept, clock = ground.index, ground.kept, ground.clock
        recognition = Recognition(index, kept.digests, profiles, beside, visitors.visits)
        self.pins = Pins(
            digests=kept.digests,
            lookup=index.credential,
            note=ground.note,
            timed_out=self._pin_timed_out,
            locked_out=self._pins_locked_out,
            clock=clock,
        )
        self.access = AccessService(
            index=index,
            recognition=recognition,
            journal=ground.journal,
            reserve=kept.reserve,
            charges=inside.usage,
            neighbours=inside.shared,
            pins=self.pins,
            saw=lists.digests.saw,
            alert=self._alert,
            doors=doors.doors,
            refusals=refusals,
            clock=clock,
            meters=ground.meters,
        )
        self.reads = Reads(
            index=index,
            recognition=recognition,
            pins=self.pins,
            access=self.access,
            presence=ground.presence,
            refusals=refusals,
            clock=clock,
        )
        self.local = LocalDecisions(
            index,
            lists.lists.salts,
            ground.journal,
            ground.presence,
            visitors.visits,
            doors.doors,
            answered=self.access.has_answered,
            beside=beside,
        )

    async def recall(self, facts: Sequence[LoggedFact], newest: Newest) -> None:
        self.pins.recall(facts)

    def lasting(self) -> Lasting:
        yield "what doors decided", self.local.run()

    def took(self, logged: LoggedFact) -> None:
        """A door that decided alone may have let somebody in beyond what was left."""
        fact = logged.fact
        if fact.kind is FactKind.QUOTA_OVERSHOT:
            self._alarms.raise_(AlarmKind.QUOTA_OVERSHOOT, door=fact.door, person=fact.person, at=fact.at)

    def _pin_timed_out(self, asked: Asked) -> None:
        self.reads.pin_timed_out(asked)

    def _pins_locked_out(self, door: DoorId, reader: DeviceId) -> None:
        self._alarms.raise_(AlarmKind.PIN_LOCKED_OUT, door=door, device=reader)

    def _alert(self, alert: Alert) -> None:
        self._alarms.raise_(alert.kind, door=alert.door, area=alert.area, person=alert.person)
