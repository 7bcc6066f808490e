"""`natoma book …` of a booking that is there: move, edit, extend, end, cancel, approve, decline, check in, invite."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from controller.cli.book_desk import Opened, by_option, done, one_booking, open_book, part_option
from controller.cli.house import WITHIN
from controller.cli.new_file import new_file
from controller.cli.options import as_json, where_options
from controller.domain.booking.rules import Edit
from controller.domain.booking.values import Part
from controller.domain.holdings import Booking
from controller.domain.ids import BookingId
from controller.errors import InputError
from controller.services.booking.answers import Changed, GuestToken
from controller.services.booking.arrivals import MOST_MINUTES
from controller.services.booking.desk import How
from controller.services.desk.moments import moment_of


@click.command()
@click.argument("id", metavar="ID")
@click.argument("start", metavar="START")
@click.argument("end", metavar="END")
@click.option("--room", help="Into another room: its id or name.")
@click.option("--confirm-holiday", "confirmed", is_flag=True, help="Of staff: good on a holiday and outside its hours.")
@part_option
@by_option
@as_json
@where_options
def move(
    config: Path | None,
    id: str,
    start: str,
    end: str,
    room: str | None,
    confirmed: bool,
    part: str,
    by: str,
    as_json: bool,
    **flags: Any,
) -> None:
    """Give booking ID another time: 16:00 17:00, or 2026-11-23T16:00 90m; of a series, the others move alike."""

    async def change(opened: Opened) -> Changed:
        begins, ends = opened.span(start, end)
        area = opened.room(room) if room is not None else None
        edit = Edit(begins, ends, area, holiday_confirmed=confirmed)
        return await opened.desk.change(BookingId(id), edit, opened.person(by), Part(part))

    _many(config, flags, change, as_json=as_json)


@click.command()
@click.argument("id", metavar="ID")
@click.option("--with", "others", multiple=True, help="Those who take part from now on, instead of those who did.")
@click.option("--nobody", is_flag=True, help="Nobody but its owner takes part any more.")
@click.option("--title", help="Another title.")
@click.option("--live/--not-live", "is_live", default=None, help="Whether the booth goes on air by itself.")
@part_option
@by_option
@as_json
@where_options
def edit(
    config: Path | None,
    id: str,
    others: tuple[str, ...],
    nobody: bool,
    title: str | None,
    is_live: bool | None,
    part: str,
    by: str,
    as_json: bool,
    **flags: Any,
) -> None:
    """Give booking ID other people or another title."""
    if nobody and others:
        raise InputError("--nobody: and --with say two things — name who takes part, or say that nobody does")

    async def change(opened: Opened) -> Changed:
        people = frozenset(opened.person(one, "--with") for one in others)
        wanted = Edit(
            participants=people if people or nobody else None,
            title=" ".join(title.split()) if title is not None else None,
            is_live=is_live,
        )
        return await opened.desk.change(BookingId(id), wanted, opened.person(by), Part(part))

    _many(config, flags, change, as_json=as_json)


@click.command()
@click.argument("id", metavar="ID")
@click.option("--minutes", type=click.IntRange(1, MOST_MINUTES), help="By so much.")
@click.option("--until", help="Until then instead: 16:30, or 2026-11-23T16:30.")
@by_option
@as_json
@where_options
def extend(
    config: Path | None, id: str, minutes: int | None, until: str | None, by: str, as_json: bool, **flags: Any
) -> None:
    """Let booking ID last longer, as far as the next one allows."""
    if (minutes is None) == (until is None):
        raise InputError("--minutes: or --until, one of the two — say by how much, or until when")

    async def change(opened: Opened) -> Booking:
        end = moment_of("--until", until, opened.space.zone, opened.now, is_end=True) if until is not None else None
        return await opened.desk.extend(BookingId(id), opened.person(by), minutes=minutes, until=end)

    one_booking(config, flags, change, as_json=as_json)


@click.command()
@click.argument("id", metavar="ID")
@by_option
@as_json
@where_options
def end(config: Path | None, id: str, by: str, as_json: bool, **flags: Any) -> None:
    """Give back what is left of booking ID, which runs."""
    one_booking(config, flags, lambda at: at.desk.end_now(BookingId(id), at.person(by)), as_json=as_json)


@click.command()
@click.argument("id", metavar="ID")
@part_option
@by_option
@as_json
@where_options
def cancel(config: Path | None, id: str, part: str, by: str, as_json: bool, **flags: Any) -> None:
    """Take booking ID back; one that runs ends now."""
    _many(config, flags, lambda at: at.desk.cancel(BookingId(id), at.person(by), Part(part)), as_json=as_json)


@click.command()
@click.argument("id", metavar="ID")
@by_option
@as_json
@where_options
def approve(config: Path | None, id: str, by: str, as_json: bool, **flags: Any) -> None:
    """Say yes to booking ID, which somebody asked for. Staff."""
    one_booking(config, flags, lambda at: at.desk.approve(BookingId(id), at.person(by)), as_json=as_json)


@click.command()
@click.argument("id", metavar="ID")
@click.option("--reason", required=True, help="Why, for whoever asked.")
@by_option
@as_json
@where_options
def decline(config: Path | None, id: str, reason: str, by: str, as_json: bool, **flags: Any) -> None:
    """Say no to booking ID, which somebody asked for. Staff."""
    one_booking(config, flags, lambda at: at.desk.decline(BookingId(id), at.person(by), reason), as_json=as_json)


@click.command("check-in")
@click.argument("id", metavar="ID")
@by_option
@as_json
@where_options
def check_in(config: Path | None, id: str, by: str, as_json: bool, **flags: Any) -> None:
    """Say that somebody of booking ID is there."""
    one_booking(config, flags, lambda at: at.desk.check_in(BookingId(id), at.person(by), How.COMMAND), as_json=as_json)


@click.command()
@click.argument("id", metavar="ID")
@click.argument("name", metavar="NAME")
@click.option("--email", help="Where messages to them go.")
@click.option("--out", type=Path, help="A new file for the token, which only you may read. Printed, without it.")
@by_option
@where_options
def guest(config: Path | None, id: str, name: str, email: str | None, out: Path | None, by: str, **flags: Any) -> None:
    """Invite NAME to booking ID: the token opens what the booking opens, and moves and ends with it."""

    async def invite() -> tuple[GuestToken, str]:
        async with open_book(config, **flags) as opened:
            made = await opened.desk.invite_guest(BookingId(id), name, email, opened.person(by))
            return made, f"{name} is a guest, {opened.when(made.opens_from, made.opens_until)}, on the way as well."

    if out is None:
        made, said = asyncio.run(invite())
        click.echo(made.token)
    else:
        with new_file(out) as written:
            made, said = asyncio.run(invite())
            written.write(f"{made.token}\n")
    # Beside a token that is piped into a maker of QR codes, words would be part of the code.
    where = f"in {out}" if out is not None else "the line above"
    click.echo(said, err=True)
    click.echo(f"The token is {where} and nowhere else: make a QR code of it for the guest.", err=True)
    click.echo(WITHIN, err=True)


CHANGES = (move, edit, extend, end, cancel, approve, decline, check_in, guest)


def _many(
    config: Path | None, flags: dict[str, Any], change: Callable[[Opened], Awaitable[Changed]], *, as_json: bool
) -> None:
    async def do() -> tuple[list[str], object]:
        async with open_book(config, **flags) as opened:
            after = await change(opened)
            lines = [opened.line(one) for one in after.bookings]
            lines += [f"  {one.day:%a %Y-%m-%d}: left as it was, {one.words}" for one in after.skipped]
            plain = {
                "bookings": [opened.plain(one) for one in after.bookings],
                "skipped": [
                    {"day": one.day.isoformat(), "reason": str(one.reason), "words": one.words} for one in after.skipped
                ],
            }
            return lines, plain

    lines, plain = asyncio.run(do())
    done(lines, plain, as_json=as_json)
