"""A fault as an entry of a YAML file, `{fault: drop, target: door:street, from: '09:30', for: 5m, with: {share: 0.3}}`.

Which file and what else is in it is the reader's of that file.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, time

from simulator.building import Building
from simulator.errors import InputError, at_place, did_you_mean
from simulator.faults.fault import Fault, devices_of, made
from simulator.faults.kinds import kind_of, settings_of

KEYS = ("fault", "target", "from", "until", "for", "with", "seed")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def read(entry: object, building: Building, where: Callable[[str], str], start: datetime | None = None) -> Fault:
    """The fault this entry means. `where` gives file and line of one of its keys, and of "" the entry's own.

    `from` and `until` are spans since the beginning (`90s`, `5m`), or, where it is known when that is, times of day.
    Raises InputError with file and line, what is wrong and what would be right.
    """
    if not isinstance(entry, Mapping):
        raise InputError(f"{where('')}: a fault is {{fault: …, target: …}}; this is {entry!r}")
    for key in entry:
        if key not in KEYS:
            raise InputError(f"{where(str(key))}: a fault has no {key!r}; {did_you_mean(str(key), list(KEYS))}")
    kind, target = (_text(entry, key, where) for key in ("fault", "target"))
    settings = entry.get("with") or {}
    if not isinstance(settings, Mapping):
        raise InputError(f"{where('with')}: `with` is {{setting: value}}; this is {settings!r}")
    settings = {str(name): value for name, value in settings.items()}
    # One after the other, each at its own line; all together, and how they fit, at the entry's.
    at_place(where("fault"), lambda: kind_of(kind))
    at_place(where("target"), lambda: devices_of(target, building))
    at_place(where("with"), lambda: settings_of(kind, settings))
    begins_s = moment_s(entry["from"], where("from"), start) if "from" in entry else 0.0
    ends_s = _end(entry, begins_s, where, start)
    seed = entry.get("seed", 1)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise InputError(f"{where('seed')}: seed {seed!r} is no whole number")
    return at_place(
        where("target"),
        lambda: made(kind, target, building, begins_s=begins_s, ends_s=ends_s, settings=settings, seed=seed),
    )


def span_s(said: object) -> float | None:
    """Seconds of `90s`, `1.5m`, `2h`, and of 0; None for what is none of these.

    A bare number is none: YAML reads 14:55 as 895, and nobody who wrote that means seconds.
    """
    if said == 0 and not isinstance(said, bool):
        return 0.0
    match = _SPAN.fullmatch(said.strip()) if isinstance(said, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else None


def _text(entry: Mapping[object, object], key: str, where: Callable[[str], str]) -> str:
    said = entry.get(key)
    if not isinstance(said, str) or not said.strip():
        what = "which kind" if key == "fault" else "whom it strikes"
        raise InputError(f"{where(key if key in entry else '')}: a fault says {what}: `{key}: …`")
    return said.strip()


def _end(
    entry: Mapping[object, object], begins_s: float, where: Callable[[str], str], start: datetime | None
) -> float | None:
    if "until" in entry and "for" in entry:
        raise InputError(f"{where('for')}: a fault ends `until` or lasts `for`; give one of the two")
    if "for" in entry:
        lasts_s = span_s(entry["for"])
        if not lasts_s:
            raise InputError(f"{where('for')}: for {entry['for']!r} is no length of time; write 90s, 5m or 2h")
        return begins_s + lasts_s
    if "until" not in entry:
        return None
    ends_s = moment_s(entry["until"], where("until"), start)
    if ends_s <= begins_s:
        raise InputError(f"{where('until')}: until {entry['until']!r} is not after from {entry.get('from', 0)!r}")
    return ends_s


def moment_s(said: object, where: str, start: datetime | None) -> float:
    """Seconds since the beginning, of a span since then or a time of day; raises InputError for neither."""
    seconds = span_s(said)
    if seconds is not None:
        return seconds
    match = _CLOCK.fullmatch(said.strip()) if isinstance(said, str) else None
    if match is None:
        raise InputError(
            f"{where}: {said!r} is no time; write '14:55' or '14:55:30', in quotes, for YAML takes it for a number "
            "without, or how long after the start: 90s, 5m"
        )
    if start is None:
        raise InputError(f"{where}: {said!r} is a time of day, and no day is known; write how long after the start: 5m")
    at = datetime.combine(start.date(), time(int(match[1]), int(match[2]), int(match[3] or 0)), start.tzinfo)
    # As instants: where clocks change in between, wall times would be an hour off.
    seconds = at.timestamp() - start.timestamp()
    if seconds < 0:
        raise InputError(f"{where}: {said!r} is over before it begins at {start:%H:%M:%S}")
    return seconds
