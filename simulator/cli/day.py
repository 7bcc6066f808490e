"""`natoma-sim day`: whole days of a building at full speed, without a broker, as a transcript."""

import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from simulator.building_file import load
from simulator.cli.asking import people_of
from simulator.cli.dates import day_of
from simulator.cli.options import DATA, PEOPLE, SPACE, friendly
from simulator.clock import now
from simulator.dry import Day, lived
from simulator.endpoint import DataDir
from simulator.errors import InputError
from simulator.people import make_people
from simulator.private_file import private_file
from simulator.world import DAY_STARTS

_LONGEST_DAYS = 366


@click.command("day")
@SPACE
@PEOPLE
@DATA
@click.option("--date", "on", metavar="YYYY-MM-DD", help="The first day; by default today. It begins at 04:00.")
@click.option("--days", default=1, show_default=True, help="How many days; a day ends at 04:00 of the next.")
@click.option("--seed", default=1, show_default=True, help="The same seed lives the same days, byte for byte.")
@click.option("--with-badges", is_flag=True, help="Leave badge numbers as they are; the file is then a secret.")
@click.option("--out", default="-", show_default=True, help="File to write (0600), or - for standard output.")
@friendly
def day(
    space: Path | None, people_file: Path | None, data: Path, on: str | None, days: int, seed: int,
    with_badges: bool, out: str,
) -> None:  # fmt: skip
    """Live days of the space at full speed and write down every message, in the contract's capture format.

    No broker and no controller: plans and hours of the space file answer at the doors.
    """
    if not 1 <= days <= _LONGEST_DAYS:
        raise InputError(f"--days {days} is out of reach; take 1 to {_LONGEST_DAYS}")
    place = DataDir(data)
    building = load(place.space(space))
    first = day_of(on) if on is not None else now().astimezone(building.zone).date()
    # Local mornings: on the two odd nights of the year a day is an hour shorter or longer.
    start, end = (datetime.combine(first + timedelta(days=n), DAY_STARTS, building.zone) for n in (0, days))
    everyone = people_of(place, people_file) or make_people(building, seed, first)
    with _opened(out) as file:
        for line in lived(Day(building, everyone, seed, start, end, with_badges)):
            file.write(line + "\n")


def _opened(out: str) -> AbstractContextManager[TextIO]:
    return nullcontext(sys.stdout) if out == "-" else private_file(Path(out), "--out")
