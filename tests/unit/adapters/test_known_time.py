"""What the house knows of the time outlives a stop; what cannot be read is not known."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.adapters.known_time import NAME, KnownTimeFile
from controller.domain.keeping import Trust
from controller.errors import StoreError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("trust", [Trust(NOON), Trust(NOON, NOON + timedelta(days=90), timedelta(hours=5))])
async def test_what_was_saved_is_loaded_and_is_nobody_elses(tmp_path: Path, trust: Trust):
    await KnownTimeFile(tmp_path).save(trust)

    assert await KnownTimeFile(tmp_path).load() == trust
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"sure": "2026", "doubted": 1, "ran_s": 0}',
        '{"sure": "2026-11-22", "doubted": null, "ran_s": 0}',
    ],
)
async def test_what_cannot_be_read_is_not_known(tmp_path: Path, text: str):
    (tmp_path / NAME).write_text(text)

    assert await KnownTimeFile(tmp_path).load() is None


async def test_a_folder_that_takes_nothing_is_named(tmp_path: Path):
    with pytest.raises(StoreError, match="cannot be written"):
        await KnownTimeFile(tmp_path / "missing").save(Trust(NOON))
