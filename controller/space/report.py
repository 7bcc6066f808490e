"""What `natoma check` says: the problems of a file for a person, and for a script."""

import json
from collections.abc import Mapping

from controller.domain.building import DeviceKind, Space
from controller.space import Checked
from controller.space.errors import Problem, Severity


def as_text(checked: Checked) -> str:
    """One line a problem, `file:line: thing: value — what would be right`, and a last line that sums up."""
    lines = [str(problem) for problem in checked.problems]
    errors, warnings = _counts(checked.problems)
    if checked.space is None:
        lines.append(f"{checked.name}: not usable: {_of(errors, 'error')}, {_of(warnings, 'warning')}")
    else:
        told = f", {_of(warnings, 'warning')}" if warnings else ""
        lines.append(f"{checked.name}: fine{told}: {_summary(checked.space)}")
    return "\n".join(lines)


def as_json(checked: Checked) -> str:
    """The same for a script; `path` is where in the file, from the top."""
    errors, warnings = _counts(checked.problems)
    told = {
        "file": checked.name,
        "ok": checked.space is not None,
        "errors": errors,
        "warnings": warnings,
        "problems": [_problem(problem) for problem in checked.problems],
        "space": _counted(checked.space) if checked.space is not None else None,
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "severity": problem.severity.value,
        "line": problem.line,
        "path": list(problem.path),
        "thing": problem.thing,
        "value": problem.value,
        "why": problem.why,
        "fix": problem.fix,
    }


def _counts(problems: tuple[Problem, ...]) -> tuple[int, int]:
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    return errors, len(problems) - errors


def _counted(space: Space) -> Mapping[str, object]:
    return {
        "id": space.id,
        "name": space.name,
        "zone": str(space.zone),
        "version": space.version,
        "floors": len(space.floors),
        "areas": len(space.areas),
        "rooms": sum(area.room is not None for area in space.areas.values()),
        "doors": len(space.doors),
        "devices": {kind.value: sum(device.kind is kind for device in space.devices.values()) for kind in DeviceKind},
        "plans": len(space.plans),
    }


def _summary(space: Space) -> str:
    counts = (
        (len(space.floors), "floor"),
        (len(space.areas), "area"),
        (len(space.doors), "door"),
        (len(space.devices), "device"),
        (len(space.plans), "plan"),
    )
    return f"{space.name}, {', '.join(_of(count, thing) for count, thing in counts)} (version {space.version})"


def _of(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
