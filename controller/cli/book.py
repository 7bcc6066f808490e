"""`natoma book`: rooms booked, by hand or for a script; beside a running service or without one.

What is asked of a booking that is there, and of waiting lists, is next door.
"""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from controller.cli.book_changes import CHANGES
from controller.cli.book_desk import Opened, done, open_book, shown
from controller.cli.book_waiting import WAITING
from controller.cli.options import as_json, where_options
from controller.domain.booking.recurrence import in_words
from controller.domain.booking.rules import Wish
from controller.domain.booking.values import Frequency, Recurrence
from controller.domain.holdings import BookingState
from controller.domain.ids import BookingId
from controller.domain.schedule import DAY_MINUTES, instant
from controller.errors import InputError
from controller.services.desk.moments import day_of

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LISTED_DAYS = 7


class _Book(click.Group):
    """What is no command is a room: `natoma book pine 14:00 15:00 --for alice`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            return "room", self.commands["room"], args
        return super().resolve_command(ctx, args)


@click.group(cls=_Book)
def book() -> None:
    """Rooms: book one, move it, cancel it, check in, wait for one that is taken.

    \b
    natoma book pine 14:00 15:00 --for alice
    natoma book pine 2026-11-23T10:00 90m --for alice --repeat weekly --days mon,wed --until 2027-03-01
    """


@book.command()
@click.argument("room", metavar="ROOM")
@click.argument("start", metavar="START")
@click.argument("end", metavar="END")
@click.option("--for", "owner", required=True, help="Whose it is: a person's id or name.")
@click.option("--with", "others", multiple=True, help="Somebody who takes part, whom its doors let in as well.")
@click.option("--title", default="", help="For its people and for staff.")
@click.option("--live", "is_live", is_flag=True, help="The booth goes on air by itself when it begins.")
@click.option("--repeat", type=click.Choice([str(one) for one in Frequency]), help="Make a series of it.")
@click.option("--every", type=click.IntRange(min=1), default=1, show_default=True, help="So many days, weeks, months.")
@click.option("--days", help="Of a weekly one: mon,wed. The day of START, without it.")
@click.option("--nth", type=int, help="Of a monthly one by weekday: 1 to 4, or -1 for the last.")
@click.option("--until", help="The last day of a series: 2027-03-01.")
@click.option("--count", type=click.IntRange(min=1), help="How many dates, instead of --until.")
@click.option("--confirm-holiday", "confirmed", is_flag=True, help="Of staff: good on a holiday and outside its hours.")
@click.option("--by", help="Who asks, where that is not its owner: staff book for others.")
@as_json
@where_options
def room(
    config: Path | None,
    room: str,
    start: str,
    end: str,
    owner: str,
    others: tuple[str, ...],
    title: str,
    is_live: bool,
    repeat: str | None,
    every: int,
    days: str | None,
    nth: int | None,
    until: str | None,
    count: int | None,
    confirmed: bool,
    by: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Book ROOM from START to END: 14:00 15:00, or 2026-11-23T14:00 90m. The word `room` may be left away."""
    if repeat is None and (days or nth or until or count or every != 1):
        raise InputError("--repeat: is missing — say daily, weekly or monthly, or leave away what belongs to a series")
    if until is not None and count is not None:
        raise InputError("--count: and --until both end a series — say how many dates, or which is the last")

    async def do() -> tuple[str | list[str], object]:
        async with open_book(config, **flags) as opened:
            holder = opened.person(owner, "--for")
            asks = opened.person(by) if by is not None else holder
            begins, ends = opened.span(start, end)
            wish = Wish(
                opened.room(room),
                begins,
                ends,
                holder,
                frozenset(opened.person(one, "--with") for one in others),
                " ".join(title.split()),
                is_live,
                holiday_confirmed=confirmed,
            )
            if repeat is not None:
                return await _series(opened, wish, _rule(opened, wish, repeat, every, days, nth, until, count), asks)
            made = await opened.desk.book(wish, asks)
            return opened.line(made), opened.plain(made)

    said, plain = asyncio.run(do())
    done(said, plain, as_json=as_json)


async def _series(opened: Opened, wish: Wish, rule: Recurrence, asks: Any) -> tuple[list[str], object]:
    made = await opened.desk.book_series(wish, rule, asks)
    dates = f"{len(made.made)} date{'s' if len(made.made) != 1 else ''}"
    lines = [f"{made.series.id}: {in_words(rule)}, {dates} booked."]
    lines += [f"  {opened.line(one)}" for one in made.made]
    lines += opened.skipped_lines(made.skipped)
    plain = {
        "series": made.series.id,
        "bookings": [opened.plain(one) for one in made.made],
        "skipped": [
            {"day": one.day.isoformat(), "reason": str(one.reason), "words": one.words} for one in made.skipped
        ],
    }
    return lines, plain


