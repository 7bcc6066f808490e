"""Plain values -> the file's models, with every misfit told in the file's own terms.

Entries that do not fit are left out and remembered, so that the rest is still judged and nobody is told that a
door is unknown when it is only misspelt inside.
"""

from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from controller.space.errors import SECTIONS, Path, Problems, did_you_mean
from controller.space.file import (
    AreaEntry,
    DeviceEntry,
    DoorEntry,
    DrawingEntry,
    FloorEntry,
    ReaderProfileEntry,
    RoomEntry,
    SpaceFile,
    TimingsEntry,
)
from controller.space.file_policy import (
    GraceEntry,
    HolidayEntry,
    PartnerEntry,
    PlanEntry,
    ScheduleEntry,
    ZoneEntry,
)
from controller.space.locate import Plain
from controller.space.values import ID_PATTERN, PERSON_PATTERN

# Which model stands where; "*" is any id or position.
_MODELS: dict[Path, type[BaseModel]] = {
    (): SpaceFile,
    ("floors", "*"): FloorEntry,
    ("floors", "*", "drawings", "*"): DrawingEntry,
    ("areas", "*"): AreaEntry,
    ("areas", "*", "room"): RoomEntry,
    ("doors", "*"): DoorEntry,
    ("doors", "*", "timings"): TimingsEntry,
    ("devices", "*"): DeviceEntry,
    ("reader_profiles", "*"): ReaderProfileEntry,
    ("zones", "*"): ZoneEntry,
    ("schedules", "*"): ScheduleEntry,
    ("holidays", "*"): HolidayEntry,
    ("plans", "*"): PlanEntry,
    ("grace",): GraceEntry,
    ("partners", "*"): PartnerEntry,
}
# What people write who know other systems.
_SYNONYMS = {
    "timezone": "zone", "time_zone": "zone", "tz": "zone", "capacity": "seats", "position": "at", "pos": "at",
    "rect": "outline", "polygon": "outline", "parent": "within", "in": "within", "type": "kind", "title": "name",
    "unlock": "unlock_schedule", "fail": "fail_mode", "in_maintenance": "maintenance", "has_contact": "contact",
    "hours": "schedule", "areas": "where", "interval": "every_s", "cutoff": "cut_off", "group": "zones",
}  # fmt: skip
_NUMBER_WORDS = {
    "greater_than_equal": ("ge", "{} or more"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "{} or less"),
    "less_than": ("lt", "less than {}"),
}


@dataclass(frozen=True, slots=True)
class Structure:
    """What of the file fits its models, and which entries were left out."""

    file: SpaceFile
    left_out: frozenset[Path]


def read_structure(plain: Plain, problems: Problems) -> Structure | None:
    """The file as models; None when what is left is no space at all. Problems are told."""
    if not isinstance(plain, dict):
        if not problems.has_errors:
            fix = "start with 'natoma: 1', an id, a name, a zone, floors and areas; docs/space.md has ten lines to copy"
            problems.error((), None, "the file is empty" if plain is None else "the file is not a space", fix)
        return None
    left: dict[str, Any] = deepcopy(plain)
    left_out: set[Path] = set()
    # Each round takes out whatever did not fit; a second is needed only where one fault hid another.
    for _ in range(5):
        try:
            return Structure(SpaceFile.model_validate(left), frozenset(left_out))
        except ValidationError as exc:
            found = exc.errors(include_url=False)
            misspelt = {meant for error in found if error["type"] == "extra_forbidden" and (meant := _meant_by(error))}
            for error in found:
                # A key written under another name is not missing too.
                if not (error["type"] == "missing" and _real(error["loc"]) in misspelt):
                    _tell(error, plain, problems)
                _leave_out(_real(error["loc"]), error, left, left_out)
    return None


