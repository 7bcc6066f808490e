"""The file's sections on who may do what -> domain values: schedules, holidays, plans, zones, partners.

What must hold between them and the building is judged afterwards, in `policy_rules`.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import date

from controller.domain.building import Area, Partner, Passback, Plan, Zone
from controller.domain.ids import AreaId, PartnerId, PlanId, ScheduleId, ZoneId
from controller.domain.schedule import WeeklySchedule
from controller.space.doors import ALWAYS
from controller.space.errors import Path, did_you_mean
from controller.space.file_policy import PlanEntry, PlanKind
from controller.space.references import References

# Who comes with a group, for an evening or from a partner space books nothing, unless the house says so.
_BOOKS_BY_NATURE = frozenset({PlanKind.MEMBERSHIP, PlanKind.DAY_PASS})
_BOOKING_KEYS = ("booking_hours_per_month", "booking_days_ahead", "longest_booking_hours")


def build_schedules(refs: References) -> dict[ScheduleId, WeeklySchedule]:
    """Those of the file, and `always`."""
    found = {ALWAYS: WeeklySchedule(ALWAYS, always=True, on_holidays=True)}
    for name, entry in refs.file.schedules.items():
        path = ("schedules", name)
        if name == ALWAYS:
            refs.problems.error(path, None, "is known without being declared", "delete it, or choose another id")
        elif not entry.open and not entry.always:
            fix = "write open: 'mon-fri 08:00-20:00', or always"
            refs.problems.error(path, None, "is never open", fix)
        else:
            found[ScheduleId(name)] = WeeklySchedule(ScheduleId(name), entry.open, entry.always, entry.on_holidays)
    return found


def build_plans(refs: References, areas: Mapping[AreaId, Area]) -> dict[PlanId, Plan]:
    """Every plan, with the areas it covers resolved."""
    zones = {zone for area in areas.values() for zone in area.zones}
    found: dict[PlanId, Plan] = {}
    for name, entry in refs.file.plans.items():
        path = ("plans", name)
        covered: set[AreaId] = set()
        for place, where in enumerate(entry.where):
            covered |= {area.id for area in areas.values() if where == area.id or where in area.zones}
            if where not in zones and not refs.knows("areas", where):
                known = [*areas, *sorted(zones)]
                fix = did_you_mean(where, known, "name an area, or a zone that some area has")
                refs.problems.error((*path, "where", place), where, "is neither an area nor a zone", fix)
        if not entry.where:
            refs.problems.error((*path, "where"), None, "names no area", "name one area or zone at least")
        refs.found("schedules", entry.schedule, (*path, "schedule"), also=(ALWAYS,))
        _tell_idle_maximums(refs, path, entry)
        found[PlanId(name)] = Plan(
            id=PlanId(name),
            name=entry.name or name,
            schedule=ScheduleId(entry.schedule),
            areas=frozenset(area for area in areas if _is_covered(area, covered, areas)),
            days_per_week=entry.days_per_week,
            kind=entry.kind.value,
            guest_days_per_month=entry.guest_days_per_month,
            booking_uses_day=entry.booking_uses_day,
            may_book=_may_book(entry),
            booking_hours_per_month=entry.booking_hours_per_month,
            booking_days_ahead=entry.booking_days_ahead,
            longest_booking_hours=entry.longest_booking_hours,
        )
    return found


def _may_book(entry: PlanEntry) -> bool:
    return entry.kind in _BOOKS_BY_NATURE if entry.may_book is None else entry.may_book


def _tell_idle_maximums(refs: References, path: Path, entry: PlanEntry) -> None:
    for key in _BOOKING_KEYS:
        if (*path, key) in refs.problems and not _may_book(entry):
            refs.problems.warning(
                (*path, key), None, "limits nothing: this plan books no rooms", "write may_book: true, or delete it"
            )


def _is_covered(area: AreaId, covered: set[AreaId], areas: Mapping[AreaId, Area]) -> bool:
    """Whether the plan names this area, or one that it lies within."""
    at: AreaId | None = area
    while at is not None:
        if at in covered:
            return True
        around = areas.get(at)
        at = around.within if around is not None else None
    return False


def build_holiday_zones(refs: References, areas: Mapping[AreaId, Area]) -> dict[date, frozenset[ZoneId]]:
    """The holidays of some zones only."""
    found: dict[date, frozenset[ZoneId]] = {}
    for day, entry in sorted(refs.file.holidays.items()):
        for place, zone in enumerate(entry.zones):
            _found_zone(zone, ("holidays", day.isoformat(), "zones", place), refs, areas)
        if entry.zones:
            found[day] = frozenset(ZoneId(zone) for zone in entry.zones)
    return found


def build_zones(refs: References, areas: Mapping[AreaId, Area]) -> dict[ZoneId, Zone]:
    """Every zone that areas name, with its rules where the file has some."""
    found = {zone: Zone(zone, name=zone) for zone in sorted({zone for area in areas.values() for zone in area.zones})}
    for name, entry in refs.file.zones.items():
        path: Path = ("zones", name)
        _found_zone(name, path, refs, areas)
        if (*path, "passback_s") in refs.problems and entry.passback is not Passback.TIMED:
            why = f"is never waited for: passback is {entry.passback}"
            refs.problems.warning((*path, "passback_s"), entry.passback_s, why, "write passback: timed, or delete it")
        if (*path, "at_capacity") in refs.problems and entry.capacity is None:
            fix = "write capacity: how many people may be in, or delete it"
            refs.problems.warning((*path, "at_capacity"), str(entry.at_capacity), "has no capacity to go by", fix)
        found[ZoneId(name)] = Zone(
            id=ZoneId(name),
            name=entry.name or name,
            passback=entry.passback,
            passback_s=entry.passback_s,
            capacity=entry.capacity,
            at_capacity=entry.at_capacity,
        )
    return found


def build_partners(refs: References) -> dict[PartnerId, Partner]:
    """Every space whose passes are honoured here."""
    found: dict[PartnerId, Partner] = {}
    by_key: dict[str, str] = {}
    for name, entry in refs.file.partners.items():
        path: Path = ("partners", name)
        if name == refs.file.id:
            refs.problems.error(path, None, "is this space itself", "name the other space by its own id, as it signs")
        refs.found("plans", entry.plan, (*path, "plan"))
        key = _public_key(entry.public_key.strip())
        if key is None:
            # Never the value: somebody may have pasted what must stay secret.
            why = f"is no Ed25519 public key ({len(entry.public_key)} characters)"
            fix = "paste the 43 characters that `natoma visits key` prints over there: 32 bytes in base64url"
            refs.problems.error((*path, "public_key"), None, why, fix)
            continue
        if key in by_key:
            fix = "each space has a key of its own: ask one of the two for theirs"
            refs.problems.error((*path, "public_key"), None, f"is that of partner {by_key[key]}, too", fix)
        by_key.setdefault(key, name)
        found[PartnerId(name)] = Partner(PartnerId(name), entry.name or name, key, PlanId(entry.plan), entry.days)
    return found


def _public_key(written: str) -> str | None:
    """The key in its one spelling, base64url without padding; None for what is no Ed25519 public key."""
    text = written.rstrip("=")
    # Decoding would skip what is not of its alphabet.
    if re.fullmatch(r"[A-Za-z0-9_-]{43}", text) is None:
        return None
    key = urlsafe_b64decode(text + "=")
    # A key of zeros is what a variable nobody filled in leaves behind.
    return urlsafe_b64encode(key).decode().rstrip("=") if any(key) else None


def _found_zone(zone: str, path: Path, refs: References, areas: Mapping[AreaId, Area]) -> None:
    """Tells of a zone that no area has, unless an area that might have it is left out as faulty."""
    known = {zone for area in areas.values() for zone in area.zones}
    if zone in known or any(left[0] == "areas" for left in refs.left_out):
        return
    fix = did_you_mean(zone, sorted(known), "name a zone that some area has")
    refs.problems.error(path, None if path[-1] == zone else zone, "is a zone that no area has", fix)
