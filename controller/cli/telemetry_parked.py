"""`natoma telemetry parked`: readings that the database would not take, to be tried again or dropped."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from controller.adapters.influx.state import SendingFile
from controller.app.sending import SENDING
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.config import Settings
from controller.domain.history.delivery import Parked
from controller.errors import InputError

T = TypeVar("T")

SHOWN = 50
LINE_SHOWN = 160


@click.group(invoke_without_command=True)
@where_options
@click.pass_context
def parked(context: click.Context, /, config: Path | None, **flags: Any) -> None:
    """Readings that the database refused; without a word more, the newest of them with what it said."""
    if context.invoked_subcommand is None:
        context.invoke(list_, config=config, as_json=False, limit=SHOWN, **flags)


@parked.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=SHOWN, help=f"How many at most. Default {SHOWN}.")
@where_options
@json_option
def list_(config: Path | None, limit: int, as_json: bool, **flags: Any) -> None:
    """Show the newest of them, oldest first, with what the database said of each."""
    settings = settings_from(config, **flags)
    count, found = asyncio.run(_with(settings, lambda file: _counted(file, limit)))
    if as_json:
        click.echo(json.dumps([_plain(one) for one in found], ensure_ascii=False))
        return
    zone = space_of(settings).zone
    lines = [_line(one, zone) for one in found]
    if count > len(found):
        lines.insert(0, f"{count - len(found):,} older ones are not shown: --limit {count}")
    click.echo("\n".join(lines) or "No reading was refused.")


@parked.command()
@click.argument("numbers", type=int, nargs=-1)
@where_options
def retry(config: Path | None, numbers: tuple[int, ...], **flags: Any) -> None:
    """Have the readings NUMBERS tried again, as the list shows them; all of them without one."""
    count = asyncio.run(_with(settings_from(config, **flags), lambda file: file.retry(numbers)))
    _refuse_unknown(numbers, count)
    click.echo(f"{_readings(count)} tried again by the service." if count else "None to try.")


@parked.command()
@click.argument("numbers", type=int, nargs=-1)
@click.option("--all", "are_all", is_flag=True, help="All there are.")
@where_options
def drop(config: Path | None, numbers: tuple[int, ...], are_all: bool, **flags: Any) -> None:
    """Forget the readings NUMBERS: they will never be in the database. In the house's own history they stay."""
    if bool(numbers) == are_all:
        raise InputError("say which: numbers as `natoma telemetry parked` shows them, or --all")
    count = asyncio.run(_with(settings_from(config, **flags), lambda file: file.drop(numbers)))
    _refuse_unknown(numbers, count)
    click.echo(f"{_readings(count)} dropped." if count else "None to drop.")


async def _with(settings: Settings, work: Callable[[SendingFile], Awaitable[T]]) -> T:
    path = settings.data / SENDING
    if not path.exists():
        raise InputError(
            f"{path}: there is none — nothing was sent on from this folder yet; name another with --data, or set influx_url"
        )
    async with await SendingFile.open(path) as file:
        return await work(file)


async def _counted(file: SendingFile, limit: int) -> tuple[int, list[Parked]]:
    return await file.parked(), await file.listed(limit)


def _refuse_unknown(numbers: tuple[int, ...], found: int) -> None:
    if numbers and found < len(set(numbers)):
        named = ", ".join(map(str, numbers))
        done = f"; the {found} others are done" if found else ""
        raise InputError(f"not all of {named} are parked: `natoma telemetry parked` shows those that are{done}")


def _readings(count: int) -> str:
    return "1 reading is" if count == 1 else f"{count:,} readings are"


def _plain(one: Parked) -> dict[str, object]:
    return {
        "number": one.number,
        "at": one.at.isoformat(),
        "line": one.line,
        "words": one.words,
        "is_due": one.is_due,
    }


def _line(one: Parked, zone: ZoneInfo) -> str:
    # A text in it may hold line breaks, and whatever else a terminal would obey.
    line = one.line.encode("unicode_escape").decode() if not one.line.isprintable() else one.line
    line = line if len(line) <= LINE_SHOWN else f"{line[:LINE_SHOWN]}…"
    due = "  (to be tried again)" if one.is_due else ""
    return f"{one.number:>6}  {one.at.astimezone(zone):%Y-%m-%d %H:%M}  {one.words}{due}\n        {line}"
