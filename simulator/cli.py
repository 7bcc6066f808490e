"""The command line of the simulator: run, tap, press-exit, press-button, open, hold-open, people, list.

Exit codes: 0 fine (for `tap`: granted), 1 failed (denied, no answer, no broker), 2 wrong usage or input.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from simulator import control
from simulator.building import Building, load
from simulator.clock import now, world_start
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.entitled import guess, is_welcome, owes_too_much
from simulator.errors import InputError, RunError, did_you_mean
from simulator.fleet import Fleet, no_readings
from simulator.hands import Hands
from simulator.maker import Wanted, plan, written
from simulator.people import SimPerson, find_person, make_people, read_people, write_people
from simulator.pocket import person_with_number, pocket_of
from simulator.run import Simulation
from simulator.run import run as run_simulation

P = ParamSpec("P")
R = TypeVar("R")

_DATA = click.option(
    "--data", "data", default=Path("natoma-data"), type=click.Path(path_type=Path), show_default=True,
    help="Data directory of the demo: people, passwords, where the broker is, our socket.",
)  # fmt: skip
_SPACE = click.option("--space", type=click.Path(path_type=Path), help="Space file; by default the demo's.")
_MQTT = click.option("--mqtt", metavar="URL", help="Broker, mqtt://HOST:PORT or mqtts://; by default the demo's.")
_VERSION = click.option("--mqtt-version", metavar="5|3.1.1", help="MQTT version; by default the demo's, else 5.")
_PASSWORDS = click.option(
    "--passwords", type=click.Path(path_type=Path), help="JSON file with a password for each device."
)
_CA = click.option(
    "--ca-file", type=click.Path(path_type=Path), help="Authority of the broker's certificate, for mqtts."
)
_PEOPLE = click.option(
    "--people", "people_file", type=click.Path(path_type=Path), help="People file; by default the demo's."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of words.")
_DOOR = click.option("--door", required=True, help="Door, by id or name.")


def friendly(command: Callable[P, R]) -> Callable[P, R]:
    """Errors made for people go to standard error without a traceback; the exit code says whose turn it is."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InputError as exc:
            click.echo(f"natoma-sim: {exc}", err=True)
            sys.exit(2)
        except RunError as exc:
            click.echo(f"natoma-sim: {exc}", err=True)
            sys.exit(1)

    return wrapped


class _Group(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}; {did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="natoma")
def main() -> None:
    """A whole building without hardware: doors, readers, sensors, lights, and the people who use them.

    While `make run` runs, try:  natoma-sim list,  natoma-sim tap --badge "Some Name" --door street
    """


@main.command()
@_SPACE
@_MQTT
@_VERSION
@_PASSWORDS
@_CA
@_PEOPLE
@_DATA
@click.option("--seed", default=1, show_default=True, help="The same seed lives the same day.")
@click.option("--speed", default=1.0, show_default=True, help="How much faster than real people live.")
@click.option(
    "--start", default="auto", show_default=True, metavar="HH:MM|now|auto",
    help="The hour people live. auto: the real one on a working day, a weekday morning otherwise.",
)  # fmt: skip
@click.option("--verbose", "-v", is_flag=True, help="Tell every little thing.")
@friendly
def run(
    space: Path | None, mqtt: str | None, mqtt_version: str | None, passwords: Path | None, ca_file: Path | None,
    people_file: Path | None, data: Path, seed: int, speed: float, start: str, verbose: bool,
) -> None:  # fmt: skip
    """Bring up every device of the space and let people live a day in it, until Ctrl-C."""
    if not 0.01 <= speed <= 1000:
        raise InputError(f"--speed {speed:g} is out of reach; take 0.01 to 1000, 1 is real time")
    place = DataDir(data)
    building = load(place.space(space))
    everyone = _people(place, people_file)
    simulation = Simulation(
        building=building,
        people=everyone or make_people(building, seed, now().astimezone(building.zone).date()),
        endpoint=place.endpoint(mqtt, mqtt_version, passwords, ca_file),
        seed=seed,
        start=world_start(building, now(), start),
        speed=speed,
        socket=place.socket,
        are_strangers=not everyone,
    )
    simulation.endpoint.require_passwords(building.devices)
    _log_to_stderr(verbose)
    _in_loop(lambda: run_simulation(simulation))


