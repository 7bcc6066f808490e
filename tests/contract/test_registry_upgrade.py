"""A registry made by the first version, opened by this one: everybody is still there, and still gets in."""

import contextlib
import sqlite3
from datetime import date
from pathlib import Path

from controller.adapters.sql.registry import SqlRegistry
from controller.adapters.sql.upgrade import MIGRATIONS, Chain, bring_up
from controller.domain.ids import AreaId, CredentialId, PersonId, PlanId, TeamId
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
from controller.services.ports import RegistrySnapshot
from tests.support.registries import kept_in

FIRST = Chain("registry", ("0001",), MIGRATIONS)
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
