"""A fault as a value: what goes wrong, with which devices, from when until when, how badly, and its seed.

Where it was written is `reading`'s; what comes of it `injector`'s.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from simulator.building import OUTSIDE, Building, Device
from simulator.dialects.names import OWN
from simulator.errors import InputError, did_you_mean
from simulator.faults.kinds import PROGRAMS, Setting, kind_of, settings_of

_LINK = "link"
_LONGEST_S = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Fault:
    """`begins_s` and `ends_s` count from when it is added; None ends when somebody says so."""

    kind: str
    target: str  # as it was written
    devices: frozenset[str]  # empty: a program, which the target names
    begins_s: float = 0.0
    ends_s: float | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)
    seed: int = 1

    def number(self, name: str) -> float:
        return float(self.settings[name])

    def word(self, name: str) -> str:
        return str(self.settings[name])

    def in_words(self) -> str:
        told = ", ".join(f"{name}={value:g}" if isinstance(value, float | int) else f"{name}={value}"
                         for name, value in self.settings.items())  # fmt: skip
        return f"{self.kind} {self.target}{f' ({told})' if told else ''}"


def made(
    kind: str,
    target: str,
    building: Building,
    *,
    begins_s: float = 0.0,
    ends_s: float | None = None,
    settings: Mapping[str, object] | None = None,
    seed: int = 1,
) -> Fault:
    """A fault whose parts fit each other and the building; raises InputError for what does not."""
    strikes = kind_of(kind).strikes
    all_settings = settings_of(kind, settings or {})
    if not 0 <= begins_s <= _LONGEST_S or (ends_s is not None and not begins_s < ends_s <= _LONGEST_S):
        raise InputError(
            f"{kind} {target}: it cannot last from second {begins_s:g} to {ends_s}; it ends after it begins"
        )
    devices = devices_of(target, building)
    if not devices and target not in strikes:
        programs = sorted(strikes & PROGRAMS)
        raise InputError(
            f"{kind} strikes {' or '.join(programs)}, not {target!r}"
            if programs
            else f"{kind} strikes devices; name one, or a door, an area, a kind, or link for all, not {target!r}"
        )
    fit = frozenset(device for device in devices if building.devices[device].kind in strikes)
    if devices and not fit:
        those = "the broker alone" if strikes <= PROGRAMS else " or ".join(sorted(_called(strikes - PROGRAMS)))
        raise InputError(f"{kind} strikes {those}, and there is none in {target!r}")
    channel = all_settings.get("channel", "any")
    if channel != "any":
        having = {name: building.devices[name].channels for name in fit}
        fit = frozenset(name for name, channels in having.items() if channel in channels)
        if not fit:
            known = sorted({channel for channels in having.values() for channel in channels})
            raise InputError(f"{kind}: nothing in {target!r} measures {channel!r}; {did_you_mean(str(channel), known)}")
    if all_settings.get("as") == "bare":
        ours = frozenset(name for name in fit if building.devices[name].dialect == OWN)
        if not ours:
            spoken = " and ".join(sorted({building.devices[name].dialect for name in fit}))
            raise InputError(
                f"{kind}: as cannot be 'bare' for {target!r}: it speaks {spoken}, and a bare NaN is only of messages of "
                "our own; take 'text'"
            )
        fit = ours
    return Fault(kind, target, fit, begins_s, ends_s, all_settings, seed)


def devices_of(target: str, building: Building) -> frozenset[str]:
    """Whom this names; nobody is a program, the broker or the controller.

    A device, a door with its unit and readers, an area, a kind of device, `link` for all; `device:`, `door:`, `area:`,
    `kind:` or `link:` before it says which, where a name is two things at once.
    """
    if target in PROGRAMS:
        return frozenset()
    if target == _LINK:
        return frozenset(building.devices)
    prefix, _, rest = target.partition(":")
    if rest and prefix in (*_GROUPS, _LINK):
        return _found(rest, building, [prefix] if prefix in _GROUPS else list(_GROUPS), target)
    return _found(target, building, list(_GROUPS), target)


def _found(name: str, building: Building, groups: list[str], target: str) -> frozenset[str]:
    wanted = name.strip().casefold()
    found: dict[str, frozenset[str]] = {}
    for group in groups:
        of_it = frozenset(
            device.id for device in building.devices.values() if wanted in _GROUPS[group](device, building)
        )
        if of_it and group == "device":
            return of_it
        if of_it:
            found[group] = of_it
    if len(found) > 1:
        raise InputError(
            f"{target!r} is two things, {' and '.join(found)}; write {' or '.join(f'{group}:{name}' for group in found)}"
        )
    if found:
        return next(iter(found.values()))
    known = sorted({name for device in building.devices.values() for group in groups for name in _GROUPS[group](device, building)})  # fmt: skip
    if groups == list(_GROUPS):
        known += [*PROGRAMS, _LINK]
    raise InputError(f"there is no {' or '.join(groups)} {target!r} with a device; {did_you_mean(wanted, known)}")


def _of_door(device: Device, building: Building) -> tuple[str, ...]:
    names = [device.door] if device.door is not None else []
    for door in building.doors.values():
        if device.id in (door.unit, door.reader_in, door.reader_out) or device.door == door.id:
            names += [door.id, door.name.casefold()]
    return tuple(names)


def _of_area(device: Device, building: Building) -> tuple[str, ...]:
    area = building.areas.get(device.area or OUTSIDE)
    return (area.id, area.name.casefold()) if area is not None else ()


# A device's id is the device's, whatever else is called that.
_GROUPS: Mapping[str, Callable[[Device, Building], tuple[str, ...]]] = {
    "device": lambda device, _: (device.id,),
    "door": _of_door,
    "area": _of_area,
    "kind": lambda device, _: (device.kind,),
}


def _called(kinds: Iterable[str]) -> list[str]:
    return [kind.replace("_", " ") for kind in kinds]
