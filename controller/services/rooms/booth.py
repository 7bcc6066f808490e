"""The booths: asked to go on air by whoever may, told to their light until it confirms, ended when their time is over.

What comes next is `domain.rooms.booth`'s table, who may and what ends it `domain.rooms.on_air`'s rules. The light is told
by a retained wish with an end, so neither a dead controller nor a dead link can leave it on.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

from controller.domain.facts import Fact, FactKind, Plain
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, DeviceId
from controller.domain.membership import Person
from controller.domain.rooms.booth import (
    CHECK_EVERY,
    WANTED,
    BoothState,
    Effect,
    Input,
    OnAir,
    Report,
    Wish,
    heard,
    pause_after,
    step,
)
from controller.domain.rooms.lights import booths_of
from controller.domain.rooms.occupancy import Sensed
from controller.domain.rooms.on_air import (
    Ended,
    Hold,
    How,
    NotNow,
    Refusal,
    ends,
    goes_live,
    is_deserted,
    may_start,
    may_stop,
    people_of,
)
from controller.domain.rooms.timeline import session_id
from controller.errors import InputError
from controller.services.entry.access_index import AccessIndex
from controller.services.inbound import Inbound
from controller.services.ports import Clock, LoggedFact, Note, Outbound
from controller.services.presence import Presence
from controller.services.rooms.one_booth import NotOnAirError, OneBooth, Session, session_from
from devices.errors import LinkError
from devices.messages import Desired, DesiredValue, Event, State

__all__ = ["Booths", "NotOnAirError", "Session"]

logger = logging.getLogger(__name__)

ONAIR_CHANNEL = "onair"
# Which wish the light's report answers: a number that only rises.
ONAIR_REV = "onair.rev"
# What a device saved up while offline is history: it must not light a lamp now. So is what a command said long ago.
LATE_ASK = 5.0


class Booths:
    """Every booth of the space that has a light."""

    def __init__(
        self,
        index: AccessIndex,
        outbound: Outbound,
        presence: Presence,
        note: Note,
        clock: Clock,
        *,
        sensed: Callable[[AreaId], Sensed],
        touched: Callable[[AreaId], None],
        changed: Callable[[AreaId], None],
    ) -> None:
        """`sensed`: whether anybody is in a booth; `touched` hears when somebody presses its button, `changed` when another
        thing is shown of one.
        """
        self._index = index
        self._outbound = outbound
        self._presence = presence
        self._note = note
        self._clock = clock
        self._sensed = sensed
        self._touched = touched
        self._changed = changed
        self._rev = 0
        self._in_area = {area: OneBooth(area, light) for area, light in booths_of(index.space).items()}
        self._booths = {booth.light: booth for booth in self._in_area.values()}
        self._begun: set[BookingId] = set()  # bookings that were on air, or asked to be

    # --- questions --------------------------------------------------------------------------------

    def shown(self, area: AreaId) -> OnAir | None:
        """What everybody is shown of this booth's light, or None for a room that has none."""
        booth = self._in_area.get(area)
        return booth.shown if booth is not None else None

    def session_of(self, area: AreaId) -> Session | None:
        """The session that is asked for, or on; None where there is none."""
        booth = self._in_area.get(area)
        return booth.running if booth is not None else None

    def on_air_until(self, area: AreaId) -> datetime | None:
        """While it is on air by the light's own word: until when."""
        booth = self._in_area.get(area)
        return booth.session.until if booth is not None and booth.session and booth.shown is OnAir.ON else None

    def hold_of(self, area: AreaId) -> Hold | None:
        """Who may come in, while it is on air; a light whose link dies meanwhile interrupts no recording."""
        session = self.session_of(area)
        if session is None or not session.has_begun or session.until is None:
            return None
        booking = self._booking(session)
        return Hold(area, people_of(booking) if booking is not None else frozenset(), session.until)

    def is_held(self, area: AreaId) -> bool:
        """Whether it is on air, as far as its doors are concerned."""
        return self.hold_of(area) is not None

    def held_until(self, area: AreaId) -> datetime | None:
        """The same, until when: for whoever is asked to be quiet beside it."""
        hold = self.hold_of(area)
        return hold.until if hold is not None else None

    # --- what people ask --------------------------------------------------------------------------

    def start(self, area: AreaId, by: Person | None, how: How) -> Session:
        """Ask for on air; the light has still to confirm. NotOnAirError says why not."""
        booth = self._booth(area)
        asked = self._ask(booth, by, how)
        return asked if isinstance(asked, Session) else _refuse(asked)

    def stop(self, area: AreaId, by: Person | None, how: How) -> Session:
        """End it, and tell which session it was. NotOnAirError says why not."""
        booth = self._booth(area)
        session = booth.running
        if session is None:
            _refuse(Refusal(NotNow.NOT_ON_AIR, f"{self._name(area)} is not on air", "there is nothing to stop"))
        refusal = may_stop(self._name(area), self._booking(session), by, how)
        if refusal is not None:
            _refuse(refusal)
        self._end(booth, Ended.STOPPED)
        return session

    def took(self, logged: LoggedFact) -> None:
        """What somebody asked for by a command, which is another process, reaches us by the log."""
        fact = logged.fact
        if fact.kind is not FactKind.ON_AIR_ASKED or fact.area is None:
            return
        if self._clock.now() - fact.at > timedelta(seconds=LATE_ASK):
            return
        by = self._index.people.people.get(fact.person) if fact.person is not None else None
        try:
            (self.stop if fact.detail.get("do") == "stop" else self.start)(fact.area, by, How.COMMAND)
        except InputError as error:
            logger.info("booth %s: %s", fact.area, error)

    def button_pressed(self, inbound: Inbound, event: Event) -> None:
        """Ask for on air, or end it: whoever is in the booth during its booking may. What came of it is in the fact."""
        booth = self._booths.get(DeviceId(inbound.device))
        detail: dict[str, Plain] = {}
        if booth is not None:
            is_late = self._presence.age_of(inbound, event.ts, event.age_ms) > LATE_ASK
            detail = {"outcome": "late"} if is_late else self._pressed(booth)
        device, area = DeviceId(inbound.device), booth.area if booth is not None else None
        fact = Fact(
            FactKind.BUTTON_PRESSED, inbound.received_at, device=device, area=area, message_id=event.id, detail=detail
        )
        self._note(fact, inbound.acknowledge)

    def _pressed(self, booth: OneBooth) -> dict[str, Plain]:
        self._touched(booth.area)
        if booth.running is not None:
            self._end(booth, Ended.STOPPED)
            return {"outcome": "stopped"}
        asked = self._ask(booth, None, How.BUTTON)
        if isinstance(asked, Session):
            return {"outcome": "asked"}
        return {"outcome": "refused", "why": f"{asked.words}: {asked.right}"}

    def _ask(self, booth: OneBooth, by: Person | None, how: How) -> Session | Refusal:
        now, space = self._clock.now(), self._index.space
        allowed = may_start(self._name(booth.area), self._bookings(booth.area), by, how, now, space.zone)
        if isinstance(allowed, Refusal):
            return allowed
        if booth.running is not None:
            return booth.running  # asked already
        person = by.id if by is not None else None
        booth.session = Session(session_id(booth.area, now), allowed.id, now, allowed.end, how, person)
        booth.why = None
        self._begun.add(allowed.id)
        self._take(booth, Input.ASKED)
        return booth.session

    def _end(self, booth: OneBooth, why: Ended) -> None:
        booth.why = why
        self._take(booth, Input.STOPPED)

    # --- what the light says ----------------------------------------------------------------------

    def state_reported(self, inbound: Inbound, state: State) -> None:
        """What a light says of itself, unless it has said something newer."""
        booth = self._booths.get(DeviceId(inbound.device))
        if booth is None or ONAIR_CHANNEL not in state.v:
            return
        self._follow_boot(booth)
        if booth.report is not None and state.ts < booth.report.at:
            return
        rev = state.v.get(ONAIR_REV)
        number = int(rev) if isinstance(rev, int | float) and not isinstance(rev, bool) else None
        booth.report = Report(state.v[ONAIR_CHANNEL], state.ts, number)
        booth.tells_rev |= number is not None
        self._hear(booth)

    def device_changed(self, device: DeviceId) -> None:
        """A light came back, or was lost."""
        booth = self._booths.get(device)
        if booth is not None:
            self._follow_boot(booth)
            self._hear(booth)

    def _follow_boot(self, booth: OneBooth) -> None:
        boot = self._presence.of(booth.light).presence.boot
        if boot != booth.boot:
            # Perhaps it has another clock now, and it has forgotten what it was asked.
            was, booth.boot = booth.boot, boot
            if booth.report is not None:
                booth.report = replace(booth.report, at=datetime.min.replace(tzinfo=booth.report.at.tzinfo))
            booth.wish = replace(booth.wish, after=None)
            if was is not None and booth.wish.on:
                self._ask_anew(booth)

    def _ask_anew(self, booth: OneBooth) -> None:
        """A light that starts anew is dark: that it was on before confirms nothing, however late it is told."""
        if booth.report is not None and booth.report.value is True:
            booth.report = None
        booth.wish = Wish(True, self._next_rev())
        self._tell(booth)

    def _hear(self, booth: OneBooth) -> None:
        if booth.running is not None:
            # A light goes off by itself as its booking ends: not to be asked for again until somebody looks.
            self._follow_booking(booth, booth.running, self._clock.now())
        is_present = self._presence.is_there(booth.light)
        birth = self._presence.of(booth.light).birth
        tells_rev = booth.tells_rev or (birth is not None and ONAIR_REV in birth.channels)
        said = heard(booth.report, booth.wish, is_present=is_present, tells_rev=tells_rev)
        if said is not None:
            self._take(booth, said)
        elif booth.retry_at is None:
            # It may not know what is wanted of it, and nothing else would tell it.
            booth.retry_at = self._clock.monotonic() + pause_after(0)

    # --- time -------------------------------------------------------------------------------------

    def look(self) -> None:
        """Once a second, and when bookings change: what is over ends, what is live begins, who did not hear is told."""
        now, passed = self._clock.now(), self._clock.monotonic()
        for booth in self._in_area.values():
            if booth.running is not None:
                self._follow_booking(booth, booth.running, now)
            else:
                live = goes_live(self._bookings(booth.area), now, self._begun)
                if live is not None:
                    self._ask(booth, None, How.SCHEDULE)
            if not booth.is_told:
                self._tell(booth)
            if booth.retry_at is not None and passed >= booth.retry_at:
                booth.retry_at = None
                self._take(booth, Input.RETRY)

    def _follow_booking(self, booth: OneBooth, session: Session, now: datetime) -> None:
        booking = self._booking(session)
        why = ends(booking, booth.area, now)
        if why is None and is_deserted(self._sensed(booth.area), session.asked_at, now):
            why = Ended.EMPTY
        if why is not None:
            self._end(booth, why)
        elif booking is not None and booking.end != session.until:
            booth.session = replace(session, until=booking.end)
            self._take(booth, Input.MOVED)

    # --- the table, carried out -------------------------------------------------------------------

    def _take(self, booth: OneBooth, event: Input) -> None:
        booth.state, effects = step(booth.state, event)
        for effect in effects:
            self._carry_out(booth, effect, event)
        self._note_change(booth)

    def _carry_out(self, booth: OneBooth, effect: Effect, event: Input) -> None:
        match effect:
            case Effect.TELL:
                self._wish(booth, event)
            case Effect.RETRY_LATER:
                booth.tries = booth.tries + 1 if event is Input.RETRY else 0
                booth.retry_at = self._clock.monotonic() + pause_after(booth.tries)
            case Effect.CHECK_LATER:
                booth.retry_at = self._clock.monotonic() + CHECK_EVERY
            case Effect.STOP_RETRYING:
                booth.retry_at = None
            case Effect.BEGIN if booth.session is not None:
                booth.session = replace(booth.session, has_begun=True)

    def _wish(self, booth: OneBooth, event: Input) -> None:
        """A wish is a state, not an action: said later it is as good, for it carries its end."""
        on = booth.state in WANTED
        if booth.wish.on is not on or event in (Input.ASKED, Input.STOPPED):
            after = booth.report.at if booth.report is not None else None
            booth.wish = Wish(on, self._next_rev(), after)
        self._tell(booth)

    def _tell(self, booth: OneBooth) -> None:
        until = booth.session.until if booth.session is not None and booth.wish.on else None
        # Each message has a number of its own; a confirmation answers the first that said so, or a later one.
        wanted = DesiredValue(value=booth.wish.on, until=until)
        desired = Desired(rev=self._next_rev(), v={ONAIR_CHANNEL: wanted})
        try:
            self._outbound.send(booth.light, desired)
        except LinkError as error:
            booth.is_told = False
            logger.debug("booth %s: the light was not told: %s", booth.area, error)
        else:
            booth.is_told = True

    def _next_rev(self) -> int:
        self._rev = max(self._rev + 1, int(self._clock.now().timestamp() * 1000))
        return self._rev

    # --- what is written down ---------------------------------------------------------------------

    def recall(self, facts: Iterable[LoggedFact]) -> None:
        """After a restart: what was asked for before. What became of its booking meanwhile, the first look finds out."""
        for logged in facts:
            fact = logged.fact
            booth = self._booths.get(fact.device) if fact.device is not None else None
            if fact.kind is FactKind.ON_AIR_CHANGED and booth is not None:
                self._recall(booth, fact)
            elif fact.kind is FactKind.HOUSE_RESTORED:
                # Somebody may have gone off air since the backup: whoever still is asks again.
                for one in self._booths.values():
                    one.session, one.state, one.wish, one.retry_at = None, BoothState.UNKNOWN, Wish(), None
        self.look()

    def _recall(self, booth: OneBooth, fact: Fact) -> None:
        detail = fact.detail
        rev = detail.get("rev")
        self._rev = max(self._rev, rev if isinstance(rev, int) else 0)
        booth.noted = dict(detail)
        session = session_from(fact)
        if session is None:
            booth.state = BoothState.UNKNOWN
            return
        was = booth.session
        begun = detail.get("state") == "on" or (was is not None and was.id == session.id and was.has_begun)
        booth.session = replace(session, has_begun=begun)
        if session.booking is not None:
            self._begun.add(session.booking)
        is_wanted = detail.get("wanted") is True
        booth.state = BoothState.UNKNOWN_ASKED if is_wanted else BoothState.UNKNOWN
        booth.wish = Wish(is_wanted, rev if isinstance(rev, int) else 0)
        booth.retry_at = self._clock.monotonic() + pause_after(0) if is_wanted else None

    def _note_change(self, booth: OneBooth) -> None:
        session, detail = booth.session, booth.as_detail()
        if detail == booth.noted:
            return
        shown_before = booth.noted.get("state"), booth.noted.get("wanted"), booth.noted.get("until")
        booth.noted = detail
        if shown_before == (detail["state"], detail["wanted"], detail["until"]):
            return
        person = session.by if session is not None else None
        self._note(
            Fact(
                FactKind.ON_AIR_CHANGED,
                self._clock.now(),
                device=booth.light,
                area=booth.area,
                person=person,
                detail=detail,
            )
        )
        self._changed(booth.area)

    # --- small things -----------------------------------------------------------------------------

    def _booth(self, area: AreaId) -> OneBooth:
        booth = self._in_area.get(area)
        if booth is None:
            there = ", ".join(self._in_area) or "none"
            raise InputError(f"{area!r} is no booth with an on-air light — there is {there}")
        return booth

    def _name(self, area: AreaId) -> str:
        return self._index.space.areas[area].name

    def _bookings(self, area: AreaId) -> tuple[Booking, ...]:
        return self._index.holdings.rooms.get(area, ())

    def _booking(self, session: Session) -> Booking | None:
        return self._index.people.bookings.get(session.booking) if session.booking is not None else None


def _refuse(refusal: Refusal) -> NoReturn:
    raise NotOnAirError(refusal)
