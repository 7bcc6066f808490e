"""`natoma people …`: what staff change of one person at the desk, beside a running service or without one.

Each is one change of the registry, and counts at every door within a second. Whole files of people are `people`'s.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from controller.app.stores import RegistryStores, open_digests, open_kept
from controller.cli.options import settings_from
from controller.domain.ids import CohortId, CredentialId, PersonId, PlanId
from controller.domain.membership import (
    Cohort,
    Credential,
    CredentialKind,
    CredentialState,
    Membership,
    Person,
    Right,
    Standing,
    Team,
)
from controller.errors import InputError
from controller.services.people.people import pin_id, why_not_a_pin
from controller.services.people.people_cells import BadCell, held_badge, id_cell
from controller.services.people.registry_checks import unknown
from controller.services.people.team_names import team_of
from controller.services.ports import RegistrySnapshot

T = TypeVar("T")

_SAID = {
    CredentialState.ACTIVE: "works again",
    CredentialState.LOST: "is lost: it opens nothing, and staff are told when it is shown",
    CredentialState.BLOCKED: "is blocked: it opens nothing, and staff are told when it is shown",
}
_DAY = click.DateTime(["%Y-%m-%d"])


def where_data(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--data", type=Path, help="Where data is kept. Default ./natoma-data."),
        click.option("--config", type=Path, help="A settings file. Default ./natoma.toml, if there is one."),
    ):
        command = option(command)
    return command


def at_the_desk(config: Path | None, data: Path | None, work: Callable[[RegistryStores], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with open_kept(settings_from(config, data=data).home) as kept:
            return await work(kept)

    return asyncio.run(ask())


def person_meant(people: RegistrySnapshot, id: str) -> Person:
    """By id, or by the whole name where only one is called that."""
    known = people.people.get(PersonId(id))
    if known is not None:
        return known
    named = [one for one in people.people.values() if one.name.casefold() == id.casefold()]
    if len(named) == 1:
        return named[0]
    if named:
        raise InputError(
            f"{len(named)} people are called {id!r}: say which by id, {', '.join(one.id for one in named)}"
        )
    raise unknown("person", id, people.people, "`natoma people export` lists everybody")


def said(person: Person) -> str:
    return f"{person.name} ({person.id})"


@click.command()
@click.argument("person")
@click.argument("state", type=click.Choice([one.value for one in CredentialState]))
@click.option("--credential", help="Which one, when there are several; `natoma people show` lists them.")
@where_data
def badge(person: str, state: str, credential: str | None, config: Path | None, data: Path | None) -> None:
    """Report a badge lost, block it, or let it work again."""

    async def change(kept: RegistryStores) -> str:
        people = await kept.registry.load()
        who = person_meant(people, person)
        one = _badge_of(people, who, credential)
        await kept.registry.set_credential_state(one.id, CredentialState(state))
        return f"{said(who)}: badge {held_badge(one.id, one.last_two)} {_SAID[CredentialState(state)]}."

    click.echo(at_the_desk(config, data, change))


def _badge_of(people: RegistrySnapshot, who: Person, id: str | None) -> Credential:
    theirs = {one.id: one for one in people.credentials.values() if one.person == who.id}
    badges = [one for one in theirs.values() if one.kind is CredentialKind.BADGE]
    there = ", ".join(sorted(held_badge(one.id, one.last_two) for one in badges)) or "none"
    if id is not None:
        if id not in theirs:
            raise InputError(f"{said(who)} holds no credential {id!r}: their badges are {there}")
        return theirs[CredentialId(id)]
    if not badges:
        raise InputError(f"{said(who)} holds no badge: `natoma people import` enrols one")
    if len(badges) > 1:
        raise InputError(f"{said(who)} holds several badges, {there}: say which with --credential ID")
    return badges[0]


@click.command()
@click.argument("person")
@where_data
def ban(person: str, config: Path | None, data: Path | None) -> None:
    """Ban somebody: no badge, PIN, booking or invitation lets them in. Leaving is never denied."""
    click.echo(_set_banned(person, True, config, data))


@click.command()
@click.argument("person")
@where_data
def unban(person: str, config: Path | None, data: Path | None) -> None:
    """Lift a ban; what they hold counts again."""
    click.echo(_set_banned(person, False, config, data))


def _set_banned(person: str, banned: bool, config: Path | None, data: Path | None) -> str:
    async def change(kept: RegistryStores) -> str:
        who = person_meant(await kept.registry.load(), person)
        await kept.registry.set_banned(who.id, banned)
        return f"{said(who)} {'is banned: they come in no more' if banned else 'is not banned any more'}."

    return at_the_desk(config, data, change)


@click.command()
@click.argument("person")
@where_data
def pay(person: str, config: Path | None, data: Path | None) -> None:
    """All that somebody owed is paid: they get in again at once."""

    async def change(kept: RegistryStores) -> str:
        people = await kept.registry.load()
        who = person_meant(people, person)
        before = people.version
        after = await kept.registry.pay(who.id)
        if after != before:
            return f"{said(who)} has paid: their plans are active."
        owing = who.team is not None and any(one.due_since for one in people.team_memberships.get(who.team, ()))
        also = f" Their team {who.team!r} has a bill: `natoma people team` settles it." if owing else ""
        return f"{said(who)} owed nothing.{also}"

    click.echo(at_the_desk(config, data, change))


# "-lift_lockdown" is a right taken, not an option; "+lift_lockdown" is one given.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("person")
@click.argument("changes", nargs=-1, type=click.UNPROCESSED)
@where_data
def rights(person: str, changes: Sequence[str], config: Path | None, data: Path | None) -> None:
    """Give rights over the house (+RIGHT), take them (-RIGHT); without any, list them.

    Rights: override_lockdown, trigger_lockdown, lift_lockdown, confirm_fire, override_doors, forgive, emergency_entry.
    """
    wanted = [_right_of(change) for change in changes]

    async def change(kept: RegistryStores) -> str:
        who = person_meant(await kept.registry.load(), person)
        after = set(who.rights)
        for right, is_given in wanted:
            (after.add if is_given else after.discard)(right)
        await kept.registry.set_rights(who.id, after)
        return f"{said(who)}: {', '.join(sorted(after)) or 'no rights over the house'}."

    click.echo(at_the_desk(config, data, change))


def _right_of(change: str) -> tuple[Right, bool]:
    sign, word = change[:1], change[1:]
    if sign not in ("+", "-"):
        raise InputError(f"right {change!r}: +{change} gives it, -{change} takes it")
    known = [right.value for right in Right]
    if word not in known:
        raise unknown("right", word, known, f"one of {', '.join(known)}")
    return Right(word), sign == "+"


@click.command()
@click.argument("person")
@click.option("--duress", is_flag=True, help="The PIN that opens as usual and alerts staff silently.")
@click.option("--remove", is_flag=True, help="Take the PIN away.")
@where_data
def pin(person: str, duress: bool, remove: bool, config: Path | None, data: Path | None) -> None:
    """Set somebody's PIN: six digits, typed unseen, kept as a keyed digest alone."""
    what = "duress PIN" if duress else "PIN"

    async def find(kept: RegistryStores) -> Person:
        return person_meant(await kept.registry.load(), person)

    who = at_the_desk(config, data, find)
    id_ = pin_id(who.id, duress=duress)
    digits = None if remove else _typed(f"New {what} of {said(who)}")

    async def change(kept: RegistryStores) -> str:
        if digits is None:
            await kept.registry.remove_credential(id_)
            return f"{said(who)} has no {what} any more."
        digest = open_digests(settings_from(config, data=data).home).of_pin(digits)
        credential = Credential(id_, who.id, CredentialKind.PIN, is_duress=duress)
        await kept.registry.put_credential(credential, digest)
        return f"{said(who)} has a new {what}."

    click.echo(at_the_desk(config, data, change))


