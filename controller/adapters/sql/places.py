"""Where a registry is kept: a file of this machine, or a server's database (`postgresql`). Stores cannot tell which.

A place makes the two engines and says what their errors mean; how a transaction of ours runs is `database`'s affair.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from controller.adapters.sql.engine import reading_engine, writing_engine
from controller.adapters.sql.upgrade import Chain, bring_up
from controller.adapters.sqlite_file import store_error
from controller.errors import StoreError


class Place(Protocol):
    """`str` of it names it for people, and tells no secret."""

    @property
    def absence(self) -> str: ...  # what is said where nothing is there

    def reading(self) -> Engine: ...  # its transactions see one moment, and hold nobody up
    def writing(self) -> Engine: ...  # its transactions keep every other writer out, from their beginning on
    def error(self, exc: DBAPIError) -> StoreError | None: ...  # None: a mistake of ours, which stays loud
    def is_there(self, chain: Chain) -> bool: ...
    def bring_up(self, chain: Chain) -> None: ...  # to the newest schema; StartupError says what a person must do


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A file of its own."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def absence(self) -> str:
        return "there is no such file"

    def reading(self) -> Engine:
        return reading_engine(self.path)

    def writing(self) -> Engine:
        return writing_engine(self.path)

    def error(self, exc: DBAPIError) -> StoreError | None:
        return store_error(self.path, exc.orig) if isinstance(exc.orig, sqlite3.Error) else None

    def is_there(self, chain: Chain) -> bool:
        return self.path.exists()

    def bring_up(self, chain: Chain) -> None:
        bring_up(self.path, chain)


def place_of(where: Path | Place) -> Place:
    return SqliteFile(where) if isinstance(where, Path) else where
