"""One device's access list as the controller keeps it: what is in it, what was sent, what the device says it holds.

When it is made and sent is `access_lists`'s affair.
"""

from dataclasses import dataclass, field
from datetime import datetime

from controller.domain.building import DeviceKind, Door, Space
from controller.domain.ids import DeviceId, PersonId
from controller.domain.offline import Span
from controller.services.offline.list_entries import Row
from controller.services.offline.list_issuers import NO_PARTNERS, Vouching


@dataclass(slots=True)
class Sheet:
    device: DeviceId
    door: Door
    rev: int = 0
    salt: bytes = field(default=b"", repr=False)
    span: Span | None = None  # of the issue; entries of all its revisions are made for it
    rows: dict[PersonId, Row] = field(default_factory=dict, repr=False)
    vouching: Vouching = NO_PARTNERS
    issued: dict[int, datetime] = field(default_factory=dict)  # by revision
    is_due: bool = True  # to be issued whole
    is_told: bool = False
    told_mono: float = 0.0
    behind_mono: float | None = None  # since when it does not hold the newest
    boot: str | None = None
    held: int | None = None
    refused: str | None = None
    foreign: str | None = None  # a list that is none of ours: which, and why the device did not take it
    foreign_mono: float = 0.0
    dropped: int = 0  # events it had to give up, as it last said


def sheets_of(space: Space) -> dict[DeviceId, Sheet]:
    """Whatever may have to decide alone. A reader on the way out needs no list: whoever leaves is let out."""
    kinds = (DeviceKind.DOOR_UNIT, DeviceKind.READER)
    return {
        device.id: Sheet(device.id, door)
        for device in space.devices.values()
        if device.kind in kinds and device.direction == "in" and (door := space.door_of(device.id)) is not None
    }


def foreign(sheet: Sheet) -> str:
    """In words, that somebody else wrote this device a list."""
    return f"{sheet.door.name} ({sheet.device}) was sent {sheet.foreign}; ours was published again"


def behind(sheet: Sheet) -> str:
    """In words, how a device that does not hold the newest list stands."""
    name = f"{sheet.door.name} ({sheet.device})"
    if sheet.refused is not None and sheet.refused != "older":
        return f"{name} does not take version {sheet.rev} of its list: {sheet.refused}"
    if sheet.held is None:
        return f"{name} has not said that it holds any list"
    return f"{name} is still on version {sheet.held}, the newest is {sheet.rev}"
