"""Tickets scanned by somebody with a phone: one answer for each nonce, one place for each ticket, nothing lost offline."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import PublicEvent, Ticket
from controller.domain.house import HouseState, Lockdown, Scope
from controller.domain.ids import EventId, PersonId, TicketId
from controller.domain.membership import Person
from controller.domain.ticket_scan import ScanAnswer
from controller.errors import InputError, StoreError
from controller.services.entry.holdings_index import holder_of
from controller.services.ports import LoggedFact, RegistrySnapshot
from controller.services.visitors.ticket_scans import Scanned
from tests.support.services import LAB_DOOR, NOON, SPACE, STREET, House, PlainDigests

HOST, WANDA = Person(PersonId("hera"), "Hera"), Person(PersonId("wanda"), "Wanda")
TALK = PublicEvent(
    EventId("talk"),
    "A talk",
    HOST.id,
    LAB_DOOR.inner,
    (STREET.id, LAB_DOOR.id),
    NOON,
    NOON + timedelta(hours=2),
    2,
    host_entered_at=NOON,
)
WALK = replace(TALK, id=EventId("walk"), name="A walk")
TICKETS = (
    *(Ticket(TicketId(f"t{number}"), TALK.id, f"Visitor {number}") for number in (1, 2, 3)),
    Ticket(TicketId("tw"), TALK.id, "Wanda", WANDA.id),
    Ticket(TicketId("tx"), WALK.id, "Xavier"),
    Ticket(TicketId("tv"), TALK.id, "Vera", is_void=True),
)
ONE = holder_of(TICKETS[0])


def code(ticket: str) -> str:
    return f"CODE{ticket.upper()}"


PEOPLE = RegistrySnapshot(
    version=1,
    people={HOST.id: HOST, WANDA.id: WANDA},
    events={TALK.id: TALK, WALK.id: WALK},
    tickets={ticket.id: ticket for ticket in TICKETS},
    ticket_digests={PlainDigests().of_token(code(ticket.id)): ticket.id for ticket in TICKETS},
)


class Door:
    """Somebody at the classroom's door with a phone; each scan has a nonce of its own unless one is given."""

    def __init__(self, people: RegistrySnapshot = PEOPLE) -> None:
        self.house = House(people=people)
        self.scans = self.house.services.scans
        self.events = self.house.services.public_events
        self.asked = 0

    async def scan(self, ticket: str = "t1", nonce: str = "", event: EventId = TALK.id, **how) -> Scanned:
        self.asked += 1
        scanned = await self.scans.scan(code(ticket), event, nonce or f"nonce-{self.asked:012}", **how)
        await self.house.settled()
        return scanned

    async def answers(self, *tickets: str, **how) -> list[ScanAnswer]:
        return [(await self.scan(ticket, **how)).answer for ticket in tickets]

    def heads(self) -> int:
        return self.events.heads(self.house.index.people.events[TALK.id]).people

    def twice(self) -> int:
        return sum(1 for alarm in self.house.alarms.open if alarm.kind is AlarmKind.TICKET_TWICE)

    async def until(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.house.services.look()


@pytest.fixture
async def door():
    return Door()


async def test_a_good_ticket_is_welcome_once_and_counts_as_a_head(door):
    first = await door.scan()
    again = await door.scan()

    assert (first.answer, first.name, first.heads, first.capacity) == (ScanAnswer.WELCOME, "Visitor 1", 1, 2)
    assert (again.answer, again.heads, again.since) == (ScanAnswer.ALREADY_INSIDE, 1, first.at)
    assert [fact.person for fact in door.house.heard_of(FactKind.TICKET_ADMITTED)] == [ONE]


async def test_the_same_nonce_has_the_same_answer_and_counts_once(door):
    first = await door.scan(nonce="the-same-nonce-000")
    again = await door.scan(nonce="the-same-nonce-000")

    assert again == first
    assert (door.heads(), len(door.house.heard_of(FactKind.TICKET_ADMITTED))) == (1, 1)


async def test_a_nonce_sent_again_before_its_answer_is_written_counts_once(door):
    scans = [door.scans.scan(code("t1"), TALK.id, "the-same-nonce-000") for _ in range(5)]
    answers = await asyncio.gather(*scans)
    await door.house.settled()

    assert {one.answer for one in answers} == {ScanAnswer.WELCOME}
    assert len(door.house.heard_of(FactKind.TICKET_ADMITTED)) == 1


async def test_after_a_restart_the_same_nonce_still_has_its_answer(door):
    first = await door.scan(nonce="the-same-nonce-000")
    told = [LoggedFact(place, fact) for place, fact in enumerate(door.house.told, 1)]
    after = Door()
    await after.house.services.recall(told, {})
    again = await after.scan(nonce="the-same-nonce-000")
    other = await after.scan()

    assert again == first
    assert (other.answer, after.heads()) == (ScanAnswer.ALREADY_INSIDE, 1)


async def test_a_nonce_used_for_another_ticket_is_refused(door):
    await door.scan(nonce="the-same-nonce-000")

    with pytest.raises(InputError, match="nonce: was used for another scan"):
        await door.scan("t2", nonce="the-same-nonce-000")


async def test_two_phones_and_one_ticket_let_in_one(door):
    answers = await asyncio.gather(
        *(door.scans.scan(code("t1"), TALK.id, f"phone-{number:012}") for number in range(10))
    )

    assert sorted(one.answer for one in answers).count(ScanAnswer.WELCOME) == 1
    assert {one.heads for one in answers} == {1}


async def test_ten_phones_and_the_last_place_let_in_as_many_as_fit(door):
    answers = await asyncio.gather(
        *(door.scans.scan(code(ticket), TALK.id, f"phone-{ticket:>012}") for ticket in ("t1", "t2", "t3", "tw"))
    )

    assert sorted(one.answer for one in answers) == [ScanAnswer.FULL] * 2 + [ScanAnswer.WELCOME] * 2


async def test_out_and_in_again(door):
    answers = [
        (await door.scan()).answer,
        (left := await door.scan(direction="out")).answer,
        (await door.scan(direction="out")).answer,
        (await door.scan()).answer,
    ]

    assert answers == [ScanAnswer.WELCOME, ScanAnswer.LEFT, ScanAnswer.NOT_INSIDE, ScanAnswer.WELCOME]
    assert (left.heads, door.heads()) == (0, 1)


async def test_whoever_leaves_makes_room(door):
    full = await door.answers("t1", "t2", "t3")
    await door.scan("t1", direction="out")

    assert full == [ScanAnswer.WELCOME, ScanAnswer.WELCOME, ScanAnswer.FULL]
    assert await door.answers("t3") == [ScanAnswer.WELCOME]


async def test_each_refusal_says_why_and_moves_nobody(door):
    assert await door.answers("tx", "tv", "nobody's") == [ScanAnswer.WRONG_EVENT, ScanAnswer.VOID, ScanAnswer.UNKNOWN]
    assert (await door.scan("tx")).other_event == "A walk"
    assert door.heads() == 0
    assert len(door.house.heard_of(FactKind.TICKET_REFUSED)) == 4


async def test_before_the_host_has_come_nobody_is_let_in():
    waiting = Door(replace(PEOPLE, events={TALK.id: replace(TALK, host_entered_at=None)}))

    assert await waiting.answers("t1") == [ScanAnswer.NOT_YET]


async def test_a_lockdown_and_a_ban_refuse():
    banned = Door(replace(PEOPLE, people={**PEOPLE.people, WANDA.id: replace(WANDA, banned=True)}))
    shut = Door(replace(PEOPLE, house=HouseState(lockdowns=(Lockdown("l-1", Scope(), NOON, HOST.id, "test"),))))

    assert await banned.answers("tw") == [ScanAnswer.BANNED]
    assert await shut.answers("t1") == [ScanAnswer.LOCKDOWN]


async def test_a_code_typed_by_hand_may_have_spaces_and_small_letters(door):
    scanned = await door.scans.scan(" code t1 ", TALK.id, "typed-by-hand-000")

    assert scanned.answer is ScanAnswer.WELCOME


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"event": EventId("tlak")}, "no event 'tlak' — there is talk, walk"),
        ({"nonce": "short"}, "nonce: 5 characters — 16 to 64"),
        ({"age_s": -1.0}, "age_s: -1 — how many seconds ago"),
        ({"age_s": 90_000.0}, "age_s: 90000"),
        ({"age_s": float("nan")}, "age_s: nan"),
        ({"ticket": "x" * 300}, "code: 304 characters — what the ticket's QR code says"),
    ],
    ids=["no event", "no nonce", "ahead", "too old", "no number", "no code"],
)
async def test_what_is_no_scan_is_refused_in_words_without_the_code(door, how, words):
    with pytest.raises(InputError) as refused:
        await door.scan(**how)

    assert words in str(refused.value)
    assert "CODE" not in str(refused.value)


