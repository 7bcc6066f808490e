"""`natoma-sim record` and `replay`: what a broker carries, written down, and what devices said, said again."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import click

from devices.errors import LinkError
from devices.link import LinkSettings
from simulator.capture import read
from simulator.building_file import load
from simulator.capture.recording import Recorder, opened, record
from simulator.capture.replaying import plan, replay
from simulator.cli.asking import in_loop
from simulator.cli.options import CA, DATA, MQTT, PASSWORDS, VERSION, friendly
from simulator.clock import now
from simulator.endpoint import DataDir, Endpoint
from simulator.errors import InputError, RunError


@click.command("record")
@click.option(
    "--out", required=True, help="File to write (0600): one message a line, in the contract's capture format."
)
@click.option(
    "--topic",
    "topics",
    multiple=True,
    help="What to listen to; more than once for more. By default all below the root.",
)
@click.option("--root", default="natoma", show_default=True, help="First level(s) of the topics.")
@click.option("--for", "for_s", type=float, help="Seconds; by default until Ctrl-C.")
@click.option(
    "--user", help="Log in by this name, with its password from the passwords file. It hears what the broker lets it."
)
@click.option(
    "--with-badges", is_flag=True, help="Leave badge numbers, PINs and tokens as they are: the file is then a secret."
)
@MQTT
@VERSION
@PASSWORDS
@CA
@DATA
@friendly
def record_messages(
    out: str, topics: Sequence[str], root: str, for_s: float | None, user: str | None, with_badges: bool,
    mqtt: str | None, mqtt_version: str | None, passwords: Path | None, ca_file: Path | None, data: Path,
) -> None:  # fmt: skip
    """Write down what a broker carries, to replay it, to check it, or to show it to somebody."""
    if for_s is not None and not 0 < for_s <= 31 * 86400:
        raise InputError(f"--for {for_s:g} is out of reach; take up to 31 days, in seconds")
    endpoint = DataDir(data).endpoint(mqtt, mqtt_version, passwords, ca_file)
    filters = tuple((topic, 1) for topic in topics) or ((f"{root}/1/#", 1),)
    settings = _settings(endpoint, user, client_id=user or "recorder", filters=filters)

    async def listen() -> int:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        with opened(out) as file:
            recorder = Recorder(file, with_badges=with_badges)
            try:
                await record(settings, recorder, for_s, stop)
            except LinkError as exc:
                raise RunError(str(exc)) from exc
        return recorder.count

    click.echo(f"{in_loop(listen)} messages are in {out}", err=True)


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--speed", default=1.0, show_default=True, help="How much faster than it was recorded.")
@click.option("--as", "only", multiple=True, metavar="DEVICE", help="Only what these devices said.")
@click.option("--root", default="natoma", show_default=True, help="First level(s) of the topics in the capture.")
@click.option("--keep-times", is_flag=True, help="Leave moments in the bodies as they are: reads are then stale.")
@MQTT
@VERSION
@PASSWORDS
@CA
@DATA
@friendly
def replay_messages(
    file: Path, speed: float, only: Sequence[str], root: str, keep_times: bool, mqtt: str | None,
    mqtt_version: str | None, passwords: Path | None, ca_file: Path | None, data: Path,
) -> None:  # fmt: skip
    """Say again what devices said, each by a connection of its own, in the old order and with the old pauses.

    The whole file is checked before anything is said. What came down to devices is not said again.
    """
    if not 0.01 <= speed <= 10_000:
        raise InputError(f"--speed {speed:g} is out of reach; take 0.01 to 10000, 1 is as it was")
    said = plan(list(read(file)), root, frozenset(only))
    endpoint = DataDir(data).endpoint(mqtt, mqtt_version, passwords, ca_file)
    endpoint.require_passwords({one.device for one in said})

    def settings(device: str) -> LinkSettings:
        return _settings(endpoint, device if endpoint.passwords else None, client_id=device)

    told = in_loop(lambda: replay(said, settings, now, speed=speed, shift=not keep_times))
    devices = "1 device" if len(told.by_device) == 1 else f"{len(told.by_device)} devices"
    click.echo(f"{told.sent} messages of {devices} were said again; {told.failed} were not")
    if told.failed:
        raise RunError(f"{told.failed} messages could not be sent: the connection was lost on the way")


def _settings(
    endpoint: Endpoint, user: str | None, *, client_id: str, filters: tuple[tuple[str, int], ...] = ()
) -> LinkSettings:
    if user is not None and user not in endpoint.passwords:
        raise InputError(f"--user {user!r}: the passwords file has no password for it; give --passwords FILE")
    return LinkSettings(
        host=endpoint.host,
        port=endpoint.port,
        client_id=client_id,
        username=user,
        password=endpoint.passwords.get(user) if user is not None else None,
        protocol=endpoint.version,
        tls=endpoint.tls,
        clean_start=True,
        session_expiry_s=0,
        subscriptions=filters,
    )
