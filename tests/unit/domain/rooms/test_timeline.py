"""The timeline of a recording: marks with their offsets from the moment the light confirmed."""

from datetime import datetime, timedelta

import pytest

from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.ids import AreaId, DeviceId
from controller.domain.rooms.timeline import MarkKind, Recording, asked_at, recordings, session_id
from tests.support.services import BOOTH, LAB, LAB_DOOR, LIGHT, NOON, SPACE, STREET

SESSION = session_id(LAB, NOON)


def fact(kind: FactKind, after_s: float, **more: object) -> Fact:
    return Fact(kind, NOON + timedelta(seconds=after_s), **more)  # type: ignore[arg-type]


def on_air(state: str, after_s: float, *, wanted: bool = True, session: str = SESSION, **detail: Plain) -> Fact:
    told = {"state": state, "wanted": wanted, "session": session, "booking": "b1", **detail}
    return fact(FactKind.ON_AIR_CHANGED, after_s, area=LAB, device=DeviceId(LIGHT), detail=told)


ASKED, BEGAN, ENDED = on_air("requested", 0), on_air("on", 2), on_air("ending", 602, wanted=False, why="stopped")


def told(*facts: Fact) -> list[tuple[float, MarkKind]]:
    (one,) = recordings([ASKED, BEGAN, ENDED, *facts], SPACE)
    return [(one.offset(mark), mark.kind) for mark in one.marks]


def test_it_begins_when_the_light_confirms_and_ends_when_it_is_not_wanted_any_more() -> None:
    (one,) = recordings([ASKED, BEGAN, ENDED, on_air("off", 603, wanted=False)], SPACE)

    assert (one.id, one.area, one.booking, one.why) == (SESSION, LAB, "b1", "stopped")
    assert (one.began, one.ended) == (NOON + timedelta(seconds=2), NOON + timedelta(seconds=602))
    assert [(one.offset(mark), mark.kind) for mark in one.marks] == [(0.0, MarkKind.BEGAN), (600.0, MarkKind.ENDED)]


def test_one_that_the_light_never_confirmed_is_no_recording() -> None:
    assert recordings([ASKED, on_air("ending", 60, wanted=False)], SPACE) == []


def test_one_that_goes_on_has_no_end_yet() -> None:
    (one,) = recordings([ASKED, BEGAN, fact(FactKind.DOOR_OPENED, 100, door=LAB_DOOR.id)], SPACE)

    assert one.ended is None
    assert [mark.kind for mark in one.marks] == [MarkKind.BEGAN, MarkKind.DOOR_OPENED]


@pytest.mark.parametrize(
    ("happened", "kind"),
    [
        (fact(FactKind.DOOR_OPENED, 194, door=LAB_DOOR.id), MarkKind.DOOR_OPENED),
        (fact(FactKind.DOOR_CLOSED, 194, door=LAB_DOOR.id), MarkKind.DOOR_CLOSED),
        (fact(FactKind.DOOR_FORCED, 194, door=LAB_DOOR.id), MarkKind.DOOR_FORCED),
        (fact(FactKind.ROOM_CHANGED, 194, area=LAB, detail={"of": "quiet", "is": "loud"}), MarkKind.NOISE),
        (fact(FactKind.ROOM_CHANGED, 194, area=LAB, detail={"of": "quiet", "is": "quiet"}), MarkKind.QUIET),
        (fact(FactKind.ALARM_RAISED, 194, door=LAB_DOOR.id, detail={"alarm": "door_held"}), MarkKind.ALARM),
        (fact(FactKind.ALARM_RAISED, 194, area=LAB, detail={"alarm": "capacity"}), MarkKind.ALARM),
        (fact(FactKind.FIRE_BEGAN, 194), MarkKind.ALARM),
        (on_air("unknown", 194), MarkKind.LIGHT_UNKNOWN),
        (on_air("requested", 194), MarkKind.LIGHT_OFF),
        (on_air("on", 194), MarkKind.LIGHT_BACK),
    ],
    ids=lambda each: str(each) if isinstance(each, MarkKind) else "",
)
def test_what_happens_at_the_booth_meanwhile_is_marked(happened: Fact, kind: MarkKind) -> None:
    assert told(happened)[1] == (192.0, kind)


@pytest.mark.parametrize(
    "happened",
    [
        pytest.param(fact(FactKind.DOOR_OPENED, 194, door=STREET.id), id="another door"),
        pytest.param(fact(FactKind.DOOR_OPENED, 1, door=LAB_DOOR.id), id="before it began"),
        pytest.param(fact(FactKind.DOOR_OPENED, 700, door=LAB_DOOR.id), id="after it ended"),
        pytest.param(fact(FactKind.ROOM_CHANGED, 194, area=LAB, detail={"of": "air", "is": "bad"}), id="the air"),
        pytest.param(
            fact(FactKind.ROOM_CHANGED, 194, area=BOOTH, detail={"of": "quiet", "is": "loud"}), id="elsewhere"
        ),
        pytest.param(fact(FactKind.ALARM_RAISED, 194, area=LAB, detail={"silent": True}), id="a silent alarm"),
        pytest.param(fact(FactKind.ALARM_RAISED, 194, door=STREET.id), id="an alarm at another door"),
        pytest.param(fact(FactKind.BUTTON_PRESSED, 194, area=LAB), id="the button"),
        pytest.param(on_air("ending", 194), id="a word that says nothing while it is wanted"),
    ],
)
def test_nothing_else_is(happened: Fact) -> None:
    assert [kind for _, kind in told(happened)] == [MarkKind.BEGAN, MarkKind.ENDED]


def test_marks_are_in_order_of_time_whenever_they_were_written() -> None:
    late = fact(FactKind.DOOR_OPENED, 100, door=LAB_DOOR.id)
    early = fact(FactKind.DOOR_FORCED, 50, door=LAB_DOOR.id)

    assert [at for at, _ in told(late, early)] == [0.0, 48.0, 98.0, 600.0]


def test_what_happens_as_it_ends_comes_before_its_end() -> None:
    assert [kind for _, kind in told(fact(FactKind.DOOR_OPENED, 602, door=LAB_DOOR.id))][-1] is MarkKind.ENDED


def test_each_time_on_air_is_a_recording_of_its_own() -> None:
    second = session_id(LAB, NOON + timedelta(hours=1))
    found = recordings([BEGAN, ENDED, on_air("on", 3_700, session=second)], SPACE)

    assert [one.id for one in found] == [SESSION, second]


def test_a_session_is_called_after_its_booth_and_its_moment() -> None:
    at = datetime.fromisoformat("2026-11-23T20:00:01.250+00:00")

    assert session_id(AreaId("booth-2"), at) == "booth-2-20261123T200001250Z"
    assert asked_at("booth-2-20261123T200001250Z") == at
    assert asked_at("booth") is None


def test_a_fact_of_another_version_without_a_booking_is_a_recording_all_the_same() -> None:
    (one,) = recordings([on_air("on", 2, booking=None), on_air("ending", 9, wanted=False)], SPACE)

    assert one == Recording(one.id, LAB, None, one.began, one.ended, None, one.marks)
