"""`natoma-sim scenario`: which scenarios there are, and what a house needs that is started for one."""

import json

import click

from simulator.cli.options import JSON, friendly
from simulator.scenarios.finding import abouts, path_of
from simulator.scenarios.playing import prepares_s
from simulator.scenarios.reading import read


@click.command("scenario")
@click.argument("named", required=False, metavar="[SCENARIO]")
@JSON
@friendly
def scenario(named: str | None, as_json: bool) -> None:
    """List the scenarios; or check SCENARIO, a name or a file of yours, and say what it is about.

    With --json also the space it plays in, when it begins, how long before that a house should be up, how long it
    lasts, its seed, and whether it strikes the broker.
    """
    if named is None:
        told = abouts()
        if as_json:
            click.echo(json.dumps(told, ensure_ascii=False))
            return
        for name, about in told.items():
            click.echo(f"{name}\n    {about}")
        click.echo("Play one:  natoma demo --scenario NAME")
        return
    found = read(path_of(named))
    if not as_json:
        click.echo(f"{found.name}\n    {found.about}")
        click.echo(f"    {found.lasts_s:g} s, {len(found.steps)} steps, {len(found.expect)} expectations")
        return
    known = {
        "name": found.name,
        "path": str(found.path.resolve()),
        "about": found.about,
        "space": str(found.space.resolve()),
        "starts": found.starts.isoformat() if found.starts is not None else None,
        "prepares_s": prepares_s(found),
        "lasts_s": found.lasts_s,
        "seed": found.seed,
        "strikes_broker": found.strikes_broker,
    }
    click.echo(json.dumps(known, ensure_ascii=False))
