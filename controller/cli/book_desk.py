"""What the commands of `natoma book` share: the desk over the registry, what was typed, bookings in words and as JSON."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.adapters.clock import SystemClock
from controller.adapters.sql.event_log import SqlEventLog
from controller.app.stores import open_digests, open_kept
from controller.cli.house import WITHIN
from controller.cli.options import settings_from, space_of
from controller.domain.booking.values import Part, Waiting
from controller.domain.building import Space
from controller.domain.facts import Fact
from controller.domain.holdings import Booking, BookingState
from controller.domain.ids import AreaId, PersonId
from controller.errors import InputError
from controller.services.booking.answers import Skipped
from controller.services.booking.desk import BookingDesk, BookingStores
from controller.services.booking.paused import is_banned, is_paused
from controller.services.desk.house_desk import person_of
from controller.services.desk.moments import moment_of, span_of
from controller.services.entry.access_index import AccessIndex
from controller.services.ports import RegistrySnapshot
from controller.services.screens.lines import moment

F = TypeVar("F", bound=Callable[..., Any])

by_option = click.option("--by", required=True, help="Who you are: a person's id or name.")
part_option = click.option(
    "--part",
    type=click.Choice([str(part) for part in Part]),
    default=str(Part.ONE),
    show_default=True,
    help="Of a series: this one alone, this and those that follow, or all to come.",
)

_STATES = {
    BookingState.REQUESTED: "asked for, nobody has approved it yet",
    BookingState.BOOKED: "booked",
    BookingState.RELEASED: "released: nobody came",
    BookingState.CANCELLED: "cancelled",
    BookingState.DECLINED: "declined",
}


@dataclass(slots=True)
class Opened:
    """One command's view of the desk."""

    desk: BookingDesk
    space: Space
    people: RegistrySnapshot
    now: datetime
    index: AccessIndex = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.index = AccessIndex(self.space, self.people)

    # --- what was typed ---------------------------------------------------------------------------

    def person(self, text: str, said: str = "--by") -> PersonId:
        return person_of(text, self.people.people, said).id

    def room(self, text: str) -> AreaId:
        """By its id or its name."""
        rooms = {area.id: area.name for area in self.space.areas.values() if area.room is not None}
        for id, name in rooms.items():
            if text.casefold() in (id.casefold(), name.casefold()):
                return id
        close = get_close_matches(text, [*rooms, *rooms.values()], 3, 0.5)
        hint = f"did you mean {', '.join(close)}?" if close else f"there is {', '.join(sorted(rooms)) or 'none'}"
        raise InputError(f"ROOM: no room {text!r} — {hint}")

    def span(self, start: str, end: str) -> tuple[datetime, datetime]:
        """START as a moment; END as one on the same day, as another moment, or as how long it lasts."""
        zone = self.space.zone
        begins = moment_of("START", start, zone, self.now)
        if end[:1].isdigit() and ":" not in end and "-" not in end:
            return begins, begins + span_of("END", end)
        return begins, moment_of("END", end, zone, begins, is_end=True)

    # --- in words ---------------------------------------------------------------------------------

    def name(self, id: PersonId) -> str:
        known = self.people.people.get(id)
        return known.name if known is not None else id

    def room_name(self, id: AreaId) -> str:
        known = self.space.areas.get(id)
        return known.name if known is not None else id

    def when(self, start: datetime, end: datetime) -> str:
        zone = self.space.zone
        begins = moment(start.isoformat(), zone, self.now)
        there = end.astimezone(zone)
        if start.astimezone(zone).date() == there.date():
            return f"{begins} to {there:%H:%M}"
        return f"{begins} to {moment(end.isoformat(), zone, self.now)}"

    def line(self, one: Booking) -> str:
        """A booking for staff: with its title and its people."""
        others = f" with {', '.join(sorted(self.name(id) for id in one.participants))}" if one.participants else ""
        title = f" “{one.title}”" if one.title else ""
        said = [_STATES[one.state]]
        if one.state is BookingState.BOOKED and one.checked_in_at is None and one.start <= self.now < one.end:
            said.append("not checked in")
        if one.is_live:
            said.append("live")
        if one.series is not None:
            said.append(f"of series {one.series}")
        if one.end > self.now and (why := self._why_idle(one)):
            said.append(f"{why}: it opens no door")
        when = self.when(one.start, one.end)
        return f"{one.id}  {self.room_name(one.area)}, {when}, {self.name(one.owner)}{others}{title}: {', '.join(said)}"

    def _why_idle(self, one: Booking) -> str:
        if one.area not in self.space.areas:
            return "ITS ROOM IS GONE"
        if is_banned(self.index, one.owner):
            return "ITS OWNER IS BANNED"
        return "ITS OWNER IS PAUSED" if is_paused(self.index, one.owner, self.now) else ""

    def waiting_line(self, one: Waiting) -> str:
        when = self.when(one.start, one.end)
        until = one.offered_until
        offered = f" until {until.astimezone(self.space.zone):%H:%M}" if until is not None else ""
        return f"{one.id}  {self.room_name(one.area)}, {when}, {self.name(one.person)}: {one.state}{offered}"

    def skipped_lines(self, skipped: Iterable[Skipped]) -> list[str]:
        return [f"  {one.day:%a %Y-%m-%d}: not booked, {one.words}" for one in skipped]

    def plain(self, one: Booking) -> dict[str, object]:
        """The same as JSON."""
        return {
            "id": one.id,
            "room": one.area,
            "start": _iso(one.start),
            "end": _iso(one.end),
            "owner": one.owner,
            "participants": sorted(one.participants),
            "title": one.title,
            "state": str(one.state),
            "is_live": one.is_live,
            "checked_in_at": _iso(one.checked_in_at),
            "booked_end": _iso(one.booked_end),
            "series": one.series,
            "owner_is_paused": is_paused(self.index, one.owner, self.now),
            "owner_is_banned": is_banned(self.index, one.owner),
            "room_is_gone": one.area not in self.space.areas,
        }

    def plain_waiting(self, one: Waiting) -> dict[str, object]:
        return {
            "id": one.id,
            "room": one.area,
            "start": _iso(one.start),
            "end": _iso(one.end),
            "person": one.person,
            "state": str(one.state),
            "offered_until": _iso(one.offered_until),
            "booking": one.booking,
        }


