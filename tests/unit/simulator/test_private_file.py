"""Files for their owner alone: from the first byte on, and though they were there before."""

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.private_file import private_file


def test_what_others_could_read_before_is_empty_and_closed_to_them(tmp_path: Path):
    path = tmp_path / "faults.jsonl"
    path.write_text("of yesterday\n")
    path.chmod(0o644)

    with private_file(path) as file:
        assert (path.read_text(), path.stat().st_mode & 0o777) == ("", 0o600)
        file.write("é\n")

    assert path.read_bytes() == "é\n".encode()


def test_a_file_that_cannot_be_is_named_with_who_asked_for_it(tmp_path: Path):
    with pytest.raises(InputError, match=r"^--out \S+/none/c.jsonl: cannot be written: No such file"):
        private_file(tmp_path / "none" / "c.jsonl", "--out")
    with pytest.raises(InputError, match=rf"^{tmp_path}: cannot be written: Is a directory"):
        private_file(tmp_path)
