"""`natoma demo`: a whole sample building on this machine, with people in it; what `make run` starts.

The people and the devices are the simulator's, a program of its own: here it is only started. See
docs/decisions/0003. A house for a scenario is `controller.cli.demo_scenario`'s.
"""

import asyncio
import csv
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from controller.adapters.broker import EmbeddedBroker
from controller.adapters.clock import SHIFT, SystemClock, live_at
from controller.app import Running, demo_simulator
from controller.app.demo_house import lived_in
from controller.app.demo_simulator import Simulator
from controller.app.stores import open_registry
from controller.cli.options import set_up_logging, settings_from, where
from controller.cli.people import import_people
from controller.cli.run import broker_options, until_told
from controller.config import Settings
from controller.domain.building import Space
from controller.errors import InputError
from controller.services.clock_watch import shifted
from controller.services.desk.moments import is_skipped, moment_of
from controller.space import load as load_space_file

_LOOPBACK = "127.0.0.1"
_LOG = "simulator.log"


@click.command()
@where("A space file of yours. Without it the sample building.")
@broker_options
@click.option("--seed", type=int, help="The same seed, the same people and the same day. Default 1.")
@click.option("--start", help="The hour it is in the sample building: 09:30, now, auto. Default auto.")
@click.option(
    "--as-if", metavar="MOMENT", help="Another date, for the house as well: '2026-11-01 01:58', in the space's time."
)
@click.option(
    "--proxy",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Reach the broker through a port of the simulator's, so that faults can strike it; 0 takes a free port.",
)
@click.option("--scenario", metavar="NAME", help="Play this in a house of its own and say whether all held that must.")
def demo(
    config: Path | None,
    seed: int | None,
    start: str | None,
    as_if: str | None,
    proxy: int | None,
    scenario: str | None,
    **flags: Any,
) -> None:
    """Run a sample building of three floors and 200 people, on this machine alone.

    With --as-if or --scenario its data is gone afterwards, unless --data says where to keep it.
    """
    settings = settings_from(config, **{"log_level": "warning", **{k: v for k, v in flags.items() if v is not None}})
    if settings.mqtt is not None:
        raise InputError("setting mqtt names a broker of yours; the demo brings its own — unset it for the demo")
    if settings.database is not None:
        raise InputError(
            "setting database names one of yours, and the demo's people are made up — unset it for the demo"
        )
    if scenario is not None:
        from controller.cli.demo_scenario import play

        given = {"--space": flags["space"], "--seed": seed, "--start": start, "--as-if": as_if}
        if proxy is not None:
            raise InputError(f"--scenario {scenario} takes a port of its own where it needs one — leave --proxy out")
        for name, value in given.items():
            if value is not None:
                raise InputError(f"--scenario {scenario} brings its own space, people and hour — leave {name} out")
        play(settings, scenario, flags["data"], flags["web_port"])
        return
    detour = None if proxy is None else _free(proxy)
    with data_folder(settings.data if as_if is None else None, flags["data"]) as data:
        chosen = (settings.space or demo_simulator.sample_space()).resolve()
        _show(replace(settings, space=chosen, data=data), seed or 1, start or "auto", as_if, detour)


def _show(settings: Settings, seed: int, start: str, as_if: str | None, detour: int | None) -> None:
    assert settings.space is not None  # the sample building's, if nobody named one
    set_up_logging(settings)
    space = load_space_file(settings.space)
    at = None if as_if is None else moment_of("--as-if", as_if, space.zone, SystemClock().now())
    if as_if is not None and at is not None and is_skipped(as_if, at, space.zone):
        raise InputError(
            f"--as-if: clocks in {space.zone} skip {as_if} — the next that comes is {at.astimezone(space.zone):%H:%M}"
        )
    if at is not None:
        live_at(at)
    people = settings.data / "people.csv"
    click.echo(f"{space.name}: {len(space.floors)} floors, {len(space.doors)} doors, {len(space.devices)} devices.")
    click.echo(f"People: {people_made(settings, space, people, seed)}")
    if at is not None:
        live_at(at)  # again: it is then when the house begins, and people took their time to be made
    tell_date(space)
    try_it = _something_to_try(space, people, settings.data)
    page_port = free_port()

    log = settings.data / _LOG

    async def start_simulator(broker: EmbeddedBroker) -> Simulator:
        words = ["run", *reached(settings, broker), "--seed", str(seed), "--start", start]
        words += ["--page-port", str(page_port)]
        if detour is not None:
            words += ["--proxy", str(detour)]
        # Its story goes to a file: what is printed here ends with the address to open.
        with log.open("ab") as story:
            return await Simulator.start(words, story)

    async def ready(running: Running) -> None:
        assert running.embedded is not None  # the demo names no broker
        click.echo(f"Broker: {running.embedded.name} on {running.embedded.endpoint.url}")
        if running.embedded.limits:
            click.echo(f"  {running.embedded.limits}")
        if detour is not None:
            click.echo(f"  Faults strike it on the way through port {detour}, which house and devices take.")
        click.echo(f"Tap a badge:  {try_it}")
        click.echo(f"Walk about in it: http://{_LOOPBACK}:{page_port}/")
        click.echo(f"Open {running.address}", nl=True)
        sys.stdout.flush()

    until_told(
        lambda told: lived_in(
            settings, space, start_simulator, told, on_ready=ready, log=log, detour=detour, hint=try_it
        )
    )


