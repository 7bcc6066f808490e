"""What people ask of outside calendars by command: add one, list them, show what became of it, read it now, remove it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from urllib.parse import urlsplit

from controller.domain.booking.outside import Outside
from controller.domain.building import Space
from controller.domain.ids import AreaId, CalendarId, PersonId
from controller.domain.membership import Person
from controller.errors import ControllerError, InputError
from controller.services.booking.counter import random_id
from controller.services.booking.desk import BookingDesk
from controller.services.calendars.polling import RAREST_S, SOONEST_S, content_of, words_of_every
from controller.services.calendars.stores import CalendarStore, Came, KeptCalendar, Reader, Source
from controller.services.calendars.taking import Taken, Taking, window_end
from controller.services.desk.house_desk import person_of
from controller.services.screens.lines import moment

NAME_LIMIT = 60


class OutsideDesk:
    """One command's view of the outside calendars."""

    def __init__(
        self,
        store: CalendarStore,
        desk: BookingDesk,
        source: Source,
        reader: Reader,
        space: Space,
        people: Mapping[PersonId, Person],
        now: datetime,
    ) -> None:
        self._store = store
        self._desk = desk
        self._taking = Taking(desk)
        self._source = source
        self._reader = reader
        self._space = space
        self._people = people
        self._now = now

    async def add(self, address: str, room: str, owner: str, name: str, every: timedelta) -> list[str]:
        """Kept only once it could be read; its entries are booked at once."""
        name = " ".join(name.split())
        if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
            raise InputError(f"--name: {name[:20]!r} — 1 to {NAME_LIMIT} characters that say which calendar it is")
        seconds = int(every.total_seconds())
        if not SOONEST_S <= seconds <= RAREST_S:
            raise InputError(f"--every: {words_of_every(seconds)} — from one minute, 1m, to one day, 1d")
        area, whose = self._desk.room(self._room(room)).id, person_of(owner, self._people, "--owner").id
        there = [one for one in await self._store.calendars() if not one.is_removed]
        for one in there:
            if one.outside.name.casefold() == name.casefold():
                raise InputError(f"--name: a calendar is called {name!r} already ({one.outside.id}) — choose another")
            if one.url == address and one.outside.area == area:
                raise InputError(f"this calendar is read for that room already: {one.outside.name} ({one.outside.id})")
        outside = Outside(CalendarId(f"cal-{random_id()}"), name, area, whose)
        kept = KeptCalendar(outside, address, seconds)
        # Nothing is kept of what cannot be read.
        fetched = await self._source.fetch(address)
        assert fetched is not None  # nothing was told that it could be unchanged since
        until = window_end(self._now)
        reading = await self._reader.read(fetched.data, self._now, until, self._space.zone)
        await self._store.put_calendar(kept)
        taken = await self._taking.take(outside, reading, until)
        came = Came(self._now, fetched.etag, fetched.modified, content_of(fetched), report=taken.report)
        await self._store.came(outside.id, came)
        return [f"{outside.id}  {self._line(replace(kept, last=came))}", *_said(taken)]

    async def listed(self) -> list[str]:
        return [f"{one.outside.id}  {self._line(one)}" for one in await self._store.calendars() if not one.is_removed]

    async def shown(self, which: str) -> list[str]:
        """What became of the last reading."""
        one = await self._one(which)
        lines = [f"{one.outside.id}  {self._line(one)}"]
        if one.last is None:
            return lines
        if one.last.error is not None:
            lines.append(f"The last reading failed: {one.last.error}")
        report = one.last.report
        meant = f"`natoma calendars read {one.outside.id} --gone`"
        for heading, found in (
            ("Not booked, as the room is not free or not open:", report.conflicts),
            ("Not read:", report.problems),
            (
                f"Gone from the calendar all at once, booked all the same for some hours; if meant, {meant}:",
                report.held_back,
            ),
        ):
            if found:
                lines += [heading, *(f"  {line}" for line in found)]
        return lines

    async def read(self, which: str, *, gone: bool = False) -> list[str]:
        """Now, whole; `gone` takes back however many bookings are in it no longer."""
        one = await self._one(which)
        before = one.last or Came(self._now)
        try:
            fetched = await self._source.fetch(one.url)
            assert fetched is not None  # as above
            until = window_end(self._now)
            reading = await self._reader.read(fetched.data, self._now, until, self._space.zone)
            taken = await self._taking.take(one.outside, reading, until, sure=gone)
        except ControllerError as error:
            await self._store.came(one.outside.id, replace(before, at=self._now, error=str(error)))
            raise
        came = Came(self._now, fetched.etag, fetched.modified, content_of(fetched), report=taken.report)
        await self._store.came(one.outside.id, came)
        return [f"{one.outside.id}  {self._line(replace(one, last=came))}", *_said(taken)]

    async def remove(self, which: str) -> str:
        """Not read any more; what it has booked and has not begun is taken back."""
        one = await self._one(which, removed=True)
        # First, so that the running service does not book them again.
        await self._store.remove_calendar(one.outside.id)
        gone = await self._taking.let_go(one.outside)
        return f"{one.outside.name} ({one.outside.id}) is not read any more; {_bookings(gone)} taken back."

    async def _one(self, which: str, *, removed: bool = False) -> KeptCalendar:
        """By its id, or by its name."""
        every = await self._store.calendars()
        known = [one for one in every if not one.is_removed]
        found = [one for one in (every if removed else known) if one.outside.id == which] or [
            one for one in known if one.outside.name.casefold() == which.casefold()
        ]
        if found:
            return found[0]
        close = get_close_matches(which, [name for one in known for name in (one.outside.id, one.outside.name)], 1, 0.5)
        hint = f"did you mean {close[0]}?" if close else "`natoma calendars list` shows them"
        raise InputError(f"no calendar {which!r} — {hint}")

    def _room(self, text: str) -> AreaId:
        for area in self._space.areas.values():
            if area.room is not None and text.casefold() in (area.id.casefold(), area.name.casefold()):
                return area.id
        return AreaId(text)  # the desk says which there are

    def _line(self, one: KeptCalendar) -> str:
        outside, last = one.outside, one.last
        area = self._space.areas.get(outside.area)
        owner = self._people.get(outside.owner)
        room = area.name if area is not None else outside.area
        whose = owner.name if owner is not None else outside.owner
        said = [
            f"{outside.name}: {room} for {whose}, from {place_of(one.url)}",
            f"every {words_of_every(one.every_s)}",
        ]
        if last is None:
            said.append("never read")
        else:
            when = moment(last.at.isoformat(), self._space.zone, self._now)
            said.append(f"FAILED {when}" if last.error is not None else f"read {when}")
            said.append(f"{_bookings(last.report.booked)} ahead")
            counts = {"in conflict": last.report.conflicts, "not read": last.report.problems}
            said += [f"{len(found)} {what}" for what, found in counts.items() if found]
            said += [f"{len(last.report.held_back)} HELD BACK"] if last.report.held_back else []
        return ", ".join(said)


def place_of(url: str) -> str:
    """Where a calendar is kept, without what is secret of its address: most of it is."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return parts.path
    return f"{parts.scheme}://{parts.hostname or '?'}/…"


def _said(taken: Taken) -> Sequence[str]:
    lines = [f"Booked {len(taken.made)}, changed {len(taken.changed)}, taken back {len(taken.gone)}."]
    report = taken.report
    lines += [f"Not booked: {line}" for line in report.conflicts]
    lines += [f"Not read: {line}" for line in report.problems]
    if report.held_back:
        lines.append(
            f"{len(report.held_back)} bookings are gone from the calendar all at once and stand all the same for some "
            "hours; if it is meant, read it with --gone."
        )
    return lines


def _bookings(count: int) -> str:
    return "1 booking" if count == 1 else f"{count} bookings"
