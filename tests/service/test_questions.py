"""`natoma explain` and `natoma rehearse` on a real data folder, beside a service or without one."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from controller.adapters.publications import PublicationFolder
from controller.app.stores import open_digests, open_stores
from controller.cli.explain import explain
from controller.cli.people import import_people
from controller.cli.rehearse import rehearse
from controller.config import load as load_settings
from controller.domain.access import Read, decide
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId, DeviceId, DoorId
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.decisions import decision_fact
from controller.space import parse
from devices import badges

FILE = """\
natoma: 1
id: small
name: Small
zone: UTC
floors:
  ground: {size: [10, 8]}
areas:
  lobby: {name: Lobby, outline: [0, 0, 10, 8], zones: [house]}
doors:
  street: {name: Street door, from: outside, to: lobby}
zones:
  house: {passback: hard}
devices:
  out: {kind: reader, door: street, direction: out}
plans:
  two: {name: Two days, where: house, days_per_week: 2}
"""
NUMBER = "04AF68DACB5A80"
NOW = datetime.now(UTC).replace(microsecond=0)
SPACE = parse(FILE)
STREET = DoorId("street")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A house with Alice, one read of hers that was granted a moment ago, and the file published."""
    PublicationFolder(tmp_path).publish(FILE, at=NOW, by="zoe")
    (people := tmp_path / "people.csv").write_text(f"id,name,plan,from,badge\nalice,Alice,two,2026-01-01,{NUMBER}\n")
    asyncio.run(import_people(load_settings(None, {"data": tmp_path}), SPACE, people))
    asyncio.run(_happened(tmp_path))
    return tmp_path


async def _happened(data: Path) -> None:
    async with open_stores(data, SPACE) as stores:
        index = AccessIndex(SPACE, stores.people)
        digest = open_digests(data).of(badges.read(NUMBER, badges.CONTRACT))
        at = NOW - timedelta(seconds=30)
        read = Read(DeviceId("door-street"), "tap-1", at, at, 0.0)
        rights = index.rights(SPACE.doors[STREET], digest)
        decision = decide(read, rights, at)
        await stores.events.append_all([decision_fact(read, rights, decision, 1, None)])  # type: ignore[arg-type]


async def _used(data: Path, *days: datetime) -> None:
    async with open_stores(data, SPACE) as stores:
        alice = next(iter(stores.people.people))
        rows = [
            LedgerRow(
                LedgerEntry.USED, Charge(ChargeKind.QUOTA_DAY, alice, at.date(), plan=next(iter(SPACE.plans))), at
            )
            for at in days
        ]
        await stores.kept.ledger.append(rows)


async def _went_in(data: Path) -> None:
    async with open_stores(data, SPACE) as stores:
        alice = next(iter(stores.people.people))
        taken = Fact(
            FactKind.ENTRY_TAKEN,
            NOW,
            door=STREET,
            area=AreaId("lobby"),
            person=alice,
            correlation="tap-1",
            detail={"from": "outside"},
        )
        await stores.events.append_all([taken])


def asked(data: Path, *words: str) -> str:
    said = CliRunner().invoke(explain, [*words, "--data", str(data)])
    if said.exception is not None and not isinstance(said.exception, SystemExit):
        raise said.exception
    return said.output


def test_a_badge_at_a_door_is_explained_by_name_or_number(data: Path):
    for badge in ("Alice", "alice", NUMBER):
        assert asked(data, "--badge", badge, "--door", "Street door").startswith("Alice would be let in at Street door")


def test_no_number_is_ever_printed(data: Path):
    assert NUMBER not in asked(data, "--badge", NUMBER, "--door", "street", "--json")


def test_the_days_used_are_read_from_the_ledger(data: Path):
    monday, tuesday = datetime(2030, 1, 7, 9, tzinfo=UTC), datetime(2030, 1, 8, 9, tzinfo=UTC)
    asyncio.run(_used(data, monday, tuesday))

    text = asked(data, "--badge", "alice", "--door", "street", "--at", "2030-01-09T12:00")

    assert "the days of this week are used up; it would work from Mon 14 Jan 2030 04:00." in text.splitlines()[0]
    assert "Not known here, and taken to be in order: where people will be then." in text


def test_who_is_inside_already_is_read_from_the_log(data: Path):
    asyncio.run(_went_in(data))

    text = asked(data, "--badge", "alice", "--door", "street")

    assert "  who is inside   fails: this badge is inside already" in text


