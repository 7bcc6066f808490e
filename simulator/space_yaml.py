"""The YAML of a space file: what it says, and on which line each of its keys stands.

What that means is `building_file`'s.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError
from simulator.yaml_events import DEEPEST, nested, no_yaml

Keys = tuple[str, ...]

# libyaml where it is there: ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path, text: str) -> tuple[Any, dict[Keys, int]]:
    """What the file says, and on which line each of its keys stands; composed once, for that is what takes time."""
    try:
        _refuse_endless(path, text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            return (_content(path, loader, node) if node is not None else None), dict(_lines(node, ()))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as exc:
        raise no_yaml(path, exc) from exc
    except yaml.YAMLError as exc:
        raise InputError(f"{path}:1: this is not YAML: it holds a character that YAML does not allow") from exc


def _refuse_endless(path: Path, text: str) -> None:
    """Great depth and anchors, before anything is built of them: there is no end to either, and no use here."""
    for line, depth, event in nested(text, _Loader):
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise InputError(
                f"{path}:{line}: {event.anchor!r} is an anchor; write the value out: a space file uses none"
            )
        if depth > DEEPEST:
            raise InputError(f"{path}:{line}: nothing in a space file lies deeper than {DEEPEST} levels")


def _content(path: Path, loader: Any, node: yaml.Node) -> Any:
    try:
        return loader.construct_document(node)
    except ValueError as exc:
        # A day that no calendar has, such as 2026-13-45.
        loader.recursive_objects.clear()
        for scalar in _scalars(node):
            try:
                loader.construct_object(scalar)
            except ValueError:
                where = f"{path}:{scalar.start_mark.line + 1}"
                raise InputError(f"{where}: {scalar.value[:60]!r} cannot be read: {exc}") from exc
        raise


def _scalars(node: yaml.Node) -> Iterator[yaml.Node]:
    match node:
        case yaml.MappingNode():
            for pair in node.value:
                for one in pair:
                    yield from _scalars(one)
        case yaml.SequenceNode():
            for one in node.value:
                yield from _scalars(one)
        case _:
            yield node


def _lines(node: yaml.Node | None, place: Keys) -> Iterator[tuple[Keys, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _lines(value, below)
