"""A device without its network: a pure machine, its timers and its motor, and the hands that do what the machine says.

What the machine decides is in `devices.units`; who carries its words is told from outside, and so is the time: a real
device waits on the event loop, one of a day lived at full speed on an agenda.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from devices.channels import Bolt
from devices.messages import BadgeReadData, Message, Scalar, Signal
from devices.units import DoorUnit, Effect, Effects, Input, Machine, Reader
from devices.units.steps import (
    BadgeShown,
    BoltFelt,
    ExitPressed,
    ExitReleased,
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
)

logger = logging.getLogger(__name__)

# An electric strike, near enough.
_BOLT_S = 0.15
# How long a hand stays on the exit button.
_PRESS_S = 0.3

Answer: TypeAlias = Callable[[Show], None]


class Later(Protocol):
    """Something that was put off, and may still be called off."""

    def cancel(self) -> None: ...


PutOff: TypeAlias = Callable[[float, Callable[[], None]], Later]
"""Do this so many seconds later: the event loop's `call_later`, or an agenda's."""


class Witness(Protocol):
    """Somebody who sees all that happens to devices, and does nothing."""

    def saw(self, device_id: str, given: Input, machine: Machine, effects: Effects) -> None:
        """`machine` is what this input made of it."""
        ...

    def heard_of(self, device_id: str, message: Message, *, confirmed: bool) -> None:
        """It said this message; or the broker has confirmed it."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a device needs of the world around it."""

    now: Callable[[], datetime]
    measure: Callable[[str], dict[str, Scalar]]
    witness: Witness | None = None


class Hardware:
    """`publish` carries what the machine says; `put_off` waits."""

    def __init__(
        self,
        device_id: str,
        machine: Machine,
        around: Surroundings,
        put_off: PutOff,
        publish: Callable[[Publish], None],
    ) -> None:
        self.id = device_id
        self.machine = machine
        self._around = around
        self._put_off = put_off
        self._publish = publish
        self._timers: dict[str, Later] = {}
        self._motor: Later | None = None
        self._button: Later | None = None
        # To the lock beside it, of a reader that decides alone: how long to hold it.
        self.wire: Callable[[ReleaseLock], None] | None = None
        # Told when its bolt has been drawn: for how long.
        self.on_unlocked: Callable[[float], None] | None = None
        self._answer: Answer | None = None
        # Told of everything its lamp and buzzer do, whoever stands before it.
        self.on_show: Answer | None = None

    def feed(self, given: Input) -> None:
        """One input, and everything that follows from it at once."""
        self.machine, effects = self.machine.step(given, self._around.now())
        if self._around.witness is not None:
            self._around.witness.saw(self.id, given, self.machine, effects)
        for effect in effects:
            self._do(effect)

    def tap(self, badge: BadgeReadData, answer: Answer) -> None:
        """Hold a badge to it; `answer` hears what it shows, exactly once."""
        self._asks(BadgeShown(badge), answer)

    def enter_pin(self, digits: str, answer: Answer) -> None:
        """Type a PIN at it, after a badge or alone; `answer` hears what it shows, exactly once."""
        self._asks(PinEntered(digits), answer)

    def press_exit(self) -> None:
        """Press the button, and let go of it a moment later."""
        self.feed(ExitPressed())
        if self._button is not None:
            self._button.cancel()
        self._button = self._put_off(_PRESS_S, lambda: self.feed(ExitReleased()))

    def measure_now(self) -> None:
        """A reading between two of its cadence, as when somebody presses its button."""
        self.feed(Measured(self._around.measure(self.id)))

    def stop(self) -> None:
        """No timer fires any more."""
        for handle in (*self._timers.values(), self._motor, self._button):
            if handle is not None:
                handle.cancel()
        self._timers.clear()

    def _asks(self, given: BadgeShown | PinEntered, answer: Answer) -> None:
        if not isinstance(self.machine, DoorUnit | Reader):
            raise TypeError(f"{self.id} is a {type(self.machine).__name__} and reads no badges")
        if self.machine.reading.is_open:
            answer(Show(Signal.TRY_AGAIN, "busy"))
            return
        self._answer = answer
        self.feed(given)

    def _answers(self, shown: Show) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer(shown)

    def _do(self, effect: Effect) -> None:
        if isinstance(effect, Show) and self.on_show is not None:
            self.on_show(effect)
        match effect:
            case Publish():
                self._publish(effect)
            case StartTimer(name=name, after_s=after):
                self._stop_timer(name)
                self._timers[name] = self._put_off(after, lambda: self._fired(name))
            case StopTimer(name=name):
                self._stop_timer(name)
            case MoveBolt(to=to):
                if self._motor is not None:
                    self._motor.cancel()
                self._motor = self._put_off(_BOLT_S, lambda: self._bolt_arrives(to))
            case ReleaseLock() if self.wire is not None:
                self.wire(effect)
            case Sample():
                self.measure_now()
            case Show(signal=Signal.WARNING):
                # To whoever is at the door: somebody who waits for an answer has not got it by this.
                logger.info("%s beeps: the door has been held open too long", self.id)
            case Show():
                self._answers(effect)
            case _:
                logger.debug("%s: %s", self.id, effect)

    def _fired(self, name: str) -> None:
        self._timers.pop(name, None)
        self.feed(TimerFired(name))

    def _stop_timer(self, name: str) -> None:
        handle = self._timers.pop(name, None)
        if handle is not None:
            handle.cancel()

    def _bolt_arrives(self, to: Bolt) -> None:
        self.feed(BoltFelt(to))
        unit = self.machine
        # As it was felt: a bolt that jams on its way has not arrived.
        if to is Bolt.UNLOCKED and isinstance(unit, DoorUnit) and unit.lock is to and self.on_unlocked is not None:
            self.on_unlocked(unit.hold_s)
