"""What every BookingStore promises beside versions: on the in-memory twin, on SQLite and on PostgreSQL.

The first promise is the database's own: no two bookings have one room at one time, whoever writes them.
"""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adapters.sql.bookings import SqlBookings
from controller.adapters.sql.places import Place, SqliteFile
from controller.adapters.sql.postgresql import PostgresServer
from controller.adapters.sql.registry import SqlRegistry
from controller.adapters.sql.upgrade import REGISTRY
from controller.domain.booking.values import Frequency, Recurrence, Series, SkipReason
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, BookingState
from controller.domain.ids import AreaId, BookingId, PersonId, SeriesId
from controller.errors import InputError, StoreError
from controller.services.booking.stores import OpenBook, Overlap
from tests.support.registries import ADA, BEN, NOON, Kept, empty_place, opened, opened_at

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PINE, OAK = AreaId("pine"), AreaId("oak")
RULE = Recurrence(Frequency.DAILY, NOON.date(), 14 * 60, 60, count=4)
SERVERS = ["sqlite", "postgresql"]


def booking(id: str = "one", hours: float = 0, **changes: object) -> Booking:
    start = NOON + hours * HOUR
    return replace(Booking(BookingId(id), PINE, start, start + HOUR, ADA), **changes)  # type: ignore[arg-type]


@pytest.fixture(params=["memory", *SERVERS])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    async with opened(request.param, tmp_path) as kept:
        yield kept


async def test_a_booking_comes_back_with_all_that_is_known_of_it(kept: Kept) -> None:
    whole = Booking(
        BookingId("one"),
        PINE,
        NOON,
        NOON + HOUR,
        ADA,
        frozenset({BEN}),
        BookingState.REQUESTED,
        holiday_confirmed=True,
        title="Réunion",
        made_at=NOON - HOUR,
        checked_in_at=NOON + MINUTE,
        series=SeriesId("s-1"),
        series_day=date(2026, 3, 2),
        is_live=True,
        booked_end=NOON + 2 * HOUR,
        held_until=NOON + HOUR + 10 * MINUTE,
        origin="calendar:town/uid-1",
    )

    await kept.bookings.put_booking(whole)

    assert await kept.bookings.booking(BookingId("one")) == whole
    assert (await kept.people.load()).bookings == {"one": whole}
    assert await kept.bookings.booking(BookingId("two")) is None


# --- no two at one time -----------------------------------------------------------------------------------------------

BUFFER = {"held_until": NOON + HOUR + 10 * MINUTE}


@pytest.mark.parametrize(
    ("there", "wanted", "meet"),
    [
        pytest.param({}, {}, True, id="the same time"),
        pytest.param({}, {"start": NOON + 15 * MINUTE, "end": NOON + 30 * MINUTE}, True, id="within"),
        pytest.param({}, {"start": NOON - HOUR, "end": NOON + 3 * HOUR}, True, id="around"),
        pytest.param({}, {"start": NOON + 59 * MINUTE, "end": NOON + 2 * HOUR}, True, id="a minute of its end"),
        pytest.param({}, {"start": NOON - HOUR, "end": NOON + MINUTE}, True, id="a minute of its start"),
        pytest.param({}, {"start": NOON + HOUR, "end": NOON + 2 * HOUR}, False, id="from its end on"),
        pytest.param({}, {"start": NOON - HOUR, "end": NOON}, False, id="until its start"),
        pytest.param({}, {"area": OAK}, False, id="another room"),
        pytest.param(BUFFER, {"start": NOON + HOUR, "end": NOON + 2 * HOUR}, True, id="in its buffer"),
        pytest.param(
            BUFFER, {"start": NOON + HOUR + 10 * MINUTE, "end": NOON + 2 * HOUR}, False, id="right after its buffer"
        ),
        pytest.param(
            {}, {"start": NOON - HOUR, "end": NOON, "held_until": NOON + 10 * MINUTE}, True, id="its buffer over the start"
        ),
        pytest.param({"state": BookingState.REQUESTED}, {}, True, id="not approved yet"),
        pytest.param({}, {"state": BookingState.REQUESTED}, True, id="asked for beside one that stands"),
        pytest.param({"state": BookingState.CANCELLED}, {}, False, id="cancelled"),
        pytest.param({"state": BookingState.RELEASED}, {}, False, id="released"),
        pytest.param({"state": BookingState.DECLINED}, {}, False, id="declined"),
        pytest.param({}, {"state": BookingState.CANCELLED}, False, id="history beside one that stands"),
    ],
)  # fmt: skip
async def test_a_room_is_one_bookings_at_a_time_buffer_included(
    kept: Kept, there: dict[str, object], wanted: dict[str, object], meet: bool
) -> None:
    first, second = booking(**there), booking("two", **wanted)
    before = await kept.bookings.put_booking(first)

    if meet:
        with pytest.raises(Overlap) as refused:
            await kept.bookings.put_booking(second)
        assert (refused.value.wanted, refused.value.there) == (second, first)
        assert await kept.people.version() == before
        assert await kept.bookings.booking(second.id) is None
    else:
        assert await kept.bookings.put_booking(second) == before + 1
        assert await kept.bookings.booking(first.id) == first


