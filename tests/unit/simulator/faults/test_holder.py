"""Whoever holds a data folder is stopped and goes on."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.faults.holder import FolderHolder, holder_of

FREEZES = "import sys, time; from simulator.faults.holder import FolderHolder; from pathlib import Path\nFolderHolder(Path(sys.argv[1])).freeze(); print(flush=True); time.sleep(60)"
HOLDS = "import sys, time; from controller.app.lock import alone_in; from pathlib import Path\nwith alone_in(Path(sys.argv[1])): print(flush=True); time.sleep(60)"


@pytest.fixture
def held(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def becomes(pid: int, stopped: bool) -> bool:
    deadline = time.monotonic() + 5
    while (state(pid) == "T") is not stopped and time.monotonic() < deadline:
        time.sleep(0.005)
    return (state(pid) == "T") is stopped


def test_who_holds_a_folder_is_known_only_while_it_is_held(held: subprocess.Popen[str], tmp_path: Path):
    assert holder_of(tmp_path) == held.pid

    held.kill()
    held.wait()

    with pytest.raises(InputError, match=f"no controller holds {tmp_path}"):
        holder_of(tmp_path)


def test_it_stands_still_and_goes_on(held: subprocess.Popen[str], tmp_path: Path):
    holder = FolderHolder(tmp_path)

    holder.freeze()
    assert becomes(held.pid, stopped=True)
    holder.thaw()
    assert becomes(held.pid, stopped=False)


def test_it_goes_on_when_whoever_froze_it_is_killed(held: subprocess.Popen[str], tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", FREEZES, str(tmp_path)], stdout=subprocess.PIPE, text=True) as freezer:
        assert freezer.stdout is not None
        freezer.stdout.readline()
        assert becomes(held.pid, stopped=True)

        freezer.kill()

    assert becomes(held.pid, stopped=False)


def test_frozen_twice_it_stands_still_until_it_is_let_go(held: subprocess.Popen[str], tmp_path: Path):
    holder = FolderHolder(tmp_path)
    holder.freeze()
    holder.freeze()
    assert becomes(held.pid, stopped=True)

    holder.thaw()

    assert becomes(held.pid, stopped=False)


def test_a_holder_that_died_meanwhile_is_no_error(held: subprocess.Popen[str], tmp_path: Path):
    holder = FolderHolder(tmp_path)
    holder.freeze()
    held.kill()
    held.wait()

    holder.thaw()


def test_where_nobody_is_nothing_is_frozen(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    holder = FolderHolder(tmp_path / "nowhere")

    holder.freeze()
    holder.thaw()

    assert "the controller is not frozen: no controller holds" in caplog.text
