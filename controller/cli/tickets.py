"""Tickets from the command line: of a file of guests or for one, as QR codes in a folder or as a file of tokens."""

import asyncio
import html
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.adapters.qr import qr_png, qr_svg
from controller.app.stores import open_digests, open_kept
from controller.cli.house import WITHIN
from controller.cli.new_file import new_file, new_folder, write_private
from controller.cli.options import settings_from, space_of, where_options
from controller.domain.holdings import PublicEvent
from controller.errors import InputError
from controller.services.visitors.ticket_desk import Made, TicketDesk, as_csv
from controller.services.visitors.ticket_file import COUNT_AT_MOST, SIZE_LIMIT, Guest, one_guest, read_ticket_file

TOKENS, SHEET = "tickets.csv", "tickets.html"

_again = click.option("--again", is_flag=True, help="Also for names that have a ticket to it already.")


@click.command("import")
@click.argument("file", type=Path)
@click.option("--event", "id", required=True, help="Which event they are for.")
@click.option("--out", type=Path, required=True, help="A new folder for the tickets, which only you may read.")
@_again
@where_options
def import_(config: Path | None, file: Path, id: str, out: Path, again: bool, **flags: Any) -> None:
    """Make tickets with QR codes for everybody in FILE: name, then email, count, person where you have them.

    All of them or none. In --out each ticket is there as SVG and PNG, tickets.csv says whose is whose, and tickets.html
    is a page to print.
    """
    guests = read_ticket_file(_read(file), str(file))
    _make_folder(config, id, guests, str(file), out, again=again, **flags)


@click.command()
@click.argument("id")
@click.option("--name", required=True, help="Whose it is.")
@click.option("--email", default="", help="Where it will be sent to.")
@click.option("--count", type=click.IntRange(1, COUNT_AT_MOST), default=1, show_default=True)
@click.option("--person", default="", help="Where it is somebody of this house: their id or name.")
@click.option("--out", type=Path, required=True, help="A new folder for the ticket, which only you may read.")
@_again
@where_options
def ticket(
    config: Path | None,
    id: str,
    name: str,
    email: str,
    count: int,
    person: str,
    out: Path,
    again: bool,
    **flags: Any,
) -> None:
    """Make a ticket to event ID for one visitor, as a QR code in a new folder."""
    guests = (one_guest(name, email, count, person, "--"),)
    _make_folder(config, id, guests, "--name", out, again=again, **flags)


@click.command()
@click.argument("id")
@click.argument("file", type=Path)
@click.option("--out", type=Path, required=True, help="A new file for the tokens, which only you may read.")
@_again
@where_options
def tickets(config: Path | None, id: str, file: Path, out: Path, again: bool, **flags: Any) -> None:
    """Make tickets for FILE without pictures: the tokens alone, told once in --out, for a program that sends them."""
    guests = read_ticket_file(_read(file), str(file))

    def write(event: PublicEvent, made: Sequence[Made]) -> None:
        written.write(as_csv(made))
        written.flush()

    with new_file(out) as written:
        said = _make(config, id, guests, str(file), write, again=again, **flags)
    click.echo(
        "\n".join([*said, f"Their tokens are in {out} and nowhere else: send them out, then delete it.", WITHIN])
    )


def _make_folder(
    config: Path | None, id: str, guests: Sequence[Guest], source: str, out: Path, *, again: bool, **flags: Any
) -> None:
    space = space_of(settings_from(config, **flags))

    def write(event: PublicEvent, made: Sequence[Made]) -> None:
        for one in made:
            write_private(folder / f"{one.ticket.id}.svg", qr_svg(one.token))
            write_private(folder / f"{one.ticket.id}.png", qr_png(one.token))
        write_private(folder / TOKENS, as_csv(made, lambda one: f"{one.ticket.id}.png").encode())
        begins = f"{event.start.astimezone(space.zone):%A %d %B %Y, %H:%M}"
        place = space.areas[event.area].name if event.area in space.areas else str(event.area)
        write_private(folder / SHEET, _sheet(event.name, f"{begins} · {space.name}, {place}", made).encode())

    with new_folder(out) as folder:
        said = _make(config, id, guests, source, write, again=again, **flags)
    where = f"QR codes, {TOKENS} and {SHEET} are in {out} and nowhere else: send them out, then delete the folder."
    click.echo("\n".join([*said, where, WITHIN]))


def _make(
    config: Path | None,
    id: str,
    guests: Sequence[Guest],
    source: str,
    write: Callable[[PublicEvent, Sequence[Made]], None],
    *,
    again: bool,
    **flags: Any,
) -> list[str]:
    """Written before they are kept: a full disk must not leave tickets that nobody has."""
    settings = settings_from(config, **flags)
    space = space_of(settings)

    async def make() -> tuple[PublicEvent, list[Made], list[str]]:
        async with open_kept(settings.home) as kept:
            desk = TicketDesk(kept.public_events, space, await kept.registry.load(), SystemClock().now())
            event = desk.event(id)
            made = desk.make(event, guests, source, again=again)
            return event, made, desk.told(event, made)

    async def keep(made: Sequence[Made]) -> None:
        async with open_kept(settings.home) as kept:
            digests = open_digests(settings.home)
            desk = TicketDesk(kept.public_events, space, await kept.registry.load(), SystemClock().now())
            await desk.keep(made, digests.of_token, digests.list_digest_of_token)

    event, made, said = asyncio.run(make())
    write(event, made)
    asyncio.run(keep(made))
    return said


def _sheet(name: str, when: str, made: Sequence[Made]) -> str:
    """A page to print and cut: it holds all it shows, and asks nobody for anything."""
    tickets = "\n".join(
        f"<article>{qr_svg(one.token).decode()}<div><h2>{html.escape(one.ticket.name)}</h2>"
        f"<p>{html.escape(name)}</p><p>{html.escape(when)}</p><p><code>{html.escape(one.token)}</code></p></div></article>"
        for one in made
    )
    return _PAGE.format(name=html.escape(name), tickets=tickets)


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tickets: {name}</title>
<style>
body {{ font: 11pt/1.4 system-ui, sans-serif; margin: 1cm; }}
article {{ display: flex; gap: .6cm; align-items: center; border: 1px dashed #888; padding: .3cm; break-inside: avoid; }}
article + article {{ margin-top: .3cm; }}
svg {{ width: 3.6cm; height: 3.6cm; flex: none; }}
h2, p {{ margin: 0; }}
code {{ font-size: 9pt; overflow-wrap: anywhere; }}
</style>
<h1>{name}</h1>
{tickets}
</html>
"""


def _read(file: Path) -> bytes:
    """One byte more than is taken, so that a file of any size is refused without being read."""
    try:
        with file.open("rb") as opened:
            return opened.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}) — name a CSV file of names") from error
