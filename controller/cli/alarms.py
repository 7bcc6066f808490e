"""`natoma alarms`: what staff must look at, and saying that somebody does; beside a running service or without one."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import open_kept
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.config import Home
from controller.domain.alarm import Alarm, AlarmState
from controller.domain.building import Space
from controller.domain.house_rights import may_answer
from controller.domain.ids import AlarmId
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.doors.alarms import answer_of, as_plain
from controller.services.entry.holdings_index import everybody_in
from controller.services.screens.wording import Wording, moment

LATEST = 50
COLOURS = {AlarmState.RAISED: "red", AlarmState.ACKNOWLEDGED: "yellow", AlarmState.CLEARED: "cyan"}


@click.group(invoke_without_command=True)
@where_options
@click.option("--all", "all_", is_flag=True, help=f"The last {LATEST}, also those that were dealt with.")
@json_option
@click.pass_context
def alarms(context: click.Context, /, config: Path | None, all_: bool, as_json: bool, **flags: Any) -> None:
    """Show the alarms that are open: raised, acknowledged, or over and not acknowledged."""
    if context.invoked_subcommand is not None:
        return
    settings = settings_from(config, **flags)
    space = space_of(settings)
    found, words = asyncio.run(_read(settings.home, space, all_=all_))
    if as_json:
        for alarm in found:
            click.echo(json.dumps(as_plain(alarm, words.alarm(alarm)), ensure_ascii=False))
    elif not found:
        click.echo("No alarm is open." if not all_ else "There has been no alarm.")
    else:
        now = SystemClock().now()
        for alarm in found:
            click.echo(_line(alarm, words.alarm(alarm), space.zone, now))


@alarms.command()
@click.argument("alarm")
@click.option("--by", required=True, help="Who sees to it: the id or name of staff, or of somebody with a right.")
@click.option("--note", required=True, help="What was found, or what is done about it.")
@where_options
def ack(config: Path | None, alarm: str, by: str, note: str, **flags: Any) -> None:
    """Acknowledge ALARM, by the id that `natoma alarms` shows."""
    settings = settings_from(config, **flags)
    space = space_of(settings)
    answered, words = asyncio.run(_acknowledge(settings.home, space, AlarmId(alarm), by, note))
    over = "it is closed" if answered.state is AlarmState.CLOSED else "it closes once its cause is over"
    click.echo(f"Acknowledged: {words.alarm(answered)}; {over}.")


async def _read(home: Home, space: Space, *, all_: bool) -> tuple[tuple[Alarm, ...], Wording]:
    async with open_kept(home) as kept:
        found = await kept.alarms.latest(LATEST) if all_ else await kept.alarms.load_open()
        people = everybody_in(await kept.registry.load())
        return found, Wording(lambda: space, lambda: people)


async def _acknowledge(home: Home, space: Space, alarm: AlarmId, by: str, note: str) -> tuple[Alarm, Wording]:
    async with open_kept(home) as kept:
        registry = await kept.registry.load()
        person, people = person_of(by, registry.people), everybody_in(registry)
        if not may_answer(person):
            raise InputError(
                f"--by: {person.name} is neither staff nor holds a right here — ask somebody who is, or does"
            )
        answered = await kept.alarms.acknowledge(alarm, answer_of(person.name, note, SystemClock().now()))
        return answered, Wording(lambda: space, lambda: people)


def _line(alarm: Alarm, text: str, zone: ZoneInfo, now: datetime) -> str:
    told = [f"since {moment(alarm.since.isoformat(), zone, now)}"]
    if alarm.count > 1:
        told.append(f"{alarm.count} times, last {moment(alarm.last_at.isoformat(), zone, now)}")
    if alarm.late:
        told.append("told late")
    if alarm.cleared_at is not None:
        told.append(f"over {moment(alarm.cleared_at.isoformat(), zone, now)}")
    if alarm.answer is not None and alarm.state in (AlarmState.ACKNOWLEDGED, AlarmState.CLOSED):
        told.append(f"{alarm.answer.by}: {alarm.answer.note}")
    return f"{alarm.id}  {click.style(f'{alarm.state:<12}', fg=COLOURS.get(alarm.state))}  {text} ({'; '.join(told)})"
