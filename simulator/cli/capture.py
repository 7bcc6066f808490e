"""`natoma-sim record` and `replay`: what a broker carries, written down, and what devices said, said again."""

import asyncio
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path

import click

from devices.errors import LinkError
from devices.link import LinkSettings
from simulator.building_file import load
from simulator.capture import read
from simulator.capture.recording import Recorder, record
from simulator.capture.replaying import FASTEST, SLOWEST, length_of, plan, replay
from simulator.cli.asking import in_loop
from simulator.cli.options import CA, DATA, MQTT, PASSWORDS, SPACE, VERSION, friendly
from simulator.clock import now, shift
from simulator.endpoint import DataDir, Endpoint
from simulator.errors import InputError, RunError
from simulator.private_file import private_file

# Who may hear all and say nothing, on a broker of ours.
_RECORDER = "recorder"


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
    "--user",
    help="Log in by this name, with its password from the passwords file; by default recorder, where that has one. It "
    "hears what the broker lets it, and is neither a device of the space nor the controller.",
)
@click.option(
    "--with-badges", is_flag=True, help="Leave badge numbers, PINs and tokens as they are: the file is then a secret."
)
@SPACE
@MQTT
@VERSION
@PASSWORDS
@CA
@DATA
@friendly
def record_messages(
    out: str, topics: Sequence[str], root: str, for_s: float | None, user: str | None, with_badges: bool,
    space: Path | None, mqtt: str | None, mqtt_version: str | None, passwords: Path | None, ca_file: Path | None, data: Path,
) -> None:  # fmt: skip
    """Write down what a broker carries, to replay it, to check it, or to show it to somebody."""
    if for_s is not None and not 0 < for_s <= 31 * 86400:
        raise InputError(f"--for {for_s:g} is out of reach; take up to 31 days, in seconds")
    place = DataDir(data)
    endpoint = place.endpoint(mqtt, mqtt_version, passwords, ca_file)
    filters = tuple((topic, 1) for topic in topics) or ((f"{root}/1/#", 1),)
    # Never somebody else's client id: a broker hangs up on who had it before.
    client_id = f"{_RECORDER}-{secrets.token_hex(4)}"
    settings = _settings(endpoint, _listener(user, endpoint, place, space), client_id=client_id, filters=filters)

    async def listen() -> int:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        with private_file(Path(out), "--out") as file:
            recorder = Recorder(file, with_badges=with_badges, shift=shift())
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
    if not SLOWEST <= speed <= FASTEST:
        raise InputError(f"--speed {speed:g} is out of reach; take {SLOWEST} to {FASTEST}, 1 is as it was")
    said = plan(list(read(file)), root, frozenset(only))
    length = length_of(said, speed)
    endpoint = DataDir(data).endpoint(mqtt, mqtt_version, passwords, ca_file)
    endpoint.require_passwords({one.device for one in said})

    def settings(device: str) -> LinkSettings:
        return _settings(endpoint, device if endpoint.passwords else None, client_id=device)

    click.echo(length, err=True)
    told = in_loop(lambda: replay(said, settings, now, speed=speed, shift=not keep_times))
    devices = "1 device" if len(told.by_device) == 1 else f"{len(told.by_device)} devices"
    click.echo(f"{told.sent} messages of {devices} were said again; {told.failed} were not")
    if told.failed:
        raise RunError(f"{told.failed} messages could not be sent: the connection was lost on the way")


def _listener(user: str | None, endpoint: Endpoint, place: DataDir, space: Path | None) -> str | None:
    """Who to log in as: nobody in the house, for a broker hangs up on the one whose name somebody else takes."""
    if user is None:
        if endpoint.passwords and _RECORDER not in endpoint.passwords:
            raise InputError(
                f"the passwords file has none for {_RECORDER}, who may hear all: start `natoma run` or `natoma demo` once "
                "with this data folder, which adds it; on a broker of your own name a user who may read all with --user"
            )
        return _RECORDER if endpoint.passwords else None
    if user.startswith("server-") or user == "onboarding":
        raise InputError(
            f"--user {user}: the house itself goes by that name; the broker would hang up on it, and what is said "
            f"meanwhile would be lost. Leave --user out, and {_RECORDER} listens"
        )
    if user in _devices(place, space):
        raise InputError(
            f"--user {user}: that is a device of the space; the broker would hang up on it, and you would hear what is "
            f"its own alone. Leave --user out, and {_RECORDER} listens"
        )
    return user


def _devices(place: DataDir, space: Path | None) -> frozenset[str]:
    """As far as anybody told us which space it is."""
    if space is None and not place.left().get("space"):
        return frozenset()
    return frozenset(load(place.space(space)).devices)


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
