"""What becomes of a reading of an outside calendar; and its laws, by chance."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.domain.booking.outside import Entry, Outside, Problem, Reading
from controller.domain.booking.reconcile import WITHDRAWN, Reconciled, reconcile
from controller.domain.booking.rules import Circumstances
from controller.domain.building import Area, Room, RoomKind, Space
from controller.domain.holdings import HOLDS_ITS_TIME, Booking, BookingState
from controller.domain.house import HouseState
from controller.domain.ids import AreaId, BookingId, CalendarId, FloorId, PersonId
from controller.domain.membership import Person

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
UNTIL = NOON + timedelta(days=400)
PINE = Area(AreaId("pine"), "Pine", FloorId("ground"), room=Room(RoomKind.MEETING, bookable=True, buffer_minutes=10))
SPACE = Space(
    id="house",
    name="House",
    zone=ZoneInfo("Europe/Paris"),
    version="v1",
    floors={},
    areas={PINE.id: PINE},
    doors={},
    devices={},
)
CLARA, BEN = Person(PersonId("clara"), "Clara"), Person(PersonId("ben"), "Ben")
TOWN = Outside(CalendarId("cal-town"), "Town", PINE.id, CLARA.id)


def entry(key: str, hours: float, length: float = 1, title: str = "") -> Entry:
    return Entry(key, NOON + hours * HOUR, NOON + (hours + length) * HOUR, title)


def booking(id: str, hours: float, length: float = 1, **changes: object) -> Booking:
    start, end = NOON + hours * HOUR, NOON + (hours + length) * HOUR
    plain = Booking(BookingId(id), PINE.id, start, end, BEN.id, held_until=end + timedelta(minutes=10))
    return replace(plain, **changes)  # type: ignore[arg-type]


class Books:
    """A room's bookings, written as the store writes them."""

    def __init__(self, *bookings: Booking) -> None:
        self.all = {one.id: one for one in bookings}
        self._ids = itertools.count()

    def read(self, reading: Reading | Sequence[Entry], now: datetime = NOON, *, sure: bool = False) -> Reconciled:
        found = reading if isinstance(reading, Reading) else Reading(tuple(reading))
        ours = [one for one in self.all.values() if one.origin.startswith(TOWN.prefix)]
        holding = [one for one in self.all.values() if one.state in HOLDS_ITS_TIME]
        people = {one.id: one for one in (CLARA, BEN)}
        known = Circumstances(SPACE, HouseState(), now, None, True, people, others=holding)
        judged = reconcile(TOWN, found, UNTIL, ours, known, lambda: BookingId(f"new-{next(self._ids)}"), sure=sure)
        self.all |= {one.id: one for one in judged.writes}
        return judged

    def live(self, now: datetime = NOON) -> list[Booking]:
        held = [one for one in self.all.values() if one.state in HOLDS_ITS_TIME and one.end > now]
        return sorted(held, key=lambda one: one.start)

    def spans(self, now: datetime = NOON) -> list[tuple[str, float, float]]:
        """Ours by key, with their hours from noon."""
        return [
            (one.origin.removeprefix(TOWN.prefix), (one.start - NOON) / HOUR, (one.end - NOON) / HOUR)
            for one in self.live(now)
            if one.origin
        ]


def test_what_ends_sooner_keeps_its_time_before_what_grows_into_it() -> None:
    books = Books()
    books.read([entry("a", 0, 0.25), entry("b", 0.5, 0.5)])

    judged = books.read([entry("a", 0, 0.5), entry("b", 0.5, 0.25)])

    # Ten minutes to clear up after `a` would reach into `b`.
    assert [one.entry.key for one in judged.conflicts] == ["a"]
    assert books.spans() == [("a", 0.0, 0.25), ("b", 0.5, 0.75)]


def test_what_is_new_is_booked_for_its_owner_and_says_where_it_came_from() -> None:
    books = Books()

    judged = books.read([entry("a", 2, title="Choir")])

    (made,) = judged.made
    assert (made.owner, made.title, made.origin) == (CLARA.id, "Choir", "cal-town/a")
    assert (made.state, made.held_until) == (BookingState.BOOKED, NOON + 3 * HOUR + timedelta(minutes=10))


def test_what_moved_is_moved_and_keeps_its_booking() -> None:
    books = Books()
    (made,) = books.read([entry("a", 2)]).made

    judged = books.read([entry("a", 5, 2, "Later")])

    assert [(was.id, after.id, after.title) for was, after in judged.changed] == [(made.id, made.id, "Later")]
    assert books.spans() == [("a", 5, 7)]


def test_a_new_title_alone_is_a_change_and_judges_nothing_anew() -> None:
    books = Books()
    books.read([entry("a", 2, title="Choir")])

    judged = books.read([entry("a", 2, title="Orchestra")])

    assert [after.title for _, after in judged.changed] == ["Orchestra"]


