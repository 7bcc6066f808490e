"""Who may read and write which topic: one table, rendered for every broker we start.

The contract's point is that two lines serve every device; here they are, beside the few that the
controller, the onboarding credential and the recorder need.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

ACCESS_USER = "server-access"
TELEMETRY_USER = "server-telemetry"
ONBOARDING_USER = "onboarding"
CONTROLLER_USERS = (ACCESS_USER, TELEMETRY_USER)
RECORDER_USER = "recorder"

Direction: TypeAlias = Literal["read", "write", "readwrite"]


@dataclass(frozen=True, slots=True)
class Right:
    """One line: `%u` in the filter stands for the user's own name."""

    direction: Direction
    topic_filter: str


def device_rights(root: str) -> tuple[Right, ...]:
    """What every device may do under its own name."""
    return (
        Right("write", f"{root}/1/%u/up/#"),
        Right("read", f"{root}/1/%u/down/#"),
        Right("read", f"{root}/1/server/up/status"),
        Right("read", f"{root}/1/live/#"),
    )


def controller_rights(root: str) -> tuple[Right, ...]:
    """What both connections of the controller may do."""
    return (
        Right("read", f"{root}/1/+/up/#"),
        Right("write", f"{root}/1/+/down/#"),
        Right("write", f"{root}/1/server/up/#"),
        Right("write", f"{root}/1/live/#"),
        Right("readwrite", f"{root}/1/server/beat/%u/#"),
        Right("read", "$SYS/#"),
    )


def onboarding_rights(root: str) -> tuple[Right, ...]:
    """A device nobody has adopted yet may say who it is, and nothing more."""
    return (Right("write", f"{root}/1/+/up/birth"),)


def recorder_rights() -> tuple[Right, ...]:
    """Who writes down what is said hears all of it, other makers' devices too, and can say nothing."""
    return (Right("read", "#"),)


# What a device may do besides whose dialect the space file names: the topics its maker gave it, with its user name where
# that leaves one. What it may not: hear or say anything of another device.
_DIALECTS: Mapping[str, tuple[Right, ...]] = {
    # A base topic of its own: `zigbee2mqtt/<user>` in the bridge's settings.
    "zigbee2mqtt": (Right("readwrite", "zigbee2mqtt/%u/#"),),
    "tasmota": (
        Right("write", "tele/%u/#"),
        Right("write", "stat/%u/#"),
        Right("read", "cmnd/%u/#"),
        # Named by its MAC, which nobody told us; what is said there only tells what a device has.
        Right("write", "tasmota/discovery/+/config"),
        Right("write", "tasmota/discovery/+/sensors"),
    ),
    "shelly": (
        Right("write", "%u/online"),
        Right("write", "%u/events/rpc"),
        Right("write", "%u/status/#"),
        Right("read", "%u/rpc"),
        Right("read", "%u/command/#"),
        # Answers go to whoever asked: to us alone, or one relay could command another.
        Right("write", "%r/rpc"),
    ),
    "esphome": (
        Right("write", "%u/status"),
        Right("write", "%u/debug"),
        Right("write", "%u/tag_scanned"),
        Right("write", "%u/+/+/state"),
        Right("read", "%u/+/+/command"),
        Right("write", "homeassistant/+/%u/+/config"),
        Right("write", "esphome/discover/%u"),
        Right("read", "esphome/discover"),
        Right("read", "esphome/ping/%u"),
    ),
    "homie": (
        Right("write", "homie/5/%u/#"),
        Right("read", "homie/5/%u/+/+/set"),
    ),
    "esp-rfid": (Right("write", "%u/send"), Right("read", "%u/cmd")),
    "esp-rfid-ha": (
        Right("write", "%u/send"),
        Right("write", "%u/tag"),
        Right("write", "%u/io/+"),
        Right("write", "%u/avty"),
        Right("read", "%u/cmd"),
        Right("write", "homeassistant/+/%u/+/config"),
    ),
    "ttn": (
        Right("write", "v3/natoma@ttn/devices/%u/#"),
        Right("read", "v3/natoma@ttn/devices/%u/down/push"),
        Right("read", "v3/natoma@ttn/devices/%u/down/replace"),
    ),
}


def dialect_rights(dialect: str, root: str) -> tuple[Right, ...]:
    """What speaking this dialect takes; nothing for our own, and for one we know nothing of."""
    return tuple(Right(right.direction, right.topic_filter.replace("%r", root)) for right in _DIALECTS.get(dialect, ()))


def rights_of(user: str, root: str, dialect: str = "") -> tuple[Right, ...]:
    """Everything one user may do."""
    if user in CONTROLLER_USERS:
        return controller_rights(root)
    if user == ONBOARDING_USER:
        return onboarding_rights(root)
    if user == RECORDER_USER:
        return recorder_rights()
    return (*device_rights(root), *dialect_rights(dialect, root))


def mosquitto_acl(root: str, users: Sequence[str], dialects: Mapping[str, str] | None = None) -> str:
    """The same table as Mosquitto's acl_file: a pattern applies to every user, so devices get theirs by name.

    `dialects`: of the devices that speak another than ours, by user.
    """
    spoken = dialects or {}
    lines: list[str] = []
    for user in users:
        lines.append(f"user {user}")
        lines += [
            f"topic {right.direction} {right.topic_filter.replace('%u', user)}"
            for right in rights_of(user, root, spoken.get(user, ""))
        ]
        lines.append("")
    return "\n".join(lines)


def covers(topic_filter: str, wanted: str) -> bool:
    """Whether everything `wanted` (a topic or a filter) can match is allowed by `topic_filter`."""
    allowed, asked = topic_filter.split("/"), wanted.split("/")
    for place, level in enumerate(allowed):
        if level == "#":
            return True
        if place >= len(asked) or asked[place] == "#":
            return False
        if level == "+":
            continue
        if level != asked[place]:
            return False
    return len(asked) == len(allowed)


def is_allowed(user: str, root: str, *, writing: bool, topic: str, dialect: str = "") -> bool:
    """The decision a broker that asks us for each topic needs."""
    wanted = "write" if writing else "read"
    return any(
        right.direction in (wanted, "readwrite") and covers(right.topic_filter.replace("%u", user), topic)
        for right in rights_of(user, root, dialect)
    )
