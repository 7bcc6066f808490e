"""`natoma explain`: why a badge would be let in or refused at a door, now or at another time, and when it would work."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.adapters.secrets import BadgeDigests
from controller.app.publications import space_of_version
from controller.app.stores import log_if_any, look_into, open_digests, open_events, read_people
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.config import Home
from controller.domain.building import Door, Space
from controller.domain.facts import FactKind
from controller.domain.ids import CredentialId, DoorId
from controller.domain.membership import CredentialKind, CredentialState
from controller.errors import InputError
from controller.services.desk.moments import check_year
from controller.services.entry.access_index import AccessIndex
from controller.services.policy.explain import Explanation, explain_recorded
from controller.services.policy.explain import explain as explained
from controller.services.policy.log_pages import facts_since, newest_about
from controller.services.policy.recollection import Recollection
from controller.services.ports import RegistrySnapshot
from controller.services.screens.wording import Wording
from controller.services.visitors.visits import Accepted, accepted
from controller.space.readers import profiles_of
from devices import badges
from devices.errors import BadgeError
from devices.passes import PassError, is_pass

ANSWERS = frozenset({FactKind.ENTRY_GRANTED, FactKind.ENTRY_DENIED, FactKind.READ_IGNORED})


@click.command()
@click.option("--badge", help="A name or id, a badge number, a ticket or pass, or - to type it unseen.")
@click.option("--door", help="The door's id or name.")
@click.option("--at", "moment", help="When, in the space's own time: 2026-11-23T14:00. Now, without it.")
@click.option("--read", "message_id", help="Instead of a badge and a door: the id of a read that was recorded.")
@where_options
@json_option
def explain(
    config: Path | None,
    badge: str | None,
    door: str | None,
    moment: str | None,
    message_id: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Say whether a badge opens a door, why, and when it would; or why a recorded read was answered as it was.

    The ids of recorded reads are in natoma events --json, as correlation.
    """
    if message_id is None and (badge is None or door is None):
        raise click.UsageError("name --badge and --door, or --read and the id of a read that was recorded")
    if message_id is not None and (badge is not None or door is not None or moment is not None):
        raise InputError("--read: has its own badge, door and moment — leave out --badge, --door and --at")
    settings = settings_from(config, **flags)
    space = space_of(settings)
    if message_id is not None:
        explanation = asyncio.run(_explain_recorded(settings.home, space, message_id))
    else:
        asked = _typed() if badge == "-" else str(badge)
        where, when = _door(space, str(door)), _moment(moment, space)
        explanation = asyncio.run(_explain(settings.home, space, asked, where, when))
    click.echo(json.dumps(explanation.plain, ensure_ascii=False, default=str) if as_json else explanation.text)
    sys.exit(0)


async def _explain(home: Home, space: Space, badge: str, door: Door, at: datetime) -> Explanation:
    asked_at = SystemClock().now()
    beside = Recollection(space, at, asked_at)
    async with look_into(home) as kept, log_if_any(home) as log:
        people = await kept.registry.load()
        digests = open_digests(home)
        visitor = _visitor(people, digests, space, badge) if is_pass(badge) else None
        digest = None if visitor is not None else _digest(people, digests, space, badge, door)
        beside.booked(people.bookings)
        beside.recall([logged async for logged in facts_since(log, beside.begins)])
        await beside.open_books(kept.ledger, log)
    index = AccessIndex(space, people)
    if visitor is not None:
        rights = index.rights_of(door, visitor.credential, visitor.person, beside, (visitor.visit,))
    else:
        rights = index.rights(door, digest, beside)
    wording = Wording(lambda: space, lambda: index.everybody, lambda: people.house)
    return explained(rights, door, at, index.version, wording, asked_at=asked_at, unknown=beside.unknown(door))


async def _explain_recorded(home: Home, space: Space, message_id: str) -> Explanation:
    people = await read_people(home)
    async with open_events(home) as log:
        facts = await newest_about(log, message_id)
    decisions = [fact for fact in facts if fact.kind in ANSWERS]
    if not decisions:
        raise InputError(
            f"--read: {message_id!r} is no read in the log — natoma events --json tells the id of each as correlation"
        )
    fact = decisions[-1]
    policy = _policy_of(home.folder, space, str(fact.detail.get("policy", "")))
    index = AccessIndex(space, people)
    wording = Wording(lambda: policy or space, lambda: index.everybody, lambda: people.house)
    return explain_recorded(fact, policy, space.zone, wording, asked_at=SystemClock().now())


