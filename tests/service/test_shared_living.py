"""Days, tickets, visitors and two-person doors in the house as it is wired: from what a reader says to what is kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.building import Partner, Passback, PinMode, Plan, Space, Zone
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import GuestPass, PublicEvent, Ticket
from controller.domain.ids import CredentialId, EventId, PartnerId, PersonId, PlanId, TicketId, ZoneId
from controller.domain.membership import Credential, CredentialKind, Person, PersonKind
from controller.domain.shared import Position
from controller.domain.usage import ChargeKind
from controller.domain.whereabouts import HOUSE
from controller.services.entry.usage import RESERVED_FOR
from controller.services.offline.access_lists import SPENT_AFTER
from controller.services.ports import RegistrySnapshot
from controller.services.stores import NewTicket
from devices import passes
from devices.badges import Badge
from devices.errors import NotConnected
from devices.messages import AccessList, BadgeReadData, Event, EventType, State
from devices.passes import Pass
from tests.support.services import (
    ALICE,
    ALICES_BADGE,
    CARD,
    FULL,
    LAB,
    LAB_DOOR,
    LAB_UNIT,
    LOBBY,
    NOON,
    PEOPLE,
    SPACE,
    STREET,
    STREET_READER,
    STREET_READER_OUT,
    STREET_UNIT,
    House,
    PlainDigests,
    with_door,
)

BOB = Person(PersonId("bob"), "Bob")
BOBS_CARD = "04AF68DACB5A82"
BOBS_BADGE = Credential(CredentialId("badge-bob"), BOB.id, last_two=BOBS_CARD[-2:])
ALICES_PIN = Credential(CredentialId("pin-alice"), ALICE.id, CredentialKind.PIN)
VISITORS = PlanId("visitors")
KEY = bytes(range(32))
EVERYBODY = replace(
    PEOPLE,
    people={**PEOPLE.people, BOB.id: BOB},
    memberships={**PEOPLE.memberships, BOB.id: (replace(PEOPLE.memberships[ALICE.id][0], person=BOB.id),)},
    credentials={**PEOPLE.credentials, BOBS_BADGE.id: BOBS_BADGE, ALICES_PIN.id: ALICES_PIN},
    digests={
        **PEOPLE.digests,
        PlainDigests().of(Badge(BOBS_CARD, 56, "iso14443a")): BOBS_BADGE.id,
        PlainDigests().of_pin("493817"): ALICES_PIN.id,
    },
)
TWO_DAYS: Space = replace(
    SPACE,
    plans={
        FULL: replace(SPACE.plans[FULL], days_per_week=2),
        VISITORS: Plan(VISITORS, "Visitors", SPACE.plans[FULL].schedule, frozenset({LOBBY}), kind="visiting"),
    },
    partners={
        PartnerId("trudaine"): Partner(PartnerId("trudaine"), "Trudaine", passes.public_key_text(KEY), VISITORS, days=3)
    },
)
START = NOON + timedelta(minutes=1)
TALK = PublicEvent(
    EventId("talk"), "A talk", BOB.id, LAB, (STREET.id, LAB_DOOR.id), START, START + timedelta(minutes=10), capacity=1
)


@asynccontextmanager
async def living(space: Space = TWO_DAYS, people: RegistrySnapshot = EVERYBODY) -> AsyncIterator[House]:
    """A house with all its tasks at work."""
    house = House(space=space, people=people)
    await house.services.recall([], {})
    house.bring_up()
    tasks = []
    for name, work in house.services.lasting():
        if name == "list digests":  # works in a thread, which a leaping loop does not wait for
            work.close()
        else:
            tasks.append(asyncio.get_running_loop().create_task(work))
    tasks.append(asyncio.get_running_loop().create_task(_each_second(house)))
    for unit in (STREET_UNIT, LAB_UNIT):
        house.say(unit, report(house, "closed"))
    await asyncio.sleep(5)
    try:
        yield house
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _each_second(house: House) -> None:
    while True:
        await asyncio.sleep(1.0)
        if await house.registry.version() != house.index.version:
            await house.rights_changed()
        house.services.look()


def report(house: House, contact: str) -> State:
    return State(ts=house.clock.now(), v={"door.contact": contact, "door.lock": "locked"})


async def goes_through(house: House, unit=STREET_UNIT, id: str = "o") -> None:
    """The door opens and closes again."""
    for kind in (EventType.DOOR_OPENED, EventType.DOOR_CLOSED):
        house.say(unit, Event(id=f"{id}-{kind}", type=kind, ts=house.clock.now()))
        await asyncio.sleep(1.0)
        house.say(unit, report(house, "open" if kind is EventType.DOOR_OPENED else "closed"))
    await asyncio.sleep(3.0)


async def scans(house: House, token: str, id: str, reader=STREET_READER) -> FactKind:
    """A token is held to a reader; what was answered."""
    house.say(reader, Event(id=id, type=EventType.BADGE_READ, data=BadgeReadData(token=token)))
    await house.settled()
    return house.heard_of(FactKind.ENTRY_GRANTED, FactKind.ENTRY_DENIED)[-1].kind


def reason(house: House) -> object:
    return house.heard_of(FactKind.ENTRY_DENIED)[-1].detail["reason"]


async def test_two_doors_at_once_use_one_day():
    async with living() as house:
        for number in range(25):
            for reader, unit in ((STREET_READER, "street"), (LAB_UNIT, "lab")):
                data = BadgeReadData(card=CARD, bits=56, format="iso14443a")
                house.say(reader, Event(id=f"{unit}-{number}", type=EventType.BADGE_READ, data=data))
        await house.settled()
        await asyncio.gather(goes_through(house), goes_through(house, LAB_UNIT))

        assert len(house.heard_of(FactKind.ENTRY_GRANTED)) == 50
        assert [row.charge.day.isoformat() for row in house.ledger.rows] == ["2026-11-23"]


async def test_a_day_that_was_used_is_no_longer_left_on_any_doors_own_list():
    listed = replace(EVERYBODY, list_digests={ALICES_BADGE.id: b"slow digest of alice's badge"})
    async with living(people=listed) as house:
        before = days_left_on(house, LAB_UNIT)
        await house.tap()
        await goes_through(house)
        await asyncio.sleep(SPENT_AFTER + 2)

        # Of two a week one is left, and the one that was used today is good for the rest of the day.
        assert (before, days_left_on(house, LAB_UNIT)) == ({2}, {1, None})


def days_left_on(house: House, device) -> set[int | None]:
    newest = [message for message in house.outbound.to(device) if isinstance(message, AccessList)][-1]
    return {entry.days for entry in newest.entries}


async def test_granted_not_entered_moves_neither_passback_nor_occupancy_nor_quota():
    async with living() as house:
        await house.tap()
        await asyncio.sleep(10)

        assert house.heard_of(FactKind.ENTRY_NOT_TAKEN)
        assert house.ledger.rows == []
        assert house.services.following.whereabouts.count(HOUSE).people == 0
        assert house.services.following.whereabouts.position(ALICE.id, HOUSE) is Position.UNKNOWN


async def test_a_ticket_waits_for_the_host_enters_once_and_again_after_leaving():
    async with living() as house:
        await house.public_events.put_event(TALK)
        tickets = [Ticket(TicketId(f"t{number}"), TALK.id, f"Visitor {number}") for number in (1, 2)]
        await house.public_events.add_tickets(
            [NewTicket(one, PlainDigests().of_token(f"QR-{one.id}")) for one in tickets]
        )
        await asyncio.sleep(60)
        waits = await scans(house, "QR-t1", "s0"), reason(house)
        await house.tap(card=BOBS_CARD, id="host")
        await goes_through(house, id="h")
        first = await scans(house, "QR-t1", "s1")
        await goes_through(house, id="v")
        again = await scans(house, "QR-t1", "s2"), reason(house)
        full = await scans(house, "QR-t2", "s3"), reason(house)
        await scans(house, "QR-t1", "s4", STREET_READER_OUT)
        await goes_through(house, id="w")
        back = await scans(house, "QR-t1", "s5")
        await asyncio.sleep(600)

        assert waits == (FactKind.ENTRY_DENIED, "event_not_started")
        assert (first, back) == (FactKind.ENTRY_GRANTED, FactKind.ENTRY_GRANTED)
        assert again == (FactKind.ENTRY_DENIED, "ticket_used")
        assert full == (FactKind.ENTRY_DENIED, "event_full")
        assert len(house.heard_of(FactKind.EVENT_STARTED)) == 1
        assert len(house.heard_of(FactKind.EVENT_ENDED)) == 1
        assert house.registry.now.events[TALK.id].host_entered_at is not None


async def test_a_visitor_of_a_partner_space_comes_in_and_uses_a_free_day():
    token = passes.issue(Pass("trudaine", "camille", "v1", NOON, NOON + timedelta(days=1), name="Camille"), KEY)
    async with living() as house:
        first = await scans(house, token, "s1")
        await goes_through(house)
        forged = passes.issue(Pass("trudaine", "mallory", "v2", NOON, NOON + timedelta(days=1)), bytes(32))
        second = await scans(house, forged, "s2"), reason(house)

        assert (first, second) == (FactKind.ENTRY_GRANTED, (FactKind.ENTRY_DENIED, "unknown_credential"))
        (row,) = house.ledger.rows
        assert (row.charge.kind, row.charge.holder) == (ChargeKind.VISIT_DAY, "trudaine/camille")
        assert house.registry.now.list_digests[CredentialId("visit-trudaine/v1")].endswith(token.encode())
        await asyncio.sleep(2)
        assert await scans(house, token, "s3") is FactKind.ENTRY_GRANTED


async def test_both_of_a_two_person_door_are_counted_in():
    pair = replace(LAB_DOOR, two_person=True)
    async with living(with_door(TWO_DAYS, pair)) as house:
        await house.tap(LAB_UNIT)
        alone = reason(house)
        await house.tap(LAB_UNIT, BOBS_CARD, "read-2")
        await goes_through(house, LAB_UNIT)

        assert alone == "second_person_missing"
        went = [(fact.person, fact.correlation) for fact in house.heard_of(FactKind.ENTRY_TAKEN)]
        assert went == [(ALICE.id, "read-1"), (BOB.id, "read-2")]
        seen = house.services.following.whereabouts.seen
        assert [at.area for at in (seen(ALICE.id), seen(BOB.id)) if at is not None] == [LAB, LAB]


async def pair_at_the_lab(house: House) -> None:
    """Alice, and then Bob."""
    await house.tap(LAB_UNIT)
    await house.tap(LAB_UNIT, BOBS_CARD, "read-2")


async def test_both_of_a_two_person_door_use_their_own_day():
    async with living(with_door(TWO_DAYS, replace(LAB_DOOR, two_person=True))) as house:
        await pair_at_the_lab(house)
        await goes_through(house, LAB_UNIT)

        charges = {(row.charge.kind, row.charge.holder, row.correlation) for row in house.ledger.rows}
        assert charges == {
            (ChargeKind.QUOTA_DAY, ALICE.id, "read-1"),
            (ChargeKind.QUOTA_DAY, BOB.id, "read-2"),
        }


async def test_neither_of_two_persons_uses_anything_when_the_door_is_not_opened():
    async with living(with_door(TWO_DAYS, replace(LAB_DOOR, two_person=True))) as house:
        await pair_at_the_lab(house)
        await asyncio.sleep(10)

        assert [fact.person for fact in house.heard_of(FactKind.ENTRY_NOT_TAKEN)] == [ALICE.id, BOB.id]
        assert house.ledger.rows == []


async def test_neither_of_two_persons_uses_anything_when_the_door_cannot_be_told():
    async with living(with_door(TWO_DAYS, replace(LAB_DOOR, two_person=True))) as house:
        await house.tap(LAB_UNIT)
        house.outbound.failure = NotConnected("no link")
        await house.tap(LAB_UNIT, BOBS_CARD, "read-2")
        await asyncio.sleep(5)

        assert [fact.person for fact in house.heard_of(FactKind.UNLOCK_NOT_SENT)] == [ALICE.id, BOB.id]
        assert (house.services.shared.coming_in(), house.ledger.rows) == (frozenset(), [])


async def test_the_first_of_two_keeps_a_guest_day_while_waiting_and_gives_it_back():
    """The last guest day of the host is the waiting guest's, until a second person has not come for long."""
    gus, gil = (Person(PersonId(name), name, PersonKind.GUEST) for name in ("gus", "gil"))
    cards = {gus.id: "04AF68DACB5A83", gil.id: "04AF68DACB5A84"}
    badges = {id: Credential(CredentialId(f"badge-{id}"), id) for id in cards}
    invited = replace(
        EVERYBODY,
        people={**EVERYBODY.people, gus.id: gus, gil.id: gil},
        credentials={**EVERYBODY.credentials, **{one.id: one for one in badges.values()}},
        digests={
            **EVERYBODY.digests,
            **{PlainDigests().of(Badge(card, 56, "iso14443a")): badges[id].id for id, card in cards.items()},
        },
        guest_passes=tuple(
            GuestPass(f"g-{id}", id, ALICE.id, NOON - timedelta(hours=1), NOON + timedelta(hours=5)) for id in cards
        ),
    )
    one_guest = replace(TWO_DAYS, plans={**TWO_DAYS.plans, FULL: replace(TWO_DAYS.plans[FULL], guest_days_per_month=1)})
    async with living(with_door(one_guest, replace(LAB_DOOR, two_person=True)), invited) as house:
        await house.tap(LAB_UNIT, cards[gus.id], "read-gus")
        await house.tap(STREET_READER, cards[gil.id], "read-gil")
        meanwhile = reason(house)
        await asyncio.sleep(RESERVED_FOR + 2)
        await house.tap(STREET_READER, cards[gil.id], "read-gil-again")

        assert meanwhile == "quota_used_up"
        assert [fact.correlation for fact in house.heard_of(FactKind.ENTRY_GRANTED)] == ["read-gil-again"]


