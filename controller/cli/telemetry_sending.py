"""`natoma telemetry sending`: how far readings were sent on, and to have it tried at once."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from controller.adapters.influx.state import SendingFile
from controller.app.archive import underway
from controller.app.sending import SENDING
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, where_options
from controller.errors import InputError


@click.command()
@click.option("--now", "is_now", is_flag=True, help="Something was mended: have the service try at once.")
@where_options
@json_option
def sending(config: Path | None, is_now: bool, as_json: bool, **flags: Any) -> None:
    """Show what waits to be sent on to the database, and what it refused."""
    settings = settings_from(config, **flags)
    if is_now:
        asyncio.run(_wish(settings.data))
        click.echo("The service tries at once; `natoma events` and the page say how it goes.")
        return
    on_its_way = asyncio.run(underway(settings.data))
    to = settings.influx.url if settings.influx is not None else None
    if as_json:
        told = {"to": to, "waiting": on_its_way.waiting, "parked": on_its_way.parked}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    if to is None:
        click.echo("Nothing is sent on: influx_url is not set.")
        if on_its_way.parked:
            click.echo(f"{_refused(on_its_way.parked)} refused before: natoma telemetry parked.")
        return
    click.echo(
        f"{on_its_way.waiting:,} messages wait to be sent on to {to}; "
        f"{_refused(on_its_way.parked)} refused{': natoma telemetry parked' if on_its_way.parked else ''}."
    )


def _refused(count: int) -> str:
    return "1 reading was" if count == 1 else f"{count:,} readings were"


async def _wish(data: Path) -> None:
    path = data / SENDING
    if not path.exists():
        raise InputError(
            f"{path}: there is none — nothing was sent on from this folder yet; set influx_url and run once"
        )
    async with await SendingFile.open(path) as file:
        await file.wish()
