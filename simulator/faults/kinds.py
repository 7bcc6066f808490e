"""What can go wrong: each kind of fault, whom it can strike, and how its strength is told.

What a kind does to a message is in `plan`, to a device in `injector`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from devices.topics import RULES
from simulator.errors import InputError, did_you_mean

Setting: TypeAlias = float | str

BROKER = "broker"
CONTROLLER = "controller"
# What is no device, and can be struck.
PROGRAMS = frozenset({BROKER, CONTROLLER})
_ALL = frozenset({"door_unit", "reader", "sensor", "light", "probe"})
_SENSORS = frozenset({"sensor", "probe"})
_DOORS = frozenset({"door_unit"})
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Number:
    default: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Word:
    """One of these; the first is the default. Without any: whatever is said."""

    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    says: str
    strikes: frozenset[str]  # kinds of device, the broker, the controller
    settings: Mapping[str, Number | Word] = field(default_factory=dict)


_SHARE = Number(1.0, 0.0, 1.0)  # of what passes; 0 is refused, for it is no fault
_CHANNEL = Word(default="any")
_MESSAGES: Mapping[str, Number | Word] = {
    "share": _SHARE,
    "way": Word(("both", "up", "down")),
    "message": Word(("any", *sorted(str(kind) for kind in RULES))),
}

KINDS: Mapping[str, Kind] = {
    "drop": Kind("messages vanish; their sender believes them said", _ALL, _MESSAGES),
    "duplicate": Kind("messages come more than once", _ALL, {**_MESSAGES, "copies": Number(1, 1, 20)}),
    "delay": Kind(
        "messages come late", _ALL, {**_MESSAGES, "by_s": Number(2, 0, 3600), "jitter_s": Number(0, 0, 3600)}
    ),
    "reorder": Kind(
        "a message comes after the one behind it, or after within_s", _ALL, {**_MESSAGES, "within_s": Number(1, 0, 60)}
    ),
    "corrupt": Kind(
        "bodies are cut off, have a byte changed, or are junk",
        _ALL,
        {**_MESSAGES, "how": Word(("any", "cut", "flip", "junk"))},
    ),
    "retain": Kind("messages are said to be retained", _ALL, _MESSAGES),
    "flap": Kind("the link is lost every every_s, and comes back by itself", _ALL, {"every_s": Number(5, 0.5, 3600)}),
    "freeze": Kind(
        "it stays connected and nothing flows; what was held comes at the end", _ALL | PROGRAMS
    ),
    "clock-skew": Kind(
        "its clock is off by by_s, and runs faster by drift_ppm",
        _ALL,
        {"by_s": Number(60, -_DAY_S, _DAY_S), "drift_ppm": Number(0, -100_000, 100_000)},
    ),
    "power-cut": Kind("no power, and no goodbye; at the end it wakes under another boot id", _ALL),
    "stuck-contact": Kind("the contact of the leaf says the same, whatever the leaf does", _DOORS, {"at": Word(("as-it-is", "open", "closed"))}),
    "jammed-lock": Kind("the bolt does not arrive where it is driven", _DOORS),
    "sensor-stuck": Kind("readings stay what they were", _SENSORS, {"channel": _CHANNEL}),
    "sensor-drift": Kind(
        "readings wander off by per_hour", _SENSORS, {"channel": _CHANNEL, "per_hour": Number(10, -100_000, 100_000)}
    ),
    "sensor-nan": Kind(
        'readings are no numbers: "nan" as text, or bare, which is no JSON',
        _SENSORS,
        {"channel": _CHANNEL, "share": _SHARE, "as": Word(("text", "bare"))},
    ),
    "identity-clash": Kind(
        "somebody else logs in by its name, again every every_s", _ALL, {"every_s": Number(3, 0.5, 3600)}
    ),
    "stop": Kind("connections are closed and none is taken", frozenset({BROKER})),
    "kill": Kind("connections are torn in the middle of a word and none is taken", frozenset({BROKER})),
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """Raises InputError with the nearest for a kind there is not."""
    kind = KINDS.get(name)
    if kind is None:
        raise InputError(f"fault {name!r} is none of ours; {did_you_mean(name, list(KINDS))}")
    return kind


def settings_of(name: str, said: Mapping[str, object]) -> dict[str, Setting]:
    """All settings of this kind: as said, else as they are by default. Raises InputError for what makes no sense."""
    known = kind_of(name).settings
    for key in said:
        if key not in known:
            hint = did_you_mean(key, list(known)) if known else "it takes none"
            raise InputError(f"{name} has no setting {key!r}; {hint}")
    return {key: _setting(f"{name}: {key}", rule, said.get(key)) for key, rule in known.items()}


def _setting(what: str, rule: Number | Word, said: object) -> Setting:
    if isinstance(rule, Number):
        return rule.default if said is None else _number(what, rule, said)
    if said is None:
        return rule.default or rule.choices[0]
    # A YAML reader makes numbers and truths of some words; none of ours is one.
    if not isinstance(said, str) or (rule.choices and said not in rule.choices):
        hint = did_you_mean(str(said), list(rule.choices)) if rule.choices else "it is a word"
        raise InputError(f"{what} cannot be {said!r}; {hint}")
    return said


def _number(what: str, rule: Number, said: object) -> float:
    try:
        number = float(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else None
    except (ValueError, OverflowError):
        number = None
    if number is None or not rule.least <= number <= rule.most or (rule is _SHARE and number == 0):
        least = "more than 0" if rule is _SHARE else f"{rule.least:g}"
        raise InputError(f"{what} cannot be {said!r}; it is a number from {least} to {rule.most:g}")
    return number
