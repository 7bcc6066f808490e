"""One virtual device: a pure machine, a link of its own, and the hands that do what the machine says.

What the machine decides is in `devices.units`; which devices there are in `fleet`.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from devices import codec
from devices.channels import Bolt
from devices.errors import LinkError, MessageError
from devices.link import Delivery, Link, LinkSettings, LinkState, Will
from devices.messages import BadgeReadData, Event, EventType, Message, Scalar, Signal
from devices.topics import RULES, Kind, Topics
from devices.units import DoorUnit, Effect, Input, Machine, Reader
from devices.units.steps import (
    BadgeShown,
    BoltFelt,
    Connected,
    Disconnected,
    ExitPressed,
    ExitReleased,
    Heard,
    Measured,
    MoveBolt,
    PinEntered,
    Publish,
    ReleaseLock,
    Sample,
    Show,
    StartTimer,
    StopTimer,
    TimerFired,
    Unheard,
)

logger = logging.getLogger(__name__)

# An electric strike, near enough.
_BOLT_S = 0.15
# How long a hand stays on the exit button.
_PRESS_S = 0.3
# A read that old never unlocks, so the broker need not keep it (MQTT 5 only).
_READ_EXPIRES_S = 5

Answer: TypeAlias = Callable[[Show], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a device needs of the world around it."""

    now: Callable[[], datetime]
    measure: Callable[[str], dict[str, Scalar]]


class VirtualDevice:
    def __init__(
        self, device_id: str, machine: Machine, topics: Topics, settings: LinkSettings, around: Surroundings
    ) -> None:
        self.id = device_id
        self.machine = machine
        self._topics = topics
        self._around = around
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._motor: asyncio.TimerHandle | None = None
        self._button: asyncio.TimerHandle | None = None
        self._is_gone = False
        # To the lock beside it, of a reader that decides alone: how long to hold it.
        self.wire: Callable[[ReleaseLock], None] | None = None
        self._answer: Answer | None = None
        self._unlocked_waiters: list[asyncio.Future[float]] = []
        self._was_connected = False
        will = Will(
            topics.up(device_id, Kind.STATUS), codec.encode(machine.status(lost=True)), delay_s=_will_delay(settings)
        )
        self.link = Link(
            replace(settings, will=will), self._delivered, self._link_changed, on_connected=self._connected
        )

    # --- what people do to it ---------------------------------------------------------------------

    def feed(self, given: Input) -> None:
        """One input, and everything that follows from it at once."""
        self.machine, effects = self.machine.step(given, self._around.now())
        for effect in effects:
            self._do(effect)

    def tap(self, badge: BadgeReadData, answer: Answer) -> None:
        """Hold a badge to it; `answer` hears what it shows, exactly once."""
        self._asks(BadgeShown(badge), answer)

    def enter_pin(self, digits: str, answer: Answer) -> None:
        """Type a PIN at it, after a badge or alone; `answer` hears what it shows, exactly once."""
        self._asks(PinEntered(digits), answer)

    def _asks(self, given: BadgeShown | PinEntered, answer: Answer) -> None:
        if not isinstance(self.machine, DoorUnit | Reader):
            raise TypeError(f"{self.id} is a {type(self.machine).__name__} and reads no badges")
        if self.machine.reading.is_open:
            answer(Show(Signal.TRY_AGAIN, "busy"))
            return
        self._answer = answer
        self.feed(given)

    def press_exit(self) -> None:
        """Press the button, and let go of it a moment later."""
        self.feed(ExitPressed())
        if self._button is not None:
            self._button.cancel()
        self._button = asyncio.get_running_loop().call_later(_PRESS_S, self.feed, ExitReleased())

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
        for handle in (*self._timers.values(), self._motor, self._button):
            if handle is not None:
                handle.cancel()
        self._timers.clear()
        self._publish(Publish(Kind.STATUS, self.machine.status(gone=True, now=self._around.now())))

    # --- the link ---------------------------------------------------------------------------------

    def _connected(self, _: Link) -> None:
        self._was_connected = True
        self.feed(Connected())

    def _link_changed(self, state: LinkState) -> None:
        if self._was_connected and not state.connected:
            self._was_connected = False
            self.feed(Disconnected())

    def _delivered(self, delivery: Delivery) -> None:
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
        self.link.ack(delivery)

    # --- what the machine says --------------------------------------------------------------------

    def _do(self, effect: Effect) -> None:
        match effect:
            case Publish():
                self._publish(effect)
            case StartTimer(name=name, after_s=after):
                self._stop(name)
                self._timers[name] = asyncio.get_running_loop().call_later(after, self._fired, name)
            case StopTimer(name=name):
                self._stop(name)
            case MoveBolt(to=to):
                if self._motor is not None:
                    self._motor.cancel()
                self._motor = asyncio.get_running_loop().call_later(_BOLT_S, self._bolt_arrives, to)
            case ReleaseLock() if self.wire is not None:
                self.wire(effect)
            case Sample():
                self.feed(Measured(self._around.measure(self.id)))
            case Show(signal=Signal.WARNING):
                # To whoever is at the door: somebody who waits for an answer has not got it by this.
                logger.info("%s beeps: the door has been held open too long", self.id)
            case Show():
                answer, self._answer = self._answer, None
                if answer is not None:
                    answer(effect)
            case _:
                logger.debug("%s: %s", self.id, effect)

    def _publish(self, said: Publish) -> None:
        rule = RULES[said.kind]
        try:
            future = self.link.publish(
                self._topics.up(self.id, said.kind),
                codec.encode(said.message),
                qos=rule.qos,
                retain=rule.retained,
                expiry_s=_READ_EXPIRES_S if _is_a_read(said.message) else None,
                content_type="application/json",
                correlation=said.message.id.encode() if isinstance(said.message, Event) else None,
            )
        except LinkError as exc:
            # Nobody hears it. State and status are said again at the next connect, and what happened is kept.
            logger.debug("%s could not say %s: %s", self.id, said.kind, exc)
            self._unheard(said.message)
            return
        if future is not None:
            future.add_done_callback(lambda done: self._confirmed(said.message, done))

    def _confirmed(self, message: Message, future: asyncio.Future[None]) -> None:
        if not future.cancelled() and future.exception() is not None:
            logger.debug("%s: not confirmed: %s", self.id, future.exception())
            self._unheard(message)

    def _unheard(self, message: Message) -> None:
        if isinstance(message, Event) and not self._is_gone:
            self.feed(Unheard(message))

    def _fired(self, name: str) -> None:
        self._timers.pop(name, None)
        self.feed(TimerFired(name))

    def _stop(self, name: str) -> None:
        handle = self._timers.pop(name, None)
        if handle is not None:
            handle.cancel()

    def _bolt_arrives(self, to: Bolt) -> None:
        self.feed(BoltFelt(to))
        if to is Bolt.UNLOCKED and isinstance(self.machine, DoorUnit):
            for waiter in self._unlocked_waiters:
                if not waiter.done():
                    waiter.set_result(self.machine.hold_s)


def _will_delay(settings: LinkSettings) -> int:
    """Wi-Fi sensors may blink; a door that is gone is news at once."""
    return 10 if settings.session_expiry_s else 0


def _is_a_read(message: Message) -> bool:
    return isinstance(message, Event) and message.type in (EventType.BADGE_READ, EventType.PIN_ENTERED)
