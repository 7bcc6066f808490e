"""One read, from what was shown to the answer: look up, decide, record, act.

What is decided is `domain.access`'s. The record is durable before the door moves; when it cannot be
made, the door's own policy decides. What a door does after it was released is `doors`'s.
"""

import logging
from asyncio import Future
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from controller.domain.access import Denied, Granted, NeedsPin, decide
from controller.domain.building import Door, OnLogFailure
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.grants import Grant
from controller.domain.ids import CredentialId, DeviceId
from controller.domain.reservations import charge_as_plain
from controller.domain.rights import DenyReason, Read, Rights
from controller.domain.usage import Charge
from controller.errors import StoreError
from controller.services.doors.door_worker import Passage
from controller.services.doors.doors import Doors
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.alerts import Alert, alerts_of
from controller.services.entry.decisions import decision_fact
from controller.services.entry.pins import Asked, Pins
from controller.services.entry.shared_state import First
from controller.services.entry.shown import Recognition, Shown
from controller.services.inbound import Inbound
from controller.services.journal import Journal
from controller.services.meters import Meters
from controller.services.ports import Appended, Clock
from controller.services.refusals import Refusals
from devices.badges import Badge
from devices.errors import MessageError, RefusalReason

logger = logging.getLogger(__name__)

# Reads answered while the log could not be written: a day of them in a house whose disk is full.
UNLOGGED_KEPT = 5_000
# Taps that their reader may still say it has decided itself.
ANSWERED_KEPT = 1_000


class Reserve(Protocol):
    """Where a decision is kept when the log cannot be written; durable when `write` returns."""

    def write(self, fact: Fact) -> None: ...


class Charges(Protocol):
    """What a grant would use is held back from the decision on, so that no two doors give the same day."""

    def reserve(self, charge: Charge, correlation: str) -> None: ...
    def released(self, charge: Charge, correlation: str) -> None: ...


