"""`natoma ledger`: what people used, and the rows that put something right; beside a running service or without."""

import asyncio
import csv
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import open_kept
from controller.cli.house import WITHIN, signed
from controller.cli.options import settings_from, space_of, where_options
from controller.domain.usage import ChargeKind, LedgerRow
from controller.errors import InputError
from controller.services.desk.ledger_desk import LedgerDesk
from controller.services.desk.moments import day_of

F = TypeVar("F", bound=Callable[..., Any])


def _use(command: F) -> F:
    """--kind and --guest: which use is meant."""
    for option in (
        click.option("--guest", help="Whose day it was, for --kind guest_day: a person's id or name."),
        click.option(
            "--kind",
            type=click.Choice([str(kind) for kind in ChargeKind]),
            default=str(ChargeKind.QUOTA_DAY),
            show_default=True,
            help="What was used.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def ledger() -> None:
    """Days of plans, day passes, guests' days, minutes of rooms. Rows are added, never edited."""


@ledger.command()
@click.argument("person")
@where_options
def show(config: Path | None, person: str, **flags: Any) -> None:
    """Show what PERSON used in the last five weeks."""

    async def say() -> list[str]:
        async with _open_desk(config, **flags) as desk:
            return await desk.show(person)

    click.echo("\n".join(asyncio.run(say())))


@ledger.command()
@click.argument("person")
@click.option("--day", help="The business day it was used on: 2026-11-23.")
@click.option("--booking", help="All the minutes of one booking instead, by its id.")
@_use
@signed
@where_options
def refund(
    config: Path | None,
    person: str,
    day: str | None,
    booking: str | None,
    kind: str,
    guest: str | None,
    by: str,
    reason: str,
    **flags: Any,
) -> None:
    """Give PERSON one use back: the heating failed, the floor was closed."""
    if (day is None) == (booking is None):
        raise InputError("needs --day or --booking, one of the two — which use is meant?")

    async def do() -> str:
        async with _open_desk(config, **flags) as desk:
            if day is None:
                return await desk.refund_booking(person, str(booking), by, reason)
            return await desk.refund(person, day_of("--day", day), ChargeKind(kind), guest, by, reason)

    _done(asyncio.run(do()))


@ledger.command()
@click.argument("person")
@click.option("--day", help="The business day that is free: 2026-11-23. Today, without it.")
@_use
@signed
@where_options
def waive(
    config: Path | None, person: str, day: str | None, kind: str, guest: str | None, by: str, reason: str, **flags: Any
) -> None:
    """Let PERSON have a day for nothing, whether it was used already or not; of kind day_pass, give a pass."""

    async def do() -> str:
        async with _open_desk(config, **flags) as desk:
            free = day_of("--day", day) if day is not None else None
            return await desk.waive(person, free, ChargeKind(kind), guest, by, reason)

    _done(asyncio.run(do()))


@ledger.command("buy-pass")
@click.argument("person")
@click.option("--count", type=int, default=1, show_default=True, help="How many.")
@click.option("--by", required=True, help="Who sold them: a person's id or name.")
@click.option("--reason", default="", help="A receipt's number, or whatever helps later.")
@where_options
def buy_pass(config: Path | None, person: str, count: int, by: str, reason: str, **flags: Any) -> None:
    """Write down day passes that PERSON paid for."""

    async def do() -> str:
        async with _open_desk(config, **flags) as desk:
            return await desk.buy(person, count, by, reason)

    _done(asyncio.run(do()))


@ledger.command()
@click.option("--from", "since", required=True, help="The first business day: 2026-11-01.")
@click.option("--until", required=True, help="The last one: 2026-11-30.")
@click.option("--kind", type=click.Choice([str(kind) for kind in ChargeKind]), help="Of one kind alone.")
@where_options
def export(config: Path | None, since: str, until: str, kind: str | None, **flags: Any) -> None:
    """Print everybody's rows of some days as CSV, for whoever writes bills."""

    async def rows() -> list[LedgerRow]:
        async with _open_desk(config, **flags) as desk:
            return await desk.export(day_of("--from", since), day_of("--until", until))

    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("day", "person", "kind", "entry", "amount", "subject", "plan", "at", "by", "reason"))
    for row in asyncio.run(rows()):
        charge = row.charge
        if kind in (None, charge.kind):
            out.writerow(
                (
                    charge.day.isoformat(),
                    charge.holder,
                    str(charge.kind),
                    str(row.entry),
                    row.amount,
                    charge.subject or "",
                    charge.plan or "",
                    row.at.isoformat(timespec="seconds"),
                    row.by,
                    row.reason,
                )
            )


def _done(said: str) -> None:
    click.echo(said)
    click.echo(WITHIN)


@asynccontextmanager
async def _open_desk(config: Path | None, **flags: Any) -> AsyncIterator[LedgerDesk]:
    settings = settings_from(config, **flags)
    space = space_of(settings)
    async with open_kept(settings.home) as kept:
        people = await kept.registry.load()
        yield LedgerDesk(kept.ledger, space, people.people, SystemClock().now())
