"""`natoma doctor`: how the house is, what must be done, and nothing changed by looking."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click

from controller.app.doctor import Finding, Grade, examine_house
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.config import Settings
from controller.domain.building import Space
from controller.errors import ControllerError

COLOURS = {Grade.WELL: "green", Grade.NOTE: "yellow", Grade.ACT: "red"}


@click.command()
@where_options
@click.option("--mqtt", help="Your broker, as for natoma run.")
@click.option("--web-port", type=int, help="Port of the page, as for natoma run.")
@json_option
def doctor(config: Path | None, as_json: bool, **flags: Any) -> None:
    """Look at files, space, clock, broker, doors' lists and readings; say what to do.

    The exit code is 1 when something must be done.
    """
    settings = settings_from(config, **flags)
    worst = asyncio.run(_examine(settings, as_json=as_json))
    sys.exit(1 if worst is Grade.ACT else 0)


async def _examine(settings: Settings, *, as_json: bool) -> Grade:
    space, why = _space_of(settings)
    grades = [Grade.WELL]
    if why is not None:
        _tell(why, as_json=as_json)
        grades.append(why.grade)
    async for finding in examine_house(settings, space):
        _tell(finding, as_json=as_json)
        grades.append(finding.grade)
    return max(grades, key=list(Grade).index)


def _space_of(settings: Settings) -> tuple[Space | None, Finding | None]:
    try:
        return space_of(settings), None
    except ControllerError as error:
        return None, Finding.act("space file", str(error), "name it with --space, or correct it: natoma check")


def _tell(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        told = {"what": finding.what, "grade": finding.grade, "how": finding.how, "do": finding.do}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    grade = click.style(f"{finding.grade:<5}", fg=COLOURS[finding.grade])
    click.echo(f"{grade} {finding.what}: {finding.how}" + (f"\n      -> {finding.do}" if finding.do else ""))