def _policy_of(data: Path, space: Space, version: str) -> Space | None:
    """The version of the space by which somebody was answered, if it is kept."""
    if version == space.version:
        return space
    try:
        return space_of_version(data, version)
    except InputError:
        return None


def _typed() -> str:
    """A number that neither the screen nor the shell's history shows: typed unseen, or one line of another program."""
    if sys.stdin.isatty():
        return str(click.prompt("Badge number", hide_input=True, err=True))
    badge = sys.stdin.readline().strip()
    if not badge:
        raise InputError("--badge -: standard input is empty — write one line with the badge number, or type it unseen")
    return badge


def _digest(people: RegistrySnapshot, digests: BadgeDigests, space: Space, badge: str, door: Door) -> bytes | None:
    """The digest of a number as this door's reader would spell it, of somebody's own badge, or of a ticket or token."""
    named = _badge_of_person(people, badge) or _ticket_of(people, badge)
    if named is not None:
        return named
    token = digests.of_token(badge)
    if token in people.digests or token in people.ticket_digests:
        return token
    profile = profiles_of(space)[space.devices[door.unit].reader_profile]
    try:
        return digests.of(badges.read(badge, profile))
    except BadgeError as error:
        close = _similar(badge, [person.name for person in people.people.values()])
        raise InputError(
            f"--badge: neither a person here, nor a ticket or pass known here, nor a badge number ({error}){close}"
        ) from error


def _visitor(people: RegistrySnapshot, digests: BadgeDigests, space: Space, token: str) -> Accepted:
    """Whose pass of a partner this is, as a reader would take it."""
    try:
        return accepted(token, space, people, digests)
    except PassError as error:
        raise InputError(f"--badge: this visiting pass is not taken here: {error}") from error


def _ticket_of(people: RegistrySnapshot, name: str) -> bytes | None:
    """The digest of the ticket made out to this name, a good one of the latest event before any other."""
    wanted = name.casefold()
    theirs = [
        (not ticket.is_void, people.events[ticket.event].end, digest)
        for digest, id_ in people.ticket_digests.items()
        if (ticket := people.tickets.get(id_)) is not None
        and wanted in (ticket.name.casefold(), ticket.id.casefold())
        and ticket.event in people.events
    ]
    return max(theirs)[-1] if theirs else None


def _badge_of_person(people: RegistrySnapshot, name: str) -> bytes | None:
    """The digest of a person's badge, an active one before any other; None where nobody has this name or id."""
    wanted = name.casefold()
    ids = {person.id for person in people.people.values() if wanted in (person.id.casefold(), person.name.casefold())}
    if not ids:
        return None
    by_credential: dict[CredentialId, bytes] = {credential: digest for digest, credential in people.digests.items()}
    theirs = [credential for credential in people.credentials.values() if credential.person in ids]
    theirs.sort(key=lambda one: (one.state is not CredentialState.ACTIVE, one.kind is not CredentialKind.BADGE))
    for credential in theirs:
        if credential.id in by_credential:
            return by_credential[credential.id]
    raise InputError(f"--badge: {name} has no badge here — enrol one with `natoma people import`")


def _door(space: Space, name: str) -> Door:
    by_id = space.doors.get(DoorId(name))
    if by_id is not None:
        return by_id
    for door in space.doors.values():
        if door.name.casefold() == name.casefold():
            return door
    raise InputError(f"--door: {space.name} has no door {name!r}{_similar(name, list(space.doors))}")


def _moment(text: str | None, space: Space) -> datetime:
    if text is None:
        return SystemClock().now()
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--at: {text!r} is no moment — write it like 2026-11-23T14:00") from error
    check_year("--at", text, said.year)
    return (said if said.tzinfo is not None else said.replace(tzinfo=space.zone)).astimezone(UTC)


def _similar(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, 3, 0.5)
    return f" — did you mean {', '.join(close)}?" if close else ""