def _tell(error: ErrorDetails, plain: dict[str, Any], problems: Problems) -> None:
    path = _real(error["loc"])
    value = None if error["type"] == "missing" else error["input"]
    if _is_key(error):
        value = path[-1]
        why, fix = "is no id", "use a-z, 0-9 and '-', at most 40 of them"
        if path[0] == "holidays":
            why, fix = "is no date", "write it as 2026-12-25"
        problems.error(path, value, why, fix)
        return
    if error["type"] == "extra_forbidden":
        fix = _known_key(path)
        if error["input"] is None and not _meant_by(error):
            # `name: Foyer, back` within braces says two keys, the second without a value.
            fix = f"if it belongs to the text before it, put all of that in quotes; {fix}"
        problems.error(path, None, "is no key of this format", fix)
        return
    why, fix = _words(error, path)
    if error["type"] != "missing":
        # `night: 20:00-08:00` is short for `night: {open: [20:00-08:00]}`, and `room: meeting` for a whole block.
        short = (*path[:2], *path[3:]) if path[0] == "schedules" and path[:3] not in problems else path
        path = problems.written(short)
    if path == ("natoma",) and error["type"] != "missing":
        why, fix = "is a version of the format that this program does not know", "write 1, or use a newer natoma"
    if error["type"] == "missing" and path[0] not in plain and len(path) == 1:
        problems.error(path, None, why, fix, line=1)
        return
    problems.error(path, None if isinstance(value, dict | list) and len(str(value)) > 60 else value, why, fix)


def _words(error: ErrorDetails, path: Path) -> tuple[str, str]:
    kind, ctx = error["type"], error.get("ctx", {})
    if kind == "space":
        return str(ctx["why"]), str(ctx["fix"])
    if kind == "missing":
        if isinstance(path[-1], int):
            return "is missing", "write both, such as [4, 2.5]"
        return "is missing", f"add '{path[-1]}: {_example(path, '...')}'"
    if kind in _NUMBER_WORDS:
        name, words = _NUMBER_WORDS[kind]
        bound = ctx[name]
        side = "too small" if kind.startswith("greater") else "too large"
        return f"is {side}", "write " + words.format(f"{bound:g}" if isinstance(bound, float) else bound)
    if kind in {"enum", "literal_error"}:
        allowed = str(ctx["expected"])
        words_known = [word.strip(" '") for word in allowed.replace(" or ", ", ").split(",")]
        return "is not known here", did_you_mean(str(error["input"]), words_known, f"write {allowed}")
    if kind == "string_pattern_mismatch":
        return _unlike(str(ctx.get("pattern")), path)
    if error["input"] is None:
        return "has no value", f"write one, such as {_example(path, 'a word')}, or delete the key"
    if kind in {"too_short", "too_long"}:
        return "has the wrong length", "write two numbers, such as [4, 2.5]"
    if kind in {"string_too_short", "string_too_long"}:
        return "has the wrong length", "write " + _plain_words(error["msg"]).partition("should have ")[2]
    for prefix, word in _TYPE_WORDS.items():
        if kind.startswith(prefix):
            return "is not " + word[0], word[1]
    return "does not fit", _plain_words(error["msg"])


def _unlike(pattern: str, path: Path) -> tuple[str, str]:
    if pattern == ID_PATTERN:
        return "is no id", "use a-z, 0-9 and '-', at most 40 of them"
    if pattern == PERSON_PATTERN:
        return "is no id of a person", "write ids as your people file has them, or staff"
    return "is not written as it should be", _PATTERNS.get(str(path[-1]), f"it must look like {pattern}")


def _example(path: Path, otherwise: str) -> str:
    return "Christmas" if path[0] == "holidays" else _EXAMPLES.get(str(path[-1]), otherwise)


