"""What a public event opens: its path of doors, to ticket holders once the host is in, and to the host before.

Counting the visitors, ending the event and unlocking its path for everybody are the work of services.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from controller.domain.building import Door
from controller.domain.grants import Cost, Grant, GrantKind
from controller.domain.holdings import HeldTicket, PublicEvent
from controller.domain.ids import DoorId
from controller.domain.misses import first_or_nearest
from controller.domain.rights import DenyReason, Rights
from controller.domain.standing import LocalDay

HOST_BEFORE = timedelta(minutes=60)
"""The host comes first, and has chairs to put out."""


def by_hosting(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """The host's own way in: staff or not, a member or not, whoever hosts must be able to begin."""
    person = rights.person
    own = (event for event in rights.hosting if person is not None and event.host == person.id)
    return first_or_nearest(_hosts(event, at) for event in own if _is_on_path(event, door))


def by_ticket(rights: Rights, door: Door, day: LocalDay, at: datetime) -> Grant | DenyReason | None:
    """A ticket: in once by each door of the path, and again after each exit."""
    good = (held for held in rights.tickets if not held.ticket.is_void and _is_on_path(held.event, door))
    return first_or_nearest(_admits(held, door, at) for held in good)


def event_openings(rights: Rights, door: Door, turn: datetime) -> Iterator[datetime]:
    """When, from `turn` on, an event hosted or a ticket held would open this door."""
    for event in rights.hosting:
        if _is_on_path(event, door) and not _is_over(event, turn):
            yield max(turn, event.start - HOST_BEFORE)
    for held in rights.tickets:
        # Until the host has come, no clock says when that will be.
        if _is_on_path(held.event, door) and held.event.host_entered_at is not None:
            yield max(turn, held.event.start, held.event.host_entered_at)


def _hosts(event: PublicEvent, at: datetime) -> Grant | DenyReason:
    if _is_over(event, at):
        return DenyReason.EVENT_OVER
    if at < event.start - HOST_BEFORE:
        return DenyReason.EVENT_NOT_STARTED
    return Grant(GrantKind.HOST, event.id, Cost.EVENT)


def _admits(held: HeldTicket, door: Door, at: datetime) -> Grant | DenyReason:
    # Whoever came in by the street goes on to the room with the same ticket. A copy of it stays out there, too.
    reason = why_not_in(held, at, uses_it=is_used_at(held, door.id))
    return reason if reason is not None else Grant(GrantKind.EVENT, held.event.id, Cost.EVENT, ref=held.ticket.id)


def is_used_at(held: HeldTicket, door: DoorId) -> bool:
    """Whether whoever is inside has used the ticket at this door: the street's is used by being inside at all."""
    return door == held.event.path[0] or door in held.behind


def why_not_in(held: HeldTicket, at: datetime, *, uses_it: bool) -> DenyReason | None:
    """Why this ticket admits nobody to its event now, wherever it is shown; None when it does."""
    event = held.event
    if _is_over(event, at):
        return DenyReason.EVENT_OVER
    if at < event.start or event.host_entered_at is None or at < event.host_entered_at:
        return DenyReason.EVENT_NOT_STARTED
    if held.is_inside and uses_it:
        return DenyReason.TICKET_USED
    if not held.is_inside and held.heads >= event.capacity:
        return DenyReason.EVENT_FULL
    return None


def _is_on_path(event: PublicEvent, door: Door) -> bool:
    return door.id in event.path and not door.staff_only


def _is_over(event: PublicEvent, at: datetime) -> bool:
    return at >= event.end or (event.ended_at is not None and at >= event.ended_at)
