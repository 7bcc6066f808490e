"""What is told to whom, out of what happened."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.arrivals import host_of
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import Booking, BookingState, GuestPass
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.membership import Person, PersonKind
from controller.domain.notices import NEWS_FOR, NoticeKind, notices_of
from tests.support.services import SPACE

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADA, BEN, GUEST = PersonId("ada"), PersonId("ben"), PersonId("guest-1")
PINE = AreaId("pine")
SPAN = {"booking": "b-1", "start": "2026-03-02T13:00:00+00:00", "end": "2026-03-02T14:00:00+00:00"}


def told(
    kind: FactKind, person: PersonId | None = ADA, *, now: datetime = NOON, hosts: tuple[PersonId, ...] = (), **detail
):
    fact = Fact(kind, NOON, area=PINE, person=person, detail=detail)
    return list(notices_of(fact, now, SPACE, hosts))


@pytest.mark.parametrize(
    ("fact", "kind"),
    [
        (FactKind.BOOKING_APPROVED, NoticeKind.BOOKING_APPROVED),
        (FactKind.BOOKING_DECLINED, NoticeKind.BOOKING_DECLINED),
        (FactKind.BOOKING_RELEASED, NoticeKind.BOOKING_RELEASED),
        (FactKind.SERIES_MISSED, NoticeKind.SERIES_MISSED),
        (FactKind.WAITING_OFFERED, NoticeKind.WAITING_OFFERED),
        (FactKind.WAITING_WON, NoticeKind.WAITING_WON),
        (FactKind.WAITING_LAPSED, NoticeKind.WAITING_LAPSED),
    ],
)
def test_the_owner_is_told_what_became_of_a_booking_or_a_wait(fact: FactKind, kind: NoticeKind) -> None:
    (notice,) = told(fact, **SPAN)

    assert (notice.kind, notice.person) == (kind, ADA)
    assert notice.data == {"room": "pine", "start": SPAN["start"], "end": SPAN["end"]}


def test_of_a_booking_whose_room_nobody_says_the_times_are_told() -> None:
    fact = Fact(FactKind.BOOKING_RELEASED, NOON, person=ADA, detail=SPAN)

    (notice,) = notices_of(fact, NOON, SPACE, ())

    assert notice.data == {"start": SPAN["start"], "end": SPAN["end"]}


@pytest.mark.parametrize("fact", [FactKind.BOOKING_MADE, FactKind.BOOKING_CANCELLED, FactKind.BOOKING_CHANGED])
def test_what_somebody_did_themselves_is_no_news_to_them(fact: FactKind) -> None:
    assert told(fact, **SPAN, by="ada") == []
    assert [one.person for one in told(fact, **SPAN, by="ben")] == [ADA]


def test_whoever_is_named_at_a_panel_is_told_and_whose_calendar_it_is_knows() -> None:
    assert [one.kind for one in told(FactKind.BOOKING_MADE, **SPAN, how="panel")] == [NoticeKind.BOOKING_MADE]
    assert told(FactKind.BOOKING_MADE, **SPAN, how="calendar") == []


def test_what_is_told_late_tells_nobody() -> None:
    assert told(FactKind.BOOKING_RELEASED, now=NOON + NEWS_FOR, **SPAN)
    assert told(FactKind.BOOKING_RELEASED, now=NOON + NEWS_FOR + timedelta(seconds=1), **SPAN) == []


def test_the_host_is_told_that_a_guest_has_come_once_a_day() -> None:
    (notice,) = told(FactKind.GUEST_ARRIVED, GUEST, host="ben")

    assert (notice.kind, notice.person, notice.data) == (NoticeKind.GUEST_ARRIVED, BEN, {"who": "guest-1"})
    assert notice.key == "guest_arrived/guest-1/ben/2026-03-02"
    assert told(FactKind.GUEST_ARRIVED, GUEST) == []


def test_hosts_are_told_who_comes_for_the_first_time_and_not_of_themselves() -> None:
    found = told(FactKind.FIRST_VISIT, hosts=(BEN, ADA))

    assert [(one.person, one.data) for one in found] == [(BEN, {"who": "ada"})]


def test_a_member_in_grace_is_told_once_a_day() -> None:
    (notice,) = told(FactKind.ENTRY_GRANTED, in_grace=True)

    assert (notice.kind, notice.person, notice.key) == (NoticeKind.GRACE, ADA, "grace/ada/2026-03-02")
    assert told(FactKind.ENTRY_GRANTED) == []


def test_what_is_nobodys_tells_nobody() -> None:
    assert told(FactKind.BOOKING_RELEASED, None, **SPAN) == []
    assert told(FactKind.DOOR_FORCED) == []


# --- whose guest ------------------------------------------------------------------------------------------------------

THE_GUEST = Person(GUEST, "Grace", PersonKind.GUEST)
BOOKED = Booking(BookingId("b-1"), PINE, NOON, NOON + HOUR, ADA, frozenset({GUEST}))
PASS = GuestPass("g-1", GUEST, BEN, NOON, NOON + HOUR)


def test_a_guest_of_a_booking_comes_to_see_its_owner() -> None:
    assert host_of(THE_GUEST, [PASS], [BOOKED], NOON) == ADA
    assert host_of(THE_GUEST, [], [BOOKED], NOON - timedelta(minutes=15)) == ADA
    assert host_of(THE_GUEST, [], [BOOKED], NOON - timedelta(minutes=16)) is None


def test_a_guest_with_a_pass_comes_to_see_its_host() -> None:
    assert host_of(THE_GUEST, [PASS], [], NOON) == BEN
    assert host_of(THE_GUEST, [PASS], [], NOON + HOUR) is None


def test_nobody_is_told_of_what_does_not_stand() -> None:
    cancelled = Booking(BookingId("b-1"), PINE, NOON, NOON + HOUR, ADA, frozenset({GUEST}), BookingState.CANCELLED)
    revoked = GuestPass("g-1", GUEST, BEN, NOON, NOON + HOUR, is_revoked=True)

    assert host_of(THE_GUEST, [revoked], [cancelled], NOON) is None
    assert host_of(Person(GUEST, "Grace"), [PASS], [BOOKED], NOON) is None
    assert host_of(THE_GUEST, [GuestPass("g-2", BEN, ADA, NOON, NOON + HOUR)], [], NOON) is None
