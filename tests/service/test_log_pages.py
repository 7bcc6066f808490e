"""A long log is searched and paged, never held whole; and a tap is found by its id."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.facts import Fact, FactKind
from controller.services.policy.log_pages import PAGE, facts_since, newest_about
from controller.services.ports import LoggedFact

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


class Log:
    """Facts at their positions; some positions may be missing, as after a clean-up."""

    def __init__(self, facts: Sequence[Fact], *, first: int = 1) -> None:
        self.facts = [LoggedFact(n, fact) for n, fact in enumerate(facts, start=first)]
        self.largest = 0

    async def after(self, position: int, limit: int = 500) -> list[LoggedFact]:
        found = [one for one in self.facts if one.position > position][:limit]
        self.largest = max(self.largest, len(found))
        return found

    async def latest(self, limit: int = 200) -> list[LoggedFact]:
        return self.facts[-limit:]


def fact(minutes: int, id: str = "", kind: FactKind = FactKind.ENTRY_GRANTED) -> Fact:
    return Fact(
        kind, NOON + timedelta(minutes=minutes), message_id=id or f"m{minutes}", correlation=id or f"m{minutes}"
    )


async def minutes_since(log: Log, since: datetime) -> list[int]:
    return [round((one.fact.at - NOON).total_seconds() / 60) async for one in facts_since(log, since)]


@pytest.mark.parametrize("first", [1, 5_000], ids=["from its beginning", "after a clean-up"])
async def test_facts_since_a_moment_are_told_oldest_first(first: int):
    log = Log([fact(n) for n in range(-3_000, 3_000)], first=first)

    assert await minutes_since(log, NOON + timedelta(minutes=2_990)) == list(range(2_990, 3_000))
    assert log.largest <= PAGE


async def test_a_fact_that_came_in_late_is_not_missed():
    log = Log([fact(0), fact(10), fact(5), fact(20)])

    assert await minutes_since(log, NOON + timedelta(minutes=5)) == [10, 5, 20]


async def test_an_empty_log_has_no_facts_and_no_taps():
    assert await minutes_since(Log([]), NOON) == []
    assert await newest_about(Log([]), "m1") == []


async def test_a_tap_is_all_facts_with_its_id_wherever_they_lie():
    facts = [fact(n) for n in range(PAGE * 2)]
    facts[PAGE - 1] = fact(PAGE - 1, "tap")
    facts[PAGE + 1] = fact(PAGE + 1, "tap", FactKind.ENTRY_TAKEN)

    found = await newest_about(Log(facts), "tap")

    assert [one.kind for one in found] == [FactKind.ENTRY_GRANTED, FactKind.ENTRY_TAKEN]


async def test_of_an_id_used_twice_the_newer_tap_is_meant():
    facts = [fact(n) for n in range(PAGE * 4)]
    facts[3] = fact(3, "tap", FactKind.ENTRY_DENIED)
    facts[-3] = fact(PAGE * 4 - 3, "tap")

    assert [one.kind for one in await newest_about(Log(facts), "tap")] == [FactKind.ENTRY_GRANTED]


async def test_an_id_that_is_nobodys_is_not_found():
    assert await newest_about(Log([fact(1), fact(2)]), "nobody") == []
