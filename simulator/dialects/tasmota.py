"""Tasmota with native discovery: one relay with PulseTime where it holds a strike, switches and buttons detached.

Its times are local and without an offset, as by default.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from devices.badges import ISO14443A
from devices.messages import BadgeReadData, Scalar
from devices.units import Machine
from simulator.dialects.tongue import Acts, Say, Tongue, body, is_drawn, is_open, number, numbers, on_off

_VERSION = "15.1.0"
_PLACES = 8
# PulseTime counts tenths of a second up to this, and whole seconds from 100 more on.
_TENTHS = 111
_LONGEST_PULSE = 64_900
_POWER = frozenset({"POWER", "POWER0", "POWER1"})
_SWITCHED = {"ON": True, "1": True, "TRUE": True, "OFF": False, "0": False, "FALSE": False}


@dataclass(frozen=True, slots=True)
class Tasmota(Tongue):
    began: datetime | None = None
    relay: bool = False
    # What its SENSOR says: drivers with their values, switches with their words.
    sensed: Mapping[str, object] = field(default_factory=dict)
    pulse: int | None = None  # as somebody set it, in its own count

    @property
    def _mac(self) -> str:
        return self.who.mac.upper()

    @property
    def _has_relay(self) -> bool:
        return self.who.kind in ("door_unit", "light")

    @property
    def will(self) -> Say:
        return self._tele("LWT", b"Offline", retain=True)

    @property
    def filters(self) -> tuple[str, ...]:
        return (f"cmnd/{self.who.id}/#",)

    def rebooted(self) -> Self:
        return replace(self, began=None, relay=False, sensed={})

    def wakes(self, now: datetime) -> tuple[Self, Acts]:
        tongue = self if self.began else replace(self, began=now)
        discovery = f"tasmota/discovery/{self._mac}"
        sensors = {"sn": {"Time": self._local(now), **tongue.sample()}, "ver": 1}
        return tongue, (
            self._tele("LWT", b"Online", retain=True),
            Say(f"{discovery}/config", body(self._config()), retain=True),
            Say(f"{discovery}/sensors", body(sensors), retain=True),
            self._tele("STATE", body(tongue.state(now))),
        )

    def leaves(self, now: datetime) -> Acts:
        return (self.will,)

    def reads(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        air = {
            key: value
            for channel, key in (("co2", "CarbonDioxide"), ("temperature", "Temperature"), ("humidity", "Humidity"))
            for name, value in numbers(values).items()
            if name == channel
        }
        sensed: dict[str, object] = {**self.sensed, **({"SCD40": air} if air else {})}
        if "light" in values:
            sensed["BH1750"] = {"Illuminance": number(values["light"])}
        if isinstance(values.get("presence"), bool):
            sensed["Switch1"] = on_off(values["presence"] is True)
        tongue = replace(self, sensed=sensed)
        return tongue, (self._tele("STATE", body(tongue.state(now))), self._tele("SENSOR", body(tongue.sensor(now))))

    def stands(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        tongue: Self = self
        said: Acts = ()
        if self._has_relay:
            tongue, said = self.sets(is_drawn(values))
        opened = is_open(values)
        if opened is None:
            return tongue, said
        switch = self._contact
        before = self.sensed.get(switch)
        tongue = replace(tongue, sensed={**tongue.sensed, switch: on_off(opened)})
        if before == on_off(opened):
            return tongue, said
        return tongue, (*said, self._result({switch: {"Action": on_off(opened)}}))

    def shown(self, badge: BadgeReadData, request: str, now: datetime) -> tuple[Self, Acts]:
        card = badge.card or ""
        if badge.format in (None, ISO14443A):
            read: dict[str, object] = {"PN532": {"UID": card, "DATA": ""}}
        else:
            # Two of the bits on the wires are parity.
            read = {"Wiegand": {"UID": int(card, 16), "Size": (badge.bits or 4 * len(card)) + 2}}
        return self, (self._tele("SENSOR", body({"Time": self._local(now), **read})),)

    def pressed(self, now: datetime) -> tuple[Self, Acts]:
        return self, (self._result({"Button1": {"Action": "SINGLE"}}),)

    def hears(self, topic: str, text: bytes, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        command = topic.rpartition("/")[2].upper()
        word = text.decode(errors="replace").strip().upper()
        if command in _POWER and self._has_relay:
            return self._powered(word, machine, now)
        if command in ("PULSETIME", "PULSETIME1") and self._has_relay:
            wanted = int(word) if re.fullmatch("[0-9]{1,5}", word) else None
            tongue = replace(self, pulse=wanted) if wanted is not None and wanted <= _LONGEST_PULSE else self
            return tongue, (self._result({"PulseTime1": {"Set": tongue.pulse_time, "Remaining": 0}}),)
        if command == "STATE":
            return self, (self._result(self.state(now)),)
        if command == "STATUS" and word in ("8", "10"):
            return self, (self._stat(f"STATUS{word}", body({"StatusSNS": self.sensor(now)})),)
        if command == "STATUS" and word == "11":
            return self, (self._stat("STATUS11", body({"StatusSTS": self.state(now)})),)
        return self, (self._result({"Command": "Unknown"}),)

    # --- relay, switches, clock -----------------------------------------------------------------------

    @property
    def _contact(self) -> str:
        """The switch that feels the leaf; a sensor's first one sees people."""
        return "Switch1" if self.who.kind == "door_unit" else "Switch2"

    @property
    def pulse_time(self) -> int:
        if self.pulse is not None:
            return self.pulse
        tenths = round(10 * self.who.release_s)
        return 0 if self.who.kind == "light" else tenths if tenths <= _TENTHS else round(self.who.release_s) + 100

    @property
    def _hold_s(self) -> float | None:
        """None: until it is switched off, which a strike survives for the time of its door at most."""
        if self.pulse_time == 0:
            return None
        return self.pulse_time / 10 if self.pulse_time <= _TENTHS else float(self.pulse_time - 100)

    def _powered(self, word: str, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        on = not self.relay if word in ("TOGGLE", "2") else _SWITCHED.get(word)
        if on is None:
            # A word it does not know is a question, like none at all.
            return self, (self._result({"POWER": on_off(self.relay)}), self._stat("POWER", on_off(self.relay).encode()))
        tongue, said = replace(self, relay=not on).sets(on)
        tongue, moved = tongue.switches(on, machine, now, self._hold_s)
        return tongue, (*said, *moved)

    def sets(self, on: bool) -> tuple[Self, Acts]:
        if on == self.relay:
            return self, ()
        said = self._result({"POWER": on_off(on)}), self._stat("POWER", on_off(on).encode())
        return replace(self, relay=on), said

    def sample(self) -> dict[str, object]:
        """What SENSOR will hold, before anything was measured."""
        if self.sensed:
            return dict(self.sensed)
        empty: dict[str, Any] = {"CarbonDioxide": 0, "Temperature": 0.0, "Humidity": 0.0}
        named = {"co2": "CarbonDioxide", "temperature": "Temperature", "humidity": "Humidity"}
        air = {named[name]: empty[named[name]] for name in named if name in self.who.channels}
        sample: dict[str, object] = {"SCD40": air} if air else {}
        if "light" in self.who.channels:
            sample["BH1750"] = {"Illuminance": 0}
        switches = {"presence": "Switch1", "window": "Switch2"}
        sample |= {switch: "OFF" for name, switch in switches.items() if name in self.who.channels}
        if self.who.kind == "door_unit" and self.who.has_contact:
            sample["Switch1"] = "OFF"
        if self.who.kind == "reader":
            sample["PN532"] = {"UID": "", "DATA": ""}
        return sample | ({"TempUnit": "C"} if air else {})

    def sensor(self, now: datetime) -> dict[str, object]:
        unit = {"TempUnit": "C"} if "SCD40" in self.sensed else {}
        return {"Time": self._local(now), **self.sensed, **unit}

    def state(self, now: datetime) -> dict[str, object]:
        up_s = int((now - self.began).total_seconds()) if self.began else 0
        days, rest = divmod(up_s, 86_400)
        clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
        wifi = {"AP": 1, "SSId": "natoma", "BSSId": "02:00:00:00:00:01", "Channel": 6, "Mode": "HT20"}
        return {
            "Time": self._local(now),
            "Uptime": f"{days}T{clock}",
            "UptimeSec": up_s,
            "Heap": 140,
            "SleepMode": "Dynamic",
            "Sleep": 50,
            "LoadAvg": 19,
            "MqttCount": 1,
            **({"POWER": on_off(self.relay)} if self._has_relay else {}),
            "Wifi": {**wifi, "RSSI": 78, "Signal": -61, "LinkCount": 1, "Downtime": "0T00:00:03"},
        }

    def _config(self) -> dict[str, object]:
        nothing = [None] * (_PLACES - 1)
        switches = {"Switch1": "presence" in self.who.channels, "Switch2": "window" in self.who.channels}
        if self.who.kind == "door_unit":
            switches["Switch1"] = self.who.has_contact
        # 1: follows what is wired to it, -1: there is none.
        modes = [1 if present else -1 for present in switches.values()]
        host = f"{self.who.id}-{int(self._mac[-4:], 16) & 0x1FFF:04d}"
        return {
            "ip": self.who.ip,
            "dn": self.who.name,
            "fn": [self.who.name, *nothing],
            "hn": host,
            "mac": self._mac,
            "md": "Natoma virtual board",
            "ty": 0,
            "if": 0,
            "cam": 0,
            "ofln": "Offline",
            "onln": "Online",
            "state": ["OFF", "ON", "TOGGLE", "HOLD"],
            "sw": _VERSION,
            "t": self.who.id,
            "ft": "%prefix%/%topic%/",
            "tp": ["cmnd", "stat", "tele"],
            "rl": [int(self._has_relay), *[0] * (_PLACES - 1)],
            "swc": [*modes, *[-1] * (_PLACES - len(modes))],
            "swn": [None] * _PLACES,
            "btn": [int(self.who.has_button), *[0] * (_PLACES - 1)],
            # 73 and 114: buttons and switches report, and do not move the relay; 52: no offset in its times.
            "so": {"4": 0, "11": 0, "13": 0, "17": 0, "20": 0, "30": 0, "52": 0, "68": 0, "73": 1, "82": 0, "114": 1, "117": 0},
            "lk": 0,
            "lt_st": 0,
            "bat": 0,
            "dslp": 0,
            "sho": [0, 0, 0, 0],
            "ver": 1,
        }  # fmt: skip

    def _local(self, now: datetime) -> str:
        return now.astimezone(self.who.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def _tele(self, what: str, text: bytes, *, retain: bool = False) -> Say:
        return Say(f"tele/{self.who.id}/{what}", text, retain=retain)

    def _stat(self, what: str, text: bytes) -> Say:
        return Say(f"stat/{self.who.id}/{what}", text)

    def _result(self, content: object) -> Say:
        return self._stat("RESULT", body(content))
