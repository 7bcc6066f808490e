"""Recordings of a booth as people take them home: read from the event log, told as JSON or as chapters.

What is marked is `domain.rooms.timeline`'s; the log is where it is kept.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from controller.domain.building import Space
from controller.domain.facts import FactKind
from controller.domain.ids import AreaId
from controller.domain.rooms.timeline import Mark, MarkKind, Recording, asked_at, recordings
from controller.errors import InputError
from controller.services.policy.log_pages import Recorded, facts_since
from controller.services.screens.wording import OFF_AIR, Wording

# A door tells of what it did alone when its line is back; later than this it is told with the next recording's questions.
TOLD_LATE = timedelta(minutes=15)
# A light may confirm the next day what was asked today; a recording is never longer than a booking.
LONGEST = timedelta(days=2)

_KINDS = frozenset(
    {
        FactKind.ON_AIR_CHANGED,
        FactKind.DOOR_OPENED,
        FactKind.DOOR_CLOSED,
        FactKind.DOOR_FORCED,
        FactKind.ROOM_CHANGED,
        FactKind.ALARM_RAISED,
        FactKind.FIRE_BEGAN,
    }
)

_WORDS = {
    MarkKind.BEGAN: "On air",
    MarkKind.DOOR_OPENED: "Door opened",
    MarkKind.DOOR_CLOSED: "Door closed",
    MarkKind.DOOR_FORCED: "Door forced open",
    MarkKind.NOISE: "Louder than the booth's limit",
    MarkKind.QUIET: "Quiet again",
    MarkKind.LIGHT_UNKNOWN: "The light does not answer",
    MarkKind.LIGHT_OFF: "The light is off, and is asked again",
    MarkKind.LIGHT_BACK: "The light is on again",
}


async def recording(log: Recorded, session: str, space: Space) -> Recording:
    """One time on air by its session's id; InputError where there is none."""
    began = asked_at(session)
    found = await _between(log, began, began + LONGEST, space) if began is not None else []
    for one in found:
        if one.id == session:
            return one
    raise InputError(f"no recording {session!r} — natoma booth sessions lists them")


async def recordings_since(
    log: Recorded, since: datetime, now: datetime, space: Space, area: AreaId | None = None
) -> list[Recording]:
    """All that began since a moment, the oldest first; of one booth, or of all."""
    return [one for one in await _between(log, since, now, space) if area is None or one.area == area]


async def _between(log: Recorded, since: datetime, until: datetime, space: Space) -> list[Recording]:
    facts = []
    async for logged in facts_since(log, since):
        if logged.fact.at > until + TOLD_LATE:
            break
        if logged.fact.kind in _KINDS:
            facts.append(logged.fact)
    return recordings(facts, space)


def mark_words(mark: Mark, words: Wording) -> str:
    """What a mark says to the person who recorded."""
    if mark.kind is MarkKind.ENDED:
        why = OFF_AIR.get(str(mark.fact.detail.get("why")))
        return f"Off air: {why}" if why is not None else "Off air"
    if mark.kind is MarkKind.ALARM:
        return "Fire alarm" if mark.fact.kind is FactKind.FIRE_BEGAN else f"Alarm: {words.alarm_of(mark.fact)}"
    return _WORDS[mark.kind]


def as_plain(one: Recording, words: Wording) -> dict[str, object]:
    """As JSON: the shape of `/api/v1/booths/<room>/sessions/<id>`."""
    return {
        "id": one.id,
        "room": one.area,
        "booking": one.booking,
        "began": one.began.isoformat(),
        "ended": one.ended.isoformat() if one.ended is not None else None,
        "why": one.why,
        "marks": [_mark_as_plain(one, mark, words) for mark in one.marks],
    }


def chapters(one: Recording, words: Wording) -> str:
    """One line for each mark, as players of podcasts read them: 00:03:12 Door opened."""
    return "".join(f"{_clock(one.offset(mark))} {mark_words(mark, words)}\n" for mark in one.marks)


def _mark_as_plain(one: Recording, mark: Mark, words: Wording) -> Mapping[str, object]:
    return {
        "at": mark.at.isoformat(),
        "offset_s": round(one.offset(mark), 3),
        "kind": str(mark.kind),
        "door": mark.door,
        "text": mark_words(mark, words),
    }


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"
