"""Homie 5: each device a root of its own, with one node for what it measures or does.

QoS 1 where the convention advises 2: this link speaks no more, and every controller has to take it.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from devices.messages import BadgeReadData, Scalar
from devices.units import Machine
from simulator.dialects.tongue import Acts, Say, Tongue, body, is_drawn, is_open, number

_INTEGERS = {"co2": "ppm", "light": "lx", "rssi": "dBm", "battery": "%"}
_FLOATS = {"temperature": "°C", "humidity": "%", "noise": "dB", "latency": "ms", "loss": "%"}


@dataclass(frozen=True, slots=True)
class Homie(Tongue):
    """`told`: the values it has said, so that a slow one is said when it changes."""

    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"homie/5/{self.who.id}"

    @property
    def node(self) -> str:
        return {"door_unit": "door", "reader": "reader", "light": "onair"}.get(self.who.kind, "air")

    @property
    def will(self) -> Say:
        return self._is("lost")

    @property
    def filters(self) -> tuple[str, ...]:
        settable = (name for name, each in self.properties.items() if each.get("settable"))
        return tuple(f"{self.base}/{self.node}/{name}/set" for name in settable)

    @property
    def properties(self) -> dict[str, dict[str, Any]]:
        """By id; what is left out is as the convention has it: not settable, retained."""
        found: dict[str, dict[str, Any]] = {}
        for channel in (*self.who.channels, *(("battery",) if self.who.kind == "sensor" else ())):
            if channel in _INTEGERS:
                found[channel] = {"name": channel, "datatype": "integer", "unit": _INTEGERS[channel]}
            elif channel in _FLOATS:
                found[channel] = {"name": channel, "datatype": "float", "unit": _FLOATS[channel]}
        if "presence" in self.who.channels:
            found["presence"] = {"name": "presence", "datatype": "boolean", "format": "empty,taken"}
        if "window" in self.who.channels:
            found["window"] = {"name": "window", "datatype": "enum", "format": "open,closed"}
        match self.who.kind:
            case "door_unit":
                found["lock"] = {"name": "lock", "datatype": "enum", "format": "locked,unlocked", "settable": True}
                found["jammed"] = {"name": "jammed", "datatype": "boolean"}
                found["exit"] = {"name": "exit button", "datatype": "boolean"}
                if self.who.has_contact:
                    found["contact"] = {"name": "contact", "datatype": "enum", "format": "open,closed"}
            case "light":
                found["on"] = {"name": "on air", "datatype": "boolean", "settable": True}
                if self.who.has_button:
                    found["button"] = {"name": "button", "datatype": "enum", "format": "short", "retained": False}
        if self.who.kind in ("reader", "door_unit"):
            found["badge"] = {"name": "badge", "datatype": "string", "retained": False}
        return found

    def rebooted(self) -> Self:
        return replace(self, told={})

    def wakes(self, now: datetime) -> tuple[Self, Acts]:
        node = {"name": self.node, "type": self.node, "properties": self.properties}
        description: dict[str, object] = {"homie": "5.0", "name": self.who.name, "nodes": {self.node: node}}
        # Another version whenever the description is another.
        versioned = {**description, "version": zlib.crc32(body(description))}
        described = Say(f"{self.base}/$description", body(versioned), qos=1, retain=True)
        return replace(self, told={}), (self._is("init"), described)

    def ready(self, now: datetime) -> tuple[Self, Acts]:
        return self, (self._is("ready"),)

    def leaves(self, now: datetime) -> Acts:
        return (self._is("disconnected"),)

    def reads(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        said = []
        for name, value in values.items():
            if isinstance(value, bool):
                said.append(self._value(name, _flag(value)))
            elif (measured := number(value)) is not None and name in _INTEGERS | _FLOATS:
                said.append(self._value(name, str(round(measured)) if name in _INTEGERS else f"{measured}"))
        return self, tuple(said)

    def stands(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        now_is: dict[str, str] = {}
        if self.who.kind == "door_unit":
            now_is["lock"] = "unlocked" if is_drawn(values) else "locked"
            now_is["jammed"] = _flag(values.get("door.lock") == "jammed")
            now_is["exit"] = _flag(values.get("door.rex") is True)
        elif self.who.kind == "light":
            now_is["on"] = _flag(is_drawn(values))
        if (opened := is_open(values)) is not None:
            now_is["contact" if self.who.kind == "door_unit" else "window"] = "open" if opened else "closed"
        said = tuple(self._value(name, value) for name, value in now_is.items() if self.told.get(name) != value)
        return replace(self, told={**self.told, **now_is}), said

    def shown(self, badge: BadgeReadData, request: str, now: datetime) -> tuple[Self, Acts]:
        return self, (self._once("badge", badge.card or ""),)

    def pressed(self, now: datetime) -> tuple[Self, Acts]:
        return self, (self._once("button", "short"),)

    def tampered(self, now: datetime) -> tuple[Self, Acts]:
        return self, (Say(f"{self.base}/$alert/tamper", b"The cover is off", qos=1, retain=True),)

    def charged(self, percent: float, now: datetime) -> tuple[Self, Acts]:
        return self, (self._value("battery", str(round(percent))),)

    def hears(self, topic: str, text: bytes, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        name = topic.removesuffix("/set").rpartition("/")[2]
        value = text.decode(errors="replace")
        # A value the property does not allow is ignored, as the convention has it.
        on = {"lock": {"unlocked": True, "locked": False}, "on": {"true": True, "false": False}}.get(name, {}).get(
            value
        )
        if on is None:
            return self, ()
        target = Say(f"{self.base}/{self.node}/{name}/$target", value.encode(), qos=1, retain=True)
        # What follows is said even where it stood so before: it is the answer.
        unsure = replace(self, told={key: said for key, said in self.told.items() if key != name})
        tongue, moved = unsure.switches(on, machine, now)
        return tongue, (target, *moved)

    def _is(self, state: str) -> Say:
        return Say(f"{self.base}/$state", state.encode(), qos=1, retain=True)

    def _value(self, name: str, value: str) -> Say:
        return Say(f"{self.base}/{self.node}/{name}", value.encode(), qos=1, retain=True)

    def _once(self, name: str, value: str) -> Say:
        return Say(f"{self.base}/{self.node}/{name}", value.encode())


def _flag(value: bool) -> str:
    return "true" if value else "false"
