"""A small house with two doors and a sensor, and a few people with badges made at random: one data folder to copy.

`front` is a unit that reads badges itself; `back` has a reader apart from its lock.
"""

import csv
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.controller import natoma

SPACE = """\
natoma: 1
id: test-house
name: Test house
zone: Europe/Paris
floors:
  ground: {name: Ground floor, size: [20, 10]}
areas:
  hall: {name: Hall, floor: ground, outline: [0, 0, 20, 6], room: {kind: open_space}}
  vault: {name: Vault, floor: ground, outline: [0, 6, 20, 4]}
doors:
  front: {name: Front door, from: outside, to: hall, at: [4, 0], timings: {release: 4}}
  back: {name: Back door, from: outside, to: hall, at: [12, 0]}
  vault: {name: Vault door, from: hall, to: vault, at: [10, 6], staff_only: true, on_log_failure: deny}
devices:
  door-front: {kind: door_unit, door: front}
  door-back: {kind: door_unit, door: back}
  reader-back: {kind: reader, door: back}
  door-vault: {kind: door_unit, door: vault}
  sensor-hall: {kind: sensor, area: hall}
schedules:
  never: mon 03:00-03:01
plans:
  full: {name: Full-time, where: [hall], schedule: always}
"""
FRONT_HOLD_S = 4.0


@dataclass(frozen=True, slots=True)
class Household:
    """A data folder nobody runs, its space, and the badges in people's pockets."""

    data: Path
    space: Path
    badges: dict[str, str] = field(repr=False)  # by person


def new_badge() -> str:
    """Seven bytes as a card of today has them; the first names its maker."""
    return f"04{secrets.token_hex(6).upper()}"


def make_household(folder: Path, *options: object) -> Household:
    """Import the people once; tests work on copies. `options` are of every command over it."""
    folder.mkdir(parents=True, exist_ok=True)
    space, people = folder / "space.yaml", folder / "people.csv"
    space.write_text(SPACE)
    badges = {name: new_badge() for name in ("alice", "bob", "carol", "stranger")}
    rows = [
        {"id": "alice", "name": "Alice Arnaud", "kind": "member", "plan": "full", "from": "2020-01-01"},
        {"id": "bob", "name": "Bob Bernard", "kind": "member", "plan": "full", "from": "2020-01-01", "standing": "overdue"},
        {"id": "carol", "name": "Carol Costa", "kind": "member", "plan": "full", "from": "2020-01-01", "badge_state": "lost"},
    ]  # fmt: skip
    columns = ["id", "name", "kind", "plan", "from", "standing", "badge", "badge_format", "badge_state"]
    with people.open("w", newline="") as file:
        out = csv.DictWriter(file, columns)
        out.writeheader()
        out.writerows({**row, "badge": badges[row["id"]], "badge_format": "iso14443a"} for row in rows)
    people.chmod(0o600)
    told = natoma("people", "import", people, "--apply", "--space", space, "--data", folder / "data", *options)
    assert told.code == 0, told.err
    return Household(folder / "data", space, badges)