TIMED = ZoneId("lab-zone")
ONCE_A_MINUTE = replace(
    SPACE,
    areas={**SPACE.areas, LAB: replace(SPACE.areas[LAB], zones=frozenset({TIMED}))},
    zones={TIMED: Zone(TIMED, "Lab", Passback.TIMED, passback_s=60.0)},
)
SPARE_CARD = "04AF68DACB5A85"
SPARE = Credential(CredentialId("spare-alice"), ALICE.id)


async def test_timed_anti_passback_is_of_the_same_badge_before_and_after_a_restart():
    with_spare = replace(
        EVERYBODY,
        credentials={**EVERYBODY.credentials, SPARE.id: SPARE},
        digests={**EVERYBODY.digests, PlainDigests().of(Badge(SPARE_CARD, 56, "iso14443a")): SPARE.id},
    )
    async with living(ONCE_A_MINUTE, with_spare) as house:
        await house.tap(LAB_UNIT)
        await goes_through(house, LAB_UNIT)
        await house.tap(LAB_UNIT, id="again")
        refused = reason(house)
        await house.tap(LAB_UNIT, SPARE_CARD, "spare")
        by_spare = house.heard_of(FactKind.ENTRY_GRANTED)[-1].correlation

        after = House(space=ONCE_A_MINUTE, people=with_spare, clock=house.clock)
        await after.services.recall(house.log.facts, {})
        known = after.services.shared.for_read(LAB_DOOR, ALICE, ALICES_BADGE).last_entries
        spare = after.services.shared.for_read(LAB_DOOR, ALICE, SPARE).last_entries

        assert (refused, by_spare) == ("anti_passback", "spare")
        assert (set(known), spare) == ({TIMED}, {})


