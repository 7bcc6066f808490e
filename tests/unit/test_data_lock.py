"""One data folder serves one natoma."""

from pathlib import Path

import pytest

from controller.app.lock import alone_in
from controller.errors import StartupError


def test_a_second_service_on_one_data_folder_is_refused_with_words(tmp_path: Path):
    with (
        alone_in(tmp_path / "data"),
        pytest.raises(StartupError, match="another natoma is using the data folder"),
        alone_in(tmp_path / "data"),
    ):
        pass


def test_the_folder_is_free_again_afterwards(tmp_path: Path):
    for _ in range(2):
        with alone_in(tmp_path / "data"):
            pass
