"""`natoma telemetry verify`: whether the database has what this house has."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.app.archive import archive_of, underway
from controller.app.stores import open_history
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.cli.telemetry_asking import as_typed, question, when_options, which_options
from controller.errors import InputError
from controller.services.history.desk import HistoryDesk
from controller.services.history.verify import as_data, compare, compared_span, in_words


@click.command()
@which_options
@when_options
@where_options
@json_option
def verify(config: Path | None, as_json: bool, **given: Any) -> None:
    """Count readings by series and hour here and in the database; exit code 1 where they differ.

    The last minute is left out, since it is on its way. Where readings are older than the database, say --last 6h.
    """
    flags = {name: given.pop(name) for name in ("data", "space")}
    settings = settings_from(config, **flags)
    if settings.influx is None:
        raise InputError("no database is named, so there is nothing to compare with — set influx_url")
    archive, space, clock = archive_of(settings.influx), space_of(settings), SystemClock()

    async def read() -> tuple[bool, str]:
        async with open_history(settings.home) as history:
            with as_typed():
                desk = HistoryDesk(history, lambda: space, clock.now)
                asked = question(**given)
                selection = desk.selection(asked)
                span = compared_span(desk.span(asked), clock.now(), settings.keep.telemetry)
            # What is on its way is looked at first: what arrives meanwhile is no difference that goes unexplained.
            on_its_way = await underway(settings.data)
            done = await compare(history, archive, selection, span)
        if as_json:
            return done.is_equal, json.dumps(as_data(done, on_its_way, archive.address), ensure_ascii=False)
        return done.is_equal, "\n".join(in_words(done, on_its_way, archive.address, space.zone))

    is_equal, told = asyncio.run(read())
    click.echo(told)
    if not is_equal:
        sys.exit(1)
