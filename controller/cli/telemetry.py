"""`natoma telemetry`: what was measured, what of it went where, and what was lost; each command in a file of its own."""

from importlib import import_module
from typing import Any

import click

# Imported when asked for. A line for each command: its name, and the module that has a command of that name.
_COMMANDS: dict[str, str] = {
    "gaps": "controller.cli.telemetry_gaps",
    "series": "controller.cli.telemetry_series",
    "last": "controller.cli.telemetry_last",
    "history": "controller.cli.telemetry_history",
    "export": "controller.cli.telemetry_export",
    "sending": "controller.cli.telemetry_sending",
    "parked": "controller.cli.telemetry_parked",
    "verify": "controller.cli.telemetry_verify",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        command: Any = getattr(import_module(module), cmd_name) if module is not None else None
        return command if isinstance(command, click.Command) else None


@click.command(cls=_Commands)
def telemetry() -> None:
    """Readings: which there are, how they were, where they went."""