def test_what_is_gone_is_cancelled_and_booked_again_should_it_come_back() -> None:
    books = Books()
    books.read([entry("a", 2), entry("b", 4)])

    gone = books.read([entry("b", 4)]).gone
    again = books.read([entry("a", 2), entry("b", 4)])

    assert [(one.state, one.origin) for one in gone] == [(BookingState.CANCELLED, WITHDRAWN + "cal-town/a")]
    assert len(again.made) == 1
    assert books.spans() == [("a", 2, 3), ("b", 4, 5)]


def test_two_may_change_places() -> None:
    books = Books()
    books.read([entry("a", 2), entry("b", 5)])

    judged = books.read([entry("a", 5), entry("b", 2)])

    assert (len(judged.changed), judged.conflicts, books.spans()) == (2, (), [("b", 2, 3), ("a", 5, 6)])


def test_an_entry_that_meets_anothers_booking_is_left_out_and_told_without_a_name() -> None:
    books = Books(booking("bens", 2))

    judged = books.read([entry("a", 2.5), entry("b", 8)])

    assert [one.refused.sentence for one in judged.conflicts] == ["Pine is booked until 16:00; free from 16:10"]
    assert books.spans() == [("b", 8, 9)]


def test_of_two_entries_at_one_time_the_one_that_stands_stays_and_the_first_is_booked() -> None:
    books = Books()
    fresh = books.read([entry("b", 2, 2), entry("a", 3)])
    stands = Books()
    stands.read([entry("a", 3)])

    later = stands.read([entry("b", 2, 2), entry("a", 3)])

    assert ([one.entry.key for one in fresh.conflicts], books.spans()) == (["a"], [("b", 2, 4)])
    assert ([one.entry.key for one in later.conflicts], stands.spans()) == (["b"], [("a", 3, 4)])


def test_an_entry_moved_onto_a_taken_time_gives_up_the_old_one() -> None:
    books = Books(booking("bens", 6))
    books.read([entry("a", 2)])

    judged = books.read([entry("a", 6)])

    assert (len(judged.gone), len(judged.conflicts), books.spans()) == (1, 1, [])


def test_what_runs_is_never_taken_back_and_only_lengthened() -> None:
    books = Books()
    books.read([entry("a", -1, 3), entry("b", 10)])
    assert books.spans() == [("a", 0, 2), ("b", 10, 11)]

    books.read([entry("a", -1, 2.5), entry("b", 10)])
    assert books.spans()[0] == ("a", 0, 2)
    books.read([entry("a", -1, 4), entry("b", 10)])
    assert books.spans()[0] == ("a", 0, 3)
    books.read([entry("b", 10)])
    assert books.spans()[0] == ("a", 0, 3)


def test_what_runs_and_would_meet_the_next_by_growing_stays_as_it_is() -> None:
    books = Books()
    books.read([entry("a", -1, 3)])
    books.all[BookingId("bens")] = booking("bens", 2.5)

    judged = books.read([entry("a", -1, 5)])

    assert ([one.entry.key for one in judged.conflicts], books.spans()) == (["a"], [("a", 0, 2)])


def test_what_runs_and_was_moved_to_later_is_told_and_booked_once_it_is_over() -> None:
    books = Books()
    books.read([entry("a", -1, 3)])

    running = books.read([entry("a", 6)])
    after = books.read([entry("a", 6)], NOON + 3 * HOUR)

    assert [one.refused.reason for one in running.conflicts] == ["begun"]
    assert (len(after.made), books.spans(NOON + 3 * HOUR)) == (1, [("a", 6, 7)])


def test_what_somebody_cancelled_here_stays_cancelled_until_the_calendar_moves_it() -> None:
    books = Books()
    (made,) = books.read([entry("a", 2)]).made
    books.all[made.id] = replace(made, state=BookingState.CANCELLED)

    assert books.read([entry("a", 2)]) == Reconciled()
    assert len(books.read([entry("a", 4)]).made) == 1


def test_what_nobody_came_to_is_not_booked_again_for_its_rest() -> None:
    books = Books()
    (made,) = books.read([entry("a", 0, 2)]).made
    released = replace(made, state=BookingState.RELEASED, end=NOON + HOUR / 6, booked_end=made.end, held_until=None)
    books.all[made.id] = released

    assert books.read([entry("a", 0, 2)], NOON + HOUR / 4) == Reconciled()
    assert books.read([entry("a", -3, 5)], NOON + HOUR / 4) == Reconciled()


def test_what_cannot_be_read_is_not_gone() -> None:
    books = Books()
    books.read([entry("a", 2), entry("b/20261123T140000Z", 4), entry("c", 6)])

    judged = books.read(Reading((), (Problem("a", "", "x"), Problem("b", "", "y"))))

    assert [one.origin for one in judged.gone] == [WITHDRAWN + "cal-town/c"]


