"""ESPHome over MQTT, with Home Assistant's discovery in its single-component form.

States are retained, as by default; so are events, which makes a good adapter drop the retained ones. A reader publishes
its tags on a topic of its own by an automation, and tells Home Assistant of it as a tag scanner.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from devices.badges import ISO14443A
from devices.messages import BadgeReadData, Scalar
from devices.units import Machine
from simulator.dialects.tongue import Acts, Say, Tongue, body, is_drawn, is_open, number, on_off, parsed

_VERSION = "2026.6.5"
_BOARD = "esp32dev"
# Of a channel: what it is called, its class, its unit, and how many decimals are shown.
_SENSORS = {
    "temperature": ("Temperature", "temperature", "°C", 1),
    "humidity": ("Humidity", "humidity", "%", 1),
    "co2": ("CO2", "carbon_dioxide", "ppm", 0),
    "noise": ("Noise", "sound_pressure", "dB", 1),
    "light": ("Light", "illuminance", "lx", 0),
    "rssi": ("WiFi Signal", "signal_strength", "dBm", 0),
    "latency": ("Latency", "duration", "ms", 1),
    "loss": ("Packet Loss", "", "%", 1),
    "battery": ("Battery", "battery", "%", 0),
}
_LOCK_WORDS = {"locked": "LOCKED", "unlocked": "UNLOCKED", "jammed": "JAMMED"}


@dataclass(frozen=True, slots=True)
class Entity:
    """One component of the node, with what discovery says of it beyond what all say."""

    component: str
    name: str
    more: Mapping[str, object]
    has_command: bool = False

    @property
    def object_id(self) -> str:
        return self.name.lower().replace(" ", "_")


@dataclass(frozen=True, slots=True)
class EspHome(Tongue):
    contact: bool | None = None
    exit_button: bool | None = None

    @property
    def will(self) -> Say:
        return Say(f"{self.who.id}/status", b"offline", retain=True)

    @property
    def filters(self) -> tuple[str, ...]:
        commands = tuple(
            f"{self.who.id}/{entity.component}/{entity.object_id}/command"
            for entity in self.entities
            if entity.has_command
        )
        return *commands, "esphome/discover", f"esphome/ping/{self.who.id}"

    @property
    def entities(self) -> tuple[Entity, ...]:
        found = [_sensor(channel) for channel in self.who.channels if channel in _SENSORS]
        if "presence" in self.who.channels:
            found.append(Entity("binary_sensor", "Presence", {"dev_cla": "occupancy"}))
        if "window" in self.who.channels:
            found.append(Entity("binary_sensor", "Window", {"dev_cla": "window"}))
        match self.who.kind:
            case "sensor":
                found.append(_sensor("battery"))
            case "door_unit":
                found.append(Entity("lock", "Lock", {"pl_open": "OPEN"}, has_command=True))
                found.append(Entity("binary_sensor", "Exit Button", {}))
                if self.who.has_contact:
                    found.append(Entity("binary_sensor", "Door", {"dev_cla": "door"}))
            case "light":
                more = {"schema": "json", "sup_clrm": ["onoff"]}
                found.append(Entity("light", "On Air", more, has_command=True))
                if self.who.has_button:
                    found.append(Entity("event", "Button", {"dev_cla": "button", "event_types": ["press"]}))
        return tuple(found)

    def rebooted(self) -> Self:
        return replace(self, contact=None, exit_button=None)

    def wakes(self, now: datetime) -> tuple[Self, Acts]:
        # Whoever finds the device by discovery must find it online next.
        told = (
            *(self._discovery(entity) for entity in self.entities),
            *(() if self.who.kind not in ("reader", "door_unit") else (self._tag_scanner(),)),
            self._node(),
            Say(f"{self.who.id}/status", b"online", retain=True),
        )
        return replace(self, contact=None, exit_button=None), told

    def leaves(self, now: datetime) -> Acts:
        return (self.will,)

    def reads(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        said = [
            self._state("sensor", _SENSORS[name][0], _fixed(value, _SENSORS[name][3]))
            for name, value in values.items()
            if name in _SENSORS
        ]
        if isinstance(values.get("presence"), bool):
            said.append(self._switch("Presence", values["presence"] is True))
        return self, tuple(said)

    def stands(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        said: list[Say] = []
        opened, pressed = is_open(values), values.get("door.rex") is True
        if self.who.kind == "door_unit":
            said.append(self._state("lock", "Lock", _LOCK_WORDS.get(str(values.get("door.lock")), "UNKNOWN")))
            if pressed != self.exit_button:
                said.append(self._switch("Exit Button", pressed))
        elif self.who.kind == "light":
            said.append(self._lamp(is_drawn(values)))
        if opened is not None and opened != self.contact:
            said.append(self._switch("Door" if self.who.kind == "door_unit" else "Window", opened))
        return replace(self, contact=opened, exit_button=pressed), tuple(said)

    def shown(self, badge: BadgeReadData, request: str, now: datetime) -> tuple[Self, Acts]:
        card = badge.card or ""
        if badge.format in (None, ISO14443A):
            tag = "-".join(card[at : at + 2] for at in range(0, len(card), 2))
        else:
            tag = str(int(card, 16))
        return self, (Say(f"{self.who.id}/tag_scanned", tag.encode()),)

    def pressed(self, now: datetime) -> tuple[Self, Acts]:
        return self, (self._state("event", "Button", body({"event_type": "press"}).decode()),)

    def charged(self, percent: float, now: datetime) -> tuple[Self, Acts]:
        return self, (self._state("sensor", "Battery", _fixed(percent, 0)),)

    def hears(self, topic: str, text: bytes, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        if topic in ("esphome/discover", f"esphome/ping/{self.who.id}"):
            return self, (self._node(),)
        if self.who.kind == "light":
            wanted = (parsed(text) or {}).get("state")
            return self.shines(wanted == "ON") if wanted in ("ON", "OFF") else (self, ())
        word = text.decode(errors="replace").strip().upper()
        if word in ("UNLOCK", "OPEN"):
            tongue, moved = self.draws(machine, now)
            return tongue, (self._state("lock", "Lock", "UNLOCKING"), *moved)
        if word == "LOCK":
            tongue, moved = self.shoots(now)
            return tongue, (self._state("lock", "Lock", "LOCKING"), *moved)
        return self, ()

    # --- what it says -----------------------------------------------------------------------------------

    def _state(self, component: str, name: str, text: str) -> Say:
        object_id = name.lower().replace(" ", "_")
        return Say(f"{self.who.id}/{component}/{object_id}/state", text.encode(), retain=True)

    def _switch(self, name: str, on: bool) -> Say:
        return self._state("binary_sensor", name, on_off(on))

    def _lamp(self, on: bool) -> Say:
        return self._state("light", "On Air", body({"color_mode": "onoff", "state": on_off(on)}).decode())

    def _discovery(self, entity: Entity) -> Say:
        here = f"{self.who.id}/{entity.component}/{entity.object_id}"
        content = {
            "name": entity.name,
            **entity.more,
            "stat_t": f"{here}/state",
            **({"cmd_t": f"{here}/command"} if entity.has_command else {}),
            "avty_t": f"{self.who.id}/status",
            # Alike on every node with such a component: whoever keys on it takes two devices for one.
            "uniq_id": f"ESP{entity.component}{entity.object_id}",
            "dev": self._named(),
        }
        return Say(
            f"homeassistant/{entity.component}/{self.who.id}/{entity.object_id}/config", body(content), retain=True
        )

    def _tag_scanner(self) -> Say:
        content = {"t": f"{self.who.id}/tag_scanned", "dev": self._named()}
        return Say(f"homeassistant/tag/{self.who.id}/tag/config", body(content), retain=True)

    def _named(self) -> dict[str, object]:
        return {
            "ids": self.who.mac, "name": self.who.name, "sw": f"esphome {_VERSION}", "mdl": _BOARD, "mf": "Espressif",
            "cns": [["mac", ":".join(self.who.mac[at : at + 2] for at in range(0, 12, 2))]],
        }  # fmt: skip

    def _node(self) -> Say:
        content = {
            "ip": self.who.ip, "name": self.who.id, "friendly_name": self.who.name, "port": 6053,
            "version": _VERSION, "mac": self.who.mac, "platform": "ESP32", "board": _BOARD, "network": "wifi",
        }  # fmt: skip
        return Say(f"esphome/discover/{self.who.id}", body(content), retain=True)


def _sensor(channel: str) -> Entity:
    name, device_class, unit, _ = _SENSORS[channel]
    classed = {"dev_cla": device_class} if device_class else {}
    return Entity("sensor", name, {**classed, "unit_of_meas": unit, "stat_cla": "measurement"})


def _fixed(value: Scalar, decimals: int) -> str:
    measured = number(value)
    return "nan" if measured is None else f"{measured:.{decimals}f}"
