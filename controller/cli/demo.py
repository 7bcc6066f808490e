"""`natoma demo`: a whole sample building on this machine, with people in it; what `make run` starts.

The people and the devices are the simulator's, a program of its own: here it is only started. See
docs/decisions/0003.
"""

import asyncio
import csv
import importlib.util
import logging
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from controller.adapters.children import die_with_parent
from controller.app import Running
from controller.app.stores import open_registry
from controller.cli.options import set_up_logging, settings_from, where
from controller.cli.people import import_people
from controller.cli.run import broker_options, serve_until_told
from controller.config import Settings
from controller.domain.building import Space
from controller.errors import InputError, StartupError
from controller.space import load as load_space_file

logger = logging.getLogger(__name__)

SAMPLE = "parisoma.yaml"
STOP_LIMIT = 5.0
_LOOPBACK = "127.0.0.1"


@click.command()
@where("A space file of yours. Without it the sample building.")
@broker_options
@click.option("--seed", default=1, show_default=True, help="The same seed, the same people and the same day.")
@click.option(
    "--start", default="auto", show_default=True, help="The hour it is in the sample building: 09:30, now, auto."
)
def demo(config: Path | None, seed: int, start: str, **flags: Any) -> None:
    """Run a sample building of three floors and 200 people, on this machine alone."""
    settings = settings_from(config, **{"log_level": "warning", **{k: v for k, v in flags.items() if v is not None}})
    if settings.mqtt is not None:
        raise InputError("setting mqtt names a broker of yours; the demo brings its own — unset it for the demo")
    if settings.database is not None:
        raise InputError(
            "setting database names one of yours, and the demo's people are made up — unset it for the demo"
        )
    chosen = (settings.space or sample_space()).resolve()
    settings = replace(settings, space=chosen, data=settings.data.resolve())
    set_up_logging(settings)
    space = load_space_file(chosen)
    people = settings.data / "people.csv"
    click.echo(f"{space.name}: {len(space.floors)} floors, {len(space.doors)} doors, {len(space.devices)} devices.")
    _make_people(settings, space, people, seed)
    try_it = _something_to_try(space, people)
    simulator: list[asyncio.subprocess.Process] = []

    async def ready(running: Running) -> None:
        assert running.embedded is not None  # the demo names no broker
        click.echo(f"Broker: {running.embedded.name} on {running.embedded.endpoint.url}")
        if running.embedded.limits:
            click.echo(f"  {running.embedded.limits}")
        page_port = _free_port()
        simulator.append(await _start_simulator(settings, running, people, seed, start, page_port))
        click.echo(f"Tap a badge:  {try_it}")
        click.echo(f"Walk about in it: http://{_LOOPBACK}:{page_port}/")
        click.echo(f"Open {running.address}", nl=True)
        sys.stdout.flush()

    try:
        serve_until_told(settings, space, ready, hint=try_it)
    finally:
        for process in simulator:
            _stop(process)


def sample_space() -> Path:
    """The sample building's file, which comes with the simulator."""
    found = importlib.util.find_spec("simulator")
    if found is None or not found.submodule_search_locations:
        raise StartupError("the demo needs the simulator package, which is not installed here; use `natoma run`")
    return Path(found.submodule_search_locations[0]) / "spaces" / SAMPLE


def _make_people(settings: Settings, space: Space, people: Path, seed: int) -> None:
    """Ask the simulator for people, and import them like anybody else's, once."""
    if not people.exists():
        people.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        words = ["people", "--space", str(settings.space), "--seed", str(seed), "--out", str(people)]
        made = subprocess.run([sys.executable, "-m", "simulator", *words], capture_output=True, text=True)
        if made.returncode:
            raise InputError(f"the simulator could not make people: {made.stderr.strip() or made.stdout.strip()}")
    known = asyncio.run(_people_known(settings, space))
    if known == 0:
        known = asyncio.run(import_people(settings, space, people))
    click.echo(f"People: {known}")


async def _people_known(settings: Settings, space: Space) -> int:
    async with open_registry(settings.home, space) as registry:
        return len((await registry.load()).people)


def _something_to_try(space: Space, people: Path) -> str:
    """A command a newcomer can type: a member whose badge opens the first door from the street."""
    with people.open(newline="") as file:
        names = [row["name"] for row in csv.DictReader(file) if row["kind"] == "staff"]
    door = next((door.id for door in space.doors.values() if door.outer == "outside"), next(iter(space.doors), "door"))
    command = "natoma-sim" if os.environ.get("VIRTUAL_ENV") else _beside_python("natoma-sim")
    return f'{command} tap --badge "{names[0] if names else "…"}" --door {door}'


def _beside_python(program: str) -> str:
    """The program of this very installation, as somebody would type it from here."""
    path = Path(sys.executable).parent / program
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path) if path.exists() else program


async def _start_simulator(
    settings: Settings, running: Running, people: Path, seed: int, start: str, page_port: int
) -> asyncio.subprocess.Process:
    """The building's devices and people, as a child that stops with us."""
    assert running.embedded is not None  # the demo's own
    data = settings.data
    endpoint = running.embedded.endpoint
    words = ["run", "--space", str(settings.space), "--mqtt", endpoint.url, "--data", str(data)]
    words += ["--mqtt-version", "5" if endpoint.version == 5 else "3.1.1"]
    words += ["--passwords", str(data / "broker" / "passwords.json"), "--people", str(people)]
    words += ["--seed", str(seed), "--start", start, "--page-port", str(page_port)]
    # Its story goes to a file: what is printed here ends with the address to open.
    with (data / "simulator.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulator", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,
        )


def _free_port() -> int:
    """For the simulator's page: chosen here, so that its address is told without waiting for the simulator."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _stop(process: asyncio.subprocess.Process) -> None:
    """The loop is gone by now; the child had the same Ctrl-C and needs at most a push."""
    try:
        os.kill(process.pid, 15)
    except ProcessLookupError:
        return
