"""What happened to bookings, as staff read it."""

import pytest

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import PersonId
from controller.domain.membership import Person
from controller.services.screens.wording import Wording
from tests.support.services import ALICE, NOON, SPACE, STUDY

BEN = Person(PersonId("ben"), "Ben")
WORDS = Wording(lambda: SPACE, lambda: {ALICE.id: ALICE, BEN.id: BEN})
TWO_TO_THREE = {"booking": "b-1", "start": "2026-11-23T22:00:00+00:00", "end": "2026-11-23T23:00:00+00:00"}


def said(kind: FactKind, **detail: object):
    return WORDS.line(Fact(kind, NOON, area=STUDY, person=ALICE.id, detail={**TWO_TO_THREE, **detail}))


def test_a_booking_is_told_with_its_room_its_owner_and_its_local_hours():
    assert said(FactKind.BOOKING_MADE, by="alice").text == "Alice booked Study, today 14:00 to 15:00"


def test_one_over_midnight_is_told_with_the_day_it_ends():
    line = said(FactKind.BOOKING_MADE, end="2026-11-24T09:00:00+00:00")
    assert line.text == "Alice booked Study, today 14:00 to tomorrow 01:00"


@pytest.mark.parametrize(
    ("others", "more"),
    [(("b-2", "b-3"), ", and 2 more of its series"), (["b-2"], ", and 1 more of its series"), ((), ""), (7, "")],
)
def test_a_series_is_told_in_one_line_with_how_many_there_are(others, more):
    assert said(FactKind.BOOKING_MADE, others=others).text == f"Alice booked Study, today 14:00 to 15:00{more}"


def test_a_title_is_in_no_line():
    for kind in FactKind:
        if kind.startswith("booking_"):
            line = said(kind, title="Redundancies")
            assert "Redundancies" not in f"{line.text} {line.why}"


@pytest.mark.parametrize(
    ("detail", "why"),
    [
        ({"by": "alice", "how": "page"}, "on the page"),
        ({"by": "ben", "how": "page"}, "by Ben, on the page"),
        ({"how": "panel"}, "at the room's panel"),
        ({"by": "gone"}, "by Somebody who has left"),
        ({"reason": "painters", "by": "ben"}, "painters, by Ben"),
        ({"by": "alice"}, None),
        ({"how": "a way of tomorrow"}, None),
    ],
)
def test_who_else_did_it_by_which_way_and_why_is_told_beside_it(detail, why):
    assert said(FactKind.BOOKING_CANCELLED, **detail).why == why


def test_a_fact_of_another_version_without_its_time_is_still_a_line():
    line = WORDS.line(Fact(FactKind.BOOKING_RELEASED, NOON, area=STUDY, person=ALICE.id, detail={"start": "soon"}))
    assert line.text == "Study is free again: nobody came to Alice's booking, ?"