async def test_a_ticket_and_its_code_are_in_no_fact(door):
    await door.answers("t1", "nobody's")

    assert "CODE" not in repr(door.house.told)


async def test_whoever_came_in_at_a_reader_is_inside_for_the_phone_and_the_other_way_round(door):
    at = door.house.clock.now()
    door.house.journal.note(Fact(FactKind.ENTRY_TAKEN, at, door=STREET.id, person=ONE))

    assert await door.answers("t1") == [ScanAnswer.ALREADY_INSIDE]
    await door.scan("t2")
    held = door.events.held(TICKETS[1], TALK)
    assert (held.is_inside, held.heads) == (True, 2)


async def test_somebody_at_work_here_all_day_is_not_at_the_event_before_their_ticket_is_scanned(door):
    door.house.journal.note(Fact(FactKind.ENTRY_TAKEN, door.house.clock.now(), door=STREET.id, person=WANDA.id))
    first, again, left = await door.scan("tw"), await door.scan("tw"), await door.scan("tw", direction="out")

    assert [one.answer for one in (first, again, left)] == [
        ScanAnswer.WELCOME,
        ScanAnswer.ALREADY_INSIDE,
        ScanAnswer.LEFT,
    ]
    assert again.since == first.at
    assert (door.heads(), door.house.services.following.whereabouts.is_inside(WANDA.id)) == (0, True)


