"""`natoma telemetry export`: all points or steps of a time, as CSV or Parquet, however many they are."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import IO, Any

import click

from controller.adapters.telemetry.parquet import ParquetFile
from controller.cli.options import where_options
from controller.cli.telemetry_asking import open_desk, question, step_option, when_options, which_options
from controller.cli.telemetry_sheets import POINT_COLUMNS, STEP_COLUMNS, Sheet, point_rows, step_rows
from controller.errors import InputError
from controller.services.history.asked import Question
from controller.services.history.desk import HistoryDesk
from controller.services.history.ports import Points, Steps


@click.command()
@which_options
@when_options
@step_option
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), help="CSV, unless --out ends in .parquet.")
@click.option("--out", type=Path, help="A new file. Standard output, without it.")
@where_options
def export(config: Path | None, form: str | None, out: Path | None, **typed: Any) -> None:
    """Write every point of a time, or with --step the mean, lowest, highest and count of each step.

    Times are UTC. Parquet needs the extra natoma[parquet].
    """
    asked = question(
        **{
            name: typed.pop(name)
            for name in ("device", "channel", "room", "device_class", "last", "since", "until", "step")
        }
    )
    is_parquet = form == "parquet" or (form is None and out is not None and out.suffix == ".parquet")
    if out is not None and out.exists():
        raise InputError(f"--out: {out} is there already — name a new file, or take that one away")
    if out is None and is_parquet and sys.stdout.isatty():
        raise InputError("--format: Parquet is no text for a terminal — name a file with --out, or pipe it on")
    write = _parquet if is_parquet else _csv

    async def work() -> None:
        async with open_desk(config, **typed) as (desk, _):
            await write(desk, asked, out)

    asyncio.run(work())


async def _csv(desk: HistoryDesk, asked: Question, out: Path | None) -> None:
    with _text_to(out) as file:
        sheet = Sheet(file, STEP_COLUMNS if asked.step is not None else POINT_COLUMNS)
        async with aclosing(_rows(desk, asked)) as rows:
            async for one in rows:
                sheet.write(step_rows(one) if isinstance(one, Steps) else point_rows(one))


async def _parquet(desk: HistoryDesk, asked: Question, out: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="natoma-export-") as folder:
        path = out if out is not None else Path(folder) / "readings.parquet"
        with ParquetFile(path, by_step=asked.step is not None) as file:
            async with aclosing(_rows(desk, asked)) as rows:
                async for one in rows:
                    if isinstance(one, Steps):
                        file.add_steps(one)
                    else:
                        file.add_points(one)
        if out is None:
            with path.open("rb") as made:
                shutil.copyfileobj(made, sys.stdout.buffer)


async def _rows(desk: HistoryDesk, asked: Question) -> AsyncGenerator[Points | Steps, None]:
    if asked.step is not None:
        async for steps in desk.every_step(asked):
            yield steps
    else:
        async for points in desk.every_point(asked):
            yield points


@contextmanager
def _text_to(out: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that gets its name when it is whole."""
    if out is None:
        yield sys.stdout
        return
    draft = out.with_name(f".{out.name}.part")
    try:
        try:
            with draft.open("w", encoding="utf-8", newline="") as file:
                yield file
            draft.replace(out)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"--out: {out} cannot be written ({error.strerror})") from error
