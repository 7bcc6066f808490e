"""What fire panels say, mirrored: doors on the way out are released by wire, and what is here follows and verifies.

Not a life-safety system. Fire counts from the moment a device says so, whether or not it can be written down; it is over
when every device that said so has taken it back, and doors lock again only after staff have confirmed it.
"""

import logging
import math
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.house import Fire, HouseState
from controller.domain.ids import DeviceId
from controller.domain.times import Lateness, lateness
from controller.services.doors.house_writes import HouseWrites
from controller.services.inbound import Inbound
from controller.services.ports import Clock, LoggedFact, Note
from controller.services.presence import Presence
from controller.services.stores import HouseStore
from devices.messages import Event, State

logger = logging.getLogger(__name__)

FIRE_CHANNEL = "fire"
# What is older when it reaches us moves nothing, so no report that counted is further from its fire.
HEARD_WITHIN = timedelta(seconds=60)
_REPORT = "fire"


class FireWatch:
    """Which devices say fire now, and what the house is told of it."""

    def __init__(
        self,
        store: HouseStore,
        writes: HouseWrites,
        presence: Presence,
        note: Note,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._writes = writes
        self._presence = presence
        self._note = note
        self._clock = clock
        self._changed = changed
        self._burning: set[DeviceId] = set()
        self._said: dict[DeviceId, bool] = {}  # by their reported state, believed while they are there
        self._fire: Fire | None = None  # until the registry says it
        self._known_at: int | None = None  # from this version on the registry does

    def recall(self, house: HouseState, facts: Iterable[LoggedFact], devices: Container[DeviceId]) -> None:
        """After a restart: which of these devices had said fire, and not taken it back."""
        if house.fire is None or house.fire.cleared_at is not None:
            return
        self._burning = {DeviceId(house.fire.device)} if house.fire.device else set()
        for logged in facts:
            fact = logged.fact
            if fact.device is None or fact.at < house.fire.since - HEARD_WITHIN or "late_s" in fact.detail:
                continue
            if fact.kind is FactKind.DEVICE_REPORTED and fact.detail.get("type") == _REPORT:
                self._keep(fact.device, fact.detail.get("active") is not False)
        # A panel that was taken out of the house takes nothing back any more; staff still have to confirm.
        self._burning = {device for device in self._burning if device in devices}
        self._fire = house.fire
        if not self._burning:
            self._clear(self._clock.now())

    def laid_over(self, house: HouseState, version: int) -> HouseState:
        """The house as it is, though the registry may not know of the fire yet, or have it taken back too early."""
        if self._fire is None:
            return house
        if not self._burning and self._known_at is not None and version >= self._known_at:
            self._fire = None
            return house
        return house if house.fire is not None else replace(house, fire=self._fire)

    # --- what devices say -------------------------------------------------------------------------

    def event_happened(self, inbound: Inbound, event: Event) -> None:
        """A device says that there is fire, or that it is over. Late ones are recorded and move nothing."""
        device = DeviceId(inbound.device)
        age = self._presence.age_of(inbound, event.ts, event.age_ms)
        late = lateness(age)
        active = not (isinstance(event.data, dict) and event.data.get("active") is False)
        detail: dict[str, Plain] = {"type": _REPORT, "active": active}
        if late is not Lateness.NORMAL:
            detail["late_s"] = round(age, 1) if math.isfinite(age) else None
        self._note(
            Fact(
                FactKind.DEVICE_REPORTED,
                event.ts or inbound.received_at,
                device=device,
                message_id=event.id,
                detail=detail,
            ),
            inbound.acknowledge,
        )
        if late is Lateness.NORMAL:
            self._take(device, active)

    def state_reported(self, inbound: Inbound, state: State) -> None:
        """A panel's snapshot: what it says of fire holds for as long as it is there to say it."""
        said = state.v.get(FIRE_CHANNEL)
        if isinstance(said, bool):
            self._said[DeviceId(inbound.device)] = said
            self._look_at(DeviceId(inbound.device))

    def device_changed(self, device: DeviceId) -> None:
        """A panel came back: what it reported counts again. One that is lost has taken nothing back."""
        if device in self._said:
            self._look_at(device)

    def _look_at(self, device: DeviceId) -> None:
        if self._presence.is_there(device) and self._said[device] != (device in self._burning):
            said = self._said[device]
            now = self._clock.now()
            self._note(
                Fact(
                    FactKind.DEVICE_REPORTED,
                    now,
                    device=device,
                    detail={"type": _REPORT, "active": said},
                )
            )
            self._take(device, said)

    # --- what follows -----------------------------------------------------------------------------

    def _take(self, device: DeviceId, active: bool) -> None:
        before = bool(self._burning)
        self._keep(device, active)
        now = self._clock.now()
        if active:
            self._begin(device, now, is_first=not before)
        elif before and not self._burning:
            self._clear(now)

    def _keep(self, device: DeviceId, active: bool) -> None:
        if active:
            self._burning.add(device)
        else:
            self._burning.discard(device)

    def _begin(self, device: DeviceId, now: datetime, *, is_first: bool) -> None:
        if is_first:
            logger.warning("fire, says %s: doors on the way out are released", device)
            self._fire = Fire(now, device)
            self._known_at = None
            self._note(Fact(FactKind.FIRE_BEGAN, now, device=device))
            self._writes.put("the fire", lambda: self._store.set_fire(now, device), self._known)
        self._changed()

    def _clear(self, now: datetime) -> None:
        self._known_at = None
        self._note(Fact(FactKind.FIRE_CLEARED, now))
        self._writes.put("the end of the fire", lambda: self._store.clear_fire(now), self._known)
        self._changed()

    def _known(self, version: int) -> None:
        self._known_at = version
