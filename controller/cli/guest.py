"""`natoma guest`: guests invited by members; beside a running service or without one."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import open_digests, open_kept
from controller.cli.house import WITHIN
from controller.cli.new_file import new_file
from controller.cli.options import settings_from, space_of, where_options
from controller.domain.building import Space
from controller.errors import InputError
from controller.services.desk.moments import moment_of, span_of
from controller.services.visitors.guest_desk import GuestDesk, Invited, badge_of
from devices.badges import Badge


@click.group()
def guest() -> None:
    """Guests: invited by a member for a window, counted against that member, with something to show at the door."""


@guest.command()
@click.argument("name")
@click.option("--host", required=True, help="Who invites: a member's id or name.")
@click.option("--from", "start", help="In the space's own time: 09:00, or 2026-11-28T09:00. Now, without it.")
@click.option("--until", help="In the space's own time: 18:00, or 2026-11-28T18:00.")
@click.option("--for", "lasting", help="For how long instead: 4h, 1h30m, 2d.")
@click.option("--id", "id", help="A guest who was here before, or a new guest's id. Made up, without it.")
@click.option("--badge", help="Lend a badge: only `-`; its number is then typed unseen, or read from standard input.")
@click.option("--badge-format", help="What kind of card it is: iso14443a, wiegand26, em4100, …")
@click.option("--qr", is_flag=True, help="A token to make a QR code of, which is what a guest gets without --badge.")
@click.option("--out", type=Path, help="A new file for the token, which only you may read. Printed, without it.")
@where_options
def invite(
    config: Path | None,
    name: str,
    host: str,
    start: str | None,
    until: str | None,
    lasting: str | None,
    id: str | None,
    badge: str | None,
    badge_format: str | None,
    qr: bool,
    out: Path | None,
    **flags: Any,
) -> None:
    """Invite NAME: natoma guest invite "Gus Holm" --host alice --from 14:00 --for 4h.

    The guest goes where and when the host may go, never further, and each day uses one of the host's guest days.
    """
    if (until is None) == (lasting is None):
        raise InputError("needs --until or --for, one of the two — an invitation always has an end")
    if badge is not None and (qr or out is not None):
        raise InputError("--badge: is lent instead of a token — leave away --qr and --out, or --badge")
    if badge is None and badge_format is not None:
        raise InputError("--badge-format: is about --badge — say --badge - as well")
    if badge not in (None, "-"):
        raise InputError(
            "--badge: a number on the command line is kept by the shell — write --badge - and type it unseen"
        )
    lent = _typed(name, badge_format) if badge is not None else None

    async def do() -> Invited:
        async with _open_desk(config, **flags) as (desk, space, now):
            begins = moment_of("--from", start, space.zone, now) if start is not None else now.replace(microsecond=0)
            if lasting is not None:
                ends = begins + span_of("--for", lasting)
            else:
                ends = moment_of("--until", str(until), space.zone, now, is_end=True)
            return await desk.invite(name, host, begins, ends, id, lent)

    if out is None:
        done = asyncio.run(do())
        if done.token is not None:
            click.echo(done.token)
    else:
        with new_file(out) as written:
            done = asyncio.run(do())
            written.write(f"{done.token}\n")
    # Beside a token that is piped into a maker of QR codes, words would be part of the code.
    click.echo(done.said, err=done.token is not None)
    if done.token is not None:
        where = f"in {out}" if out is not None else "the line above"
        click.echo(f"The token is {where} and nowhere else: make a QR code of it for the guest.", err=True)
    click.echo(WITHIN, err=done.token is not None)


@guest.command("list")
@click.option("--all", "over", is_flag=True, help="Those that are over or taken back as well.")
@where_options
def list_(config: Path | None, over: bool, **flags: Any) -> None:
    """Show who is invited, by whom and until when."""

    async def say() -> list[str]:
        async with _open_desk(config, **flags) as (desk, _, _):
            return desk.listed(over=over)

    click.echo("\n".join(asyncio.run(say())) or "Nobody is invited.")


@guest.command()
@click.argument("which", metavar="ID")
@where_options
def revoke(config: Path | None, which: str, **flags: Any) -> None:
    """Take an invitation back: by its ID as `natoma guest list` shows it, or by its guest."""

    async def do() -> str:
        async with _open_desk(config, **flags) as (desk, _, _):
            return await desk.revoke(which)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


def _typed(name: str, badge_format: str | None) -> Badge:
    """The number, unseen where somebody types; the first line where a script does, or a reader that types."""
    typed = sys.stdin.isatty()
    text = str(click.prompt(f"Badge lent to {name}", hide_input=True)) if typed else sys.stdin.readline()
    return badge_of(text.strip(), badge_format)


@asynccontextmanager
async def _open_desk(config: Path | None, **flags: Any) -> AsyncIterator[tuple[GuestDesk, Space, datetime]]:
    settings = settings_from(config, **flags)
    space = space_of(settings)
    digests = open_digests(settings.home)
    async with open_kept(settings.home) as kept:
        people, now = await kept.registry.load(), SystemClock().now()
        yield GuestDesk(kept.guests, kept.registry, digests, space, people, now), space, now
