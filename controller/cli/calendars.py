"""`natoma calendars`: those kept elsewhere, as bookings here; and links under which others read those of this house."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.adapters.fetch import CalendarSource
from controller.adapters.ical_process import CalendarReader
from controller.app.stores import open_kept
from controller.cli.book_desk import open_book
from controller.cli.house import WITHIN
from controller.cli.options import settings_from, space_of, where_options
from controller.domain.calendars import LinkKind
from controller.errors import InputError
from controller.services.calendars.links import LinkDesk, MadeLink
from controller.services.calendars.outside_desk import OutsideDesk
from controller.services.calendars.polling import USUALLY_S, words_of_every
from controller.services.desk.moments import span_of


@click.group()
def calendars() -> None:
    """Calendars in and out: Google, Nextcloud and others as bookings; rooms, people and events as feeds."""


@calendars.command()
@click.argument("address", metavar="URL|FILE")
@click.option("--room", required=True, help="The room its entries book: its id or name.")
@click.option("--owner", required=True, help="Whose bookings they are: a person's id or name.")
@click.option("--name", required=True, help="What staff call this calendar.")
@click.option("--every", default=words_of_every(USUALLY_S), show_default=True, help="How often it is read: 5m, 2h, 1d.")
@where_options
def add(config: Path | None, address: str, room: str, owner: str, name: str, every: str, **flags: Any) -> None:
    """Book what a calendar kept elsewhere says, now and whenever it changes."""
    span = span_of("--every", every)
    where = _address(address)
    _say(config, flags, lambda desk: desk.add(where, room, owner, name, span))
    click.echo(WITHIN)


@calendars.command("list")
@where_options
def list_(config: Path | None, **flags: Any) -> None:
    """Show every calendar kept elsewhere, and how its last reading went. No secret of an address is shown."""
    _say(config, flags, OutsideDesk.listed, nothing="No calendars.")


@calendars.command()
@click.argument("which", metavar="CALENDAR")
@where_options
def show(config: Path | None, which: str, **flags: Any) -> None:
    """Show what of CALENDAR is not booked, and why: its id or name."""
    _say(config, flags, lambda desk: desk.shown(which))


@calendars.command()
@click.argument("which", metavar="CALENDAR")
@click.option("--gone", is_flag=True, help="Take back what is in it no longer, however much that is.")
@where_options
def read(config: Path | None, which: str, gone: bool, **flags: Any) -> None:
    """Read CALENDAR now."""
    _say(config, flags, lambda desk: desk.read(which, gone=gone))
    click.echo(WITHIN)


@calendars.command()
@click.argument("which", metavar="CALENDAR")
@where_options
def remove(config: Path | None, which: str, **flags: Any) -> None:
    """Read CALENDAR no more, and take back those of its bookings that have not begun."""

    async def do(desk: OutsideDesk) -> list[str]:
        return [await desk.remove(which)]

    _say(config, flags, do)
    click.echo(WITHIN)


@calendars.command()
@click.argument("kind", type=click.Choice([str(kind) for kind in LinkKind]))
@click.argument("subject", required=False, default="")
@where_options
def link(config: Path | None, kind: str, subject: str, **flags: Any) -> None:
    """Make a secret link: natoma calendars link room pine, link person ada, link events."""
    wanted = LinkKind(kind)
    if (wanted is LinkKind.EVENTS) == bool(subject):
        right = "leave it away" if subject else f"say which {kind}"
        raise InputError(f"{kind} {subject!r}: {right}, as in: natoma calendars link room pine, link events")

    async def do() -> MadeLink:
        async with _open_links(config, **flags) as desk:
            return await desk.link(wanted, subject)

    made = asyncio.run(do())
    # The path alone is on standard output, so that a script can keep it.
    click.echo(made.path)
    click.echo(made.said, err=True)
    click.echo("It stands behind the address at which others reach Natoma: https://natoma.example/calendar/…", err=True)
    click.echo("Whoever has the link reads that calendar; it is shown nowhere else.", err=True)


@calendars.command()
@click.option("--all", "over", is_flag=True, help="Those that were revoked as well.")
@where_options
def links(config: Path | None, over: bool, **flags: Any) -> None:
    """Show every link, without its secret."""

    async def say() -> list[str]:
        async with _open_links(config, **flags) as desk:
            return await desk.listed(all_=over)

    click.echo("\n".join(asyncio.run(say())) or "No links.")


@calendars.command()
@click.argument("which", metavar="ID")
@where_options
def unlink(config: Path | None, which: str, **flags: Any) -> None:
    """Revoke a link, by its ID as `natoma calendars links` shows it."""

    async def do() -> str:
        async with _open_links(config, **flags) as desk:
            return await desk.unlink(which)

    click.echo(asyncio.run(do()))


def _address(typed: str) -> str:
    """A file of this machine is kept as an address too, by its whole path: the service may start elsewhere."""
    return typed if "://" in typed else Path(typed).absolute().as_uri()


def _say(
    config: Path | None,
    flags: dict[str, Any],
    ask: Callable[[OutsideDesk], Awaitable[list[str]]],
    nothing: str = "",
) -> None:
    async def do() -> list[str]:
        async with _open_outside(config, **flags) as desk:
            return await ask(desk)

    click.echo("\n".join(asyncio.run(do())) or nothing)


@asynccontextmanager
async def _open_outside(config: Path | None, **flags: Any) -> AsyncIterator[OutsideDesk]:
    settings = settings_from(config, **flags)
    async with open_book(config, **flags) as book, open_kept(settings.home) as kept:
        yield OutsideDesk(
            kept.calendars,
            book.desk,
            CalendarSource(settings.calendars_private_hosts),
            CalendarReader(),
            book.space,
            book.people.people,
            book.now,
        )


@asynccontextmanager
async def _open_links(config: Path | None, **flags: Any) -> AsyncIterator[LinkDesk]:
    settings = settings_from(config, **flags)
    space = space_of(settings)
    async with open_kept(settings.home) as kept:
        people = await kept.registry.load()
        yield LinkDesk(kept.links, space, people.people, SystemClock().now())
