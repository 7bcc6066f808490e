"""`natoma book wait`, `take` and `withdraw`: the waiting list."""

import asyncio
from pathlib import Path
from typing import Any

import click

from controller.cli.book_desk import by_option, done, open_book
from controller.cli.options import as_json, where_options
from controller.domain.booking.rules import Wish
from controller.domain.ids import WaitingId


@click.command()
@click.argument("room", metavar="ROOM")
@click.argument("start", metavar="START")
@click.argument("end", metavar="END")
@click.option("--for", "person", required=True, help="Who waits: a person's id or name.")
@click.option("--by", help="Who asks, where that is somebody else: staff.")
@as_json
@where_options
def wait(
    config: Path | None, room: str, start: str, end: str, person: str, by: str | None, as_json: bool, **flags: Any
) -> None:
    """Wait for ROOM from START to END, which is taken: when it becomes free it is offered to the first who asked."""

    async def do() -> tuple[str, object]:
        async with open_book(config, **flags) as opened:
            who = opened.person(person, "--for")
            begins, ends = opened.span(start, end)
            asks = opened.person(by) if by is not None else who
            made = await opened.desk.wait_for(Wish(opened.room(room), begins, ends, who), asks)
            return opened.waiting_line(made), opened.plain_waiting(made)

    said, plain = asyncio.run(do())
    done(said, plain, as_json=as_json)


@click.command()
@click.argument("id", metavar="WAITING")
@by_option
@as_json
@where_options
def take(config: Path | None, id: str, by: str, as_json: bool, **flags: Any) -> None:
    """Book what was offered to WAITING."""

    async def do() -> tuple[str, object]:
        async with open_book(config, **flags) as opened:
            made = await opened.desk.take(WaitingId(id), opened.person(by))
            return opened.line(made), opened.plain(made)

    said, plain = asyncio.run(do())
    done(said, plain, as_json=as_json)


@click.command()
@click.argument("id", metavar="WAITING")
@by_option
@as_json
@where_options
def withdraw(config: Path | None, id: str, by: str, as_json: bool, **flags: Any) -> None:
    """Wait no longer."""

    async def do() -> tuple[str, object]:
        async with open_book(config, **flags) as opened:
            after = await opened.desk.withdraw(WaitingId(id), opened.person(by))
            return opened.waiting_line(after), opened.plain_waiting(after)

    said, plain = asyncio.run(do())
    done(said, plain, as_json=as_json)


WAITING = (wait, take, withdraw)
