"""The booth's on-air light: asked for, confirmed by the light itself, shown as it truly is.

What is shown for each pair of wanted and reported is `domain.booth`'s table. Until there are bookings the
booth's own button asks (docs/decisions/0004).
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.domain.booth import OnAir, Reported, Wanted, on_air, reported
from controller.domain.building import DeviceKind, RoomKind, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId, DeviceId
from controller.services.inbound import Inbound
from controller.services.ports import Clock, LoggedFact, Note, Outbound
from controller.services.presence import Presence
from devices.errors import LinkError
from devices.messages import Desired, DesiredValue, Event, State

logger = logging.getLogger(__name__)

ONAIR_CHANNEL = "onair"
SESSION = timedelta(hours=1)
# What a device saved up while offline is history: it must not light a lamp now.
LATE_BUTTON = 5.0


@dataclass(slots=True)
class _Booth:
    area: AreaId
    light: DeviceId
    wanted: Wanted = field(default_factory=Wanted)
    is_told: bool = True  # the light, of what is wanted
    said: object = None
    shown: OnAir = OnAir.UNKNOWN


class Booths:
    """Every booth of the space that has a light."""

    def __init__(
        self,
        space: Space,
        outbound: Outbound,
        presence: Presence,
        note: Note,
        changed: Callable[[AreaId], None],
        clock: Clock,
    ) -> None:
        self._outbound = outbound
        self._presence = presence
        self._note = note
        self._changed = changed
        self._clock = clock
        self._booths = {light: _Booth(area, light) for area, light in _booths(space)}
        self._in_area = {booth.area: booth for booth in self._booths.values()}

    def shown(self, area: AreaId) -> OnAir | None:
        """What everybody is shown of this booth's light, or None for a room that has none."""
        booth = self._in_area.get(area)
        return booth.shown if booth is not None else None

    def on_air_until(self, area: AreaId) -> datetime | None:
        """While it is on air by the light's own word: until when."""
        booth = self._in_area.get(area)
        return booth.wanted.until if booth is not None and booth.shown is OnAir.ON else None

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: what was asked for before, if its end has not come."""
        for logged in facts:
            detail = logged.fact.detail
            if logged.fact.kind is FactKind.ON_AIR_CHANGED and logged.fact.device in self._booths:
                self._booths[logged.fact.device].wanted = _wanted(detail)
        self.look()

    def button_pressed(self, inbound: Inbound, event: Event) -> None:
        """Ask for on air, or end it."""
        booth = self._booths.get(DeviceId(inbound.device))
        self._note(
            Fact(FactKind.BUTTON_PRESSED, inbound.received_at, device=DeviceId(inbound.device), message_id=event.id),
            inbound.acknowledge,
        )
        if booth is not None and self._presence.age_of(inbound, event.ts, event.age_ms) <= LATE_BUTTON:
            now = self._clock.now()
            on = not booth.wanted.is_on(now)
            self._want(booth, Wanted(on, now + SESSION if on else None))

    def state_reported(self, inbound: Inbound, state: State) -> None:
        """What a light says of itself."""
        booth = self._booths.get(DeviceId(inbound.device))
        if booth is not None and ONAIR_CHANNEL in state.v:
            booth.said = state.v[ONAIR_CHANNEL]
            self._look_at(booth)

    def device_changed(self, device: DeviceId) -> None:
        """A light came back, or was lost."""
        booth = self._booths.get(device)
        if booth is not None:
            self._look_at(booth)

    def look(self) -> None:
        """Once a second: an end that has come changes what is shown; a light that could not be told is told."""
        for booth in self._booths.values():
            if not booth.is_told:
                self._tell(booth)
            self._look_at(booth)

    def _want(self, booth: _Booth, wanted: Wanted) -> None:
        booth.wanted = wanted
        booth.is_told = False
        self._tell(booth)
        self._look_at(booth)

    def _tell(self, booth: _Booth) -> None:
        """A wish is a state, not an action: said later it is as good, for it carries its end."""
        wanted = booth.wanted
        desired = Desired(
            rev=int(self._clock.now().timestamp() * 1000),
            v={ONAIR_CHANNEL: DesiredValue(value=wanted.on, until=wanted.until)},
        )
        try:
            self._outbound.send(booth.light, desired)
        except LinkError as error:
            logger.debug("booth %s: the light was not told: %s", booth.area, error)
        else:
            booth.is_told = True

    def _look_at(self, booth: _Booth) -> None:
        now = self._clock.now()
        light: Reported = reported(booth.said, is_present=self._presence.is_there(booth.light))
        shown = on_air(booth.wanted, light, now)
        if shown is booth.shown:
            return
        booth.shown = shown
        until = booth.wanted.until
        self._note(
            Fact(
                FactKind.ON_AIR_CHANGED,
                now,
                device=booth.light,
                area=booth.area,
                detail={
                    "state": str(shown),
                    "wanted": booth.wanted.on,
                    "until": until.isoformat() if until is not None else None,
                },
            )
        )
        self._changed(booth.area)


def _booths(space: Space) -> Iterable[tuple[AreaId, DeviceId]]:
    for device in space.devices.values():
        area = space.areas.get(device.area) if device.area is not None else None
        is_booth = area is not None and area.room is not None and area.room.kind is RoomKind.BOOTH
        if device.kind is DeviceKind.LIGHT and area is not None and is_booth:
            yield area.id, device.id


def _wanted(detail: Mapping[str, object]) -> Wanted:
    until = detail.get("until")
    return Wanted(detail.get("wanted") is True, datetime.fromisoformat(until) if isinstance(until, str) else None)
