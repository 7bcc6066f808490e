"""What is under way on one connection, both ways: messages handed over and not given back, messages sent and not
confirmed. It ends with its connection, and nothing in it reaches the next.
"""

import asyncio

from devices.errors import LinkError, OutboxFull
from devices.link.acks import AckLedger
from devices.link.connection import Connection
from devices.link.delivery import Delivery
from devices.link.errors import PublishRefused
from devices.link.outbox import Outbox, Outgoing
from devices.link.packets import PUBACK_FAILED, Puback
from devices.link.settings import LinkSettings


class Exchange:
    """The traffic of one connection; `generation` names it for those who come back late."""

    def __init__(self, settings: LinkSettings, connection: Connection, generation: int, window: int) -> None:
        self.connection = connection
        self.generation = generation
        self._address = settings.address
        self._limit = settings.outbox_limit
        self._loop = asyncio.get_running_loop()
        self._ledger = AckLedger()
        self._outbox = Outbox(window)

    @property
    def unacked_in(self) -> int:
        return len(self._ledger)

    @property
    def oldest_at(self) -> float | None:
        return self._ledger.oldest_at

    @property
    def unacked_out(self) -> int:
        return len(self._outbox)

    def unconfirmed(self) -> list[asyncio.Future[None]]:
        return self._outbox.unconfirmed()

    # In.

    def arrived(self, delivery: Delivery) -> None:
        delivery.generation = self.generation
        if delivery.qos:
            delivery.order = self._ledger.received(delivery.mid, delivery.qos, delivery.received_mono)

    def arrived_unreadable(self, mid: int, qos: int) -> None:
        """A message nobody will ever give back; its place in the order counts all the same."""
        if qos:
            self.finished(self._ledger.received(mid, qos, self._loop.time()))

    def finished(self, order: int) -> None:
        for mid, qos, _ in self._ledger.finished(order):
            self.connection.acknowledge(mid, qos)

    # Out.

    def publish(self, topic: str, payload: bytes, *, retain: bool, properties: bytes | None) -> asyncio.Future[None]:
        if len(self._outbox) >= self._limit:
            raise OutboxFull(
                f"{self._address}: {len(self._outbox)} messages wait for the broker's confirmation; "
                f"{topic!r} was not sent"
            )
        message = Outgoing(topic, payload, retain, properties, self._loop.create_future())
        if self._outbox.has_room:
            self._send(message)
        else:
            self._outbox.wait(message)
        return message.confirmed

    def confirmed(self, puback: Puback) -> None:
        message = self._outbox.confirmed(puback.mid)
        if message is not None and not message.confirmed.done():
            if puback.reason < PUBACK_FAILED:
                message.confirmed.set_result(None)
            else:
                self._fail(message, PublishRefused(self._address, message.topic, puback.reason))
        while (waiting := self._outbox.next_to_send()) is not None:
            try:
                self._send(waiting)
            except LinkError as exc:
                self._fail(waiting, exc)

    def over(self, error: LinkError) -> None:
        self._outbox.fail(error)

    def _send(self, message: Outgoing) -> None:
        mid = self.connection.publish(
            message.topic, message.payload, 1, retain=message.retain, properties=message.properties
        )
        self._outbox.sent(mid, message)

    @staticmethod
    def _fail(message: Outgoing, error: LinkError) -> None:
        message.confirmed.set_exception(error)
        message.confirmed.exception()  # as read: who does not look back gets no complaint from asyncio
