"""A YAML file and on which line each part of it stands; an entry of a file that knows how to complain."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError, did_you_mean
from simulator.yaml_events import DEEPEST, nested, no_yaml

Place = tuple[str | int, ...]

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Part:
    """Some value of the file, and where it is; keys are asked for by name, and each complaint knows its line."""

    path: Path
    value: Any
    lines: Mapping[Place, int]
    place: Place = ()

    @property
    def line(self) -> int:
        return next(
            (self.lines[self.place[:n]] for n in range(len(self.place), 0, -1) if self.place[:n] in self.lines), 1
        )

    def wrong(self, why: str) -> InputError:
        return InputError(f"{self.where}: {why}")

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def shown(self) -> str:
        """The value as it is told to people: a date as it is written, and of a long one the beginning."""
        said = repr(str(self.value)) if isinstance(self.value, date) else repr(self.value)
        return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def get(self, key: str) -> "Part":
        """The part below; of a key that is not there, None at this entry's line."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Part(self.path, value, self.lines, (*self.place, key))

    def at(self, key: str) -> str:
        """File and line of a key, and of "" or one that is not there the entry's own."""
        return self.get(key).where if key else self.where

    def entries(self) -> Iterator["Part"]:
        """Of a list; None is an empty one."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong(f"{self.place[-1]!r} is a list; begin each entry with a dash")
        for number, value in enumerate(self.value):
            yield Part(self.path, value, self.lines, (*self.place, number))

    def items(self) -> Iterator[tuple[str, "Part"]]:
        """Of a mapping; None is an empty one."""
        if self.value is None:
            return
        if not isinstance(self.value, dict):
            raise self.wrong(f"{self.place[-1]!r} is {{name: …}}; this is {self.shown}")
        for key in self.value:
            yield str(key), self.get(key)

    def only(self, known: list[str], what: str) -> None:
        """Complains of every other key."""
        if not isinstance(self.value, dict):
            raise self.wrong(f"{what} is {{{known[0]}: …}}; this is {self.shown}")
        for key in self.value:
            if key not in known:
                raise self.get(key).wrong(f"{what} has no {str(key)!r}; {did_you_mean(str(key), known)}")

    def text(self, what: str) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong(f"{what} is words; this is {self.shown}")
        return self.value.strip()

    def truth(self, what: str) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong(f"{what} is true or false; this is {self.shown}")
        return self.value

    def whole(self, what: str, least: int = 0) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < least:
            raise self.wrong(f"{what} is a whole number from {least}; this is {self.shown}")
        return self.value

    def number(self, what: str) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.wrong(f"{what} is a number; this is {self.shown}")
        return float(self.value)


def opened(path: Path) -> Part:
    """Read the file; raises InputError for what is none, or no YAML."""
    try:
        text = path.read_text(encoding="utf-8")
        # Without recursion, before anything that knows it; who writes a file in which nothing ends ends nothing here.
        _require_plain(path, text)
        loader = yaml.SafeLoader(text)
    except (OSError, UnicodeDecodeError, yaml.reader.ReaderError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path}: cannot be read as a scenario: {reason}") from exc
    except yaml.MarkedYAMLError as exc:
        raise no_yaml(path, exc) from exc
    try:
        node = loader.get_single_node()
        lines = dict(_lines(path, node, ()))
        value = loader.construct_document(node) if node is not None else None
        return Part(path, value, lines)
    except yaml.MarkedYAMLError as exc:
        raise no_yaml(path, exc) from exc
    except ValueError as exc:
        # A date that no calendar has, as 2026-02-30.
        raise InputError(f"{path}:1: this cannot be read: {exc}") from exc
    finally:
        loader.dispose()


def _require_plain(path: Path, text: str) -> None:
    """A few lines of aliases can mean millions of entries, or an entry within itself; so can brackets without an end."""
    for line, depth, event in nested(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise InputError(f"{path}:{line}: *{event.anchor} repeats another entry; write out what is meant")
        if depth > DEEPEST:
            raise InputError(f"{path}:{line}: lists within lists, more than {DEEPEST} deep; a scenario needs five")


def _lines(path: Path, node: yaml.Node | None, place: Place) -> Iterator[tuple[Place, int]]:
    """Where each part stands; raises InputError where one key stands twice, for YAML would take the last alone."""
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in first:
                raise InputError(
                    f"{path}:{line}: there is {name!r} already, in line {first[name]}; make one of the two"
                )
            first[name] = line
            below = (*place, name)
            yield below, line
            yield from _lines(path, value, below)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*place, number), value.start_mark.line + 1
            yield from _lines(path, value, (*place, number))
