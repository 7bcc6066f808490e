"""The booths: on air and off again, and the timelines of what was recorded, as JSON and as chapters."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from controller.domain.building import Area
from controller.domain.ids import BookingId, PersonId
from controller.domain.membership import Person
from controller.domain.rooms.booth import OnAir
from controller.domain.rooms.on_air import How
from controller.domain.rooms.timeline import Recording
from controller.domain.tokens import TokenScope, may
from controller.errors import InputError
from controller.services.policy.log_pages import Recorded
from controller.services.rooms.booth import Booths as BoothService
from controller.services.rooms.booth import NotOnAirError, Session
from controller.services.rooms.recordings import chapters, mark_words, recording, recordings_since
from controller.services.screens.wording import Wording
from controller.web.api.acting import named_at_panel
from controller.web.api.house import ApiHouse
from controller.web.api.models import Nothing, Paged
from controller.web.api.models_booths import (
    BoothOut,
    Booths,
    MarkOut,
    OnAirWish,
    RecordingOut,
    Recordings,
    SessionOut,
    SessionQuery,
)
from controller.web.api.paging import page_of
from controller.web.api.problems import ApiProblem, Problem, invalid, not_found, of_booth
from controller.web.api.routes import Answer, Call, Route, route

USUAL_SPAN = timedelta(days=30)
# The whole log of that time is read.
LONGEST_SPAN = timedelta(days=92)

READ, WRITE, PANEL = TokenScope.BOOTH_READ, TokenScope.BOOTH_WRITE, TokenScope.PANEL
_ONE = "/booths/{room}"
_REFUSALS = (Problem.NOT_BOOKED, Problem.TOO_EARLY, Problem.NOT_YOURS, Problem.NOT_ON_AIR, Problem.NEEDS_PERSON)


@dataclass(frozen=True, slots=True)
class Studio:
    """What the API is told of the booths."""

    booths: BoothService
    log: Recorded
    words: Wording


class BoothResource:
    def __init__(self, house: ApiHouse, studio: Studio) -> None:
        self._house = house
        self._studio = studio

    def routes(self) -> Iterator[Route]:
        yield route(
            "GET",
            "/booths",
            "listBooths",
            "Every booth with an on-air light",
            self.list,
            READ,
            query=Paged,
            gives=Booths,
        )
        yield route(
            "GET", _ONE, "getBooth", "Whether it is on air, by its light's own word", self.get, READ, gives=BoothOut
        )
        yield route(
            "POST", f"{_ONE}/start", "goOnAir", "Ask for on air; the light has still to confirm", self.start, WRITE, PANEL,
            takes=OnAirWish, gives=BoothOut, problems=_REFUSALS,
        )  # fmt: skip
        yield route(
            "POST", f"{_ONE}/stop", "goOffAir", "Off air", self.stop, WRITE, PANEL, takes=OnAirWish, gives=BoothOut,
            problems=_REFUSALS,
        )  # fmt: skip
        yield route(
            "GET", f"{_ONE}/sessions", "listSessions", "What was recorded: for staff all of it, else one's own",
            self.sessions, READ, query=SessionQuery, gives=Recordings,
        )  # fmt: skip
        yield route(
            "GET", f"{_ONE}/sessions/{{session}}", "getSession", "One recording's timeline", self.session, READ,
            gives=RecordingOut,
        )  # fmt: skip
        yield route(
            "GET", f"{_ONE}/sessions/{{session}}/chapters", "getChapters", "The same as players of podcasts read it",
            self.chapters, READ, gives="text/plain",
        )  # fmt: skip

    async def list(self, call: Call[Paged, None]) -> Answer:
        booths = [
            area
            for area in self._house.space().areas.values()
            if call.token.area in (None, area.id) and self._shown(area) is not None
        ]
        shown, after = page_of(booths, lambda area: (str(area.id),), call.query)
        return Answer(Booths(items=[self._out(area, call) for area in shown], next=after))

    async def get(self, call: Call[Nothing, None]) -> Answer:
        return Answer(self._out(self._booth(call), call))

    async def start(self, call: Call[Nothing, OnAirWish]) -> Answer:
        area = self._booth(call)
        with _refusals():
            self._studio.booths.start(area.id, *self._asks(call))
        return Answer(self._out(area, call))

    async def stop(self, call: Call[Nothing, OnAirWish]) -> Answer:
        area = self._booth(call)
        with _refusals():
            self._studio.booths.stop(area.id, *self._asks(call))
        return Answer(self._out(area, call))

    async def sessions(self, call: Call[SessionQuery, None]) -> Answer:
        area, now = self._booth(call), self._house.now()
        since = call.query.since or now - USUAL_SPAN
        if now - since > LONGEST_SPAN:
            raise invalid("since", f"is more than {LONGEST_SPAN.days} days ago: ask for less at once")
        found = await recordings_since(self._studio.log, since, now, self._house.space(), area.id)
        theirs = [one for one in found if await self._may_read(one, call)]
        shown, after = page_of(theirs, lambda one: (one.began.isoformat(), one.id), call.query)
        return Answer(Recordings(items=[self._recording(one) for one in shown], next=after))

    async def session(self, call: Call[Nothing, None]) -> Answer:
        return Answer(self._recording(await self._found(call)))

    async def chapters(self, call: Call[Nothing, None]) -> Answer:
        return Answer(chapters(await self._found(call), self._studio.words), HTTPStatus.OK)

    # --- what they share --------------------------------------------------------------------------

    def _booth(self, call: Call[Any, Any]) -> Area:
        area, _ = self._house.room(call.path["room"])
        call.check_room(area.id)
        if self._shown(area) is None:
            raise not_found("booth with an on-air light", area.id)
        return area

    def _shown(self, area: Area) -> OnAir | None:
        return self._studio.booths.shown(area.id)

    def _asks(self, call: Call[Any, OnAirWish]) -> tuple[Person | None, How]:
        """The token's person; before a panel whoever says their name, and a name that nobody has is nobody's booking."""
        people = self._house.people().people
        if call.by is None and may(call.token, PANEL):
            named = named_at_panel(call, call.body.person, self._house)
            return people.get(PersonId(named or "")), How.PANEL
        return people.get(call.person()), How.PAGE

    async def _found(self, call: Call[Any, Any]) -> Recording:
        area, id = self._booth(call), call.path["session"]
        try:
            found = await recording(self._studio.log, id, self._house.space())
        except InputError:
            raise not_found("recording", id) from None
        if found.area != area.id or not await self._may_read(found, call):
            raise not_found("recording", id)
        return found

    async def _may_read(self, one: Recording, call: Call[Any, Any]) -> bool:
        """Doors that opened and who was loud are the affair of those who recorded, and of staff."""
        if self._house.is_staff(call.by):
            return True
        booking = await self._house.bookings.stores.bookings.booking(BookingId(one.booking)) if one.booking else None
        return booking is not None and call.by is not None and call.by in {booking.owner, *booking.participants}

    def _out(self, area: Area, call: Call[Any, Any]) -> BoothOut:
        session = self._studio.booths.session_of(area.id)
        return BoothOut(
            room=area.id,
            name=area.name,
            on_air=self._shown(area) or OnAir.UNKNOWN,
            wanted=session is not None,
            session=self._session(session, call) if session is not None else None,
        )

    def _session(self, one: Session, call: Call[Any, Any]) -> SessionOut:
        is_known = self._house.is_staff(call.by) or (call.by is not None and call.by == one.by)
        return SessionOut(
            id=one.id,
            booking=one.booking if is_known else None,
            asked_at=one.asked_at,
            until=one.until,
            by=one.by if is_known else None,
            has_begun=one.has_begun,
        )

    def _recording(self, one: Recording) -> RecordingOut:
        marks = [
            MarkOut(
                at=mark.at,
                offset_s=round(one.offset(mark), 3),
                kind=mark.kind,
                door=mark.door,
                text=mark_words(mark, self._studio.words),
            )
            for mark in one.marks
        ]
        return RecordingOut(
            id=one.id,
            room=one.area,
            booking=one.booking,
            began=one.began,
            ended=one.ended,
            why=one.why,
            marks=marks,
        )


class _refusals:  # noqa: N801  # reads as what it does: `with _refusals():`
    """The booth's own word for why not, as a problem."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, NotOnAirError):
            refusal = error.refusal
            words = f"{refusal.words[:1].upper()}{refusal.words[1:]}; {refusal.right}."
            raise ApiProblem(of_booth(refusal.reason), words, right=refusal.right) from error
