"""Tickets scanned by somebody with a phone: answered once for each nonce, written down, counted like those at readers.

No door moves. A phone without a connection keeps its scans and tells of them later: whoever was let in meanwhile is
counted at their own time, and what contradicts what is known is told. What a scan is answered is `domain.ticket_scan`'s.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from controller.domain.building import Space
from controller.domain.door_mode import lockdown_of
from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import PublicEvent, Ticket
from controller.domain.ids import EventId, PersonId, TicketId
from controller.domain.membership import Right
from controller.domain.ticket_scan import GOOD, Scan, ScanAnswer, counts_all_the_same, judge_scan
from controller.domain.whereabouts import Seen
from controller.errors import InputError, StoreError
from controller.services.entry.holdings_index import holder_of
from controller.services.entry.shown import Digests
from controller.services.journal import Journal
from controller.services.ports import Appended, Clock, LoggedFact, RegistrySnapshot
from controller.services.visitors.public_events import PublicEvents

logger = logging.getLogger(__name__)

# A phone that answers slower than this was without a connection: what it tells has happened already.
LATE_AFTER_S = 15.0
LATE_AT_MOST = timedelta(hours=24)
# Of an evening of a few hundred visitors who go out and come in again.
NONCES_KEPT = 10_000
CODE_LIMIT = 256
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TOLD = frozenset({FactKind.TICKET_ADMITTED, FactKind.TICKET_LEFT, FactKind.TICKET_REFUSED})

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the phone is told. `conflict`: of a scan told of late, that its holder came in although it would not admit."""

    answer: ScanAnswer
    event: EventId
    heads: int
    capacity: int
    at: datetime
    ticket: TicketId | None = None
    name: str = ""
    since: datetime | None = None  # inside since then
    other_event: str = ""  # the one this ticket is for
    conflict: bool = False
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a nonce was used for: a second scan with it must be the same one."""

    event: EventId
    direction: Direction
    ticket: TicketId | None


@dataclass(slots=True)
class _Answered:
    asked: _Asked
    scanned: Scanned
    written: "asyncio.Future[None] | None" = field(default=None, repr=False)


class TicketScans:
    """Answers `scan`; hears of each fact by `took`."""

    def __init__(
        self,
        *,
        space: Callable[[], Space],
        people: Callable[[], RegistrySnapshot],
        events: PublicEvents,
        seen: Callable[[PersonId], Seen | None],
        digests: Digests,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._space = space
        self._people = people
        self._events = events
        self._seen = seen
        self._digests = digests
        self._journal = journal
        self._clock = clock
        self._by_nonce: dict[str, _Answered] = {}  # oldest first
        self._on_the_way: dict[str, PersonId] = {}  # admitted, and not written down yet
        # Somebody of this house may be at work all day: only a scan says that they are at the event.
        self._here: dict[TicketId, datetime] = {}

    def coming_in(self) -> frozenset[PersonId]:
        """Whoever was let in a moment ago and is not known as inside yet."""
        return frozenset(self._on_the_way.values())

    async def scan(
        self,
        code: str,
        event: EventId,
        nonce: str,
        *,
        direction: Direction = "in",
        age_s: float = 0.0,
        by: str = "",
    ) -> Scanned:
        """Answer one scan; the same nonce again gets the same answer. `age_s`: how long ago it was.

        Raises:
            InputError: no such event, a nonce that is none or was used for another ticket, a code that cannot be one.
        """
        known = {one.id: one for one in self._events.known()}
        if event not in known:
            raise InputError(f"no event {event!r} — there is {', '.join(sorted(known)) or 'none'}")
        if not _NONCE.fullmatch(nonce):
            raise InputError(
                f"nonce: {len(nonce)} characters — 16 to 64 letters, digits, '-' or '_', new for each scan"
            )
        if not 0 <= age_s <= LATE_AT_MOST.total_seconds():
            raise InputError(f"age_s: {age_s:g} — how many seconds ago it was scanned, at most a day")
        ticket = self._ticket(code)
        asked = _Asked(event, direction, ticket.id if ticket is not None else None)
        answered = self._by_nonce.get(nonce)
        if answered is None:
            answered = self._answer(known[event], ticket, asked, nonce, age_s, by)
        elif answered.asked != asked:
            raise InputError("nonce: was used for another scan — make a new one for each")
        if answered.written is not None:
            await asyncio.shield(answered.written)
        return answered.scanned

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: which nonces were answered, and how."""
        for logged in facts:
            if (answered := _recalled(logged.fact)) is not None:
                self._keep(str(logged.fact.correlation), answered)
                self._told(logged.fact)

    def took(self, logged: LoggedFact) -> None:
        """One fact, as it happens; whoever follows people hears of it first."""
        if logged.fact.kind in _TOLD:
            self._told(logged.fact)

    # --- small steps ------------------------------------------------------------------------------

    def _ticket(self, code: str) -> Ticket | None:
        """Whose code this is; typed by hand it may have spaces and small letters."""
        text = code.strip()
        if not 0 < len(text) <= CODE_LIMIT:
            raise InputError(f"code: {len(text)} characters — what the ticket's QR code says, or the line below it")
        people = self._people()
        for spelt in (text, "".join(text.replace("-", "").split()).upper()):
            id = people.ticket_digests.get(self._digests.of_token(spelt))
            if id is not None:
                return people.tickets.get(id)
        return None

    def _answer(
        self, event: PublicEvent, ticket: Ticket | None, asked: _Asked, nonce: str, age_s: float, by: str
    ) -> _Answered:
        """Decide and take the place in one turn of the loop, so that the next scan knows of it."""
        now = self._clock.now()
        is_late = age_s > LATE_AFTER_S
        at = now - timedelta(seconds=age_s) if is_late else now
        holder = holder_of(ticket) if ticket is not None else None
        answer = judge_scan(self._scan(event, ticket, asked.direction, at, is_late=is_late))
        conflict = is_late and asked.direction == "in" and answer not in GOOD and counts_all_the_same(answer)
        comes_in = answer is ScanAnswer.WELCOME or conflict
        own = self._people().events.get(ticket.event) if ticket is not None else None
        scanned = Scanned(
            answer,
            event.id,
            0,
            event.capacity,
            at,
            ticket.id if ticket is not None else None,
            ticket.name if ticket is not None else "",
            self._since(ticket) if ticket is not None and answer is ScanAnswer.ALREADY_INSIDE else None,
            own.name if own is not None and answer is ScanAnswer.WRONG_EVENT else "",
            conflict,
            is_late,
        )
        if comes_in and holder is not None:
            self._on_the_way[nonce] = holder
        scanned = replace(scanned, heads=self._heads(event, answer, holder))
        fact = self._fact(event, ticket, scanned, nonce, by, comes_in=comes_in, late_s=age_s if is_late else None)
        written = asyncio.get_running_loop().create_future()
        answered = self._keep(nonce, _Answered(asked, scanned, written))
        self._write(fact, written)
        return answered

    def _scan(
        self, event: PublicEvent, ticket: Ticket | None, direction: Direction, at: datetime, *, is_late: bool
    ) -> Scan:
        people = self._people()
        own = people.events.get(ticket.event) if ticket is not None else None
        if ticket is None or own is None:
            return Scan(None, event.id, at, direction)
        held = self._events.held(ticket, event if own.id == event.id else own)
        holder = holder_of(ticket)
        person = people.people.get(ticket.person) if ticket.person is not None else None
        if is_late:
            held = replace(held, is_inside=self._events.contradicts(holder, at))
        elif person is not None:
            held = replace(held, is_inside=ticket.id in self._here or holder in self.coming_in())
        space = self._space()
        doors = [space.doors[id] for id in event.path if id in space.doors]
        exempt = person is not None and Right.OVERRIDE_LOCKDOWN in person.rights
        is_shut = any(lockdown_of(door, space, people.house) is not None for door in doors)
        return Scan(
            held,
            event.id,
            at,
            direction,
            is_banned=person is not None and person.banned,
            is_locked_down=is_shut and not exempt and not is_late,
        )

    def _heads(self, event: PublicEvent, answer: ScanAnswer, holder: PersonId | None) -> int:
        """As they will be once this is written down."""
        heads = self._events.heads(event).people
        return max(0, heads - 1) if answer is ScanAnswer.LEFT and holder is not None else heads

    def _fact(
        self,
        event: PublicEvent,
        ticket: Ticket | None,
        scanned: Scanned,
        nonce: str,
        by: str,
        *,
        comes_in: bool,
        late_s: float | None,
    ) -> Fact:
        kind = FactKind.TICKET_REFUSED
        if comes_in:
            kind = FactKind.TICKET_ADMITTED
        elif scanned.answer is ScanAnswer.LEFT:
            kind = FactKind.TICKET_LEFT
        detail: dict[str, Plain] = {
            "event": event.id,
            "name": event.name,
            "ticket": ticket.id if ticket is not None else None,
            "holder": scanned.name or None,
            "answer": scanned.answer.value,
            "direction": "out" if scanned.answer in (ScanAnswer.LEFT, ScanAnswer.NOT_INSIDE) else "in",
            "heads": scanned.heads,
            "capacity": event.capacity,
            "by": by or None,
            "late_s": round(late_s, 1) if late_s is not None else None,
            "conflict": scanned.conflict or None,
            "since": scanned.since.isoformat() if scanned.since is not None else None,
            "other_event": scanned.other_event or None,
        }
        # Once it is over everybody is out, and a member who leaves an event may still be at work here.
        stays = kind is FactKind.TICKET_LEFT and ticket is not None and ticket.person is not None
        is_over = self._clock.now() >= (event.ended_at or event.end)
        return Fact(
            kind,
            scanned.at,
            area=None if stays or is_over else event.area,
            person=holder_of(ticket) if ticket is not None else None,
            correlation=nonce,
            detail={key: value for key, value in detail.items() if value is not None},
        )

    def _write(self, fact: Fact, written: "asyncio.Future[None]") -> None:
        """The answer is given once it is durable; where the log cannot be written now, it waits with the journal."""

        def done(recorded: "asyncio.Future[Appended]") -> None:
            try:
                self._journal.announce(fact, recorded.result())
            except StoreError as error:
                logger.warning("a scan is answered before it is written down: %s", error)
                self._journal.note(fact)
            if not written.done():
                written.set_result(None)

        self._journal.record(fact).add_done_callback(done)

    def _keep(self, nonce: str, answered: _Answered) -> _Answered:
        self._by_nonce[nonce] = answered
        if len(self._by_nonce) > NONCES_KEPT:
            del self._by_nonce[next(iter(self._by_nonce))]
        return answered

    def _told(self, fact: Fact) -> None:
        self._on_the_way.pop(str(fact.correlation), None)
        ticket = fact.detail.get("ticket")
        if fact.kind is FactKind.TICKET_ADMITTED:
            self._here[TicketId(str(ticket))] = fact.at
        elif fact.kind is FactKind.TICKET_LEFT:
            self._here.pop(TicketId(str(ticket)), None)

    def _since(self, ticket: Ticket) -> datetime | None:
        if ticket.person is not None:
            return self._here.get(ticket.id)
        seen = self._seen(holder_of(ticket))
        return seen.since if seen is not None else None


def _recalled(fact: Fact) -> _Answered | None:
    """What was answered, as the fact of it says."""
    detail = fact.detail
    if fact.kind not in _TOLD or fact.correlation is None:
        return None
    ticket, since = detail.get("ticket"), detail.get("since")
    id = TicketId(ticket) if isinstance(ticket, str) else None
    event = EventId(str(detail.get("event")))
    scanned = Scanned(
        ScanAnswer(str(detail.get("answer"))),
        event,
        _number(detail.get("heads")),
        _number(detail.get("capacity")),
        fact.at,
        id,
        str(detail.get("holder", "")),
        datetime.fromisoformat(since) if isinstance(since, str) else None,
        str(detail.get("other_event", "")),
        detail.get("conflict") is True,
        "late_s" in detail,
    )
    return _Answered(_Asked(event, "out" if detail.get("direction") == "out" else "in", id), scanned)


def _number(plain: Plain) -> int:
    return plain if isinstance(plain, int) else 0
