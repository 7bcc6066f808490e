"""`natoma notices`: messages to people, on their way or not arrived."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import RegistryStores, open_kept
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.domain.building import Space
from controller.errors import InputError
from controller.services.notices.store import Kept, NoticeState

T = TypeVar("T")
SHOWN = 50


@click.group()
def notices() -> None:
    """Messages to people: what is on its way, and what did not arrive."""


def _at_the_desk(config: Path | None, work: Callable[[RegistryStores], Awaitable[T]], **flags: Any) -> tuple[T, Space]:
    settings = settings_from(config, **flags)

    async def ask() -> T:
        async with open_kept(settings.home) as kept:
            return await work(kept)

    return asyncio.run(ask()), space_of(settings)


@notices.command("list")
@click.option("--failed", is_flag=True, help="Only those that were given up.")
@where_options
@json_option
def list_(config: Path | None, failed: bool, as_json: bool, **flags: Any) -> None:
    """Show the newest messages, and what became of each. What they say is for their readers alone."""
    state = NoticeState.FAILED if failed else None
    found, space = _at_the_desk(config, lambda kept: kept.notices.newest(SHOWN, state), **flags)
    if as_json:
        click.echo(json.dumps([_plain(one) for one in found], ensure_ascii=False))
        return
    none = "No message was given up." if failed else "No message yet."
    click.echo("\n".join(_line(one, space) for one in found) or none)


@notices.command()
@click.argument("number", type=int, required=False)
@where_options
def retry(config: Path | None, number: int | None, **flags: Any) -> None:
    """Try a message again that was given up: NUMBER as the list shows it; all of them without one."""
    now = SystemClock().now()
    again, _ = _at_the_desk(config, lambda kept: kept.notices.retry(number, now), **flags)
    if not again and number is not None:
        raise InputError(f"no message {number} was given up: `natoma notices list --failed` shows those that were")
    click.echo(f"{again} {'message is' if again == 1 else 'messages are'} tried again." if again else "None to try.")


def _plain(one: Kept) -> dict[str, object]:
    return {
        "number": one.number,
        "kind": one.notice.kind.value,
        "person": one.notice.person,
        "channel": one.notice.channel.value,
        "made_at": one.made_at.isoformat(),
        "state": one.state.value,
        "attempts": one.attempts,
        "sent_at": one.sent_at.isoformat() if one.sent_at is not None else None,
        "error": one.error,
    }


def _line(one: Kept, space: Space) -> str:
    made = f"{one.made_at.astimezone(space.zone):%Y-%m-%d %H:%M}"
    state = one.state.value if one.error is None else f"{one.state.value}: {one.error}"
    return f"{one.number:>5}  {made}  {one.notice.kind.value:<18} to {one.notice.person} by {one.notice.channel.value}  {state}"
