"""`natoma booth`: on air and off again beside a running service, and what was marked on a recording."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.adapters.sql.event_log import SqlEventLog
from controller.app.stores import open_events, read_people
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.domain.building import RoomKind, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId
from controller.domain.rooms.on_air import How, Refusal, may_start, may_stop
from controller.domain.rooms.timeline import Recording
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.policy.log_pages import Recorded, facts_since
from controller.services.ports import LoggedFact, RegistrySnapshot
from controller.services.rooms.booth import NotOnAirError
from controller.services.rooms.recordings import as_plain, chapters, recording, recordings_since
from controller.services.screens.wording import Wording

LOOK_EVERY = 0.1
# So far back a booth's last word is looked for.
LAST_WORD = timedelta(days=7)

by_whom = click.option("--by", required=True, help="Who you are: a person's id or name.")
# The service reads the log three times a second; a light on a slow link confirms in another second or two.
waiting = click.option("--wait", type=click.FloatRange(0.1, 60.0), default=5.0, help="Seconds to wait for the light.")
which_booth = click.option("--booth", "name", help="Which one, by id or name; needed only where there are several.")


@click.group()
def booth() -> None:
    """The podcast booth: on air, off air, and the marks on its recordings."""


@booth.command()
@by_whom
@which_booth
@waiting
@where_options
def start(config: Path | None, by: str, name: str | None, wait: float, **flags: Any) -> None:
    """Go on air, during your booking; it ends with it."""
    click.echo(asyncio.run(_ask("start", config, by, name, wait, **flags)))


@booth.command()
@by_whom
@which_booth
@waiting
@where_options
def stop(config: Path | None, by: str, name: str | None, wait: float, **flags: Any) -> None:
    """Go off air: for the people of the booking, and staff."""
    click.echo(asyncio.run(_ask("stop", config, by, name, wait, **flags)))


@booth.command()
@where_options
def status(config: Path | None, **flags: Any) -> None:
    """Show whether each booth is on air, by the last word of its light."""

    async def say() -> list[str]:
        async with _log(config, **flags) as (log, space, people):
            words = _words(space, people)
            last = await _last_words(log, SystemClock().now() - LAST_WORD)
            lines = []
            for area in _booths(space):
                told = last.get(area)
                line = words.line(told) if told is not None else None
                lines.append(
                    f"{space.areas[area].name} was not on air this week"
                    if line is None
                    else line.text + (f" ({line.why})" if line.why else "")
                )
            return lines

    click.echo("\n".join(asyncio.run(say())))


@booth.command()
@which_booth
@click.option("--days", type=click.IntRange(1, 400), default=7, show_default=True, help="How far back.")
@where_options
def sessions(config: Path | None, name: str | None, days: int, **flags: Any) -> None:
    """List the recordings of the last days."""

    async def say() -> list[str]:
        now = SystemClock().now()
        async with _log(config, **flags) as (log, space, _):
            area = _booth(space, name) if name is not None else None
            found = await recordings_since(log, now - timedelta(days=days), now, space, area)
            return [_in_a_line(one, space) for one in found]

    click.echo("\n".join(asyncio.run(say())) or f"Nothing was on air in the last {days} days.")


@booth.command()
@click.argument("session", required=False)
@which_booth
@json_option
@where_options
def timeline(config: Path | None, session: str | None, name: str | None, as_json: bool, **flags: Any) -> None:
    """Print the chapters of a recording: SESSION as `natoma booth sessions` names it, or the last one."""

    async def say() -> str:
        now = SystemClock().now()
        async with _log(config, **flags) as (log, space, people):
            if session is not None:
                one = await recording(log, session, space)
            else:
                area = _booth(space, name) if name is not None else None
                found = await recordings_since(log, now - LAST_WORD, now, space, area)
                if not found:
                    raise InputError(f"nothing was on air in the last {LAST_WORD.days} days — name a SESSION")
                one = found[-1]
            words = _words(space, people)
            return json.dumps(as_plain(one, words), ensure_ascii=False) + "\n" if as_json else chapters(one, words)

    click.echo(asyncio.run(say()), nl=False)


async def _ask(do: str, config: Path | None, by: str, name: str | None, wait: float, **flags: Any) -> str:
    """Ask by the log, which the running service follows, and wait for what comes of it."""
    settings = settings_from(config, **flags)
    space, people = space_of(settings), await read_people(settings.home)
    area, person, now = _booth(space, name), person_of(by, people.people), SystemClock().now()
    bookings = [one for one in people.bookings.values() if one.area == area]
    here = space.areas[area].name
    may = may_start(here, bookings, person, How.COMMAND, now, space.zone)
    booking = may if not isinstance(may, Refusal) else None
    refused = (
        (may if isinstance(may, Refusal) else None) if do == "start" else may_stop(here, booking, person, How.COMMAND)
    )
    if refused is not None:
        raise NotOnAirError(refused)
    path = settings.data / "events.db"
    if not path.exists():
        raise InputError(f"{path}: there is no such file — start Natoma first, or name the data folder with --data")
    async with await SqlEventLog.open(path) as log:
        asked = await log.append(Fact(FactKind.ON_AIR_ASKED, now, area=area, person=person.id, detail={"do": do}))
        told = await _answer(log, asked.position, area, "on" if do == "start" else "off", wait)
    words = _words(space, people)
    if told is None:
        return (
            f"Asked {here} to {do}; nothing came of it within {wait:g} s: "
            "does Natoma run on this data folder, and is it not so already?"
        )
    line = words.line(told)
    return line.text + (f", {line.why}" if line.why else "")


async def _answer(log: SqlEventLog, position: int, area: AreaId, wanted: str, wait: float) -> Fact | None:
    """The booth's last word after this position: as soon as it is what is wanted, or when the time is up."""
    told: Fact | None = None
    loop = asyncio.get_running_loop()
    until = loop.time() + wait
    while loop.time() < until:
        for logged in await log.after(position):
            position = logged.position
            if logged.fact.kind is FactKind.ON_AIR_CHANGED and logged.fact.area == area:
                told = logged.fact
        if told is not None and told.detail.get("state") == wanted:
            break
        await asyncio.sleep(LOOK_EVERY)
    return told


