"""Readings as a Parquet file, made by DuckDB in a scratch file beside it, so that memory stays small whatever is exported.

DuckDB is an extra; only who exports Parquet pays for it.
"""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from controller.domain.history.values import Kind, Series
from controller.errors import InputError, StoreError
from controller.services.history.ports import Points, Steps

MISSING = "Parquet is written by DuckDB, which is not installed: pip install 'natoma[parquet]' — or export as CSV"

_OF_SERIES = "device VARCHAR, channel VARCHAR, room VARCHAR, class VARCHAR, unit VARCHAR, kind VARCHAR"
_POINTS = f"CREATE TABLE rows (time TIMESTAMPTZ, {_OF_SERIES}, value DOUBLE, text VARCHAR)"
_STEPS = f"CREATE TABLE rows (start TIMESTAMPTZ, {_OF_SERIES}, mean DOUBLE, low DOUBLE, high DOUBLE, count BIGINT)"
_ABOUT = "epoch_ms(at_ms)::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?"
_NUMBERS = f"INSERT INTO rows SELECT {_ABOUT}, value, NULL FROM came"  # noqa: S608
_TEXTS = f"INSERT INTO rows SELECT {_ABOUT}, NULL, value FROM came"  # noqa: S608
_STEPPED = f"INSERT INTO rows SELECT {_ABOUT}, mean, low, high, count FROM came"  # noqa: S608
_MEMORY = "128MB"


class ParquetFile:
    """Add what comes, in a `with`; the file is there, whole, once that ends well, and not at all otherwise."""

    def __init__(self, path: Path, *, by_step: bool) -> None:
        try:
            import duckdb
        except ModuleNotFoundError as error:
            raise InputError(MISSING) from error
        self.path = path
        self._scratch = path.with_name(f".{path.name}.rows")
        self._draft = path.with_name(f".{path.name}.part")
        self._failure: type[Exception] = duckdb.Error
        self._sweep()
        try:
            self._database = duckdb.connect(str(self._scratch), config={"memory_limit": _MEMORY, "threads": 1})
            self._database.execute("SET TimeZone = 'UTC'")
            self._database.execute(_STEPS if by_step else _POINTS)
        except duckdb.Error as error:
            raise StoreError(f"{path} cannot be written: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._database.close()
            self._sweep()

    def add_points(self, points: Points) -> None:
        texts = points.series.kind is Kind.TEXT
        values = np.array(points.values, dtype=object) if texts else np.asarray(points.values, np.float64)
        came = {"at_ms": np.asarray(points.at_ms, np.int64), "value": values}
        self._add(_TEXTS if texts else _NUMBERS, points.series, came)

    def add_steps(self, steps: Steps) -> None:
        came = {
            "at_ms": np.asarray(steps.start_ms, np.int64),
            "mean": np.asarray(steps.mean),
            "low": np.asarray(steps.low),
            "high": np.asarray(steps.high),
            "count": np.asarray(steps.count, np.int64),
        }
        self._add(_STEPPED, steps.series, came)

    def _add(self, statement: str, series: Series, came: dict[str, Any]) -> None:
        about = (series.device, series.channel, series.room, series.device_class, series.unit, str(series.kind))
        try:
            self._database.register("came", came)
            self._database.execute(statement, [value or None for value in about])
            self._database.unregister("came")
        except self._failure as error:
            raise StoreError(f"{self.path} cannot be written: {error}") from error

    def _finish(self) -> None:
        try:
            target = str(self._draft).replace("'", "''")
            self._database.execute(f"COPY rows TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        except self._failure as error:
            raise StoreError(f"{self.path} cannot be written: {error}") from error
        self._draft.replace(self.path)

    def _sweep(self) -> None:
        for left in (self._scratch, self._scratch.with_name(self._scratch.name + ".wal"), self._draft):
            with contextlib.suppress(FileNotFoundError):
                left.unlink()
