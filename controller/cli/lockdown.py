"""`natoma lockdown`: nobody comes in who may not, until somebody who may lifts it; beside a running service or without."""

import asyncio
from pathlib import Path
from typing import Any

import click

from controller.cli.house import WITHIN, open_desk, signed
from controller.cli.options import where_options


class _BeginsByItself(click.Group):
    """`natoma lockdown --by …` is `natoma lockdown begin --by …`: in a hurry nobody looks up a word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in self.get_help_option_names(ctx):
            args = ["begin", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_BeginsByItself)
def lockdown() -> None:
    """Lock down the house, a floor, a zone or a door: entry only, never exit.

    Triggering and lifting are separate rights. The exit button and the inside handle always work, and a fire outranks
    a lockdown. Natoma is not a life-safety system.
    """


@lockdown.command()
@click.option("--scope", default="space", show_default=True, help="space, floor:ID, zone:ID or door:ID.")
@signed
@where_options
def begin(config: Path | None, scope: str, by: str, reason: str, **flags: Any) -> None:
    """Let nobody in but who holds the right to override a lockdown."""

    async def do() -> str:
        async with open_desk(config, **flags) as (desk, _):
            return await desk.begin_lockdown(scope, by, reason)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@lockdown.command()
@click.argument("which", required=False)
@click.option("--scope", help="Which one, by its scope, where there are several.")
@signed
@where_options
def lift(config: Path | None, which: str | None, scope: str | None, by: str, reason: str, **flags: Any) -> None:
    """End a lockdown: WHICH is its id or its scope, and needed only where there are several."""

    async def do() -> str:
        async with open_desk(config, **flags) as (desk, _):
            return await desk.lift_lockdown(which or scope, by, reason)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@lockdown.command()
@where_options
def status(config: Path | None, **flags: Any) -> None:
    """Show what is locked down, since when, by whom and why."""

    async def say() -> list[str]:
        async with open_desk(config, **flags) as (desk, _):
            return desk.lockdowns()

    click.echo("\n".join(asyncio.run(say())) or "No lockdown.")
