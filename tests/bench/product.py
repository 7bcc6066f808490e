"""The controller under measurement, as its user starts it: `natoma run` with a space, people and a broker."""

import secrets
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.bench import building, mqtt
from tests.bench.process import Running, wait_until


class Product:
    """One data folder; started and stopped as often as a measurement needs."""

    def __init__(self, folder: Path, port: int, tool: Path, *, people: int, badges_each: int = 1) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.port = port
        self.tool = tool
        self.web_port = mqtt.free_port()
        self.cards = folder / "cards.txt"
        self.space = folder / "space.yaml"
        self.space.write_text(building.space_yaml())
        building.write_people(folder / "people.csv", self.cards, people, badges_each)
        self._natoma("people", "import", str(folder / "people.csv"), "--apply")
        mqtt.present_devices(port)
        self.running: Running

    def start(self, *, wait: bool = True) -> None:
        words = ["run", *self._where(), "--mqtt", f"mqtt://127.0.0.1:{self.port}", "--web-port", str(self.web_port)]
        self.running = Running([sys.executable, "-m", "controller", *words], self.folder / "log.txt")
        if wait:
            wait_until(self._is_healthy, 20, "the controller's health")
            time.sleep(1)

    def stop(self) -> None:
        self.running.stop()

    def first_unlock(self) -> float:
        """Seconds from the process's start to its first answer; taps until one comes."""
        while True:
            run = secrets.token_hex(4)
            words = ["taps", self.port, 100, 1, building.DOORS, self.cards, run, 0.02]
            out = subprocess.run([str(self.tool), *map(str, words)], capture_output=True, text=True)
            if '"got":1' in out.stdout:
                return time.monotonic() - self.running.started - 0.2  # the tool waits that long for a second answer
            if time.monotonic() - self.running.started > 30:
                raise TimeoutError("no unlock within 30 s of the start; see " + str(self.running.log))

    def kept(self) -> int:
        """Messages with readings made durable since the start, as /metrics says."""
        for line in self._get("/metrics").splitlines():
            if line.startswith("natoma_readings_kept_total"):
                return int(float(line.split()[-1]))
        return 0

    def wait_for_kept(self, count: int) -> None:
        wait_until(lambda: self.kept() >= count, 120, f"{count} readings kept", every=0.1)

    def wait_for_quiet(self) -> None:
        """Until nothing more is being kept."""
        before = -1
        while (now := self.kept()) != before:
            before = now
            time.sleep(0.5)

    def _natoma(self, *words: str) -> None:
        out = subprocess.run(
            [sys.executable, "-m", "controller", *words, *self._where()], capture_output=True, text=True
        )
        if out.returncode:
            raise RuntimeError(f"natoma {' '.join(words)}: {out.stderr or out.stdout}")

    def _where(self) -> list[str]:
        return ["--data", str(self.folder / "data"), "--space", str(self.space)]

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web_port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def _is_healthy(self) -> bool:
        try:
            self._get("/healthz")
        except OSError:
            return False
        return True
