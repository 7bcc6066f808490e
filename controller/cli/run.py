"""`natoma run`: the service itself, until Ctrl-C or SIGTERM."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.app import Running
from controller.app import run as serve
from controller.cli.options import set_up_logging, settings_from, space_path, space_to_start, where
from controller.config import Settings
from controller.domain.building import Space

T = TypeVar("T")


def broker_options(command: Any) -> Any:
    """Which broker, where the page answers, what is kept and sent on."""
    for option in (
        click.option("--log-level", help="debug, info, warning or error."),
        click.option("--keep-refused", help="How long messages that broke the contract are kept: 90d, 12w, 2y."),
        click.option("--keep-hourly", help="How long the hours of readings are."),
        click.option("--keep-telemetry", help="How long readings are, as they were measured."),
        click.option("--keep-gaps", help="How long it is known what was lost of readings."),
        click.option("--keep-events", help="How long facts are."),
        click.option("--keep-access", help="How long the event log says who it was."),
        click.option("--telemetry-cap-mb", type=int, help="MiB that readings not sent on yet may take. Default 2048."),
        click.option("--influx-read-url", help="Where they are read back, if that is elsewhere."),
        click.option("--influx-lines", type=int, help="Readings in one request at most. Default 5000."),
        click.option("--influx-gzip/--no-influx-gzip", default=None, help="Send them compressed."),
        click.option("--influx-bucket", help="The bucket they go into. Default natoma."),
        click.option("--influx-org", help="The organisation it belongs to. Default natoma."),
        click.option("--influx-url", help="An InfluxDB that readings are sent on to, http://host:8086."),
        click.option("--calendars-private-hosts", help="Hosts of yours that outside calendars may be read from."),
        click.option("--notify-private-hosts", help="Hosts of yours that webhooks may reach, with commas between."),
        click.option("--notify-from", help="The address that messages to people come from."),
        click.option("--web-outside-port", type=int, help="Port of events, panels, scanning and the API, for others."),
        click.option("--web-outside-host", help="Address of that. Default 127.0.0.1."),
        click.option(
            "--web-beyond-loopback/--no-web-beyond-loopback",
            default=None,
            help="Serve the page to others too. It has no sign-in: only behind a proxy that has one.",
        ),
        click.option("--web-host-names", help="Further names people type for this machine, with commas between."),
        click.option("--web-port", type=int, help="Port of the page. Default 8080."),
        click.option("--web-host", help="Address of the page. Default 127.0.0.1, this machine alone."),
        click.option(
            "--broker-port", type=int, help="Port of the broker of our own. Default: the first free from 1883."
        ),
        click.option(
            "--broker", help="Which broker of our own: mosquitto, or amqtt, which is pure Python and for trying."
        ),
    ):
        command = option(command)
    return command


@click.command()
@where("The space file. Without it ./space.yaml, else that of the last run, else a starter with one door.")
@click.option("--mqtt", help="Your broker, mqtt://host:1883 or mqtts://user@host. Without it, one of our own.")
@click.option("--mqtt-version", help="5, or 3.1.1 for an old broker.")
@click.option("--mqtt-passwords", type=Path, help="A JSON file with the passwords of our two users on your broker.")
@click.option("--mqtt-ca", type=Path, help="For mqtts://: who signed the broker's certificate.")
@click.option("--mqtt-cert", type=Path, help="For mqtts://: a certificate of our own, if the broker asks for one.")
@click.option("--mqtt-key", type=Path, help="For mqtts://: its key.")
@broker_options
def run(config: Path | None, **flags: Any) -> None:
    """Run the service: doors, rooms and the page.

    With nothing configured it starts a broker of its own and keeps its data in ./natoma-data.
    """
    settings = settings_from(config, **flags)
    settings = replace(settings, space=space_path(settings, start_one=True).resolve())
    set_up_logging(settings)
    space = space_to_start(settings)

    async def ready(running: Running) -> None:
        runs = running.space
        click.echo(f"{runs.name}: {len(runs.doors)} doors, {len(runs.devices)} devices.", err=True)
        if running.embedded is not None:
            _tell_broker(running)
        click.echo(f"Open {running.address}")

    serve_until_told(settings, space, ready)


def serve_until_told(settings: Settings, space: Space, ready: Callable[[Running], Awaitable[None]]) -> None:
    """Run the service on a loop of its own; SIGINT and SIGTERM end it in order."""
    until_told(lambda told: serve(settings, space, stop=told, on_ready=ready))


def until_told(serving: Callable[[asyncio.Event], Coroutine[None, None, T]]) -> T:
    """Serve on a loop of its own; SIGINT and SIGTERM set the event that is to end it in order."""

    async def main() -> T:
        told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        return await serving(told)

    return asyncio.run(main())


def _tell_broker(running: Running) -> None:
    assert running.embedded is not None  # asked before
    embedded = running.embedded
    click.echo(f"Broker: {embedded.name} on {embedded.endpoint.url}", err=True)
    if embedded.limits:
        click.echo(f"  {embedded.limits}", err=True)
