"""`natoma book wait`, `take` and `withdraw`: the waiting list."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from controller.cli.book_desk import Opened, by_option, done, one_booking, open_book
from controller.cli.options import as_json, where_options
from controller.domain.booking.rules import Wish
from controller.domain.booking.values import Waiting
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

    async def ask(opened: Opened) -> Waiting:
        who = opened.person(person, "--for")
        begins, ends = opened.span(start, end)
        asks = opened.person(by) if by is not None else who
        return await opened.desk.wait_for(Wish(opened.room(room), begins, ends, who), asks)

    _waiting(config, flags, ask, as_json=as_json)


@click.command()
@click.argument("id", metavar="WAITING")
@by_option
@as_json
@where_options
def take(config: Path | None, id: str, by: str, as_json: bool, **flags: Any) -> None:
    """Book what was offered to WAITING."""
    one_booking(config, flags, lambda at: at.desk.take(WaitingId(id), at.person(by)), as_json=as_json)


@click.command()
@click.argument("id", metavar="WAITING")
@by_option
@as_json
@where_options
def withdraw(config: Path | None, id: str, by: str, as_json: bool, **flags: Any) -> None:
    """Wait no longer."""
    _waiting(config, flags, lambda at: at.desk.withdraw(WaitingId(id), at.person(by)), as_json=as_json)


WAITING = (wait, take, withdraw)


def _waiting(
    config: Path | None, flags: dict[str, Any], change: Callable[[Opened], Awaitable[Waiting]], *, as_json: bool
) -> None:
    async def do() -> tuple[str, object]:
        async with open_book(config, **flags) as opened:
            after = await change(opened)
            return opened.waiting_line(after), opened.plain_waiting(after)

    said, plain = asyncio.run(do())
    done(said, plain, as_json=as_json)
