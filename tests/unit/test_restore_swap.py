"""Restoring over a house: inside its folder, all of it or nothing, whenever it is cut short."""

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.adapters.sql.upgrade import EVENTS, bring_up
from controller.adapters.telemetry import schema
from controller.app.backup import make_backup
from controller.app.lock import HALF, alone_in
from controller.app.restore import MARKER, restore, undo_restore
from controller.config import Home
from controller.errors import InputError, StartupError

AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
ASIDE = "before-restore-20261122-030000"
KEPT = {"natoma.lock", ASIDE}


class Killed(BaseException):
    """What stops a process between two steps."""


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    data = tmp_path / "other"
    bring_up(data / "events.db", EVENTS)
    schema.bring_up(data / "telemetry.db")
    (data / "space.yaml").write_text("new")
    (data / "numbers.json").write_text("{}")
    make_backup(Home(data), tmp_path / "backup", AT)
    return tmp_path / "backup"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The house that is there."""
    data = tmp_path / "volumes" / "data"
    (data / "secrets").mkdir(parents=True)
    (data / "secrets" / "badge.key").write_text("key")
    (data / "events.db").write_text("old")
    (data / "space.yaml").write_text("old")
    data.chmod(0o755)
    return data


def found(data: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(data.rglob("*")) if path.is_file() and path.name != "natoma.lock")
    return {str(path.relative_to(data)): path.read_bytes() for path in paths}


def moves(monkeypatch: pytest.MonkeyPatch, data: Path, allowed: int = 1_000, what: BaseException | None = None) -> None:
    """As where the folder is a mount point; after so many renames something happens."""
    replace, left = os.replace, allowed

    def rename(source: object, target: object, **_: object) -> None:
        nonlocal left
        if Path(str(source)).resolve() == data or Path(str(target)).resolve() == data:
            raise OSError(errno.EBUSY, "Device or resource busy", str(source))
        if left == 0 and what is not None:
            left = -1
            raise what
        left -= 1
        replace(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "replace", rename)


def test_a_mount_point_is_restored_into_and_what_was_there_is_kept_inside_it(
    backup: Path, data: Path, monkeypatch: pytest.MonkeyPatch
):
    before = found(data)
    moves(monkeypatch, data)

    done = restore(backup, data, AT, over=True)

    assert done.aside == data / ASIDE
    assert found(data / ASIDE) == before
    assert {one.name for one in data.iterdir()} == {
        *KEPT, MARKER, "events.db", "telemetry.db", "space.yaml", "numbers.json", "secrets",
    }  # fmt: skip
    assert (data / "space.yaml").read_text() == "new"
    assert (data / "secrets" / "badge.key").read_text() == "key"
    assert [one.name for one in data.parent.iterdir()] == ["data"]


def test_a_link_to_the_house_stays_one(backup: Path, data: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(data)

    done = restore(backup, tmp_path / "link", AT, over=True)

    assert (tmp_path / "link").is_symlink()
    assert done.aside == data / ASIDE
    assert (data / "space.yaml").read_text() == "new"


def test_an_empty_mount_point_is_restored_into_without_over(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    data = tmp_path / "volume"
    (data / "lost+found").mkdir(parents=True)
    moves(monkeypatch, data)

    done = restore(backup, data, AT)

    assert done.aside is None
    assert (data / "lost+found").is_dir()
    assert (data / "space.yaml").read_text() == "new"


def test_what_is_restored_is_its_owners_alone(backup: Path, data: Path):
    restore(backup, data, AT, over=True)

    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / MARKER).stat().st_mode & 0o777 == 0o600


def cut_short(backup: Path, data: Path, allowed: int) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        moves(patch, data, allowed, Killed())
        try:
            restore(backup, data, AT, over=True)
        except Killed:
            return True
    return False


# One rename for each mark and each thing that is moved: one to `restored.json`, three out, six in, two marks.
@pytest.mark.parametrize("allowed", range(12))
def test_a_restore_that_was_cut_short_is_not_started_on_and_can_be_undone(backup: Path, data: Path, allowed: int):
    before = found(data)

    assert cut_short(backup, data, allowed)

    if (data / HALF).exists():
        with pytest.raises(StartupError, match="half restored"), alone_in(data):
            pass
        with pytest.raises(StartupError, match="half restored"):
            make_backup(Home(data), data.parent / "backup", AT)
        undo_restore(data)
        with alone_in(data):
            pass
        assert found(data) == before
    else:
        assert {name: content for name, content in found(data).items() if "restoring" not in name} == before


@pytest.mark.parametrize("allowed", range(12))
def test_a_restore_that_was_cut_short_is_finished_by_another(backup: Path, data: Path, allowed: int):
    before = found(data)
    assert cut_short(backup, data, allowed)

    restore(backup, data, AT.replace(hour=4), over=True)

    assert found(data / "before-restore-20261122-040000") == before
    assert (data / "space.yaml").read_text() == "new"
    assert not (data / HALF).exists()
    assert not (data / ".restoring").exists()


@pytest.mark.parametrize("allowed", [5, 9])
@pytest.mark.parametrize("again", range(6))
def test_an_undo_that_was_cut_short_goes_on(backup: Path, data: Path, allowed: int, again: int):
    before = found(data)
    cut_short(backup, data, allowed)
    with pytest.MonkeyPatch.context() as patch:
        moves(patch, data, again, Killed())
        try:
            undo_restore(data)
        except Killed:
            assert (data / HALF).exists()

    if (data / HALF).exists():
        undo_restore(data)

    assert found(data) == before


def test_what_cannot_be_moved_leaves_the_house_as_it_was(backup: Path, data: Path, monkeypatch: pytest.MonkeyPatch):
    before = found(data)
    moves(monkeypatch, data, 6, OSError(errno.EXDEV, "Invalid cross-device link", str(data / "events.db")))

    with pytest.raises(StartupError, match=r"events\.db cannot be moved .* is as it was"):
        restore(backup, data, AT, over=True)

    assert found(data) == before
    assert not (data / HALF).exists()
    assert data.stat().st_mode & 0o777 == 0o755


def test_a_damaged_backup_leaves_no_folder_behind(backup: Path, tmp_path: Path):
    (backup / "events.db").write_bytes(b"x")

    with pytest.raises(InputError, match="damaged"):
        restore(backup, tmp_path / "new", AT)

    assert not (tmp_path / "new").exists()


def test_there_is_nothing_to_undo_where_nothing_was_cut_short(data: Path):
    with pytest.raises(InputError, match="no restore was cut short"):
        undo_restore(data)


def test_a_mark_that_cannot_be_read_is_said_to_be(backup: Path, data: Path):
    (data / HALF).write_text("{")

    with pytest.raises(StartupError, match="put it back by hand"):
        undo_restore(data)
    with pytest.raises(StartupError, match="put it back by hand"):
        restore(backup, data, AT, over=True)
    assert (data / "space.yaml").read_text() == "old"
