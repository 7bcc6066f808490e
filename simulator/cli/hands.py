"""What one can do at a door of the running simulator: tap, press, push, hold."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from simulator import control
from simulator.building_file import load
from simulator.cli.asking import ask, in_loop, people_of, say
from simulator.cli.options import CA, DATA, DOOR, JSON, MQTT, PASSWORDS, PEOPLE, SPACE, VERSION, friendly
from simulator.clock import now
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.errors import InputError
from simulator.fleet import Fleet, no_readings
from simulator.hands import Hands
from simulator.people import SimPerson, find_person
from simulator.pocket import person_with_number, pocket_of


@click.command()
@click.option("--badge", default="", help="Whose badge: a name from the people file, or a badge number.")
@click.option("--token", default="", help="What the QR code of a ticket or a pass holds; - to type it unseen.")
@click.option("--pin", default="", help="PIN to type when the reader asks, or alone; - to type it unseen.")
@DOOR
@click.option("--out", "direction", flag_value="out", default="in", help="At the reader inside, to leave.")
@click.option("--stay", is_flag=True, help="Do not walk through when the door opens.")
@SPACE
@MQTT
@VERSION
@PASSWORDS
@CA
@PEOPLE
@DATA
@JSON
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

    answer = in_loop(through_the_simulator_or_alone)
    say(answer, as_json)
    sys.exit(0 if answer.get("granted") else 1)


@click.command("press-exit")
@DOOR
@click.option("--for", "for_s", type=float, help="Seconds to hold it and not leave, as a stuck button would.")
@DATA
@JSON
@friendly
def press_exit(door: str, for_s: float | None, data: Path, as_json: bool) -> None:
    """Press the exit button (or handle) of a door of the running simulator and leave."""
    if for_s is not None and not 0 < for_s <= 3600:
        raise InputError(f"--for {for_s:g} is out of reach; take up to 3600 seconds")
    held = {"for_s": for_s} if for_s is not None else {}
    say(ask(data, {"do": "press-exit", "door": door, **held}), as_json)


@click.command("press-button")
@click.option("--room", required=True, help="Room, by id or name.")
@DATA
@JSON
@friendly
def press_button(room: str, data: Path, as_json: bool) -> None:
    """Press the button in a room of the running simulator: the booth's asks for on air, or ends it."""
    say(ask(data, {"do": "press-button", "room": room}), as_json)


@click.command("open")
@DOOR
@DATA
@JSON
@friendly
def open_door(door: str, data: Path, as_json: bool) -> None:
    """Push a door open without a badge; if it is locked, that is a break-in."""
    say(ask(data, {"do": "open", "door": door, "for_s": 2}), as_json)


@click.command("hold-open")
@DOOR
@click.option("--for", "for_s", default=75.0, show_default=True, help="Seconds.")
@DATA
@JSON
@friendly
def hold_open(door: str, for_s: float, data: Path, as_json: bool) -> None:
    """Open a door and hold it, whoever walks through meanwhile, to see it complain."""
    if not 0 < for_s <= 3600:
        raise InputError(f"--for {for_s:g} is out of reach; take up to 3600 seconds")
    say(ask(data, {"do": "open", "door": door, "for_s": for_s}), as_json)


def _unseen(name: str, given: str) -> str:
    """A dash: typed now, and neither on the screen nor in the shell's history."""
    return str(click.prompt(name, hide_input=True, err=True)) if given == "-" else given


def _whose(badge: str, place: DataDir, people_file: Path | None, space: Path | None) -> SimPerson:
    person = find_person(people_of(place, people_file), badge, place.nobody_known(space))
    return person or person_with_number(badge)
