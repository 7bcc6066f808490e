"""What a decision was made from, as it is kept beside it; and the same rights again, for asking another policy.

Only what this person held and what this door saw: no name, no badge number, and of the house what decides about
entries. The door and the policy are not kept: a policy by its version, and which one to ask is the asker's choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, get_type_hints

from controller.domain.access import Read, Rights
from controller.domain.building import Door, Space
from controller.domain.facts import Fact, Plain
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, DeviceId
from controller.domain.shared import PinEntry
from controller.services.policy.plain_values import UnreadableError, default_of, from_plain, to_plain

# Of more than this many bookings, those that can matter for one read are kept: see `_near`.
BOOKINGS_KEPT = 16
_NEAR = timedelta(days=1)
# What people hold changes seldom and is read often: each value is written once. A large house holds some thousands.
_REMEMBERED = 8192
_LATER_KEPT = 3
# Values of the registry, the same object for every read; usage and shared state are made anew for each.
_LASTING = frozenset({"credential", "person"})

# Modes of doors are no part of a decision about an entry: fire, overrides and windows are left out.
_HOUSE = ("lockdowns", "holidays")
_KINDS = {name: kind for name, kind in get_type_hints(Rights).items() if name not in ("space", "door")}
_NOTHING = {one.name: default_of(one) for one in fields(Rights) if one.name in _KINDS}
_ASKED = tuple((name, _NOTHING[name]) for name in _KINDS if name not in ("bookings", "house"))

_written: dict[int, tuple[object, Plain]] = {}


def inputs_of(read: Read, rights: Rights) -> dict[str, Plain]:
    """Everything the decision on this read was made from, beside the door, the policy and what its fact says already."""
    found: dict[str, Plain] = {}
    for name, nothing in _ASKED:
        value = getattr(rights, name)
        if value is None or value is nothing or value == nothing:
            continue
        if value.__class__ is tuple:
            found[name] = tuple([_once(one) for one in value])
        else:
            found[name] = _once(value) if name in _LASTING else to_plain(value)
    if rights.bookings:
        found["bookings"] = tuple([_once(one) for one in _near(rights.bookings, read.received_at)])
    house = rights.house
    if house.lockdowns or house.holidays:
        found["house"] = {name: tuple([_once(one) for one in getattr(house, name)]) for name in _HOUSE}
    if read.pin is not None:
        found["pin"] = read.pin.value
    return found


def rights_from(inputs: Mapping[str, Plain], space: Space, door: Door | None) -> Rights:
    """The rights these inputs were taken from, beside this policy and this door of it.

    Raises:
        UnreadableError: another version wrote them, or they are damaged.
    """
    held: dict[str, Any] = {"credential": None, "person": None}
    held |= {name: from_plain(kind, inputs[name]) for name, kind in _KINDS.items() if name in inputs}
    return Rights(space, door, **held)


def read_from(fact: Fact, inputs: Mapping[str, Plain]) -> Read:
    """The read that a decision's fact tells of; raises UnreadableError."""
    detail = fact.detail
    try:
        return Read(
            reader=DeviceId(str(fact.device)),
            message_id=str(fact.message_id),
            read_at=datetime.fromisoformat(str(detail["read_at"])),
            received_at=fact.at,
            age_s=float(detail["age_s"]),  # type: ignore[arg-type]
            direction="out" if detail.get("direction") == "out" else "in",
            pin=PinEntry(str(inputs["pin"])) if "pin" in inputs else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"this decision cannot be read: {error}") from error


def _once(value: object) -> Plain:
    """The same plain value for the same object: it is frozen, and held here, so that its id is nobody else's."""
    known = _written.get(id(value))
    if known is not None and known[0] is value:
        return known[1]
    if len(_written) >= _REMEMBERED:
        _written.clear()
    plain = to_plain(value)
    _written[id(value)] = (value, plain)
    return plain


def _near(bookings: Sequence[Booking], at: datetime) -> Sequence[Booking]:
    """All of them; of very many those about now, and of each room the last before and the first few after.

    With them the answer is the same; only when a refused badge would next work may be told later than it is, by
    somebody with more bookings than one person has.
    """
    if len(bookings) <= BOOKINGS_KEPT:
        return bookings
    before: dict[AreaId, Booking] = {}
    after: dict[AreaId, list[Booking]] = {}
    kept = []
    for one in sorted(bookings, key=lambda booking: booking.start):
        if one.end < at - _NEAR:
            before[one.area] = one
        elif one.start > at + _NEAR:
            if len(later := after.setdefault(one.area, [])) < _LATER_KEPT:
                later.append(one)
        else:
            kept.append(one)
    return [*before.values(), *kept, *(one for later in after.values() for one in later)]
