"""A whole day with two hundred people: everything the house did is explained, by somebody who did not ask the house.

Two days are lived through; NATOMA_DAYS=50 makes it fifty. That the oracle can object is shown by breaking the house
in one place at a time.
"""

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.domain import booking_rights
from controller.domain.booking import no_show, waiting
from controller.domain.booking.values import WaitingState
from controller.domain.facts import Fact, FactKind
from controller.domain.rooms.booth import SHOWN, BoothState, OnAir
from controller.services.booking import billing, counter, guests, keeper
from controller.services.rooms import booth, rooms
from tests.support.day.life import Day, Sets
from tests.support.day.oracle import BEAT, DRAWN_EVERY
from tests.support.day.plan import Stories
from tests.support.leaping import LeapingLoop

# They live through hours, and every line they count has a test that names it.
pytestmark = pytest.mark.law

DAYS = int(os.environ.get("NATOMA_DAYS", "2"))
# In this night the clocks of Paris go back, from three to two.
AUTUMN = Sets(7, date(2026, 10, 25), ZoneInfo("Europe/Paris"), time(1, 0), hours=8.0)
MORNING = Sets(2, hours=2.5, restarts=False)


@pytest.fixture(autouse=True)
def _at_the_pace_of_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rooms are drawn every few beats, and not ten times a second; ids are drawn from the day's own dice."""
    monkeypatch.setattr(rooms, "LOOK_EVERY", DRAWN_EVERY)
    monkeypatch.setattr(rooms, "LOOK_AT_ALL_EVERY", 180 * BEAT)
    _draws_ids(monkeypatch)


def _draws_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(5)
    for module in (counter, guests):
        monkeypatch.setattr(module, "random_id", lambda: f"{dice.getrandbits(40):010x}")


async def lived(sets: Sets, *, until_objection: bool = False) -> Day:
    day = Day(sets)
    await day.live(Stories(), until_objection=until_objection)
    return day


@pytest.mark.parametrize("seed", range(1, DAYS + 1))
async def test_everything_of_a_day_is_explained(seed: int) -> None:
    day = await lived(Sets(seed))

    assert day.oracle.objections == []
    _was_a_full_day(day)


async def test_everything_is_explained_on_a_day_whose_clocks_go_back() -> None:
    day = await lived(AUTUMN)

    assert day.oracle.objections == []
    twice = [one for one in day.ledger.held.values() if one.start.astimezone(AUTUMN.zone).fold]
    assert twice, "nobody was there in the hour that came twice"


