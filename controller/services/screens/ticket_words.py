"""Tickets scanned by hand, in words: what staff read on the page and at the command line."""

from controller.domain.facts import Fact, FactKind
from controller.domain.ticket_scan import ScanAnswer
from controller.services.screens.lines import Line

SCANS: dict[ScanAnswer, str] = {
    ScanAnswer.WELCOME: "the ticket is good",
    ScanAnswer.LEFT: "its holder left",
    ScanAnswer.ALREADY_INSIDE: "its holder is inside already",
    ScanAnswer.NOT_INSIDE: "nobody saw its holder come in",
    ScanAnswer.UNKNOWN: "this is no ticket of this house",
    ScanAnswer.WRONG_EVENT: "it is for another event",
    ScanAnswer.VOID: "it was taken back",
    ScanAnswer.BANNED: "its holder may not enter any more",
    ScanAnswer.NOT_YET: "the event has not begun, or its host has not come yet",
    ScanAnswer.OVER: "the event is over",
    ScanAnswer.LOCKDOWN: "there is a lockdown",
    ScanAnswer.FULL: "the event is full",
}
"""A sentence for every answer a scan can get; a test holds it against the closed list."""


def ticket_line(who: str, fact: Fact) -> Line:
    """What happened, and why."""
    event = fact.detail.get("name", "an event")
    answer = str(fact.detail.get("answer", ""))
    said = SCANS[ScanAnswer(answer)] if answer in set(ScanAnswer) else None
    visitor = who if fact.person is not None else "Somebody"
    if fact.kind is FactKind.TICKET_LEFT:
        return Line(f"{visitor} left {event}, seen by hand", None, "note")
    if fact.kind is FactKind.TICKET_REFUSED:
        return Line(f"{visitor} showed a ticket at {event} and was refused", said, "bad")
    if fact.detail.get("conflict"):
        return Line(f"{visitor} was let in to {event} while the phone had no connection", f"but {said}", "bad")
    return Line(f"{visitor} was let in to {event} with a ticket, by hand", None, "good")
