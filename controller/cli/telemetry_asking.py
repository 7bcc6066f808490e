"""How the commands about readings are asked: their options, the history they look into, and refusals as they were typed."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.adapters.clock import SystemClock
from controller.app.archive import long_history
from controller.app.stores import open_history
from controller.cli.options import settings_from, space_of
from controller.cli.telemetry_told import COLUMNS
from controller.domain.building import Space
from controller.errors import InputError
from controller.services.history.asked import AskedError, Question
from controller.services.history.desk import HistoryDesk

F = TypeVar("F", bound=Callable[..., Any])

_ARGUMENTS = {"device": "DEVICE", "channel": "CHANNEL"}


def which_options(command: F) -> F:
    """Whose readings: `--device`, `--channel`, `--room`, `--class`."""
    for option in (
        click.option("--class", "device_class", help="Of one class: temperature, carbon_dioxide."),
        click.option("--room", help="Of one room: its id or name."),
        click.argument("channel", required=False),
        click.argument("device", required=False),
    ):
        command = option(command)
    return command


def when_options(command: F) -> F:
    """Of which time."""
    for option in (
        click.option("--to", "until", help="Until then. A day alone is all of it; now, without it."),
        click.option(
            "--from", "since", help="Since then, in the space's own time: 2026-11-22, 2026-11-22T14:00, 14:00."
        ),
        click.option("--last", help="So long before the end: 90s, 15m, 24h, 7d, 1y. A day, without it."),
    ):
        command = option(command)
    return command


step_option = click.option("--step", help="In steps of so long: 5m, 1h, 1d. Without it, one that fits.")


def refuse_two_forms(*, as_json: bool, as_csv: bool) -> None:
    """`--json` and `--csv` at once."""
    if as_json and as_csv:
        raise InputError("--csv: a sheet and --json are two forms of one answer — leave one of the two away")


@contextmanager
def as_typed() -> Iterator[None]:
    """A refusal names the option or argument it is about."""
    try:
        yield
    except AskedError as error:
        raise InputError(f"{_ARGUMENTS.get(error.field, f'--{error.field}')}: {error.why}") from error


@asynccontextmanager
async def open_desk(config: Path | None, **flags: Any) -> AsyncIterator[tuple[HistoryDesk, Space]]:
    """The desk over the files of a data folder, beside a running service or without one; nothing is written."""
    settings = settings_from(config, **flags)
    space = space_of(settings)
    async with open_history(settings.home) as history:
        with as_typed():
            clock = SystemClock()
            everything = long_history(history, settings, clock)
            yield HistoryDesk(everything, lambda: space, clock.now, pictured=COLUMNS), space


def question(**typed: str | None) -> Question:
    """What was typed, empty words for nothing at all."""
    return Question(**{name: text or None for name, text in typed.items()})
