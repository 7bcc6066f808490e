"""From a telemetry message to rows of the log: units made canonical, each reading judged, nothing thrown away.

What is believable is `domain.telemetry`'s to say; how rows become durable is `spool`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.domain.history.values import Measured, Source
from controller.domain.ids import AreaId, DeviceId
from controller.domain.telemetry import SetAside, Value, judge
from controller.domain.times import stamped
from controller.services.inbound import Inbound
from controller.services.ports import TelemetryRow
from controller.services.presence import Known, Presence
from controller.services.refusals import Refusals
from controller.services.rooms.spool import Spool
from devices.channels import is_no_reading
from devices.codec import message_key
from devices.errors import MessageError, RefusalReason
from devices.messages import Birth, Values
from devices.messages import Telemetry as TelemetryMessage

_HINTS = {
    SetAside.UNKNOWN_CHANNEL: "name the channel in up/birth",
    SetAside.UNIT: "give the channel a class of printable characters without a backslash, and a unit of that class, in up/birth",
    SetAside.OUT_OF_RANGE: "look at the sensor, or at min and max in up/birth",
    SetAside.SCHEMA: "send a number, without quotes",
    SetAside.STALE: "set the device's clock, or leave ts out",
}


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a source was made from."""

    birth: Birth | None
    room: AreaId | None
    source: Source


class Telemetry:
    """Takes readings in; each message is acknowledged once its last row is durable."""

    def __init__(
        self,
        presence: Presence,
        spool: Spool,
        refusals: Refusals,
        *,
        room_of: Callable[[DeviceId], AreaId | None] = lambda _: None,
    ) -> None:
        """`room_of` says where a device stands now."""
        self._presence = presence
        self._spool = spool
        self._refusals = refusals
        self._room_of = room_of
        self._sources: dict[DeviceId, _Sent] = {}

    def taken(self, inbound: Inbound, message: TelemetryMessage) -> None:
        """One message, of one moment or a batch of them."""
        if inbound.retained:
            self._refuse_retained(inbound)
            return
        device = DeviceId(inbound.device)
        known = self._presence.of(device)
        key = message_key(inbound.address, message, inbound.payload, known.presence.boot or "", inbound.received_at)
        source = self._source(device, known)
        if message.v is not None:
            row = _row(source, key, message.ts, message.v, known, inbound.received_at, message.seq)
            self._spool.put(row, inbound.acknowledge, droppable=inbound.droppable)
            self._tell_sender(inbound, row)
        else:
            self._batch(inbound, message, source, key, known)
        self._presence.heard(device, inbound.received_mono)

    def _source(self, device: DeviceId, known: Known) -> Source:
        """One for all rows of a device until it is born again or moved: a store remembers what it knows by it."""
        sent, room = self._sources.get(device), self._room_of(device)
        if sent is None or sent.birth is not known.birth or sent.room != room:
            sent = self._sources[device] = _Sent(known.birth, room, Source(device, room, _measured(known)))
        return sent.source

    def _batch(self, inbound: Inbound, message: TelemetryMessage, source: Source, key: str, known: Known) -> None:
        """A backlog: one row for each moment, kept in order, so the last one's commit covers them all."""
        samples = message.batch or ()
        for place, sample in enumerate(samples):
            is_last = place == len(samples) - 1
            seq = message.seq if is_last else None
            row = _row(source, f"{key}/{place}", sample.ts, sample.v, known, inbound.received_at, seq)
            self._spool.put(row, inbound.acknowledge if is_last else _nothing, droppable=inbound.droppable)
            self._tell_sender(inbound, row)

    def _refuse_retained(self, inbound: Inbound) -> None:
        """It would come again at every start, each time as if it had just been measured."""
        error = MessageError(
            RefusalReason.STALE,
            "a retained reading says nothing of now",
            topic=inbound.topic,
            hint="publish telemetry without the retain flag, and slow things on up/state",
        )
        self._refusals.refuse(error, inbound.topic, inbound.payload, inbound.received_at, inbound.acknowledge)

    def _tell_sender(self, inbound: Inbound, row: TelemetryRow) -> None:
        """A reading that is not believed is refused by itself; what came with it is kept."""
        for channel, reason in row.set_aside.items():
            error = MessageError(
                RefusalReason(reason),
                f"the reading of {channel} is not believed",
                topic=inbound.topic,
                path=f"v.{channel}",
                hint=_HINTS[SetAside(reason)],
            )
            self._refusals.refuse(error, inbound.topic, inbound.payload, inbound.received_at, _nothing, droppable=True)


def _measured(known: Known) -> dict[str, Measured]:
    """What each channel of its birth measures; the unit is the one its values are converted to."""
    return {
        name: Measured(channel.device_class, known.conversions[name].unit if name in known.conversions else "")
        for name, channel in known.channels.items()
    }


def _row(
    source: Source,
    key: str,
    said: datetime | None,
    values: Values,
    known: Known,
    received: datetime,
    seq: int | None,
) -> TelemetryRow:
    stamp = stamped(said, received)
    readings = _canonical(values, known)
    if known.birth is None and not stamp.is_unset:
        # Nobody has told us what its channels are: kept as sent, and marked.
        kept, set_aside, flags = readings, {}, ("no_birth", *((stamp.flag.value,) if stamp.flag is not None else ()))
    else:
        judged = judge(readings, known.channels, stamp)
        kept, set_aside, flags = dict(judged.kept), {k: str(v) for k, v in judged.set_aside.items()}, judged.flags
    return TelemetryRow(
        device=source.device,
        key=key,
        measured_ms=int(stamp.at.timestamp() * 1000),
        received_ms=int(received.timestamp() * 1000),
        values=kept,
        flags=flags,
        set_aside=set_aside,
        seq=seq,
        source=source,
    )


def _canonical(values: Values, known: Known) -> dict[str, Value]:
    """Numbers in canonical units; what says "no reading" is no news."""
    conversions: Mapping[str, object] = known.conversions
    readings: dict[str, Value] = {}
    for name, value in values.items():
        if value is None or (isinstance(value, str) and is_no_reading(value)):
            continue
        if isinstance(value, bool | str) or name not in conversions:
            readings[name] = value
        else:
            readings[name] = known.conversions[name](value)
    return readings


def _nothing() -> None:
    """A batch's earlier rows are acknowledged by its last."""
