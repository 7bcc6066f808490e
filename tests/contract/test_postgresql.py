"""What is a server's alone: how a registry on PostgreSQL begins, what it says of trouble, and the laws it keeps itself.

All that it shares with a file is in the suites of the stores.
"""

import asyncio
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError

from controller.adapters.sql import schema_registry, schema_rooms
from controller.adapters.sql.postgresql import OURS, TRANSIENT, PostgresServer
from controller.adapters.sql.registry import SqlRegistry, key_ids
from controller.adapters.sql.upgrade import MIGRATIONS, REGISTRY, Chain
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId
from controller.domain.membership import Right
from controller.errors import InputError, StartupError, StoreError
from tests.support import postgres
from tests.support.registries import ADA, BEN, NOON, empty_place, kept_in, opened_at

FIRST = Chain("registry", ("0001",), MIGRATIONS)
SECOND = Chain("registry", ("0001", "0002"), MIGRATIONS)
HOUR = timedelta(hours=1)


def test_an_empty_database_becomes_a_registry_with_the_tables_the_program_reads() -> None:
    server = postgres.new_database()
    assert not server.is_there(REGISTRY)
    assert key_ids(server) == frozenset()

    server.bring_up(REGISTRY)

    assert server.is_there(REGISTRY)
    engine = server.reading()
    with engine.begin() as connection:
        opts = {"version_table": REGISTRY.version_table, "compare_type": True}
        context = MigrationContext.configure(connection, opts=opts)
        differing = compare_metadata(context, schema_registry.metadata)
        # The index behind the law of no overlap is the constraint's own.
        assert [one for one in differing if "booking_no_overlap" not in repr(one)] == []
    engine.dispose()


async def test_a_registry_of_an_older_version_is_upgraded_with_all_in_it_and_goes_back() -> None:
    server = postgres.new_database()
    server.bring_up(SECOND)
    postgres.run(
        server,
        "INSERT INTO person (id, name, kind) VALUES ('ada', 'Ada', 'member');"
        "INSERT INTO booking (id, area, start_ms, end_ms, owner, state)"
        " VALUES ('one', 'pine', 1772452800000, 1772456400000, 'ada', 'booked')",
    )

    async with await SqlRegistry.open(server, key_id="k1", now=lambda: NOON) as registry:
        one = Booking(BookingId("one"), AreaId("pine"), NOON, NOON + HOUR, ADA)
        assert (await registry.load()).bookings == {"one": one}

    downgraded(server, "0001")
    assert server.is_there(FIRST)
    server.bring_up(REGISTRY)
    downgraded(server, "base")
    server.bring_up(REGISTRY)


def downgraded(server: PostgresServer, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(REGISTRY.scripts))
    engine = server.writing()
    with engine.begin() as connection:
        config.attributes.update(connection=connection, chain=REGISTRY)
        command.downgrade(config, to)
    engine.dispose()


def test_a_newer_registry_is_refused_with_both_revisions() -> None:
    server = postgres.new_database()
    server.bring_up(FIRST)
    postgres.run(server, "UPDATE alembic_version_registry SET version_num = '0099'")

    with pytest.raises(StartupError, match=rf"newer.*0099.*up to {REGISTRY.head}.*Run the newer program"):
        server.bring_up(REGISTRY)


def test_a_database_of_others_is_refused_and_left_alone() -> None:
    server = postgres.new_database()
    postgres.run(server, "CREATE TABLE person (name text)")

    with pytest.raises(StartupError, match=r"is the database one of Natoma's alone\?.*already exists"):
        server.bring_up(REGISTRY)

    assert not server.is_there(REGISTRY)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://natoma:hunter2@127.0.0.1:1/house", "127.0.0.1:1, database house: it cannot be reached"),
        ("postgresql://natoma:hunter2@/house?host=/nowhere", "/nowhere, database house: it cannot be reached"),
    ],
)
async def test_a_server_that_is_away_is_named_without_its_password(url: str, told: str) -> None:
    server = PostgresServer(url)

    with pytest.raises(StartupError) as refused:
        server.bring_up(REGISTRY)
    async with SqlRegistry(server, key_id="k1") as registry:
        with pytest.raises(StoreError) as away:
            await registry.version()

    for error in (refused.value, away.value):
        assert told in str(error)
        assert "hunter2" not in str(error) + repr(server)


