"""Options that several commands share, and the way an error takes to a person."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from simulator.errors import InputError, RunError

P = ParamSpec("P")
R = TypeVar("R")

DATA = click.option(
    "--data", "data", default=Path("natoma-data"), type=click.Path(path_type=Path), show_default=True,
    help="Data directory of the demo: people, passwords, where the broker is, our socket.",
)  # fmt: skip
SPACE = click.option("--space", type=click.Path(path_type=Path), help="Space file; by default the demo's.")
MQTT = click.option("--mqtt", metavar="URL", help="Broker, mqtt://HOST:PORT or mqtts://; by default the demo's.")
VERSION = click.option("--mqtt-version", metavar="5|3.1.1", help="MQTT version; by default the demo's, else 5.")
PASSWORDS = click.option(
    "--passwords", type=click.Path(path_type=Path), help="JSON file with a password for each device."
)
CA = click.option(
    "--ca-file", type=click.Path(path_type=Path), help="Authority of the broker's certificate, for mqtts."
)
PEOPLE = click.option(
    "--people", "people_file", type=click.Path(path_type=Path), help="People file; by default the demo's."
)
JSON = click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of words.")
DOOR = click.option("--door", required=True, help="Door, by id or name.")


def friendly(command: Callable[P, R]) -> Callable[P, R]:
    """Errors made for people go to standard error without a traceback; the exit code says whose turn it is."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InputError as exc:
            click.echo(f"natoma-sim: {exc}", err=True)
            sys.exit(2)
        except RunError as exc:
            click.echo(f"natoma-sim: {exc}", err=True)
            sys.exit(1)

    return wrapped
