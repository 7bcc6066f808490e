"""A registry on a PostgreSQL server: its engines, what its errors mean, and how it comes to the newest schema.

The driver is an extra (`natoma[postgresql]`), imported when a server is set and not before.
"""

import logging
from dataclasses import dataclass, field

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import QueuePool

from controller.adapters.sql.upgrade import Chain, migrate, refuse_newer
from controller.errors import InputError, StartupError, StoreError

logger = logging.getLogger(__name__)

# One writer at a time in the whole database, as SQLite has it: a number of ours alone among the server's locks.
_WRITERS_LOCK = 0x6E61746F6D61
_BEGIN_WRITING = f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})"

_SCHEMES = ("postgresql", "postgres")
_CONNECT_S = 3
# A neighbour's import takes seconds; longer than this somebody has left a transaction open.
_WAIT_FOR_WRITERS_MS = 10_000
# A server that is gone without a word: noticed before a person at a door gives up.
_UNANSWERED_MS = 5_000

TRANSIENT: dict[str, str] = {
    "08": "the connection broke",
    "25006": "it takes no writes: it is a copy that follows another server",
    "28": "it refuses us: look at the user and the password in setting database",
    "3D": "there is no database of this name: make it, as docs/settings.md says",
    "40": "another transaction came between",
    "42501": "our user may not do this: let it own the database",
    "53": "it has no room left: look at its disk, its memory and how many are connected",
    "55P03": "another process holds its lock",
    "57": "it is being stopped, or somebody stopped the statement",
    "58": "its disk reports an error; look at its log",
    "72": "it forgot the moment we read it at",
    "F0": "its configuration is wrong; look at its log",
    "XX": "it reports damage, or an error of its own; look at its log",
}
"""What a server and its operators do, by SQLSTATE or the class of it: it becomes a StoreError."""

OURS = frozenset(
    "02 03 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 2B 2D 2F 34 38 39 3B 3F 42 44 54 55 HV P0".split()  # noqa: SIM905
)
"""Classes of what only a mistake of ours can cause, but for what TRANSIENT names of them: it stays what it is, and loud."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One database of a server."""

    url: str = field(repr=False)  # may hold a password
    patience_ms: int = _WAIT_FOR_WRITERS_MS

    def __post_init__(self) -> None:
        parsed = _parsed(self.url)
        if parsed is None or parsed.drivername not in _SCHEMES or not parsed.database:
            raise InputError(
                "setting database is no address of a PostgreSQL database: write postgresql://user:password@host/name"
            )

    def __str__(self) -> str:
        url = self._url
        where = url.host or str(url.query.get("host", "")) or "this machine"
        return f"PostgreSQL at {where}{f':{url.port}' if url.port else ''}, database {url.database}"

    @property
    def absence(self) -> str:
        return "there is nothing of Natoma's in it"

    def reading(self) -> Engine:
        # Repeatable read: every statement of a transaction sees the same moment.
        return self._engine("REPEATABLE READ", readonly=True)

    def writing(self) -> Engine:
        # Read committed: what was written before the lock was ours is seen from then on.
        engine = self._engine("READ COMMITTED")
        event.listen(engine, "begin", _keep_others_out)
        return engine

    def error(self, exc: DBAPIError) -> StoreError | None:
        why = _why(exc)
        return None if why is None else StoreError(f"{self}: {why} ({_first_line(exc)})")

    def is_there(self, chain: Chain) -> bool:
        return self._revision(chain) is not None

    def bring_up(self, chain: Chain) -> None:
        found = self._revision(chain)
        if found == chain.head:
            return
        if found is not None:
            refuse_newer(str(self), found, chain, "put back the backup you made before it upgraded")
            logger.info("%s: upgrading from %s to %s; a copy of before is your backup", self, found, chain.head)
        engine = self.writing()
        try:
            migrate(engine, chain)
        except DBAPIError as exc:
            why = _why(exc) or f"its schema cannot be brought to {chain.head}; is the database one of Natoma's alone?"
            raise StartupError(f"{self}: {why} ({_first_line(exc)})") from exc
        finally:
            engine.dispose()

    @property
    def _url(self) -> URL:
        return make_url(self.url)

    def _engine(self, isolation: str, *, readonly: bool = False) -> Engine:
        try:
            return create_engine(
                self._url.set(drivername="postgresql+psycopg"),
                isolation_level=isolation,
                execution_options={"postgresql_readonly": True} if readonly else {},
                hide_parameters=True,  # an error is told with its statement, and not with whom it was about
                # One connection, used by one thread; asked before each use whether it lives, as servers are restarted.
                poolclass=QueuePool,
                pool_size=1,
                max_overflow=0,
                pool_pre_ping=True,
                connect_args={
                    "application_name": "natoma",
                    "connect_timeout": _CONNECT_S,
                    "tcp_user_timeout": _UNANSWERED_MS,
                    "options": f"-c lock_timeout={self.patience_ms}",
                },
            )
        except ModuleNotFoundError as exc:
            raise StartupError(
                "setting database names a PostgreSQL server, and its driver is not installed: "
                "pip install 'natoma[postgresql]'"
            ) from exc

    def _revision(self, chain: Chain) -> str | None:
        """None where nothing of ours is in the database yet."""
        engine = self.reading()
        try:
            with engine.begin() as connection:
                if not inspect(connection).has_table(chain.version_table):
                    return None
                found = text(f"SELECT version_num FROM {chain.version_table}")  # noqa: S608  # a name of ours
                revision = connection.execute(found).scalar_one_or_none()
                return None if revision is None else str(revision)
        except DBAPIError as exc:
            raise StartupError(f"{self}: {_why(exc) or 'it cannot be used'} ({_first_line(exc)})") from exc
        finally:
            engine.dispose()


def _keep_others_out(connection: Connection) -> None:
    connection.exec_driver_sql(_BEGIN_WRITING)


def _parsed(url: str) -> URL | None:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        return None  # the cause would show a password


def _why(exc: DBAPIError) -> str | None:
    state = getattr(exc.orig, "sqlstate", None)
    if state is None:
        # The driver's own: a server that does not answer, or went away.
        return "it cannot be reached" if isinstance(exc, OperationalError | InterfaceError) else None
    return TRANSIENT.get(state) or TRANSIENT.get(state[:2])


def _first_line(exc: DBAPIError) -> str:
    return str(exc.orig).strip().partition("\n")[0]