async def test_the_refusal_names_the_room_and_its_times_and_nobody(kept: Kept) -> None:
    await kept.bookings.put_booking(booking(title="Layoffs", **BUFFER))

    with pytest.raises(Overlap) as refused:
        await kept.bookings.put_booking(booking("two", owner=BEN))

    assert str(refused.value) == (
        "room 'pine' is taken from 2026-03-02T12:00:00+00:00 to 2026-03-02T13:00:00+00:00 and held until "
        "2026-03-02T13:10:00+00:00: choose another time or another room"
    )


@pytest.mark.parametrize("end", ["cancel", "release"])
async def test_what_is_cancelled_or_released_is_somebody_elses_to_book(kept: Kept, end: str) -> None:
    await kept.bookings.put_booking(booking(state=BookingState.REQUESTED, **BUFFER))
    if end == "cancel":
        await kept.bookings.cancel_booking(BookingId("one"))
    else:
        await kept.bookings.release_booking(BookingId("one"), NOON + 15 * MINUTE)

    await kept.bookings.put_booking(booking("two", 0.25, owner=BEN))

    assert [one.id for one in await kept.bookings.bookings_between(NOON, NOON + HOUR)] == ["two"]


async def test_a_released_booking_remembers_its_end_as_it_was_booked(kept: Kept) -> None:
    await kept.bookings.put_booking(booking(**BUFFER))

    await kept.bookings.release_booking(BookingId("one"), NOON + 15 * MINUTE)

    assert await kept.bookings.booking(BookingId("one")) == booking(
        state=BookingState.RELEASED, end=NOON + 15 * MINUTE, booked_end=NOON + HOUR
    )


async def test_all_of_many_or_none(kept: Kept) -> None:
    await kept.bookings.put_booking(booking("there", 4))
    before = await kept.people.version()

    for wrong, meets in ((booking("c", 4.5), "there"), (booking("c", 1.5), "b")):
        with pytest.raises(Overlap) as refused:
            await kept.bookings.put_bookings([booking("a"), booking("b", 1), wrong, booking("d", 7)])
        assert refused.value.wanted == wrong
        assert refused.value.there is not None
        assert refused.value.there.id == meets

    assert await kept.people.version() == before
    assert set((await kept.people.load()).bookings) == {"there"}


async def test_two_may_change_places_in_one_go(kept: Kept) -> None:
    one, two = booking("one"), booking("two", area=OAK)
    await kept.bookings.put_bookings([one, two])

    await kept.bookings.put_bookings([replace(one, area=OAK), replace(two, area=PINE)])

    assert [(b.id, b.area) for b in await kept.bookings.bookings_between(NOON, NOON + HOUR)] == [
        ("one", "oak"),
        ("two", "pine"),
    ]


async def test_a_booking_put_again_does_not_meet_itself(kept: Kept) -> None:
    await kept.bookings.put_booking(booking(participants=frozenset({BEN})))

    await kept.bookings.put_booking(booking(hours=0.5))

    assert await kept.bookings.booking(BookingId("one")) == booking(hours=0.5)


# --- one by one -------------------------------------------------------------------------------------------------------


