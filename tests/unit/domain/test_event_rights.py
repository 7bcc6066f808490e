"""What a public event opens: its path, to ticket holders once the host is in, and to the host before."""

from dataclasses import replace
from datetime import datetime

import pytest

from controller.domain.access import Cost, DenyReason, Grant, GrantKind, Miss, Rights
from controller.domain.building import Door
from controller.domain.holdings import HeldTicket, PublicEvent, Ticket
from controller.domain.ids import EventId, PersonId, TicketId
from controller.domain.membership import Person, PersonKind
from tests.unit.domain.asking import answer, evening, granted, miss, next_time, ticket
from tests.unit.domain.house import (
    LANDING,
    NOON,
    OFFICE_DOOR,
    SERVER_DOOR,
    STREET,
    TWO_DAYS,
    local,
    member,
    rights,
)

VISITOR = Person(PersonId("ticket:t1"), "A visitor", PersonKind.GUEST)
DURING = local("2026-11-23 20:00")


def holding(*tickets: HeldTicket, at: Door = STREET, **more: object) -> Rights:
    return replace(rights(at=at, person=VISITOR), tickets=tickets, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("door", "expected"),
    [
        pytest.param(STREET, GrantKind.EVENT, id="the street"),
        pytest.param(LANDING, GrantKind.EVENT, id="the landing"),
        pytest.param(OFFICE_DOOR, DenyReason.NO_RIGHT, id="no other door"),
    ],
)
def test_a_ticket_opens_the_path_of_its_event_and_other_zones_stay_closed(door: Door, expected: object) -> None:
    assert answer(holding(ticket(), at=door), DURING) == expected


def test_a_ticket_needs_no_membership_and_says_which_event() -> None:
    assert granted(holding(ticket()), DURING) == Grant(GrantKind.EVENT, "talk", Cost.EVENT, ref="t1")


def test_an_event_starts_only_after_the_host_entered() -> None:
    nobody = ticket(evening(host_entered_at=None))
    late = ticket(evening(host_entered_at=local("2026-11-23 19:05")))

    assert miss(holding(nobody), DURING) == Miss(DenyReason.EVENT_NOT_STARTED)
    assert answer(holding(late), local("2026-11-23 19:04")) == DenyReason.EVENT_NOT_STARTED
    assert answer(holding(late), local("2026-11-23 19:05")) == GrantKind.EVENT


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-23 18:59:59", DenyReason.EVENT_NOT_STARTED, id="not before its time, host or no host"),
        pytest.param("2026-11-23 19:00", GrantKind.EVENT, id="from its start"),
        pytest.param("2026-11-23 21:59:59", GrantKind.EVENT, id="to its last second"),
        pytest.param("2026-11-23 22:00", DenyReason.EVENT_OVER, id="it ends itself"),
    ],
)
def test_an_event_runs_from_start_to_end_and_ends_itself(at: str, expected: object) -> None:
    assert answer(holding(ticket()), local(at)) == expected


def test_an_event_may_be_ended_early_by_hand() -> None:
    ended = ticket(evening(ended_at=local("2026-11-23 19:30")))

    assert answer(holding(ended), DURING) == DenyReason.EVENT_OVER


def test_an_event_has_its_own_headcount_against_its_capacity() -> None:
    assert answer(holding(ticket(heads=29)), DURING) == GrantKind.EVENT
    assert answer(holding(ticket(heads=30)), DURING) == DenyReason.EVENT_FULL


def test_a_ticket_is_a_single_entry_with_reentry_after_exit() -> None:
    assert answer(holding(ticket(is_inside=True)), DURING) == DenyReason.TICKET_USED
    assert answer(holding(ticket(is_inside=False)), DURING) == GrantKind.EVENT


def test_whoever_came_in_by_the_street_goes_on_to_the_room_though_it_is_full_by_now() -> None:
    assert answer(holding(ticket(is_inside=True, heads=30), at=LANDING), DURING) == GrantKind.EVENT


def test_a_copy_of_a_ticket_does_not_come_after_it_into_the_room() -> None:
    behind = frozenset({LANDING.id})

    assert answer(holding(ticket(is_inside=True, behind=behind), at=LANDING), DURING) == DenyReason.TICKET_USED
    assert answer(holding(ticket(is_inside=False, behind=behind), at=LANDING), DURING) == GrantKind.EVENT


def test_a_void_ticket_opens_nothing() -> None:
    void = ticket(ticket=Ticket(TicketId("t1"), EventId("talk"), is_void=True))

    assert answer(holding(void), DURING) == DenyReason.NO_MEMBERSHIP


def test_no_path_leads_through_a_door_for_staff() -> None:
    through = ticket(evening(path=(STREET.id, SERVER_DOOR.id)))

    assert answer(holding(through, at=SERVER_DOOR), DURING) == DenyReason.NO_RIGHT


def test_when_an_event_whose_host_is_in_begins_is_told() -> None:
    assert miss(holding(ticket()), local("2026-11-23 18:50")) == Miss(
        DenyReason.EVENT_NOT_STARTED, local("2026-11-23 19:00")
    )


def test_of_two_tickets_the_one_that_came_nearest_is_told() -> None:
    full, over = ticket(heads=30), ticket(evening(end=local("2026-11-23 19:30")))

    assert answer(holding(over, full), DURING) == DenyReason.EVENT_OVER


def test_a_member_with_a_ticket_uses_no_day() -> None:
    at = local("2026-11-23 17:00")
    early = evening(start=local("2026-11-23 16:00"), host_entered_at=NOON)

    assert granted(holding(ticket(early), memberships=(member(TWO_DAYS),)), at).kind is GrantKind.EVENT


# --- the host -----------------------------------------------------------------------------------------

SPEAKER = Person(PersonId("speaker"), "Speaker", PersonKind.VISITOR)


def hosting(event: PublicEvent, at: Door = STREET) -> Rights:
    return replace(rights(at=at, person=SPEAKER), hosting=(event,))


def hosted(**more: object) -> PublicEvent:
    return evening(host=SPEAKER.id, host_entered_at=None, **more)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-23 17:59:59", DenyReason.EVENT_NOT_STARTED, id="more than an hour early"),
        pytest.param("2026-11-23 18:00", GrantKind.HOST, id="an hour before"),
        pytest.param("2026-11-23 21:59", GrantKind.HOST, id="while it runs"),
        pytest.param("2026-11-23 22:00", DenyReason.EVENT_OVER, id="not after"),
    ],
)
def test_the_host_enters_the_path_from_an_hour_before_the_start(at: str, expected: object) -> None:
    for door in (STREET, LANDING):
        assert answer(hosting(hosted(), door), local(at)) == expected


def test_the_host_is_told_when_the_hour_begins() -> None:
    assert next_time(hosting(hosted())) == local("2026-11-23 18:00")


def test_who_does_not_host_it_gets_nothing_from_an_event() -> None:
    at: datetime = local("2026-11-23 18:30")

    assert answer(hosting(evening()), at) == DenyReason.NO_RIGHT
    assert answer(hosting(hosted(), OFFICE_DOOR), at) == DenyReason.NO_RIGHT
