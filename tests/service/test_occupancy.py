"""How many are in: who came in at the street, less who left, since the cut-off in the small hours."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.building import Zone
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import ZoneId
from controller.services.ports import LoggedFact
from controller.services.rooms.occupancy import Headcount
from controller.services.screens.live import LiveFeed
from tests.support.services import LAB, LAB_DOOR, NOON, SPACE, STREET, HandClock, with_door

TAKEN, OPENED, EXIT = FactKind.ENTRY_TAKEN, FactKind.DOOR_OPENED, FactKind.EXIT_REQUESTED
BADGE_OUT = {"grant": "exit"}


class Street:
    """A headcount, and facts at the street door as they come."""

    def __init__(self, space=SPACE) -> None:
        self.clock = HandClock()
        self.feed = LiveFeed()
        self.count = Headcount(space, self.feed, self.clock)

    def happens(self, kind: FactKind, door: str | None = STREET.id, person: str | None = None, **detail) -> None:
        self.count.took(LoggedFact(1, Fact(kind, self.clock.now(), door=door, person=person, detail=detail)))

    @property
    def people_in(self) -> object:
        return self.feed.snapshot()["space"]["people_in"]


@pytest.fixture
def street():
    return Street()


def test_every_entry_at_the_street_counts_and_no_other_door_does(street):
    street.happens(TAKEN)
    street.happens(TAKEN)
    street.happens(TAKEN, LAB_DOOR.id)
    street.happens(TAKEN, None)

    assert street.people_in == 2


def test_being_let_in_is_not_yet_being_in(street):
    street.happens(FactKind.ENTRY_GRANTED, grant="plan")

    assert street.people_in == 0


@pytest.mark.parametrize("way", [(EXIT, {}), (FactKind.ENTRY_GRANTED, BADGE_OUT)], ids=["by button", "by badge"])
def test_whoever_asks_to_leave_and_opens_has_left(street, way):
    kind, detail = way
    street.happens(TAKEN)
    street.happens(kind, **detail)
    before = street.people_in
    street.happens(OPENED)

    assert (before, street.people_in) == (1, 0)


def test_one_request_lets_one_leave(street):
    street.happens(TAKEN)
    street.happens(TAKEN)
    street.happens(EXIT)
    street.happens(OPENED)
    street.happens(OPENED)

    assert street.people_in == 1


def test_whoever_turned_round_at_the_button_is_not_counted_out_by_the_next_who_comes(street):
    street.happens(TAKEN)
    street.happens(EXIT)
    street.clock.advance(600)
    street.happens(OPENED)
    street.happens(TAKEN)

    assert street.people_in == 2


def test_what_is_told_late_is_history(street):
    street.happens(TAKEN)
    street.happens(EXIT, late_s=300.0)
    street.happens(OPENED, late_s=299.0)
    street.happens(OPENED)

    assert street.people_in == 1


def test_a_door_without_a_contact_lets_out_whoever_asks():
    street = Street(with_door(SPACE, replace(STREET, has_contact=False)))
    street.happens(TAKEN)
    street.happens(EXIT)

    assert street.people_in == 0


def test_guests_and_event_visitors_count(street):
    street.happens(TAKEN, person="guest-of-alice")
    street.happens(TAKEN, person="ticket:7")

    assert street.people_in == 2


def test_occupancy_is_an_estimate_with_a_quality_mark(street):
    street.happens(TAKEN)
    by_badge = street.feed.snapshot()["space"]["people_quality"]
    street.happens(EXIT)
    street.happens(OPENED)

    assert (by_badge, street.feed.snapshot()["space"]["people_quality"]) == ("counted", "estimated")


def test_each_zone_is_counted_with_its_cap():
    clean = Zone(ZoneId("clean"), "Clean room", capacity=3)
    areas = {**SPACE.areas, LAB: replace(SPACE.areas[LAB], zones=frozenset({clean.id}))}
    street = Street(replace(SPACE, areas=areas, zones={clean.id: clean}))
    street.happens(TAKEN)
    street.happens(TAKEN, LAB_DOOR.id)

    assert street.feed.snapshot()["space"]["zones"] == {
        "clean": {"name": "Clean room", "people_in": 1, "quality": "counted", "capacity": 3}
    }


def test_the_houses_word_is_shown_with_it(street):
    street.count.mode_is("lockdown")

    assert street.feed.snapshot()["space"]["mode"] == "lockdown"


def test_it_is_never_less_than_nobody(street):
    street.happens(EXIT)
    street.happens(OPENED)

    assert street.people_in == 0


def test_a_new_business_day_begins_with_an_empty_house_at_the_cut_off(street):
    street.happens(TAKEN)
    street.clock.advance(timedelta(hours=15, minutes=59).total_seconds())  # 03:59
    street.count.look()
    before = street.people_in
    street.clock.advance(60)
    street.count.look()

    assert (before, street.people_in) == (1, 0)


def test_after_a_restart_today_is_counted_again_and_yesterday_is_not(street):
    facts = [
        Fact(TAKEN, NOON - timedelta(days=1), door=STREET.id),
        Fact(TAKEN, NOON - timedelta(hours=2), door=STREET.id),
        Fact(TAKEN, NOON - timedelta(hours=1), door=STREET.id),
    ]

    street.count.recall(LoggedFact(place, fact) for place, fact in enumerate(facts))

    assert street.people_in == 2


def test_the_space_is_shown_with_its_seats(street):
    shown = street.feed.snapshot()["space"]

    assert (shown["name"], shown["capacity"], shown["zone"], shown["version"]) == (
        "House",
        6,
        "America/Los_Angeles",
        "v1",
    )
