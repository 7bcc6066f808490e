"""Zigbee2MQTT 2.x, in its default settings: a bridge with one device behind it, on a base topic of its own.

Each virtual device is a client of its own, so each is its own bridge; a base topic may contain slashes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from devices.messages import Scalar
from devices.units import Machine
from simulator.dialects.tongue import Acts, Say, Tongue, Who, body, is_drawn, is_open, number, on_off, parsed

_VERSION = "2.6.3"
_PUBLISHED, _SETTABLE, _READABLE = 1, 2, 4
_ALL = _PUBLISHED | _SETTABLE | _READABLE
# A cell at this charge, in mV: what the device itself can measure.
_EMPTY_MV, _FULL_MV = 2100, 3000
_LINK_QUALITY = 168

_NUMERIC = {
    "temperature": ("temperature", "°C"),
    "humidity": ("humidity", "%"),
    "co2": ("co2", "ppm"),
    "noise": ("noise", "dBA"),
    "light": ("illuminance", "lx"),
}


@dataclass(frozen=True, slots=True)
class Zigbee2Mqtt(Tongue):
    """`known`: all it has said of the device so far, for every message repeats the whole."""

    known: Mapping[str, object] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"zigbee2mqtt/{self.who.id}"

    @property
    def friendly_name(self) -> str:
        """As somebody typed it: with spaces and slashes, but never what MQTT takes for a filter."""
        return self.who.name.replace("+", "-").replace("#", "-").strip("/") or self.who.id

    @property
    def topic(self) -> str:
        return f"{self.base}/{self.friendly_name}"

    @property
    def will(self) -> Say:
        return self._bridge("state", {"state": "offline"})

    @property
    def filters(self) -> tuple[str, ...]:
        return f"{self.topic}/set/#", f"{self.topic}/get", f"{self.base}/bridge/request/#"

    def rebooted(self) -> Self:
        return replace(self, known={})

    def wakes(self, now: datetime) -> tuple[Self, Acts]:
        coordinator = {"ieee_address": f"0x00124b00{self.who.mac[4:]}", "type": "Coordinator"}
        info = {"version": _VERSION, "commit": "unknown", "coordinator": coordinator, "permit_join": False}
        return self, (
            self._bridge("state", {"state": "online"}),
            self._bridge("info", info),
            self._bridge("devices", [_coordinator(coordinator), self._device()]),
            Say(f"{self.topic}/availability", body({"state": "online"}), qos=1, retain=True),
        )

    def leaves(self, now: datetime) -> Acts:
        return (self.will,)

    def reads(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        told: dict[str, object] = {
            _NUMERIC[name][0]: number(value) for name, value in values.items() if name in _NUMERIC
        }
        if isinstance(values.get("presence"), bool):
            told["occupancy"] = values["presence"]
        return self._tells(told)

    def stands(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        told: dict[str, object] = {}
        if (opened := is_open(values)) is not None:
            # The polarity of Zigbee: true is closed.
            told["contact"] = not opened
        if self.who.kind == "door_unit":
            jammed = values.get("door.lock") == "jammed"
            told["state"] = "UNLOCK" if is_drawn(values) or jammed else "LOCK"
            told["lock_state"] = "not_fully_locked" if jammed else "unlocked" if is_drawn(values) else "locked"
        elif self.who.kind == "light":
            told["state"] = on_off(is_drawn(values))
        return self._tells(told)

    def pressed(self, now: datetime) -> tuple[Self, Acts]:
        # Said once: what happened is no part of what is repeated.
        said = {**self.known, "action": "single", "linkquality": _LINK_QUALITY}
        return self, (Say(self.topic, body(said)),)

    def tampered(self, now: datetime) -> tuple[Self, Acts]:
        return self._tells({"tamper": True})

    def charged(self, percent: float, now: datetime) -> tuple[Self, Acts]:
        voltage = round(_EMPTY_MV + (_FULL_MV - _EMPTY_MV) * percent / 100)
        return self._tells({"battery": round(percent), "voltage": voltage})

    def hears(self, topic: str, text: bytes, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        if topic.startswith(f"{self.base}/bridge/request/"):
            return self, self._answers(topic.removeprefix(f"{self.base}/bridge/request/"), parsed(text) or {})
        if topic == f"{self.topic}/get":
            return self._tells({})
        wanted: object = None
        if topic == f"{self.topic}/set":
            wanted = (parsed(text) or {}).get("state")
        elif topic == f"{self.topic}/set/state":
            wanted = text.decode(errors="replace")
        on = self._is_on(str(wanted).upper())
        return (self, ()) if on is None else self.switches(on, machine, now)

    # --- what it is ---------------------------------------------------------------------------------

    def _is_on(self, word: str) -> bool | None:
        on, off = ("ON", "OFF") if self.who.kind == "light" else ("UNLOCK", "LOCK")
        if self.who.kind == "sensor":
            return None
        if word == "TOGGLE" and self.who.kind == "light":
            return self.known.get("state") != on
        return {on: True, off: False}.get(word)

    def _tells(self, told: Mapping[str, object]) -> tuple[Self, Acts]:
        tongue = replace(self, known={**self.known, **told})
        if not tongue.known:
            return tongue, ()
        return tongue, (Say(self.topic, body({**tongue.known, "linkquality": _LINK_QUALITY})),)

    def _answers(self, request: str, asked: Mapping[str, object]) -> Acts:
        carried = {"transaction": asked["transaction"]} if "transaction" in asked else {}
        answer: dict[str, object] = {"data": {"healthy": True}, "status": "ok"}
        if request != "health_check":
            answer = {"data": {}, "status": "error", "error": f"Request '{request}' is not served by a virtual bridge"}
        return (Say(f"{self.base}/bridge/response/{request}", body({**answer, **carried})),)

    def _bridge(self, what: str, content: object) -> Say:
        return Say(f"{self.base}/bridge/{what}", body(content), qos=1, retain=True)

    def _device(self) -> dict[str, object]:
        model, description = _MODELS[self.who.kind]
        return {
            "ieee_address": f"0x00158d00{self.who.mac[4:]}",
            "type": "EndDevice" if self.who.kind == "sensor" else "Router",
            "network_address": int(self.who.mac[-4:], 16),
            "supported": True,
            "disabled": False,
            "friendly_name": self.friendly_name,
            "description": self.who.id,
            "interview_completed": True,
            "interviewing": False,
            "power_source": "Battery" if self.who.kind == "sensor" else "Mains (single phase)",
            "model_id": model,
            "manufacturer": "Natoma",
            "definition": {
                "model": model,
                "vendor": "Natoma",
                "description": description,
                "exposes": _exposes(self.who),
                "options": [],
                "supports_ota": False,
            },
        }


_MODELS = {
    "sensor": ("natoma.virtual.air", "Virtual room sensor"),
    "door_unit": ("natoma.virtual.lock", "Virtual door lock"),
    "light": ("natoma.virtual.lamp", "Virtual on-air light"),
}


def _coordinator(coordinator: Mapping[str, object]) -> dict[str, object]:
    return {
        **coordinator,
        "network_address": 0,
        "supported": True,
        "disabled": False,
        "friendly_name": "Coordinator",
        "interview_completed": True,
        "interviewing": False,
    }


def _exposes(who: Who) -> list[dict[str, Any]]:
    exposes = [_numeric(*_NUMERIC[name]) for name in who.channels if name in _NUMERIC]
    if "presence" in who.channels:
        exposes.append(_binary("occupancy", True, False))
    if "window" in who.channels or (who.kind == "door_unit" and who.has_contact):
        exposes.append(_binary("contact", False, True))
    match who.kind:
        case "sensor":
            exposes += [_numeric("battery", "%", 0, 100), _numeric("voltage", "mV")]
        case "door_unit":
            states = ["not_fully_locked", "locked", "unlocked"]
            exposes.append({
                "type": "lock",
                "features": [
                    {**_binary("state", "LOCK", "UNLOCK"), "access": _ALL},
                    {"type": "enum", "name": "lock_state", "property": "lock_state", "access": 1, "values": states},
                ],
            })  # fmt: skip
        case "light":
            state = {**_binary("state", "ON", "OFF"), "value_toggle": "TOGGLE", "access": _ALL}
            exposes.append({"type": "light", "features": [state]})
            if who.has_button:
                action = {"type": "enum", "name": "action", "property": "action", "access": 1, "values": ["single"]}
                exposes.append({**action, "category": "diagnostic"})
    return [*exposes, _numeric("linkquality", "lqi", 0, 255)]


def _numeric(name: str, unit: str, low: int | None = None, high: int | None = None) -> dict[str, Any]:
    limits = {key: value for key, value in (("value_min", low), ("value_max", high)) if value is not None}
    return {"type": "numeric", "name": name, "property": name, "unit": unit, "access": _PUBLISHED, **limits}


def _binary(name: str, on: object, off: object) -> dict[str, Any]:
    return {
        "type": "binary", "name": name, "property": name, "access": _PUBLISHED, "value_on": on, "value_off": off,
    }  # fmt: skip
