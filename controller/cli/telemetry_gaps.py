"""`natoma telemetry gaps`: what was lost on its way to us, by the numbers of devices and by the broker's own count."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import log_if_any
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.cli.telemetry_asking import as_typed, question, refuse_two_forms, when_options
from controller.cli.telemetry_sheets import Sheet, text_cell
from controller.cli.telemetry_told import plain, table
from controller.config import Home
from controller.domain.building import Space
from controller.domain.facts import FactKind
from controller.domain.history.values import Span
from controller.domain.ids import DeviceId
from controller.errors import InputError
from controller.services.history.asked import span_of
from controller.services.history.losses import Loss, Missing, losses_in, missing_in
from controller.services.screens.history_words import LOST_WHERE

COLUMNS = ("time", "what", "device", "count", "where", "numbers")
WHAT = {
    FactKind.GAP_FOUND: "missing",
    FactKind.GAP_FILLED: "came after all",
    FactKind.MESSAGES_LOST: "lost",
    FactKind.READINGS_SHED: "dropped",
}


@click.command()
@click.argument("device", required=False)
@when_options
@where_options
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV.")
def gaps(
    config: Path | None,
    device: str | None,
    since: str | None,
    until: str | None,
    last: str | None,
    as_json: bool,
    as_csv: bool,
    **flags: Any,
) -> None:
    """Show which messages of devices never came, how many, and where they were lost as far as anybody knows."""
    refuse_two_forms(as_json=as_json, as_csv=as_csv)
    settings = settings_from(config, **flags)
    space = space_of(settings)
    of = _device(space, device) if device else None
    with as_typed():
        asked = question(since=since, until=until, last=last)
        span = span_of(asked, space.zone, SystemClock().now())
    found = asyncio.run(_read(settings.home, span, of))
    if as_json:
        for loss in found:
            click.echo(json.dumps(as_plain(loss), ensure_ascii=False))
    elif as_csv:
        Sheet(sys.stdout, COLUMNS).write(map(row, found))
    elif not found:
        click.echo("Nothing was lost in that time, as far as anybody knows.")
    else:
        click.echo("\n".join(told(found, missing_in(found), space.zone)))


async def _read(home: Home, span: Span, device: DeviceId | None) -> list[Loss]:
    async with log_if_any(home) as log:
        return await losses_in(log, span, device)


def _device(space: Space, text: str) -> DeviceId:
    if DeviceId(text) not in space.devices:
        raise InputError(f"DEVICE: no device {text!r} in this space — natoma telemetry series lists those that speak")
    return DeviceId(text)


def as_plain(loss: Loss) -> dict[str, object]:
    """One line of JSON; a count that nobody knows is null."""
    return {
        "at": loss.at.isoformat(),
        "what": str(loss.kind),
        "device": loss.device,
        "count": loss.count,
        "where": loss.where or None,
        "numbers": loss.numbers or None,
    }


def row(loss: Loss) -> tuple[str, ...]:
    """One line of a sheet."""
    at = loss.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    count = "" if loss.count is None else str(loss.count)
    return at, str(loss.kind), text_cell(loss.device or ""), count, text_cell(loss.where), text_cell(loss.numbers)


def told(found: Sequence[Loss], missing: Sequence[Missing], zone: ZoneInfo) -> list[str]:
    """A table of what happened, and a line for each device."""
    rows = [
        (
            f"{loss.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            "?" if loss.count is None else f"{loss.count:,}",
            WHAT[loss.kind],
            str(loss.device or "–"),
            plain(loss.numbers or LOST_WHERE.get(loss.where, loss.where)),
        )
        for loss in found
    ]
    lines = table(("TIME", "COUNT", "WHAT", "DEVICE", "WHICH, OR WHERE"), rows, (1,))
    return [*lines, *([""] if missing else []), *map(_line, missing)]


def _line(missing: Missing) -> str:
    still = max(missing.found - missing.filled, 0)
    came = f", {missing.filled:,} came after all" if missing.filled else ""
    return f"{missing.device}: {still:,} {'message' if still == 1 else 'messages'} missing{came}"
