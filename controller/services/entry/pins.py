"""PINs: badges that wait for one, digits compared, guessing stopped.

A PIN exists here for the length of one call, as its keyed digest; nothing holds, logs or returns it. What a door makes
of the answer is decided in `access`.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controller.domain.building import Door
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId, DoorId
from controller.domain.membership import Credential, CredentialKind, CredentialState, Person
from controller.domain.pin_lockout import OPEN, Lockout
from controller.domain.rights import DenyReason, Read
from controller.domain.shared import PinEntry
from controller.services.ports import Clock, LoggedFact
from devices.badges import Badge

# From the badge to the last digit.
PIN_WITHIN = 15.0
# Repeats of a badge read that was answered with "your PIN, please" come within seconds.
ASKED_KEPT = 256


class PinDigests(Protocol):
    """The keyed digest under which the registry knows a PIN."""

    def of_pin(self, digits: str) -> bytes: ...


Lookup = Callable[[bytes], tuple[Credential | None, Person | None]]
"""The access index: whose credential has this digest."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A good badge at a door that wants a PIN as well."""

    read: Read
    door: Door
    digest: bytes = field(repr=False)
    badge: Badge | None = field(default=None, repr=False)
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Alone:
    """A PIN that came without a badge; the digest only where it is somebody's and PINs are looked at."""

    entry: PinEntry
    digest: bytes | None = field(default=None, repr=False)


class Pins:
    """One badge may wait at each reader. One event loop's; `timed_out` is called in it."""

    def __init__(
        self,
        *,
        digests: PinDigests,
        lookup: Lookup,
        note: Callable[[Fact], None],
        timed_out: Callable[[Asked], None],
        locked_out: Callable[[DoorId, DeviceId], None],
        clock: Clock,
    ) -> None:
        """`timed_out`: nobody entered a PIN, decide the read so; `locked_out`: alert staff that somebody guesses."""
        self._digests = digests
        self._lookup = lookup
        self._note = note
        self._timed_out = timed_out
        self._locked_out = locked_out
        self._clock = clock
        self._waiting: dict[DeviceId, tuple[Asked, asyncio.TimerHandle]] = {}
        self._lockouts: dict[DeviceId, Lockout] = {}
        self._asked: dict[tuple[DeviceId, str], None] = {}  # oldest first

    # --- a badge, then its PIN --------------------------------------------------------------------

    def ask(self, asked: Asked) -> bool:
        """Wait for this badge's PIN; False when this very read was asked before.

        Another badge at the reader has given up the one before it; the same one again begins anew.
        """
        reader, id = asked.read.reader, asked.read.message_id
        if (reader, id) in self._asked:
            return False
        self._asked[reader, id] = None
        if len(self._asked) > ASKED_KEPT:
            del self._asked[next(iter(self._asked))]
        before = self.take(reader)
        if before is not None and before.digest != asked.digest:
            self._timed_out(before)
        timer = asyncio.get_running_loop().call_later(PIN_WITHIN, self._nobody_came, reader)
        self._waiting[reader] = (asked, timer)
        self._note(
            Fact(
                FactKind.PIN_ASKED,
                asked.read.received_at,
                door=asked.door.id,
                device=reader,
                area=asked.door.inner,
                person=asked.person.id if asked.person is not None else None,
                correlation=id,
            )
        )
        return True

    def take(self, reader: DeviceId) -> Asked | None:
        """The badge that waits at this reader, which then waits no longer."""
        waiting = self._waiting.pop(reader, None)
        if waiting is None:
            return None
        asked, timer = waiting
        timer.cancel()
        return asked

    def judge(self, asked: Asked, digits: str) -> PinEntry:
        """What was entered for this badge. A PIN that is right for somebody else is wrong."""
        reader, now = asked.read.reader, self._clock.monotonic()
        if self._lockout(reader).is_locked(now):
            return PinEntry.LOCKED_OUT
        credential, person = self._lookup(self._digests.of_pin(digits))
        owner = asked.person.id if asked.person is not None else None
        if credential is None or person is None or person.id != owner or not self._is_good(credential):
            return self._wrong(reader, asked.door.id, now)
        return PinEntry.DURESS if credential.is_duress else PinEntry.RIGHT

    # --- a PIN alone ------------------------------------------------------------------------------

    def alone(self, reader: DeviceId, door: Door, digits: str) -> Alone:
        """A PIN at a door where it is a credential by itself; whether it is still good is for the decision to say."""
        now = self._clock.monotonic()
        if self._lockout(reader).is_locked(now):
            return Alone(PinEntry.LOCKED_OUT)
        digest = self._digests.of_pin(digits)
        credential, _ = self._lookup(digest)
        if credential is None or credential.kind is not CredentialKind.PIN:
            return Alone(self._wrong(reader, door.id, now))
        return Alone(PinEntry.DURESS if credential.is_duress else PinEntry.RIGHT, digest)

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: wrong PINs are still held against their readers, or guessing would only need a restart."""
        now, mono = self._clock.now(), self._clock.monotonic()
        for logged in facts:
            fact = logged.fact
            if fact.device is not None and _was_wrong(fact):
                at = mono - (now - fact.at).total_seconds()
                self._lockouts[fact.device] = self._lockout(fact.device).after_wrong(at)
        self._lockouts = {reader: one for reader, one in self._lockouts.items() if not one.is_spent(mono)}

    # --- small steps ------------------------------------------------------------------------------

    def _wrong(self, reader: DeviceId, door: DoorId, now: float) -> PinEntry:
        after = self._lockouts[reader] = self._lockout(reader).after_wrong(now)
        if after.is_locked(now):
            self._locked_out(door, reader)
        return PinEntry.WRONG

    def _is_good(self, credential: Credential) -> bool:
        return (
            credential.kind is CredentialKind.PIN
            and credential.state is CredentialState.ACTIVE
            and _is_in_force(credential, self._clock.now())
        )

    def _lockout(self, reader: DeviceId) -> Lockout:
        return self._lockouts.get(reader, OPEN)

    def _nobody_came(self, reader: DeviceId) -> None:
        asked = self.take(reader)
        if asked is not None:
            self._timed_out(asked)


def _was_wrong(fact: Fact) -> bool:
    """Whether this read failed for its PIN as well, whatever else was in the way, and came first."""
    failed = fact.detail.get("failed")
    steps = failed if isinstance(failed, Sequence) else ()
    reasons = {fact.detail.get("reason"), *(one.get("reason") for one in steps if isinstance(one, Mapping))}
    return DenyReason.PIN_WRONG in reasons


def _is_in_force(credential: Credential, at: datetime) -> bool:
    has_begun = credential.valid_from is None or credential.valid_from <= at
    return has_begun and (credential.valid_until is None or at < credential.valid_until)
