"""The building the measurements use: doors that are readers too, sensors, and people who may pass."""

import csv
import random
from pathlib import Path

DOORS = 30
SENSORS = 300


def space_yaml(doors: int = DOORS, sensors: int = SENSORS) -> str:
    """One floor, one hall, a door for each number, a sensor for each number."""
    lines = [
        "natoma: 1",
        "id: bench",
        "name: Bench",
        "zone: America/Los_Angeles",
        "floors:",
        "  ground: {name: Ground, size: [100, 20]}",
        "areas:",
        "  hall: {name: Hall, floor: ground, outline: [0, 0, 100, 20], room: {kind: open_space}}",
        "doors:",
    ]
    for n in range(doors):
        lines.append(
            f"  d{n:02}: {{name: Door {n}, from: outside, to: hall, at: [{1 + n * 3}, 20], unit: door-{n:02}}}"
        )
    lines.append("devices:")
    for n in range(doors):
        lines.append(f"  door-{n:02}: {{kind: door_unit, door: d{n:02}}}")
    for n in range(sensors):
        lines.append(f"  sensor-{n:03}: {{kind: sensor, area: hall, channels: [temperature]}}")
    lines += ["schedules: {}", "plans:", "  full: {name: Full, where: [hall], schedule: always}", ""]
    return "\n".join(lines)


def write_people(path: Path, cards: Path, people: int, badges_each: int = 1) -> None:
    """A CSV to import, and the numbers alone for the load tool."""
    rng = random.Random(11)
    with path.open("w", newline="") as file, cards.open("w") as numbers:
        out = csv.writer(file)
        out.writerow(["id", "name", "kind", "plan", "from", "badge", "badge_format"])
        for n in range(people):
            for _ in range(badges_each):
                number = f"04{rng.getrandbits(48):012X}"
                out.writerow([f"p{n:05}", f"Person {n}", "member", "full", "2020-01-01", number, "iso14443a"])
                numbers.write(number + "\n")
    path.chmod(0o600)