async def test_of_bookings_that_are_tried_those_that_fit_are_made(kept: Kept) -> None:
    before = await kept.bookings.put_booking(booking("there", 2))
    some = [booking("a"), booking("b", 1.5), booking("c", 3, participants=frozenset({BEN})), booking("d", 3.5)]

    tried = await kept.bookings.try_bookings(some)

    assert tried.made == (some[0], some[2])
    assert tried.conflicts == ((some[1], booking("there", 2)), (some[3], some[2]))
    assert tried.version == before + 1
    assert set((await kept.people.load()).bookings) == {"there", "a", "c"}


async def test_where_none_fits_there_is_no_new_version(kept: Kept) -> None:
    before = await kept.bookings.put_booking(booking())

    tried = await kept.bookings.try_bookings([booking("two")])

    assert (tried.version, tried.made) == (before, ())
    assert (await kept.bookings.try_bookings([])).version == before


async def test_one_that_was_moved_in_vain_stays_where_it_was(kept: Kept) -> None:
    there, moving = booking("there", 2), booking("moving", participants=frozenset({BEN}))
    await kept.bookings.put_bookings([there, moving])

    tried = await kept.bookings.try_bookings([replace(moving, start=there.start, end=there.end)])

    assert tried.made == ()
    assert await kept.bookings.booking(moving.id) == moving


async def test_an_unknown_person_among_those_tried_makes_none(kept: Kept) -> None:
    with pytest.raises(InputError, match="no person 'bens': did you mean 'ben'"):
        await kept.bookings.try_bookings([booking("a"), booking("b", 2, owner=PersonId("bens"))])

    assert (await kept.people.load()).bookings == {}


# --- changes ----------------------------------------------------------------------------------------------------------


async def test_what_came_from_one_origin_is_rewritten_in_one_go_and_may_change_places(kept: Kept) -> None:
    ours, theirs = booking("a", 0, origin="town/a"), booking("b", 1, origin="town/b")
    await kept.bookings.put_bookings([ours, theirs, booking("old", -9, origin="town/c"), booking("x", 2)])
    seen: list[str] = []

    def swapped(standing: Sequence[Booking]) -> list[Booking]:
        seen.extend(one.id for one in standing)
        return [replace(ours, start=theirs.start, end=theirs.end), replace(theirs, start=ours.start, end=ours.end)]

    tried = await kept.bookings.try_from("town/", NOON - HOUR, swapped)

    assert (seen, tried.conflicts, tried.version) == (["a", "b"], (), await kept.people.version())
    assert [one.id for one in await kept.bookings.bookings_from("town/")] == ["old", "b", "a"]


async def test_of_what_is_rewritten_that_which_meets_another_is_left_as_it_was(kept: Kept) -> None:
    ours, other = booking("a", 0, origin="town/a"), booking("x", 2)
    await kept.bookings.put_bookings([ours, other])
    moved, new = replace(ours, start=other.start, end=other.end), booking("n", 4, origin="town/n")

    tried = await kept.bookings.try_from("town/", NOON, lambda _: [moved, new])

    assert ([one.id for one in tried.made], tried.conflicts) == (["n"], ((moved, other),))
    assert await kept.bookings.booking(ours.id) == ours


async def test_a_change_reads_what_stands_and_writes_what_shall(kept: Kept) -> None:
    before = await kept.bookings.put_booking(booking())

    version, after = await kept.bookings.change_booking(
        BookingId("one"), lambda one: replace(one, area=OAK, end=one.end + HOUR, participants=frozenset({BEN}))
    )

    assert version == before + 1
    assert after == booking(area=OAK, end=NOON + 2 * HOUR, participants=frozenset({BEN}))
    assert await kept.bookings.booking(BookingId("one")) == after
    change = await kept.people.changed_since(before)
    assert change is not None
    assert change.booked_areas == {PINE, OAK}


async def test_a_change_that_changes_nothing_is_no_new_version(kept: Kept) -> None:
    before = await kept.bookings.put_booking(booking())

    assert await kept.bookings.change_booking(BookingId("one"), lambda one: one) == (before, booking())


async def test_a_move_onto_a_taken_time_is_refused_and_leaves_the_old_one(kept: Kept) -> None:
    moving = booking("moving", 2, participants=frozenset({BEN}))
    before = await kept.bookings.put_bookings([booking("there"), moving])

    with pytest.raises(Overlap, match="room 'pine' is taken"):
        await kept.bookings.change_booking(
            moving.id, lambda one: replace(one, start=NOON, end=NOON + HOUR, participants=frozenset())
        )

    assert await kept.bookings.booking(moving.id) == moving
    assert await kept.people.version() == before


