"""Every MQTT topic of the contract, built and parsed here and nowhere else.

What the bodies look like is in `messages`; foreign dialects bring their own topics.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from devices.errors import MessageError, RefusalReason, TopicError

MAJOR = "1"
SERVER = "server"
LIVE = "live"
RESERVED_DEVICES = frozenset({SERVER, LIVE})

Direction = Literal["up", "down"]

_DEVICE = re.compile(r"[a-z0-9-]{1,40}")
# Doors and rooms are named by the space file; a name is one topic level and must not look like a filter.
_PLACE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PAGE = re.compile(r"0|[1-9][0-9]{0,3}")
# MQTT's own limit is 65,535 bytes; a root this long would leave no room for the levels below it.
_ROOT_LIMIT = 200
# Several kinds for each of some thousand devices; parsing again after a miss costs about a microsecond.
_PARSED_TOPICS = 16_384


class Kind(StrEnum):
    """The last level of a topic: what the message is. Seven go up, four come down."""

    BIRTH = "birth"
    STATUS = "status"
    TELEMETRY = "telemetry"
    STATE = "state"
    EVENT = "event"
    ACK = "ack"
    HEALTH = "health"
    COMMAND = "command"
    DESIRED = "desired"
    ACCESS = "access"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind travels. Actions (events and commands) are never retained."""

    direction: Direction
    qos: Literal[0, 1]
    retained: bool


RULES: dict[Kind, Rule] = {
    Kind.BIRTH: Rule("up", 1, True),
    Kind.STATUS: Rule("up", 1, True),
    # 0 is accepted as well; 1 is what a device with anything to lose should use.
    Kind.TELEMETRY: Rule("up", 1, False),
    Kind.STATE: Rule("up", 1, True),
    Kind.EVENT: Rule("up", 1, False),
    Kind.ACK: Rule("up", 1, False),
    Kind.HEALTH: Rule("up", 0, False),
    Kind.COMMAND: Rule("down", 1, False),
    Kind.DESIRED: Rule("down", 1, True),
    Kind.ACCESS: Rule("down", 1, True),
    Kind.REJECT: Rule("down", 0, False),
}
UP_KINDS = frozenset(kind for kind, rule in RULES.items() if rule.direction == "up")
DOWN_KINDS = frozenset(kind for kind, rule in RULES.items() if rule.direction == "down")
# What makes something happen once. A retained one would happen again at every reconnect.
ACTIONS = frozenset({Kind.EVENT, Kind.COMMAND})


@dataclass(frozen=True, slots=True)
class Address:
    """Who said it (or is told), which way it goes, and what it is; `page` only for a paged access list."""

    device: str
    direction: Direction
    kind: Kind
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics below one root; several spaces may share a broker under several roots."""

    root: str = "natoma"

    def __post_init__(self) -> None:
        problem = _root_problem(self.root)
        if problem:
            raise TopicError(f"topic root {self.root!r} {problem}; write it like 'natoma' or 'natoma/paris'")

    def up(self, device: str, kind: Kind) -> str:
        """What the device writes."""
        return self._of(device, "up", kind)

    def down(self, device: str, kind: Kind, page: int | None = None) -> str:
        """What the controller writes to the device; only an access list has pages."""
        topic = self._of(device, "down", kind)
        if page is None:
            return topic
        if kind is not Kind.ACCESS or not 0 <= page <= 9999:
            raise TopicError(f"page {page} of down/{kind}: only down/access has pages, from 0 to 9999")
        return f"{topic}/{page}"

    @property
    def server_status(self) -> str:
        """The controller's own retained heartbeat."""
        return f"{self.root}/{MAJOR}/{SERVER}/up/{Kind.STATUS}"

    @property
    def live_space(self) -> str:
        """Retained, for displays: people in, capacity, mode."""
        return f"{self.root}/{MAJOR}/{LIVE}/space"

    def live_door(self, door: str) -> str:
        """Retained, for displays: one door."""
        return f"{self.root}/{MAJOR}/{LIVE}/door/{_place(door)}"

    def live_room(self, room: str) -> str:
        """Retained, for displays: one room."""
        return f"{self.root}/{MAJOR}/{LIVE}/room/{_place(room)}"

    def up_filter(self, kind: Kind | None = None) -> str:
        """The subscription that hears one kind of every device, or everything any device says."""
        if kind is None:
            return f"{self.root}/{MAJOR}/+/up/#"
        if kind not in UP_KINDS:
            raise TopicError(f"{kind} comes down, no device writes it; {_kinds(UP_KINDS)} go up")
        return f"{self.root}/{MAJOR}/+/up/{kind}"

    def device_filter(self, device: str) -> str:
        """The one subscription of a device: all that comes down to it."""
        return f"{self.root}/{MAJOR}/{_device(device)}/down/#"

    def may_answer_on(self, device: str, response_topic: str) -> bool:
        """Is this MQTT 5 response topic below the sender's own `up/`? Any other is not honoured."""
        own = f"{self.root}/{MAJOR}/{device}/up/"
        levels = response_topic.removeprefix(own)
        return levels != response_topic and all(levels.split("/")) and not _looks_like_a_filter(response_topic)

    def parse(self, topic: str) -> Address:
        """Read a topic a message came on; raises `MessageError(unknown_topic)`."""
        return _parse(self.root, topic)

    def _of(self, device: str, direction: Direction, kind: Kind) -> str:
        if RULES[kind].direction != direction:
            kinds = UP_KINDS if direction == "up" else DOWN_KINDS
            raise TopicError(f"{direction}/{kind} does not exist; {_kinds(kinds)} go {direction}")
        return f"{self.root}/{MAJOR}/{_device(device)}/{direction}/{kind}"


