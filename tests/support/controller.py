"""The controller as its user starts it: a child process over a data folder, seen only from outside.

What it holds to be true is read from its page, what it wrote down from its databases, how it ended from its
exit code. The devices it talks to are `tests.support.field`'s.
"""

import contextlib
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.support.warm import Forked

PATIENCE_S = 20.0
STOP_LIMIT_S = 5.0
# A look reads files or asks the page: more often, and it takes from what it waits for.
LOOK_EVERY_S = 0.02
ROOT = Path(__file__).parents[2]
DECISIONS = ("entry_granted", "entry_denied", "read_ignored")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def natoma(*words: object, cwd: Path = ROOT, within: float = PATIENCE_S, typed: str = "", **environment: str) -> Said:
    """Run a command of `natoma` to its end, with an environment that has none of our own settings."""
    with tempfile.TemporaryDirectory() as folder:
        given, out, err = (Path(folder, name) for name in ("in", "out", "err"))
        given.write_text(typed)
        command = Forked(words, cwd=cwd, env=clean_environment(**environment), stdin=given, stdout=out, stderr=err)
        try:
            code = command.wait(within)
        finally:
            command.kill()
        return Said(code, out.read_text(), err.read_text())


def clean_environment(**more: str) -> dict[str, str]:
    """Ours without NATOMA_*."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NATOMA_")}
    return {**ours, "PYTHONPATH": str(ROOT), **more}


def offspring(pid: int) -> list[int]:
    """Every living process below this one."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(stat.parent.name)] = int(parent)
    found: list[int] = []
    above = {pid}
    while below := {child for child, parent in parents.items() if parent in above}:
        found += below
        above = below
    return found


def is_alive(pid: int) -> bool:
    """Whether this process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(holds: Callable[[], Any], what: str, within: float = PATIENCE_S) -> float:
    """Wait until it holds; answers how many seconds that took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within:
            raise AssertionError(f"{what}: not within {within:g} s")
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - began


