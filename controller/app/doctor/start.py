"""What the next start would ask of a folder beside its databases being whole: keys, marks, the last time, what waits."""

import json
import stat
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from controller.adapters.clock import LAST_TIME, read_last_time
from controller.adapters.reserve import look_into as look_into_reserve
from controller.adapters.secrets import (
    BADGE_KEY,
    LIST_KEY,
    VISIT_KEY,
    load_badge_key,
    load_list_signing_key,
    load_visit_signing_key,
)
from controller.adapters.sql.registry import key_ids
from controller.adapters.telemetry.numbers import fault_of
from controller.app.doctor.finding import Finding
from controller.app.lock import refuse_half
from controller.app.missing import REGISTRY_FILE, TELEMETRY_FILE, is_to_begin_anew, missing_from, what_to_do
from controller.app.restore import MARKER
from controller.app.stores import has_registry_in, registry_of
from controller.config import Home
from controller.domain.trusted_time import TOLERATED
from controller.errors import ControllerError

_WANTED = ("events.db", TELEMETRY_FILE)
_KEYS_BACK = "put it back from the backup of the secrets: natoma restore BACKUP --over --secrets KEYS"


def look_at_start(home: Home, damaged: Collection[str], now: datetime) -> Iterator[Finding]:
    """`damaged` names the files that were found to be: nothing is read in them."""
    data = home.folder
    yield from _missing(home)
    has_registry = has_registry_in(home)
    yield from _keys(home, is_registry_whole=not has_registry or REGISTRY_FILE not in damaged)
    yield from _mark_of_a_restore(data)
    yield from _last_time(data, now)
    yield from _numbers(data)
    yield from _reserve(data)


def _missing(home: Home) -> Iterator[Finding]:
    data = home.folder
    missing = missing_from(data, has_registry=has_registry_in(home))
    for name in missing:
        if is_to_begin_anew(data, name):
            yield Finding.note(f"file {name}", "it is missing, and begins anew at the next start", "natoma run")
        else:
            yield Finding.act(f"file {name}", "it is missing: Natoma does not start", what_to_do(data, name))
    for name in _WANTED:
        if name not in missing and not (data / name).exists():
            yield Finding.note(f"file {name}", "there is none yet", "natoma run: the first start makes it")


def _keys(home: Home, *, is_registry_whole: bool) -> Iterator[Finding]:
    folder = home.folder / "secrets"
    badge_key = folder / BADGE_KEY
    if is_registry_whole:
        try:
            enrolled_with = key_ids(registry_of(home))
            # Asked only where it makes none.
            if enrolled_with or badge_key.exists():
                yield from _key(badge_key, partial(load_badge_key, folder, enrolled_with=enrolled_with))
        except ControllerError as error:
            yield Finding.act("registry", str(error), "without it no badge is known")
    if not badge_key.exists():
        yield Finding.note(
            "secrets", "there is no badge key yet", "the first start makes one; of a restored house put it back"
        )
    for name, load in ((LIST_KEY, load_list_signing_key), (VISIT_KEY, load_visit_signing_key)):
        if (folder / name).exists():
            yield from _key(folder / name, partial(load, folder))


def _key(path: Path, load: Callable[[], object]) -> Iterator[Finding]:
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return  # said among the files
    try:
        load()
    except ControllerError as error:
        yield Finding.act(f"key {path.name}", f"Natoma does not start: {error}", _KEYS_BACK)


def _mark_of_a_restore(data: Path) -> Iterator[Finding]:
    try:
        refuse_half(data)
    except ControllerError as error:
        yield Finding.act("restore", f"Natoma does not start: {error}", "do one or the other")
    try:
        told = json.loads((data / MARKER).read_text())
        made = datetime.fromisoformat(told["made"])
        str(told["natoma"])
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        how = f"it cannot be read ({error!r}): Natoma does not start"
        yield Finding.act(f"file {MARKER}", how, "restore the backup again: natoma restore BACKUP --over")
        return
    yield Finding.note("restore", f"this house is the backup of {made:%Y-%m-%d %H:%M}, not started since", "natoma run")


def _last_time(data: Path, now: datetime) -> Iterator[Finding]:
    file = data / LAST_TIME
    do = f"if this machine's clock is right, stop Natoma, delete {file} and start again"
    try:
        known = read_last_time(file)
    except ValueError as error:
        yield Finding.act(f"file {LAST_TIME}", f"{error}: Natoma does not go by it", do)
        return
    if known is not None and known - now > TOLERATED:
        how = f"the house has been at {known:%Y-%m-%d %H:%M} UTC, and this machine's clock says {now:%Y-%m-%d %H:%M}"
        yield Finding.act(
            f"file {LAST_TIME}", f"{how}: Natoma goes by the later one", f"{do}; else set the clock right"
        )


def _numbers(data: Path) -> Iterator[Finding]:
    if (fault := fault_of(data / "numbers.json")) is not None:
        how = f"it cannot be read ({fault}): devices' numbers are counted anew, and what was lost before is not told"
        yield Finding.note("file numbers.json", how, "put back the one of a backup, or let Natoma write it anew")


def _reserve(data: Path) -> Iterator[Finding]:
    waiting, why = look_into_reserve(data / "reserve.jsonl")
    if why is not None:
        how = f"decision {waiting} in it cannot be read ({why}): they do not come into the event log"
        do = "stop Natoma, keep a copy of it, and delete the line: what doors decided then is written nowhere else"
        yield Finding.act("file reserve.jsonl", how, do)
    elif waiting:
        yield Finding.note("reserve", f"{waiting:,} decisions wait for the event log", "natoma run: they go in at once")
