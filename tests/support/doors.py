"""What the devices of a door say, as tests of doors say it again and again."""

import asyncio
from datetime import datetime

from controller.domain.door import DoorState
from controller.domain.facts import FactKind
from devices.messages import Do, Event, EventType, Signal, State
from tests.support.services import STREET, STREET_UNIT, House


def report(
    house: House,
    contact: str | None = None,
    lock: str | None = None,
    unit: str = STREET_UNIT,
    *,
    button: bool | None = None,
    ts: datetime | None = None,
) -> None:
    """The unit's snapshot, of what it names."""
    values = {"door.contact": contact, "door.lock": lock, "door.rex": button}
    said = {name: value for name, value in values.items() if value is not None}
    house.say(unit, State(ts=ts or house.clock.now(), v=said))


def edge(house: House, event: EventType, id: str = "edge-1", **more: object) -> None:
    how = {name: bool(more.pop(name)) for name in ("backlog",) if name in more}
    house.say(STREET_UNIT, Event(id=id, type=event, **more), **how)  # type: ignore[arg-type]


async def a_moment() -> None:
    """Long enough for a leaf to have come to rest."""
    await asyncio.sleep(0.25)


async def locks(house: House) -> None:
    """The door is closed, its bolt goes in, and the moment of grace passes."""
    report(house, "closed", "locked")
    await asyncio.sleep(3)


def state(house: House) -> DoorState:
    return house.doors.of(STREET.id).state


def passages(house: House) -> list[tuple[FactKind, str | None, str | None]]:
    """Who went through, and who did not, with the tap each belongs to."""
    facts = house.heard_of(FactKind.ENTRY_TAKEN, FactKind.ENTRY_NOT_TAKEN)
    return [(fact.kind, fact.person, fact.correlation) for fact in facts]


def warned(house: House) -> list[str]:
    """Who was told, at the door, that it has been held open too long."""
    return [sent.device for sent in house.outbound.sent if getattr(sent.message, "shows", None) is Signal.WARNING]


def unlock_id(house: House, unit: str = STREET_UNIT) -> str:
    return [message.id for message in house.outbound.to(unit) if message.do is Do.UNLOCK][-1]  # type: ignore[attr-defined]
