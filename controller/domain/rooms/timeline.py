"""The timeline of a recording: what was heard and seen at the booth while it was on air, as offsets from its beginning.

A fold over facts, in whatever order they were written; the words are a caller's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.ids import AreaId, BookingId, DoorId


class MarkKind(StrEnum):
    BEGAN = "began"
    ENDED = "ended"
    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    DOOR_FORCED = "door_forced"
    NOISE = "noise"  # above the room's own limit
    QUIET = "quiet"  # and below it again
    LIGHT_UNKNOWN = "light_unknown"  # its link died; the recording went on
    LIGHT_OFF = "light_off"  # it says it is off, and was asked again
    LIGHT_BACK = "light_back"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened; `fact` is what it was made from."""

    at: datetime
    kind: MarkKind
    fact: Fact
    door: DoorId | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """One time on air, from the light's first confirmation to the moment it was not wanted any more."""

    id: str
    area: AreaId
    booking: BookingId | None
    began: datetime
    ended: datetime | None = None  # None: it goes on
    why: str | None = None  # what ended it
    marks: tuple[Mark, ...] = field(default=())

    def offset(self, mark: Mark) -> float:
        """Seconds from the beginning."""
        return (mark.at - self.began).total_seconds()


def session_id(area: AreaId, at: datetime) -> str:
    """Its booth, and when it was asked for, to the millisecond."""
    return f"{area}-{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"


def asked_at(session: str) -> datetime | None:
    """When a session of this id was asked for; None for what is no id of a session."""
    stamp = session.rpartition("-")[2]
    try:
        return datetime.strptime(f"{stamp.removesuffix('Z')}000+0000", "%Y%m%dT%H%M%S%f%z")
    except ValueError:
        return None


def recordings(facts: Iterable[Fact], space: Space) -> list[Recording]:
    """All that began among these facts, the oldest first; what happened is in order of time, not of writing."""
    ordered = sorted(facts, key=lambda fact: fact.at)
    found: dict[str, Recording] = {}
    for fact in ordered:
        session = fact.detail.get("session")
        if fact.kind is FactKind.ON_AIR_CHANGED and fact.area is not None and isinstance(session, str):
            known = found.get(session)
            if known is not None:
                found[session] = _follows(known, fact)
            elif fact.detail.get("state") == "on":
                found[session] = _begins(session, fact.area, fact)
    return [_marked(one, ordered, space) for one in found.values()]


def _begins(session: str, area: AreaId, fact: Fact) -> Recording:
    booking = fact.detail.get("booking")
    began = Mark(fact.at, MarkKind.BEGAN, fact)
    return Recording(session, area, BookingId(booking) if isinstance(booking, str) else None, fact.at, marks=(began,))


_LIGHT = {"on": MarkKind.LIGHT_BACK, "requested": MarkKind.LIGHT_OFF, "unknown": MarkKind.LIGHT_UNKNOWN}


def _follows(known: Recording, fact: Fact) -> Recording:
    if known.ended is not None:
        return known
    if fact.detail.get("wanted") is True:
        kind = _LIGHT.get(str(fact.detail.get("state")))
        return known if kind is None else replace(known, marks=(*known.marks, Mark(fact.at, kind, fact)))
    ended = Mark(fact.at, MarkKind.ENDED, fact)
    why: Plain = fact.detail.get("why")
    return replace(known, ended=fact.at, why=str(why) if why is not None else None, marks=(*known.marks, ended))


_AT_DOORS = {
    FactKind.DOOR_OPENED: MarkKind.DOOR_OPENED,
    FactKind.DOOR_CLOSED: MarkKind.DOOR_CLOSED,
    FactKind.DOOR_FORCED: MarkKind.DOOR_FORCED,
}
_NOISE = {"loud": MarkKind.NOISE, "quiet": MarkKind.QUIET}


def _marked(recording: Recording, ordered: Iterable[Fact], space: Space) -> Recording:
    doors = {door.id for door in space.doors.values() if recording.area in (door.inner, door.outer)}
    marks = list(recording.marks)
    for fact in ordered:
        is_within = recording.began <= fact.at and (recording.ended is None or fact.at <= recording.ended)
        kind = _kind(fact, recording.area, doors) if is_within else None
        if kind is not None:
            marks.append(Mark(fact.at, kind, fact, fact.door))
    # What happened at the moment it began or ended is on the recording.
    marks.sort(key=lambda mark: (mark.at, mark.kind is MarkKind.ENDED, mark.kind is not MarkKind.BEGAN))
    return replace(recording, marks=tuple(marks))


def _kind(fact: Fact, area: AreaId, doors: set[DoorId]) -> MarkKind | None:
    if fact.door is not None and fact.door in doors and fact.kind in _AT_DOORS:
        return _AT_DOORS[fact.kind]
    if fact.kind is FactKind.ROOM_CHANGED and fact.area == area and fact.detail.get("of") == "quiet":
        return _NOISE.get(str(fact.detail.get("is")))
    if fact.kind is FactKind.FIRE_BEGAN:
        return MarkKind.ALARM
    is_alarm = fact.kind is FactKind.ALARM_RAISED and not fact.detail.get("silent")
    return MarkKind.ALARM if is_alarm and (fact.area == area or fact.door in doors) else None
