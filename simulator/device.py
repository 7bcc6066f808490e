"""One virtual device: hardware on a link of its own.

What it does with itself is `hardware`'s; which devices there are `fleet`'s.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal, Protocol

from devices import codec
from devices.channels import Bolt
from devices.errors import LinkError, MessageError
from devices.link import Delivery, Link, LinkSettings, LinkState, PublishRefused, Will
from devices.messages import Event, EventType, Message, Scalar, Signal, Telemetry
from devices.topics import RULES, Kind, Topics
from devices.units import DoorUnit, Input, Machine, Reader, Voice
from devices.units.steps import (
    BadgeShown,
    Connected,
    ContactFelt,
    Disconnected,
    Heard,
    PinEntered,
    Publish,
    Show,
    Unheard,
    Unread,
)
from simulator.hardware import Answer, Hardware, Later, Surroundings

__all__ = ["Surroundings", "Untouched", "VirtualDevice"]

logger = logging.getLogger(__name__)

# A read that old never unlocks, so the broker need not keep it (MQTT 5 only).
_READ_EXPIRES_S = 5
# What somebody sees of a reader without power.
_DARK = Show(Signal.TRY_AGAIN, "no_answer")


class Between(Protocol):
    """What may stand between a device and its link, its instruments, its switches and its clock, and do harm there."""

    def passes(
        self,
        way: Literal["up", "down"],
        kind: str,
        payload: bytes,
        retain: bool,
        go: Callable[[bytes, bool], None],
        lost: Callable[[], None] = ...,
        /,
    ) -> None:
        """A message on its way: `go` carries this body, said to be retained or not, as often as it is called.

        `lost` is called where the device loses power while the message waits here.
        """
        ...

    def loses_power(self) -> None:
        """What waits here is forgotten, and a strike without power is locked."""
        ...

    def reads(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]: ...
    def feels(self, given: Input) -> bool: ...
    def now(self, true: datetime) -> datetime: ...


class Untouched:
    """For who stands between to listen: everything but `passes`, and nothing is harmed by it."""

    def loses_power(self) -> None:
        """Nothing waits here."""

    def reads(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        return dict(values)

    def feels(self, _given: Input) -> bool:
        return True

    def now(self, true: datetime) -> datetime:
        return true


class VirtualDevice(Hardware):
    """Its link connects, and reconnects, while it is open."""

    def __init__(
        self,
        device_id: str,
        power_on: Callable[[], Machine],
        topics: Topics,
        settings: LinkSettings,
        around: Surroundings,
    ) -> None:
        """`power_on` gives the machine as it is when it wakes, under a boot id of its own."""
        super().__init__(device_id, power_on(), around, _on_the_loop, self._say)
        self._power_on = power_on
        self._settings = settings
        self._topics = topics
        self.is_off = False
        # One hand at the plug: a cut that is still under way must not meet its own end.
        self._plug = asyncio.Lock()
        self._is_gone = False
        self._unlocked_waiters: list[asyncio.Future[float]] = []
        self.on_unlocked = self._tell_waiters
        self._was_connected = False
        self._between: Between | None = None
        # Told of what it hears that is not said to it, where it listens to more.
        self.overhears: Callable[[Delivery], None] | None = None
        self._own_topics = topics.device_filter(device_id).removesuffix("#")
        self.link = self._new_link()

    def feed(self, given: Input) -> None:
        if self._between is not None and not self._between.feels(given):
            return
        if not self.is_off:
            super().feed(given)
        elif isinstance(given, ContactFelt) and isinstance(self.machine, DoorUnit):
            # A leaf moves without power as well; the switch is felt when there is some again.
            self.machine = replace(self.machine, is_open=given.is_open)
        elif isinstance(given, Unheard) and isinstance(self.machine, DoorUnit | Reader):
            # Said into the cut and never confirmed: still in its flash, and told when it wakes.
            self.machine, _ = self.machine.step(given, self._around.now())
        elif isinstance(given, Disconnected) and self._around.witness is not None:
            self._around.witness.saw(self.id, given, self.machine, ())

    @property
    def is_online(self) -> bool:
        return self._was_connected and not self.is_off

    def meddled(self, between: Between) -> None:
        """From now on all that it says, hears, reads and feels passes there first."""
        self._between = between
        true = self._around
        self._around = replace(
            true,
            now=lambda: between.now(true.now()),
            measure=lambda device_id: between.reads(true.measure(device_id)),
        )

    def hang_up(self, why: str) -> None:
        """The link is lost without a goodbye, and comes back by itself."""
        self.link.drop(why)

    def double(self, every_s: float) -> Link:
        """Somebody else who logs in by its name; taken out, again after so many seconds."""
        settings = replace(self._settings, subscriptions=(), reconnect_min_s=min(1.0, every_s), reconnect_max_s=every_s)
        return Link(settings, lambda _: None)

    async def cut_power(self) -> None:
        """It falls silent in the middle of a word, and the broker publishes its will; a strike without power is locked."""
        async with self._plug:
            if self.is_off:
                return
            self.is_off = True
            self.stop()
            self.machine = self._awake(self.machine)
            self.link.drop("power cut")
            if self._between is not None:
                self._between.loses_power()
            # Nothing connects behind its back; there is nothing left to say goodbye on.
            await self.link.__aexit__(None, None, None)
            self._answers(_DARK)

    async def give_power(self) -> None:
        """It wakes under another boot id and says how it finds its door."""
        async with self._plug:
            if not self.is_off:
                return
            self.link = self._new_link()
            self.is_off = False
            await self.link.__aenter__()

    async def unlocked(self, within_s: float) -> float | None:
        """For how long the bolt is drawn: waits for it, and gives up with None."""
        if not isinstance(self.machine, DoorUnit):
            return None
        if self.machine.lock is Bolt.UNLOCKED:
            return self.machine.hold_s
        waiter: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._unlocked_waiters.append(waiter)
        try:
            async with asyncio.timeout(within_s):
                return await waiter
        except TimeoutError:
            return None
        finally:
            self._unlocked_waiters.remove(waiter)

    def farewell(self) -> None:
        """Say goodbye properly, so that nobody takes us for lost, and stop all timers."""
        self._is_gone = True
        self.stop()
        self._say(Publish(Kind.STATUS, self.machine.status(gone=True, now=self._around.now())))

    def _tell_waiters(self, hold_s: float) -> None:
        for waiter in self._unlocked_waiters:
            if not waiter.done():
                waiter.set_result(hold_s)

    def _asks(self, given: BadgeShown | PinEntered, answer: Answer) -> None:
        if self.is_off:
            answer(_DARK)
        else:
            super()._asks(given, answer)

    def _awake(self, before: Machine) -> Machine:
        """As after power-on: it has forgotten all but what is in its flash, and the leaf stands where it stood."""
        machine = self._power_on()
        if isinstance(machine, DoorUnit) and isinstance(before, DoorUnit):
            voice = _with_what_was_kept(machine.voice, before.voice)
            return replace(machine, own=before.own, voice=voice, is_open=before.is_open)
        if isinstance(machine, Reader) and isinstance(before, Reader):
            return replace(machine, own=before.own, voice=_with_what_was_kept(machine.voice, before.voice))
        return machine

    # --- the link ---------------------------------------------------------------------------------

    def _new_link(self) -> Link:
        will = Will(
            self._topics.up(self.id, Kind.STATUS),
            codec.encode(self.machine.status(lost=True)),
            delay_s=_will_delay(self._settings),
        )
        settings = replace(self._settings, will=will)
        return Link(settings, self._delivered, self._link_changed, on_connected=self._connected)

    def _connected(self, _: Link) -> None:
        self._was_connected = True
        self.feed(Connected())

    def _link_changed(self, state: LinkState) -> None:
        if self._was_connected and not state.connected:
            self._was_connected = False
            self.feed(Disconnected())

    def _delivered(self, delivery: Delivery) -> None:
        if self.overhears is not None and not delivery.topic.startswith(self._own_topics):
            self.overhears(delivery)
        elif self._between is None:
            self._hears(delivery)
        else:
            # Of what was held up on the way it knows nothing: to the device it came just now.
            now = asyncio.get_running_loop().time
            kind = delivery.topic.rpartition("/down/")[2].partition("/")[0]
            self._between.passes("down", kind, delivery.payload, delivery.retain, lambda body, retain: self._hears(
                replace(delivery, payload=body, retain=retain, received_mono=now())
            ))  # fmt: skip
        self.link.ack(delivery)

    def _hears(self, delivery: Delivery) -> None:
        try:
            # Not said to be retained: a retained command is refused by the machine, which also says so.
            decoded = codec.decode(self._topics, delivery.topic, delivery.payload)
        except MessageError as exc:
            # An empty body is one too: it only clears what the broker kept, as a page of a longer list.
            logger.debug("%s does not understand a message: %s", self.id, exc)
        else:
            waited = asyncio.get_running_loop().time() - delivery.received_mono
            page = decoded.address.page
            self.feed(Heard(decoded.message, retained=delivery.retain, waited_s=max(0.0, waited), page=page))

    # --- what the machine says --------------------------------------------------------------------

    def _say(self, said: Publish) -> None:
        body, retain = codec.encode(said.message), RULES[said.kind].retained
        if self._between is None:
            self._send(said, body, retain)
        else:
            self._between.passes(
                "up", said.kind, body, retain,
                lambda body, retain: self._send(said, body, retain), lambda: self._unheard(said.message),
            )  # fmt: skip

    def _send(self, said: Publish, body: bytes, retain: bool) -> None:
        try:
            future = self.link.publish(
                self._topics.up(self.id, said.kind),
                body,
                qos=RULES[said.kind].qos,
                retain=retain,
                expiry_s=_READ_EXPIRES_S if _is_a_read(said.message) else None,
                content_type="application/json",
                correlation=said.message.id.encode() if isinstance(said.message, Event) else None,
            )
        except LinkError as exc:
            # Nobody hears it. State and status are said again at the next connect, and what happened is kept.
            logger.debug("%s could not say %s: %s", self.id, said.kind, exc)
            self._unheard(said.message)
            return
        if self._around.witness is not None:
            self._around.witness.heard_of(self.id, said.message, confirmed=False)
        if future is not None:
            future.add_done_callback(lambda done: self._confirmed(said.message, done))

    def _confirmed(self, message: Message, future: asyncio.Future[None]) -> None:
        if not future.cancelled() and future.exception() is not None:
            logger.debug("%s: not confirmed: %s", self.id, future.exception())
            # Readings that the broker refuses it would refuse again; of what happened nothing is given up.
            if isinstance(message, Event) or not isinstance(future.exception(), PublishRefused):
                self._unheard(message)
        elif not future.cancelled() and self._around.witness is not None:
            self._around.witness.heard_of(self.id, message, confirmed=True)

    def _unheard(self, message: Message) -> None:
        if isinstance(message, Event) and not self._is_gone:
            self.feed(Unheard(message))
        elif isinstance(message, Telemetry) and not self._is_gone:
            self.feed(Unread(message))


def _with_what_was_kept(awake: Voice, before: Voice) -> Voice:
    """The list and the events that nobody heard yet lie side by side in the flash of a door's devices."""
    return replace(awake, kept=before.kept, dropped=before.dropped)


def _on_the_loop(after_s: float, then: Callable[[], None]) -> Later:
    return asyncio.get_running_loop().call_later(after_s, then)


def _will_delay(settings: LinkSettings) -> int:
    """Wi-Fi sensors may blink; a door that is gone is news at once."""
    return 10 if settings.session_expiry_s else 0


def _is_a_read(message: Message) -> bool:
    return isinstance(message, Event) and message.type in (EventType.BADGE_READ, EventType.PIN_ENTERED)
