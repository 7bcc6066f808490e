"""What was done to whom, one line of JSON for each time: `{"t", "fault", "target", "device", "what"}`.

It lies beside captures and reads like one; no body of a message is in it, so no badge and no PIN.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from simulator.faults.fault import Fault
from simulator.private_file import private_file


def line(at: datetime, fault: Fault, device: str, what: str) -> str:
    """As it is written, without its line break."""
    written = {
        "t": at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "fault": fault.kind,
        "target": fault.target,
        "device": device,
        "what": what,
    }
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


class Transcript:
    """A file that begins with the first fault: who never breaks anything never sees one."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self.path = path
        self._now = now
        self._file: TextIO | None = None

    def tell(self, fault: Fault, device: str, what: str) -> None:
        if self._file is None:
            self._file = private_file(self.path)
        self._file.write(line(self._now(), fault, device, what) + "\n")
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
