"""`natoma-sim load`: how a house takes many taps and readings at once."""

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path

import click

from simulator import control
from simulator.building_file import load as load_building
from simulator.cli.asking import in_loop, people_of
from simulator.cli.options import CA, DATA, MQTT, PASSWORDS, PEOPLE, SPACE, VERSION, friendly
from simulator.clock import now
from simulator.endpoint import DataDir
from simulator.errors import InputError, RunError
from simulator.load.asked import Wanted, cast, rate, seconds, start_a_house
from simulator.load.report import as_json, in_words, what_is_wrong
from simulator.load.run import Result
from simulator.load.run import load as run_load
from simulator.load.schedule import Arrival


@click.command("load")
@click.option("--readers", type=int, help="Readers that take part; by default all that ask for no PIN.")
@click.option("--taps", default="10/s", show_default=True, help="How many badges are shown: 500/s, 30/min, 0.")
@click.option("--sensors", type=int, help="Sensors that take part; by default all.")
@click.option("--readings", default="100/s", show_default=True, help="How many readings are said: 10000/s, 0.")
@click.option("--for", "for_", default="60s", show_default=True, help="How long: 60s, 5m.")
@click.option(
    "--arrival", type=click.Choice([one.value for one in Arrival]), default=Arrival.POISSON.value, show_default=True,
    help="poisson: each on their own, as strangers come. even: as a metronome beats.",
)  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="The same seed, the same moments, people and doors.")
@SPACE
@MQTT
@VERSION
@PASSWORDS
@CA
@PEOPLE
@DATA
@click.option("--json", "as_one_line", is_flag=True, help="One line of JSON instead of a table.")
@friendly
def load_house(
    readers: int | None, taps: str, sensors: int | None, readings: str, for_: str, arrival: str, seed: int,
    space: Path | None, mqtt: str | None, mqtt_version: str | None, passwords: Path | None, ca_file: Path | None,
    people_file: Path | None, data: Path, as_one_line: bool,
) -> None:  # fmt: skip
    """Show badges and say readings at a pace of their own, and tell how long the answers took.

    The house must run (`natoma run`) without a simulator: the devices are taken from the space file and connect here.
    Exit code 1 when something was lost or answered twice. Ctrl-C ends with the table so far.
    """
    wanted = Wanted(
        taps=rate("--taps", taps),
        readings=rate("--readings", readings),
        for_s=seconds("--for", for_),
        readers=readers,
        sensors=sensors,
        arrival=Arrival(arrival),
        seed=seed,
    )
    place = DataDir(data)
    building = load_building(place.space(space))
    people = people_of(place, people_file)
    if wanted.taps and not people:
        raise InputError(f"--taps {taps}: {place.nobody_known(space)}")
    chosen = cast(building, people, wanted, now())
    if mqtt is None and not place.left():
        raise InputError(f"no house has run on {data} yet; {start_a_house(building.source, data)}")
    endpoint = place.endpoint(mqtt, mqtt_version, passwords, ca_file)
    endpoint.require_passwords(chosen.devices)
    # What each of thousands of links meets is counted, and told once.
    logging.basicConfig(level=logging.CRITICAL)

    async def run() -> Result:
        if await control.is_running(place.socket):
            raise RunError(
                f"a simulator runs with {data}, and its devices are the same: end it, and "
                + start_a_house(building.source, data)
            )
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        return await run_load(building, chosen, endpoint, wanted, data, stop)

    result = in_loop(run)
    click.echo(json.dumps(as_json(result), ensure_ascii=False) if as_one_line else in_words(result))
    if wrong := what_is_wrong(result):
        click.echo(f"natoma-sim: {wrong}", err=True)
        sys.exit(1)
