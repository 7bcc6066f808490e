"""Who comes for the first time ever: told once, and not of people who have been coming for weeks."""

import asyncio
from datetime import timedelta

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DoorId, PersonId
from controller.services.people.first_entries import FirstEntries
from controller.services.ports import LoggedFact
from tests.support.memory import MemoryEventLog
from tests.support.memory_profiles import MemoryProfiles
from tests.support.services import NOON

ADA, BEN, OLD, GUEST = PersonId("ada"), PersonId("ben"), PersonId("old"), PersonId("ticket:t-1")
HOUR = timedelta(hours=1)


def entry(person: PersonId | None, at: object = NOON) -> Fact:
    return Fact(FactKind.ENTRY_TAKEN, at, door=DoorId("street"), person=person, correlation="tap")  # type: ignore[arg-type]


async def told(log: MemoryEventLog, *facts: Fact, store: MemoryProfiles | None = None) -> list[Fact]:
    heard: list[Fact] = []
    first = FirstEntries(store or MemoryProfiles({ADA, BEN, OLD}), lambda who, _: who != OLD, heard.append)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(first.run(log, NOON))
        for place, fact in enumerate(facts):
            first.took(LoggedFact(place, fact))
        for _ in range(50):
            await asyncio.sleep(0)
        running.cancel()
    return heard


async def test_a_first_entry_is_told_once() -> None:
    heard = await told(MemoryEventLog(), entry(ADA), entry(ADA, NOON + HOUR))

    assert heard == [Fact(FactKind.FIRST_VISIT, NOON, door=DoorId("street"), person=ADA, correlation="tap")]


async def test_whoever_came_before_anybody_kept_it_is_no_newcomer() -> None:
    log = MemoryEventLog()
    await log.append_all([entry(ADA, NOON - HOUR)])

    assert [fact.person for fact in await told(log, entry(ADA), entry(BEN))] == [BEN]


async def test_a_restart_does_not_welcome_anybody_again() -> None:
    store = MemoryProfiles({ADA, BEN})
    await told(MemoryEventLog(), entry(ADA), store=store)

    assert await told(MemoryEventLog(), entry(ADA, NOON + HOUR), store=store) == []


async def test_visitors_known_by_a_ticket_alone_are_not_told_of() -> None:
    assert await told(MemoryEventLog(), entry(GUEST), entry(None)) == []


async def test_whoever_held_a_membership_before_is_no_newcomer_at_the_first_badge() -> None:
    assert await told(MemoryEventLog(), entry(OLD)) == []
