"""What one version of the building and its policy changes in another: what can count at once, what needs a restart.

Plans, hours and everything a door asks for are read anew at each decision. What is built around the building (a worker
for each door, a password for each device, the topics) stays as it is while the service runs.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, TypeAlias

from controller.domain.building import Area, Device, Door, Room, Space
from controller.domain.schedule import WeeklySchedule

_Things: TypeAlias = Mapping[Any, object]

# As the space file calls what the domain calls otherwise.
_FILE_WORDS = {
    "outer": "from",
    "inner": "to",
    "has_contact": "contact",
    "in_maintenance": "maintenance",
    "any_staff_first": "first_person_in staff",
    "areas": "where",
    "cut_off_minutes": "cut_off",
    "windows": "hours",
    "cents": "amount",
}
_BUILT_AROUND: dict[type, frozenset[str]] = {
    Space: frozenset({"id", "root", "zone", "cut_off_minutes"}),
    Area: frozenset({"floor", "within", "room.kind"}),
    Door: frozenset({"outer", "inner", "floor", "unit", "readers", "has_contact"}),
    Device: frozenset({"kind", "door", "area", "dialect"}),
}
# Drawn on the plan, of no weight for anybody's rights; told as one thing.
_DRAWN = frozenset({"outline", "label", "opening", "at", "width", "drawings", "depth"})


@dataclass(frozen=True, slots=True)
class SpaceChanges:
    """Each change in the space file's words: `door street: pin never → required`."""

    at_once: tuple[str, ...] = ()
    after_restart: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.at_once or self.after_restart)


def changes_between(old: Space, new: Space) -> SpaceChanges:
    """Everything that differs."""
    now: list[str] = []
    later: list[str] = []
    for name in ("id", "name", "root", "zone", "cut_off_minutes", "offline_valid_h"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            (later if name in _BUILT_AROUND[Space] else now).append(f"{_word(name)} {_said(before)} → {_said(after)}")
    built: tuple[tuple[str, _Things, _Things], ...] = (
        ("area", old.areas, new.areas),
        ("door", old.doors, new.doors),
        ("device", old.devices, new.devices),
    )
    read_anew: tuple[tuple[str, _Things, _Things], ...] = (
        ("floor", old.floors, new.floors),
        ("zone", old.zones, new.zones),
        ("schedule", old.schedules, new.schedules),
        ("plan", old.plans, new.plans),
        ("partner", old.partners, new.partners),
    )
    for what, olds, news in built:
        _compare(what, olds, news, now, later, is_built=True)
    for what, olds, news in read_anew:
        _compare(what, olds, news, now, later, is_built=False)
    now += _days(old, new)
    if old.grace != new.grace:
        now += [f"grace: {text}" for _, text in _differences(old.grace, new.grace)]
    if old.reader_profiles != new.reader_profiles:
        now.append("reader profiles are spelt differently")
    return SpaceChanges(tuple(now), tuple(later))


def _compare(what: str, olds: _Things, news: _Things, now: list[str], later: list[str], *, is_built: bool) -> None:
    coming_and_going = later if is_built else now
    coming_and_going += [f"new {what} {key}" for key in news if key not in olds]
    coming_and_going += [f"{what} {key} is gone" for key in olds if key not in news]
    for key, before in olds.items():
        after = news.get(key)
        if after is None or before == after:
            continue
        built = _BUILT_AROUND.get(type(before), frozenset())
        for name, text in _differences(before, after):
            (later if name in built else now).append(f"{what} {key}: {text}")


def _differences(before: object, after: object, within: str = "") -> Iterator[tuple[str, str]]:
    """Name and words of each field that differs; parts of a value (timings, a room) are told one by one."""
    drawn = False
    for one in fields(before):  # type: ignore[arg-type]
        was, is_ = getattr(before, one.name), getattr(after, one.name)
        if not one.compare or was == is_:
            continue
        name = f"{within}{one.name}"
        if one.name in _DRAWN:
            drawn = True
        elif is_dataclass(was) and type(was) is type(is_) and not isinstance(was, WeeklySchedule):
            yield from _differences(was, is_, f"{name}.")
        elif isinstance(was, Room) or isinstance(is_, Room):
            # With or without sensors' limits and bookings: somebody watches it, or nobody does.
            yield "room.kind", f"room {_said(was)} → {_said(is_)}"
        elif one.name == "cents":
            yield name, f"amount {was / 100:.2f} → {is_ / 100:.2f}"
        elif _is_told(was) and _is_told(is_):
            yield name, f"{_word(name)} {_said(was)} → {_said(is_)}"
        else:
            yield name, f"other {_word(name)}"
    if drawn:
        yield "drawing", "is drawn differently"


def _days(old: Space, new: Space) -> Iterator[str]:
    for day in sorted({*old.holidays, *new.holidays}):
        before, after = old.holidays.get(day), new.holidays.get(day)
        if before is None:
            yield f"new holiday {day}, {after}{_of_zones(new, day)}"
        elif after is None:
            yield f"holiday {day}, {before}, is gone"
        elif old.holiday_zones.get(day) != new.holiday_zones.get(day):
            yield f"holiday {day}, {after}: now{_of_zones(new, day) or ' of every zone'}"
        elif before != after:
            yield f"holiday {day}: name {before} → {after}"


def _of_zones(space: Space, day: date) -> str:
    zones = space.holiday_zones.get(day)
    return f" of {', '.join(sorted(zones))}" if zones else ""


def _word(name: str) -> str:
    return " ".join(_FILE_WORDS.get(part, part) for part in name.split("."))


def _said(value: object) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Room):
        return value.kind.value
    if isinstance(value, Collection) and not isinstance(value, str):
        return ", ".join(sorted(map(_said, value))) or "none"
    return str(value)


def _is_told(value: object) -> bool:
    """Whether its words are shorter than what they stand for."""
    if isinstance(value, Collection) and not isinstance(value, str):
        return all(isinstance(one, str | int | float | Enum) for one in value)
    return True
