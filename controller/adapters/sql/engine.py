"""SQLAlchemy engines over our SQLite files: one connection each, transactions that say what they will do.

The tap's own statements do not pass here: they go straight to sqlite3 (`event_log`).
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from controller.adapters.sqlite_file import open_reader, open_writer


def writing_engine(path: Path) -> Engine:
    """For administration: every transaction takes the write lock when it begins.

    A transaction that reads first and writes later fails at once, whatever its timeout, when
    somebody else wrote in between; so none of ours does.
    """
    # One connection, used by one thread at a time: its owner has a thread of its own.
    engine = _engine(lambda: open_writer(path, reserve_bytes=0))
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reading_engine(path: Path) -> Engine:
    """For loading: transactions see one moment of the database and never hold anybody up."""
    engine = _engine(lambda: open_reader(path))
    event.listen(engine, "begin", _begin)
    return engine


def _engine(connect: Callable[[], sqlite3.Connection]) -> Engine:
    # An error is told with its statement, and not with whom it was about.
    return create_engine("sqlite://", creator=connect, poolclass=StaticPool, hide_parameters=True)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
