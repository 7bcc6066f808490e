"""The lists that doors decide by alone."""

from collections.abc import Callable

from controller.app.wiring.ground import Ground
from controller.app.wiring.wing import Lasting, Wing
from controller.domain.ids import DeviceId, DoorId
from controller.services.entry.access_index import Circumstances
from controller.services.offline.access_lists import AccessLists
from controller.services.offline.list_digests import ListDigests
from controller.services.ports import LoggedFact


class ListWing(Wing):
    def __init__(self, ground: Ground, *, beside: Circumstances, shown: Callable[[DoorId], None]) -> None:
        kept = ground.kept
        self.lists = AccessLists(
            ground.index,
            ground.outbound,
            kept.lists,
            ground.presence,
            ground.board,
            ground.note,
            ground.clock,
            kept.list_signing_key,
            alarms=ground.alarms,
            beside=beside,
            shown=shown,
        )
        self.digests = ListDigests(ground.index, kept.people_store, kept.list_digest_of)

    def lasting(self) -> Lasting:
        yield "access lists", self.lists.run()
        yield "list digests", self.digests.run()

    def took(self, logged: LoggedFact) -> None:
        self.lists.took(logged)

    def device_changed(self, device: DeviceId) -> None:
        self.lists.device_changed(device)

    def rights_changed(self) -> None:
        self.lists.changed()

    def link_back(self) -> None:
        self.lists.link_back()
