"""`natoma alarms` over a real registry, as the desk uses it beside a service that raises them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.adapters.sql.alarms import SqlAlarmStore
from controller.adapters.sql.registry import SqlRegistry
from controller.cli.alarms import alarms
from controller.domain.alarm import Alarm, AlarmKind, AlarmState, Subject, cleared, first
from controller.domain.ids import AlarmId, DoorId, PersonId
from controller.domain.membership import Person, PersonKind, Right
from controller.errors import InputError
from tests.support.household import SPACE

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FRONT = Subject(door=DoorId("front"))


PEOPLE = (
    Person(PersonId("dana"), "Dana", PersonKind.STAFF),
    Person(PersonId("rita"), "Rita", rights=frozenset({Right.FORGIVE})),
    Person(PersonId("mo"), "Mo"),
    Person(PersonId("bert"), "Bert", PersonKind.STAFF, banned=True),
)


def forced(id: str = "a1") -> Alarm:
    return first(AlarmId(id), AlarmKind.DOOR_FORCED, FRONT, NOON, {})


async def _keep(data: Path, *found: Alarm) -> list[Alarm]:
    async with await SqlRegistry.open(data / "natoma.db", key_id="k1") as registry:
        store = SqlAlarmStore(registry.database)
        for person in PEOPLE if found else ():
            await registry.put_person(person)
        for alarm in found:
            await store.save(alarm)
        return list(await store.latest())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "space.yaml").write_text(SPACE)
    asyncio.run(_keep(tmp_path, forced(), cleared(forced("b2"), NOON + timedelta(minutes=3))))
    return tmp_path


def run(data: Path, *words: str) -> Result:
    where = ["--data", str(data), "--space", str(data / "space.yaml")]
    return CliRunner().invoke(alarms, [*words, *where] if words[:1] == ("ack",) else [*where, *words])


def test_open_alarms_are_listed_with_where_since_when_and_whether_they_are_over(data: Path):
    told = run(data)

    assert told.exit_code == 0
    lines = told.output.splitlines()
    assert len(lines) == 2
    assert "Front door was forced open" in lines[0]
    assert lines[0].startswith("a1  raised")
    assert lines[1].startswith("b2  cleared")
    assert "over Mon 02 Mar 2026 13:03" in lines[1]


def test_acknowledging_takes_who_and_a_note_and_says_what_follows(data: Path):
    still_raised = run(data, "ack", "a1", "--by", "Dana", "--note", "on my way")
    over = run(data, "ack", "b2", "--by", "Dana", "--note", "wind")

    assert still_raised.output == "Acknowledged: Front door was forced open; it closes once its cause is over.\n"
    assert over.output == "Acknowledged: Front door was forced open; it is closed.\n"
    assert [alarm.state for alarm in asyncio.run(_keep(data))] == [AlarmState.ACKNOWLEDGED, AlarmState.CLOSED]
    assert "b2" not in run(data).output
    assert "Dana: wind" in run(data, "--all").output


def test_an_alarm_is_seen_to_by_staff_or_somebody_with_a_right_under_their_own_name(data: Path):
    for id_, by in (("a1", "dana"), ("b2", "RITA")):
        assert run(data, "ack", id_, "--by", by, "--note", "seen").exit_code == 0

    assert [alarm.answer.by for alarm in asyncio.run(_keep(data)) if alarm.answer] == ["Dana", "Rita"]


def test_a_script_reads_the_same_as_the_page(data: Path):
    found = [json.loads(line) for line in run(data, "--json").output.splitlines()]

    assert [(alarm["id"], alarm["state"], alarm["door"]) for alarm in found] == [
        ("a1", "raised", "front"),
        ("b2", "cleared", "front"),
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ack", "zz", "--by", "Dana", "--note", "seen"), "no alarm 'zz'"),
        (("ack", "a1", "--by", "Dana", "--note", " "), "needs a note"),
        (("ack", "a1", "--by", "Dena", "--note", "seen"), "--by: nobody here is 'Dena' — did you mean Dana"),
        (("ack", "a1", "--by", "Mo", "--note", "seen"), "--by: Mo is neither staff nor holds a right here"),
        (("ack", "a1", "--by", "Bert", "--note", "seen"), "--by: Bert is neither staff nor holds a right here"),
    ],
    ids=["unknown", "no note", "nobody", "a member", "banned"],
)
def test_what_cannot_be_acknowledged_says_why_and_changes_nothing(data: Path, words: tuple[str, ...], says: str):
    before = asyncio.run(_keep(data))
    refused = run(data, *words)

    assert isinstance(refused.exception, InputError)
    assert says in str(refused.exception)
    assert asyncio.run(_keep(data)) == before


def test_without_alarms_it_says_so(tmp_path: Path):
    (tmp_path / "space.yaml").write_text(SPACE)
    asyncio.run(_keep(tmp_path))

    assert run(tmp_path).output == "No alarm is open.\n"
    assert run(tmp_path, "--all").output == "There has been no alarm.\n"
