"""A guest has come in: their host is told, once a day, and nobody else."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from controller.domain.community import Profile
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import GuestPass
from controller.domain.ids import DoorId, PersonId
from controller.domain.membership import Person, PersonKind
from controller.services.ports import LoggedFact
from controller.services.visitors.guest_arrivals import GuestArrivals
from tests.support.services import ALICE, NOON, PEOPLE, House

GRACE = PersonId("grace")
HOUR = timedelta(hours=1)


async def test_the_host_hears_once_that_their_guest_has_come() -> None:
    people = {**PEOPLE.people, GRACE: Person(GRACE, "Grace", PersonKind.GUEST)}
    passes = (GuestPass("g-1", GRACE, ALICE.id, NOON - HOUR, NOON + 8 * HOUR),)
    house = House(people=_with(people, passes))
    await house.profiles.put_profile(Profile(ALICE.id, email="alice@example.org"))
    async with asyncio.TaskGroup() as tasks:
        lasting = [tasks.create_task(work) for _, work in house.services.lasting()]
        await asyncio.sleep(2)  # the profiles are read, and the log is followed from here on
        for _ in range(2):
            house.journal.note(Fact(FactKind.ENTRY_TAKEN, house.clock.now(), door=DoorId("street"), person=GRACE))
            await asyncio.sleep(3)
        for task in lasting:
            task.cancel()

    assert [(person, message.subject) for person, message in house.mailbox.sent] == [(ALICE.id, "Grace has arrived")]


async def test_a_restart_tells_nobody_again_and_the_next_day_does() -> None:
    people = {**PEOPLE.people, GRACE: Person(GRACE, "Grace", PersonKind.GUEST)}
    passes = (GuestPass("g-1", GRACE, ALICE.id, NOON - HOUR, NOON + 48 * HOUR),)
    house = House(people=_with(people, passes))
    noted: list[Fact] = []
    arrivals = GuestArrivals(house.index, lambda fact, _=None: noted.append(fact))
    arrivals.recall([LoggedFact(1, Fact(FactKind.GUEST_ARRIVED, NOON, person=GRACE))])

    for at in (NOON + HOUR, NOON + 24 * HOUR):
        arrivals.took(LoggedFact(2, Fact(FactKind.ENTRY_TAKEN, at, person=GRACE)))

    assert [(fact.at, fact.detail["host"]) for fact in noted] == [(NOON + 24 * HOUR, ALICE.id)]


async def test_who_is_nobodys_guest_is_no_arrival() -> None:
    house = House()
    noted: list[Fact] = []
    arrivals = GuestArrivals(house.index, lambda fact, _=None: noted.append(fact))

    for who in (ALICE.id, PersonId("nobody"), None):
        arrivals.took(LoggedFact(1, Fact(FactKind.ENTRY_TAKEN, NOON, person=who)))

    assert noted == []


def _with(people: dict[PersonId, Person], passes: tuple[GuestPass, ...]):
    return replace(PEOPLE, people=people, guest_passes=passes)
