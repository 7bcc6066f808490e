"""`natoma booth` as it is typed, on a data folder of real databases beside no service."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.adapters.clock import SystemClock
from controller.adapters.sql.event_log import SqlEventLog
from controller.app.stores import open_kept
from controller.cli.booth import booth
from controller.cli.people import import_people
from controller.config import Settings
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId
from controller.domain.rooms.timeline import session_id
from controller.errors import InputError
from controller.space import load

SPACE = """\
natoma: 1
id: studio
name: Studio
zone: America/Los_Angeles
floors: {ground: {size: [12, 5]}}
areas:
  hall: {room: open_space, outline: [0, 0, 4, 5]}
  booth: {name: Podcast booth, room: booth, outline: [4, 0, 4, 5]}
doors:
  front: {from: outside, to: hall}
  booth: {from: hall, to: booth}
devices:
  light-booth: {kind: light, area: booth}
schedules:
  office: mon-fri 09:00-18:00
plans:
  member: {where: [hall, booth], schedule: office}
"""
TWO = SPACE.replace(
    "doors:\n",
    "  cabin: {name: Cabin, room: booth, outline: [8, 0, 4, 5]}\ndoors:\n  cabin: {from: booth, to: cabin}\n",
)
PEOPLE = "id,name,kind,plan,from\nalice,Alice,member,member,2026-01-01\nbob,Bob,member,member,2026-01-01\ndana,Dana,staff,,\n"
BOOTH = AreaId("booth")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio")
    space, people = folder / "space.yaml", folder / "people.csv"
    space.write_text(SPACE)
    people.write_text(PEOPLE)
    asyncio.run(import_people(Settings(data=folder / "data", space=space), load(space), people))
    return folder


@pytest.fixture
def studio(prepared: Path, tmp_path: Path) -> Path:
    """A copy of a folder with people in it."""
    return Path(shutil.copytree(prepared, tmp_path / "studio"))


def at(folder: Path) -> list[str]:
    return ["--space", str(folder / "space.yaml"), "--data", str(folder / "data")]


def typed(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(booth, [*words, *at(folder)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def book(folder: Path) -> None:
    now = SystemClock().now()
    made = Booking(BookingId("b1"), BOOTH, now - timedelta(minutes=1), now + timedelta(hours=1), PersonId("alice"))

    async def put() -> None:
        async with open_kept(folder / "data") as kept:
            await kept.registry.sync_plans(load(folder / "space.yaml").plans.values())
            await kept.bookings.put_booking(made)

    asyncio.run(put())


def happened(folder: Path, *facts: Fact) -> None:
    async def put() -> None:
        async with await SqlEventLog.open(folder / "data" / "events.db") as log:
            await log.append_all(facts)

    asyncio.run(put())


def on_air(minutes_ago: float, state: str, *, wanted: bool = True, area: AreaId = BOOTH, **more: str) -> Fact:
    when = SystemClock().now() - timedelta(minutes=minutes_ago)
    session = session_id(area, SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0))
    return Fact(
        FactKind.ON_AIR_CHANGED, when, area=area, detail={"state": state, "wanted": wanted, "session": session, **more}
    )


def test_who_has_no_booking_is_told_what_would_be_right(studio: Path) -> None:
    with pytest.raises(InputError, match="Podcast booth is not booked now — book it first"):
        typed(studio, "start", "--by", "alice")
    book(studio)
    with pytest.raises(InputError, match="booked by somebody else now — ask whoever has booked it"):
        typed(studio, "start", "--by", "bob")
    with pytest.raises(InputError, match="on air for somebody else — ask them, or staff"):
        typed(studio, "stop", "--by", "bob")


def test_without_a_log_there_is_nobody_to_ask(studio: Path) -> None:
    book(studio)
    with pytest.raises(InputError, match=r"events\.db: there is no such file — start Natoma first"):
        typed(studio, "start", "--by", "alice")


def test_a_service_that_does_not_answer_is_said(studio: Path) -> None:
    book(studio)
    happened(studio)

    assert typed(studio, "start", "--by", "alice", "--wait", "0.2").startswith(
        "Asked Podcast booth to start; nothing came of it within 0.2 s"
    )


def test_a_booth_has_to_be_named_where_there_are_two(studio: Path) -> None:
    (studio / "space.yaml").write_text(TWO)
    with pytest.raises(InputError, match="--booth: say which booth — there is booth, cabin"):
        typed(studio, "start", "--by", "alice")
    with pytest.raises(InputError, match="--booth: no booth 'kitchen' — there is booth, cabin"):
        typed(studio, "start", "--by", "alice", "--booth", "kitchen")
    with pytest.raises(InputError, match="Cabin is not booked now"):
        typed(studio, "start", "--by", "alice", "--booth", "Cabin")


def test_status_is_the_last_word_of_the_light(studio: Path) -> None:
    happened(studio)
    never = typed(studio, "status")
    happened(studio, on_air(3, "on"), on_air(1, "off", wanted=False, why="empty"))

    assert never == "Podcast booth was not on air this week"
    assert typed(studio, "status") == "Podcast booth is off air (nobody had been in it for 5 min)"


def test_a_recording_with_a_single_mark_says_so_in_words(studio: Path) -> None:
    happened(studio, on_air(3, "on"))

    assert typed(studio, "sessions").endswith("to now, 1 mark")


def test_recordings_are_listed_and_told_as_chapters(studio: Path) -> None:
    happened(studio)
    with pytest.raises(InputError, match="nothing was on air in the last 7 days"):
        typed(studio, "timeline")
    assert typed(studio, "sessions") == "Nothing was on air in the last 7 days."
    happened(studio, on_air(3, "on"), on_air(1, "ending", wanted=False, why="stopped"))
    listed = typed(studio, "sessions", "--booth", "booth")
    session = listed.split()[0]

    assert listed.endswith("2 marks")
    assert typed(studio, "timeline").splitlines() == ["00:00:00 On air", "00:02:00 Off air: it was stopped"]
    assert typed(studio, "timeline", "--booth", "booth") == typed(studio, "timeline")
    assert typed(studio, "timeline", session, "--json").startswith(f'{{"id": "{session}"')
    with pytest.raises(InputError, match="no recording 'booth-1'"):
        typed(studio, "timeline", "booth-1")
