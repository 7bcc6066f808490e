"""esp-rfid 2.x: a board that knows its users, decides by itself and draws its own lock; MQTT is told afterwards.

With Home Assistant's switch on, badges and switches go to topics of their own and there is a last will; without it
there is the heartbeat alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from devices.messages import BadgeReadData, Command, Do, Scalar
from devices.units import Machine
from devices.units.steps import Heard, ReleaseLock
from simulator.dialects.tongue import Acts, Say, Tongue, Wait, body, is_drawn, is_open, on_off, parsed

_HEARTBEAT_S = 180.0
_ADMITS = {1: "Always", 99: "Admin"}
_TTL_MS = 5_000
_ACKED = frozenset({"adduser", "deletuid", "deletusers", "updateconf", "deletlog", "open", "close"})


@dataclass(frozen=True, slots=True)
class User:
    """One file of the board's flash. An end of 0 is none."""

    name: str
    acctype: int
    since: int = 0
    until: int = 0

    def access(self, at: float) -> str:
        if self.acctype not in _ADMITS:
            return "Disabled"
        if at < self.since or (self.until and at > self.until):
            return "Expired"
        return _ADMITS[self.acctype]


@dataclass(frozen=True, slots=True)
class EspRfid(Tongue):
    homeassistant: bool = False
    users: Mapping[str, User] = field(default_factory=dict, repr=False)
    began: datetime | None = None
    is_drawn: bool = False
    is_open: bool = False

    @property
    def will(self) -> Say | None:
        return Say(f"{self.who.id}/avty", b"offline", retain=True) if self.homeassistant else None

    @property
    def filters(self) -> tuple[str, ...]:
        return (f"{self.who.id}/cmd",)

    def rebooted(self) -> Self:
        # Its users lie in the flash.
        return replace(self, began=None, is_drawn=False)

    def wakes(self, now: datetime) -> tuple[Self, Acts]:
        tongue = self if self.began else replace(self, began=now)
        booted = () if self.began else (tongue.sends({"type": "boot", **tongue.alive(now)}),)
        here = (*self._discovery(), Say(f"{self.who.id}/avty", b"online", retain=True)) if self.homeassistant else ()
        connected = self._logs("INFO", "mqtt", "Connected to MQTT Server", now)
        return tongue, (*here, *booted, *connected, Wait(_HEARTBEAT_S))

    def ticks(self, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        return self, (self.sends({"type": "heartbeat", **self.alive(now)}), Wait(_HEARTBEAT_S))

    def leaves(self, now: datetime) -> Acts:
        return (self.will,) if self.will is not None else ()

    def stands(self, values: Mapping[str, Scalar], now: datetime) -> tuple[Self, Acts]:
        drawn, opened = is_drawn(values), is_open(values) is True
        said: Acts = ()
        if drawn != self.is_drawn and self.homeassistant:
            said = (self._io("lock0", "UNLOCKED" if drawn else "LOCKED"),)
        if opened != self.is_open:
            words = "Door Open" if opened else "Door Closed"
            told = (self._io("door", on_off(opened)),) if self.homeassistant else self._logs("INFO", "door", words, now)
            said = (*said, *told)
        return replace(self, is_drawn=drawn, is_open=opened), said

    def shown(self, badge: BadgeReadData, request: str, now: datetime) -> tuple[Self, Acts]:
        uid = (badge.card or "").lower()
        user = self.users.get(uid)
        access = user.access(now.timestamp()) if user is not None else "Denied"
        name = user.name if user is not None else "Unknown"
        told = self._access(user is not None, access, name, uid, now)
        unknown = self._logs("WARN", "rfid", "Unknown rfid tag is scanned", now) if user is None else ()
        tongue, done = self._decides(access in _ADMITS.values(), request, now)
        return tongue, (*told, *unknown, *done)

    def tampered(self, now: datetime) -> tuple[Self, Acts]:
        if self.homeassistant:
            return self, (self._io("tamper", "ON"),)
        return self, self._logs("WARN", "tamper", "Door was tampered!", now)

    def hears(self, topic: str, text: bytes, machine: Machine, now: datetime) -> tuple[Self, Acts]:
        asked = parsed(text) or _loosely(text)
        # Several boards may share one topic.
        if asked is None or asked.get("doorip") != self.who.ip:
            return self, ()
        command = str(asked.get("cmd"))
        if command == "opendoor":
            tongue, moved = self._opens(now)
            return tongue, (*self._access(True, "Always", "MQTT", " ", now), *moved)
        if command == "getuserlist":
            return self, tuple(self.sends(_user_file(uid, user)) for uid, user in self.users.items())
        if command == "getconf":
            return self, (self.sends({**self.ack(command), "data": {"hardware": {"rtime": self.who.release_s}}}),)
        if command not in _ACKED:
            return self, ()
        tongue, moved = self._does(command, asked, now)
        return tongue, (self.sends(tongue.ack(command)), *moved)

    def _does(self, command: str, asked: Mapping[str, Any], now: datetime) -> tuple[Self, Acts]:
        uid = str(asked.get("uid", "")).lower()
        match command:
            case "adduser":
                since, until = _integer(asked.get("validsince")), _integer(asked.get("validuntil"))
                user = User(str(asked.get("user", "")), _integer(asked.get("acctype")), since, until)
                return replace(self, users={**self.users, uid: user}), ()
            case "deletuid":
                return replace(self, users={known: user for known, user in self.users.items() if known != uid}), ()
            case "deletusers":
                return replace(self, users={}), ()
            case "open":
                return self._opens(now)
            case "close" if self.who.kind == "door_unit":
                return self.shoots(now)
            case _:
                return self, ()

    # --- deciding ---------------------------------------------------------------------------------------

    def _decides(self, admitted: bool, request: str, now: datetime) -> tuple[Self, Acts]:
        if admitted and self.who.kind == "door_unit":
            return self._commands(Do.UNLOCK, now, re=request)
        tongue = replace(self, heard=self.heard + 1)
        reason = None if admitted else "unknown_badge"
        signal = Command(id=f"heard-{tongue.heard}", ts=now, ttl_ms=_TTL_MS, do=Do.SIGNAL, re=request, reason=reason)
        opened: Acts = (ReleaseLock(self.who.release_s, request),) if admitted else ()
        return tongue, (*opened, Heard(signal))

    def _opens(self, now: datetime) -> tuple[Self, Acts]:
        if self.who.kind == "door_unit":
            return self._commands(Do.UNLOCK, now)
        return self, (ReleaseLock(self.who.release_s),)

    # --- what it says -----------------------------------------------------------------------------------

    def _access(self, is_known: bool, access: str, name: str, uid: str, now: datetime) -> Acts:
        if self.homeassistant:
            told = {
                "uid": uid,
                "username": name,
                "access": access,
                "time": int(now.timestamp()),
                "doorName": self.who.name,
            }
            return (Say(f"{self.who.id}/tag", body(told)),)
        record = {
            "type": "access", "time": int(now.timestamp()), "isKnown": "true" if is_known else "false", "access": access,
            "username": name, "uid": uid, "hostname": self.who.id, "doorName": self.who.name,
        }  # fmt: skip
        return (self.sends(record),)

    def _logs(self, level: str, source: str, words: str, now: datetime) -> Acts:
        event = {
            "type": level, "src": source, "desc": words, "data": "", "time": int(now.timestamp()), "cmd": "event",
            "hostname": self.who.id,
        }  # fmt: skip
        return (self.sends(event),)

    def alive(self, now: datetime) -> dict[str, object]:
        uptime = int((now - self.began).total_seconds()) if self.began else 0
        return {"time": int(now.timestamp()), "uptime": uptime, "ip": self.who.ip, "hostname": self.who.id}

    def ack(self, command: str) -> dict[str, object]:
        return {"type": command, "ip": self.who.ip, "hostname": self.who.id}

    def sends(self, content: object) -> Say:
        return Say(f"{self.who.id}/send", body(content))

    def _io(self, what: str, word: str) -> Say:
        return Say(f"{self.who.id}/io/{what}", word.encode())

    def _discovery(self) -> Acts:
        here = self.who.id
        device = {"ids": [here], "name": self.who.name, "mdl": "esp-rfid", "mf": "esp-rfid", "sw": "2.0.0"}
        shared = {"avty_t": f"{here}/avty", "dev": device}
        # As the firmware writes it; no JSON parser takes it, and none has to.
        unlock = f"{{cmd:'opendoor',doorip:'{self.who.ip}'}}"
        components: tuple[tuple[str, str, dict[str, object]], ...] = (
            ("lock", "lock0", {
                "name": "Lock", "stat_t": f"{here}/io/lock0", "cmd_t": f"{here}/cmd", "pl_unlk": unlock, "pl_lock": "",
            }),
            ("binary_sensor", "door", {"name": "Door", "dev_cla": "door", "stat_t": f"{here}/io/door"}),
            ("binary_sensor", "tamper", {"name": "Tamper", "dev_cla": "tamper", "stat_t": f"{here}/io/tamper"}),
            ("tag", "tag", {"t": f"{here}/tag", "val_tpl": "{{ value_json.uid }}"}),
        )  # fmt: skip
        named = {"lock", "binary_sensor"}
        return tuple(
            Say(
                f"homeassistant/{component}/{here}/{key}/config",
                body({**content, **({"uniq_id": f"{here}-{key}"} if component in named else {}), **shared}),
                retain=True,
            )
            for component, key, content in components
        )


def _user_file(uid: str, user: User) -> dict[str, object]:
    return {
        "command": "userfile", "uid": uid, "user": user.name, "acctype": user.acctype, "acctype2": None,
        "acctype3": None, "acctype4": None, "validsince": user.since, "validuntil": user.until,
    }  # fmt: skip


def _loosely(text: bytes) -> dict[str, object] | None:
    """The board's parser takes single quotes and bare keys, and its own discovery counts on it."""
    quoted = text.decode(errors="replace").replace("'", '"')
    return parsed(re.sub(r"([{,]\s*)([A-Za-z]\w*)\s*:", r'\1"\2":', quoted).encode())


def _integer(value: object) -> int:
    """Numbers come as text as well; what is neither is nothing."""
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return 0
