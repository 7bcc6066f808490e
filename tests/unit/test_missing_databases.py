"""F9: a database that is missing from a house that lived is never replaced by an empty one, unless somebody asks."""

import asyncio
from pathlib import Path

import pytest

from controller.adapters.sql.engine import writing_engine
from controller.adapters.sql.schema_registry import LEDGER_CURSOR_KEY
from controller.adapters.sql.schema_rooms import NOTICES_CURSOR_KEY
from controller.adapters.sql.versions import set_key, version_of
from controller.app.missing import missing_from
from controller.app.stores import open_digests, open_registry, open_stores
from controller.errors import InputError, StartupError
from controller.space import parse
from tests.support.household import SPACE as TEXT

SPACE = parse(TEXT)
DATABASES = ("natoma.db", "events.db", "telemetry.db")


def start(data: Path) -> None:
    async def run() -> None:
        async with open_stores(data, SPACE):
            pass

    asyncio.run(run())


def bring_people(data: Path) -> None:
    async def run() -> None:
        async with open_registry(data, SPACE):
            pass

    asyncio.run(run())


def lose(data: Path, name: str) -> None:
    for left in data.glob(f"{name}*"):
        left.unlink()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A house that was started once."""
    start(tmp_path / "data")
    return tmp_path / "data"


@pytest.mark.parametrize("name", DATABASES)
def test_a_start_without_one_is_refused_naming_it_and_what_to_do(data: Path, name: str) -> None:
    lose(data, name)

    with pytest.raises(StartupError) as caught:
        start(data)

    assert f"{data / name} is missing, and a house lived in {data}" in str(caught.value)
    assert "natoma restore BACKUP --over" in str(caught.value)
    assert f"make an empty file {name}.anew in {data}" in str(caught.value)
    assert not (data / name).exists()


@pytest.mark.parametrize("name", DATABASES)
def test_one_is_begun_anew_once_when_somebody_asks(data: Path, name: str) -> None:
    lose(data, name)
    (data / f"{name}.anew").touch()

    start(data)
    assert (data / name).exists()
    assert not (data / f"{name}.anew").exists()

    lose(data, name)
    with pytest.raises(StartupError):
        start(data)


def test_a_word_left_lying_beside_a_database_that_is_there_does_not_count_later(data: Path) -> None:
    (data / "events.db.anew").touch()
    start(data)
    lose(data, "events.db")

    with pytest.raises(StartupError, match=r"events\.db is missing"):
        start(data)


def test_all_three_gone_is_no_new_house_either(data: Path) -> None:
    for name in DATABASES:
        lose(data, name)

    assert missing_from(data) == list(DATABASES)
    assert missing_from(data, has_registry=False) == ["events.db", "telemetry.db"]


def test_people_are_not_imported_into_an_empty_registry_of_a_house_that_lost_its_own(data: Path) -> None:
    lose(data, "natoma.db")

    with pytest.raises(StartupError, match=r"natoma\.db is missing"):
        bring_people(data)


def test_people_may_be_there_before_the_first_start(tmp_path: Path) -> None:
    bring_people(tmp_path)

    assert missing_from(tmp_path) == []
    start(tmp_path)
    assert missing_from(tmp_path) == []


@pytest.mark.parametrize("made", [(), ("natoma.db",), ("natoma.db", "events.db")])
def test_a_first_start_that_was_cut_short_is_gone_on_with(data: Path, made: tuple[str, ...], tmp_path: Path) -> None:
    for name in made:
        (tmp_path / name).write_bytes((data / name).read_bytes())

    start(tmp_path)

    assert all((tmp_path / name).exists() for name in DATABASES)


def test_a_question_in_an_empty_folder_makes_no_key_that_would_tell_of_a_house(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run once first"):
        open_digests(tmp_path)

    start(tmp_path)


def test_readings_are_not_begun_anew_beside_months_of_the_old_ones(data: Path) -> None:
    lose(data, "telemetry.db")
    (data / "telemetry.db.anew").touch()
    (data / "history").mkdir(exist_ok=True)
    (data / "history" / "2026-03.db").write_bytes(b"months")

    with pytest.raises(StartupError, match="move that folder aside too"):
        start(data)


def test_who_followed_the_old_log_follows_the_new_one_from_its_first_place(data: Path) -> None:
    def cursors(*values: int) -> list[int]:
        engine = writing_engine(data / "natoma.db")
        try:
            with engine.begin() as connection:
                keys = (LEDGER_CURSOR_KEY, NOTICES_CURSOR_KEY)
                for key, value in zip(keys, values, strict=False):
                    set_key(connection, key, value)
                return [version_of(connection, key) for key in keys]
        finally:
            engine.dispose()

    cursors(4000, -1)
    lose(data, "events.db")
    (data / "events.db.anew").touch()

    start(data)

    assert cursors() == [0, -1]
