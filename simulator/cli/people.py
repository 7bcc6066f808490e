"""`natoma-sim people` and `list`: who lives there, and whom to try at a door."""

import json
from pathlib import Path

import click

from simulator.building import Building
from simulator.building_file import load
from simulator.cli.asking import people_of
from simulator.cli.options import DATA, JSON, PEOPLE, SPACE, friendly
from simulator.clock import now
from simulator.endpoint import DataDir
from simulator.entitled import guess, is_welcome, what_of
from simulator.people import SimPerson, make_people, write_people


@click.command()
@SPACE
@DATA
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same people.")
@click.option("--count", type=click.IntRange(1, 5000), help="How many; by default as many as the house suits.")
@click.option("--out", default="-", show_default=True, help="File to write (0600), or - for standard output.")
@friendly
def people(space: Path | None, data: Path, seed: int, count: int | None, out: str) -> None:
    """Make up the people of a space, with their memberships and badges, as CSV for `natoma people import`."""
    building = load(DataDir(data).space(space))
    everyone = make_people(building, seed, now().astimezone(building.zone).date(), count)
    target = None if out == "-" else Path(out)
    write_people(everyone, target)
    if target is not None:
        click.echo(f"{len(everyone)} people of {building.name} are in {target}", err=True)


@click.command("list")
@SPACE
@PEOPLE
@DATA
@JSON
@friendly
def list_what_to_try(space: Path | None, people_file: Path | None, data: Path, as_json: bool) -> None:
    """Doors, and some people to try at them."""
    place = DataDir(data)
    building = load(place.space(space))
    examples = _examples(building, people_of(place, people_file))
    if as_json:
        doors = [{"id": door.id, "name": door.name} for door in building.doors.values()]
        persons = [{"id": person.id, "name": person.name, "why": why} for person, why in examples]
        click.echo(json.dumps({"doors": doors, "people": persons}, ensure_ascii=False))
        return
    click.echo(f"Doors of {building.name}:")
    for door in building.doors.values():
        hints = ", ".join(word for word, is_so in (("staff", door.staff_only), ("PIN", door.asks_pin)) if is_so)
        click.echo(f"  {door.id:<18} {door.name}{f'  ({hints})' if hints else ''}")
    if not examples:
        click.echo(f"People: {place.nobody_known(space)}")
        return
    click.echo("People to try:")
    for person, why in examples:
        click.echo(f"  {person.name:<22} {why}")
    if building.doors:
        click.echo(f'Try:  natoma-sim tap --badge "{examples[0][0].name}" --door {next(iter(building.doors))}')


def _examples(building: Building, everyone: list[SimPerson]) -> list[tuple[SimPerson, str]]:
    """One of each: of every plan, and of every trouble."""
    admits = guess(building)
    today = now().astimezone(building.zone).date()
    seen: dict[str, tuple[SimPerson, str]] = {}
    for person in everyone:
        why = what_of(person, building, today)
        hint = " (doors let them in now)" if admits(person, None, now()) else ""
        seen.setdefault(why, (person, why + hint))
    return sorted(seen.values(), key=lambda example: not is_welcome(example[0], building, today))