@lru_cache(maxsize=_PARSED_TOPICS)
def _parse(root: str, topic: str) -> Address:
    if not topic.startswith(f"{root}/"):
        raise _unknown(topic, f"is not below the root {root!r}", f"begin the topic with {root}/{MAJOR}/")
    if _looks_like_a_filter(topic):
        raise _unknown(topic, "holds a wildcard or a null character", "name one device and one kind")
    major, *levels = topic[len(root) + 1 :].split("/")
    if major != MAJOR:
        raise _unknown(topic, f"speaks contract major {major!r}", f"this controller serves major {MAJOR}")
    if len(levels) < 3 or not all(levels):
        raise _unknown(topic, "has an empty or missing level", f"{root}/{MAJOR}/<device>/<up|down>/<kind>")
    device, direction, kind_name, *rest = levels
    if not _DEVICE.fullmatch(device):
        raise _unknown(topic, f"names the device {device!r}", "1 to 40 of a-z, 0-9 and -, the device's user name")
    if device == LIVE:
        raise _unknown(topic, "is for displays", "devices do not write below live")
    kinds = UP_KINDS if direction == "up" else DOWN_KINDS if direction == "down" else frozenset()
    if kind_name not in kinds:
        hint = f"{_kinds(kinds)} go {direction}" if kinds else "the level after the device is up or down"
        raise _unknown(topic, f"has no kind {direction}/{kind_name}", hint)
    kind = Kind(kind_name)
    if device == SERVER and kind is not Kind.STATUS:
        raise _unknown(topic, "uses the reserved device id 'server'", "the controller itself writes up/status only")
    return Address(device, "up" if direction == "up" else "down", kind, _page(topic, kind, rest))


def _page(topic: str, kind: Kind, rest: list[str]) -> int | None:
    if not rest:
        return None
    if kind is Kind.ACCESS and len(rest) == 1 and _PAGE.fullmatch(rest[0]):
        return int(rest[0])
    raise _unknown(topic, f"goes on after {kind}", "only down/access/<page> has a further level, a number")


def _unknown(topic: str, why: str, hint: str) -> MessageError:
    return MessageError(RefusalReason.UNKNOWN_TOPIC, f"this topic {why}", topic=topic[:200], hint=hint)


def _device(device: str) -> str:
    if not _DEVICE.fullmatch(device):
        raise TopicError(f"device id {device!r} is not usable in a topic; take 1 to 40 of a-z, 0-9 and -")
    if device == LIVE:
        raise TopicError(f"device id {device!r} is reserved; choose another")
    return device


def _place(name: str) -> str:
    if not _PLACE.fullmatch(name):
        raise TopicError(f"{name!r} is not usable in a topic; take 1 to 64 of A-Z, a-z, 0-9, '_', '.' and -")
    return name


def _root_problem(root: str) -> str:
    if not root or not all(root.split("/")):
        return "has an empty level"
    if _looks_like_a_filter(root):
        return "holds a wildcard or a null character"
    if root.startswith("$"):
        return "begins with $, which belongs to the broker"
    return "is too long" if len(root) > _ROOT_LIMIT else ""


def _looks_like_a_filter(topic: str) -> bool:
    return "+" in topic or "#" in topic or "\0" in topic


def _kinds(kinds: frozenset[Kind]) -> str:
    return ", ".join(sorted(kinds))