_EXAMPLES = {
    "natoma": "1", "id": "my-space", "name": "My space", "zone": "Europe/Paris", "floors": "{ground: {size: [20, 12]}}",
    "areas": "{studio: {}}", "size": "[20, 12]", "from": "outside", "to": "lobby", "kind": "sensor", "where": "[lobby]",
    "outline": "[0, 0, 5, 4]", "public_key": "...", "plan": "visiting",
}  # fmt: skip
_PATTERNS = {
    "direction": "write in or out",
    "root": "levels of letters, digits, '_', '.' and '-', with '/' between: natoma/paris",
    "dialect": "a-z, 0-9, '_' and '-'",
}
_TYPE_WORDS = {
    "int": ("a whole number", "write digits alone"),
    "float": ("a number", "write a number such as 2.5"),
    "finite": ("a number", "write a number such as 2.5"),
    "bool": ("true or false", "write true or false"),
    "string": ("text", "write a word, or text in quotes"),
    "model": ("a set of keys", "write keys and values below it, or {key: value}"),
    "dict": ("a set of keys", "write 'id: {...}' lines below it"),
    "tuple": ("a list", "write [first, second]"),
    "list": ("a list", "write [first, second]"),
    "date": ("a date", "write it as 2026-12-25"),
    "decimal": ("an amount of money", "write it in your own money, such as 200 or 19.90"),
}


def _plain_words(message: str) -> str:
    return message[:1].lower() + message[1:]


def _meant_by(error: ErrorDetails) -> Path | None:
    """The key that was meant by one that is unknown, when there is little doubt."""
    path = _real(error["loc"])
    wrong, known = str(path[-1]), _keys_at(path[:-1])
    close = get_close_matches(wrong, known, n=1, cutoff=0.6)
    meant = _SYNONYMS.get(wrong) or (close[0] if close else None)
    return (*path[:-1], meant) if meant is not None else None


def _known_key(path: Path) -> str:
    known = _keys_at(path[:-1])
    wrong = str(path[-1])
    if (meant := _SYNONYMS.get(wrong)) in known:
        return f"did you mean {meant!r}?"
    # A plain typing slip in the key of a section is far likelier than a synonym of it.
    if get_close_matches(wrong, known, n=1, cutoff=0.6):
        return did_you_mean(wrong, known, "")
    return f"the keys here are {', '.join(known)}"


def _keys_at(path: Path) -> list[str]:
    for pattern, model in _MODELS.items():
        if len(pattern) == len(path) and all(a in ("*", b) for a, b in zip(pattern, path, strict=True)):
            return [field.alias or name for name, field in model.model_fields.items()]
    raise LookupError(f"no model of the file at {path}")  # a model was added without a line in _MODELS


def _is_key(error: ErrorDetails) -> bool:
    return error["loc"][-1:] == ("[key]",)


def _real(loc: tuple[int | str, ...]) -> Path:
    """Pydantic's place without its own marks."""
    return tuple(part for part in loc if part != "[key]")


def _leave_out(path: Path, error: ErrorDetails, left: dict[str, Any], left_out: set[Path]) -> None:
    """Take out as little as lets the rest be judged."""
    if error["type"] == "extra_forbidden" and _delete(left, path):
        return
    top = str(path[0])
    if top in SECTIONS and len(path) >= 2 and isinstance(left.get(top), dict):
        left[top].pop(path[1], None)
        left_out.add(path[:2])
        return
    left[top] = _PLACEHOLDERS.get(top)
    left_out.add((top,))


def _delete(left: dict[str, Any], path: Path) -> bool:
    """Take the key out; False when a short form (`room: meeting`) means that there is none to take."""
    around: Any = left
    try:
        for part in path[:-1]:
            around = around[part]
        del around[path[-1]]
    except (LookupError, TypeError):
        return False
    return True


_PLACEHOLDERS: dict[str, Any] = {
    "natoma": 1, "id": "space", "name": "space", "zone": "UTC", "root": "natoma", "cut_off": "04:00",
    "grace": {}, "offline_valid_h": 24,
    **{section: {} for section in SECTIONS},
}  # fmt: skip
