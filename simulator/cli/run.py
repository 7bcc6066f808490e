"""`natoma-sim run`: every device of a space, and people who live in it; or a scenario, to its end."""

import logging
import sys
from pathlib import Path

import click

from simulator.building_file import load
from simulator.cli.asking import in_loop, people_of
from simulator.cli.options import CA, DATA, MQTT, PASSWORDS, PEOPLE, SPACE, VERSION, friendly
from simulator.cli.playing import play_to_its_end
from simulator.clock import now, world_start
from simulator.dialects.choosing import chosen, unannounced
from simulator.endpoint import DataDir
from simulator.errors import InputError
from simulator.people import make_people
from simulator.run import Simulation
from simulator.run import run as run_simulation
from simulator.scenarios.finding import path_of
from simulator.scenarios.reading import read


@click.command()
@click.argument("scenario", required=False)
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 1 unless all that SCENARIO expects was seen; with 3 where it was not played to its end.",
)
@SPACE
@MQTT
@VERSION
@PASSWORDS
@CA
@PEOPLE
@DATA
@click.option("--seed", default=1, show_default=True, help="The same seed lives the same day.")
@click.option("--speed", default=1.0, show_default=True, help="How much faster than real people live.")
@click.option(
    "--start", default="auto", show_default=True, metavar="HH:MM|now|auto",
    help="The hour people live. auto: the real one on a working day, a weekday morning otherwise.",
)  # fmt: skip
@click.option(
    "--page-port", type=click.IntRange(0, 65535), metavar="PORT",
    help="A page to walk about in the building, on this machine; 0 takes a free port. Without it there is none.",
)  # fmt: skip
@click.option(
    "--proxy", "proxy_port", type=click.IntRange(0, 65535), metavar="PORT",
    help="Reach the broker through a port of our own, which `fault add stop broker` can strike; 0 takes a free port.",
)  # fmt: skip
@click.option(
    "--dialect", "dialects", multiple=True, metavar="DEVICE=NAME",
    help="A device speaks another dialect than the space file says: tasmota, shelly, homie … May be repeated.",
)  # fmt: skip
@click.option("--verbose", "-v", is_flag=True, help="Tell every little thing.")
@friendly
def run(
    scenario: str | None, check: bool, space: Path | None, mqtt: str | None, mqtt_version: str | None, passwords: Path | None, ca_file: Path | None,
    people_file: Path | None, data: Path, seed: int, speed: float, start: str, page_port: int | None,
    proxy_port: int | None, dialects: tuple[str, ...], verbose: bool,
) -> None:  # fmt: skip
    """Bring up every device of the space and let people live a day in it, until Ctrl-C.

    With SCENARIO, a name that `scenario` lists or a file of yours, play that to its end instead, against the house that
    runs on --data, and say which of its expectations were met.
    """
    if not 0.01 <= speed <= 1000:
        raise InputError(f"--speed {speed:g} is out of reach; take 0.01 to 1000, 1 is real time")
    place = DataDir(data)
    if scenario is not None:
        found = read(path_of(scenario))
        endpoint = place.endpoint(mqtt, mqtt_version, passwords, ca_file)
        _log_to_stderr(verbose)
        sys.exit(play_to_its_end(found, place, space, endpoint, people_file, proxy_port, page_port, check=check))
    if check:
        raise InputError("--check is for a scenario: name one; natoma-sim scenario lists them")
    as_written = load(place.space(space))
    building = chosen(as_written, dialects)
    everyone = people_of(place, people_file)
    simulation = Simulation(
        building=building,
        people=everyone or make_people(building, seed, now().astimezone(building.zone).date()),
        endpoint=place.endpoint(mqtt, mqtt_version, passwords, ca_file),
        seed=seed,
        start=world_start(building, now(), start),
        speed=speed,
        socket=place.socket,
        are_strangers=not everyone,
        page_port=page_port,
        proxy_port=proxy_port,
    )
    simulation.endpoint.require_passwords(building.devices)
    _log_to_stderr(verbose)
    if (known := unannounced(as_written, building)) is not None:
        logging.getLogger(__name__).warning("%s", known)
    in_loop(lambda: run_simulation(simulation))


def _log_to_stderr(verbose: bool) -> None:
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, format="%(levelname)s simulator: %(message)s")
    if not verbose:
        # Each device has a link, and each link a story; the fleet tells it once for all.
        logging.getLogger("devices.link").setLevel(logging.ERROR)
