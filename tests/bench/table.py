"""The table a measurement ends in, as it goes into docs/performance.md."""

from dataclasses import dataclass


@dataclass
class Row:
    what: str
    figure: str
    ratio: str
    target: str


def print_table(rows: list[Row]) -> None:
    """Markdown, so that it can be pasted."""
    print("\n| what | measured | ratio | target |\n| --- | --- | --- | --- |")
    for row in rows:
        print(f"| {row.what} | {row.figure} | {row.ratio or '–'} | {row.target} |")
