"""`python -m tests.bench day`: a whole day of a building through Mosquitto and the controller, in minutes.

Ends with a report, and with 1 where something was not answered, not stored, or lost.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, timedelta
from pathlib import Path

from simulator.building_file import load
from tests.support.whole_day import Lived, WholeDay, begins, live

SAMPLE = Path(__file__).parents[2] / "simulator" / "spaces" / "parisoma.yaml"
# A Tuesday like any other: full, with no holiday near.
ON = date(2026, 11, 17)


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench day", description=__doc__)
    parser.add_argument("--days", type=int, default=1, help="how many; a day begins at 04:00")
    parser.add_argument("--date", type=date.fromisoformat, default=ON, help="the first day")
    parser.add_argument("--space", type=Path, default=SAMPLE, help="a space file; by default the sample building")
    parser.add_argument("--people", type=int, help="how many; by default as many as the house suits")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--grain", type=float, default=0.5, help="seconds of house time that moments are rounded up to")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="natoma-day-") as folder:
        building = load(asked.space)
        start = begins(asked.date, building)
        # Local mornings: on the two odd nights of the year a day is an hour shorter or longer.
        end = begins(asked.date + timedelta(days=asked.days), building)
        hours = (end.astimezone(UTC) - start.astimezone(UTC)) / timedelta(hours=1)
        day = WholeDay(asked.space, start, hours, Path(folder), asked.seed, asked.people)
        lived = live(day, asked.grain)
    print(report(lived))
    sys.exit(1 if lived.wrong() else 0)


def report(lived: Lived) -> str:
    said = lived.counted
    lines = [
        (
            f"{lived.house_s / 3600:.1f} hours of {lived.people} people and {lived.devices} devices "
            f"in {lived.wall_s:.0f} s of the wall clock, {lived.house_s / lived.wall_s:.0f} times as fast"
        ),
        (
            f"  processor: {lived.cpu_s:.0f} s of this process, {lived.broker_cpu_s:.0f} s of the broker; "
            f"{lived.leaps:,} leaps of the clock"
        ),
        f"  reads: {said.reads:,}; shown: {_listed(said.shown)}",
        (
            f"  readings: {said.readings:,} said in {said.messages:,} messages, {lived.stored:,} stored, "
            f"{lived.refused:,} messages refused"
        ),
        f"  facts: {sum(lived.facts.values()):,}: {_listed(lived.facts)}",
        f"  alarms: {_listed(lived.alarms) or 'none'}",
        *(f"WRONG: {what}" for what in lived.wrong()),
    ]
    return "\n".join(lines)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what} {count:,}" for what, count in sorted(counts.items(), key=lambda item: -item[1]))
