"""`natoma telemetry history`: how a channel was, by step with a small picture, or every point of it."""

import asyncio
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from controller.cli.options import as_json as json_option
from controller.cli.options import where_options
from controller.cli.telemetry_asking import (
    open_desk,
    question,
    refuse_two_forms,
    step_option,
    when_options,
    which_options,
)
from controller.cli.telemetry_sheets import (
    POINT_COLUMNS,
    STEP_COLUMNS,
    Sheet,
    point_rows,
    points_plain,
    step_rows,
    steps_plain,
)
from controller.cli.telemetry_told import moment_told, named, number_told, sparkline, table, value_told
from controller.domain.building import Space
from controller.domain.history.values import Span
from controller.services.history.asked import AskedError, Question, in_words
from controller.services.history.desk import HistoryDesk, Stepped
from controller.services.history.walk import Page

POINTS_SHOWN = 5_000
STEPS_SHOWN = 200_000
EMPTY = "Nothing was measured in that time."


@click.command()
@which_options
@when_options
@step_option
@click.option("--raw", is_flag=True, help=f"Every point instead of steps, the first {POINTS_SHOWN:,}.")
@where_options
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV.")
def history(config: Path | None, raw: bool, as_json: bool, as_csv: bool, **typed: Any) -> None:
    """Show how a channel was: mean, lowest and highest of each step, with a small picture.

    All of a long time, or of everything, is `natoma telemetry export`.
    """
    refuse_two_forms(as_json=as_json, as_csv=as_csv)
    asked = question(
        **{
            name: typed.pop(name)
            for name in ("device", "channel", "room", "device_class", "last", "since", "until", "step")
        }
    )

    async def read() -> list[str]:
        async with open_desk(config, **typed) as (desk, space):
            if raw:
                return await _points(desk, asked, space, as_json=as_json, as_csv=as_csv)
            return await _steps(desk, asked, space, as_json=as_json, as_csv=as_csv)

    if lines := asyncio.run(read()):
        click.echo("\n".join(lines))


async def _steps(desk: HistoryDesk, asked: Question, space: Space, *, as_json: bool, as_csv: bool) -> list[str]:
    found = await desk.steps(asked, most=STEPS_SHOWN)
    if as_json:
        said = {
            "from": found.span.start.isoformat(),
            "to": found.span.end.isoformat(),
            "step_s": found.step.total_seconds(),
            "series": [steps_plain(line) for line in found.lines],
        }
        return [json.dumps(said, ensure_ascii=False)]
    if as_csv:
        sheet = Sheet(sys.stdout, STEP_COLUMNS)
        for line in found.lines:
            sheet.write(step_rows(line))
        return []
    return _steps_told(found, space) if found.lines else [EMPTY]


def _steps_told(found: Stepped, space: Space) -> list[str]:
    told: list[str] = []
    start_ms, end_ms = found.edges_ms[0], found.edges_ms[-1]
    for line in found.lines:
        if told:
            told.append("")
        told.append(f"{named(line.series)} · {_span_told(found.span, space)}, by {in_words(found.step)}")
        low, high = value_told(line.series, min(line.low)), value_told(line.series, max(line.high))
        told.append(f"{sparkline(line, start_ms, end_ms)}  {low} to {high}")
        rows = [
            (
                moment_told(max(at_ms, start_ms), space.zone),
                number_told(mean),
                number_told(low_),
                number_told(high_),
                str(count),
            )
            for at_ms, mean, low_, high_, count in zip(
                line.start_ms, line.mean, line.low, line.high, line.count, strict=True
            )
        ]
        told += table(("START", "MEAN", "LOWEST", "HIGHEST", "READINGS"), rows, (1, 2, 3, 4))
    return told


async def _points(desk: HistoryDesk, asked: Question, space: Space, *, as_json: bool, as_csv: bool) -> list[str]:
    if asked.step is not None:
        raise AskedError("step", "has no meaning with --raw: leave one of the two away")
    span, page = await desk.points(asked, POINTS_SHOWN)
    _say_more(page, space)
    if as_json:
        said = {
            "from": span.start.isoformat(),
            "to": (page.more_from or span.end).isoformat(),
            "series": [points_plain(points) for points in page.points],
        }
        return [json.dumps(said, ensure_ascii=False)]
    if as_csv:
        sheet = Sheet(sys.stdout, POINT_COLUMNS)
        for points in page.points:
            sheet.write(point_rows(points))
        return []
    return _points_told(page, span, space) if page.points else [EMPTY]


def _points_told(page: Page, span: Span, space: Space) -> list[str]:
    told: list[str] = []
    for points in page.points:
        if told:
            told.append("")
        told.append(f"{named(points.series)} · {_span_told(span, space)}")
        values: Iterable[float | str] = points.values
        rows = [
            (moment_told(at_ms, space.zone), value_told(points.series, value))
            for at_ms, value in zip(points.at_ms, values, strict=True)
        ]
        told += table(("MEASURED", "VALUE"), rows, (1,))
    return told


def _say_more(page: Page, space: Space) -> None:
    if page.more_from is not None:
        at = page.more_from.astimezone(space.zone).isoformat(timespec="milliseconds")
        click.echo(f"There is more: ask on with --from {at}, or take all with `natoma telemetry export`.", err=True)


def _span_told(span: Span, space: Space) -> str:
    return " to ".join(f"{at.astimezone(space.zone):%Y-%m-%d %H:%M}" for at in (span.start, span.end))