async def test_at_the_end_everybody_is_out(door):
    await door.answers("t1", "t2")
    await door.until(2 * 3600 + 1)

    ended = {fact.detail["event"]: fact.detail["heads"] for fact in door.house.heard_of(FactKind.EVENT_ENDED)}
    assert ended == {"talk": 2, "walk": 0}
    assert not door.house.services.following.whereabouts.is_inside(ONE)
    assert await door.answers("t1") == [ScanAnswer.OVER]


async def test_a_log_that_cannot_be_written_holds_up_nobody_at_the_door(door):
    door.house.log.failure = StoreError("full")
    first = await door.scan()
    again = await door.scan()

    assert (first.answer, again.answer) == (ScanAnswer.WELCOME, ScanAnswer.ALREADY_INSIDE)


# --- a phone that was without a connection ----------------------------------------------------------------------------


async def test_offline_scans_are_replayed_at_door_time(door):
    await door.until(600)
    scanned = await door.scan(age_s=300.0)

    assert (scanned.answer, scanned.is_late, scanned.conflict) == (ScanAnswer.WELCOME, True, False)
    assert door.house.services.following.whereabouts.seen(ONE).since == NOON + timedelta(seconds=300)
    assert (door.heads(), door.twice()) == (1, 0)


async def test_two_phones_offline_with_one_ticket_are_a_conflict_that_staff_see(door):
    await door.until(600)
    first, second = await door.scan(age_s=300.0), await door.scan(age_s=200.0)

    assert (first.conflict, second.conflict, second.answer) == (False, True, ScanAnswer.ALREADY_INSIDE)
    assert (door.heads(), door.twice()) == (1, 1)


async def test_offline_scans_with_a_way_out_between_are_none(door):
    await door.until(600)
    for age, direction in ((300.0, "in"), (200.0, "out"), (100.0, "in")):
        scanned = await door.scan(age_s=age, direction=direction)
        assert not scanned.conflict

    assert (door.heads(), door.twice()) == (1, 0)


async def test_let_in_beyond_the_places_while_offline_is_counted_and_told(door):
    await door.answers("t1", "t2")
    await door.until(600)
    third = await door.scan("t3", age_s=60.0)

    assert (third.answer, third.conflict, third.heads) == (ScanAnswer.FULL, True, 3)
    assert door.heads() == 3


async def test_let_in_offline_without_a_ticket_is_told_and_counts_nobody(door):
    await door.until(600)
    scanned = await door.scan("nobody's", age_s=60.0)

    assert (scanned.answer, scanned.conflict, door.heads()) == (ScanAnswer.UNKNOWN, False, 0)


async def test_told_after_the_end_it_is_written_down_and_nobody_is_left_inside(door):
    await door.until(2 * 3600 + 60)
    scanned = await door.scan(age_s=3600.0)

    assert scanned.answer is ScanAnswer.WELCOME
    assert not door.house.services.following.whereabouts.is_inside(ONE)


async def test_a_phone_that_was_slow_for_a_moment_is_not_late(door):
    assert not (await door.scan(age_s=3.0)).is_late


def test_the_house_of_these_tests_has_the_path_of_the_event():
    assert set(TALK.path) <= set(SPACE.doors)
