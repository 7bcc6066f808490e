"""A ticket shown to somebody with a phone: the first thing that is wrong, or welcome."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.holdings import HeldTicket, PublicEvent, Ticket
from controller.domain.ids import AreaId, DoorId, EventId, PersonId, TicketId
from controller.domain.ticket_scan import Scan, ScanAnswer, counts_all_the_same, judge_scan

START = datetime(2026, 11, 28, 19, 0, tzinfo=UTC)
TALK = PublicEvent(
    EventId("talk"),
    "A talk",
    PersonId("hera"),
    AreaId("classroom"),
    (DoorId("street"), DoorId("classroom")),
    START,
    START + timedelta(hours=2),
    2,
    host_entered_at=START - timedelta(minutes=20),
)
HELD = HeldTicket(Ticket(TicketId("t1"), TALK.id, "Ada"), TALK)
SCAN = Scan(HELD, TALK.id, START + timedelta(minutes=5))
INSIDE = replace(HELD, is_inside=True, heads=1)
FULL = replace(HELD, heads=2)
VOID = replace(HELD, ticket=replace(HELD.ticket, is_void=True))
HOSTLESS = replace(HELD, event=replace(TALK, host_entered_at=None))


@pytest.mark.parametrize(
    ("scan", "answer"),
    [
        (SCAN, ScanAnswer.WELCOME),
        (replace(SCAN, held=None), ScanAnswer.UNKNOWN),
        (replace(SCAN, event=EventId("walk")), ScanAnswer.WRONG_EVENT),
        (replace(SCAN, held=VOID), ScanAnswer.VOID),
        (replace(SCAN, is_banned=True), ScanAnswer.BANNED),
        (replace(SCAN, is_locked_down=True), ScanAnswer.LOCKDOWN),
        (replace(SCAN, at=START - timedelta(seconds=1)), ScanAnswer.NOT_YET),
        (replace(SCAN, held=HOSTLESS), ScanAnswer.NOT_YET),
        (replace(SCAN, at=TALK.end), ScanAnswer.OVER),
        (replace(SCAN, held=INSIDE), ScanAnswer.ALREADY_INSIDE),
        (replace(SCAN, held=FULL), ScanAnswer.FULL),
        (replace(SCAN, held=replace(INSIDE, heads=2)), ScanAnswer.ALREADY_INSIDE),
        (replace(SCAN, held=INSIDE, direction="out"), ScanAnswer.LEFT),
        (replace(SCAN, direction="out"), ScanAnswer.NOT_INSIDE),
    ],
    ids=[
        "good",
        "no ticket",
        "another event",
        "void",
        "banned",
        "lockdown",
        "too early",
        "no host",
        "over",
        "inside",
        "full",
        "inside a full one",
        "leaves",
        "leaves unseen",
    ],
)
def test_a_scan_is_answered_by_the_first_thing_that_is_wrong(scan, answer):
    assert judge_scan(scan) is answer


@pytest.mark.parametrize("more", [{"is_banned": True}, {"is_locked_down": True}, {"at": TALK.end}], ids=str)
def test_leaving_is_never_refused_to_whoever_is_in(more):
    assert judge_scan(replace(SCAN, held=INSIDE, direction="out", **more)) is ScanAnswer.LEFT


def test_a_ticket_goes_in_again_after_it_went_out():
    assert judge_scan(replace(SCAN, held=replace(HELD, is_inside=False, heads=1))) is ScanAnswer.WELCOME


def test_told_late_whoever_holds_a_ticket_is_counted_and_nobody_else():
    assert {answer for answer in ScanAnswer if counts_all_the_same(answer)} == {
        ScanAnswer.WELCOME,
        ScanAnswer.ALREADY_INSIDE,
        ScanAnswer.NOT_YET,
        ScanAnswer.OVER,
        ScanAnswer.LOCKDOWN,
        ScanAnswer.FULL,
    }
