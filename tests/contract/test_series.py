"""What every SeriesStore and WaitingStore promises: on the in-memory twins, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from controller.domain.booking.values import Frequency, Recurrence, Series, SkipReason, Waiting, WaitingState
from controller.domain.ids import AreaId, BookingId, PersonId, SeriesId, WaitingId
from controller.errors import InputError
from tests.support.registries import ADA, BEN, NOON, Kept, opened

HOUR = timedelta(hours=1)
MONDAY = date(2026, 3, 2)
PINE, OAK = AreaId("pine"), AreaId("oak")
WEEKLY = Recurrence(Frequency.WEEKLY, MONDAY, 9 * 60, 90, weekdays=frozenset({0, 2}), until=date(2026, 6, 30))
LAST_FRIDAY = Recurrence(Frequency.MONTHLY, date(2026, 3, 27), 18 * 60, 60, interval=2, nth=-1, count=6)
STAND_UP = Series(
    SeriesId("s-1"),
    PINE,
    ADA,
    WEEKLY,
    "America/Los_Angeles",
    frozenset({BEN, ADA}),
    "Réunion",
    is_live=True,
    made_at=NOON,
    skipped={MONDAY: SkipReason.CONFLICT},
    holiday_confirmed=True,
)
BENS = Waiting(WaitingId("w-1"), PINE, NOON, NOON + HOUR, BEN, NOON - HOUR, frozenset({ADA}), "Réunion")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    async with opened(request.param, tmp_path) as kept:
        yield kept


# --- series -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [WEEKLY, LAST_FRIDAY], ids=["weekly until a day", "monthly so many times"])
async def test_a_series_comes_back_with_its_rule(kept: Kept, rule: Recurrence) -> None:
    series = replace(STAND_UP, rule=rule)

    await kept.series.put_series(series)

    assert await kept.series.series(STAND_UP.id) == series
    assert await kept.series.series(SeriesId("s-2")) is None


async def test_a_series_is_nobodys_right_and_so_no_new_version(kept: Kept) -> None:
    before = await kept.people.version()

    await kept.series.put_series(STAND_UP)

    assert await kept.people.version() == before


async def test_a_series_put_again_is_as_it_is_given_now(kept: Kept) -> None:
    await kept.series.put_series(STAND_UP)
    other = replace(STAND_UP, area=OAK, skipped={MONDAY + timedelta(days=7): SkipReason.CLOSED}, made_at=None)

    await kept.series.put_series(other)

    assert await kept.series.series(STAND_UP.id) == other


async def test_days_are_skipped_beside_those_that_were(kept: Kept) -> None:
    await kept.series.put_series(STAND_UP)

    wednesday = MONDAY + timedelta(days=2)
    await kept.series.skip_days(STAND_UP.id, {wednesday: SkipReason.REFUSED})
    await kept.series.skip_days(STAND_UP.id, {MONDAY: SkipReason.CANCELLED})

    now = await kept.series.series(STAND_UP.id)
    assert now is not None
    assert now.skipped == {MONDAY: SkipReason.CANCELLED, wednesday: SkipReason.REFUSED}


async def test_somebodys_series_that_go_on_are_told_in_their_order(kept: Kept) -> None:
    for one in (
        replace(STAND_UP, id=SeriesId("later"), made_at=NOON + HOUR),
        STAND_UP,
        replace(STAND_UP, id=SeriesId("over"), ended_at=NOON + HOUR),
        replace(STAND_UP, id=SeriesId("bens"), owner=BEN),
        replace(STAND_UP, id=SeriesId("old"), made_at=None, skipped={}),
    ):
        await kept.series.put_series(one)

    theirs = await kept.series.series_of(ADA)

    assert [one.id for one in theirs] == ["old", "s-1", "later"]
    assert [one.skipped for one in theirs] == [{}, STAND_UP.skipped, STAND_UP.skipped]


async def test_a_series_that_makes_no_sense_is_refused(kept: Kept) -> None:
    for wrong, told in (
        (replace(STAND_UP, owner=PersonId("adda")), "no person 'adda': did you mean 'ada'"),
        (replace(STAND_UP, zone=""), "series 's-1' has no zone"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.series.put_series(wrong)
    with pytest.raises(InputError, match="no series 's-1'"):
        await kept.series.skip_days(STAND_UP.id, {MONDAY: SkipReason.CLOSED})


# --- who waits --------------------------------------------------------------------------------------------------------


async def test_a_place_in_the_list_comes_back_with_all_that_is_known_of_it(kept: Kept) -> None:
    offered = replace(BENS, state=WaitingState.OFFERED, offered_until=NOON - HOUR / 2, booking=BookingId("b-1"))
    await kept.waiting.put_waiting(BENS)
    assert await kept.waiting.waiting(BENS.id) == BENS

    await kept.waiting.put_waiting(offered)

    assert await kept.waiting.waiting(BENS.id) == offered
    assert await kept.waiting.waiting(WaitingId("w-2")) is None


async def test_the_first_to_ask_is_the_first_in_the_list(kept: Kept) -> None:
    for one in (
        replace(BENS, id=WaitingId("third"), person=ADA, made_at=NOON),
        BENS,
        replace(BENS, id=WaitingId("second"), made_at=NOON - HOUR / 2, state=WaitingState.OFFERED),
        replace(BENS, id=WaitingId("oak"), area=OAK, person=ADA, made_at=NOON - 2 * HOUR),
        replace(BENS, id=WaitingId("won"), state=WaitingState.WON),
        replace(BENS, id=WaitingId("past"), start=NOON - 2 * HOUR, end=NOON - HOUR),
    ):
        await kept.waiting.put_waiting(one)
    at = NOON - HOUR

    assert [one.id for one in await kept.waiting.waiting_list(at, PINE)] == ["w-1", "second", "third"]
    assert [one.id for one in await kept.waiting.waiting_list(at)] == ["oak", "w-1", "second", "third"]
    assert [one.id for one in await kept.waiting.waiting_of(ADA, at)] == ["oak", "third"]
    assert await kept.waiting.waiting_list(NOON + HOUR) == []


async def test_its_version_rises_with_every_change_and_the_registrys_does_not(kept: Kept) -> None:
    of_rights = await kept.people.version()
    versions = [await kept.waiting.version()]
    versions.append(await kept.waiting.put_waiting(BENS))
    versions.append(await kept.waiting.put_waiting(BENS))
    version, _ = await kept.waiting.change_waiting(BENS.id, lambda one: replace(one, state=WaitingState.WITHDRAWN))
    versions.append(version)
    version, _ = await kept.waiting.change_waiting(BENS.id, lambda one: one)
    versions.append(version)

    assert versions == [0, 1, 1, 2, 2]
    assert await kept.waiting.version() == 2
    assert await kept.people.version() == of_rights


async def test_what_a_change_answers_is_what_is_read_afterwards_to_the_millisecond(kept: Kept) -> None:
    await kept.waiting.put_waiting(replace(BENS, made_at=BENS.made_at.replace(microsecond=123_456)))
    until = NOON.replace(microsecond=654_321)
    offered = replace(BENS, state=WaitingState.OFFERED, offered_until=until)

    _, after = await kept.waiting.change_waiting(BENS.id, lambda one: replace(offered, made_at=one.made_at))

    assert after == await kept.waiting.waiting(BENS.id)
    assert (after.made_at.microsecond, after.offered_until) == (123_000, NOON.replace(microsecond=654_000))


async def test_a_change_that_is_refused_leaves_the_place_as_it_was(kept: Kept) -> None:
    await kept.waiting.put_waiting(BENS)

    def refuse(one: Waiting) -> Waiting:
        raise InputError("it was offered to somebody else")

    with pytest.raises(InputError, match="somebody else"):
        await kept.waiting.change_waiting(BENS.id, refuse)
    with pytest.raises(InputError, match="the end comes later"):
        await kept.waiting.change_waiting(BENS.id, lambda one: replace(one, end=one.start))
    with pytest.raises(InputError, match="no place in a waiting list 'w-9'"):
        await kept.waiting.change_waiting(WaitingId("w-9"), refuse)
    with pytest.raises(InputError, match="no person 'bens'"):
        await kept.waiting.put_waiting(replace(BENS, id=WaitingId("w-2"), person=PersonId("bens")))

    assert await kept.waiting.waiting(BENS.id) == BENS
    assert await kept.waiting.version() == 1
