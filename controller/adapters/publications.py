"""The versions of the space file in a data folder: which one counts, those before it, and which one the service runs on.

`space/versions/` holds every text that ever counted, named by its version; `current.json` says which one counts,
`history.jsonl` who published what when, `started.json` from which file the service was started, `running.json` what it
runs on. Texts are kept as they are: what they mean is for `controller.space`.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.errors import InputError, StoreError
from controller.services.policy.publishing import Publication

_VERSION_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Start:
    """The file a service was started with, and what was in it."""

    file: str
    version: str


class PublicationFolder:
    """One data folder's versions; any process may read, and write one publication at a time."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "space"
        self._seen: tuple[tuple[int, int, int] | None, Publication | None] = (None, None)

    # --- which counts -----------------------------------------------------------------------------

    def current(self) -> Publication | None:
        """The version that counts, or None where none was ever published. A file that has not changed is not read."""
        path = self._folder / "current.json"
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{path} cannot be read ({error.strerror})") from error
        mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if self._seen[0] != mark:
            self._seen = (mark, _publication(self._read("current.json"), path))
        return self._seen[1]

    def publish(self, text: str, *, at: datetime, by: str, reason: str = "", source: str = "") -> Publication:
        """Make this text the version that counts.

        Raises:
            StoreError: it could not be written; what counted before counts on.
        """
        publication = Publication(version_of(text), at, by, reason, source)
        line = {"version": publication.version, "at": at.astimezone(UTC).isoformat(), "by": by}
        line |= {key: value for key, value in (("reason", reason), ("source", source)) if value}
        try:
            versions = self._folder / "versions"
            versions.mkdir(parents=True, exist_ok=True, mode=0o700)
            kept = versions / f"{publication.version}.yaml"
            if not kept.exists():
                _replace(kept, text)
            with (self._folder / "history.jsonl").open("a", encoding="utf-8") as history:
                history.write(json.dumps(line, ensure_ascii=False) + "\n")
            _replace(self._folder / "current.json", json.dumps(line, ensure_ascii=False, indent=1))
        except OSError as error:
            raise StoreError(f"{self._folder} cannot be written ({error.strerror})") from error
        return publication

    # --- those before it --------------------------------------------------------------------------

    def history(self) -> list[Publication]:
        """Everything ever published here, the oldest first."""
        path = self._folder / "history.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"{path} cannot be read ({error})") from error
        found = []
        for line in lines:
            try:
                found.append(_publication(json.loads(line), path))
            except (ValueError, StoreError):
                continue  # a line the power cut short; every other one stands
        return found

    def path_of(self, version: str) -> Path:
        """The file of a version; InputError where there is none of that name, or more than one."""
        named = sorted((self._folder / "versions").glob(f"{version}*.yaml")) if version.isalnum() else []
        if len(named) == 1:
            return named[0]
        known = ", ".join(dict.fromkeys(one.version for one in self.history()[-8:])) or "none yet"
        why = "fits more than one version" if named else "is no version of the space file kept here"
        raise InputError(f"version {version!r} {why} — the last ones are {known}")

    # --- the service ------------------------------------------------------------------------------

    def started_with(self) -> Start | None:
        """What the service was last started with, if it was started with a file."""
        found = self._read("started.json")
        return Start(str(found.get("file")), str(found.get("version"))) if found else None

    def starts_with(self, start: Start) -> None:
        self._write("started.json", {"file": start.file, "version": start.version})

    def running(self) -> str | None:
        found = self._read("running.json")
        return str(found["version"]) if found and "version" in found else None

    def runs(self, version: str) -> None:
        self._write("running.json", {"version": version})

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self._folder / name
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read ({error})") from error
        if not isinstance(found, dict):
            raise StoreError(f"{path} is not what Natoma writes there; delete it, and publish again")
        return found

    def _write(self, name: str, content: Mapping[str, str]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _replace(self._folder / name, json.dumps(content, ensure_ascii=False, indent=1))
        except OSError as error:
            raise StoreError(f"{self._folder / name} cannot be written ({error.strerror})") from error


def version_of(text: str) -> str:
    """The version of a text, the one its space carries."""
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_LENGTH]


def _publication(found: Mapping[str, Any] | None, path: Path) -> Publication:
    try:
        assert found is not None
        at = datetime.fromisoformat(found["at"])
        return Publication(found["version"], at, found["by"], found.get("reason", ""), found.get("source", ""))
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path} is not what Natoma writes there; publish again") from error


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk: after a power cut there is the old one, or the new one."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
