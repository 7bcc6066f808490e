"""Which device of a building speaks which dialect, where somebody says so beside the space file."""

from collections.abc import Iterable
from dataclasses import replace

from simulator.building import Building
from simulator.dialects.names import why_not
from simulator.errors import InputError, did_you_mean


def chosen(building: Building, choices: Iterable[str]) -> Building:
    """The building with each `DEVICE=NAME` done to it; raises InputError with what was meant."""
    devices, seen = dict(building.devices), set[str]()
    for choice in choices:
        name, sign, dialect = choice.partition("=")
        if not sign or not name or not dialect:
            raise InputError(f"--dialect {choice!r} is not DEVICE=NAME; write it like sensor-kitchen=tasmota")
        if name not in devices:
            raise InputError(f"--dialect {choice}: there is no device {name!r}; {did_you_mean(name, list(devices))}")
        if name in seen:
            raise InputError(f"--dialect {choice}: {name} was given a dialect already; a device speaks one")
        device = devices[name]
        if (reason := why_not(dialect, device.kind, device.channels)) is not None:
            raise InputError(f"--dialect {choice}: {reason}")
        seen.add(name)
        devices[name] = replace(device, dialect=dialect)
    return replace(building, devices=devices)


def unannounced(before: Building, after: Building) -> str | None:
    """What to know of dialects that the space file does not name; None where it names them all."""
    others = [device for device in after.devices.values() if device.dialect != before.devices[device.id].dialect]
    if not others:
        return None
    named = ", ".join(f"{device.id} ({device.dialect})" for device in others)
    return (
        f"{named}: the space file does not name this dialect, and a broker that natoma starts lets a device say and hear "
        f"only what the file names; write `dialect: {others[0].dialect}` at the device and start natoma again"
    )
