"""Which devices are there, what they said they are, and how far their clocks can be trusted.

The rules are `domain.device`'s and `domain.times`'s; here they are fed, and whoever shows a device is told
when something changed.
"""

import logging
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from controller.domain import device as rules
from controller.domain.building import Space
from controller.domain.device import DeviceState
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId
from controller.domain.steadiness import Steadiness, came, lost, passed
from controller.domain.telemetry import Channel
from controller.domain.times import MAX_AHEAD, Skew, age_seconds, skew_of
from controller.services.inbound import Inbound
from controller.services.ports import Clock
from controller.services.screens.live import LiveFeed
from devices.channels import QUANTITIES, Conversion, conversion
from devices.errors import UnitError
from devices.messages import Birth, ChannelSpec, Health, Status
from devices.times import clock_is_set

logger = logging.getLogger(__name__)

# The smallest delay of the last few live messages is the clock's offset; one alone could be a slow network.
OFFSETS_KEPT = 5
# Below this the offset is as likely the way through the broker.
OFFSET_FLOOR = 2.0
# So old an event may be as nobody's memory is: a door keeps a few thousand, and a clock that says more is wrong.
_OLDEST = timedelta(days=366)
SHOWN_AS = {DeviceState.UNHEARD: "never_seen", DeviceState.DISCONNECTED: "lost"}


@dataclass(slots=True)
class Known:
    """All we know of one device."""

    presence: rules.Presence = field(default_factory=rules.Presence)
    birth: Birth | None = None
    born_at: float = -math.inf  # when it last said so, by the loop's clock; a birth that was retained says it too
    channels: Mapping[str, Channel] = field(default_factory=dict)
    conversions: Mapping[str, Conversion] = field(default_factory=dict)
    offsets: deque[float] = field(default_factory=lambda: deque(maxlen=OFFSETS_KEPT))
    health: Health | None = None
    missing: int = 0  # numbers of its messages that never came
    steadiness: Steadiness = field(default_factory=Steadiness)

    @property
    def offset_s(self) -> float:
        """How far its clock is behind ours; negative when it is ahead, 0 while it cannot be told from the network."""
        smallest = min(self.offsets, key=abs, default=0.0)
        return smallest if abs(smallest) > OFFSET_FLOOR else 0.0


