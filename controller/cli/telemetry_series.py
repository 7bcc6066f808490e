"""`natoma telemetry series`: which lines there are."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click

from controller.cli.options import as_json as json_option
from controller.cli.options import where_options
from controller.cli.telemetry_asking import open_desk, question, refuse_two_forms, which_options
from controller.cli.telemetry_sheets import OF_SERIES, Sheet, series_cells, series_plain
from controller.cli.telemetry_told import plain, table
from controller.domain.history.values import Series

NOTHING = "Nothing of that was measured yet."


@click.command()
@which_options
@where_options
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV.")
def series(
    config: Path | None,
    device: str | None,
    channel: str | None,
    room: str | None,
    device_class: str | None,
    as_json: bool,
    as_csv: bool,
    **flags: Any,
) -> None:
    """List what is measured: each channel of each device, with its class, unit and room."""

    refuse_two_forms(as_json=as_json, as_csv=as_csv)

    async def read() -> list[Series]:
        async with open_desk(config, **flags) as (desk, _):
            return desk.series(question(device=device, channel=channel, room=room, device_class=device_class))

    found = asyncio.run(read())
    if as_json:
        for one in found:
            click.echo(json.dumps(series_plain(one), ensure_ascii=False))
    elif as_csv:
        Sheet(sys.stdout, (*OF_SERIES, "kind")).write((*series_cells(one), str(one.kind)) for one in found)
    elif not found:
        click.echo(NOTHING)
    else:
        rows = [
            (
                str(one.room or "–"),
                one.device,
                plain(one.channel),
                plain(one.device_class) or "–",
                plain(one.unit) or "–",
                one.kind,
            )
            for one in found
        ]
        click.echo("\n".join(table(("ROOM", "DEVICE", "CHANNEL", "CLASS", "UNIT", "KIND"), rows)))
