"""How every process learns of a change: each one raises a version and names what it touched, in its own transaction."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select, update

from controller.adapters.sql import schema_registry as schema
from controller.adapters.sql import schema_rooms as rooms

# A change of more people than this is told as "everything": loading all is then faster than patching.
PATCHED_AT_MOST = 500
# So many changes can be followed one by one; whoever is further behind loads all.
CHANGES_KEPT = 1000

EVERYTHING = "*"
EVENTS = "events"
GROUPS = "groups"
GUESTS = "guests"
HOUSE = "house"
LEASES = "leases"
PLANS = "plans"
VISITS = "visits"

_AREA = "area:"
_PERSON = "person:"


def version_of(connection: Connection, key: str = schema.VERSION_KEY) -> int:
    found = select(schema.meta.c.value).where(schema.meta.c.key == key)
    return int(connection.execute(found).scalar_one())


def bump(connection: Connection, *subjects: str, people: Iterable[str] = (), areas: Iterable[str] = ()) -> int:
    """The registry's next version, and what it touched: subjects of here, people, rooms whose bookings changed."""
    version = version_of(connection) + 1
    touched = sorted({_PERSON + person for person in people} | {_AREA + area for area in areas})
    told = [*subjects, *(touched if len(touched) <= PATCHED_AT_MOST else [EVERYTHING])]
    connection.execute(insert(schema.change), [{"version": version, "subject": subject} for subject in told])
    connection.execute(delete(schema.change).where(schema.change.c.version <= version - CHANGES_KEPT))
    set_key(connection, schema.VERSION_KEY, version)
    return version


def next_of(connection: Connection, key: str) -> int:
    """The next version of what has one of its own: alarms, the ledger."""
    version = version_of(connection, key) + 1
    set_key(connection, key, version)
    return version


def set_key(connection: Connection, key: str, value: int) -> None:
    connection.execute(update(schema.meta).where(schema.meta.c.key == key).values(value=value))


def follow_from_the_start(connection: Connection) -> None:
    """The event log begins anew: what follows it does so from its first place, but for who never began."""
    for key in (schema.LEDGER_CURSOR_KEY, rooms.NOTICES_CURSOR_KEY):
        if version_of(connection, key) > 0:
            set_key(connection, key, 0)


def touched_since(connection: Connection, version: int) -> frozenset[str] | None:
    """Every subject touched after `version`; None when that cannot be told any more."""
    change = schema.change.c
    oldest = connection.execute(select(change.version).order_by(change.version).limit(1)).scalar_one_or_none()
    if version > version_of(connection) or oldest is None or oldest > version + 1:
        return None
    return frozenset(connection.scalars(select(change.subject).distinct().where(change.version > version)))


def people_among(subjects: Iterable[str]) -> list[str]:
    return [one.removeprefix(_PERSON) for one in subjects if one.startswith(_PERSON)]


def areas_among(subjects: Iterable[str]) -> list[str]:
    return [one.removeprefix(_AREA) for one in subjects if one.startswith(_AREA)]
