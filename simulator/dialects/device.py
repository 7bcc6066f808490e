"""A virtual device that speaks a foreign dialect: the same machine and hands, with a translator before its link.

What is said is each dialect's, in the files beside this one.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from devices.channels import Bolt
from devices.errors import LinkError
from devices.link import MQTT_3_1_1, Delivery, Link, LinkSettings, Will
from devices.messages import Signal
from devices.topics import Topics
from devices.units import DoorUnit, Machine
from devices.units.reading import NO_ANSWER
from devices.units.steps import Publish, ReleaseLock, Show, StartTimer
from simulator.building import Building, Device
from simulator.device import Surroundings, VirtualDevice
from simulator.dialects.esp_rfid import EspRfid
from simulator.dialects.esphome import EspHome
from simulator.dialects.homie import Homie
from simulator.dialects.shelly import Shelly
from simulator.dialects.tasmota import Tasmota
from simulator.dialects.tongue import LONGEST_HOLD_S, Acts, Say, Tongue, Wait, Who, in_words_of
from simulator.dialects.ttn import Ttn
from simulator.dialects.zigbee2mqtt import Zigbee2Mqtt

logger = logging.getLogger(__name__)

_TIMER = "dialect"
# Of a relay that hangs on no door.
_RELEASE_S = 5.0
_TONGUES: dict[str, Callable[[Who], Tongue]] = {
    "zigbee2mqtt": Zigbee2Mqtt,
    "tasmota": Tasmota,
    "shelly": Shelly,
    "esphome": EspHome,
    "homie": Homie,
    "esp-rfid": EspRfid,
    "esp-rfid-ha": lambda who: EspRfid(who, homeassistant=True),
    "ttn": Ttn,
}


def tongue_of(device: Device, building: Building) -> Tongue:
    """How this device speaks the dialect that is said of it."""
    door = building.doors.get(device.door or "")
    place = building.areas[device.area].name if device.area else door.name if door is not None else device.id
    who = Who(
        id=device.id,
        kind=device.kind,
        name=place,
        zone=building.zone,
        channels=tuple(device.channels),
        release_s=door.release_s if door is not None else _RELEASE_S,
        has_contact=door is not None and door.has_contact,
        has_button="button" in device.channels,
    )
    return _TONGUES[device.dialect](who)


class ForeignDevice(VirtualDevice):
    """Small firmware speaks MQTT 3.1.1, keeps no session, and obeys what it hears, however old or retained it is."""

    def __init__(
        self,
        tongue: Tongue,
        power_on: Callable[[], Machine],
        topics: Topics,
        settings: LinkSettings,
        around: Surroundings,
    ) -> None:
        self.tongue = tongue
        # The bolt beside a reader: it has no lamp, so whoever stands there sees by it.
        self.unit_beside: VirtualDevice | None = None
        settings = replace(
            settings,
            protocol=MQTT_3_1_1,
            clean_start=True,
            session_expiry_s=0,
            subscriptions=tuple((topic_filter, 1) for topic_filter in tongue.filters),
        )
        super().__init__(tongue.who.id, lambda: without_limits(power_on()), topics, settings, around)

    def _new_link(self) -> Link:
        self.tongue = self.tongue.rebooted()
        will = self.tongue.will
        said = None if will is None else Will(will.topic, will.body, qos=will.qos, retain=will.retain)
        settings = replace(self._settings, will=said)
        return Link(settings, self._delivered, self._link_changed, on_connected=self._connected)

    def _say(self, said: Publish) -> None:
        self.tongue, acts = in_words_of(self.tongue, said.message, self._around.now())
        self._act(acts, said.kind)

    def _delivered(self, delivery: Delivery) -> None:
        if self._between is None:
            self._hears(delivery)
        else:
            self._between.passes("down", "command", delivery.payload, delivery.retain, lambda body, retain: self._hears(
                replace(delivery, payload=body, retain=retain)
            ))  # fmt: skip
        self.link.ack(delivery)

    def _hears(self, delivery: Delivery) -> None:
        if self.is_off:
            return
        self.tongue, acts = self.tongue.hears(delivery.topic, delivery.payload, self.machine, self._around.now())
        self._act(acts, "state")

    def _fired(self, name: str) -> None:
        if name != _TIMER:
            super()._fired(name)
            return
        self._timers.pop(name, None)
        self.tongue, acts = self.tongue.ticks(self.machine, self._around.now())
        self._act(acts, "health")

    def _answers(self, shown: Show) -> None:
        beside = self.unit_beside.machine if self.unit_beside is not None else None
        if shown.reason == NO_ANSWER and isinstance(beside, DoorUnit) and beside.lock is Bolt.UNLOCKED:
            shown = Show(Signal.GRANTED)
        super()._answers(shown)

    def _act(self, acts: Acts, kind: str) -> None:
        for act in acts:
            match act:
                case Say():
                    self._carry(act, kind)
                case Wait(after_s=after):
                    self._do(StartTimer(_TIMER, after))
                case ReleaseLock():
                    self._do(act)
                case _:
                    # Not at once: the machine may be in the middle of saying what this answers.
                    asyncio.get_running_loop().call_soon(self.feed, act)

    def _carry(self, say: Say, kind: str) -> None:
        if self._between is None:
            self._publish_as(say, say.body, say.retain)
        else:
            self._between.passes(
                "up", kind, say.body, say.retain, lambda body, retain: self._publish_as(say, body, retain)
            )

    def _publish_as(self, say: Say, body: bytes, retain: bool) -> None:
        try:
            self.link.publish(say.topic, body, qos=say.qos, retain=retain)
        except LinkError as exc:
            logger.debug("%s could not say anything on %s: %s", self.id, say.topic, exc)


def see_the_bolt(devices: Mapping[str, VirtualDevice], building: Building) -> None:
    """Let each reader without a lamp see the bolt of its door."""
    for door in building.doors.values():
        for reader in (devices.get(name) for name in (door.reader_in, door.reader_out) if name):
            if isinstance(reader, ForeignDevice):
                reader.unit_beside = devices.get(door.unit)


def without_limits(machine: Machine) -> Machine:
    if isinstance(machine, DoorUnit):
        return replace(machine, profile=replace(machine.profile, longest_hold_s=LONGEST_HOLD_S))
    return machine
