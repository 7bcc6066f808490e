"""Where settings are written: flags over the environment over a file; and how one that is wrong is told."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource

from controller.config.written import NAMES, PATHS, PREFIX, RIGHT, SECRETS, SYNONYMS, URLS, Written
from controller.errors import InputError

CONFIG_FILE = Path("natoma.toml")
# Environment names that only Natoma could have meant: the rest of NATOMA_* may belong to scripts around it.
_OURS = re.compile(r"NATOMA_(MQTT|WEB|LOG|BROKER|DATA|DATABASE|NOTIFY|CALENDARS|INFLUX|KEEP)(_|$)")


@dataclass(frozen=True, slots=True)
class Sources:
    """What was written, and where each of it came from."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def wrong(self, name: str, why: str, right: str) -> str:
        """One line: the setting, where it came from, its value, and what would be right."""
        value = self.values.get(name)
        shown = "" if value is None else f"{_masked(name, value)!r} "
        return f"setting {name} ({self.origins.get(name, 'not set')}): {shown}{why} — {right}"


def read_sources(flags: Mapping[str, object], config: Path | None) -> Sources:
    elsewhere = os.environ.get(f"{PREFIX}CONFIG")
    named = config or (Path(elsewhere) if elsewhere else None)
    values, origins = _read_file(named or CONFIG_FILE, must_exist=named is not None)
    _refuse_unknown_environment()
    for name, found in EnvSettingsSource(Written)().items():
        values[name], origins[name] = found, f"{PREFIX}{name.upper()}"
    for name, given in flags.items():
        if given is not None:
            values[name], origins[name] = given, f"--{name.replace('_', '-')}"
    return Sources(values, origins)


def _read_file(path: Path, *, must_exist: bool) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if must_exist:
            raise InputError(f"settings file {path}: there is no such file — name one that exists") from None
        return {}, {}
    except (OSError, UnicodeDecodeError) as exc:
        reason = "is not UTF-8" if isinstance(exc, UnicodeDecodeError) else f"cannot be read ({exc.strerror})"
        raise InputError(f"settings file {path}: {reason} — name a text file that this user may read") from exc
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise InputError(f"settings file {path}: is not TOML ({exc}) — write lines like: web_port = 8080") from exc
    lines = {
        match[1]: text.count("\n", 0, match.start(1)) + 1 for match in re.finditer(r"(?m)^\s*([\w-]+)\s*[=.]", text)
    }
    origins = {name: f"{path}:{lines[name]}" if name in lines else str(path) for name in written}
    if unknown := [name for name in written if name not in NAMES]:
        raise InputError(
            "\n".join(f"setting {name} ({origins[name]}): there is none — {_meant(name)}" for name in unknown)
        )
    # A path in a file is seen from that file, wherever the service was started.
    at_home = {name: path.parent / value for name, value in written.items() if name in PATHS and isinstance(value, str)}
    return {**written, **at_home}, origins


def _refuse_unknown_environment() -> None:
    """A misspelt NATOMA_MQTT_* must not quietly start a broker of our own."""
    known = {f"{PREFIX}{name.upper()}" for name in NAMES}
    unknown = [name for name in sorted(os.environ) if _OURS.match(name) and name not in known]
    if unknown:
        lines = (
            f"setting {name} (environment): there is none — {_meant(name.removeprefix(PREFIX).lower())}"
            for name in unknown
        )
        raise InputError("\n".join(lines))


def _meant(name: str) -> str:
    if name in SYNONYMS:
        return f"did you mean {SYNONYMS[name]}?"
    close = get_close_matches(name.replace("-", "_"), NAMES, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"the settings are {', '.join(NAMES)}"


def told(sources: Sources, exc: ValidationError) -> list[str]:
    found = {}
    for error in exc.errors(include_url=False):
        name = str(error["loc"][0])
        if error["type"] == "extra_forbidden":
            found[name] = f"setting {name} ({sources.origins[name]}): there is none — {_meant(name)}"
        else:
            found.setdefault(name, sources.wrong(name, "does not fit", RIGHT.get(name, "write text")))
    return list(found.values())


def _masked(name: str, value: object) -> str:
    if name in SECRETS:
        return "***"
    if name not in URLS:
        return str(value)
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    text, query, _ = text.partition("?")  # may name a password too
    text += "?***" if query else ""
    # Whatever stands before the last @ may be a password, in a URL that is none as well.
    scheme, _, _ = text.partition("://") if "://" in text else ("", "", "")
    _, at, host = text.rpartition("@")
    return f"{scheme}://***@{host}" if at and scheme else f"***@{host}" if at else text