@pytest.mark.parametrize("url", ["http://natoma:hunter2@host/house", "postgresql://host", "hunter2"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError) as refused:
        PostgresServer(url)

    assert "hunter2" not in str(refused.value)


def test_a_driver_that_is_not_installed_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StartupError, match=r"its driver is not installed: pip install 'natoma\[postgresql\]'"):
        PostgresServer("postgresql://host/house").bring_up(REGISTRY)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_an_error_of_the_database_tells_nobodys_values(kind: str, tmp_path: Path) -> None:
    async with SqlRegistry(empty_place(kind, tmp_path), key_id="k1") as registry:
        with pytest.raises(IntegrityError) as loud:
            await registry.database.write(
                lambda connection: connection.execute(
                    insert(schema_rooms.profile).values(person="nobody", webhook="https://hunter2")
                )
            )

    assert "hunter2" not in str(loud.value)


async def test_a_connection_that_broke_is_made_anew() -> None:
    server = postgres.empty_registry()
    async with opened_at(server) as kept:
        before = await kept.people.version()
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'natoma'"
        postgres.run(server, others)

        assert await kept.people.version() == before
        assert await kept.people.set_rights(ADA, {Right.FORGIVE}) == before + 1


async def test_a_server_that_breaks_off_leaves_nothing_of_the_transaction() -> None:
    server = postgres.empty_registry()
    async with opened_at(server) as kept, SqlRegistry(server, key_id="k1") as registry:

        def break_off(connection: Connection) -> None:
            connection.execute(text("UPDATE person SET banned = true"))
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

        with pytest.raises(StoreError, match=r"database registry: it is being stopped|cannot be reached"):
            await registry.database.write(break_off)

        assert not any(one.banned for one in (await kept.people.load()).people.values())


async def test_a_server_that_takes_no_writes_is_told() -> None:
    server = postgres.empty_registry()
    async with opened_at(server) as kept, SqlRegistry(server, key_id="k1") as registry:
        with pytest.raises(StoreError, match="it takes no writes"):
            await registry.database.read(lambda connection: connection.execute(text("UPDATE person SET banned = true")))
        assert not (await kept.people.load()).people[ADA].banned


async def test_a_writer_waits_for_another_and_not_for_ever() -> None:
    server = postgres.empty_registry()
    async with opened_at(server) as kept:
        impatient = PostgresServer(server.url, patience_ms=50)
        async with SqlRegistry(server, key_id="k1") as first, SqlRegistry(impatient, key_id="k1") as second:
            inside, done = threading.Event(), threading.Event()

            def dawdle(connection: Connection) -> None:
                inside.set()
                assert done.wait(10)

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(first.database.write(dawdle))
                assert await asyncio.to_thread(inside.wait, 10)
                with pytest.raises(StoreError, match="another process holds its lock"):
                    await second.set_banned(ADA, True)
                assert not (await kept.people.load()).people[ADA].banned  # who reads waits for nobody
                done.set()
            await second.set_banned(ADA, True)


def test_every_error_of_a_server_is_known_to_be_the_worlds_or_ours() -> None:
    states = {
        one.sqlstate
        for one in vars(psycopg.errors).values()
        if isinstance(one, type) and issubclass(one, psycopg.Error) and one.sqlstate
    }

    assert len(states) > 200
    assert {state for state in states if not (state[:2] in OURS or {state, state[:2]} & TRANSIENT.keys())} == set()
    assert OURS & TRANSIENT.keys() == set()


async def test_a_mistake_of_ours_stays_loud() -> None:
    async with SqlRegistry(postgres.empty_registry(), key_id="k1") as registry:
        with pytest.raises(Exception, match="no_such_table") as loud:
            await registry.database.read(lambda connection: connection.execute(text("SELECT 1 FROM no_such_table")))

    assert not isinstance(loud.value, StoreError)


@pytest.mark.parametrize("edit", ["UPDATE ledger SET amount = 0", "DELETE FROM ledger", "TRUNCATE ledger"])
async def test_the_database_itself_refuses_to_edit_the_ledger(edit: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="the ledger is not edited"):
        postgres.run(postgres.empty_registry(), edit)


async def test_two_writers_keep_the_versions_straight() -> None:
    server = postgres.empty_registry()
    async with opened_at(server) as one, SqlRegistry(server, key_id="k1", now=lambda: NOON) as second:
        both = (one, kept_in(second))
        before = await one.people.version()
        first = Booking(BookingId("b0"), AreaId("pine"), NOON, NOON + HOUR, ADA)

        versions = await asyncio.gather(
            *(
                both[n % 2].bookings.put_booking(
                    replace(first, id=BookingId(f"b{n}"), start=NOON + n * HOUR, end=NOON + (n + 1) * HOUR)
                )
                for n in range(20)
            ),
            *(both[n % 2].people.set_rights(BEN, list(Right)[: n + 1]) for n in range(5)),
        )

        assert sorted(versions) == list(range(before + 1, before + 26))
        assert await one.people.load() == await second.load()
