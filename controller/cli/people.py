"""`natoma people import` and `export`: everybody from a CSV and back; looked at first, then applied whole.

What staff change of one person at a time is in `people_desk`.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import click

from controller.adapters.sql.registry import SqlRegistry
from controller.app.stores import open_digests, open_registry, read_people
from controller.cli import people_desk
from controller.cli.community import profile
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from, space_of, where_options
from controller.config import Settings
from controller.domain.building import Space
from controller.errors import InputError
from controller.services.people.people import ImportPlan
from controller.services.people.people_export import people_csv
from controller.services.people.people_import import Digests, plan_import

SIZE_LIMIT = 32 << 20


@click.group()
def people() -> None:
    """The people of the space, and what they hold."""


for _command in (*people_desk.COMMANDS, profile):
    people.add_command(_command)


@people.command("import")
@click.argument("file", type=Path)
@click.option("--apply", is_flag=True, help="Do it. Without this, only show what would change.")
@where_options
@json_option
def import_(config: Path | None, file: Path, apply: bool, as_json: bool, **flags: Any) -> None:
    """Import people from a CSV file (docs/people.md has its columns).

    Shows what would change and changes nothing, until --apply. One wrong row and nothing is imported.
    """
    settings = settings_from(config, **flags)
    plan = asyncio.run(_import(settings, space_of(settings), file, apply=apply))
    click.echo(_as_json(plan, apply) if as_json else _as_text(plan, apply))


@people.command("export")
@click.argument("file", type=Path, required=False)
@click.option("--data", type=Path, help="Where data is kept. Default ./natoma-data.")
@click.option("--config", type=Path, help="A settings file. Default ./natoma.toml, if there is one.")
def export(config: Path | None, data: Path | None, file: Path | None) -> None:
    """Write everybody and what they hold as a CSV that `import` takes back unchanged; to FILE, or here.

    There is no badge number and no PIN in it: nobody has them.
    """
    people = asyncio.run(read_people(settings_from(config, data=data).home))
    text = people_csv(people)
    if file is None:
        click.echo(text, nl=False)
        return
    _write(file, text)
    click.echo(
        f"{file}: {_people(len(people.people))}. It names everybody here: keep it as you would keep a key.", err=True
    )


def _write(file: Path, text: str) -> None:
    """Readable by nobody else, and never over another file."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise InputError(f"{file}: there is a file of this name — name another, or move it away") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror}) — name a file in a folder of yours") from error


async def import_people(settings: Settings, space: Space, file: Path) -> int:
    """Import without asking; how many people changed."""
    return len((await _import(settings, space, file, apply=True)).people)


async def _import(settings: Settings, space: Space, file: Path, *, apply: bool) -> ImportPlan:
    text = await asyncio.to_thread(_read, file)
    async with open_registry(settings.home, space) as registry:
        digests = open_digests(settings.home)
        # A look needs no digest for doors' lists, which are slow on purpose: a millisecond each.
        for_lists = digests.list_digests_of if apply else lambda badges: [b""] * len(badges)
        known = Digests(digests.of, digests.of_pin, for_lists)
        plan = plan_import(text, str(file), space=space, registry=await registry.load(), digest=known)
        if apply:
            await _apply(registry, plan)
        return plan


async def _apply(registry: SqlRegistry, plan: ImportPlan) -> None:
    if not plan.is_empty:
        await registry.apply_import(plan)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({error.strerror}) — name a CSV file that this user may read"
        ) from error
    if len(content) > SIZE_LIMIT:
        raise InputError(f"{file}: larger than {SIZE_LIMIT >> 20} MiB — split it; an import may be repeated in parts")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{file}:{line}: is not UTF-8 — save the sheet as CSV UTF-8") from error


def _as_text(plan: ImportPlan, applied: bool) -> str:
    lines = []
    if plan.changes:
        wide = [max(len(getattr(change, name)) for change in plan.changes) for name in ("who", "what", "before")]
        lines += [
            f"{change.who:<{wide[0]}}  {change.what:<{wide[1]}}  {change.before:<{wide[2]}}  → {change.after}"
            for change in plan.changes
        ]
    lines += plan.notes
    if plan.is_empty:
        lines.append(f"Nothing to change: {_people(plan.unchanged, 'is', 'are')} as the file says.")
    elif applied:
        lines.append(f"Imported: {_people(len(plan.people))} changed, {plan.unchanged} as before.")
    else:
        lines.append(
            f"Would change {_people(len(plan.people))}, {plan.unchanged} as before. Nothing was changed; add --apply."
        )
    return "\n".join(lines)


def _people(count: int, one: str = "", several: str = "") -> str:
    """So many people, and the word after it, which differs for one."""
    return f"{count} {'person' if count == 1 else 'people'} {one if count == 1 else several}".rstrip()


def _as_json(plan: ImportPlan, applied: bool) -> str:
    return json.dumps(
        {
            "applied": applied and not plan.is_empty,
            "changed": len(plan.people),
            "unchanged": plan.unchanged,
            "changes": [
                {"who": change.who, "what": change.what, "before": change.before, "after": change.after}
                for change in plan.changes
            ],
            "notes": list(plan.notes),
        },
        ensure_ascii=False,
    )
