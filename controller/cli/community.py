"""`natoma who` and `natoma people profile`: who is here of those who want to be known, and what each of them chose."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import RegistryStores, log_if_any, look_into
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.cli.people_desk import at_the_desk, person_meant, said, where_data
from controller.config import Home
from controller.domain.building import Space
from controller.domain.community import Here, Language, Profile
from controller.errors import InputError
from controller.services.entry.whereabouts import Following
from controller.services.people.community import Community
from controller.services.people.profiles import edited
from controller.services.policy.log_pages import facts_since

_ON_OFF = click.Choice(["on", "off"])


@click.command()
@click.option("--helps", metavar="WITH", help="Only who could help with this, the best match first: --helps soldering")
@where_options
@json_option
def who(config: Path | None, helps: str | None, as_json: bool, **flags: Any) -> None:
    """Show who is here, of the people who chose to be seen; and who of them could help.

    Whoever did not choose it is not counted either. Somebody is here from their badge at the street door until they
    badge out, or until the day's cut-off.
    """
    settings = settings_from(config, **flags)
    found = asyncio.run(_asked(settings.home, space_of(settings), helps))
    if as_json:
        click.echo(json.dumps([_plain(one) for one in found], ensure_ascii=False))
        return
    click.echo("\n".join(map(_line, found)) or _nobody(helps))


async def _asked(home: Home, space: Space, helps: str | None) -> tuple[Here, ...]:
    clock = SystemClock()
    following = Following(lambda: space, clock)
    async with look_into(home) as kept, log_if_any(home) as log:
        people = (await kept.registry.load()).people
        profiles = await kept.profiles.profiles()
        following.recall([logged async for logged in facts_since(log, clock.now() - timedelta(days=1))])
    community = Community(lambda: profiles, lambda: people, following.whereabouts.inside)
    return community.here() if helps is None else community.helpers(helps)


def _plain(one: Here) -> dict[str, object]:
    return {"person": one.person, "name": one.name, "skills": list(one.skills), "about": one.about}


def _line(one: Here) -> str:
    return " \u00b7 ".join(part for part in (one.name, ", ".join(one.skills), one.about) if part)


def _nobody(helps: str | None) -> str:
    if helps is not None:
        return f"Nobody who is here and may be asked names {helps!r}."
    return "Nobody who is here wants to be seen, or nobody is here."


@click.command()
@click.argument("person")
@click.option("--email", help="Where messages go; '' for none.")
@click.option("--webhook", help="Another address that messages are posted to; '' for none.")
@click.option("--language", type=click.Choice([one.value for one in Language]), help="What they are written in.")
@click.option("--notices", type=_ON_OFF, help="Whether messages are sent at all.")
@click.option("--share-presence", type=_ON_OFF, help="Whether others may see that they are here.")
@click.option("--can-be-asked", type=_ON_OFF, help="Whether others may ask them for help, and see their skills.")
@click.option("--skill", "skills", multiple=True, help="What they know; each takes one, and all replace those before.")
@click.option("--about", help="A line about themselves; '' for none.")
@click.option("--forget", is_flag=True, help="Take all of it away.")
@where_data
def profile(
    person: str,
    config: Path | None,
    data: Path | None,
    forget: bool,
    skills: tuple[str, ...],
    notices: str | None,
    share_presence: str | None,
    can_be_asked: str | None,
    **words: Any,
) -> None:
    """Show or change what somebody chose: how they are told things, and what others may know of them."""
    changes = {
        **words,
        "skills": skills or None,
        "wants_notices": _on(notices),
        "shares_presence": _on(share_presence),
        "can_be_asked": _on(can_be_asked),
    }
    wanted = {name: value for name, value in changes.items() if value is not None}
    if forget and wanted:
        raise InputError("--forget takes everything away: leave the other options out")

    async def change(kept: RegistryStores) -> str:
        who_ = person_meant(await kept.registry.load(), person)
        if forget:
            await kept.profiles.forget_profile(who_.id)
            return f"{said(who_)}: nothing is kept of what they chose."
        before = (await kept.profiles.profiles()).get(who_.id, Profile(who_.id))
        after = edited(before, **wanted)
        if after != before:
            await kept.profiles.put_profile(after)
        return "\n".join((f"{said(who_)}:", *_told(after)))

    click.echo(at_the_desk(config, data, change))


def _on(word: str | None) -> bool | None:
    return None if word is None else word == "on"


def _told(one: Profile) -> list[str]:
    seen = "others may see that they are here" if one.shares_presence else "nobody is told that they are here"
    asked = "and may ask them for help" if one.can_be_asked else "and nobody is told what they know"
    # A webhook's address may hold a secret of its own.
    sent = ", ".join(part for part in (one.email, "a webhook" if one.webhook else "") if part) or "nowhere yet"
    return [
        f"  messages: {f'to {sent}' if one.wants_notices else 'none'}, in {one.language.name.capitalize()}",
        f"  presence: {seen}, {asked}",
        f"  skills:   {', '.join(one.skills) or 'none named'}",
        f"  about:    {one.about or 'nothing written'}",
    ]
