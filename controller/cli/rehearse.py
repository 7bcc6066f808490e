"""`natoma rehearse`: who would have been refused, or let in, had another space file counted in the last days."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from controller.adapters.clock import SystemClock
from controller.app.stores import open_events, read_people
from controller.cli.options import as_json as json_option
from controller.cli.options import settings_from
from controller.config import Home
from controller.domain.building import Space
from controller.domain.facts import Fact, FactKind
from controller.services.entry.access_index import AccessIndex
from controller.services.policy.rehearsal import (
    ENTER_PIN,
    Answer,
    Group,
    NotReplayed,
    Outcome,
    Rehearsal,
    grouped,
    rehearse_log,
)
from controller.services.screens.wording import Wording
from controller.space import load

HEADINGS = {
    Outcome.REFUSED: "Refused, who was let in",
    Outcome.LET_IN: "Let in, who was refused",
    Outcome.ASKED_PIN: "Asked for a PIN first",
    Outcome.OTHER_GRANT: "Let in as before, by something else",
    Outcome.OTHER_REASON: "Refused as before, for another reason",
}
WHY_NOT = {
    NotReplayed.NO_INPUTS: "recorded by an older version, without what they were decided from",
    NotReplayed.UNREADABLE: "recorded by another version of Natoma, or damaged",
    NotReplayed.NO_SUCH_DOOR: "at doors that the new file does not have",
    NotReplayed.ANOTHER_CAUSE: "refused because the log could not be written: no policy decided them",
}


@click.command()
@click.argument("file", type=Path)
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How far back.")
@click.option("--all", "everything", is_flag=True, help="Also what would be answered alike, for another reason.")
@click.option("--data", type=Path, help="Where data is kept. Default ./natoma-data.")
@click.option("--config", type=Path, help="A settings file. Default ./natoma.toml, if there is one.")
@json_option
def rehearse(file: Path, days: int, everything: bool, data: Path | None, config: Path | None, as_json: bool) -> None:
    """Ask the recorded badge reads of the last days of FILE, and tell each answer that would be another.

    Nothing is changed. Works beside a running service, or without one.
    """
    settings = settings_from(config, data=data)
    policy = load(file)
    asyncio.run(_rehearse(settings.home, policy, days, everything, as_json))


async def _rehearse(home: Home, policy: Space, days: int, everything: bool, as_json: bool) -> None:
    people = AccessIndex(policy, await read_people(home)).everybody
    since = SystemClock().now() - timedelta(days=days)
    async with open_events(home) as log:
        found = await rehearse_log(log, policy, since)
    wording = Wording(lambda: policy, lambda: people)
    groups = [one for one in grouped(found.differences) if everything or one.outcome in _TOLD]
    if as_json:
        click.echo(json.dumps(_plain(found, groups, wording, policy, since), ensure_ascii=False))
    else:
        click.echo(_text(found, groups, wording, policy, days))


_TOLD = frozenset({Outcome.REFUSED, Outcome.LET_IN, Outcome.ASKED_PIN})


def _text(found: Rehearsal, groups: Sequence[Group], wording: Wording, policy: Space, days: int) -> str:
    lines: list[str] = []
    for outcome, heading in HEADINGS.items():
        its = [one for one in groups if one.outcome is outcome]
        if not its:
            continue
        lines.append(f"{heading}: {_of(sum(one.times for one in its), 'read')}")
        rows = [
            (
                wording.who(_fact(one, one.before)),
                wording.door(_fact(one, one.before)),
                _when(one, policy),
                f"{_why(one, one.before, wording)} → {_why(one, one.after, wording)}",
            )
            for one in its
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines += ["  " + "  ".join([*(f"{row[n]:<{widths[n]}}" for n in range(3)), row[3]]) for row in rows]
        lines.append("")
    lines += _sums(found, days, policy)
    return "\n".join(lines)


def _sums(found: Rehearsal, days: int, policy: Space) -> list[str]:
    counts = found.counts
    differ = [f"{counts[outcome]} {words}" for outcome, words in _SUMS.items() if counts[outcome]]
    told = f"{_of(found.replayed, 'read')} of the last {_of(days, 'day')} asked of version {policy.version}: "
    lines = [told + (", ".join(differ) if differ else "nobody would have been answered otherwise") + "."]
    for why, count in sorted(found.not_replayed.items()):
        lines.append(f"{_of(count, 'read')} could not be asked again: {WHY_NOT[why]}.")
    return lines


_SUMS = {
    Outcome.REFUSED: "would have been refused",
    Outcome.LET_IN: "would have been let in",
    Outcome.ASKED_PIN: "would have been asked for a PIN",
    Outcome.OTHER_GRANT: "let in by something else",
    Outcome.OTHER_REASON: "refused for another reason",
    Outcome.SAME: "just the same",
}


def _plain(
    found: Rehearsal, groups: Sequence[Group], wording: Wording, policy: Space, since: datetime
) -> dict[str, Any]:
    return {
        "version": policy.version,
        "since": since.isoformat(),
        "replayed": found.replayed,
        "counts": {str(outcome): found.counts[outcome] for outcome in Outcome},
        "not_replayed": {str(why): count for why, count in found.not_replayed.items()},
        "differences": [
            {
                "outcome": one.outcome,
                "person": one.person,
                "who": wording.who(_fact(one, one.before)),
                "door": one.door,
                "times": one.times,
                "first": one.first.isoformat(),
                "last": one.last.isoformat(),
                "before": {
                    "granted": one.before.is_granted,
                    "by": one.before.what,
                    "why": _why(one, one.before, wording),
                },
                "after": {"granted": one.after.is_granted, "by": one.after.what, "why": _why(one, one.after, wording)},
            }
            for one in groups
        ],
    }


def _why(group: Group, answer: Answer, wording: Wording) -> str:
    """What let somebody in, or why not; when it would have worked is of no use here."""
    if answer.what == ENTER_PIN:
        return "a PIN is asked for"
    fact = _fact(group, answer)
    return wording.grant(fact) if answer.is_granted else wording.reason(fact)


def _fact(group: Group, answer: Answer) -> Fact:
    kind = FactKind.ENTRY_GRANTED if answer.is_granted else FactKind.ENTRY_DENIED
    detail = {key: value for key, value in answer.detail.items() if key != "next_time"}
    return Fact(kind, group.last, door=group.door, person=group.person, detail=detail)


def _when(group: Group, policy: Space) -> str:
    first, last = (at.astimezone(policy.zone) for at in (group.first, group.last))
    if group.times == 1:
        return f"{last:%a %d %b %H:%M}"
    return f"{group.times} times, {first:%d %b} to {last:%d %b %H:%M}"


def _of(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
