"""`natoma backup`: the whole house in one file or folder, while it runs."""

import asyncio
from pathlib import Path
from typing import Any

import click

from controller.adapters.backup.sealed import read_passphrase
from controller.adapters.clock import SystemClock
from controller.adapters.sql.event_log import SqlEventLog
from controller.app.backup import make_backup
from controller.cli.options import settings_from, where_options
from controller.domain.facts import Fact, FactKind

passphrase_option = click.option(
    "--passphrase-file", type=Path, help="A file whose first line is the passphrase the backup is kept behind."
)


@click.command()
@click.argument("target", type=Path, metavar="FILE_OR_FOLDER")
@click.option("--secrets", type=Path, help="Pack the secrets too, apart, into this file.")
@passphrase_option
@where_options
def backup(config: Path | None, target: Path, secrets: Path | None, passphrase_file: Path | None, **flags: Any) -> None:
    """Back the house up into FILE_OR_FOLDER, consistent, beside a running service or without one.

    A name with an ending is one file; into a folder that is there, a new one is put.
    """
    settings = settings_from(config, **flags)
    passphrase = read_passphrase(passphrase_file) if passphrase_file is not None else None
    now = SystemClock().now()
    made = make_backup(settings.home, target, now, passphrase=passphrase, secrets=secrets)
    asyncio.run(_note(settings.data, Fact(FactKind.BACKUP_MADE, now, detail={"size": made.size})))
    click.echo(f"{made.path}: {made.size / 1e6:,.1f} MB, checked. {_secret_of(passphrase, secrets)}".rstrip())
    for what in made.left_out:
        click.echo(f"Not in it: {what}")


def _secret_of(passphrase: bytes | None, secrets: Path | None) -> str:
    if secrets is None:
        return ""
    return f"Secrets: {secrets}" + ("" if passphrase is not None else " (in the clear: keep it apart, and locked away)")


async def _note(data: Path, fact: Fact) -> None:
    async with await SqlEventLog.open(data / "events.db") as log:
        await log.append_all([fact])