class Presence:
    """The devices of the space, by id."""

    def __init__(self, space: Space, note: Callable[[Fact], None], feed: LiveFeed, clock: Clock) -> None:
        self._space = space
        self._note = note
        self._feed = feed
        self._clock = clock
        self._known: dict[DeviceId, Known] = {device: Known() for device in space.devices}
        self._listeners: list[Callable[[DeviceId], None]] = []
        for device in space.devices:
            self._show(device)

    def listen(self, listener: Callable[[DeviceId], None]) -> None:
        """Be told whenever a device comes, goes, is born again or falls silent."""
        self._listeners.append(listener)

    def publish(self, space: Space) -> None:
        """Take up another version of the space with the same devices."""
        self._space = space
        for device in self._known:
            self._show(device)

    # --- questions --------------------------------------------------------------------------------

    def is_ready(self, device: DeviceId) -> bool:
        """Whether a command may be sent to it."""
        known = self._known.get(device)
        return known is not None and known.presence.is_ready

    def is_there(self, device: DeviceId) -> bool:
        """Whether what it last said still holds."""
        known = self._known.get(device)
        return known is not None and known.presence.state in rules.PRESENT

    def word(self, device: DeviceId) -> str:
        """Its state for a screen: ready, sleeping, lost, silent or never_seen."""
        known = self._known.get(device)
        state = known.presence.state if known is not None else DeviceState.UNHEARD
        return SHOWN_AS.get(state, str(state))

    def of(self, device: DeviceId) -> Known:
        """Everything known of it; a device the space does not have is a fault of the caller."""
        return self._known[device]

    def not_born_since(self, at_mono: float) -> list[DeviceId]:
        """Those that can be asked and have not said since then what they are."""
        return [device for device, known in self._known.items() if known.presence.is_ready and known.born_at < at_mono]

    def lost_count(self) -> int:
        """How many devices are expected and not there."""
        return sum(known.presence.state not in rules.PRESENT for known in self._known.values())

    def age_of(self, inbound: Inbound, said: datetime | None, age_ms: float | None) -> float:
        """How long ago an event happened, in seconds; infinite when nobody can know.

        A clock that is off by up to a minute is corrected by its known offset, one that is off by more is
        not asked. What waited at the broker and carries no trusted time may be of any age.
        """
        offset = self._known[DeviceId(inbound.device)].offset_s
        if said is not None and skew_of(offset) is not Skew.IGNORED:
            corrected = said + timedelta(seconds=offset)
            if inbound.backlog and (corrected - inbound.received_at).total_seconds() > OFFSET_FLOOR:
                return math.inf
            return age_seconds(corrected, age_ms, inbound.received_at)
        if inbound.backlog:
            return math.inf
        return age_seconds(None, age_ms, inbound.received_at)

    def true_time(self, inbound: Inbound, said: datetime | None, age_ms: float | None) -> datetime:
        """When an event happened: by its own stamp, set right by what is known of its clock, else by its own count."""
        received = inbound.received_at
        if said is not None and clock_is_set(said):
            at = said + timedelta(seconds=self._known[DeviceId(inbound.device)].offset_s)
            if received - _OLDEST < at <= received + MAX_AHEAD:
                return at.astimezone(UTC)
        return received - timedelta(milliseconds=min(age_ms or 0, _OLDEST // timedelta(milliseconds=1)))

    # --- what devices say -------------------------------------------------------------------------

    def born(self, inbound: Inbound, birth: Birth) -> None:
        """A device says what it is; its channels and units are resolved once, here."""
        device = DeviceId(inbound.device)
        known = self._known[device]
        known.born_at = inbound.received_mono
        if known.birth != birth:
            known.birth = birth
            known.channels, known.conversions = _channels(device, birth)
            if not inbound.retained:
                self._note(Fact(FactKind.DEVICE_BORN, inbound.received_at, device=device, detail={"rev": birth.rev}))
            self._changed(device)
        inbound.acknowledge()

    def status_said(self, inbound: Inbound, status: Status) -> None:
        """A status or a will."""
        device = DeviceId(inbound.device)
        known = self._known[device]
        if status.ts is not None and not inbound.retained and not inbound.backlog:
            known.offsets.append((inbound.received_at - status.ts).total_seconds())
        before = known.presence
        known.presence = rules.on_status(before, DeviceState(status.state), status.boot, inbound.received_mono)
        if not inbound.retained and not inbound.backlog:
            self._count_comings(device, known, before, inbound)
        if known.presence.state is not before.state:
            self._tell_state(device, before.state, inbound.received_at)
        if known.presence.state is not before.state or known.presence.boot != before.boot:
            self._changed(device)
        inbound.acknowledge()

    def health_said(self, inbound: Inbound, health: Health) -> None:
        """Battery, signal, queue: shown with the device."""
        device = DeviceId(inbound.device)
        self._known[device].health = health
        self.heard(device, inbound.received_mono)
        self._show(device)
        inbound.acknowledge()

    def heard(self, device: DeviceId, at_mono: float) -> None:
        """A sign of life."""
        known = self._known[device]
        before = known.presence
        known.presence = rules.on_message(before, at_mono)
        if known.presence.state is not before.state:
            self._tell_state(device, before.state, self._clock.now())
            self._changed(device)

    def missing_is(self, device: DeviceId, count: int) -> None:
        """So many of its messages never came; a device that is not of this space any more is nobody's."""
        known = self._known.get(device)
        if known is not None and known.missing != count:
            known.missing = count
            self._show(device)

    def deaf(self) -> None:
        """While we cannot hear, nobody's silence is theirs: the time is not counted."""
        now = self._clock.monotonic()
        for known in self._known.values():
            if known.presence.heard is not None:
                known.presence = replace(known.presence, heard=now)

    def sweep(self) -> None:
        """Once a second: who should have spoken by now is silent, and who came and went has come to rest."""
        now = self._clock.monotonic()
        for device, known in self._known.items():
            before = known.presence
            cadence = known.birth.every_s if known.birth is not None else None
            if cadence is not None:
                known.presence = rules.on_time(before, cadence, now)
            if known.presence.state is not before.state:
                self._tell_state(device, before.state, self._clock.now())
                self._changed(device)
            if not known.steadiness.is_at_rest:
                self._look_at_rest(device, known, now)

    # --- telling ----------------------------------------------------------------------------------

    def _tell_state(self, device: DeviceId, before: DeviceState, at: datetime) -> None:
        if self._known[device].steadiness.is_unsteady:
            return  # told once, and again when it has come to rest
        state = self._known[device].presence.state
        was_there, is_there = before in rules.PRESENT, state in rules.PRESENT
        if is_there and not was_there:
            self._note(Fact(FactKind.DEVICE_READY, at, device=device, detail={"before": str(before)}))
        elif was_there and not is_there:
            self._note(Fact(FactKind.DEVICE_LOST, at, device=device, detail={"state": str(state)}))

    def _count_comings(self, device: DeviceId, known: Known, before: rules.Presence, inbound: Inbound) -> None:
        """What its comings and goings say of the device itself: that it flaps, that another one has its name."""
        was, now = known.steadiness, inbound.received_mono
        state, boot = known.presence.state, known.presence.boot
        if state is DeviceState.LOST and before.state in rules.PRESENT:
            known.steadiness = lost(was, now)
        elif state in rules.PRESENT and boot is not None:
            known.steadiness = came(was, boot, now)
        if known.steadiness.is_unsteady and not was.is_unsteady:
            self._note(Fact(FactKind.DEVICE_UNSTEADY, inbound.received_at, device=device))
        if known.steadiness.is_shared and not was.is_shared:
            self._note(Fact(FactKind.NAME_SHARED, inbound.received_at, device=device))

    def _look_at_rest(self, device: DeviceId, known: Known, now: float) -> None:
        was = known.steadiness
        known.steadiness = passed(was, now)
        if was.is_unsteady and not known.steadiness.is_unsteady:
            is_there = known.presence.state in rules.PRESENT
            before = DeviceState.LOST if is_there else DeviceState.READY
            self._tell_state(device, before, self._clock.now())
            self._show(device)

    def _changed(self, device: DeviceId) -> None:
        self._show(device)
        for listener in self._listeners:
            listener(device)

    def _show(self, device: DeviceId) -> None:
        known = self._known[device]
        placed = self._space.devices[device]
        health = known.health
        self._feed.put(
            "device",
            device,
            {
                "id": device,
                "kind": str(placed.kind),
                "door": placed.door,
                "room": placed.area,
                "state": self.word(device),
                "name": known.birth.name if known.birth is not None else None,
                "battery": health.battery if health is not None else None,
                "rssi": health.rssi if health is not None else None,
                "missing": known.missing,
                "unsteady": known.steadiness.is_unsteady,
            },
        )


def _channels(device: DeviceId, birth: Birth) -> tuple[dict[str, Channel], dict[str, Conversion]]:
    """What may be believed of each channel, in canonical units; a unit or class that is none sets its channel aside."""
    channels: dict[str, Channel] = {}
    conversions: dict[str, Conversion] = {}
    for name, spec in birth.channels.items():
        if spec.fault is not None:
            logger.warning("%s, channel %s is set aside: %s", device, name, spec.fault)
            channels[name] = Channel("", quarantined=True)
            continue
        try:
            to_canonical = conversion(spec.unit, spec.device_class)
        except UnitError as error:
            logger.warning("%s, channel %s is set aside: %s", device, name, error)
            channels[name] = Channel(spec.device_class, quarantined=True)
            continue
        channels[name] = _channel(spec, to_canonical)
        conversions[name] = to_canonical
    return channels, conversions


def _channel(spec: ChannelSpec, to_canonical: Conversion) -> Channel:
    channel = Channel(spec.device_class, is_number=spec.device_class in QUANTITIES)
    if spec.min is not None:
        channel = replace(channel, low=to_canonical(spec.min))
    if spec.max is not None:
        channel = replace(channel, high=to_canonical(spec.max))
    return channel