def test_the_same_seed_gives_the_same_log(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = []
    for _ in range(2):
        _draws_ids(monkeypatch)
        with asyncio.Runner(loop_factory=LeapingLoop) as runner:
            day = runner.run(lived(MORNING))
        logs.append([_as_said(fact) for fact in day.facts()])

    assert len(logs[0]) > 300
    assert logs[0] == logs[1]


def _as_said(fact: Fact) -> tuple[object, ...]:
    """All of it but the ids that alarms draw for themselves."""
    detail = {name: value for name, value in fact.detail.items() if not (name == "id" and "alarm" in fact.detail)}
    return fact.kind, fact.at, fact.door, fact.device, fact.area, fact.person, fact.message_id, detail


def _was_a_full_day(day: Day) -> None:
    """Something of everything did happen, or the day has shown nothing."""
    counts, explained = day.ledger.counts, day.oracle.explained
    assert len(day.holders) == 200
    assert counts["booked"] > 110
    assert counts["waited"] >= 10
    assert min(explained.get(what, 0) for what in ("released", "checked in", "offered", "won", "in use")) >= 1
    assert min(explained.get(f"on air: {what}", 0) for what in ("requested", "on", "ending", "unknown", "off")) >= 1
    assert counts["kept out"] >= 1
    assert counts["light lost"] >= 10
    assert min(day.field.out.dropped, day.field.back.dropped, day.field.out.repeated, day.field.back.repeated) >= 3
    assert day.restarts == 1
    told = [fact for fact in day.facts() if fact.kind is FactKind.BOOKING_RELEASED]
    assert len(told) == explained["released"]


# --- the oracle objects -----------------------------------------------------------------------------------------------


def _ignores_motion(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(keeper.BookingKeeper, "_felt", lambda self, area: no_show.NOBODY)


def _gives_back_too_soon(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(no_show, "CHECK_IN_WITHIN", timedelta(minutes=4))


def _never_gives_back(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(keeper, "due", lambda booking, at, presence=None: no_show.Due.NOTHING)


def _does_not_see_who_comes(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(keeper, "comes_for", lambda bookings, person, area, at: [])


def _takes_anybody_for_its_people(broken: pytest.MonkeyPatch) -> None:
    def anybody(bookings: Sequence[Any], person: object, area: object, at: Any) -> list[Any]:
        return [one for one in bookings if one.checked_in_at is None and one.start <= at < one.end]

    broken.setattr(keeper, "comes_for", anybody)


def _offers_to_two(broken: pytest.MonkeyPatch) -> None:
    chosen = waiting.next_in_line

    def next_in_line(line: Sequence[Any], *more: Any) -> object:
        return chosen([one for one in line if one.state is WaitingState.WAITING], *more)

    broken.setattr(waiting, "next_in_line", next_in_line)


def _offers_what_is_taken(broken: pytest.MonkeyPatch) -> None:
    chosen = waiting.next_in_line
    broken.setattr(waiting, "next_in_line", lambda line, bookings, *more: chosen(line, [], *more))


def _takes_its_wish_for_the_truth(broken: pytest.MonkeyPatch) -> None:
    broken.setitem(SHOWN, BoothState.REQUESTED, OnAir.ON)


def _believes_a_dead_link(broken: pytest.MonkeyPatch) -> None:
    asked = booth.heard
    broken.setattr(booth, "heard", lambda report, wish, **how: asked(report, wish, **{**how, "is_present": True}))


def _stays_on_air(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(booth, "ends", lambda booking, area, at: None)


def _stays_on_air_in_an_empty_booth(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(booth, "is_deserted", lambda sensed, asked_at, at: False)


def _leaves_empty_booths_at_once(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(booth, "is_deserted", lambda sensed, asked_at, at: sensed.occupied is False)


def _lets_anybody_put_it_on_air(broken: pytest.MonkeyPatch) -> None:
    asked = booth.may_start
    broken.setattr(
        booth, "may_start", lambda name, bookings, by, how, *more: asked(name, bookings, None, booth.How.BUTTON, *more)
    )


def _bills_what_was_booked(broken: pytest.MonkeyPatch) -> None:
    billed = billing.billed
    broken.setattr(billing, "billed", lambda one, zone: billed(replace(one, end=one.booked_end or one.end), zone))


def _lets_anybody_into_a_booth_on_air(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(booth.Booths, "hold_of", lambda self, area: None)


def _opens_rooms_an_hour_early(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(booking_rights, "ROOM_BEFORE", timedelta(hours=1))


# Each on a day in which it shows early: the seed, and the hours by which it has.
FAULTS = (
    (_ignores_motion, 4, 3.5), (_gives_back_too_soon, 1, 3.5), (_never_gives_back, 1, 2.0),
    (_does_not_see_who_comes, 1, 3.5), (_takes_anybody_for_its_people, 1, 2.0), (_offers_to_two, 6, 3.5),
    (_offers_what_is_taken, 1, 3.5), (_takes_its_wish_for_the_truth, 1, 3.5), (_believes_a_dead_link, 1, 2.0),
    (_stays_on_air, 1, 2.5), (_stays_on_air_in_an_empty_booth, 2, 4.0), (_leaves_empty_booths_at_once, 2, 2.5),
    (_lets_anybody_put_it_on_air, 1, 3.0), (_lets_anybody_into_a_booth_on_air, 1, 4.0),
    (_opens_rooms_an_hour_early, 6, 3.5), (_bills_what_was_booked, 2, 2.0),
)  # fmt: skip


@pytest.mark.parametrize(
    ("breaks", "seed", "hours"), FAULTS, ids=[breaks.__name__.strip("_") for breaks, _, _ in FAULTS]
)
async def test_a_house_with_one_fault_is_objected_to(
    breaks: Callable[[pytest.MonkeyPatch], None], seed: int, hours: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)

    day = await lived(Sets(seed, hours=hours, restarts=False), until_objection=True)

    assert day.oracle.objections