@main.command()
@click.option("--badge", default="", help="Whose badge: a name from the people file, or a badge number.")
@click.option("--token", default="", help="What the QR code of a ticket or a pass holds; - to type it unseen.")
@click.option("--pin", default="", help="PIN to type when the reader asks, or alone; - to type it unseen.")
@_DOOR
@click.option("--out", "direction", flag_value="out", default="in", help="At the reader inside, to leave.")
@click.option("--stay", is_flag=True, help="Do not walk through when the door opens.")
@_SPACE
@_MQTT
@_VERSION
@_PASSWORDS
@_CA
@_PEOPLE
@_DATA
@_JSON
@friendly
def tap(
    badge: str, token: str, pin: str, door: str, direction: str, stay: bool, space: Path | None, mqtt: str | None,
    mqtt_version: str | None, passwords: Path | None, ca_file: Path | None, people_file: Path | None, data: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Hold a badge or a token to a door's reader, or type a PIN, and say what it shows.

    Exit code 0: granted, 1: denied, no answer, or a PIN is asked for and none was given.
    """
    if not (badge or token or pin):
        raise InputError("what to show? Give --badge, --token or --pin")
    place = DataDir(data)
    token, pin = _unseen("Token", token), _unseen("PIN", pin)
    held = {"badge": badge, "token": token, "pin": pin}
    request = {"do": "tap", **held, "door": door, "direction": direction, "walk": not stay}

    async def through_the_simulator_or_alone() -> Mapping[str, object]:
        if mqtt is None and await control.is_running(place.socket):
            return await control.ask(place.socket, request)
        building = load(place.space(space))
        chosen = building.door(door)
        person = _whose(badge, place, people_file, space) if badge else None
        pocket = pocket_of(person, direction, token=token, pin=pin)
        endpoint = place.endpoint(mqtt, mqtt_version, passwords, ca_file)
        reader = (chosen.reader_out or chosen.unit) if direction == "out" else chosen.badge_reader
        around = Surroundings(now, no_readings)
        async with Fleet(building, endpoint, around, only=[reader], patience_s=3.0) as fleet:
            outcome = await Hands(fleet, building).use(pocket, chosen, direction, walk=not stay)
        return {**outcome.as_dict(), "words": outcome.in_words()}

    answer = _in_loop(through_the_simulator_or_alone)
    _say(answer, as_json)
    sys.exit(0 if answer.get("granted") else 1)


@main.command("press-exit")
@_DOOR
@click.option("--for", "for_s", type=float, help="Seconds to hold it and not leave, as a stuck button would.")
@_DATA
@_JSON
@friendly
def press_exit(door: str, for_s: float | None, data: Path, as_json: bool) -> None:
    """Press the exit button (or handle) of a door of the running simulator and leave."""
    if for_s is not None and not 0 < for_s <= 3600:
        raise InputError(f"--for {for_s:g} is out of reach; take up to 3600 seconds")
    held = {"for_s": for_s} if for_s is not None else {}
    _say(_ask(data, {"do": "press-exit", "door": door, **held}), as_json)


@main.command("press-button")
@click.option("--room", required=True, help="Room, by id or name.")
@_DATA
@_JSON
@friendly
def press_button(room: str, data: Path, as_json: bool) -> None:
    """Press the button in a room of the running simulator: the booth's asks for on air, or ends it."""
    _say(_ask(data, {"do": "press-button", "room": room}), as_json)


@main.command("open")
@_DOOR
@_DATA
@_JSON
@friendly
def open_door(door: str, data: Path, as_json: bool) -> None:
    """Push a door open without a badge; if it is locked, that is a break-in."""
    _say(_ask(data, {"do": "open", "door": door, "for_s": 2}), as_json)


@main.command("hold-open")
@_DOOR
@click.option("--for", "for_s", default=75.0, show_default=True, help="Seconds.")
@_DATA
@_JSON
@friendly
def hold_open(door: str, for_s: float, data: Path, as_json: bool) -> None:
    """Open a door and hold it, whoever walks through meanwhile, to see it complain."""
    if not 0 < for_s <= 3600:
        raise InputError(f"--for {for_s:g} is out of reach; take up to 3600 seconds")
    _say(_ask(data, {"do": "open", "door": door, "for_s": for_s}), as_json)


@main.command()
@_SPACE
@_DATA
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same people.")
@click.option("--count", type=click.IntRange(1, 5000), help="How many; by default as many as the house suits.")
@click.option("--out", default="-", show_default=True, help="File to write (0600), or - for standard output.")
@friendly
def people(space: Path | None, data: Path, seed: int, count: int | None, out: str) -> None:
    """Make up the people of a space, with their memberships and badges, as CSV for `natoma people import`."""
    building = load(DataDir(data).space(space))
    everyone = make_people(building, seed, now().astimezone(building.zone).date(), count)
    target = None if out == "-" else Path(out)
    write_people(everyone, target)
    if target is not None:
        click.echo(f"{len(everyone)} people of {building.name} are in {target}", err=True)


@main.command("space")
@click.option("--doors", type=int, default=10, show_default=True, help="How many doors, 1 to 2000.")
@click.option("--floors", type=int, help="How many floors; by default as many as the rooms want.")
@click.option("--rooms", type=int, help="How many rooms; by default one for each door that leads to no floor.")
@click.option("--zone", default="UTC", show_default=True, help="Time zone, such as Europe/Paris.")
@click.option("--name", default="Made up", show_default=True, help="What it is called.")
@click.option("--seed", default=1, show_default=True, help="The same numbers and seed make the same file.")
@click.option("--out", default="-", show_default=True, help="File to write, or - for standard output.")
@friendly
def space_of_a_size(
    doors: int, floors: int | None, rooms: int | None, zone: str, name: str, seed: int, out: str
) -> None:
    """Make up a space of a size: floors, rooms, doors and their devices, to try what one door or 2000 are like."""
    text = written(plan(Wanted(doors, floors, rooms), seed), name=name, zone=zone, seed=seed)
    if out == "-":
        click.echo(text, nl=False)
        return
    target = Path(out)
    if target.exists():
        raise InputError(f"--out {out}: is there already, and is not written over; name another file, or delete it")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise InputError(f"--out {out}: cannot be written: {exc.strerror}") from exc
    click.echo(f"{name} is in {target}. Look at it:  natoma check {target}", err=True)


@main.command("list")
@_SPACE
@_PEOPLE
@_DATA
@_JSON
@friendly
def list_what_to_try(space: Path | None, people_file: Path | None, data: Path, as_json: bool) -> None:
    """Doors, and some people to try at them."""
    place = DataDir(data)
    building = load(place.space(space))
    examples = _examples(building, _people(place, people_file))
    if as_json:
        doors = [{"id": door.id, "name": door.name} for door in building.doors.values()]
        persons = [{"id": person.id, "name": person.name, "why": why} for person, why in examples]
        click.echo(json.dumps({"doors": doors, "people": persons}, ensure_ascii=False))
        return
    click.echo(f"Doors of {building.name}:")
    for door in building.doors.values():
        hints = ", ".join(word for word, is_so in (("staff", door.staff_only), ("PIN", door.asks_pin)) if is_so)
        click.echo(f"  {door.id:<18} {door.name}{f'  ({hints})' if hints else ''}")
    if not examples:
        click.echo(f"People: {place.nobody_known(space)}")
        return
    click.echo("People to try:")
    for person, why in examples:
        click.echo(f"  {person.name:<22} {why}")
    if building.doors:
        click.echo(f'Try:  natoma-sim tap --badge "{examples[0][0].name}" --door {next(iter(building.doors))}')


def _examples(building: Building, everyone: list[SimPerson]) -> list[tuple[SimPerson, str]]:
    """One of each: of every plan, and of every trouble."""
    admits = guess(building)
    today = now().astimezone(building.zone).date()
    seen: dict[str, tuple[SimPerson, str]] = {}
    for person in everyone:
        why = _why_interesting(person, building, today)
        hint = " (doors let them in now)" if admits(person, None, now()) else ""
        seen.setdefault(why, (person, why + hint))
    return sorted(seen.values(), key=lambda example: not is_welcome(example[0], building, today))


def _why_interesting(person: SimPerson, building: Building, today: date) -> str:
    if person.badge_state not in ("", "active"):
        return f"badge {person.badge_state}"
    if person.valid_until:
        return "badge no longer valid"
    if person.valid_from:
        return "badge not valid yet"
    if person.standing not in ("", "active"):
        return f"membership {person.standing}"
    if person.due:
        return f"membership {'overdue' if owes_too_much(person, building, today) else 'grace'}"
    return "staff" if person.kind == "staff" else f"plan {person.plan}"


def _people(place: DataDir, people_file: Path | None) -> list[SimPerson]:
    """From the file, else the demo's; without a file nobody, for no controller could know whom we make up."""
    file = people_file or (place.people if place.people.exists() else None)
    return read_people(file) if file is not None else []


def _unseen(name: str, given: str) -> str:
    """A dash: typed now, and neither on the screen nor in the shell's history."""
    return str(click.prompt(name, hide_input=True, err=True)) if given == "-" else given


def _whose(badge: str, place: DataDir, people_file: Path | None, space: Path | None) -> SimPerson:
    person = find_person(_people(place, people_file), badge, place.nobody_known(space))
    return person or person_with_number(badge)


def _ask(data: Path, request: Mapping[str, object]) -> Mapping[str, object]:
    socket = DataDir(data).socket

    async def ask() -> Mapping[str, object]:
        if not await control.is_running(socket):
            raise RunError(f"no simulator runs with {data}; start `natoma demo` or `natoma-sim run` first")
        return await control.ask(socket, request)

    return _in_loop(ask)


def _say(answer: Mapping[str, object], as_json: bool) -> None:
    told = {key: value for key, value in answer.items() if key != "words"}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else answer.get("words", ""))


def _in_loop(work: Callable[[], Awaitable[R]]) -> R:
    async def done() -> R:
        return await work()

    try:
        return asyncio.run(done())
    except ExceptionGroup as group:
        ours = group.subgroup((InputError, RunError))
        if ours is None or len(group.exceptions) != 1:
            raise
        raise group.exceptions[0] from group


def _log_to_stderr(verbose: bool) -> None:
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, format="%(levelname)s simulator: %(message)s")
    if not verbose:
        # Each device has a link, and each link a story; the fleet tells it once for all.
        logging.getLogger("devices.link").setLevel(logging.ERROR)
