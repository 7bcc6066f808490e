"""A scenario from the command line: everything is checked before anything starts, and then each verdict is told."""

import tempfile
from pathlib import Path

import click

from simulator.cli.asking import in_loop, people_of
from simulator.clock import now
from simulator.endpoint import DataDir, Endpoint
from simulator.errors import InputError, RunError
from simulator.run import Simulation
from simulator.run import run as run_simulation
from simulator.scenarios.casting import cast
from simulator.scenarios.checking import Verdict, check
from simulator.scenarios.model import Scenario
from simulator.scenarios.playing import Playing, too_far

# Nobody knows whether all held that must: neither a success nor a failure of the house.
NOT_JUDGED = 3


def play_to_its_end(
    scenario: Scenario,
    place: DataDir,
    space: Path | None,
    endpoint: Endpoint,
    people_file: Path | None,
    proxy_port: int | None,
    page_port: int | None,
    *,
    check: bool,
) -> int:
    """The exit code: 1 where something is expected that was not seen, and somebody asked; 3 where nobody can tell.

    Raises InputError for what cannot be played here.
    """
    if (why_not := too_far(scenario, now())) is not None:
        raise InputError(why_not)
    if space is not None or "space" in place.left():
        _require_its_space(scenario, place.space(space))
    if scenario.strikes_broker and proxy_port is None:
        raise InputError(
            f"{scenario.path}: it strikes the broker: give --proxy PORT, and have the controller connect there"
        )
    people = people_of(place, people_file)
    today = now().astimezone(scenario.building.zone).date()
    playing = cast(scenario, people, today)
    endpoint.require_passwords(scenario.building.devices)
    simulation = Simulation(
        building=scenario.building,
        people=people if scenario.speed is not None else (),
        endpoint=endpoint,
        seed=scenario.seed,
        start=now().astimezone(scenario.building.zone),
        speed=scenario.speed or 1.0,
        socket=place.socket,
        page_port=page_port,
        proxy_port=proxy_port,
    )

    async def played() -> list[Verdict]:
        with tempfile.TemporaryDirectory(prefix="natoma-scenario-") as folder:
            play = Playing(scenario, playing, place.path, Path(folder))
            await run_simulation(simulation, play=play)
        if not play.is_over:
            raise RunError("somebody stopped it")
        return _judged(scenario, play)

    click.echo(f"{scenario.name}: {scenario.about}")
    try:
        verdicts = in_loop(played)
    except RunError as exc:
        click.echo(f"natoma-sim: {exc}\n{scenario.name} was not judged: it was not played to its end", err=True)
        return NOT_JUDGED
    for verdict in verdicts:
        click.echo(_in_words(verdict))
    failed = sum(not verdict.holds for verdict in verdicts)
    click.echo(f"{scenario.name}: {f'{failed} of {len(verdicts)} were not met' if failed else 'all as expected'}")
    return 1 if failed and check else 0


def _judged(scenario: Scenario, play: Playing) -> list[Verdict]:
    return check(scenario, play.witness.sightings)


def _in_words(verdict: Verdict) -> str:
    where = f"line {verdict.line}: " if verdict.line is not None and not verdict.holds else ""
    why = f" — {verdict.why}" if verdict.why else ""
    seen = f"\n    seen instead: {verdict.seen}" if not verdict.holds else ""
    return f"{'✓' if verdict.holds else '✗'} {where}{verdict.words}{why}{seen}"


def _require_its_space(scenario: Scenario, house: Path) -> None:
    """The house may have a copy of the file, and no other."""
    try:
        is_same = house.read_bytes() == scenario.space.read_bytes()
    except OSError as exc:
        raise InputError(f"{house}: cannot be read as a space file: {exc.strerror}") from exc
    if not is_same:
        raise InputError(
            f"{scenario.path}: it plays in {scenario.space}, and the house here has {house}; "
            f"natoma demo --scenario {scenario.name} starts one"
        )
