"""`natoma publish`: make another version of the space file the one that counts, without a restart."""

import asyncio
import getpass
import json
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.adapters.publications import PublicationFolder
from controller.app.lock import is_held
from controller.app.publications import text_of
from controller.app.stores import read_people, registry_is_there
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from
from controller.config import Home
from controller.domain.building import Space
from controller.domain.ids import PlanId
from controller.domain.space_changes import SpaceChanges, changes_between
from controller.errors import InputError
from controller.services.policy.publishing import Publication
from controller.services.ports import RegistrySnapshot
from controller.services.screens.wording import moment
from controller.space import load

# The service looks twice a second, and a large file takes a moment to read.
TAKEN_UP_WITHIN = 3.0


@click.command()
@click.argument("file", type=Path, required=False)
@click.option("--version", "version", help="Go back to a version that counted before; its first characters will do.")
@click.option("--by", help="Who publishes it. By default the user of this machine.")
@click.option("--reason", default="", help="Why, for whoever asks later.")
@click.option("--at-restart", is_flag=True, help="Publish it even if some of it counts only from the next start on.")
@click.option("--anyway", is_flag=True, help="Publish it even if people hold what it no longer has.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--list", "listing", is_flag=True, help="What was published so far, the newest last.")
@click.option("--data", type=Path, help="Where data is kept. Default ./natoma-data.")
@click.option("--config", type=Path, help="A settings file. Default ./natoma.toml, if there is one.")
@json_option
def publish(
    file: Path | None,
    version: str | None,
    by: str | None,
    reason: str,
    at_restart: bool,
    anyway: bool,
    dry_run: bool,
    listing: bool,
    data: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Check FILE, and make it the version of the space file that counts at every door.

    Rehearse it first: natoma rehearse FILE --days 30.
    """
    home = settings_from(config, data=data).home
    folder = PublicationFolder(home.folder)
    if listing:
        _list(folder, home, as_json)
        return
    if (file is None) is (version is None):
        raise InputError("name a space file to publish, or --version to go back to one that counted before")
    source = file if file is not None else folder.path_of(str(version))
    space = load(source)
    current = folder.current()
    if current is not None and current.version == space.version:
        _told(as_json, {"version": space.version, "published": False}, f"version {space.version} counts already")
        return
    running = is_held(home.folder)
    old = _kept(folder, (folder.running() if running else None) or (current.version if current is not None else None))
    changes = changes_between(old, space) if old is not None else SpaceChanges()
    _refuse(home, old, space, changes, running=running, at_restart=at_restart, anyway=anyway)
    plain: dict[str, Any] = {
        "version": space.version,
        "before": old.version if old is not None else None,
        "at_once": list(changes.at_once),
        "after_restart": list(changes.after_restart),
    }
    text = _in_words(changes)
    if dry_run:
        _told(as_json, {**plain, "published": False}, f"{text}\nNothing was published.".strip("\n"))
        return
    publication = folder.publish(
        text_of(source), at=SystemClock().now(), by=by or getpass.getuser(), reason=reason, source=str(source.resolve())
    )
    counts = _wait(folder, publication, running=running, waits=bool(changes.after_restart))
    _told(
        as_json,
        {**plain, "published": True, "counts": counts},
        f"{text}\n{_outcome(publication, running=running and not changes.after_restart, counts=counts)}".strip("\n"),
    )


def _kept(folder: PublicationFolder, version: str | None) -> Space | None:
    """What the new version is to be compared with: the one the service runs on, else the one that counts."""
    try:
        return load(folder.path_of(version)) if version is not None else None
    except InputError:
        return None  # written for another version of Natoma; whatever replaces it is an improvement


def _refuse(
    home: Home, old: Space | None, space: Space, changes: SpaceChanges, *, running: bool, at_restart: bool, anyway: bool
) -> None:
    if running and changes.after_restart and not at_restart:
        raise InputError(
            "this cannot count before a restart of the service: "
            + "; ".join(changes.after_restart)
            + " — publish it with --at-restart, and all of it counts from the next start on"
        )
    missed = asyncio.run(_missed(home, space))
    if old is not None and old.id != space.id:
        missed.insert(0, f"this file is of another space, {space.id}, and here is {old.id}")
    if missed and not anyway:
        raise InputError("; ".join(missed) + " — mend the file, or publish it with --anyway if that is meant")


async def _missed(home: Home, space: Space) -> list[str]:
    """What people hold, or are, that the new file takes away or takes for granted."""
    if not registry_is_there(home):
        return []
    people = await read_people(home)
    return [*_plans_held(people, space), *_leases_held(people, space), *_first_persons(people, space)]


def _plans_held(people: RegistrySnapshot, space: Space) -> list[str]:
    held: Counter[PlanId] = Counter()
    for theirs in (*people.memberships.values(), *people.team_memberships.values()):
        held.update({one.plan for one in theirs})
    held.update(cohort.plan for cohort in people.cohorts.values())
    return [
        f"plan {plan} is not in this file, and {count} {'membership has' if count == 1 else 'memberships have'} it"
        for plan, count in sorted(held.items())
        if plan not in space.plans
    ]


def _leases_held(people: RegistrySnapshot, space: Space) -> list[str]:
    gone = sorted({lease.area for lease in people.leases} - set(space.areas))
    return [f"area {area} is not in this file, and it is leased" for area in gone]


def _first_persons(people: RegistrySnapshot, space: Space) -> list[str]:
    return [
        f"door {door.id} waits for {person}, who is nobody here"
        for door in space.doors.values()
        for person in sorted(door.first_person_in)
        if person not in people.people
    ]


def _wait(folder: PublicationFolder, publication: Publication, *, running: bool, waits: bool) -> bool:
    """Whether the running service has taken it up."""
    if not running or waits:
        return False
    until = time.monotonic() + TAKEN_UP_WITHIN
    while time.monotonic() < until:
        if folder.running() == publication.version:
            return True
        time.sleep(0.05)
    return False


def _outcome(publication: Publication, *, running: bool, counts: bool) -> str:
    if counts:
        return f"Version {publication.version} counts now."
    if running:
        return f"Version {publication.version} is published; the running service has not taken it up yet, see its log."
    return f"Version {publication.version} is published and counts from the next start on."


def _in_words(changes: SpaceChanges) -> str:
    lines = [f"  {text}" for text in changes.at_once]
    if changes.after_restart:
        lines += ["After a restart:", *(f"  {text}" for text in changes.after_restart)]
    return "\n".join(lines)


def _list(folder: PublicationFolder, home: Home, as_json: bool) -> None:
    current, now = folder.current(), SystemClock().now()
    space = _kept(folder, current.version if current is not None else None)
    names = _names(home)
    for one in folder.history():
        counts = current is not None and one.version == current.version and one.at == current.at
        if as_json:
            plain = {"version": one.version, "at": one.at.isoformat(), "by": one.by, "reason": one.reason}
            click.echo(json.dumps({**plain, "source": one.source, "counts": counts}, ensure_ascii=False))
            continue
        why = f" — {one.reason}" if one.reason else ""
        # Of what is kept for another version of Natoma, the zone is not known.
        when = moment(one.at.isoformat(), space.zone, now) if space is not None else f"{one.at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{one.version}  {when}  {names.get(one.by, one.by)}{why}{'  (counts)' if counts else ''}")


def _names(home: Home) -> Mapping[str, str]:
    """What people are called who publish by their ids."""
    if not registry_is_there(home):
        return {}
    return {person.id: person.name for person in asyncio.run(read_people(home)).people.values()}


def _told(as_json: bool, plain: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(plain, ensure_ascii=False) if as_json else text)