class Neighbours(Protocol):
    """What others may depend on: who is on the way through which door, who waits for a second person."""

    def decided(self, read: Read, rights: Rights, decision: Granted | Denied) -> First | None: ...
    def released(self, correlation: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Tap:
    """One read on its way through: what came, what is known, what was decided, what is written."""

    inbound: Inbound | None  # None: nothing was said, and that is what is answered
    read: Read
    rights: Rights
    decision: Granted | Denied
    fact: Fact
    badge: Badge | None
    first: First | None  # who waited at this two-person door, and goes in with a grant


class AccessService:
    """Answers reads, in callbacks: no tap waits for another's, and none needs a task."""

    def __init__(
        self,
        *,
        index: AccessIndex,
        recognition: Recognition,
        journal: Journal,
        reserve: Reserve,
        charges: Charges,
        neighbours: Neighbours,
        pins: Pins,
        saw: Callable[[CredentialId, Badge], None],
        alert: Callable[[Alert], None],
        doors: Doors,
        refusals: Refusals,
        clock: Clock,
        meters: Meters,
    ) -> None:
        self._index = index
        self._recognition = recognition
        self._journal = journal
        self._reserve = reserve
        self._charges = charges
        self._neighbours = neighbours
        self._pins = pins
        self._saw = saw
        self._alert = alert
        self._doors = doors
        self._refusals = refusals
        self._clock = clock
        # The log knows its own repeats; it cannot know a repeat of what it never took. Oldest first.
        self._unlogged: dict[tuple[DeviceId, str], None] = {}
        self._answered_taps: dict[str, None] = {}  # oldest first
        self._answered = meters.histogram("natoma_tap_seconds", "From the read's arrival to the answer sent.")
        self._granted = meters.counter("natoma_decisions_total", "Reads decided.", answer="granted")
        self._denied = meters.counter("natoma_decisions_total", "Reads decided.", answer="denied")
        self._repeated = meters.counter("natoma_reads_repeated_total", "Reads that had been decided before.")

    def is_repeat(self, read: Read) -> bool:
        """Whether this read was answered while the log could not be written; the log knows the others itself."""
        return (read.reader, read.message_id) in self._unlogged

    def has_answered(self, tap: str) -> bool:
        """Whether this tap was decided here, a moment ago."""
        return tap in self._answered_taps

    def answer(self, read: Read, shown: Shown, inbound: Inbound | None = None, said: datetime | None = None) -> None:
        """Answer for what was shown; `inbound` is acknowledged with it. `said`: the moment by the reader's clock."""
        door = self._index.space.door_of(read.reader)
        rights = self._recognition.rights(door, shown)
        decision = decide(read, rights, read.received_at)
        if isinstance(decision, NeedsPin):
            self._ask(read, rights, shown, inbound)
            return
        self._answered_taps[read.correlation] = None
        if len(self._answered_taps) > ANSWERED_KEPT:
            del self._answered_taps[next(iter(self._answered_taps))]
        # In this turn of the loop, so that whoever is decided next knows of it.
        first = self._neighbours.decided(read, rights, decision)
        if (charge := _charge(decision)) is not None:
            self._charges.reserve(charge, read.correlation)
        fact = decision_fact(read, rights, decision, self._index.version, shown.badge, said)
        tap = _Tap(inbound, read, rights, decision, fact, shown.badge, first)
        recorded = self._journal.record(fact)
        if recorded.done():
            self._record_done(tap, recorded)
        else:
            recorded.add_done_callback(partial(self._record_done, tap))

    def _ask(self, read: Read, rights: Rights, shown: Shown, inbound: Inbound | None) -> None:
        """Not an answer yet, and nothing that must not get lost: whoever stands there can show the badge again."""
        assert rights.door is not None  # what is read at no door is refused before any PIN
        assert shown.digest is not None  # and so is a badge that nobody knows
        if self._pins.ask(Asked(read, rights.door, shown.digest, shown.badge, rights.person)):
            self._doors.signal_pin(read)
        if inbound is not None:
            inbound.acknowledge()

    def _record_done(self, tap: "_Tap", recorded: Future[Appended]) -> None:
        """Once the decision is durable, act on it; then let the screens know."""
        try:
            appended = recorded.result()
        except StoreError as error:
            if self.is_repeat(tap.read):  # its twin waited for the same disk
                self._take_back(tap)
                self.refuse_repeat(tap.inbound)
                return
            with self._acknowledging(tap.inbound):
                decision = self._without_log(tap.decision, tap.fact, tap.rights.door, error)
                if isinstance(decision, Denied):
                    self._take_back(tap)
                self._act(tap, decision)
            return
        if appended.duplicate:
            self._take_back(tap)
            self.refuse_repeat(tap.inbound)
            return
        with self._acknowledging(tap.inbound):
            self._act(tap, tap.decision)
            self._journal.announce(tap.fact, appended)

    def refuse_repeat(self, inbound: Inbound | None) -> None:
        """Decided before, and never twice; kept and told like any other refusal."""
        self._repeated.add()
        if inbound is None:
            return
        error = MessageError(
            RefusalReason.DUPLICATE,
            "this read was decided before",
            topic=inbound.topic,
            path="id",
            hint="give each read an id of its own",
        )
        self._refusals.refuse(
            error, inbound.topic, inbound.payload, inbound.received_at, inbound.acknowledge, droppable=inbound.droppable
        )

    @contextmanager
    def _acknowledging(self, inbound: Inbound | None) -> Iterator[None]:
        """Whatever goes wrong meanwhile: a read that is never acknowledged would hold up all behind it."""
        try:
            yield
        finally:
            if inbound is not None:
                inbound.acknowledge()

    def _take_back(self, tap: "_Tap") -> None:
        """A grant that opens nothing after all uses nothing, and nobody is on the way."""
        self._neighbours.released(tap.read.correlation)
        if (charge := _charge(tap.decision)) is not None:
            self._charges.released(charge, tap.read.correlation)
        if (first := tap.first) is not None:
            self._neighbours.released(first.correlation)
            if first.grant.charge is not None:
                self._charges.released(first.grant.charge, first.correlation)

    def _without_log(
        self, decision: Granted | Denied, fact: Fact, door: Door | None, error: StoreError
    ) -> Granted | Denied:
        """The event log cannot be written: a restricted door stays shut, any other opens if the reserve can say so.

        What stays shut is written down as soon as the log is back: a refusal moves nothing, so it can wait.
        """
        self._remember(fact)
        if isinstance(decision, Granted):
            if door is not None and door.on_log_failure is OnLogFailure.ADMIT and self._reserved(fact, error):
                self._journal.tell(fact)
                return decision
            decision = Denied(DenyReason.LOG_UNAVAILABLE, decision.failed)
            fact = replace(fact, kind=FactKind.ENTRY_DENIED, detail={**fact.detail, "reason": decision.reason})
        self._journal.note(fact)
        return decision

    def _reserved(self, fact: Fact, error: StoreError) -> bool:
        try:
            self._reserve.write(fact)
        except StoreError as failure:
            logger.error("neither the event log nor the reserve can be written: %s; %s", error, failure)
            return False
        return True

    def _remember(self, fact: Fact) -> None:
        if fact.device is not None and fact.message_id is not None:
            self._unlogged[fact.device, fact.message_id] = None
        if len(self._unlogged) > UNLOGGED_KEPT:
            del self._unlogged[next(iter(self._unlogged))]

    def _act(self, tap: "_Tap", decision: Granted | Denied) -> None:
        if isinstance(decision, Granted) and tap.rights.door is not None:
            self._doors.release(
                tap.rights.door,
                tap.read,
                decision.hold_s,
                tap.rights.person,
                _passage(decision.grant, tap.rights),
                in_grace=decision.grant.in_grace,
                first=_first(tap.first, decision.hold_s) if tap.first is not None else None,
            )
            self._granted.add()
        elif isinstance(decision, Denied):
            if not decision.is_ignored:
                self._doors.signal_denied(tap.read, decision.reason)
            self._denied.add()
        if tap.inbound is not None:
            self._answered.observe(self._clock.monotonic() - tap.inbound.received_mono)
        # The number is known here for a moment: doors' own lists need another digest of it.
        if tap.badge is not None and tap.rights.credential is not None:
            self._saw(tap.rights.credential.id, tap.badge)
        for alert in alerts_of(decision, tap.rights):
            self._alert(alert)


def _charge(decision: Granted | Denied) -> Charge | None:
    """What is used by going in: now, or as soon as the second person has come."""
    grant = decision.grant if isinstance(decision, Granted) else decision.as_first
    return grant.charge if grant is not None else None


def _first(first: First, hold_s: float) -> Passage:
    return Passage(first.person, first.correlation, hold_s, detail=_passage(first.grant, first.rights))


def _passage(grant: Grant, rights: Rights) -> Mapping[str, Plain]:
    """What the fact of somebody's going in says of how they came to: what counts them and charges them reads only that."""
    detail: dict[str, Plain] = {"grant": grant.kind, "via": grant.via}
    if rights.door is not None:
        detail["from"] = rights.door.outer
    if rights.credential is not None:
        detail["credential"] = rights.credential.id
    if grant.charge is not None:
        detail["charge"] = charge_as_plain(grant.charge)
    return detail
