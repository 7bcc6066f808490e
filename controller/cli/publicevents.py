"""`natoma event`: evenings open to outsiders and their tickets; beside a running service or without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import open_kept
from controller.cli.house import WITHIN
from controller.cli.options import settings_from, space_of, where_options
from controller.cli.tickets import ticket, tickets
from controller.domain.building import Space
from controller.domain.holdings import EventEntry
from controller.services.desk.moments import moment_of
from controller.services.visitors.events_desk import EventsDesk


@click.group()
def event() -> None:
    """Public events: a path of doors, opened by a window or by tickets once the host is in."""


@event.command()
@click.argument("id")
@click.option("--name", required=True, help="As visitors know it.")
@click.option("--host", required=True, help="Who comes first: a person's id or name.")
@click.option("--door", "doors", multiple=True, required=True, help="Each door on the way, the street's first.")
@click.option("--from", "start", required=True, help="In the space's own time: 2026-11-28T19:00.")
@click.option("--to", "end", required=True, help="In the space's own time: 2026-11-28T22:00.")
@click.option("--capacity", type=click.IntRange(min=1), required=True, help="How many visitors fit.")
@click.option("--open", "is_open", is_flag=True, help="The doors are unlocked while it runs; without it, by ticket.")
@click.option("--public", "is_public", is_flag=True, help="Show it on the page of coming events, for anybody.")
@click.option("--over-bookings", is_flag=True, help="Announce it although its room is booked: what is booked stands.")
@where_options
def add(
    config: Path | None,
    id: str,
    name: str,
    host: str,
    doors: tuple[str, ...],
    start: str,
    end: str,
    capacity: int,
    is_open: bool,
    is_public: bool,
    over_bookings: bool,
    **flags: Any,
) -> None:
    """Announce an event, or change one that has not begun."""

    async def do() -> str:
        async with _open_desk(config, **flags) as (desk, space):
            now = SystemClock().now()
            begins = moment_of("--from", start, space.zone, now)
            ends = moment_of("--to", end, space.zone, now, is_end=True)
            entry = EventEntry.OPEN if is_open else EventEntry.TICKET
            return await desk.add(
                id,
                name,
                host,
                doors,
                begins,
                ends,
                capacity,
                entry,
                is_public=is_public,
                over_bookings=over_bookings,
            )

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@event.command("list")
@where_options
def list_(config: Path | None, **flags: Any) -> None:
    """Show every event, with its tickets."""

    async def say() -> list[str]:
        async with _open_desk(config, **flags) as (desk, _):
            return desk.listed()

    click.echo("\n".join(asyncio.run(say())) or "No events.")


event.add_command(ticket)
event.add_command(tickets)


@event.command("end")
@click.argument("id")
@where_options
def end_(config: Path | None, id: str, **flags: Any) -> None:
    """End an event before its time."""

    async def do() -> str:
        async with _open_desk(config, **flags) as (desk, _):
            return await desk.end(id)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@event.command("void-ticket")
@click.argument("ticket")
@where_options
def void_ticket(config: Path | None, ticket: str, **flags: Any) -> None:
    """Make one TICKET worthless: given back, or in the wrong hands. Its id is beside its token in the file of tickets."""

    async def do() -> str:
        async with _open_desk(config, **flags) as (desk, _):
            return await desk.void_ticket(ticket)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@asynccontextmanager
async def _open_desk(config: Path | None, **flags: Any) -> AsyncIterator[tuple[EventsDesk, Space]]:
    settings = settings_from(config, **flags)
    space = space_of(settings)
    async with open_kept(settings.home) as kept:
        people = await kept.registry.load()
        desk = EventsDesk(
            kept.public_events,
            space,
            people.people,
            people.events,
            people.tickets,
            SystemClock().now(),
            people.bookings.values(),
        )
        yield desk, space
