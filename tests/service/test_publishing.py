"""A published space file counts within a second, or says what it waits for; nothing is swapped by halves."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.adapters.publications import PublicationFolder, version_of
from controller.app.lock import alone_in
from controller.app.publications import STARTING, counting_file, space_at_start, space_of_version
from controller.cli.people import import_people
from controller.cli.publish import publish
from controller.config import load as load_settings
from controller.domain.building import DoorTimings, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.space_changes import changes_between
from controller.errors import InputError, StoreError
from controller.services.policy.publishing import Following, Publication
from controller.space import parse
from tests.support.services import NOON as NOON_THERE
from tests.support.services import SPACE, STREET, STUDY, House, with_door

FILE = """\
natoma: 1
id: small
name: Small
zone: Europe/Paris
floors:
  ground: {size: [10, 8]}
areas:
  lobby: {outline: [0, 0, 5, 8], zones: [house]}
  hall: {outline: [5, 0, 5, 8], zones: [inner], room: meeting}
doors:
  front: {from: outside, to: lobby}
  middle: {from: lobby, to: hall}
schedules:
  day: mon-fri 08:00-18:00
plans:
  full: {where: [house, inner], schedule: day}
"""
LATER = FILE.replace("08:00-18:00", "08:00-20:00")
NEW_DOOR = FILE.replace("  middle:", "  back: {from: outside, to: hall}\n  middle:")
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


# --- what changes ---------------------------------------------------------------------------------


def changed(new: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = changes_between(parse(FILE), parse(new))
    return found.at_once, found.after_restart


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("08:00-18:00", "08:00-20:00", "schedule day: other hours"),
        ("schedule: day}", "schedule: always}", "plan full: schedule day → always"),
        ("where: [house, inner], ", "where: house, ", "plan full: where hall, lobby → lobby"),
        ("schedule: day}", "schedule: day, days_per_week: 2}", "plan full: days_per_week none → 2"),
        ("to: lobby}", "to: lobby, pin: required}", "door front: pin never → required"),
        ("to: lobby}", "to: lobby, enabled: false}", "door front: enabled yes → no"),
        ("to: lobby}", "to: lobby, timings: {release: 8}}", "door front: timings release 5 → 8"),
        ("to: lobby}", "to: lobby, unlock_schedule: day}", "door front: unlock_schedule none → day"),
        ("name: Small", "name: Large", "name Small → Large"),
        ("zones: [house]}", "zones: [house], counted: false}", "area lobby: counted yes → no"),
        ("room: meeting}", "room: {kind: meeting, seats: 8}}", "area hall: room seats 0 → 8"),
        ("schedules:", "offline_valid_h: 48\nschedules:", "offline_valid_h 24 → 48"),
        ("schedules:", "grace: {amount: 50.5}\nschedules:", "grace: amount 200.00 → 50.50"),
        ("schedules:", "holidays: {2026-12-25: Christmas}\nschedules:", "new holiday 2026-12-25, Christmas"),
        ("schedules:", "zones: {house: {passback: timed}}\nschedules:", "zone house: passback off → timed"),
        ("ground: {size", "ground: {name: Ground, size", "floor ground: name ground → Ground"),
    ],
)
def test_what_decisions_read_anew_counts_at_once(old: str, new: str, said: str) -> None:
    assert changed(FILE.replace(old, new, 1)) == ((said,), ())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  middle:", "  back: {from: outside, to: hall}\n  middle:", ("new door back", "new device door-back")),
        ("to: lobby}", "to: lobby, unit: strike}", ("door front: unit door-front → strike", "new device strike", "device door-front is gone")),
        ("to: lobby}", "to: lobby, contact: false}", ("door front: contact yes → no",)),
        ("Europe/Paris", "Europe/Berlin", ("zone Europe/Paris → Europe/Berlin",)),
        ("name: Small", "name: Small\nroot: natoma/small", ("root natoma → natoma/small",)),
        ("name: Small", 'name: Small\ncut_off: "03:00"', ("cut_off 240 → 180",)),
        ("doors:", "devices:\n  air: {kind: sensor, area: hall}\ndoors:", ("new device air",)),
        (", room: meeting}", "}", ("area hall: room meeting → none",)),
        ("room: meeting}", "room: booth}", ("area hall: room kind meeting → booth",)),
    ],
)  # fmt: skip
def test_what_the_service_is_built_around_waits_for_a_restart(old: str, new: str, said: tuple[str, ...]) -> None:
    assert changed(FILE.replace(old, new, 1))[1] == said


def test_a_space_does_not_differ_from_itself() -> None:
    assert not changes_between(parse(FILE), parse(FILE))
    assert changed(FILE + "# a note\n") == ((), ())


def test_a_holiday_that_changes_is_told_by_its_day() -> None:
    before = parse(FILE + "holidays: {2026-12-24: Eve, 2026-12-25: Christmas, 2026-12-26: Boxing Day}\n")
    after = parse(FILE + "holidays: {2026-12-24: {name: Eve, zones: [house]}, 2026-12-25: Noël}\n")

    assert changes_between(before, after).at_once == (
        "holiday 2026-12-24, Eve: now of house",
        "holiday 2026-12-25: name Christmas → Noël",
        "holiday 2026-12-26, Boxing Day, is gone",
    )
    assert date(2026, 12, 24) in after.holiday_zones


# --- the service follows --------------------------------------------------------------------------


class Service:
    """What of a service matters here: which space it runs on, and what it noted."""

    def __init__(self, folder: Path, text: str = FILE) -> None:
        self.publications = PublicationFolder(folder)
        self.space = parse(text)
        self.adopted: list[str] = []
        self.facts: list[Fact] = []
        self.refuses: Exception | None = None

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0

    async def adopt(self, space: Space) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.space = space
        self.adopted.append(space.version)

    async def read(self, version: str) -> Space:
        return parse(self.publications.path_of(version).read_text(), version)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        publications = Following(
            self.publications,
            running=lambda: self.space,
            read=self.read,
            adopt=self.adopt,
            note=lambda fact, _=None: self.facts.append(fact),
            clock=self,
        )
        following = asyncio.get_running_loop().create_task(publications.run(every=0.01))
        try:
            await asyncio.sleep(0)
            yield
        finally:
            following.cancel()
            await asyncio.wait({following})

    def published(self, text: str, by: str = "zoe", reason: str = "") -> Publication:
        return PublicationFolder(self.publications._folder.parent).publish(text, at=NOON, by=by, reason=reason)


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(5.0):
        while not happened():
            await asyncio.sleep(0.005)


async def test_a_published_file_counts_and_the_log_says_whose_it_is(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.published(FILE)
    async with service.running():
        service.published(LATER, reason="longer evenings")
        await until(lambda: service.facts)

    (fact,) = service.facts
    assert service.space.version == version_of(LATER)
    assert (fact.kind, fact.at) == (FactKind.POLICY_PUBLISHED, NOON)
    assert dict(fact.detail) == {
        "version": version_of(LATER),
        "before": version_of(FILE),
        "by": "zoe",
        "published_at": NOON.isoformat(),
        "reason": "longer evenings",
    }
    assert service.publications.running() == version_of(LATER)


async def test_what_needs_a_restart_is_not_taken_up_by_halves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(tmp_path)
    async with service.running():
        service.published(NEW_DOOR.replace("08:00-18:00", "08:00-20:00"))
        await until(lambda: "from the next start on" in caplog.text)
        await asyncio.sleep(0.1)

    assert service.adopted == []
    assert caplog.text.count("from the next start on") == 1, "said once"
    assert "new door back" in caplog.text


async def test_after_one_that_waits_the_next_that_can_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(tmp_path)
    async with service.running():
        service.published(NEW_DOOR)
        await until(lambda: "from the next start on" in caplog.text)
        service.published(LATER)
        await until(lambda: service.adopted)

    assert service.adopted == [version_of(LATER)]


async def test_a_version_that_cannot_be_read_leaves_the_old_one_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(tmp_path)
    async with service.running():
        service.published(FILE.replace("to: hall", "to: hal"))
        await until(lambda: "cannot be taken up" in caplog.text)

    assert service.space.version == version_of(FILE)
    assert service.adopted == []


async def test_a_database_that_is_busy_is_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(tmp_path)
    service.refuses = StoreError("database is locked")
    async with service.running():
        service.published(LATER)
        await until(lambda: "cannot be followed" in caplog.text)
        service.refuses = None
        await until(lambda: service.adopted)

    assert service.adopted == [version_of(LATER)]
    assert caplog.text.count("WARNING") == 1, "said once while it lasts"


async def test_what_was_published_while_nobody_ran_is_told_at_the_next_start(tmp_path: Path) -> None:
    service = Service(tmp_path)
    async with service.running():
        pass
    service.published(LATER, by="zoe")
    after = Service(tmp_path, LATER)
    async with after.running():
        pass

    assert service.facts == []
    assert [(fact.detail["version"], fact.detail["by"]) for fact in after.facts] == [(version_of(LATER), "zoe")]


async def test_the_first_start_of_all_is_no_change_of_policy(tmp_path: Path) -> None:
    service = Service(tmp_path)
    async with service.running():
        pass

    assert service.facts == []
    assert service.publications.running() == version_of(FILE)


# --- the folder -----------------------------------------------------------------------------------


def test_every_version_that_counted_is_kept_with_who_published_it(tmp_path: Path) -> None:
    folder = PublicationFolder(tmp_path)
    folder.publish(FILE, at=NOON, by="zoe", source="/srv/space.yaml")
    folder.publish(LATER, at=NOON, by="max", reason="evenings")
    folder.publish(FILE, at=NOON, by="zoe")

    assert [(one.version, one.by, one.reason, one.source) for one in folder.history()] == [
        (version_of(FILE), "zoe", "", "/srv/space.yaml"),
        (version_of(LATER), "max", "evenings", ""),
        (version_of(FILE), "zoe", "", ""),
    ]
    assert folder.path_of(version_of(LATER)[:5]).read_text() == LATER
    assert space_of_version(tmp_path, version_of(LATER)).version == version_of(LATER)


def test_the_version_of_a_text_is_that_of_its_space() -> None:
    assert version_of(FILE) == parse(FILE).version


@pytest.mark.parametrize("asked", ["", "zz", "../../etc/passwd", "*"])
def test_a_version_that_was_never_published_is_named_with_those_that_were(tmp_path: Path, asked: str) -> None:
    folder = PublicationFolder(tmp_path)
    folder.publish(FILE, at=NOON, by="zoe")

    with pytest.raises(InputError, match=f"the last ones are {version_of(FILE)}"):
        folder.path_of(asked or "00")


def test_a_folder_nothing_was_published_in_has_no_version(tmp_path: Path) -> None:
    folder = PublicationFolder(tmp_path)

    assert (folder.current(), folder.running(), folder.started_with(), folder.history()) == (None, None, None, [])
    assert not (tmp_path / "space").exists(), "asking makes nothing"


@pytest.mark.parametrize("written", ["", "{", "[]", '{"version": 3}', '{"version": "x", "at": "soon", "by": "z"}'])
def test_a_damaged_marker_is_told_and_stops_nobody_from_publishing(tmp_path: Path, written: str) -> None:
    folder = PublicationFolder(tmp_path)
    folder.publish(FILE, at=NOON, by="zoe")
    (tmp_path / "space" / "current.json").write_text(written)

    with pytest.raises(StoreError, match=r"current\.json"):
        folder.current()
    folder.publish(LATER, at=NOON, by="zoe")
    current = folder.current()
    assert current is not None
    assert current.version == version_of(LATER)


def test_a_line_of_the_history_cut_short_loses_no_other(tmp_path: Path) -> None:
    folder = PublicationFolder(tmp_path)
    folder.publish(FILE, at=NOON, by="zoe")
    with (tmp_path / "space" / "history.jsonl").open("a") as history:
        history.write('{"version": "12\n')
    folder.publish(LATER, at=NOON, by="zoe")

    assert [one.version for one in folder.history()] == [version_of(FILE), version_of(LATER)]


# --- the start ------------------------------------------------------------------------------------


def start(data: Path, file: Path) -> Space:
    return space_at_start(data, file, parse(file.read_text(), str(file)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "space.yaml"
    path.write_text(FILE)
    return path


def test_the_first_start_publishes_the_file_it_was_given(tmp_path: Path, file: Path) -> None:
    assert start(tmp_path / "data", file).version == version_of(FILE)

    current = PublicationFolder(tmp_path / "data").current()
    assert current is not None
    assert (current.version, current.by, current.source) == (version_of(FILE), STARTING, str(file))


def test_a_file_changed_since_the_last_start_counts_and_the_log_says_so(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start(tmp_path, file)
    file.write_text(LATER)

    assert start(tmp_path, file).version == version_of(LATER)
    assert f"{file} is not what was published (version {version_of(FILE)}" in caplog.text


def test_an_unchanged_file_does_not_undo_what_was_published_since_and_the_log_says_so(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start(tmp_path, file)
    PublicationFolder(tmp_path).publish(LATER, at=NOON, by="zoe")

    assert start(tmp_path, file).version == version_of(LATER)
    assert f"what was published since counts: version {version_of(LATER)}" in caplog.text
    assert "by zoe" in caplog.text


def test_another_file_at_the_start_counts(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    PublicationFolder(tmp_path).publish(LATER, at=NOON, by="zoe")
    (other := tmp_path / "other.yaml").write_text(FILE + "# other\n")

    assert start(tmp_path, other).version == version_of(FILE + "# other\n")


def test_a_restart_with_nothing_new_says_nothing(tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    start(tmp_path, file)
    with caplog.at_level(logging.INFO):
        start(tmp_path, file)

    assert caplog.text == ""
    assert len(PublicationFolder(tmp_path).history()) == 1


def test_a_damaged_marker_keeps_no_door_shut_at_the_start(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start(tmp_path, file)
    (tmp_path / "space" / "current.json").write_text("{")

    assert start(tmp_path, file).version == version_of(FILE)
    assert "what was published cannot be read" in caplog.text
    assert PublicationFolder(tmp_path).current() is not None, "it is written anew"


def test_a_folder_that_cannot_be_written_keeps_no_door_shut_at_the_start(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "space").write_text("a file where the folder should be")

    assert start(tmp_path, file).version == version_of(FILE)
    assert "could not be written down" in caplog.text


def test_a_space_without_a_file_publishes_nothing(tmp_path: Path) -> None:
    assert space_at_start(tmp_path, None, parse(FILE)).version == version_of(FILE)
    assert not (tmp_path / "space").exists()


def test_questions_are_about_what_counts_unless_another_file_is_named(tmp_path: Path, file: Path) -> None:
    assert counting_file(tmp_path, None) is None
    assert counting_file(tmp_path, file) == file
    start(tmp_path, file)
    PublicationFolder(tmp_path).publish(LATER, at=NOON, by="zoe")
    (other := tmp_path / "other.yaml").write_text(FILE)

    published = PublicationFolder(tmp_path).path_of(version_of(LATER))
    assert counting_file(tmp_path, None) == published
    assert counting_file(tmp_path, file) == published, "it is the file the service runs with, and no longer counts"
    assert counting_file(tmp_path, other) == other


# --- the command ----------------------------------------------------------------------------------


def typed(data: Path, *words: object) -> Result:
    return CliRunner().invoke(publish, [*map(str, words), "--data", str(data)])


def test_the_command_publishes_and_says_what_changes(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    (new := tmp_path / "new.yaml").write_text(LATER)

    said = typed(tmp_path, new, "--by", "zoe", "--reason", "evenings")

    assert said.output.splitlines() == [
        "  schedule day: other hours",
        f"Version {version_of(LATER)} is published and counts from the next start on.",
    ]
    current = PublicationFolder(tmp_path).current()
    assert current is not None
    assert (current.version, current.by, current.reason) == (version_of(LATER), "zoe", "evenings")


def test_a_dry_run_changes_nothing(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    (new := tmp_path / "new.yaml").write_text(LATER)

    said = typed(tmp_path, new, "--dry-run", "--json")

    assert json.loads(said.output)["at_once"] == ["schedule day: other hours"]
    assert len(PublicationFolder(tmp_path).history()) == 1


def test_a_malformed_file_changes_nothing(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    (new := tmp_path / "new.yaml").write_text(FILE.replace("to: hall", "to: hal"))

    said = typed(tmp_path, new)

    assert isinstance(said.exception, InputError)
    assert "did you mean 'hall'?" in str(said.exception)
    assert len(PublicationFolder(tmp_path).history()) == 1


def test_beside_a_running_service_what_needs_a_restart_is_refused_with_words(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    (new := tmp_path / "new.yaml").write_text(NEW_DOOR)
    with alone_in(tmp_path):
        refused = typed(tmp_path, new)
        taken = typed(tmp_path, new, "--at-restart")

    assert "cannot count before a restart of the service: new door back" in str(refused.exception)
    assert taken.exit_code == 0
    current = PublicationFolder(tmp_path).current()
    assert current is not None
    assert current.version == version_of(NEW_DOOR)


def test_what_waits_for_a_restart_can_be_taken_back_while_the_service_runs(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    PublicationFolder(tmp_path).runs(version_of(FILE))
    (new := tmp_path / "new.yaml").write_text(NEW_DOOR)
    with alone_in(tmp_path):
        waiting = typed(tmp_path, new, "--at-restart")
        back = typed(tmp_path, file)

    assert waiting.output.splitlines()[-1].endswith("is published and counts from the next start on.")
    assert back.output.splitlines() == [f"Version {version_of(FILE)} counts now."]


def test_a_service_that_runs_is_waited_for(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    (new := tmp_path / "new.yaml").write_text(LATER)
    PublicationFolder(tmp_path).runs(version_of(LATER))  # it will have taken it up before we look
    with alone_in(tmp_path):
        said = typed(tmp_path, new)

    assert said.output.splitlines()[-1] == f"Version {version_of(LATER)} counts now."


def test_another_buildings_file_is_refused(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    (new := tmp_path / "new.yaml").write_text(FILE.replace("id: small", "id: large"))

    assert "this file is of another space, large, and here is small" in str(typed(tmp_path, new).exception)
    assert typed(tmp_path, new, "--anyway").exit_code == 0


@pytest.fixture
def somebody(tmp_path: Path, file: Path) -> None:
    """A house with one member, who holds the plan."""
    start(tmp_path, file)
    (people := tmp_path / "people.csv").write_text("id,name,plan,from\nalice,Alice,full,2026-01-01\n")
    settings = load_settings(None, {"data": tmp_path})
    assert asyncio.run(import_people(settings, parse(FILE), people)) == 1


@pytest.mark.usefixtures("somebody")
def test_a_plan_that_people_hold_is_not_taken_away_by_accident(tmp_path: Path) -> None:
    (new := tmp_path / "new.yaml").write_text(FILE.replace("  full:", "  other:"))

    refused = typed(tmp_path, new)

    assert "plan full is not in this file, and 1 membership has it" in str(refused.exception)
    assert "--anyway" in str(refused.exception)


@pytest.mark.usefixtures("somebody")
def test_a_first_person_who_is_nobody_here_is_told(tmp_path: Path) -> None:
    wanted = "to: lobby, unlock_schedule: day, first_person_in: [alice, bob]}"
    (new := tmp_path / "new.yaml").write_text(FILE.replace("to: lobby}", wanted))

    assert str(typed(tmp_path, new).exception).startswith("door front waits for bob, who is nobody here")


def test_one_may_go_back_to_a_version_that_counted_and_list_them(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)
    (new := tmp_path / "new.yaml").write_text(LATER)
    typed(tmp_path, new, "--by", "zoe")

    assert typed(tmp_path, "--version", version_of(FILE)[:6], "--by", "max").exit_code == 0
    listed = [json.loads(line) for line in typed(tmp_path, "--list", "--json").output.splitlines()]

    assert [(one["version"], one["by"], one["counts"]) for one in listed] == [
        (version_of(FILE), STARTING, False),
        (version_of(LATER), "zoe", False),
        (version_of(FILE), "max", True),
    ]


@pytest.mark.usefixtures("somebody")
def test_the_list_tells_when_in_the_spaces_own_time_and_who_by_name(tmp_path: Path) -> None:
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    PublicationFolder(tmp_path).publish(LATER, at=at, by="alice", reason="shorter days")

    newest = typed(tmp_path, "--list").output.splitlines()[-1]
    assert newest == f"{version_of(LATER)}  Sun 01 Mar 2026 13:00  Alice — shorter days  (counts)"


def test_what_counts_already_is_not_published_again(tmp_path: Path, file: Path) -> None:
    start(tmp_path, file)

    assert typed(tmp_path, file).output == f"version {version_of(FILE)} counts already\n"
    assert len(PublicationFolder(tmp_path).history()) == 1


# --- what counts then -----------------------------------------------------------------------------


async def test_a_published_policy_decides_the_next_read():
    house = House()
    house.bring_up()
    await house.tap(id="before")
    await house.services.adopt(replace(SPACE, version="v2", holidays={NOON_THERE.date(): "A day off"}))
    await house.tap(id="after")

    before, after = house.heard_of(FactKind.ENTRY_GRANTED, FactKind.ENTRY_DENIED)
    assert (before.kind, before.detail["policy"]) == (FactKind.ENTRY_GRANTED, "v1")
    assert (after.kind, after.detail["policy"], after.detail["reason"]) == (
        FactKind.ENTRY_DENIED,
        "v2",
        "outside_hours",
    )


async def test_a_published_door_has_its_new_name_and_its_new_times():
    house = House()
    house.bring_up()
    longer = replace(STREET, name="Front door", timings=DoorTimings(release=9.0))
    await house.services.adopt(with_door(SPACE, longer))
    await house.tap()

    (granted,) = house.heard_of(FactKind.ENTRY_GRANTED)
    assert granted.detail["hold_s"] == 9.0
    assert house.shown("door", STREET.id)["name"] == "Front door"


async def test_a_published_room_is_shown_with_its_new_name():
    house = House()
    study = replace(SPACE.areas[STUDY], name="Library")
    async with house.working():
        await house.services.adopt(replace(SPACE, version="v2", areas={**SPACE.areas, STUDY: study}))
        judging = asyncio.get_running_loop().create_task(house.services.rooms.run())
        await asyncio.sleep(1.0)
        judging.cancel()

    assert house.shown("room", STUDY)["name"] == "Library"
    assert house.feed.snapshot()["space"]["version"] == "v2"  # type: ignore[index]
