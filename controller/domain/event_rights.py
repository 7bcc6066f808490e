"""What a public event opens: its path of doors, to ticket holders once the host is in, and to the host before.

Counting the visitors, ending the event and unlocking its path for everybody are the work of services.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from controller.domain.building import Door
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.holdings import HeldTicket, PublicEvent
from controller.domain.rights import DenyReason, Rights
from controller.domain.standing import LocalDay

HOST_BEFORE = timedelta(minutes=60)
"""The host comes first, and has chairs to put out."""

_NEAREST_FIRST = (
    DenyReason.EVENT_NOT_STARTED,
    DenyReason.EVENT_OVER,
    DenyReason.EVENT_FULL,
    DenyReason.TICKET_USED,
)


def by_hosting(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """The host's own way in: staff or not, a member or not, whoever hosts must be able to begin."""
    miss: DenyReason | None = None
    for event in rights.hosting:
        if rights.person is None or event.host != rights.person.id or not _is_on_path(event, door):
            continue
        if _is_over(event, at):
            miss = miss or DenyReason.EVENT_OVER
        elif at < event.start - HOST_BEFORE:
            miss = DenyReason.EVENT_NOT_STARTED
        else:
            return Grant(GrantKind.HOST, event.id, Cost.EVENT)
    return miss


def by_ticket(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """A ticket: in once, and again after each exit."""
    misses: set[DenyReason] = set()
    for held in rights.tickets:
        if held.ticket.is_void or not _is_on_path(held.event, door):
            continue
        problem = _problem(held, door, at)
        if problem is None:
            return Grant(GrantKind.EVENT, held.event.id, Cost.EVENT, ref=held.ticket.id)
        misses.add(problem)
    return next((reason for reason in _NEAREST_FIRST if reason in misses), None) if misses else None


def event_openings(rights: Rights, door: Door, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, an event hosted or a ticket held would open this door."""
    for event in rights.hosting:
        if _is_on_path(event, door) and not _is_over(event, turn):
            yield max(turn, event.start - HOST_BEFORE)
    for held in rights.tickets:
        # Until the host has come, no clock says when that will be.
        if _is_on_path(held.event, door) and held.event.host_entered_at is not None:
            yield max(turn, held.event.start, held.event.host_entered_at)


def _problem(held: HeldTicket, door: Door, at: datetime) -> DenyReason | None:
    event = held.event
    if _is_over(event, at):
        return DenyReason.EVENT_OVER
    if at < event.start or event.host_entered_at is None or at < event.host_entered_at:
        return DenyReason.EVENT_NOT_STARTED
    if held.is_inside:
        # Whoever came in by the street goes on to the room with the same ticket; it is used at the first door only.
        return DenyReason.TICKET_USED if door.id == event.path[0] else None
    return DenyReason.EVENT_FULL if held.heads >= event.capacity else None


def _is_on_path(event: PublicEvent, door: Door) -> bool:
    return door.id in event.path and not door.staff_only


def _is_over(event: PublicEvent, at: datetime) -> bool:
    return at >= event.end or (event.ended_at is not None and at >= event.ended_at)
