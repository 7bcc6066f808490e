"""The `natoma` command: what can be typed, and how errors reach a person."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from controller.errors import ControllerError, InputError
from devices.errors import DevicesError

# Imported when asked for: `natoma check` must not pay for a web server.
_COMMANDS = {
    "run": "controller.cli.run",
    "demo": "controller.cli.demo",
    "check": "controller.cli.check",
    "rehearse": "controller.cli.rehearse",
    "publish": "controller.cli.publish",
    "people": "controller.cli.people",
    "who": "controller.cli.community",
    "notices": "controller.cli.notices",
    "explain": "controller.cli.explain",
    "events": "controller.cli.events",
    "alarms": "controller.cli.alarms",
    "lockdown": "controller.cli.lockdown",
    "fire": "controller.cli.fire",
    "override": "controller.cli.override",
    "exception": "controller.cli.calendar",
    "holiday": "controller.cli.calendar",
    "forgive": "controller.cli.forgive",
    "ledger": "controller.cli.ledger",
    "book": "controller.cli.book",
    "guest": "controller.cli.guest",
    "event": "controller.cli.publicevents",
    "visits": "controller.cli.visits",
    "booth": "controller.cli.booth",
    "calendars": "controller.cli.calendars",
    "telemetry": "controller.cli.telemetry",
    "token": "controller.cli.token",
    "doctor": "controller.cli.doctor",
    "keep": "controller.cli.keep",
    "backup": "controller.cli.backup",
    "restore": "controller.cli.restore",
}


class _UnreadError(Exception):
    """Nobody reads what we print; under its own name, since click makes a failure of a broken pipe."""


@contextmanager
def _telling_unread() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _UnreadError from error


class _Commands(click.Group):
    def make_context(self, *args: Any, **more: Any) -> click.Context:
        with _telling_unread():  # --help and --version print here
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with _telling_unread():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        from importlib import import_module

        command: click.Command = getattr(import_module(module), cmd_name)
        return command


@click.command(cls=_Commands)
@click.version_option(package_name="natoma")
def natoma() -> None:
    """Natoma runs a shared space: doors, rooms and the podcast booth, over MQTT."""


def main() -> None:
    """Entry point: 0 fine, 1 failed, 2 wrong usage or input; never a traceback for what a person can mend."""
    try:
        try:
            _command()
        finally:
            sys.stdout.flush()
    except (BrokenPipeError, _UnreadError):
        # `| head` has what it wanted. The rest goes nowhere, the interpreter's own last flush as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)


def _command() -> None:
    try:
        natoma(standalone_mode=False)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (InputError, DevicesError) as error:
        click.echo(f"natoma: {error}", err=True)
        sys.exit(2)
    except ControllerError as error:
        click.echo(f"natoma: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
