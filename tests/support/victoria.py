"""A real VictoriaMetrics for a test: a child process on its own port, over its own folder.

It takes the writes of InfluxDB 2 (`/api/v2/write`, also below `/influx`) and is read back through `/api/v1/export`.
"""

import json
import urllib.request
from pathlib import Path
from typing import Any, Self, TypeAlias
from urllib.parse import urlencode

from tests.support.broker import free_port
from tests.support.components import program
from tests.support.serverprocess import PATIENCE_S, ServerProcess

SeriesKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""Name (measurement_field), tags by name."""


class VictoriaServer:
    """Use as a context manager. It keeps its port and its files through `kill` and `start`.

    It asks for no token, knows no organization and no bucket; what it had not written to its disk is gone after a kill.
    """

    org = "any"
    token = "any"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = ServerProcess(
            [
                program("victoria-metrics"),
                f"-httpListenAddr=127.0.0.1:{self.port}",
                f"-storageDataPath={folder}/data",
                "-retentionPeriod=100y",
                # As docs/influxdb.md says it must be set: else a batch sent twice is kept twice.
                "-dedup.minScrapeInterval=1ms",
                "-memory.allowedPercent=10",
                "-loggerLevel=ERROR",
            ],
            folder / "victoria-metrics.log",
            self._is_healthy,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self._server.start()

    def kill(self) -> None:
        self._server.kill()

    @property
    def is_running(self) -> bool:
        return self._server.is_running

    def new_bucket(self) -> str:
        """Everything in it is deleted; any name will do."""
        self._ask("/api/v1/admin/tsdb/delete_series", {"match[]": '{__name__=~".+"}'})
        return "any"

    def points(self, bucket: str = "any") -> dict[SeriesKey, list[tuple[int, float]]]:
        """Every point: (milliseconds, value) by series, by time."""
        self._ask("/internal/force_flush", {})
        found: dict[SeriesKey, list[tuple[int, float]]] = {}
        for line in self._ask("/api/v1/export", {"match[]": '{__name__=~".+"}'}).splitlines():
            block: dict[str, Any] = json.loads(line)
            tags = dict(block["metric"])
            key = (tags.pop("__name__"), tuple(sorted(tags.items())))
            found.setdefault(key, []).extend(zip(block["timestamps"], block["values"], strict=True))
        return {key: sorted(points) for key, points in found.items()}

    def _is_healthy(self) -> bool:
        return self._ask("/health", {}) == b"OK"

    def _ask(self, path: str, asked: dict[str, str]) -> bytes:
        with urllib.request.urlopen(f"{self.url}{path}?{urlencode(asked)}", timeout=PATIENCE_S) as answer:
            return bytes(answer.read())
