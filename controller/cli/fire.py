"""`natoma fire`: what the fire panels told us, and the word of staff that it is over."""

import asyncio
from pathlib import Path
from typing import Any

import click

from controller.cli.house import WITHIN, open_desk, signed
from controller.cli.options import where_options


@click.group()
def fire() -> None:
    """Fire, as the panels report it. Natoma is not a life-safety system.

    Doors on the way out are released by the fire panel's own wiring. Natoma mirrors that, says which door is not seen
    released, and locks none of them before the panel says that it is over and somebody has confirmed it here.
    """


@fire.command()
@where_options
def status(config: Path | None, **flags: Any) -> None:
    """Show whether there is fire, since when, and what is missing until doors lock again."""

    async def say() -> str:
        async with open_desk(config, **flags) as (desk, _):
            return desk.fire()

    click.echo(asyncio.run(say()))


@fire.command()
@signed
@where_options
def confirm(config: Path | None, by: str, reason: str, **flags: Any) -> None:
    """Say that a fire is over, after the panel has said so: doors lock again. Needs the right confirm_fire."""

    async def say() -> str:
        async with open_desk(config, **flags) as (desk, _):
            return await desk.confirm_fire(by, reason)

    click.echo(asyncio.run(say()))
    click.echo(WITHIN)
