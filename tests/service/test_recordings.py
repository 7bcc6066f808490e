"""Recordings as people take them home: JSON and chapters, read from the log by the session's id."""

from datetime import timedelta

import pytest

from controller.domain.facts import Fact, FactKind
from controller.domain.rooms.timeline import MarkKind, session_id
from controller.errors import InputError
from controller.services.rooms.recordings import _WORDS, as_plain, chapters, recording, recordings_since
from controller.services.screens.wording import Wording
from tests.support.memory import MemoryEventLog
from tests.support.services import ALICE, BOOTH, LAB, LAB_DOOR, LIGHT, NOON, SPACE

WORDS = Wording(lambda: SPACE, lambda: {ALICE.id: ALICE})
SESSION = session_id(LAB, NOON)
DAY = timedelta(days=1)


def at(seconds: float, kind: FactKind, **more: object) -> Fact:
    return Fact(kind, NOON + timedelta(seconds=seconds), **more)  # type: ignore[arg-type]


def on_air(seconds: float, state: str, *, wanted: bool = True, session: str = SESSION, area: str = LAB, **more: object):
    detail = {"state": state, "wanted": wanted, "session": session, "booking": "b1", **more}
    return at(seconds, FactKind.ON_AIR_CHANGED, area=area, device=LIGHT, detail=detail)


HAPPENED = [
    at(-60, FactKind.DOOR_OPENED, door=LAB_DOOR.id),
    on_air(0, "requested"),
    on_air(1, "on"),
    at(1 + 192, FactKind.DOOR_OPENED, door=LAB_DOOR.id),
    at(1 + 200, FactKind.ROOM_CHANGED, area=LAB, detail={"of": "quiet", "is": "loud"}),
    at(1 + 300, FactKind.ALARM_RAISED, door=LAB_DOOR.id, detail={"alarm": "door_held"}),
    at(1 + 400, FactKind.FIRE_BEGAN),
    on_air(1 + 3_725, "ending", wanted=False, why="over"),
    on_air(1 + 3_726, "off", wanted=False, why="over"),
]


@pytest.fixture
async def log() -> MemoryEventLog:
    log = MemoryEventLog()
    await log.append_all(HAPPENED)
    return log


async def test_chapters_have_a_line_for_each_mark(log):
    one = await recording(log, SESSION, SPACE)

    assert chapters(one, WORDS).splitlines() == [
        "00:00:00 On air",
        "00:03:12 Door opened",
        "00:03:20 Louder than the booth's limit",
        "00:05:00 Alarm: " + WORDS.alarm_of(HAPPENED[5]),
        "00:06:40 Fire alarm",
        "01:02:05 Off air: its booking is over",
    ]


async def test_the_same_as_json_has_moments_and_offsets(log):
    plain = as_plain(await recording(log, SESSION, SPACE), WORDS)

    assert (plain["id"], plain["room"], plain["booking"], plain["why"]) == (SESSION, LAB, "b1", "over")
    assert plain["marks"][1] == {
        "at": HAPPENED[3].at.isoformat(),
        "offset_s": 192.0,
        "kind": "door_opened",
        "door": LAB_DOOR.id,
        "text": "Door opened",
    }


async def test_one_that_goes_on_has_no_end_and_no_reason():
    log = MemoryEventLog()
    await log.append_all([on_air(1, "on")])
    plain = as_plain(await recording(log, SESSION, SPACE), WORDS)

    assert (plain["ended"], plain["why"]) == (None, None)


async def test_an_end_without_a_reason_is_an_end():
    log = MemoryEventLog()
    await log.append_all([on_air(1, "on"), on_air(9, "ending", wanted=False)])

    assert chapters(await recording(log, SESSION, SPACE), WORDS).endswith("00:00:08 Off air\n")


@pytest.mark.parametrize("session", ["booth", session_id(LAB, NOON + DAY), session_id(BOOTH, NOON)])
async def test_what_is_no_recording_is_said_by_its_name(log, session):
    with pytest.raises(InputError, match=f"no recording '{session}'"):
        await recording(log, session, SPACE)


async def test_recordings_are_found_by_their_booth_and_their_time(log):
    later = session_id(BOOTH, NOON + DAY)
    await log.append_all([on_air(86_400, "on", session=later, area=BOOTH)])
    now = NOON + 2 * DAY

    assert [one.id for one in await recordings_since(log, NOON - DAY, now, SPACE)] == [SESSION, later]
    assert [one.id for one in await recordings_since(log, NOON - DAY, now, SPACE, LAB)] == [SESSION]
    assert [one.id for one in await recordings_since(log, NOON + DAY, now, SPACE)] == [later]
    assert [one.id for one in await recordings_since(log, NOON - DAY, NOON + timedelta(hours=3), SPACE)] == [SESSION]


def test_every_mark_has_words():
    assert set(_WORDS) | {MarkKind.ENDED, MarkKind.ALARM} == set(MarkKind)