@asynccontextmanager
async def _log(config: Path | None, **flags: Any) -> AsyncIterator[tuple[Recorded, Space, RegistrySnapshot]]:
    settings = settings_from(config, **flags)
    space = space_of(settings)
    people = await read_people(settings.home)
    async with open_events(settings.data) as log:
        yield log, space, people


async def _last_words(log: Recorded, since: datetime) -> dict[AreaId, Fact]:
    told: dict[AreaId, Fact] = {}
    logged: LoggedFact
    async for logged in facts_since(log, since):
        if logged.fact.kind is FactKind.ON_AIR_CHANGED and logged.fact.area is not None:
            told[logged.fact.area] = logged.fact
    return told


def _words(space: Space, people: RegistrySnapshot) -> Wording:
    return Wording(lambda: space, lambda: people.people)


def _booths(space: Space) -> list[AreaId]:
    return [area.id for area in space.areas.values() if area.room is not None and area.room.kind is RoomKind.BOOTH]


def _booth(space: Space, name: str | None) -> AreaId:
    booths = _booths(space)
    there = ", ".join(booths) or "none"
    if name is None:
        if len(booths) == 1:
            return booths[0]
        raise InputError(f"--booth: say which booth — there is {there}")
    for area in booths:
        if name.casefold() in (area.casefold(), space.areas[area].name.casefold()):
            return area
    raise InputError(f"--booth: no booth {name!r} — there is {there}")


def _in_a_line(one: Recording, space: Space) -> str:
    began = one.began.astimezone(space.zone)
    ended = f"{one.ended.astimezone(space.zone):%H:%M:%S}" if one.ended is not None else "now"
    marks = f"{len(one.marks)} mark{'s' if len(one.marks) != 1 else ''}"
    return f"{one.id}  {space.areas[one.area].name}  {began:%Y-%m-%d %H:%M:%S} to {ended}, {marks}"
