"""`natoma-sim plot`: the air, the people and the sound of a day as a picture."""

from datetime import datetime
from pathlib import Path

import click

from simulator.building_file import load
from simulator.cli.asking import people_of
from simulator.cli.dates import day_of
from simulator.cli.options import DATA, PEOPLE, SPACE, friendly
from simulator.clock import now
from simulator.endpoint import DataDir
from simulator.errors import InputError
from simulator.people import make_people
from simulator.plot.drawing import check, draw
from simulator.plot.lived import curves, rooms_to_show
from simulator.world import DAY_STARTS

_MOST_ROOMS = 7


@click.command("plot")
@SPACE
@PEOPLE
@DATA
@click.option("--date", "on", metavar="YYYY-MM-DD", help="The day, from 04:00 to 04:00; by default today.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same day.")
@click.option("--room", "named", multiple=True, help="A room to draw, by id or name; by default one of each kind.")
@click.option("--out", default="day.png", show_default=True, type=click.Path(path_type=Path), help="PNG or SVG.")
@friendly
def plot(
    space: Path | None,
    people_file: Path | None,
    data: Path,
    on: str | None,
    seed: int,
    named: tuple[str, ...],
    out: Path,
) -> None:
    """Draw CO2, people and sound of some rooms over one day, lived at full speed."""
    check(out)
    if len(named) > _MOST_ROOMS:
        raise InputError(f"{len(named)} rooms are too many to tell apart; name {_MOST_ROOMS} at most")
    place = DataDir(data)
    building = load(place.space(space))
    rooms = [building.room(name) for name in named] or rooms_to_show(building)
    day = day_of(on) if on is not None else now().astimezone(building.zone).date()
    start = datetime.combine(day, DAY_STARTS, building.zone)
    everyone = people_of(place, people_file) or make_people(building, seed, day)
    lived = curves(building, everyone, seed, start, rooms)
    draw(lived, f"{building.name}, {day:%A} {day}", out)
    click.echo(f"{day:%A} {day} of {building.name} is in {out}", err=True)
