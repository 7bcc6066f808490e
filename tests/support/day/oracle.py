"""Holds what the house says, shows and does to what the driver knows. Whatever cannot be explained is an objection."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from controller.domain.booking.no_show import EMPTY_FOR
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId, WaitingId
from devices.messages import DesiredValue, State
from tests.support.day.ledger import MINUTE, Held, Ledger, Waits

BOOTH = AreaId("booth")
BEAT = 10.0
"""So often the house looks at itself here; what follows from time alone is as late as this, and a bit."""

SLACK = timedelta(seconds=2 * BEAT + 2)
DRAWN_EVERY = 3 * BEAT
"""So often a screen is drawn anew here, which takes a tenth of a second in life."""

# From one reading of a room to the next; that somebody came or left it says at once.
HEARD_EVERY = timedelta(seconds=240)
CAME_WITHIN = 10 * MINUTE
OFFER = 10 * MINUTE
DESERTED = 5 * MINUTE


def at_of(fact: Fact, name: str) -> datetime:
    return datetime.fromisoformat(str(fact.detail[name]))


@dataclass
class Lamp:
    """What the driver saw at both ends of the line to the light."""

    boot: str = ""
    alive: bool = False
    changed_at: datetime | None = None  # its link
    heard: dict[str, State] = field(default_factory=dict)  # the newest the house heard of each of its lives
    last: State | None = None  # of all of them

    @property
    def says_on(self) -> bool:
        said = self.heard.get(self.boot)
        return self.alive and said is not None and said.v["onair"] is True


@dataclass
class Oracle:
    ledger: Ledger
    now: Callable[[], datetime]
    shown: Callable[[], str | None]  # of the booth's light, by the service
    on_screen: Callable[[], str | None]  # of the same, by the feed
    lamp: Lamp = field(default_factory=Lamp)
    objections: list[str] = field(default_factory=list)
    explained: dict[str, int] = field(default_factory=dict)
    on_air: Fact | None = None  # what the log said last
    begun: set[str] = field(default_factory=set)  # sessions that were on air
    recalls_at: datetime | None = None  # when the house was started anew
    _screen_wrong_since: datetime | None = None
    _deserted_since: datetime | None = None

    def object(self, what: str) -> None:
        self.objections.append(f"{self.now():%H:%M:%S} {what}")

    def fine(self, what: str) -> None:
        self.explained[what] = self.explained.get(what, 0) + 1

    # --- facts, as they are told ----------------------------------------------------------------------

    def took(self, fact: Fact) -> None:
        """Looked at once whoever asked for it has written down what they were answered."""
        check = _CHECKS.get(fact.kind)
        if check is not None:
            asyncio.get_running_loop().call_soon(check, self, fact)

    def _one(self, fact: Fact) -> Held | None:
        id = BookingId(str(fact.detail.get("booking")))
        one = self.ledger.held.get(id)
        if one is None:
            self.object(f"{fact.kind} of a booking nobody made: {id}")
        return one

    def released(self, fact: Fact) -> None:
        one = self._one(fact)
        if one is None:
            return
        at, end = self.now(), at_of(fact, "end")
        if one.state != "booked" or not one.asks:
            self.object(f"{one.id} was released, though it is {one.state}, asks={one.asks}")
        if one.came is not None:
            self.object(f"{one.id} in {one.room} was released, though somebody of it came at {one.came:%H:%M:%S}")
        if at < one.start + CAME_WITHIN:
            self.object(f"{one.id} was released {at - one.start} after its start")
        if self.ledger.inside[one.room]:
            self.object(f"{one.room} was released on {sorted(self.ledger.inside[one.room])}")
        left = self.ledger.last_left.get(one.room)
        if left is not None and at - left < EMPTY_FOR - HEARD_EVERY - SLACK:
            self.object(f"{one.room} was released {at - left} after somebody left it")
        if not at - MINUTE - SLACK <= end <= at:
            self.object(f"{one.id} was released as of {end:%H:%M:%S}")
        self.ledger.gives_back(one, end, one.end, at, "released")
        one.state, one.end = "released", end
        self.fine("released")

    def declined(self, fact: Fact) -> None:
        """By staff, as the driver knows; or because nobody has answered."""
        one = self._one(fact)
        if one is None or fact.detail.get("how") != "house":
            return
        if one.state != "requested" or self.now() < one.start + CAME_WITHIN:
            self.object(f"{one.id} was declined by nobody, {self.now() - one.start} after its start")
        one.state = "gone"
        self.ledger.gives_back(one, one.start, one.end, self.now(), "declined")
        self.fine("declined")

    def in_use(self, fact: Fact) -> None:
        one = self._one(fact)
        if one is None:
            return
        left = self.ledger.last_left.get(one.room)
        was_there = left is not None and self.now() - left <= EMPTY_FOR + SLACK + HEARD_EVERY
        if not self.ledger.inside[one.room] and not was_there:
            self.object(f"{one.room} is said to be in use, and nobody has been there since {left}")
        if one.came is not None:
            self.object(f"{one.id} is said not to be checked in, though somebody came at {one.came:%H:%M:%S}")
        self.fine("in use")

    def checked_in(self, fact: Fact) -> None:
        one = self._one(fact)
        if one is not None and one.came is None and one.asks:
            self.object(f"{one.id} was checked in by {fact.detail.get('how')}, and nobody came")
        self.fine("checked in")

    def offered(self, fact: Fact) -> None:
        wait, now = self._wait(fact), self.now()
        if wait is None:
            return
        start = max(wait.start, now.replace(second=0, microsecond=0))
        if wait.is_over:
            self.object(f"{wait.id} was offered a time after all was over")
        if not self.ledger.free(wait.room, start, wait.end):
            self.object(f"{wait.id} was offered {wait.room}, which is taken")
        others = [one for one in self._open_offers() if one.id != wait.id and _meet(one, wait, now)]
        if others:
            self.object(f"{wait.room} was offered to {wait.person} and {others[0].person} at once")
        if not any(room == wait.room and begins < wait.end and start < ends and at <= now for room, begins, ends, at, _ in self.ledger.freed):  # fmt: skip
            self.object(f"{wait.id} was offered a time of {wait.room} that nobody gave back")
        wait.offered_at = now
        self.fine("offered")

    def lapsed(self, fact: Fact) -> None:
        wait = self._wait(fact)
        if wait is None:
            return
        reason, now = str(fact.detail["reason"]), self.now()
        start = max(wait.start, now.replace(second=0, microsecond=0))
        if reason == "not taken in time":
            if wait.offered_at is None or now - wait.offered_at < OFFER - SLACK:
                self.object(f"{wait.id} lapsed before its ten minutes were over")
            wait.is_over = True
        elif reason == "somebody else was quicker":
            if self.ledger.free(wait.room, start, wait.end):
                self.object(f"{wait.id} lost {wait.room} to nobody")
        elif now < wait.end:
            self.object(f"{wait.id} is over before its time")
        wait.offered_at = None
        self.fine("lapsed")

    def won(self, fact: Fact) -> None:
        wait = self._wait(fact)
        if wait is None:
            return
        if wait.offered_at is None:
            self.object(f"{wait.id} won what nobody offered")
        elif self.now() - wait.offered_at > OFFER + SLACK:
            self.object(f"{wait.id} won {self.now() - wait.offered_at} after it was offered")
        wait.won, wait.is_over, wait.offered_at = BookingId(str(fact.detail["booking"])), True, None
        self.fine("won")

    def _wait(self, fact: Fact) -> Waits | None:
        id = WaitingId(str(fact.detail.get("waiting")))
        found = self.ledger.waits.get(id)
        if found is None:
            self.object(f"{fact.kind} of {id}, who does not wait")
        return found

    def _open_offers(self) -> list[Waits]:
        return [one for one in self.ledger.waits.values() if one.offered_at is not None and self.now() < one.end]

    def on_air_changed(self, fact: Fact) -> None:
        before, self.on_air = self.on_air, fact
        state, wanted = str(fact.detail["state"]), fact.detail["wanted"] is True
        was = str(before.detail["state"]) if before is not None else "unknown"
        was_wanted = before is not None and before.detail["wanted"] is True
        if wanted and not was_wanted:
            self._asked(fact)
        elif wanted and (held := self.ledger.now_in(BOOTH, self.now())) is None:
            self.object(f"{state} is wanted, and nobody has the booth: {held}")
        if was_wanted and not wanted:
            self._ended(fact)
        if state != was:
            self._light_said(fact, state)
        if state == "on":
            self.begun.add(str(fact.detail["session"]))
        if wanted and was_wanted and before is not None and before.detail["until"] != fact.detail["until"]:
            one = self._one(fact)
            if one is not None and at_of(fact, "until") != one.end:
                self.object(f"on air until {fact.detail['until']}, and its booking ends {one.end}")
        self.fine(f"on air: {state}")

    @property
    def is_wanted(self) -> bool:
        """Whether somebody has asked for on air, and nobody has ended it."""
        return self.on_air is not None and self.on_air.detail["wanted"] is True

    def on_air_for(self, at: datetime) -> Held | None:
        """The booking whose people alone come into the booth, staff beside them."""
        fact = self.on_air
        if fact is None or fact.detail["wanted"] is not True or fact.detail["session"] not in self.begun:
            return None
        return self.ledger.held.get(BookingId(str(fact.detail["booking"]))) if at < at_of(fact, "until") else None

    def _asked(self, fact: Fact) -> None:
        one, how, now = self._one(fact), str(fact.detail["how"]), self.now()
        if one is None:
            return
        if one.room != BOOTH or not one.holds(now) or one.state != "booked":
            self.object(f"on air was asked for by {how}, and {one.id} does not hold the booth")
        elif how == "schedule" and not one.is_live:
            self.object(f"{one.id} goes on air by itself, and nobody said that it is live")
        elif how != "schedule" and not any(by == how and abs(now - at) <= SLACK for at, by, _ in self.ledger.asked_on):
            self.object(f"on air was asked for by {how}, and nobody asked")
        if at_of(fact, "until") != one.end:
            self.object(f"on air until {fact.detail['until']}, and {one.id} ends {one.end}")

    def _ended(self, fact: Fact) -> None:
        one, why, now = self._one(fact), str(fact.detail.get("why")), self.now()
        if one is None:
            return
        last = max((stay[1] or now for stay in self.ledger.stays[BOOTH]), default=None)
        is_so = {
            "stopped": any(abs(now - at) <= SLACK for at in self.ledger.asked_off),
            "over": one.end <= now,
            "gone": one.state in ("gone", "released") or one.room != BOOTH,
            "empty": not self.ledger.inside[BOOTH] and (last is None or now - last >= DESERTED - SLACK),
        }
        if not is_so.get(why, False):
            self.object(f"on air ended because {why}, and that is not so")

    def _light_said(self, fact: Fact, state: str) -> None:
        lamp, now = self.lamp, self.now()
        said = lamp.last.v["onair"] if lamp.last is not None else None
        if state == "on" and (not lamp.says_on or self.ledger.now_in(BOOTH, now) is None):
            self.object(f"on air, and the light said {said}, its link alive: {lamp.alive}")
        if state == "off" and (said is not False or not lamp.alive):
            self.object(f"off air, and the light said {said}")
        if state == "unknown" and lamp.alive and not self._has_begun_anew():
            self.object("the light is unknown, and it is there")

    def _has_begun_anew(self) -> bool:
        """The house, or the light's link: what it said before counts no more."""
        moments = [at for at in (self.recalls_at, self.lamp.changed_at) if at is not None]
        return any(self.now() - at <= SLACK for at in moments)

    # --- the light, seen at its line ------------------------------------------------------------------

    def light_told(self, wish: DesiredValue, rev: int) -> None:
        if wish.value is True:
            one = self.ledger.now_in(BOOTH, self.now())
            if one is None or one.state != "booked":
                self.object(f"the light was asked for until {wish.until}, and nobody has the booth")
            elif wish.until != one.end:
                self.object(f"the light was asked for until {wish.until}, and {one.id} ends {one.end}")

    def light_heard(self, state: State, boot: str) -> None:
        lamp = self.lamp
        if boot not in lamp.heard or state.ts >= lamp.heard[boot].ts:
            lamp.heard[boot] = state
        if lamp.last is None or state.ts >= lamp.last.ts:
            lamp.last = state

    def link_is(self, alive: bool, boot: str) -> None:
        self.lamp.boot, self.lamp.alive, self.lamp.changed_at = boot, alive, self.now()

    # --- at a room's door -----------------------------------------------------------------------------

    def tried(self, person: PersonId, room: AreaId, opened: bool, may: bool | None) -> None:
        """`may`: by what the driver knew as the badge was shown; None: it was on an edge."""
        if may is None or opened is may:
            self.fine("let in" if opened else "not let in")
        elif opened:
            self.object(f"{person} was let into {room}, and may not go there")
        else:
            self.object(f"{person} was not let into {room}, and may go there")

    # --- each moment ----------------------------------------------------------------------------------

    def look(self, bookings: list[Booking] | None, *, is_lit: bool, lit_until: datetime | None) -> None:
        """`bookings`: what stands, when it has changed."""
        now = self.now()
        one = self.ledger.now_in(BOOTH, now)
        if is_lit and (lit_until is None or now >= lit_until + timedelta(seconds=1)):
            self.object("the light is on beyond its end")
        if (
            is_lit
            and one is None
            and not any(
                lit_until == end for held in self.ledger.held.values() if held.room == BOOTH for _, end in held.until
            )
        ):
            self.object("the light is on without a booking")
        if self.shown() == "on":
            if not self.lamp.says_on:
                self.object("shown as on air, and the light has not said so")
            if one is None and not self._just_over():
                self.object("shown as on air, and nobody has the booth")
        said = str(self.on_air.detail["state"]) if self.on_air is not None else "unknown"
        if self.shown() != said:
            self.object(f"shown as {self.shown()} and the log says {said}")
        self._see_screen(now)
        self._see_deserted(now)
        if bookings is not None:
            self._see_overlaps(bookings)

    def _just_over(self) -> bool:
        now = self.now()
        return any(held.room == BOOTH and timedelta() <= now - held.end <= SLACK for held in self.ledger.held.values())

    def _see_screen(self, now: datetime) -> None:
        """What a screen shows is what was so when it was last drawn."""
        is_wrong = self.on_screen() == "on" and not self.lamp.says_on
        if not is_wrong:
            self._screen_wrong_since = None
        elif self._screen_wrong_since is None:
            self._screen_wrong_since = now
        elif now - self._screen_wrong_since > timedelta(seconds=DRAWN_EVERY + BEAT):
            self.object("the screens show on air, and the light has not said so")

    def _see_deserted(self, now: datetime) -> None:
        is_alone = not self.ledger.inside[BOOTH] and self.shown() in ("on", "requested")
        if not is_alone:
            self._deserted_since = None
        elif self._deserted_since is None:
            self._deserted_since = now
        elif now - self._deserted_since > DESERTED + HEARD_EVERY + SLACK:
            self.object("an empty booth is still on air")
            self._deserted_since = now

    def _see_overlaps(self, bookings: list[Booking]) -> None:
        standing = sorted(
            (one for one in bookings if str(one.state) in ("booked", "requested")),
            key=lambda one: (one.area, one.start),
        )
        for one, after in pairwise(standing):
            if one.area == after.area and after.start < one.end:
                self.object(f"{one.id} and {after.id} overlap in {one.area}")

    # --- at the end of the day ------------------------------------------------------------------------

    def closes(self, billed: dict[PersonId, int], minutes: Callable[[Held], int]) -> None:
        now = self.now()
        for one in self.ledger.held.values():
            due = self._release_due(one)
            if due is not None and due + SLACK + HEARD_EVERY < min(one.end, now):
                self.object(f"{one.id} in {one.room} was never released; it was due at {due:%H:%M:%S}")
        for wait in self.ledger.waits.values():
            self._see_win(wait)
        owed: dict[PersonId, int] = {}
        for one in self.ledger.held.values():
            if one.end < now and minutes(one):
                owed[one.owner] = owed.get(one.owner, 0) + minutes(one)
        if owed != billed:
            wrong = {who for who in {*owed, *billed} if owed.get(who) != billed.get(who)}
            said = [(who, owed.get(who), billed.get(who)) for who in sorted(wrong)]
            self.object(f"billed otherwise than used (who, minutes used, minutes billed): {said}")

    def _release_due(self, one: Held) -> datetime | None:
        """When a booking that stood to its end should have been given back; None: never."""
        if one.state != "booked" or not one.asks or one.came is not None:
            return None
        due = one.start + CAME_WITHIN
        for began, ended in self.ledger.stays[one.room]:
            left = ended or self.now()
            if began is not None and began < due + timedelta(seconds=1) and left + EMPTY_FOR > due:
                due = left + EMPTY_FOR
        return due

    def _see_win(self, wait: Waits) -> None:
        if wait.won is None:
            return
        one = self.ledger.held[wait.won]
        opened = [
            passage
            for passage in self.ledger.passages
            if passage.person == wait.person and passage.room == wait.room and passage.opened
            and one.start - CAME_WITHIN <= passage.at < one.end
        ]  # fmt: skip
        if not opened and wait.id not in self.ledger.changed_their_mind:
            self.object(f"{wait.person} won {one.id} in {wait.room}, and its door never opened for them")


def _meet(one: Waits, other: Waits, now: datetime) -> bool:
    start, end = max(one.start, now), one.end
    return one.room == other.room and start < other.end and max(other.start, now) < end


_CHECKS: dict[FactKind, Callable[[Oracle, Fact], None]] = {
    FactKind.BOOKING_RELEASED: Oracle.released,
    FactKind.BOOKING_DECLINED: Oracle.declined,
    FactKind.BOOKING_IN_USE: Oracle.in_use,
    FactKind.BOOKING_CHECKED_IN: Oracle.checked_in,
    FactKind.WAITING_OFFERED: Oracle.offered,
    FactKind.WAITING_LAPSED: Oracle.lapsed,
    FactKind.WAITING_WON: Oracle.won,
    FactKind.ON_AIR_CHANGED: Oracle.on_air_changed,
}
