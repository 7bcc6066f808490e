"""A registry made by the first version, opened by this one: everybody is still there, and still gets in."""

import contextlib
import sqlite3
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from controller.adapters.sql.engine import writing_engine
from controller.adapters.sql.registry import SqlRegistry
from controller.adapters.sql.upgrade import MIGRATIONS, REGISTRY, Chain, bring_up
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, CredentialId, PersonId, PlanId, TeamId
from controller.domain.membership import (
    Credential,
    CredentialKind,
    CredentialState,
    Lease,
    Membership,
    Person,
    PersonKind,
    Right,
    Standing,
    Team,
)
from controller.services.booking.stores import Overlap
from controller.services.ports import RegistrySnapshot
from tests.support.registries import ADA, NOON, kept_in

PINE = AreaId("pine")
HOUR = timedelta(hours=1)
FIRST = Chain("registry", ("0001",), MIGRATIONS)
SECOND = Chain("registry", ("0001", "0002"), MIGRATIONS)
ROWS = """
    INSERT INTO team VALUES ('atelier', 'Atelier');
    INSERT INTO person VALUES ('ada', 'Ada', 'staff', 0, 1, 'atelier');
    INSERT INTO plan VALUES ('full', 'Full', 1);
    INSERT INTO membership VALUES ('ada', 'full', '2026-03-01', NULL, 'grace');
    INSERT INTO lease VALUES ('atelier', 'office-2', '2026-03-01', NULL);
    INSERT INTO credential VALUES ('b-1', 'ada', 'badge', 'lost', 1000, NULL, '80', x'0102', 'k1');
    INSERT INTO change VALUES (1, 'person:ada');
    UPDATE meta SET value = 1 WHERE key = 'version';
"""


def first_version(path: Path) -> None:
    bring_up(path, FIRST)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(ROWS)


async def test_a_registry_of_the_first_version_keeps_everybody(tmp_path: Path) -> None:
    first_version(tmp_path / "natoma.db")

    async with await SqlRegistry.open(tmp_path / "natoma.db", key_id="k1") as registry:
        now = await registry.load()

    ada, badge = PersonId("ada"), CredentialId("b-1")
    (credential,) = now.credentials.values()
    assert now == RegistrySnapshot(
        version=1,
        people={ada: Person(ada, "Ada", PersonKind.STAFF, False, TeamId("atelier"), needs_time=True)},
        memberships={ada: (Membership(ada, PlanId("full"), date(2026, 3, 1), None, Standing.GRACE),)},
        leases=(Lease(TeamId("atelier"), AreaId("office-2"), date(2026, 3, 1)),),
        credentials={
            badge: Credential(
                badge, ada, CredentialKind.BADGE, CredentialState.LOST, credential.valid_from, None, last_two="80"
            )
        },
        digests={b"\x01\x02": badge},
        teams={TeamId("atelier"): Team(TeamId("atelier"), "Atelier")},
    )
    assert (tmp_path / "natoma.db.before-0001").exists()


async def test_all_that_is_new_works_on_an_upgraded_registry(tmp_path: Path) -> None:
    first_version(tmp_path / "natoma.db")

    async with await SqlRegistry.open(tmp_path / "natoma.db", key_id="k1") as registry:
        kept = kept_in(registry)
        assert await kept.people.set_rights(PersonId("ada"), {Right.FORGIVE}) == 2
        assert await kept.people.pay(PersonId("ada")) == 3
        assert (await kept.ledger.version(), await kept.ledger.cursor()) == (0, None)


BOOKED = """
    INSERT INTO booking VALUES ('one', 'pine', 1772452800000, 1772456400000, 'ada', 'booked', 1);
    INSERT INTO booking VALUES ('two', 'pine', 1772454600000, 1772458200000, 'ada', 'booked', 0);
    INSERT INTO booking_participant VALUES ('one', 'ada');
"""


def second_version(path: Path) -> None:
    """With two bookings that overlap: nothing kept them apart then."""
    bring_up(path, SECOND)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            "INSERT INTO person (id, name, kind) VALUES ('ada', 'Ada', 'member');"
            "INSERT INTO person (id, name, kind) VALUES ('ben', 'Ben', 'member');" + BOOKED
        )


async def test_bookings_from_before_they_were_kept_apart_stay_and_may_be_ended(tmp_path: Path) -> None:
    second_version(tmp_path / "natoma.db")
    one = Booking(BookingId("one"), PINE, NOON, NOON + HOUR, ADA, frozenset({ADA}), holiday_confirmed=True)
    two = Booking(BookingId("two"), PINE, NOON + HOUR / 2, NOON + 1.5 * HOUR, ADA)

    async with await SqlRegistry.open(tmp_path / "natoma.db", key_id="k1", now=lambda: NOON) as registry:
        kept = kept_in(registry)
        assert (await registry.load()).bookings == {"one": one, "two": two}

        await kept.bookings.change_booking(one.id, lambda known: replace(known, checked_in_at=NOON))
        with pytest.raises(Overlap):
            await kept.bookings.put_booking(replace(two, id=BookingId("three")))
        await kept.bookings.cancel_booking(one.id)

        assert [known.id for known in await kept.bookings.bookings_between(NOON, NOON + HOUR)] == ["two"]


async def test_an_upgraded_registry_goes_back_with_its_bookings_and_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "natoma.db"
    second_version(path)
    bring_up(path, REGISTRY)

    downgraded(path, "0002")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM booking ORDER BY id").fetchall()
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'booking_no%'").fetchall()
    assert rows == [
        ("one", "pine", 1772452800000, 1772456400000, "ada", "booked", 1),
        ("two", "pine", 1772454600000, 1772458200000, "ada", "booked", 0),
    ]
    assert triggers == []

    bring_up(path, REGISTRY)
    async with SqlRegistry(path, key_id="k1", now=lambda: NOON) as registry:
        assert (await registry.load()).bookings.keys() == {"one", "two"}


def downgraded(path: Path, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(REGISTRY.scripts))
    engine = writing_engine(path)
    with engine.begin() as connection:
        config.attributes.update(connection=connection, chain=REGISTRY)
        command.downgrade(config, to)
    engine.dispose()