@contextmanager
def data_folder(usual: Path | None, named: Path | None) -> Iterator[Path]:
    """Where a demo keeps its data: where it usually does, or where somebody says, or else nowhere for long.

    A house that lived at another date must not go on in this one: its folder has to be new.
    """
    if usual is not None:
        yield usual.resolve()
    elif named is None:
        with TemporaryDirectory(prefix="natoma-") as folder:
            yield Path(folder) / "data"
    elif named.is_dir() and any(named.iterdir()):
        raise InputError(f"--data: a house has lived in {named} already — name a new folder, or leave --data out")
    else:
        yield named.resolve()


def people_made(settings: Settings, space: Space, people: Path, seed: int) -> int:
    """Ask the simulator for people, and import them like anybody else's, once; how many are known then."""
    assert settings.space is not None  # what they are made for
    if not people.exists():
        demo_simulator.make_people(settings.space, seed, people)
    known = asyncio.run(_people_known(settings, space))
    return known or asyncio.run(import_people(settings, space, people))


def tell_date(space: Space) -> None:
    """Where it is another date, say so, and how somebody in another window lives at the same."""
    clock = SystemClock()
    if clock.shift:
        local = clock.now().astimezone(space.zone)
        click.echo(f"It is {local:%A, %Y-%m-%d %H:%M} here, {shifted(clock.shift)}.")
        click.echo(f"  In another window first:  export {SHIFT}={os.environ[SHIFT]}")


def reached(settings: Settings, broker: EmbeddedBroker) -> list[str]:
    """Words for the simulator: which building it is, and how its devices reach the broker."""
    data, endpoint = settings.data, broker.endpoint
    words = ["--space", str(settings.space), "--mqtt", endpoint.url, "--data", str(data)]
    words += ["--mqtt-version", "5" if endpoint.version == 5 else "3.1.1"]
    return [*words, "--passwords", str(data / "broker" / "passwords.json"), "--people", str(data / "people.csv")]


def free_port() -> int:
    """One of this machine's that nobody has just now: known before whoever will have it has started."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _free(port: int) -> int:
    """This one, or any for 0. Whoever has it already would be taken for our broker, and told its passwords."""
    if port == 0:
        return free_port()
    with socket.socket() as probe:
        # As the simulator listens: a port just closed may be had again at once.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError as exc:
            raise InputError(f"--proxy {port} cannot be had: {exc.strerror} — name another, or 0 for any") from exc
    return port


async def _people_known(settings: Settings, space: Space) -> int:
    async with open_registry(settings.home, space) as registry:
        return len((await registry.load()).people)


def _something_to_try(space: Space, people: Path, data: Path) -> str:
    """A command a newcomer can type: a member whose badge opens the first door from the street."""
    with people.open(newline="") as file:
        names = [row["name"] for row in csv.DictReader(file) if row["kind"] == "staff"]
    door = next((door.id for door in space.doors.values() if door.outer == "outside"), next(iter(space.doors), "door"))
    command = "natoma-sim" if os.environ.get("VIRTUAL_ENV") else _beside_python("natoma-sim")
    where = "" if data == Path("natoma-data").resolve() else f" --data {_from_here(data)}"
    return f'{command} tap --badge "{names[0] if names else "…"}" --door {door}{where}'


def _beside_python(program: str) -> str:
    """The program of this very installation, as somebody would type it from here."""
    path = Path(sys.executable).parent / program
    if not path.exists():
        return program
    return _from_here(path)


def _from_here(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
