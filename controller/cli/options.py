"""What several commands share: where the data and the space are, and how output is asked for."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.app.publications import counting_file
from controller.config import Settings, load
from controller.domain.building import Space
from controller.errors import InputError
from controller.space import load as load_space_file

F = TypeVar("F", bound=Callable[..., Any])

STARTER = Path(__file__).parent.parent / "space" / "starter.yaml"
LOCAL_SPACE = Path("space.yaml")

as_json = click.option("--json", "as_json", is_flag=True, help="Print what a script would read.")


def where(space_help: str) -> Callable[[F], F]:
    """--config, --data and --space, with what --space means without being given."""

    def decorate(command: F) -> F:
        for option in (
            click.option("--space", type=Path, help=space_help),
            click.option("--data", type=Path, help="Where data is kept. Default ./natoma-data."),
            click.option("--config", type=Path, help="A settings file. Default ./natoma.toml, if there is one."),
        ):
            command = option(command)
        return command

    return decorate


where_options = where("The space file. Without it ./space.yaml, else that of the last run.")


def settings_from(config: Path | None, **flags: Any) -> Settings:
    """Flags over environment over file; a flag not given says nothing."""
    return load(config, {name: value for name, value in flags.items() if value is not None})


def space_path(settings: Settings, *, start_one: bool = False) -> Path:
    """The space somebody named, else the one in this folder, else the last run's, else the starter in the data folder.

    Only who is to `start_one` makes that copy of the starter: a question about a folder must not fill it.
    """
    if settings.space is not None:
        return settings.space
    if LOCAL_SPACE.exists():
        return LOCAL_SPACE
    if (last := _space_of_last_run(settings.data)) is not None:
        return last
    copy = settings.data / "space.yaml"
    if not copy.exists() and not start_one:
        raise InputError(
            f"no space file: neither {LOCAL_SPACE} nor {copy} is there — name it with --space, or the data folder of a "
            "Natoma that ran with --data"
        )
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy.write_text(STARTER.read_text())
        click.echo(f"No space file yet: {copy} is a starter with one door, yours to change.", err=True)
    return copy


def _space_of_last_run(data: Path) -> Path | None:
    """What ran here last, so that `natoma events --data …` beside it needs no --space."""
    try:
        left = json.loads((data / "broker" / "endpoint.json").read_text())
    except (OSError, ValueError):
        return None
    space = Path(str(left.get("space", "")))
    return space if space.is_file() else None


def space_of(settings: Settings) -> Space:
    """The building as it counts at the doors; a file somebody names that is another one is asked about instead.

    SpaceError lists everything wrong with it.
    """
    return load_space_file(counting_file(settings.data, settings.space) or space_path(settings))


def space_to_start(settings: Settings) -> Space:
    """The building of the named file itself: whether it or what was published counts is settled at the start."""
    return load_space_file(space_path(settings))


def set_up_logging(settings: Settings) -> None:
    """Lines for the person on call, to standard error."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    # Each of its connections logs a line at INFO; the links tell the same story with names.
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    # Its plugins introduce themselves at every migration.
    logging.getLogger("alembic").setLevel(logging.WARNING)
