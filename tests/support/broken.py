"""`python -m tests.support.broken WHICH demo --scenario NAME`: the controller with one thing wrong, for a scenario to catch.

Each is a bug that somebody could write, put where they would write it; all else is the real program.
"""

import sys
from asyncio import Future, get_running_loop
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import uuid4

from controller.__main__ import main
from controller.adapters.mqtt import MqttOutbound
from controller.domain import access_steps, booking_rights, door_mode, event_rights, offline, plan_rights, shared_steps
from controller.domain.access_steps import Step
from controller.domain.building import Door
from controller.domain.membership import CredentialState
from controller.domain.rights import DenyReason, Read, Rights
from controller.services.doors.doors import Doors
from controller.services.doors.let_in_alone import LetInAlone
from controller.services.entry.access import AccessService
from controller.services.repeats import Repeats
from controller.services.rooms.telemetry import Telemetry
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


def lets_lost_badges_in() -> None:
    """A badge that was reported is a badge like any other."""

    def step(read: Read, rights: Rights, at: datetime) -> object:
        problem = access_steps.credential_step(read, rights, at)
        return None if problem is DenyReason.CREDENTIAL_LOST else problem

    steps = tuple((name, step if name is Step.CREDENTIAL else check) for name, check in access_steps.STEPS)
    _everywhere(access_steps.STEPS, steps)


def lists_lost_badges() -> None:
    """Doors that decide alone are told that a badge which was reported may come in."""
    before = offline.offline_rights

    def rights_of(rights: Rights, door: Door, span: offline.Span) -> object:
        badge = rights.credential
        found = replace(badge, state=CredentialState.ACTIVE) if badge is not None else None
        return before(replace(rights, credential=found), door, span)

    _everywhere(before, rights_of)


def answers_stale_reads() -> None:
    """A read counts however old it is, and although its reader has decided since."""
    _everywhere_called("MAX_READ_AGE", 5_000.0)
    _instead_of(Doors, "taken_over", lambda *_: None)


def answers_repeats() -> None:
    """The same read once more is another person."""
    record_done: Any = AccessService._record_done

    def done(self: AccessService, tap: Any, recorded: "Future[Any]") -> None:
        fresh: Future[Any] = recorded.get_loop().create_future()
        fresh.set_result(replace(recorded.result(), duplicate=False))
        record_done(self, tap, fresh)

    _instead_of(AccessService, "_record_done", done)
    _instead_of(Repeats, "is_repeat", lambda *_: False)


def keeps_bookings_open() -> None:
    """Whoever had a room has it until tomorrow."""
    _everywhere(booking_rights.ends, lambda booking, _: booking.end + timedelta(days=1))


def never_locks() -> None:
    """A lock is told to stay open for an hour, and never to lock."""

    def longer(message: Message) -> tuple[Message, ...]:
        if isinstance(message, Command) and message.do is Do.LOCK:
            return ()
        return (message.model_copy(update={"hold_s": 3600.0}),) if _is_unlock(message) else (message,)

    _sends_instead(longer)


def stores_no_readings() -> None:
    """Readings are confirmed, and thrown away."""
    _instead_of(Telemetry, "taken", lambda _, inbound, __: inbound.acknowledge())


def lets_pins_be_guessed() -> None:
    _everywhere_called("WRONG_AT_MOST", 500)


def releases_no_way_out() -> None:
    """Fire is a house mode like another, and doors stay as they are."""
    _everywhere(door_mode.is_fire_released, lambda *_: False)


def opens_on_air() -> None:
    _everywhere(shared_steps.is_on_air_for_others, lambda *_: False)


def forgets_how_full_it_is() -> None:
    before = event_rights.why_not_in

    def why(held: Any, at: datetime, *, uses_it: bool) -> object:
        reason = before(held, at, uses_it=uses_it)
        return None if reason is DenyReason.EVENT_FULL else reason

    _everywhere(before, why)


def goes_on_after_events() -> None:
    _everywhere(event_rights._is_over, lambda *_: False)


def is_deaf_to_doors() -> None:
    """It does not hear that a door which decided alone has let somebody in."""

    def granted(*_: object, **__: object) -> "Future[None]":
        nobody: Future[None] = get_running_loop().create_future()
        nobody.set_result(None)
        return nobody

    _instead_of(LetInAlone, "granted", granted)


BROKEN: Mapping[str, Callable[[], None]] = {
    "ignores-schedules": ignores_schedules,
    "repeats-unlocks": repeats_unlocks,
    "renews-unlocks": renews_unlocks,
    "leaves-lights-on": leaves_lights_on,
    "lets-lost-badges-in": lets_lost_badges_in,
    "lists-lost-badges": lists_lost_badges,
    "answers-stale-reads": answers_stale_reads,
    "answers-repeats": answers_repeats,
    "keeps-bookings-open": keeps_bookings_open,
    "never-locks": never_locks,
    "stores-no-readings": stores_no_readings,
    "lets-pins-be-guessed": lets_pins_be_guessed,
    "releases-no-way-out": releases_no_way_out,
    "opens-on-air": opens_on_air,
    "forgets-how-full-it-is": forgets_how_full_it_is,
    "goes-on-after-events": goes_on_after_events,
    "is-deaf-to-doors": is_deaf_to_doors,
}


def _is_unlock(message: Message) -> bool:
    return isinstance(message, Command) and message.do is Do.UNLOCK


def _sends_instead(change: Change) -> None:
    def send(self: MqttOutbound, device: Any, message: Message, **more: Any) -> None:
        for one in change(message):
            _send(self, device, one, **more)

    _instead_of(MqttOutbound, "send", send)


def _instead_of(owner: type, name: str, new: object) -> None:
    setattr(owner, name, new)


def _everywhere(old: object, new: object) -> None:
    """Wherever it was imported to by its name."""
    for module in _modules():
        for name in [name for name, value in vars(module).items() if value is old]:
            setattr(module, name, new)


def _everywhere_called(name: str, value: float) -> None:
    for module in _modules():
        if name in vars(module):
            setattr(module, name, value)


def _modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.startswith("controller.")]


if __name__ == "__main__":
    BROKEN[sys.argv.pop(1)]()
    main()
