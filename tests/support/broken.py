"""`python -m tests.support.broken WHICH demo --scenario NAME`: the controller with one thing wrong, for a scenario to catch.

Each is a bug that somebody could write, put where they would write it; all else is the real program.
"""

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from controller.__main__ import main
from controller.adapters.mqtt import MqttOutbound
from controller.domain import plan_rights
from devices.messages import Command, Desired, Do, Message

_send = MqttOutbound.send
Change = Callable[[Message], tuple[Message, ...]]


def ignores_schedules() -> None:
    """Whoever has a plan comes in at any hour."""
    plan_rights.plan_is_open = lambda *_: True


def repeats_unlocks() -> None:
    """What was sent goes out once more, as if nobody had confirmed it."""
    _sends_instead(lambda message: (message, message) if _is_unlock(message) else (message,))


def renews_unlocks() -> None:
    """It is asked for once more, under an id that no device has seen."""

    def twice(message: Message) -> tuple[Message, ...]:
        again = message.model_copy(update={"id": uuid4().hex})
        return (message, again) if _is_unlock(message) else (message,)

    _sends_instead(twice)


def leaves_lights_on() -> None:
    """The light is told a wrong end, and never that it is over."""

    def longer(message: Message) -> tuple[Message, ...]:
        if not isinstance(message, Desired):
            return (message,)
        wanted = {
            channel: value.model_copy(update={"until": value.until + timedelta(hours=1)})
            for channel, value in message.v.items()
            if value.value and value.until is not None
        }
        return (message.model_copy(update={"v": wanted}),) if wanted else ()

    _sends_instead(longer)


BROKEN: Mapping[str, Callable[[], None]] = {
    "ignores-schedules": ignores_schedules,
    "repeats-unlocks": repeats_unlocks,
    "renews-unlocks": renews_unlocks,
    "leaves-lights-on": leaves_lights_on,
}


def _is_unlock(message: Message) -> bool:
    return isinstance(message, Command) and message.do is Do.UNLOCK


def _sends_instead(change: Change) -> None:
    def send(self: MqttOutbound, device: Any, message: Message, **more: Any) -> None:
        for one in change(message):
            _send(self, device, one, **more)

    MqttOutbound.send = send  # type: ignore[method-assign]


if __name__ == "__main__":
    BROKEN[sys.argv.pop(1)]()
    main()
