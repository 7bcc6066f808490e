"""The ledger at the desk: rows that put something right, and refusals that say what would be."""

from dataclasses import replace
from datetime import date

import pytest

from controller.domain.ids import PersonId, PlanId
from controller.domain.membership import Person, PersonKind, Right
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from controller.errors import InputError
from controller.services.desk.ledger_desk import LedgerDesk
from tests.support.memory_stores import MemoryLedger
from tests.support.services import ALICE, NOON, SPACE

HERA = Person(PersonId("hera"), "Hera", rights=frozenset({Right.FORGIVE}))
STAN = Person(PersonId("stan"), "Stan", PersonKind.STAFF)
GUS = Person(PersonId("gus"), "Gus", PersonKind.GUEST)
PEOPLE = {one.id: one for one in (ALICE, HERA, STAN, GUS)}
MONDAY = date(2026, 11, 23)
DAY, PASS, GUEST = ChargeKind.QUOTA_DAY, ChargeKind.DAY_PASS, ChargeKind.GUEST_DAY
USED = LedgerRow(LedgerEntry.USED, Charge(DAY, ALICE.id, MONDAY, plan=PlanId("two-days")), NOON)


@pytest.fixture
def ledger():
    return MemoryLedger()


@pytest.fixture
def desk(ledger):
    return LedgerDesk(ledger, SPACE, PEOPLE, NOON)


async def refused(asked) -> str:
    with pytest.raises(InputError) as error:
        await asked
    return str(error.value)


async def test_a_refund_is_a_new_row_with_who_and_why(desk, ledger):
    await ledger.append([USED])
    said = await desk.refund("alice", MONDAY, DAY, None, "hera", "no heating")

    assert said == "Alice has a day of the plan back, of 2026-11-23."
    assert ledger.rows == [
        USED,
        LedgerRow(LedgerEntry.REFUNDED, USED.charge, NOON, -1, "hera", "no heating"),
    ]


async def test_what_was_not_used_or_is_back_already_is_not_refunded(desk, ledger):
    nothing = await refused(desk.refund("alice", MONDAY, DAY, None, "hera", "no heating"))
    await ledger.append([USED])
    await desk.refund("alice", MONDAY, DAY, None, "hera", "no heating")
    twice = await refused(desk.refund("alice", MONDAY, DAY, None, "hera", "no heating"))

    assert nothing.endswith("no use of a day of the plan on 2026-11-23 to give back — none was used")
    assert twice == (
        "--day: a day of the plan of Alice on 2026-11-23 was given back already, today 12:00 by Hera: no heating"
    )


async def test_a_day_that_is_back_is_not_named_among_those_to_give_back(desk, ledger):
    await ledger.append([USED, replace(USED, charge=replace(USED.charge, day=date(2026, 11, 20)))])
    await desk.refund("alice", MONDAY, DAY, None, "hera", "no heating")
    refusal = await refused(desk.refund("alice", date(2026, 11, 19), DAY, None, "hera", "no heating"))

    assert refusal.endswith("used are 2026-11-20")
    assert (await desk.show("alice"))[-1] == "Alice this week: no day used."


async def test_a_waiver_is_a_new_row_once(desk, ledger):
    said = await desk.waive("alice", None, DAY, None, "hera", "open day")
    twice = await refused(desk.waive("alice", MONDAY, DAY, None, "hera", "open day"))

    assert said == "2026-11-23 costs Alice nothing: a day of the plan is waived."
    assert [row.entry for row in ledger.rows] == [LedgerEntry.WAIVED]
    assert twice == "a day of the plan of Alice on 2026-11-23 is waived already"


async def test_a_guests_day_is_given_back_to_the_host(desk, ledger):
    await ledger.append([replace(USED, charge=Charge(GUEST, ALICE.id, MONDAY, GUS.id))])
    await desk.refund("alice", MONDAY, GUEST, "gus", "hera", "did not stay")

    assert ledger.rows[-1].charge == Charge(GUEST, ALICE.id, MONDAY, GUS.id)


async def test_day_passes_are_bought_from_staff_and_given_by_whoever_may(desk, ledger):
    bought = await desk.buy("alice", 5, "stan", "receipt 17")
    await desk.waive("alice", None, PASS, None, "hera", "thank you")

    assert bought == "Alice has 5 day passes now."
    assert (await desk.show("alice"))[-1] == "Day passes left: 6."


async def test_a_visitors_day_is_a_day_of_this_week(desk, ledger):
    await ledger.append([LedgerRow(LedgerEntry.USED, Charge(ChargeKind.VISIT_DAY, ALICE.id, MONDAY), NOON)])
    used = (await desk.show("alice"))[-1]
    await desk.waive("alice", MONDAY, ChargeKind.VISIT_DAY, None, "hera", "our mistake")

    assert (used, (await desk.show("alice"))[-1]) == ("Alice this week: Mon.", "Alice this week: no day used.")


async def test_what_somebody_used_in_words(desk, ledger):
    await ledger.append([USED, replace(USED, charge=Charge(GUEST, ALICE.id, MONDAY, GUS.id))])
    await desk.waive("alice", None, DAY, None, "hera", "open day")

    assert await desk.show("Alice") == [
        "Mon 23 Nov  used        a day of the plan",
        "Mon 23 Nov  used        a guest's day (Gus)",
        "Mon 23 Nov  waived      a day of the plan — Hera: open day",
        "Alice this week: no day used.",
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda desk: desk.show("alise"), "PERSON: nobody here is 'alise'"),
        (lambda desk: desk.waive("alice", None, DAY, None, "stan", "x"), "Stan may not forgive (right forgive) — ask Hera"),
        (lambda desk: desk.waive("alice", None, DAY, None, "hera", " "), "--reason: is empty"),
        (lambda desk: desk.waive("alice", date(2026, 11, 24), DAY, None, "hera", "x"), "--day: 2026-11-24 — a day of the"),
        (lambda desk: desk.waive("alice", None, GUEST, None, "hera", "x"), "--guest: names whose day it was"),
        (lambda desk: desk.waive("alice", None, DAY, "gus", "hera", "x"), "--guest: names whose day it was"),
        (lambda desk: desk.buy("alice", 0, "stan", ""), "--count: 0 — from 1 to 100"),
        (lambda desk: desk.buy("alice", 1, "gus", ""), "Gus may not forgive"),
    ],
    ids=["nobody", "no right", "no reason", "tomorrow", "no guest", "a guest too many", "no passes", "sold by a guest"],
)  # fmt: skip
async def test_what_makes_no_sense_changes_nothing(desk, ledger, asked, words):
    assert words in await refused(asked(desk))
    assert ledger.rows == []
