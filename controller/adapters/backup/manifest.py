"""What is in a backup, of which moment, and how each file is known to be whole: `manifest.json`, its last entry."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from controller.errors import InputError

FORMAT = 1
NAME = "manifest.json"

# Files of a data folder that may be in a backup; anything else is not put anywhere.
_NAMES = re.compile(
    r"(natoma|events|telemetry|sending)\.db"
    r"|history/(rollup-\d{4}|\d{4}-\d{2})\.db"
    r"|reserve\.jsonl|numbers\.json|space\.yaml|registry\.dump"
    r"|space/(current\.json|history\.jsonl|started\.json)|space/versions/[0-9a-z]+\.yaml"
    r"|secrets/[\w-]+(\.[\w-]+)*|broker/(passwords|doors)\.json"
)


@dataclass(frozen=True, slots=True)
class Packed:
    """One file. `schema`: the revision of a database's tables, "" for what is none."""

    name: str
    size: int
    sha256: str
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`natoma`: the version that packed it. `left_out`: what belongs to the house and is not in here, in words."""

    natoma: str
    made: datetime
    files: tuple[Packed, ...] = ()
    left_out: tuple[str, ...] = ()
    holds: str = "house"  # or "secrets"
    format: int = field(default=FORMAT)

    def as_json(self) -> str:
        return json.dumps({**asdict(self), "made": self.made.isoformat()}, indent=1, ensure_ascii=False)


def is_known(name: str) -> bool:
    """Whether this is a file that Natoma puts into backups."""
    return _NAMES.fullmatch(name) is not None


def read_manifest(text: bytes, where: str) -> Manifest:
    """What a manifest says; InputError when this program cannot go by it."""
    try:
        found: Mapping[str, Any] = json.loads(text)
        written = int(found["format"])
        natoma = str(found["natoma"])
    except (KeyError, TypeError, ValueError) as exc:
        raise InputError(f"{where}: its {NAME} is not what Natoma writes: it is damaged, or no backup") from exc
    if written != FORMAT:
        raise InputError(
            f"{where}: was written by Natoma {natoma} in format {written}, this program reads format {FORMAT} — "
            f"restore it with Natoma {natoma}"
        )
    try:
        files = tuple(
            Packed(str(one["name"]), int(one["size"]), str(one["sha256"]), str(one["schema"])) for one in found["files"]
        )
        made = datetime.fromisoformat(found["made"])
        return Manifest(natoma, made, files, tuple(map(str, found["left_out"])), str(found["holds"]))
    except (KeyError, TypeError, ValueError) as exc:
        raise InputError(f"{where}: its {NAME} is damaged") from exc