class ControllerProcess:
    """`natoma run` or `natoma demo` over one data folder; use as a context manager.

    It may be stopped, killed and started again. The page takes a free port at each start.
    """

    def __init__(
        self, folder: Path, *words: object, data: Path | None = None, cwd: Path = ROOT, cold: bool = False
    ) -> None:
        """`words` follow `natoma`; `data` is where they put it by themselves, else it is put into the folder.

        A `cold` one is started as its user starts it, imports and all: seconds, for tests about just that.
        """
        self.data = data or folder / "data"
        where = [] if data is not None else ["--data", str(self.data)]
        self._command = [*map(str, words), *where, "--web-port", "0"]
        self._cwd = cwd
        self._cold = cold
        self._folder = folder
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._readers: dict[str, sqlite3.Connection] = {}
        self.url = ""
        self.started_at = 0.0  # monotonic, of the newest start

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.end()  # a house that came too late is not left alone with its devices
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    # --- its life -----------------------------------------------------------------------------------------------------

    def start(self, *, wait: bool = True) -> None:
        """Start it; return once its page answers."""
        self.launch()
        if wait:
            self.wait_for_page()

    def launch(self) -> None:
        """Start it and do not wait."""
        assert self._process is None, "it runs already"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._out.write_bytes(b"")
        self.log_file.touch()
        self.started_at = time.monotonic()
        if not self._cold:
            files = {"stdin": Path(os.devnull), "stdout": self._out, "stderr": self.log_file}
            self._process = Forked(self._command, cwd=self._cwd, env=clean_environment(), **files)
            return
        with self._out.open("ab") as out, self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "controller", *self._command],
                cwd=self._cwd,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,  # a Ctrl-C meant for it must not reach the tests
            )

    def wait_for_page(self) -> None:
        """Return once it has said where its page is."""
        eventually(self._has_page, f"the page; its log ends: {self.log[-2000:]}")

    def wait_until_well(self, within: float = PATIENCE_S) -> float:
        """Return once every vital part works; answers how many seconds that took."""
        return eventually(lambda: self.health()[0] == 200, "every part of the controller to be well", within)

    def freeze(self) -> None:
        """It is there and answers nobody, as on a machine whose disk hangs."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut does."""
        process = self._running()
        process.kill()
        process.wait()
        self._process = None

    def signalled(self, number: signal.Signals) -> int:
        """Send a signal that ends it; its exit code, or a failure when it takes too long."""
        process = self._running()
        process.send_signal(number)
        code = process.wait(STOP_LIMIT_S)
        self._process = None
        return code

    def stop(self) -> int:
        return self.signalled(signal.SIGTERM)

    def end(self) -> None:
        """Whatever state it is in: gone when this returns."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    @property
    def pid(self) -> int:
        return self._running().pid

    def children(self) -> list[int]:
        """The processes it started, and those they started."""
        return offspring(self.pid)

    def memory_mib(self) -> float:
        """The most it has kept in memory since it started."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def said(self) -> str:
        """What it printed for its user since the newest start."""
        return self._out.read_text(errors="replace")

    # --- its page -----------------------------------------------------------------------------------------------------

    def health(self) -> tuple[int, Mapping[str, Any]]:
        """Status and body of /healthz."""
        return self._get("healthz")

    def live(self) -> Mapping[str, Any]:
        """Everything the page shows."""
        return self._get("api/live")[1]

    def page(self) -> str:
        with urllib.request.urlopen(self.url, timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())

    def wait_for_device(self, device: str, state: str = "ready") -> None:
        """Return once it shows this device in this state."""
        eventually(lambda: self.live()["devices"][device]["state"] == state, f"device {device} {state}")

    # --- what it wrote down -------------------------------------------------------------------------------------------

    def decisions(self, message_id: str | None = None) -> list[dict[str, Any]]:
        """The answers to reads, oldest first: all of them, or those to one message."""
        of_them = f"kind IN {DECISIONS}" + ("" if message_id is None else " AND message_id = ?")
        return self._facts(of_them, () if message_id is None else (message_id,))

    def facts(self, kind: str) -> list[dict[str, Any]]:
        return self._facts("kind = ?", (kind,))

    def readings(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Device and values of every reading kept, in order."""
        rows = self.query("telemetry", "SELECT n, device, channel, value FROM reading ORDER BY n")
        for (_, device), of_row in itertools.groupby(rows, key=lambda row: row[:2]):
            yield device, {channel: value for _, _, channel, value in of_row}

    def query(self, file: str, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Ask one of its database files, from this process. Nothing is there before the first start."""
        reader = self._readers.get(file)
        if reader is None:
            uri = f"{(self.data / file).resolve().as_uri()}.db?mode=rw"
            reader = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
            reader.execute("PRAGMA busy_timeout=5000")
            reader.execute("PRAGMA query_only=ON")
            # Kept open: the last one to close a file would also tidy it, and a kill should leave it untidy.
            self._readers[file] = reader
        return reader.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def event_log_locked(self) -> Iterator[None]:
        """Nothing can be written to the event log meanwhile, as while somebody else writes to it."""
        with contextlib.closing(sqlite3.connect(self.data / "events.db", isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout=5000")
            other.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                other.execute("ROLLBACK")

    # --- small steps --------------------------------------------------------------------------------------------------

    def _facts(self, condition: str, values: tuple[object, ...]) -> list[dict[str, Any]]:
        columns = ("kind", "door", "device", "person", "message_id", "correlation", "detail")
        rows = self.query(
            "events", f"SELECT {', '.join(columns)} FROM fact WHERE {condition} ORDER BY position", values
        )
        return [
            {**dict(zip(columns, row, strict=True)), "detail": json.loads(row[-1]) if row[-1] else {}} for row in rows
        ]

    def _has_page(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"it ended at once with {self._process.returncode}: {self.log[-2000:]}")
        for line in self.said.splitlines():
            if line.startswith("Open http"):
                self.url = line.removeprefix("Open ")
                return True
        return False

    def _get(self, path: str) -> tuple[int, Mapping[str, Any]]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def _running(self) -> subprocess.Popen[bytes] | Forked:
        assert self._process is not None, "it is not running"
        return self._process

    @property
    def _out(self) -> Path:
        return self._folder / "out.txt"

    @property
    def log_file(self) -> Path:
        return self._folder / "log.txt"


def copy_of(made: Path, folder: Path) -> Path:
    """A data folder of one's own, as another was left; its secrets stay for their owner alone."""
    shutil.copytree(made, folder)
    return folder
