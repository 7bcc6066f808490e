"""What readers say: a badge, a token or a PIN on the wire becomes a read, and is handed on to be answered.

How old it is and which way it faces is settled here; whom it belongs to, in `shown`; what it opens, in `access`.
"""

from dataclasses import replace
from typing import Literal

from controller.domain.access import MAX_READ_AGE
from controller.domain.building import Device, DeviceKind, Door, PinMode
from controller.domain.ids import DeviceId
from controller.domain.rights import Read
from controller.domain.shared import PinEntry
from controller.domain.times import stamped
from controller.services.entry.access import AccessService
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.pins import Asked, Pins
from controller.services.entry.shown import NOTHING_SHOWN, Recognition, Shown
from controller.services.inbound import Inbound
from controller.services.ports import Clock
from controller.services.presence import Presence
from controller.services.refusals import Refusals
from devices.errors import BadgeError, MessageError, RefusalReason
from devices.messages import BadgeReadData, Event


class Reads:
    """Takes reads off the wire; each is acknowledged once it is answered for."""

    def __init__(
        self,
        *,
        index: AccessIndex,
        recognition: Recognition,
        pins: Pins,
        access: AccessService,
        presence: Presence,
        refusals: Refusals,
        clock: Clock,
    ) -> None:
        self._index = index
        self._recognition = recognition
        self._pins = pins
        self._access = access
        self._presence = presence
        self._refusals = refusals
        self._clock = clock

    def happened(self, inbound: Inbound, event: Event) -> None:
        """A `badge.read` or a `pin.entered`."""
        reader = self._index.space.devices[DeviceId(inbound.device)]
        read = self._read(inbound, event, reader)
        if self._access.is_repeat(read):
            self._access.refuse_repeat(inbound)
        elif _holds_a_pin(event):
            self._pin_entered(inbound, event, read)
        else:
            self._badge_shown(inbound, event, reader, read)

    def pin_timed_out(self, asked: Asked) -> None:
        """Nobody entered the PIN of this badge: that is its answer."""
        now = self._clock.now()
        before = asked.read
        read = Read(
            reader=before.reader,
            message_id=f"{before.message_id}-pin",
            read_at=now,
            received_at=now,
            age_s=0.0,
            direction=before.direction,
            pin=PinEntry.TIMEOUT,
            began=before.message_id,
        )
        self._access.answer(read, Shown(asked.digest, asked.badge))

    def _badge_shown(self, inbound: Inbound, event: Event, reader: Device, read: Read) -> None:
        try:
            shown = self._recognition.shown(reader, event, inbound.received_at)
        except BadgeError as error:
            refused = MessageError(RefusalReason.SCHEMA, str(error), path="data.card", hint="see the reader's profile")
            self._refusals.refuse(
                refused,
                inbound.topic,
                inbound.payload,
                inbound.received_at,
                inbound.acknowledge,
                droppable=inbound.droppable,
            )
            return
        self._access.answer(read, shown, inbound, event.ts)

    def _pin_entered(self, inbound: Inbound, event: Event, read: Read) -> None:
        """The PIN of the badge that waits here, or one that is a credential by itself; anywhere else it is nothing."""
        assert isinstance(event.data, BadgeReadData)  # what holds a PIN
        assert event.data.pin is not None
        digits = event.data.pin
        shown = NOTHING_SHOWN
        # What is no live entry is neither compared nor counted: replaying somebody's typing must not lock a reader.
        if not read.retained and read.age_s <= MAX_READ_AGE:
            door = self._index.space.door_of(read.reader)
            asked = self._pins.take(read.reader)
            if asked is not None:
                began = asked.read
                entry = self._pins.judge(asked, digits)
                read = _with_pin(read, entry, began=began.message_id, direction=began.direction)
                shown = Shown(asked.digest, asked.badge)
            elif door is not None and _takes_a_pin_alone(door, read):
                alone = self._pins.alone(read.reader, door, digits)
                read = _with_pin(read, alone.entry, began=None, direction=read.direction)
                shown = Shown(alone.digest)
        self._access.answer(read, shown, inbound, event.ts)

    def _read(self, inbound: Inbound, event: Event, reader: Device) -> Read:
        """The read with its age by our clock; the device's word counts as far as its clock can be trusted."""
        age = self._presence.age_of(inbound, event.ts, event.age_ms)
        return Read(
            reader=reader.id,
            message_id=event.id,
            # More than 5 min ahead of us its clock is wrong; the time of arrival is nearer the truth.
            read_at=stamped(event.ts, inbound.received_at).at,
            received_at=inbound.received_at,
            age_s=age,
            retained=inbound.retained,
            direction=direction_of(reader, event.data.direction if isinstance(event.data, BadgeReadData) else None),
        )


def _holds_a_pin(event: Event) -> bool:
    """Some keypads say `badge.read` for everything; guesses count whatever they are called."""
    return isinstance(event.data, BadgeReadData) and event.data.pin is not None


def _takes_a_pin_alone(door: Door, read: Read) -> bool:
    return door.pin is PinMode.ALLOWED and read.direction == "in"


def _with_pin(read: Read, pin: PinEntry, *, began: str | None, direction: Literal["in", "out"]) -> Read:
    return replace(read, pin=pin, began=began, direction=direction)


def direction_of(reader: Device, said: Literal["in", "out"] | None) -> Literal["in", "out"]:
    """A reader stands where the space file says: whoever reaches into one outside must not be let "out" into the house.

    A door unit holds the lock itself and may read on both sides, so its own word counts.
    """
    if said is not None and reader.kind is DeviceKind.DOOR_UNIT:
        return said
    return "out" if reader.direction == "out" else "in"