def _typed(prompt: str) -> str:
    """Six digits, asked twice where somebody types; the first line where a script does."""
    if sys.stdin.isatty():
        digits = str(click.prompt(prompt, hide_input=True, confirmation_prompt="Once more"))
    else:
        digits = sys.stdin.readline().strip()
    why_not = why_not_a_pin(digits)
    if why_not is not None:
        raise InputError(why_not)
    return digits


@click.command()
@click.argument("person")
@where_data
def show(person: str, config: Path | None, data: Path | None) -> None:
    """What somebody holds: plans, bills, badges, rights. Where they were is not shown."""

    async def look(kept: RegistryStores) -> list[str]:
        people = await kept.registry.load()
        return list(_shown(people, person_meant(people, person)))

    for line in at_the_desk(config, data, look):
        click.echo(line)


def _shown(people: RegistrySnapshot, who: Person) -> list[str]:
    lines = [f"{said(who)}, {who.kind}{', banned' if who.banned else ''}"]
    if who.team is not None:
        team = people.teams.get(who.team)
        lines.append(f"  team      {team.name if team is not None else who.team}")
        lines += [f"  office    {one.area}" for one in people.leases if one.team == who.team]
        lines += [f"  team plan {_plan(one)}" for one in people.team_memberships.get(who.team, ())]
    lines += [f"  plan      {_plan(one)}" for one in people.memberships.get(who.id, ())]
    lines += [f"  cohort    {one}" for one in who.cohorts]
    flags = [("needs time at doors", who.needs_time), ("pays as they go", who.pays_as_you_go)]
    lines += [f"  also      {said}" for said, is_so in flags if is_so]
    if who.rights:
        lines.append(f"  rights    {', '.join(sorted(who.rights))}")
    held = sorted((one for one in people.credentials.values() if one.person == who.id), key=lambda one: one.id)
    return [*lines, *(f"  {one.kind:<9} {_credential(one)}" for one in held)]


