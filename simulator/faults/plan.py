"""What a fault makes of one message, one reading or one look at the clock. Pure: the same seed, the same harm.

Each decision is drawn from the fault's seed, the device, the way and the number of the message, so it depends on
nothing that came before and two runs agree about the hundredth message however the first ninety-nine were spaced.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from devices.messages import Scalar
from simulator.faults.fault import Fault

Way: TypeAlias = Literal["up", "down"]

_NOT_A_NUMBER = "nan"


@dataclass(frozen=True, slots=True)
class Passing:
    """A message on its way through: what is left of it, and what it waits for."""

    kind: str  # the last level of its topic: event, command, telemetry
    payload: bytes = field(repr=False)  # it may hold a badge number or a PIN
    retain: bool = False
    wait_s: float = 0.0
    behind_next: bool = False  # until another has passed, or `wait_s` is over
    until_over: bool = False  # until the fault is


@dataclass(frozen=True, slots=True)
class Harm:
    """What comes out of one message, and what was done to it; an unharmed one has no `what`."""

    passing: tuple[Passing, ...]
    what: str | None = None


def harmed(fault: Fault, device: str, way: Way, number: int, one: Passing) -> Harm:
    """`number`: the how manieth of this device and way since the fault began."""
    if fault.kind == "sensor-nan":
        return _bare(fault, one)
    if fault.kind == "freeze":
        return Harm((replace(one, until_over=True),), f"{one.kind} {way} held")
    if "way" not in fault.settings or not _is_meant(fault, way, one):
        return Harm((one,))
    dice = _dice(fault, device, way, number)
    if dice.random() >= fault.number("share"):
        return Harm((one,))
    named = f"{one.kind} {way}"
    match fault.kind:
        case "drop":
            return Harm((), f"{named} dropped")
        case "duplicate":
            times = 1 + round(fault.number("copies"))
            return Harm((one,) * times, f"{named} said {times} times")
        case "delay":
            wait_s = fault.number("by_s") + dice.random() * fault.number("jitter_s")
            return Harm((replace(one, wait_s=one.wait_s + wait_s),), f"{named} delayed by {wait_s:.3f} s")
        case "reorder":
            return Harm(
                (replace(one, behind_next=True, wait_s=fault.number("within_s")),), f"{named} put behind the next"
            )
        case "corrupt":
            payload, how = _corrupted(one.payload, fault.word("how"), dice)
            return Harm((replace(one, payload=payload),), f"{named} {how}")
        case "retain":
            return Harm((replace(one, retain=True),), f"{named} said to be retained")
        case _:
            return Harm((one,))


def read_as(
    fault: Fault, device: str, number: int, since_s: float, before: Mapping[str, Scalar], values: Mapping[str, Scalar]
) -> tuple[dict[str, Scalar], str | None]:
    """What the instruments show in place of `values`; `before`: what they showed when the fault began."""
    wanted = fault.settings.get("channel", "any")
    meant = [name for name in values if wanted in ("any", name)]
    shown: dict[str, Scalar] = {}
    match fault.kind:
        case "sensor-stuck":
            shown = {name: before[name] for name in meant if name in before}
        case "sensor-drift":
            by = fault.number("per_hour") * since_s / 3600
            shown = {name: _drifted(values[name], by) for name in meant}
        case "sensor-nan":
            dice = _dice(fault, device, "reading", number)
            shown = {name: _NOT_A_NUMBER for name in meant if dice.random() < fault.number("share")}
    changed = {name: value for name, value in shown.items() if value != values[name]}
    what = ", ".join(f"{name} {values[name]} read as {value}" for name, value in changed.items()) or None
    return {**values, **shown}, what


def told_time(fault: Fault, since_s: float, now: datetime) -> datetime:
    """What its clock shows."""
    if fault.kind != "clock-skew":
        return now
    return now + timedelta(seconds=fault.number("by_s") + since_s * fault.number("drift_ppm") / 1_000_000)


def every(fault: Fault, device: str, number: int) -> float:
    """Seconds until the next time, of what comes again and again: somewhat uneven, as the world is."""
    return fault.number("every_s") * (0.75 + 0.5 * _dice(fault, device, "again", number).random())


def _dice(fault: Fault, device: str, way: str, number: int) -> random.Random:
    return random.Random(f"{fault.seed}/{fault.kind}/{device}/{way}/{number}")


def _is_meant(fault: Fault, way: Way, one: Passing) -> bool:
    return fault.word("way") in ("both", way) and fault.word("message") in ("any", one.kind)


def _corrupted(payload: bytes, how: str, dice: random.Random) -> tuple[bytes, str]:
    if how == "any":
        how = dice.choice(("cut", "flip", "junk"))
    if how == "junk" or not payload:
        return dice.randbytes(max(1, len(payload))), "replaced by junk"
    at = dice.randrange(len(payload))
    if how == "cut":
        return payload[:at], f"cut off after {at} of {len(payload)} bytes"
    changed = payload[at] ^ (1 << dice.randrange(8))
    return payload[:at] + bytes([changed]) + payload[at + 1 :], f"changed in byte {at} of {len(payload)}"


def _bare(fault: Fault, one: Passing) -> Harm:
    """JSON knows no NaN, and firmware that prints a float says it all the same."""
    text = f'"{_NOT_A_NUMBER}"'.encode()
    if fault.word("as") != "bare" or one.kind != "telemetry" or text not in one.payload:
        return Harm((one,))
    return Harm((replace(one, payload=one.payload.replace(text, b"NaN")),), "telemetry up says NaN, which is no JSON")


def _drifted(value: Scalar, by: float) -> Scalar:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return round(value + by) if isinstance(value, int) else round(value + by, 1)