@asynccontextmanager
async def open_book(config: Path | None, **flags: Any) -> AsyncIterator[Opened]:
    """The desk of the data folder these options mean; what was done is in the event log when this is left."""
    settings = settings_from(config, **flags)
    space = space_of(settings)
    digests = open_digests(settings.home)
    clock = SystemClock()

    async def list_digest_of_token(token: str) -> bytes:
        return digests.list_digest_of_token(token)

    async with open_kept(settings.home) as kept:
        people = await kept.registry.load()
        noted: list[Fact] = []
        desk = BookingDesk(
            BookingStores(
                kept.bookings,
                kept.series,
                kept.waiting,
                kept.ledger,
                kept.registry,
                digests,
                list_digest_of_token,
                kept.profiles,
            ),
            space=lambda: space,
            people=lambda: people,
            note=noted.append,
            now=clock.now,
        )
        try:
            yield Opened(desk, space, people, clock.now())
        finally:
            if noted:
                # As it is done, beside a running service or without one: nobody has to find it out later.
                async with await SqlEventLog.open(settings.data / "events.db") as log:
                    await log.append_all(noted)


def done(said: str | list[str], plain: object, *, as_json: bool) -> None:
    """What was done, for a person or for a script."""
    if as_json:
        click.echo(json.dumps(plain, indent=2))
        return
    click.echo("\n".join(said) if isinstance(said, list) else said)
    click.echo(WITHIN)


def shown(lines: list[str], plain: object, nothing: str, *, as_json: bool) -> None:
    """What there is."""
    click.echo(json.dumps(plain, indent=2) if as_json else "\n".join(lines) or nothing)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None


def one_booking(
    config: Path | None, flags: dict[str, Any], change: Callable[[Opened], Awaitable[Booking]], *, as_json: bool
) -> None:
    """Ask the desk, and say how the booking is now."""

    async def do() -> tuple[str, object]:
        async with open_book(config, **flags) as opened:
            after = await change(opened)
            return opened.line(after), opened.plain(after)

    said, plain = asyncio.run(do())
    done(said, plain, as_json=as_json)
