"""YAML text -> plain values, and the line each of them stands on.

A subset on purpose: one document, text keys, no anchors, aliases or tags, so that what a reader sees is
what is there and no small file unfolds into a large one. What the keys mean is in `file`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from controller.space.errors import SECTIONS, Path, Problems

Plain = bool | int | float | str | list[Any] | dict[str, Any] | None

# A space of 2,000 doors is under 1 MB; what is larger was not written by a person.
SIZE_LIMIT = 2 * 1024 * 1024
# The deepest thing the format has is floor, drawings, one drawing, outline, point: six levels.
DEPTH_LIMIT = 12

# YAML 1.2's core schema. 1.1 would turn `no` into False and 12:30 into 750.
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

# The C parser is some ten times faster; PyYAML is sometimes installed without it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Located:
    """The file as plain values, with the line of every key and item."""

    plain: Plain
    lines: dict[Path, int]


@dataclass(slots=True)
class _Refused(Exception):
    """This text is no YAML of ours, from here on."""

    line: int
    why: str
    fix: str
    value: object = None


def locate(text: str, problems: Problems, lines: dict[Path, int]) -> Plain:
    """The values of `text`; fills `lines`. None, with a problem told, for what is not YAML at all."""
    try:
        return _Reader(text, problems, lines).document()
    except _Refused as refused:
        problems.error((), refused.value, refused.why, refused.fix, line=refused.line)
    except yaml.reader.ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1 if isinstance(exc.position, int) else 1
        problems.error((), None, "holds a character that YAML does not allow", "delete it and save as UTF-8", line=line)
    except yaml.MarkedYAMLError as exc:
        line, why, fix = _explain(exc, text)
        problems.error((), None, why, fix, line=line)
    return None


def _explain(exc: yaml.MarkedYAMLError, text: str) -> tuple[int, str, str]:
    mark = exc.problem_mark or exc.context_mark
    line = mark.line + 1 if mark is not None else 1
    written = text.splitlines()
    # libyaml says "cannot start any token" and may point one line further: look for the tab itself.
    for number in (line, line - 1):
        if 0 < number <= len(written) and re.match(r" *\t", written[number - 1]):
            return number, "is indented with a tab", "indent with spaces, two a level"
    what = " ".join(part for part in (exc.context, exc.problem) if part)
    return line, f"is not YAML here ({what})", "check the indentation, the colons and the brackets around this line"


@dataclass(slots=True)
class _Reader:
    text: str
    problems: Problems
    lines: dict[Path, int]
    events: Iterator[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.events = yaml.parse(self.text, Loader=_Loader)

    def document(self) -> Plain:
        """The one document of the text."""
        event = next(self.events)
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        plain = self.value(event, ())
        next(self.events)  # the document's end
        if isinstance(more := next(self.events), yaml.DocumentStartEvent):
            raise _Refused(_line(more), "starts a second document", "keep one space to a file; delete '---'")
        return plain

    def value(self, event: Any, path: Path) -> Plain:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(line, "is an alias", "write the value out: a space file uses no anchors", f"*{event.anchor}")
        if event.anchor is not None:
            raise _Refused(line, "is an anchor", "delete it: a space file uses no anchors", f"&{event.anchor}")
        if event.tag is not None and event.tag != "!":
            raise _Refused(line, "is a tag", "write plain text and numbers", event.tag)
        if len(path) > DEPTH_LIMIT:
            raise _Refused(line, "is nested too deep", f"nothing in a space file lies deeper than {DEPTH_LIMIT} levels")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        return _scalar(event)

    def mapping(self, path: Path) -> dict[str, Plain]:
        found: dict[str, Plain] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                # Also what `{a: {{b}}}` gives, a template nobody filled in.
                raise _Refused(line, "has a key that is not plain text", "write a word before the colon")
            key: str = event.value
            here = (*path, key)
            if key in found:
                self.problems.error(
                    here, None, f"is written twice, first on line {self.lines[here]}", _twice(path), line=line
                )
                self.value(next(self.events), (*here, ""))  # read past it; its lines are nobody's
                continue
            self.lines[here] = line
            found[key] = self.value(next(self.events), here)
        return found

    def sequence(self, path: Path) -> list[Plain]:
        found: list[Plain] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            here = (*path, len(found))
            self.lines[here] = _line(event)
            found.append(self.value(event, here))
        return found


def _twice(path: Path) -> str:
    if len(path) == 1 and path[0] in SECTIONS:
        return f"give every {SECTIONS[str(path[0])]} an id of its own"
    return "keep one of the two"


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> Plain:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text in _WORDS:
        return _WORDS[text]
    # A number beyond 18 digits is none that a building has, and int() of a very long one is slow.
    if len(text) > 18:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
