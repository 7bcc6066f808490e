"""`natoma restore`: a backup becomes a data folder again."""

from pathlib import Path
from typing import Any

import click

from controller.adapters.backup.sealed import read_passphrase
from controller.adapters.clock import SystemClock
from controller.app.restore import restore as put_back
from controller.app.restore import undo_restore
from controller.cli.backup import passphrase_option
from controller.cli.options import settings_from, where_options
from controller.errors import InputError


@click.command()
@click.argument("backup", type=Path, required=False)
@click.option("--over", is_flag=True, help="In place of the house that is there, which is kept aside.")
@click.option("--secrets", type=Path, help="The backup of the secrets; without it those of the folder that is there.")
@click.option("--undo", is_flag=True, help="Put back what was there before a restore that was cut short.")
@passphrase_option
@where_options
def restore(
    config: Path | None,
    backup: Path | None,
    over: bool,
    undo: bool,
    secrets: Path | None,
    passphrase_file: Path | None,
    **flags: Any,
) -> None:
    """Restore BACKUP into the data folder. The service must not be running there."""
    settings = settings_from(config, **flags)
    if undo:
        undo_restore(settings.data)
        click.echo(f"{settings.data} is as it was before the restore.")
        return
    if backup is None:
        raise InputError("no backup is named — write natoma restore BACKUP")
    passphrase = read_passphrase(passphrase_file) if passphrase_file is not None else None
    done = put_back(backup, settings.data, SystemClock().now(), over=over, passphrase=passphrase, secrets=secrets)
    click.echo(f"{settings.data} is the house as it was on {done.manifest.made:%Y-%m-%d at %H:%M} UTC.")
    if done.aside is not None:
        click.echo(f"What was there is in {done.aside}; delete it once you have looked.")
    for what in done.manifest.left_out:
        if not (done.has_secrets and what.startswith("the secrets")):
            click.echo(f"Not in it: {what}")
    if done.has_dump:
        click.echo(
            "People and bookings are in registry.dump: before the first start run "
            f"pg_restore --clean --if-exists --no-owner --dbname=... {settings.data / 'registry.dump'}"
        )
    if not done.has_secrets:
        click.echo(
            f"Put the secrets back into {settings.data / 'secrets'} before the first start: no badge is known without."
        )
    click.echo("Look at what was changed since: badges reported lost, people banned, bookings. Then natoma doctor.")
