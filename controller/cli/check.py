"""`natoma check`: is this space file right, and if not, what exactly is wrong."""

import sys
from pathlib import Path

import click

from controller.cli.options import as_json as json_option
from controller.space import check as check_file
from controller.space import report


@click.command()
@click.argument("space", type=Path)
@json_option
def check(space: Path, as_json: bool) -> None:
    """Check a space file; every problem comes with its line and what would be right."""
    checked = check_file(space)
    click.echo(report.as_json(checked) if as_json else report.as_text(checked))
    sys.exit(0 if checked.space is not None else 2)
