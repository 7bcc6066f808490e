"""Shelly Gen2+ over MQTT: notifications, RPC and its answers, the plain command topics; status updates off, as by default.

The topic prefix is the device's user name, set by its owner; the relay times itself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from devices.messages import Scalar
from devices.units import Machine
from simulator.dialects.tongue import Acts, Say, Tongue, Wait, body, is_drawn, is_open, number, parsed

_MODELS = {"sensor": "shellysensorg3", "door_unit": "shelly1g3", "light": "shelly1g3"}
_DARK_LX, _BRIGHT_LX = 80, 200
_NO_HANDLER, _BAD_ARGUMENT, _NOT_FOUND = 404, -103, -105
_LONGEST_S = 86_400.0
# Whoever asks is answered on a topic of this name, so it must be able to begin one.
_CALLER = re.compile(r"[A-Za-z0-9_./:-]{1,200}")
# The relay and its input are the only ones of their kind.
_ID = 0


class _Refused(Exception):
    """The answer to a request that cannot be done, in Shelly's numbers and words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


@dataclass(frozen=True, slots=True)
class Shelly(Tongue):
    """`components`: how each stands, by its key; a notification tells what changed of it."""

    components: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    source: str = "init"
    began: datetime | None = None
    is_told: bool = False  # the whole of it, since it connected; before that nothing has changed
    flips: bool = False  # the relay goes back by the clock

    @property
    def name(self) -> str:
        """As it calls itself, whatever its topics are called."""
        return f"{_MODELS[self.who.kind]}-{self.who.mac}"

    @property
    def will(self) -> Say:
        return Say(f"{self.who.id}/online", b"false", qos=1, retain=True)

    @property
    def filters(self) -> tuple[str, ...]:
        return f"{self.who.id}/rpc", f"{self.who.id}/command/#"

    def rebooted(self) -> Self:
        return replace(self, components={}, source="init", began=None, flips=False)

    def wakes(self, now: datetime) -> tuple[Self, Acts]:
        tongue = replace(self, began=self.began or now, is_told=False)
        return tongue, (Say(f"{self.who.id}/online", b"true", qos=1, retain=True),)

    def ready(self, now: datetime) -> tuple[Self, Acts]:
        full = self._notifies("NotifyFullStatus", {"ts": _seconds(now), **self._status(now)})
        return replace(self, is_told=True), (full,)

    def leaves(self, now: datetime) -> Acts:
        return (self.will,)

    def reads(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        told: dict[str, dict[str, object]] = {}
        if "temperature" in values:
            celsius = number(values["temperature"])
            fahrenheit = None if celsius is None else round(celsius * 9 / 5 + 32, 1)
            told["temperature:0"] = {"id": _ID, "tC": celsius, "tF": fahrenheit}
        if "humidity" in values:
            told["humidity:0"] = {"id": _ID, "rh": number(values["humidity"])}
        if "light" in values:
            told["illuminance:0"] = _illuminance(number(values["light"]))
        if isinstance(values.get("presence"), bool):
            told["presencezone:200"] = {
                "id": 200,
                "value": values["presence"],
                "num_objects": int(values["presence"] is True),
            }
        return self._changes(told, now, always=True)

    def stands(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        told: dict[str, dict[str, object]] = {}
        drawn = is_drawn(values)
        if self.who.kind != "sensor" and ("switch:0" not in self.components or drawn != self._output):
            told["switch:0"] = {"id": _ID, "source": self.source, "output": drawn}
        if (opened := is_open(values)) is not None:
            told["input:0"] = {"id": _ID, "state": opened}
        tongue, said = self._changes(told, now)
        if "switch:0" in told:
            # What moves it next without a word from outside: its timer, or what is wired to it.
            tongue = replace(tongue, source="timer" if drawn else "switch")
        return tongue, said

    def pressed(self, now: datetime) -> tuple[Self, Acts]:
        event = {"component": "input:0", "id": _ID, "event": "single_push", "ts": _seconds(now)}
        return self, (self._notifies("NotifyEvent", {"ts": _seconds(now), "events": [event]}),)

    def charged(self, percent: float, now: datetime) -> tuple[Self, Acts]:
        battery = {"V": round(4 + percent / 50, 2), "percent": round(percent)}
        # On a plug beside its battery: else it would sleep between two readings.
        return self._changes({"devicepower:0": {"id": _ID, "battery": battery, "external": {"present": True}}}, now)

    def hears(self, topic: str, text: bytes, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        if topic == f"{self.who.id}/rpc":
            return self._called(parsed(text) or {}, machine, now)
        word, _, seconds = text.decode(errors="replace").partition(",")
        if topic == f"{self.who.id}/command/switch:0" and self.who.kind != "sensor":
            on = {"on": True, "off": False, "toggle": not self._output}.get(word)
            hold_s = float(seconds) if re.fullmatch("[0-9]{1,5}", seconds) else None
            return (self, ()) if on is None else self._turns(on, machine, now, hold_s)
        if topic == f"{self.who.id}/command" and word == "status_update":
            keys = (key for key in self._status(now) if ":" in key)
            return self, tuple(Say(f"{self.who.id}/status/{key}", body(self._status(now)[key])) for key in keys)
        return self, ()

    def ticks(self, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        """What was turned for a while only goes back."""
        return self._turns(not self._output, machine, now, None) if self.flips else (self, ())

    # --- RPC ------------------------------------------------------------------------------------------

    def _called(self, frame: Mapping[str, Any], machine: Machine, now: datetime) -> tuple[Self, Acts]:
        source, params = frame.get("src"), frame.get("params")
        tongue: Self = self
        acts: Acts = ()
        answer: dict[str, object]
        try:
            tongue, result, acts = self._does(
                str(frame.get("method")), params if isinstance(params, dict) else {}, machine, now
            )
            answer = {"result": result}
        except _Refused as refused:
            answer = {"error": refused.error}
        if not isinstance(source, str) or not _CALLER.fullmatch(source):
            # Nobody to answer to: it is done all the same.
            return tongue, acts
        carried = {"id": frame["id"]} if "id" in frame else {}
        reply = Say(f"{source}/rpc", body({**carried, "src": self.name, "dst": source, **answer}))
        return tongue, (reply, *acts)

    def _does(
        self, method: str, params: Mapping[str, Any], machine: Machine, now: datetime
    ) -> tuple[Self, object, Acts]:
        status = self._status(now)
        match method:
            case "Shelly.GetStatus":
                return self, status, ()
            case "Shelly.GetDeviceInfo":
                return self, self._info(), ()
            case "Sys.GetStatus" | "Wifi.GetStatus" | "Mqtt.GetStatus":
                return self, status[method.partition(".")[0].lower()], ()
        component, _, verb = method.partition(".")
        if (
            not any(key.startswith(f"{component.lower()}:") for key in status)
            or verb not in _VERBS[component == "Switch"]
        ):
            raise _Refused(_NO_HANDLER, f"No handler for {method}")
        key = f"{component.lower()}:{_id_of(params)}"
        if key not in status:
            raise _Refused(_NOT_FOUND, f"Argument 'id', value {params['id']} not found!")
        if verb == "GetStatus":
            return self, status[key], ()
        on = not self._output if verb == "Toggle" else params.get("on")
        if not isinstance(on, bool):
            raise _Refused(_BAD_ARGUMENT, "Missing or bad argument 'on'!")
        tongue, acts = self._turns(on, machine, now, _toggle_after(params))
        return tongue, {"was_on": self._output}, acts

    def _turns(self, on: bool, machine: Machine, now: datetime, toggle_after: float | None) -> tuple[Self, Acts]:
        # A strike times itself; everything else that is turned for a while goes back by the clock.
        flips = toggle_after is not None and not (on and self.who.kind == "door_unit")
        asked = replace(self, source="MQTT", flips=flips)
        tongue, acts = asked.switches(on, machine, now, toggle_after if on else None)
        return tongue, (*acts, Wait(toggle_after)) if flips and toggle_after is not None else acts

    # --- how it stands ----------------------------------------------------------------------------------

    @property
    def _output(self) -> bool:
        return self.components.get("switch:0", {}).get("output") is True

    def _changes(
        self, told: Mapping[str, dict[str, object]], now: datetime, *, always: bool = False
    ) -> tuple[Self, Acts]:
        new = {key: value for key, value in told.items() if always or self.components.get(key) != value}
        tongue = replace(self, components={**self.components, **told})
        if not new or not self.is_told:
            return tongue, ()
        return tongue, (self._notifies("NotifyStatus", {"ts": _seconds(now), **new}),)

    def _notifies(self, method: str, params: object) -> Say:
        frame = {"src": self.name, "dst": f"{self.who.id}/events", "method": method, "params": params}
        return Say(f"{self.who.id}/events/rpc", body(frame))

    def _status(self, now: datetime) -> dict[str, Mapping[str, object]]:
        uptime = int((now - self.began).total_seconds()) if self.began else 0
        local = now.astimezone(self.who.zone)
        always: dict[str, Mapping[str, object]] = {
            "mqtt": {"connected": True},
            "sys": {
                "mac": self.who.mac.upper(), "restart_required": False, "time": local.strftime("%H:%M"),
                "unixtime": int(now.timestamp()), "uptime": uptime,
            },
            "wifi": {"sta_ip": self.who.ip, "status": "got ip", "ssid": "natoma", "rssi": -61},
        }  # fmt: skip
        if self.who.has_button:
            always["input:0"] = {"id": _ID, "state": None}
        return {**always, **self.components}

    def _info(self) -> dict[str, object]:
        return {
            "name": self.who.name, "id": self.name, "mac": self.who.mac.upper(), "slot": 0, "model": "S3SW-001X16EU",
            "gen": 3, "fw_id": "20260101-000000/1.7.4-natoma", "ver": "1.7.4", "app": "S1G3", "auth_en": False,
            "auth_domain": None,
        }  # fmt: skip


_VERBS: dict[bool, frozenset[str]] = {
    True: frozenset({"GetStatus", "Set", "Toggle"}),
    False: frozenset({"GetStatus"}),
}


def _id_of(params: Mapping[str, Any]) -> int:
    wanted = params.get("id")
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise _Refused(_BAD_ARGUMENT, "Missing required argument 'id'!")
    return wanted


def _toggle_after(params: Mapping[str, Any]) -> float | None:
    wanted = params.get("toggle_after")
    if wanted is None:
        return None
    if not isinstance(wanted, int | float) or isinstance(wanted, bool) or wanted < 0:
        raise _Refused(_BAD_ARGUMENT, "Argument 'toggle_after' is not a number of seconds!")
    return min(float(wanted), _LONGEST_S)


def _illuminance(lux: int | float | None) -> dict[str, object]:
    words: tuple[tuple[Callable[[float], bool], str], ...] = (
        (lambda value: value < _DARK_LX, "dark"),
        (lambda value: value < _BRIGHT_LX, "twilight"),
        (lambda _: True, "bright"),
    )
    illumination = None if lux is None else next(word for fits, word in words if fits(lux))
    return {"id": _ID, "lux": lux, "illumination": illumination}


def _seconds(now: datetime) -> float:
    return round(now.timestamp(), 2)