def test_many_that_are_gone_at_once_are_held_back_unless_somebody_is_sure() -> None:
    books = Books()
    books.read([entry(f"e{n}", 2 * n) for n in range(1, 6)])

    empty = books.read([])
    assert (len(empty.held_back), empty.gone, len(books.live())) == (5, (), 5)
    assert len(books.read([entry(f"e{n}", 2 * n) for n in range(1, 4)]).gone) == 2
    assert len(books.read([], sure=True).gone) == 3


def test_what_is_new_in_a_reading_does_not_tip_the_same_one_the_next_time() -> None:
    books = Books()
    books.read((entry("a", 2), entry("b", 4), entry("c", 6), entry("d", 8)))
    reading = (entry("e", 10), entry("f", 12))

    first, again = books.read(reading), books.read(reading)

    assert (len(first.held_back), len(first.made)) == (4, 2)
    assert (len(again.held_back), again.writes) == (4, ())


def test_what_is_held_back_still_has_its_room() -> None:
    books = Books()
    books.read([entry(f"e{n}", 2 * n) for n in range(1, 6)])

    judged = books.read([entry("new", 2)])

    assert ([one.entry.key for one in judged.conflicts], judged.made) == (["new"], ())


def test_what_lies_beyond_the_window_is_not_gone() -> None:
    books = Books(booking("far", 24 * 500, origin="cal-town/far"))

    assert books.read([]) == Reconciled()


def test_an_entry_of_an_owner_who_is_gone_is_told() -> None:
    books = Books()
    stranger = replace(TOWN, owner=PersonId("zoe"))
    known = Circumstances(SPACE, HouseState(), NOON, None, True)

    judged = reconcile(stranger, Reading((entry("a", 2),)), UNTIL, [], known, lambda: BookingId("x"))

    assert [one.refused.reason for one in judged.conflicts] == ["unknown_person"]
    assert books.live() == []


# --- laws -------------------------------------------------------------------------------------------------------------

quarters = st.integers(-8, 60).map(lambda n: n / 4)
entries = st.lists(
    st.builds(
        entry, st.sampled_from("abcdefgh"), quarters, st.integers(1, 8).map(lambda n: n / 4), st.sampled_from(["", "t"])
    ),
    max_size=8,
    unique_by=lambda one: one.key,
)


@st.composite
def others(draw: st.DrawFn) -> list[Booking]:
    """Bookings of somebody else, none in another's way."""
    at, found = -2.0, []
    for number in range(draw(st.integers(0, 4))):
        at += draw(st.integers(1, 12)) / 4
        length = draw(st.integers(1, 6)) / 4
        found.append(booking(f"other-{number}", at, length))
        at += length + 0.25
    return found


def _overlaps(bookings: Sequence[Booking]) -> Iterator[tuple[Booking, Booking]]:
    for one, other in itertools.combinations(bookings, 2):
        if one.start < (other.held_until or other.end) and other.start < (one.held_until or one.end):
            yield one, other


@settings(max_examples=300, deadline=None)
@given(others(), st.lists(entries, min_size=1, max_size=4), st.integers(0, 8), st.booleans())
@example([], [[entry("a", 0, 0.25), entry("b", 0.5, 0.5)], [entry("a", 0, 0.5), entry("b", 0.5, 0.25)]], 0, False)
def test_whatever_is_read_after_whatever_the_same_again_changes_nothing_and_none_overlap(
    there: list[Booking], readings: list[list[Entry]], later: int, sure: bool
) -> None:
    books = Books(*there)
    for number, reading in enumerate(readings):
        now = NOON + number * later * HOUR / 4
        first = books.read(reading, now, sure=sure)

        again = books.read(reading, now, sure=sure)

        assert again.writes == ()
        assert {one.entry for one in again.conflicts} == {one.entry for one in first.conflicts}
        assert list(_overlaps(books.live(now))) == []
        assert all(books.all[one.id] == one for one in there)


@settings(max_examples=200, deadline=None)
@given(others(), entries, entries, st.randoms(use_true_random=False))
def test_the_order_of_a_file_says_nothing(
    there: list[Booking], before: list[Entry], reading: list[Entry], random: "st.randoms"
) -> None:
    shuffled = list(reading)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Books(*there), Books(*there)
    for books in (one, other):
        books.read(before)

    one.read(reading)
    other.read(shuffled)

    assert one.all == other.all


@settings(max_examples=200, deadline=None)
@given(others(), entries, entries)
def test_every_entry_is_booked_as_it_says_or_told_or_was_given_up(
    there: list[Booking], before: list[Entry], reading: list[Entry]
) -> None:
    books = Books(*there)
    books.read(before)

    judged = books.read(reading, sure=True)

    told = {one.entry.key for one in judged.conflicts}
    booked = {key: (start, end) for key, start, end in books.spans()}
    for one in reading:
        if one.end > NOON and one.key not in told:
            start, end = booked[one.key]
            assert end >= (one.end - NOON) / HOUR
            assert start == max(0, (one.start - NOON) / HOUR) or start <= 0
    ahead = {key for key, (start, _) in booked.items() if start > 0}
    assert ahead <= {one.key for one in reading}
