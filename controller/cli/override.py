"""`natoma override`: a door set by hand, unlocked or locked, always with an end."""

import asyncio
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.cli.house import WITHIN, open_desk, signed
from controller.cli.options import where_options
from controller.domain.house import Wanted
from controller.errors import InputError
from controller.services.desk.moments import moment_of, span_of

WANTED = click.Choice([str(word) for word in Wanted])


class _SetsByItself(click.Group):
    """`natoma override street unlocked …` is `natoma override set street unlocked …`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["set", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_SetsByItself)
def override() -> None:
    """Set a door by hand until a stated time: natoma override DOOR unlocked --for 2h --by PERSON --reason TEXT.

    By hand outranks exceptions, holidays and the unlock schedule; a lockdown and a fire outrank it.
    """


@override.command("set")
@click.argument("door")
@click.argument("wanted", type=WANTED)
@click.option("--until", help="Until when, in the space's own time: 18:00, or 2026-11-23T18:00.")
@click.option("--for", "lasting", help="For how long: 2h, 45m, 1h30m.")
@signed
@where_options
def set_(
    config: Path | None,
    door: str,
    wanted: str,
    until: str | None,
    lasting: str | None,
    by: str,
    reason: str,
    **flags: Any,
) -> None:
    """Set DOOR (its id or name, or space, floor:ID, zone:ID) unlocked or locked until a stated time.

    Propped: it may stand open until then or until it closes, without an alarm, and its lock is left as it is.
    """
    if (until is None) == (lasting is None):
        raise InputError("needs --until or --for, one of the two — what is set by hand always has an end")

    async def do() -> str:
        async with open_desk(config, **flags) as (desk, space):
            now = SystemClock().now()
            if lasting is not None:
                end = now + span_of("--for", lasting)
            else:
                end = moment_of("--until", str(until), space.zone, now, is_end=True)
            return await desk.set_door(door, Wanted(wanted), end, by, reason)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@override.command()
@click.argument("which", required=False)
@signed
@where_options
def end(config: Path | None, which: str | None, by: str, reason: str, **flags: Any) -> None:
    """Let a door be as its hours say again: WHICH is the id or the door, needed only where several are set."""

    async def do() -> str:
        async with open_desk(config, **flags) as (desk, _):
            return await desk.end_override(which, by, reason)

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@override.command("list")
@where_options
def list_(config: Path | None, **flags: Any) -> None:
    """Show every door set by hand now."""

    async def say() -> list[str]:
        async with open_desk(config, **flags) as (desk, _):
            return desk.overrides()

    click.echo("\n".join(asyncio.run(say())) or "No door is set by hand.")
