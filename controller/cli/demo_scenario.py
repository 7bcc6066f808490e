"""`natoma demo --scenario`: a house of its own for one scenario of the simulator's, which says whether all held that must.

What happens in it and what is expected is the simulator's affair; here are the house, its date and the exit code.
"""

import sys
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import click

from controller.adapters.broker import EmbeddedBroker
from controller.adapters.clock import SystemClock, live_at
from controller.app import Running
from controller.app.demo_house import played_in
from controller.app.demo_simulator import Scenario, Simulator, scenario_named
from controller.cli.demo import data_folder, free_port, people_made, reached, tell_date
from controller.cli.options import set_up_logging
from controller.cli.run import until_told
from controller.config import Settings
from controller.errors import StartupError
from controller.space import load as load_space_file

# A house takes so long to be ready on an idle machine, and its people so long to be made and known before.
READY_WITHIN, PEOPLE_TAKE = timedelta(seconds=3), timedelta(seconds=1.5)
# One that does much else takes longer for both. Who comes too early waits, and who comes too late does not play at all;
# beyond this it is a measurement of bad luck.
SLOWEST = 3.0
# What the simulator may end with once it has judged, or has found the scenario wrong; and ours for all else.
_ITS_WORD, _NOT_JUDGED = (0, 1, 2), 3


def play(settings: Settings, name: str, data: Path | None, web_port: int | None) -> None:
    """End with the simulator's exit code: 0 all held, 1 something did not, 2 the scenario is wrong, 3 nobody can tell."""
    scenario = scenario_named(name)
    with data_folder(None, data) as folder:
        settings = replace(
            settings,
            space=scenario.space,
            data=folder,
            # Several may be played at once.
            broker_port=settings.broker_port or free_port(),
            web=replace(settings.web, port=web_port or 0),
        )
        set_up_logging(settings)
        try:
            code = _played(settings, scenario)
        except StartupError as error:
            click.echo(f"natoma: {error}\n{scenario.name} was not judged: its house did not start", err=True)
            sys.exit(_NOT_JUDGED)
    if code is None:
        click.echo(f"{scenario.name} was stopped before its end: nothing is known of it", err=True)
    elif code not in (*_ITS_WORD, _NOT_JUDGED):
        click.echo(f"{scenario.name} was not judged: the simulator ended with {code}", err=True)
    sys.exit(code if code in _ITS_WORD else _NOT_JUDGED)


def _played(settings: Settings, scenario: Scenario) -> int | None:
    space = load_space_file(scenario.space)
    clock = SystemClock()
    needs = READY_WITHIN + timedelta(seconds=scenario.prepares_s)
    _live_before(scenario, needs)
    began = clock.monotonic()
    people_made(settings, space, settings.data / "people.csv", scenario.seed)
    slower = min(max(1.0, timedelta(seconds=clock.monotonic() - began) / PEOPLE_TAKE), SLOWEST)
    _live_before(scenario, needs * slower)
    tell_date(space)
    detour = free_port() if scenario.strikes_broker else None

    async def start(broker: EmbeddedBroker) -> Simulator:
        words = ["run", str(scenario.path), "--check", *reached(settings, broker)]
        if detour is not None:
            words += ["--proxy", str(detour)]
        return await Simulator.start(words)

    async def ready(running: Running) -> None:
        click.echo(f"{scenario.name}, {scenario.lasts_s:g} s: watch it at {running.address}")
        sys.stdout.flush()

    return until_told(lambda told: played_in(settings, space, start, told, on_ready=ready, detour=detour))


def _live_before(scenario: Scenario, ahead: timedelta) -> None:
    if scenario.starts is not None:
        live_at(scenario.starts.astimezone(UTC) - ahead)
