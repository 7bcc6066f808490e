"""Which dialects there are and which kinds of device speak each; how they speak is in the files beside this one."""

from collections.abc import Iterable, Mapping

from simulator.errors import did_you_mean

OWN = "natoma"
_BOARD = frozenset({"sensor", "door_unit", "light"})

KINDS: Mapping[str, frozenset[str]] = {
    "zigbee2mqtt": _BOARD,
    "tasmota": _BOARD | {"reader"},
    "shelly": _BOARD,
    "esphome": _BOARD | {"reader", "probe"},
    "homie": _BOARD | {"reader", "probe"},
    # The reader decides by itself and draws its own lock; with Home Assistant's switch it says so on other topics.
    "esp-rfid": frozenset({"reader", "door_unit"}),
    "esp-rfid-ha": frozenset({"reader", "door_unit"}),
    "ttn": frozenset({"sensor"}),
}
# What a dialect has a word for, of what sensors measure here; where it is not named, for all of it.
CHANNELS: Mapping[str, frozenset[str]] = {
    "zigbee2mqtt": frozenset({"temperature", "humidity", "co2", "noise", "light", "presence", "window"}),
    "tasmota": frozenset({"temperature", "humidity", "co2", "light", "presence", "window"}),
    "shelly": frozenset({"temperature", "humidity", "light", "presence", "window"}),
    "ttn": frozenset({"temperature", "humidity", "co2", "light"}),
}
_CALLED = {"door_unit": "door unit"}


def why_not(dialect: str, kind: str, channels: Iterable[str]) -> str | None:
    """Why a device of this kind cannot speak this dialect, in words; None if it can."""
    if dialect == OWN:
        return None
    if dialect not in KINDS:
        return f"there is no dialect {dialect!r}; {did_you_mean(dialect, [OWN, *KINDS])}"
    if kind not in KINDS[dialect]:
        able = sorted(name for name, kinds in KINDS.items() if kind in kinds)
        return f"no {_called(kind)} speaks {dialect}; a {_called(kind)} can speak {', '.join([OWN, *able])}"
    measured = tuple(channels)
    if kind in ("sensor", "probe") and dialect in CHANNELS and not CHANNELS[dialect] & set(measured):
        return f"{dialect} has no word for {', '.join(measured) or 'nothing'}; it has for {', '.join(sorted(CHANNELS[dialect]))}"
    return None


def _called(kind: str) -> str:
    return _CALLED.get(kind, kind)
