"""A ticket shown to a person with a phone: what they are told, once and in words.

No door moves. Whether a ticket admits is the same question as at a reader, asked of `event_rights`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from controller.domain.event_rights import why_not_in
from controller.domain.holdings import HeldTicket
from controller.domain.ids import EventId
from controller.domain.rights import DenyReason


class ScanAnswer(StrEnum):
    """What the phone shows, large."""

    WELCOME = "welcome"
    LEFT = "left"  # scanned on the way out: the place is free, and the ticket is good for coming back
    ALREADY_INSIDE = "already_inside"
    NOT_INSIDE = "not_inside"  # on the way out, of somebody nobody saw come in
    UNKNOWN = "unknown"  # no ticket of this house
    WRONG_EVENT = "wrong_event"
    VOID = "void"
    BANNED = "banned"
    NOT_YET = "not_yet"  # before its time, or its host has not come
    OVER = "over"
    LOCKDOWN = "lockdown"
    FULL = "full"


GOOD = frozenset({ScanAnswer.WELCOME, ScanAnswer.LEFT})

_SAID = {
    DenyReason.EVENT_OVER: ScanAnswer.OVER,
    DenyReason.EVENT_NOT_STARTED: ScanAnswer.NOT_YET,
    DenyReason.TICKET_USED: ScanAnswer.ALREADY_INSIDE,
    DenyReason.EVENT_FULL: ScanAnswer.FULL,
}

_NO_TICKET = frozenset({ScanAnswer.UNKNOWN, ScanAnswer.WRONG_EVENT, ScanAnswer.VOID, ScanAnswer.BANNED})
"""Of these nobody is counted, whoever let them in: they have no ticket that could be inside."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What is asked: this ticket, at this event, on the way in or out. `held` is None for a code nobody knows."""

    held: HeldTicket | None
    event: EventId
    at: datetime
    direction: Literal["in", "out"] = "in"
    is_banned: bool = False
    is_locked_down: bool = False


def judge_scan(scan: Scan) -> ScanAnswer:
    """The first thing that is wrong; leaving is never refused to whoever holds a ticket of this event."""
    held = scan.held
    if held is None:
        return ScanAnswer.UNKNOWN
    if held.event.id != scan.event:
        return ScanAnswer.WRONG_EVENT
    if scan.direction == "out":
        return ScanAnswer.LEFT if held.is_inside else ScanAnswer.NOT_INSIDE
    if held.ticket.is_void:
        return ScanAnswer.VOID
    if scan.is_banned:
        return ScanAnswer.BANNED
    if scan.is_locked_down:
        return ScanAnswer.LOCKDOWN
    reason = why_not_in(held, scan.at, uses_it=True)
    return ScanAnswer.WELCOME if reason is None else _SAID[reason]


def counts_all_the_same(answer: ScanAnswer) -> bool:
    """Of a scan told of late: whether its holder is inside, though it would have been refused.

    Whoever stood at the door had no answer and let them in. It happened, so it is counted, and told as a conflict.
    """
    return answer not in _NO_TICKET and answer not in (ScanAnswer.LEFT, ScanAnswer.NOT_INSIDE)