def test_a_recorded_read_is_explained_by_its_id(data: Path):
    text = asked(data, "--read", "tap-1")

    assert text.startswith("Alice was let in at Street door")
    assert "  plan Two days: uses one of the plan's days — taken" in text
    assert f"Decided by version {SPACE.version} of the space" in text


def test_a_recorded_read_is_explained_by_the_version_that_counted_then(data: Path):
    PublicationFolder(data).publish(FILE.replace("Two days", "Any days"), at=NOW, by="zoe")

    text = asked(data, "--read", "tap-1")

    assert "  plan Two days: uses one" in text
    assert f"Decided by version {SPACE.version} of the space" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--read", "nope"], "--read: 'nope' is no read in the log"),
        (["--read", "tap-1", "--badge", "alice"], "--read: has its own badge, door and moment"),
        (["--badge", "alice", "--door", "sreet"], "--door: Small has no door 'sreet' — did you mean street?"),
        (
            ["--badge", "alise", "--door", "street"],
            "--badge: neither a person here, nor a ticket or pass known here, nor a badge number",
        ),
        (["--badge", "alice", "--door", "street", "--at", "noon"], "--at: 'noon' is no moment"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_asked_is_said_with_what_would_be_right(data: Path, words: list[str], said: str):
    with pytest.raises(InputError) as caught:
        asked(data, *words)
    assert str(caught.value).startswith(said)


def test_half_a_question_is_wrong_usage(data: Path):
    said = CliRunner().invoke(explain, ["--badge", "alice", "--data", str(data)])

    assert said.exit_code == 2
    assert "name --badge and --door, or --read" in said.output


def test_before_the_first_run_nobody_is_inside_and_nothing_is_used(data: Path):
    (data / "events.db").unlink()

    assert "would be let in" in asked(data, "--badge", "alice", "--door", "street")


# --- rehearse -------------------------------------------------------------------------------------


def rehearsed(data: Path, text: str, *words: str) -> str:
    (new := data / "new.yaml").write_text(text)
    said = CliRunner().invoke(rehearse, [str(new), *words, "--data", str(data)])
    assert said.exception is None, said.exception
    return said.output


def test_a_rehearsal_lists_who_would_have_been_refused(data: Path):
    opposite = f"{(NOW.hour + 12) % 24:02}"
    elsewhen = FILE.replace("days_per_week: 2}", "schedule: elsewhen}")
    elsewhen += f"schedules: {{elsewhen: {{open: '{opposite}:00-{opposite}:30'}}}}\n"

    lines = rehearsed(data, elsewhen).splitlines()

    assert lines[0] == "Refused, who was let in: 1 read"
    assert lines[1].startswith("  Alice  Street door  ")
    assert lines[1].endswith("  plan Two days → the plan does not cover this hour")
    assert lines[-1].startswith("1 read of the last 30 days asked of version ")
    assert lines[-1].endswith(": 1 would have been refused.")


def test_a_rehearsal_of_the_same_file_tells_nothing_but_the_count(data: Path):
    assert rehearsed(data, FILE) == f"1 read of the last 30 days asked of version {SPACE.version}: 1 just the same.\n"


def test_a_rehearsal_is_plain_for_a_script(data: Path):
    told: dict[str, Any] = json.loads(rehearsed(data, FILE.replace("  two:", "  other:"), "--json"))

    assert (told["replayed"], told["counts"]["refused"]) == (1, 1)
    (one,) = told["differences"]
    assert (one["who"], one["door"], one["before"]["granted"], one["after"]["by"]) == (
        "Alice",
        "street",
        True,
        "no_right",
    )


def test_reads_at_doors_that_are_gone_are_counted_and_not_asked(data: Path):
    text = rehearsed(data, FILE.replace("street:", "front:").replace("door: street", "door: front"))

    assert "1 read could not be asked again: at doors that the new file does not have." in text


def test_a_malformed_file_is_refused_before_anything_is_read(tmp_path: Path):
    (new := tmp_path / "new.yaml").write_text(FILE.replace("to: lobby", "to: loby"))

    said = CliRunner().invoke(rehearse, [str(new), "--data", str(tmp_path)])

    assert isinstance(said.exception, InputError)
    assert "did you mean 'lobby'?" in str(said.exception)
