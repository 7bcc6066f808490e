"""The `natoma` command: what can be typed, and how errors reach a person."""

import sys

import click

from controller.errors import ControllerError, InputError
from devices.errors import DevicesError

# Imported when asked for: `natoma check` must not pay for a web server.
_COMMANDS = {
    "run": "controller.cli.run",
    "demo": "controller.cli.demo",
    "check": "controller.cli.check",
    "people": "controller.cli.people",
    "explain": "controller.cli.explain",
    "events": "controller.cli.events",
}


class _Commands(click.Group):
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
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