def _plan(one: Membership) -> str:
    ends = f" to {one.ends}" if one.ends is not None else ""
    due = f", {one.due_cents / 100:.2f} due since {one.due_since}" if one.due_since is not None else ""
    standing = "" if one.standing is Standing.ACTIVE else f", {one.standing}"
    return f"{one.plan} from {one.starts}{ends}{standing}{due}"


def _credential(one: Credential) -> str:
    said = held_badge(one.id, one.last_two) if one.kind is CredentialKind.BADGE else str(one.id)
    dates = [
        f" {word} {at:%Y-%m-%d %H:%M} UTC" for word, at in (("from", one.valid_from), ("until", one.valid_until)) if at
    ]
    return f"{said}, {one.state}{', duress' if one.is_duress else ''}{''.join(dates)}"


@click.command()
@click.argument("name")
@click.option("--plan", help="A plan that everybody of the team holds.")
@click.option("--from", "starts", type=_DAY, help="Its first day.")
@click.option("--until", "ends", type=_DAY, help="Its last day.")
@click.option("--paid", is_flag=True, help="All that the team owed is paid.")
@where_data
def team(name: str, plan: str | None, starts: datetime | None, ends: datetime | None, paid: bool, **where: Any) -> None:
    """Make a team, give it a plan for all its people, or settle its bills."""
    if (plan is None) != (starts is None):
        raise InputError("a team's plan needs both --plan and --from")

    async def change(kept: RegistryStores) -> str:
        people = await kept.registry.load()
        id_ = team_of(name, people.teams)
        held = [one for one in people.team_memberships.get(id_, ()) if plan is None or one.plan != plan]
        if plan is not None and starts is not None:
            last: date | None = ends.date() if ends is not None else None
            held.append(Membership(None, PlanId(plan), starts.date(), last, group=id_))
        await kept.registry.put_team(Team(id_, people.teams[id_].name if id_ in people.teams else name), held)
        if paid:
            await kept.registry.pay_team(id_)
        plans = ", ".join(_plan(one) for one in (await kept.registry.load()).team_memberships.get(id_, ()))
        return f"team {id_}: {plans or 'no plan of its own'}."

    click.echo(at_the_desk(where["config"], where["data"], change))


@click.command()
@click.argument("id")
@click.option("--name", required=True, help="As people call it.")
@click.option("--plan", required=True, help="What everybody of it holds.")
@click.option("--from", "starts", type=_DAY, required=True, help="Its first day.")
@click.option("--until", "ends", type=_DAY, required=True, help="Its last day.")
@where_data
def cohort(id: str, name: str, plan: str, starts: datetime, ends: datetime, **where: Any) -> None:
    """Make a cohort, or change its dates: a programme with a start and an end. A people file says who is in it."""
    try:
        id_cell(id)  # a people file names it by this
    except BadCell as error:
        raise InputError(f"cohort {id!r}: {error}") from error
    one = Cohort(CohortId(id), name, PlanId(plan), starts.date(), ends.date())

    async def change(kept: RegistryStores) -> str:
        await kept.registry.put_cohort(one)
        return f"cohort {one.id}: {one.plan} from {one.starts} to {one.ends}."

    click.echo(at_the_desk(where["config"], where["data"], change))


COMMANDS = (badge, ban, unban, pay, rights, pin, show, team, cohort)