async def test_a_pin_after_the_badge_opens_and_a_visitor_who_has_none_does_not():
    asks = replace(STREET, pin=PinMode.REQUIRED)
    token = passes.issue(Pass("trudaine", "camille", "v1", NOON, NOON + timedelta(days=1)), KEY)
    async with living(with_door(TWO_DAYS, asks)) as house:
        await house.tap()
        asked = house.heard_of(FactKind.PIN_ASKED)
        house.say(STREET_READER, Event(id="p1", type=EventType.PIN_ENTERED, data=BadgeReadData(pin="493817")))
        await house.settled()
        opened = house.heard_of(FactKind.ENTRY_GRANTED)
        house.say(STREET_READER, Event(id="s1", type=EventType.BADGE_READ, data=BadgeReadData(token=token)))
        await asyncio.sleep(20)

        assert (len(asked), len(opened)) == (1, 1)
        assert reason(house) == "pin_timeout"


async def test_overshoot_is_flagged_to_staff():
    async with living() as house:
        house.journal.note(Fact(FactKind.QUOTA_OVERSHOT, NOON, door=STREET.id, person=ALICE.id))

        (alarm,) = house.alarms.open
        assert (alarm.kind, alarm.subject.person, alarm.raised_at) == (AlarmKind.QUOTA_OVERSHOOT, ALICE.id, NOON)
        assert house.ledger.rows == []


@pytest.mark.parametrize("shown", [BadgeReadData(token="T-4711"), BadgeReadData(pin="000000")], ids=["token", "PIN"])
async def test_what_nobody_knows_opens_nothing(shown):
    async with living() as house:
        house.say(STREET_READER, Event(id="s1", type=EventType.BADGE_READ, data=shown))
        await house.settled()

        assert house.heard_of(FactKind.ENTRY_GRANTED) == []
