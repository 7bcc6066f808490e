"""Spare space that is given to a store when the disk is full."""

from pathlib import Path

import pytest

from controller.adapters import ballast
from controller.adapters.ballast import Ballast


def test_its_blocks_are_real_and_are_given_once(tmp_path: Path) -> None:
    spare = Ballast(tmp_path / "spare", size=64 << 10)
    assert spare.is_there
    assert (tmp_path / "spare").stat().st_blocks * 512 >= 64 << 10

    assert spare.free()
    assert not (tmp_path / "spare").exists()
    assert not spare.free()


def test_it_is_taken_back_only_when_the_disk_has_plenty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spare = Ballast(tmp_path / "spare", size=64 << 10)
    spare.free()

    monkeypatch.setattr(ballast, "PLENTY", 1 << 60)
    spare.restore()
    assert not spare.is_there

    monkeypatch.undo()
    spare.restore()
    assert spare.is_there


def test_one_left_by_the_last_run_is_used(tmp_path: Path) -> None:
    Ballast(tmp_path / "spare", size=64 << 10)
    written = (tmp_path / "spare").stat().st_mtime_ns

    assert Ballast(tmp_path / "spare", size=64 << 10).is_there
    assert (tmp_path / "spare").stat().st_mtime_ns == written


def test_where_it_cannot_be_made_the_store_goes_on_without(tmp_path: Path) -> None:
    assert not Ballast(tmp_path / "missing" / "spare", size=64 << 10).is_there
