"""`natoma-sim space`: a space file of any size."""

from pathlib import Path

import click

from simulator.cli.options import friendly
from simulator.errors import InputError
from simulator.maker import Wanted, plan, written


@click.command("space")
@click.option("--doors", type=int, default=10, show_default=True, help="How many doors, 1 to 2000.")
@click.option("--floors", type=int, help="How many floors; by default as many as the rooms want.")
@click.option("--rooms", type=int, help="How many rooms; by default one for each door that leads to no floor.")
@click.option(
    "--every", type=float, metavar="S", help="Seconds from one reading of a sensor to its next. [default: 60]"
)
@click.option("--zone", default="UTC", show_default=True, help="Time zone, such as Europe/Paris.")
@click.option("--name", default="Made up", show_default=True, help="What it is called.")
@click.option("--seed", default=1, show_default=True, help="The same numbers and seed make the same file.")
@click.option("--out", default="-", show_default=True, help="File to write, or - for standard output.")
@friendly
def space_of_a_size(
    doors: int, floors: int | None, rooms: int | None, every: float | None, zone: str, name: str, seed: int, out: str
) -> None:
    """Make up a space of a size: floors, rooms, doors and their devices, to try what one door or 2000 are like."""
    text = written(plan(Wanted(doors, floors, rooms), seed), name=name, zone=zone, seed=seed, every_s=every)
    if out == "-":
        click.echo(text, nl=False)
        return
    target = Path(out)
    if target.exists():
        raise InputError(f"--out {out}: is there already, and is not written over; name another file, or delete it")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise InputError(f"--out {out}: cannot be written: {exc.strerror}") from exc
    click.echo(f"{name} is in {target}. Look at it:  natoma check {target}", err=True)
