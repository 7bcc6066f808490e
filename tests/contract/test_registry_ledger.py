"""The ledger and the lists given out: on the in-memory twins, on SQLite and on PostgreSQL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from controller.adapters.sql.registry import SqlRegistry
from controller.domain.ids import DeviceId, PersonId, PlanId
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError
from controller.services.stores import IssuedList
from tests.support.registries import ADA, BEN, NOON, Kept, empty_place, kept_in, opened, opened_at

MONDAY = date(2026, 3, 2)
TWO_DAYS = PlanId("two-days")
USED = LedgerRow(LedgerEntry.USED, Charge(ChargeKind.QUOTA_DAY, ADA, MONDAY, plan=TWO_DAYS), NOON, correlation="tap-1")
DAY_MS = 24 * 3_600_000


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    async with opened(request.param, tmp_path) as kept:
        yield kept


async def test_re_entry_the_same_day_is_free(kept: Kept) -> None:
    again = replace(USED, at=NOON + timedelta(hours=3), correlation="tap-2")

    assert await kept.ledger.append([USED]) == [True]
    assert await kept.ledger.append([again]) == [False]

    assert await kept.ledger.load(MONDAY) == [USED]
    assert await kept.ledger.version() == 1


async def test_each_guest_of_a_host_is_a_day_of_its_own(kept: Kept) -> None:
    rows = [
        replace(USED, charge=Charge(ChargeKind.GUEST_DAY, ADA, MONDAY, subject=PersonId(guest)))
        for guest in ("g1", "g2", "g1")
    ]

    assert await kept.ledger.append(rows) == [True, True, False]
    assert [row.charge.subject for row in await kept.ledger.load(MONDAY)] == ["g1", "g2"]


async def test_refunds_and_waivers_are_new_rows_not_edits(kept: Kept) -> None:
    refund = replace(USED, entry=LedgerEntry.REFUNDED, amount=-1, by="ben", reason="the lift was broken")
    waiver = replace(refund, entry=LedgerEntry.WAIVED, amount=1)

    await kept.ledger.append([USED])
    assert await kept.ledger.append([refund, waiver, waiver]) == [True, True, True]

    assert await kept.ledger.load(MONDAY) == [USED, refund, waiver, waiver]
    assert await kept.ledger.version() == 4


async def test_day_passes_bought_long_ago_are_still_there(kept: Kept) -> None:
    bought = LedgerRow(LedgerEntry.BOUGHT, Charge(ChargeKind.DAY_PASS, BEN, date(2025, 1, 2)), NOON, 10)
    long_ago = replace(USED, charge=replace(USED.charge, day=date(2025, 1, 2)))
    await kept.ledger.append([bought, long_ago, USED])

    assert await kept.ledger.load(MONDAY) == [bought, USED]


async def test_the_cursor_moves_with_the_rows_and_never_back(kept: Kept) -> None:
    assert await kept.ledger.cursor() is None  # nobody has followed a log yet

    await kept.ledger.append([], 0)
    assert await kept.ledger.cursor() == 0  # an empty one

    await kept.ledger.append([USED], 17)
    await kept.ledger.append([], 12)
    await kept.ledger.append([], None)

    assert await kept.ledger.cursor() == 17
    assert await kept.ledger.version() == 1


async def test_a_day_used_is_no_change_of_anybody_s_rights(kept: Kept) -> None:
    before = await kept.people.version()

    await kept.ledger.append([USED], 17)

    assert await kept.people.version() == before


async def test_a_row_that_makes_no_sense_is_refused_and_none_is_written(kept: Kept) -> None:
    for wrong, told in (
        (replace(USED, amount=0), "used quota_day of 'ada': 0 days; one or more"),
        (replace(USED, entry=LedgerEntry.REFUNDED, reason="x"), "1 days; what a refund takes back is negative"),
        (replace(USED, entry=LedgerEntry.REFUNDED, amount=-1), "a day refunded needs a reason"),
        (replace(USED, entry=LedgerEntry.WAIVED), "a day waived needs a reason"),
    ):
        with pytest.raises(InputError, match=told):
            await kept.ledger.append([USED, wrong])
    assert await kept.ledger.load(MONDAY) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_fifty_parallel_entries_are_one_day(kind: str, tmp_path: Path) -> None:
    place = empty_place(kind, tmp_path)
    async with opened_at(place) as one, SqlRegistry(place, key_id="k1") as second:
        ledgers = (one.ledger, kept_in(second).ledger)
        told = await asyncio.gather(
            *(ledgers[n % 2].append([replace(USED, correlation=f"tap-{n}")], n) for n in range(50))
        )

        assert sum(new for (new,) in told) == 1
        assert (len(await one.ledger.load(MONDAY)), await one.ledger.version()) == (1, 1)
        assert await one.ledger.cursor() == 49


@pytest.mark.parametrize("edit", ["UPDATE ledger SET amount = 0", "DELETE FROM ledger"])
async def test_the_database_itself_refuses_to_edit_the_ledger(tmp_path: Path, edit: str) -> None:
    async with opened("sqlite", tmp_path) as kept:
        await kept.ledger.append([USED])

    with sqlite3.connect(tmp_path / "natoma.db") as connection, pytest.raises(sqlite3.IntegrityError, match="not edit"):
        connection.execute(edit)
    connection.close()


WRITTEN = "INSERT {how} INTO ledger ({number}entry, kind, holder, day, at_ms, amount)"
AS_ADA_USED = "'used', 'quota_day', 'ada', '2026-03-02', 0, 9)"


async def test_no_row_of_the_ledger_is_replaced_by_another_of_its_number(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path) as kept:
        await kept.ledger.append([USED])

    other = "VALUES (1, 'used', 'quota_day', 'ben', '2026-03-02', 0, 9)"
    with sqlite3.connect(tmp_path / "natoma.db") as connection:
        for how in ("OR REPLACE", "OR IGNORE", ""):
            with pytest.raises(sqlite3.IntegrityError, match="not edit"):
                connection.execute(f"{WRITTEN.format(how=how, number='number, ')} {other}")
    connection.close()

    async with opened("sqlite", tmp_path) as kept:
        assert await kept.ledger.load(MONDAY) == [USED]


async def test_a_use_that_is_there_stays_whoever_writes_it_again(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path) as kept:
        await kept.ledger.append([USED])

    with sqlite3.connect(tmp_path / "natoma.db") as connection:
        for how, number in (("OR REPLACE", ""), ("OR REPLACE", "number, "), ("", "")):
            values = f"VALUES ({'7, ' if number else ''}{AS_ADA_USED}"
            assert connection.execute(f"{WRITTEN.format(how=how, number=number)} {values}").rowcount == 0
    connection.close()

    async with opened("sqlite", tmp_path) as kept:
        assert await kept.ledger.append([replace(USED, amount=3)]) == [False]
        assert await kept.ledger.load(MONDAY) == [USED]


# --- the lists given out ----------------------------------------------------------------------------------------------


async def test_a_list_given_out_is_remembered_with_its_salt(kept: Kept) -> None:
    street, lab = DeviceId("door-street"), DeviceId("door-lab")
    await kept.lists.remember_list(street, 2, b"two", 20, 20 + DAY_MS)
    await kept.lists.remember_list(lab, 7, b"seven", 15, 15 + DAY_MS)
    await kept.lists.remember_list(street, 1, b"one", 10, 10 + DAY_MS)

    lists = await kept.lists.remembered_lists()

    assert [(one.device, one.rev, one.salt) for one in lists] == [
        (lab, 7, b"seven"),
        (street, 1, b"one"),
        (street, 2, b"two"),
    ]
    assert b"seven" not in repr(lists).encode()


async def test_the_same_list_given_out_again_is_one(kept: Kept) -> None:
    door = DeviceId("door-street")
    await kept.lists.remember_list(door, 1, b"one", 10, 20)
    await kept.lists.remember_list(door, 1, b"uno", 11, 21)

    assert await kept.lists.remembered_lists() == [IssuedList(door, 1, b"uno", 11, 21)]


async def test_lists_are_forgotten_when_no_door_can_tell_of_them_any_more(kept: Kept) -> None:
    door, month = DeviceId("door-street"), 31 * DAY_MS
    await kept.lists.remember_list(door, 1, b"one", 0, DAY_MS)
    await kept.lists.remember_list(door, 2, b"two", DAY_MS + month, 2 * DAY_MS + month)
    assert len(await kept.lists.remembered_lists()) == 2

    await kept.lists.remember_list(door, 3, b"three", DAY_MS + month + 1, 2 * DAY_MS + month)
    assert [one.rev for one in await kept.lists.remembered_lists()] == [2, 3]


async def test_a_list_given_out_changes_nobody_s_rights(kept: Kept) -> None:
    before = await kept.people.version()

    await kept.lists.remember_list(DeviceId("door-street"), 1, b"one", 10, 20)

    assert await kept.people.version() == before
