"""Making a backup of a data folder: what is damaged, where it may be put, and who is told to be out of room."""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.adapters.backup.manifest import read_manifest
from controller.adapters.sql.upgrade import EVENTS, bring_up
from controller.adapters.telemetry import schema
from controller.app import backup
from controller.app.backup import make_backup
from controller.config import Home
from controller.errors import InputError, StoreError

AT = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Home:
    data = tmp_path / "data"
    bring_up(data / "events.db", EVENTS)
    schema.bring_up(data / "telemetry.db")
    (data / "history").mkdir()
    for month in ("2026-09", "2026-10"):
        with contextlib.closing(sqlite3.connect(data / "history" / f"{month}.db")) as connection, connection:
            connection.execute("CREATE TABLE t (filler BLOB)")
            connection.executemany("INSERT INTO t VALUES (?)", [(b"x" * 900,)] * 200)
    return Home(data)


@pytest.mark.parametrize("at", [0, 3 * 4096], ids=["its first page", "a page of it"])
def test_a_damaged_month_is_left_out_by_name_and_the_rest_is_backed_up(house: Home, tmp_path: Path, at: int):
    path = house.folder / "history" / "2026-09.db"
    content = bytearray(path.read_bytes())
    content[at : at + 64] = b"\xff" * 64
    path.write_bytes(content)

    made = make_backup(house, tmp_path / "house", AT)

    manifest = read_manifest((tmp_path / "house" / "manifest.json").read_bytes(), "house")
    assert {one.name for one in manifest.files} == {"events.db", "telemetry.db", "history/2026-10.db"}
    (told,) = [what for what in made.left_out if "damaged" in what]
    assert "history/2026-09.db" in told
    assert manifest.left_out == made.left_out


def test_a_damaged_log_is_named_and_nothing_is_left(house: Home, tmp_path: Path):
    (house.folder / "telemetry.db").write_bytes(b"no database at all" * 1_000)

    with pytest.raises(StoreError, match=r"telemetry\.db: the file is not a database"):
        make_backup(house, tmp_path / "out" / "house.natoma", AT)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("name", ["house.natoma", "backups/house.natoma", "backups", "."])
def test_a_backup_inside_the_house_is_refused(house: Home, tmp_path: Path, name: str):
    (tmp_path / "link").symlink_to(house.folder)

    for folder in (house.folder, tmp_path / "link"):
        with pytest.raises(InputError, match="is inside the data folder"):
            make_backup(house, folder / name, AT)
    with pytest.raises(InputError, match="is inside the data folder"):
        make_backup(house, tmp_path / "fine.natoma", AT, secrets=house.folder / "keys.natoma")


def test_a_full_disk_is_the_one_the_backup_is_on(house: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_source: object, _path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(backup, "copied", full)
    with pytest.raises(StoreError) as found:
        make_backup(house, tmp_path / "house.natoma", AT)

    assert f"{tmp_path / 'house.natoma'} cannot be written (No space left on device)" in str(found.value)
    assert str(house.folder) not in str(found.value)
