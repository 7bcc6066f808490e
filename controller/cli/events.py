"""`natoma events`: what happened, from the log itself; works beside a running service, or without one.

`natoma events import` makes tickets of a file, and lives in `tickets`.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from controller.app.stores import open_events, read_people
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.cli.tickets import import_
from controller.config import Home
from controller.domain.building import Space
from controller.services.entry.holdings_index import everybody_in
from controller.services.policy.log_pages import Recorded
from controller.services.ports import LoggedFact
from controller.services.screens.live import LiveFeed
from controller.services.screens.story import Story, is_silent, is_told_for_many
from controller.services.screens.wording import Wording

LOOK_EVERY = 0.25
TONES = {"good": "green", "bad": "yellow", "alarm": "red", "note": None}


@click.group(invoke_without_command=True)
@click.pass_context
@where_options
@click.option("--follow", is_flag=True, help="Go on as things happen, until Ctrl-C.")
@click.option("--last", type=click.IntRange(min=0), default=20, show_default=True, help="How many to begin with.")
@json_option
def events(ctx: click.Context, /, config: Path | None, follow: bool, last: int, as_json: bool, **flags: Any) -> None:
    """Show what happened, in words. `import` makes tickets of a file instead."""
    if ctx.invoked_subcommand is not None:
        return
    settings = settings_from(config, **flags)
    space = space_of(settings)
    try:
        asyncio.run(_show(settings.home, space, follow, last, as_json))
    except KeyboardInterrupt:
        click.echo()


events.add_command(import_)


async def _show(home: Home, space: Space, follow: bool, last: int, as_json: bool) -> None:
    people = everybody_in(await read_people(home))
    async with open_events(home) as log:
        story = Story(LiveFeed(), Wording(lambda: space, lambda: people))
        position = 0
        # One at least: what to follow begins after it.
        for logged in await _newest(log, max(last, 1), as_json):
            if last:
                _print(logged, story, space, as_json)
            position = logged.position
        while follow:
            await asyncio.sleep(LOOK_EVERY)
            for logged in await log.after(position):
                if _is_line(logged, as_json):
                    _print(logged, story, space, as_json)
                position = logged.position


async def _newest(log: Recorded, count: int, as_json: bool) -> list[LoggedFact]:
    """The newest lines, as many as there are: what is not told pushes nothing away."""
    limit = count
    while True:
        facts = await log.latest(limit)
        lines = [one for one in facts if _is_line(one, as_json)]
        if len(lines) >= count or len(facts) < limit:
            return lines[-count:]
        limit *= 4


def _is_line(logged: LoggedFact, as_json: bool) -> bool:
    """Duress is in `natoma alarms` alone; in words, one line tells what a lockdown does to all doors."""
    return not is_silent(logged.fact) and (as_json or not is_told_for_many(logged.fact))


def _print(logged: LoggedFact, story: Story, space: Space, as_json: bool) -> None:
    line = story.as_line(logged)
    if as_json:
        fact = logged.fact
        more = {
            "person": fact.person,
            "device": fact.device,
            "correlation": fact.correlation,
            "detail": _as_usual(dict(fact.detail)),
        }
        click.echo(json.dumps({**line, **more}, ensure_ascii=False))
        return
    at = logged.fact.at.astimezone(space.zone)
    text = click.style(str(line["text"]), fg=TONES.get(str(line["tone"])))
    click.echo(f"{at:%a %H:%M:%S}  {text}" + (f" — {line['why']}" if line["why"] else ""))


def _as_usual(plain: object) -> object:
    """What a decision was made from, as if the usual PIN had been typed: the true one stays in the log, for replays."""
    if isinstance(plain, Mapping):
        return {
            key: "right" if (key, value) == ("pin", "duress") else _as_usual(value)
            for key, value in plain.items()
            if key != "is_duress"
        }
    if isinstance(plain, (list, tuple)):
        return [_as_usual(one) for one in plain]
    # The id of such a PIN says what it is (`services.people.people.pin_id`).
    return plain.removesuffix("-duress") if isinstance(plain, str) and plain.startswith("pin-") else plain
