"""What commands do alike: whom they know, how they reach a running simulator, how they answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click

from simulator import control
from simulator.endpoint import DataDir
from simulator.errors import InputError, RunError
from simulator.people import SimPerson, read_people

R = TypeVar("R")


def people_of(place: DataDir, people_file: Path | None) -> list[SimPerson]:
    """From the file, else the demo's; without a file nobody, for no controller could know whom we make up."""
    file = people_file or (place.people if place.people.exists() else None)
    return read_people(file) if file is not None else []


def ask(data: Path, request: Mapping[str, object]) -> Mapping[str, object]:
    """Have the running simulator of this folder do something; RunError when there is none."""
    socket = DataDir(data).socket

    async def answer() -> Mapping[str, object]:
        if not await control.is_running(socket):
            raise RunError(f"no simulator runs with {data}; start `natoma demo` or `natoma-sim run` first")
        return await control.ask(socket, request)

    return in_loop(answer)


def say(answer: Mapping[str, object], as_json: bool) -> None:
    """The answer in words, or all of it for a script."""
    told = {key: value for key, value in answer.items() if key != "words"}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else answer.get("words", ""))


def in_loop(work: Callable[[], Awaitable[R]]) -> R:
    """What came of it; an error of ours comes out as itself, however many tasks it passed."""

    async def done() -> R:
        return await work()

    try:
        return asyncio.run(done())
    except ExceptionGroup as group:
        ours = group.subgroup((InputError, RunError))
        if ours is None or len(group.exceptions) != 1:
            raise
        raise group.exceptions[0] from group
