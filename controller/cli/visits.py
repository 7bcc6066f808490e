"""`natoma visits`: passes for our members to partner spaces, and theirs here; beside a running service or without."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.adapters.secrets import load_visit_signing_key
from controller.app.stores import RegistryStores, open_digests, open_kept
from controller.cli.house import WITHIN
from controller.cli.options import settings_from, space_of, where_options
from controller.config import Home
from controller.domain.building import Space
from controller.errors import InputError
from controller.services.desk.house_desk import person_of
from controller.services.entry.access_index import AccessIndex
from controller.services.ports import RegistrySnapshot
from controller.services.screens.wording import moment
from controller.services.visitors.visits import (
    accepted,
    keys_of,
    own_revocation,
    own_revocations,
    pass_for,
    record,
    revocations_to_write,
)
from devices import passes

SIZE_LIMIT = passes.REVOCATIONS_LIMIT


@click.group()
def visits() -> None:
    """Visiting passes between independent spaces: signed by one, verified by the other, without a shared cloud."""


@visits.command()
@where_options
def key(config: Path | None, **flags: Any) -> None:
    """Print this house's public key, for the `partners` of other spaces' space.yaml."""
    settings = settings_from(config, **flags)
    space = space_of(settings)
    click.echo(passes.public_key_text(load_visit_signing_key(settings.data / "secrets")))
    click.echo(f"Partners name this space {space.id!r} below `partners`: passes are signed in that name.", err=True)


@visits.command()
@click.argument("person")
@click.option("--hours", type=float, default=24.0, show_default=True, help="How long it is good; 168 at most.")
@click.option("--days", type=int, help="On how many days of them; the partner may allow fewer.")
@where_options
def issue(config: Path | None, person: str, hours: float, days: int | None, **flags: Any) -> None:
    """Print a pass for PERSON (id or name), an active member: a text to make a QR code of."""

    async def do() -> tuple[str, str]:
        async with _open(config, **flags) as house:
            who = person_of(person, house.people.people, "PERSON")
            now = SystemClock().now()
            rights = AccessIndex(house.space, house.people).rights_of(None, None, who)
            given = pass_for(rights, now, hours, days)
            until = moment(given.end.isoformat(), house.space.zone, now)
            token = passes.issue(given, load_visit_signing_key(house.home.folder / "secrets"))
            return token, f"Pass {given.id} of {who.name}, good until {until}. Revoke it with `natoma visits revoke`."

    token, said = asyncio.run(do())
    click.echo(token)
    click.echo(said, err=True)


@visits.command()
@click.argument("token")
@where_options
def expect(config: Path | None, token: str, **flags: Any) -> None:
    """Make a partner's pass known ahead of its holder, so that it works at doors that decide alone. TOKEN may be `-`."""
    told = (sys.stdin.readline() if token == "-" else token).strip()  # noqa: S105  # a dash, and no token

    async def do() -> str:
        async with _open(config, **flags) as house:
            digests = open_digests(house.home)
            now = SystemClock().now()
            found = accepted(told, house.space, house.people, digests)
            if found.visit.is_revoked:
                raise InputError(f"TOKEN: pass {found.visit.id} was revoked — ask for a new one there")
            if now >= found.visit.end:
                over = moment(found.visit.end.isoformat(), house.space.zone, now)
                raise InputError(f"TOKEN: pass {found.visit.id} was good until {over} — ask for a new one there")

            async def listed(text: str) -> bytes:
                return await asyncio.to_thread(digests.list_digest_of_token, text)

            await record(found, told, house.kept.guests, house.kept.registry, listed)
            until = moment(found.visit.end.isoformat(), house.space.zone, now)
            return f"{found.person.name} is expected, until {until}, by plan {found.visit.plan}."

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@visits.command()
@click.argument("which")
@click.option("--reason", required=True, help="Why, for whoever reads of it later.")
@where_options
def revoke(config: Path | None, which: str, reason: str, **flags: Any) -> None:
    """Take back a pass of ours by its id, or all that a person has. Partners learn of it by `revocations export`."""

    async def do() -> None:
        async with _open(config, **flags) as house:
            now = SystemClock().now()
            id = own_revocation(house.space, house.people, which, now)
            await house.kept.guests.revoke_pass(id, reason, now)

    asyncio.run(do())
    click.echo("Revoked. Send `natoma visits revocations export` to the partners: they know it once it is imported.")


@visits.group()
def revocations() -> None:
    """Signed lists of revoked passes, exchanged as files."""


@revocations.command("export")
@where_options
def export(config: Path | None, **flags: Any) -> None:
    """Print our signed list, for partners to import."""

    async def do() -> str:
        async with _open(config, **flags) as house:
            now = SystemClock().now().replace(microsecond=0)
            given = own_revocations(house.space, house.people.revoked_passes, now)
            return passes.revoke(given, load_visit_signing_key(house.home.folder / "secrets"))

    click.echo(asyncio.run(do()))


@revocations.command("import")
@click.argument("file", type=Path)
@where_options
def import_(config: Path | None, file: Path, **flags: Any) -> None:
    """Honour no pass any more that a partner's list in FILE revokes."""
    try:
        with file.open("rb") as opened:
            text = opened.read(SIZE_LIMIT + 1).decode("ascii")
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is no list of `natoma visits revocations export`") from error

    async def do() -> str:
        async with _open(config, **flags) as house:
            given = passes.read_revocations(text, keys_of(house.space))
            ids = revocations_to_write(given, house.people)
            for id in ids:
                await house.kept.guests.revoke_pass(id, f"revoked by {given.issuer}", given.at)
            return f"{given.issuer}: {len(ids)} revocations are new."

    click.echo(asyncio.run(do()))
    click.echo(WITHIN)


@dataclass(frozen=True, slots=True)
class _House:
    home: Home
    space: Space
    kept: RegistryStores
    people: RegistrySnapshot


@asynccontextmanager
async def _open(config: Path | None, **flags: Any) -> AsyncIterator[_House]:
    settings = settings_from(config, **flags)
    space = space_of(settings)
    async with open_kept(settings.home) as kept:
        yield _House(settings.home, space, kept, await kept.registry.load())
