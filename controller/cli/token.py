"""`natoma token`: what programs may do through the API; beside a running service or without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import open_kept
from controller.cli.house import WITHIN
from controller.cli.new_file import new_file
from controller.cli.options import settings_from, space_of, where_options
from controller.domain.tokens import TokenScope
from controller.services.desk.moments import span_of
from controller.services.tokens.desk import MadeToken, TokenDesk

_SCOPES = ", ".join(TokenScope)


@click.group()
def token() -> None:
    """Tokens of programs that use the API: scoped, with an end, shown once."""


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, help=f"What it is good for, once for each: {_SCOPES}.")
@click.option("--room", help="The only room it sees and changes: its id or name.")
@click.option("--person", help="As whom it acts: a person's id or name. Staff may act for others.")
@click.option("--expires", default="90d", show_default=True, help="How long it is good for: 12h, 30d; a year at most.")
@click.option("--out", type=Path, help="A new file for the token, which only you may read. Printed, without it.")
@where_options
def create(
    config: Path | None,
    name: str,
    scopes: tuple[str, ...],
    room: str | None,
    person: str | None,
    expires: str,
    out: Path | None,
    **flags: Any,
) -> None:
    """Make a token for the program NAME: natoma token create "lobby screen" --scope rooms:read."""
    life = span_of("--expires", expires)

    async def do() -> MadeToken:
        async with _open_desk(config, **flags) as desk:
            return await desk.create(name, scopes, room=room, person=person, life=life)

    if out is None:
        made = asyncio.run(do())
        click.echo(made.secret)
    else:
        with new_file(out) as written:
            made = asyncio.run(do())
            written.write(f"{made.secret}\n")
    # The token alone is on standard output, so that a script can keep it.
    click.echo(made.said, err=True)
    where = f"in {out}" if out is not None else "the line above"
    click.echo(f"The token is {where} and nowhere else: whoever has it may do what it says.", err=True)
    click.echo(WITHIN, err=True)


@token.command("list")
@click.option("--all", "over", is_flag=True, help="Those that have ended or were revoked as well.")
@where_options
def list_(config: Path | None, over: bool, **flags: Any) -> None:
    """Show every token: what it is good for, as whom, until when, and when it was last used."""

    async def say() -> list[str]:
        async with _open_desk(config, **flags) as desk:
            return await desk.listed(all_=over)

    click.echo("\n".join(asyncio.run(say())) or "No tokens.")


@token.command()
@click.argument("which", metavar="ID")
@where_options
def revoke(config: Path | None, which: str, **flags: Any) -> None:
    """Take a token back, by its ID or its name as `natoma token list` shows them."""

    async def do() -> str:
        async with _open_desk(config, **flags) as desk:
            return await desk.revoke(which)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@asynccontextmanager
async def _open_desk(config: Path | None, **flags: Any) -> AsyncIterator[TokenDesk]:
    settings = settings_from(config, **flags)
    space = space_of(settings)
    async with open_kept(settings.home) as kept:
        people = await kept.registry.load()
        yield TokenDesk(kept.tokens, space, people.people, SystemClock().now())