async def test_a_change_that_is_refused_leaves_everything_as_it_was(kept: Kept) -> None:
    before = await kept.bookings.put_booking(booking())

    def refuse(one: Booking) -> Booking:
        raise InputError(f"{one.id} is not yours")

    for change, told in (
        (refuse, "one is not yours"),
        (lambda one: replace(one, end=one.start), r"booking 'one' ends .*, before it starts"),
        (lambda one: replace(one, held_until=one.start), "holds its room until .*, before it ends"),
        (lambda one: replace(one, id=BookingId("two")), "'one' cannot become booking 'two'"),
        (lambda one: replace(one, participants=frozenset({PersonId("bens")})), "no person 'bens'"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.bookings.change_booking(BookingId("one"), change)
    with pytest.raises(InputError, match="no booking 'onne': did you mean 'one'"):
        await kept.bookings.change_booking(BookingId("onne"), refuse)

    assert await kept.bookings.booking(BookingId("one")) == booking()
    assert await kept.people.version() == before


async def test_what_is_done_together_reads_what_stands_and_is_one_version(kept: Kept) -> None:
    before = await kept.bookings.put_booking(booking())
    series = Series(SeriesId("s-1"), PINE, ADA, RULE, "Europe/Paris")

    def work(book: OpenBook) -> list[BookingId]:
        book.put_series(series)
        book.skip_days(series.id, {NOON.date(): SkipReason.CANCELLED})
        book.put(booking("two", 2, series=series.id, series_day=NOON.date()))
        book.change(BookingId("one"), lambda one: replace(one, area=OAK))
        there = [*book.bookings_between(NOON, NOON + 9 * HOUR, OAK), *book.bookings_of_series(series.id)]
        return [one.id for one in (*there, *book.bookings_of(ADA, NOON, NOON + HOUR))]

    assert await kept.bookings.together(work) == ["one", "two", "one"]
    change = await kept.people.changed_since(before)
    assert change is not None
    assert change.booked_areas == {PINE, OAK}
    assert await kept.people.version() == before + 1
    assert await kept.series.series(series.id) == replace(series, skipped={NOON.date(): SkipReason.CANCELLED})


async def test_what_is_done_together_goes_on_after_one_that_did_not_fit(kept: Kept) -> None:
    await kept.bookings.put_bookings([booking(), booking("two", 2)])

    def work(book: OpenBook) -> None:
        with pytest.raises(Overlap):
            book.put(booking("three", 2))
        with pytest.raises(Overlap):
            book.change(BookingId("two"), lambda one: replace(one, start=NOON, participants=frozenset({BEN})))
        book.change(BookingId("one"), lambda one: replace(one, title="stays"))

    await kept.bookings.together(work)
    assert await kept.bookings.booking(BookingId("three")) is None
    assert await kept.bookings.booking(BookingId("two")) == booking("two", 2)
    assert await kept.bookings.booking(BookingId("one")) == booking(title="stays")


async def test_of_what_is_done_together_and_fails_nothing_is_left(kept: Kept) -> None:
    before = await kept.bookings.put_booking(booking())
    series = Series(SeriesId("s-1"), PINE, ADA, RULE, "Europe/Paris")

    def work(book: OpenBook) -> None:
        book.put_series(series)
        book.change(BookingId("one"), lambda one: replace(one, title="half"))
        book.put(booking("two", 2))
        raise InputError("not so")

    with pytest.raises(InputError, match="not so"):
        await kept.bookings.together(work)
    assert await kept.people.version() == before
    assert await kept.bookings.booking(BookingId("one")) == booking()
    assert await kept.bookings.booking(BookingId("two")) is None
    assert await kept.series.series(series.id) is None


# --- what is asked of them --------------------------------------------------------------------------------------------


async def test_what_stands_in_a_time_is_told_by_room_and_start(kept: Kept) -> None:
    some = [
        booking("late", 3),
        booking("early", -1),
        booking("oak", area=OAK),
        booking("gone", 1, state=BookingState.CANCELLED),
        booking("asked", 1, state=BookingState.REQUESTED),
        booking("over", -2, held_until=NOON - HOUR),
        booking("buffer", -4, held_until=NOON - 2 * HOUR),
    ]
    await kept.bookings.put_bookings(some)

    async def told(start: datetime, end: datetime, area: AreaId | None = None) -> list[str]:
        return [one.id for one in await kept.bookings.bookings_between(start, end, area)]

    assert await told(NOON - MINUTE, NOON + 3 * HOUR) == ["oak", "early", "asked"]
    assert await told(NOON, NOON + 4 * HOUR, PINE) == ["asked", "late"]
    assert await told(NOON - 2.5 * HOUR, NOON - 2 * HOUR) == ["buffer"]  # over, and its room is not free yet


async def test_somebodys_own_are_told_with_their_history(kept: Kept) -> None:
    await kept.bookings.put_bookings(
        [
            booking("b", 2, owner=BEN),
            booking("a", 0, owner=BEN, state=BookingState.RELEASED),
            booking("c", 4, owner=BEN),
            booking("hers", 6, participants=frozenset({BEN})),
        ]
    )

    assert [one.id for one in await kept.bookings.bookings_of(BEN, NOON, NOON + 4 * HOUR)] == ["a", "b"]


async def test_a_series_is_told_by_its_days_wherever_they_were_moved(kept: Kept) -> None:
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    await kept.bookings.put_bookings(
        [
            booking("tue", 0, series=SeriesId("s"), series_day=tuesday, participants=frozenset({BEN})),
            booking("mon", 5, series=SeriesId("s"), series_day=monday, state=BookingState.CANCELLED),
            booking("other", 8, series=SeriesId("s2"), series_day=monday),
        ]
    )

    mon, tue = await kept.bookings.bookings_of_series(SeriesId("s"))
    assert (mon.id, tue.id, tue.participants) == ("mon", "tue", {BEN})


async def test_bookings_are_told_by_where_they_came_from_letter_by_letter(kept: Kept) -> None:
    await kept.bookings.put_bookings(
        [
            booking("b", 2, origin="calendar:a_b/2"),
            booking("a", 0, origin="calendar:a_b/1"),
            booking("c", 4, origin="calendar:A_b/1"),
            booking("d", 6, origin="calendar:axb/1"),
            booking("e", 8),
        ]
    )

    assert [one.id for one in await kept.bookings.bookings_from("calendar:a_b/")] == ["a", "b"]


async def test_what_ended_in_a_time_is_told_whatever_became_of_it(kept: Kept) -> None:
    await kept.bookings.put_bookings(
        [booking("b", 1), booking("a", 0, state=BookingState.CANCELLED), booking("c", 2), booking("before", -1)]
    )

    told = await kept.bookings.bookings_ended(NOON + HOUR, NOON + 3 * HOUR)

    assert [one.id for one in told] == ["a", "b"]


# --- many at once -----------------------------------------------------------------------------------------------------


def own_place(kind: str, folder: Path) -> Place:
    """Nobody else's, to do to it what is not undone."""
    if kind == "sqlite":
        return empty_place(kind, folder)
    from tests.support import postgres

    server = postgres.new_database()
    server.bring_up(REGISTRY)
    return server


def lawless(place: Place) -> None:
    """As if nobody had told the database."""
    if isinstance(place, SqliteFile):
        with contextlib.closing(sqlite3.connect(place.path)) as connection:
            connection.execute("DROP TRIGGER booking_no_overlap_insert")
    else:
        from tests.support import postgres

        assert isinstance(place, PostgresServer)
        postgres.run(place, "ALTER TABLE booking DROP CONSTRAINT booking_no_overlap")


async def attempts(place: Place, count: int) -> list[int | BaseException]:
    """That many want one hour, each over a connection of their own, at once."""
    async with AsyncExitStack() as stack:
        all_ = [await stack.enter_async_context(SqlRegistry(place, key_id="k1")) for _ in range(count)]
        return await asyncio.gather(*(attempt(SqlBookings(one.database), n) for n, one in enumerate(all_)))


async def attempt(bookings: SqlBookings, n: int) -> int | BaseException:
    while True:
        try:
            return await bookings.put_booking(booking(f"b{n}", n % 3 / 4, owner=BEN if n % 2 else ADA))
        except StoreError as busy:  # on a slow disk the last of fifty waits for too long, and tries again
            assert "another process holds its lock" in str(busy)  # noqa: PT017
        except InputError as refused:
            return refused


@pytest.mark.parametrize("kind", SERVERS)
async def test_of_fifty_parallel_attempts_at_one_slot_exactly_one_wins(kind: str, tmp_path: Path) -> None:
    place = empty_place(kind, tmp_path)
    async with opened_at(place) as kept:
        before = await kept.people.version()

        told = await attempts(place, 50)

        won = [one for one in told if isinstance(one, int)]
        assert won == [before + 1]
        assert {type(one) for one in told if not isinstance(one, int)} == {Overlap}
        (there,) = (await kept.people.load()).bookings.values()
        assert {one.there for one in told if isinstance(one, Overlap)} == {there}


@pytest.mark.parametrize("kind", SERVERS)
async def test_without_the_databases_law_they_would_stand_one_upon_the_other(kind: str, tmp_path: Path) -> None:
    """What the test above is worth: nothing but the law holds the others back."""
    place = own_place(kind, tmp_path)
    async with opened_at(place) as kept:
        lawless(place)

        told = await attempts(place, 5)

        assert [one for one in told if not isinstance(one, int)] == []
        there = (await kept.people.load()).bookings.values()
        assert sum(one.start < other.end and other.start < one.end for one, other in combinations(there, 2)) == 10


@pytest.mark.parametrize("kind", SERVERS)
async def test_killed_in_the_middle_a_writer_leaves_nothing_half_done(kind: str, tmp_path: Path) -> None:
    place = empty_place(kind, tmp_path)
    async with opened_at(place) as kept:
        standing = booking("standing", participants=frozenset({BEN}))
        before = await kept.bookings.put_booking(standing)
        where = place.url if isinstance(place, PostgresServer) else str(place)

        writer = subprocess.Popen(
            [sys.executable, "-m", "tests.support.booking_writer", where], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written, not committed\n"
        writer.kill()
        assert writer.wait() == -9
        writer.stdout.close()

        assert await kept.people.version() == before
        assert (await kept.people.load()).bookings == {"standing": standing}
        assert await kept.bookings.put_booking(booking("next", 1)) == before + 1


# --- a law ------------------------------------------------------------------------------------------------------------

wanted = st.builds(
    lambda n, start, length, buffer, state: booking(
        f"b{n}", start / 2, end=NOON + (start + length) / 2 * HOUR, state=state,
        held_until=NOON + (start + length + buffer) / 2 * HOUR,
    ),
    st.integers(0, 5), st.integers(0, 7), st.integers(1, 3), st.integers(0, 1),
    st.sampled_from([BookingState.BOOKED, BookingState.BOOKED, BookingState.REQUESTED, BookingState.CANCELLED]),
)  # fmt: skip
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(wanted, min_size=1, max_size=3)),
        st.tuples(st.just("try"), st.lists(wanted, min_size=1, max_size=3, unique_by=lambda one: one.id)),
        st.tuples(st.just("move"), st.lists(wanted, min_size=1, max_size=1)),
        st.tuples(st.just("release"), st.lists(wanted, min_size=1, max_size=1)),
    ),
    min_size=4,
    max_size=15,
)