def _rule(
    opened: Opened,
    wish: Wish,
    repeat: str,
    every: int,
    days: str | None,
    nth: int | None,
    until: str | None,
    count: int | None,
) -> Recurrence:
    start = wish.start.astimezone(opened.space.zone).replace(tzinfo=None)
    end = wish.end.astimezone(opened.space.zone).replace(tzinfo=None)
    return Recurrence(
        Frequency(repeat),
        start.date(),
        start.hour * 60 + start.minute,
        (end - start) // timedelta(minutes=1),
        every,
        frozenset(_weekday(word) for word in days.split(",")) if days is not None else frozenset(),
        nth,
        day_of("--until", until) if until is not None else None,
        count,
    )


def _weekday(word: str) -> int:
    short = word.strip().casefold()[:3]
    if short not in _WEEKDAYS:
        raise InputError(f"--days: {word!r} is no day of the week — write them like {','.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(short)


@book.command("list")
@click.option("--room", help="Of one room alone: its id or name.")
@click.option("--for", "owner", help="Of one person alone, as owner or as one who takes part.")
@click.option("--day", help="Of one day: 2026-11-23. Without it the next seven days.")
@click.option("--all", "history", is_flag=True, help="With --for: those that are over, released or cancelled as well.")
@click.option("--waiting", is_flag=True, help="Who waits for a time that is taken, instead.")
@as_json
@where_options
def list_(
    config: Path | None,
    room: str | None,
    owner: str | None,
    day: str | None,
    history: bool,
    waiting: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Show what is booked, and whose owner is paused."""
    if history and owner is None:
        raise InputError("--all: shows one person's — say whose with --for")

    async def say() -> tuple[list[str], object]:
        async with open_book(config, **flags) as opened:
            stores, now = opened.desk.stores, opened.now
            area = opened.room(room) if room is not None else None
            who = opened.person(owner, "--for") if owner is not None else None
            if waiting:
                line = [one for one in await stores.waiting.waiting_list(now, area) if who in (None, one.person)]
                return [opened.waiting_line(one) for one in line], [opened.plain_waiting(one) for one in line]
            start, end = now, now + timedelta(days=_LISTED_DAYS)
            if day is not None:
                zone, there = opened.space.zone, day_of("--day", day)
                start, end = instant(there, 0, zone), instant(there, DAY_MINUTES, zone)
            if history and who is not None:
                start = start if day is not None else now - timedelta(days=366)
                found = await stores.bookings.bookings_of(who, start, end)
            else:
                found = await stores.bookings.bookings_between(start, end, area)
            found = [one for one in found if area in (None, one.area)]
            found = [one for one in found if who is None or who == one.owner or who in one.participants]
            found.sort(key=lambda one: (one.start, one.area))
            return [opened.line(one) for one in found], [opened.plain(one) for one in found]

    lines, plain = asyncio.run(say())
    shown(lines, plain, "Nobody waits." if waiting else "Nothing is booked.", as_json=as_json)


@book.command()
@click.argument("id", metavar="ID")
@as_json
@where_options
def show(config: Path | None, id: str, as_json: bool, **flags: Any) -> None:
    """Show one booking."""

    async def say() -> tuple[list[str], object]:
        async with open_book(config, **flags) as opened:
            one = await opened.desk.booking(BookingId(id))
            lines = [opened.line(one)]
            if one.booked_end is not None and one.booked_end != one.end:
                lines.append(f"  It was booked {opened.when(one.start, one.booked_end)}.")
            if one.checked_in_at is not None and one.state is BookingState.BOOKED:
                came = one.checked_in_at.astimezone(opened.space.zone)
                lines.append(f"  Checked in {came:%Y-%m-%d %H:%M}.")
            return lines, opened.plain(one)

    lines, plain = asyncio.run(say())
    shown(lines, plain, "", as_json=as_json)


@book.command()
@click.argument("room", metavar="ROOM")
@click.argument("day", metavar="DAY", required=False)
@as_json
@where_options
def free(config: Path | None, room: str, day: str | None, as_json: bool, **flags: Any) -> None:
    """Show when ROOM is free on DAY, or today."""

    async def say() -> tuple[list[str], object]:
        async with open_book(config, **flags) as opened:
            there = day_of("DAY", day) if day is not None else opened.now.astimezone(opened.space.zone).date()
            slots = await opened.desk.free_slots(opened.room(room), there)
            plain = [{"start": one.start.isoformat(), "end": one.end.isoformat()} for one in slots]
            return [opened.when(one.start, one.end) for one in slots], plain

    lines, plain = asyncio.run(say())
    shown(lines, plain, "Not free any more that day.", as_json=as_json)


for _command in (*CHANGES, *WAITING):
    book.add_command(_command)
