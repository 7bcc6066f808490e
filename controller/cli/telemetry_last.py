"""`natoma telemetry last`: the newest value of each channel, and how old it is."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.cli.options import as_json as json_option
from controller.cli.options import where_options
from controller.cli.telemetry_asking import open_desk, question, refuse_two_forms, which_options
from controller.cli.telemetry_series import NOTHING
from controller.cli.telemetry_sheets import POINT_COLUMNS, Sheet, last_row, plain_value, series_plain, time_cell
from controller.cli.telemetry_told import age_told, moment_told, plain, table, value_told
from controller.domain.building import Space
from controller.services.history.ports import Last


@click.command()
@which_options
@where_options
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV.")
def last(
    config: Path | None,
    device: str | None,
    channel: str | None,
    room: str | None,
    device_class: str | None,
    as_json: bool,
    as_csv: bool,
    **flags: Any,
) -> None:
    """Show the newest value of each channel, when it was measured, and how long ago that is."""

    refuse_two_forms(as_json=as_json, as_csv=as_csv)

    async def read() -> tuple[list[Last], Space]:
        async with open_desk(config, **flags) as (desk, space):
            asked = question(device=device, channel=channel, room=room, device_class=device_class)
            return desk.last(asked), space

    found, space = asyncio.run(read())
    if as_json:
        for one in found:
            said = {
                **series_plain(one.series),
                "at": time_cell(one.at_ms),
                "value": plain_value(one.series, one.value),
            }
            click.echo(json.dumps(said, ensure_ascii=False))
    elif as_csv:
        Sheet(sys.stdout, POINT_COLUMNS).write(map(last_row, found))
    elif not found:
        click.echo(NOTHING)
    else:
        now = SystemClock().now()
        rows = [
            (
                str(one.series.room or "–"),
                one.series.device,
                plain(one.series.channel),
                value_told(one.series, one.value),
                age_told(one.at_ms, now),
                moment_told(one.at_ms, space.zone),
            )
            for one in found
        ]
        click.echo("\n".join(table(("ROOM", "DEVICE", "CHANNEL", "VALUE", "AGE", "MEASURED"), rows, (3, 4))))