async def step(kept: Kept, act: str, some: list[Booking]) -> object:
    one = some[0]
    try:
        if act == "put":
            return await kept.bookings.put_bookings(some)
        if act == "try":
            return await kept.bookings.try_bookings(some)
        if act == "release":
            return await kept.bookings.release_booking(one.id, one.start)
        return await kept.bookings.change_booking(
            one.id,
            lambda old: replace(old, start=one.start, end=one.end, held_until=one.held_until, state=one.state),
        )
    except InputError as exc:
        return type(exc), str(exc)


@settings(max_examples=25, deadline=None)  # other programs run on this machine too
@given(steps=steps)
async def test_whatever_is_booked_no_two_overlap_and_twin_and_database_agree(
    steps: list[tuple[str, list[Booking]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with (
        opened("memory", Path()) as twin,
        opened("sqlite", tmp_path_factory.mktemp("law")) as kept,
    ):
        for act, some in steps:
            assert await step(kept, act, some) == await step(twin, act, some)
        now = (await kept.people.load()).bookings
        assert now == (await twin.people.load()).bookings
        held = [one for one in now.values() if one.state in HOLDS_ITS_TIME]
        for one, other in combinations(held, 2):
            assert (one.held_until or one.end) <= other.start or (other.held_until or other.end) <= one.start
