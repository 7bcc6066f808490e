"""`natoma-sim fault`: break a device, its link or the broker of the running simulator, and mend it."""

from collections.abc import Sequence
from pathlib import Path

import click

from simulator.cli.asking import ask, say
from simulator.cli.options import DATA, JSON, friendly
from simulator.errors import InputError
from simulator.faults.kinds import BROKER, KINDS, Number, kind_of


@click.group("fault")
def fault() -> None:
    """Break things of the running simulator on purpose: messages, links, power, clocks, doors, sensors, the broker."""


@fault.command("add")
@click.argument("kind")
@click.argument("target")
@click.option("--for", "for_s", type=float, help="Seconds it lasts; by default until it is cleared.")
@click.option("--in", "in_s", type=float, help="Seconds until it begins; by default now.")
@click.option("--with", "settings", multiple=True, metavar="NAME=VALUE", help="How badly; `fault kinds` tells.")
@click.option("--seed", default=1, show_default=True, help="The same seed does the same harm.")
@DATA
@JSON
@friendly
def add(
    kind: str, target: str, for_s: float | None, in_s: float | None, settings: Sequence[str], seed: int, data: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Begin a fault: KIND as `fault kinds` lists them, TARGET a device, a door, an area, a kind of device, link, broker.

    For example: fault add drop door:street --for 60 --with share=0.3
    """
    kind_of(kind)
    for name, seconds in (("--for", for_s), ("--in", in_s)):
        if seconds is not None and not 0 < seconds <= 31 * 86_400:
            raise InputError(f"{name} {seconds:g} is out of reach; take up to 31 days, in seconds")
    wanted = dict(_setting(written) for written in settings)
    spans = {name: seconds for name, seconds in (("for_s", for_s), ("in_s", in_s)) if seconds is not None}
    request = {"do": "fault-add", "kind": kind, "target": target, "with": wanted, "seed": seed, **spans}
    say(ask(data, request), as_json)


@fault.command("list")
@DATA
@JSON
@friendly
def list_faults(data: Path, as_json: bool) -> None:
    """The faults that last, and those whose time is yet to come."""
    say(ask(data, {"do": "fault-list"}), as_json)


@fault.command("clear")
@click.argument("number", type=int, required=False)
@DATA
@JSON
@friendly
def clear(number: int | None, data: Path, as_json: bool) -> None:
    """End one fault, by its number, or all."""
    say(ask(data, {"do": "fault-clear", **({"number": number} if number is not None else {})}), as_json)


@fault.command("kinds")
# The same for every house; whoever says --data to all commands may say it to this one.
@click.option("--data", expose_value=False, hidden=True)
def list_kinds() -> None:
    """What can go wrong, whom it strikes, and its settings with what they are by default."""
    for name, kind in KINDS.items():
        whom = (
            BROKER
            if kind.strikes == {BROKER}
            else ", ".join(sorted(one.replace("_", " ") for one in kind.strikes - {BROKER}))
        )
        if BROKER in kind.strikes and whom != BROKER:
            whom += f", {BROKER}"
        click.echo(f"{name:<15} {kind.says} ({whom})")
        for setting, rule in kind.settings.items():
            if isinstance(rule, Number):
                click.echo(f"{'':<17}{setting}={rule.default:g}  ({rule.least:g} to {rule.most:g})")
            else:
                click.echo(
                    f"{'':<17}{setting}={rule.default or rule.choices[0]}  ({' '.join(rule.choices) or 'a name'})"
                )


def _setting(written: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not (name and equals and value):
        raise InputError(f"--with {written!r} is no setting; write it like share=0.3")
    return name, value
