"""What every YAML file that people hand us is looked through for, before anything is built of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError

# No file of ours needs half of it; beyond it one is made to exhaust whoever reads it.
DEEPEST = 16


def nested(text: str, loader: Any) -> Iterator[tuple[int, int, yaml.Event]]:
    """Each event with its line, and how deep it lies; without recursion, for brackets may have no end."""
    depth, line = 0, 1
    for event in yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1 if event.start_mark is not None else line
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        yield line, depth, event


def no_yaml(path: Path, exc: yaml.MarkedYAMLError) -> InputError:
    """FILE:LINE and what the parser stumbled over."""
    line = exc.problem_mark.line + 1 if exc.problem_mark else 1
    return InputError(f"{path}:{line}: this is not YAML: {exc.problem}")
