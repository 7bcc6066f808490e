"""Public events as they run: the host first, tickets in and out, heads against capacity, and an end by itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.access import Denied, Granted, Read, decide
from controller.domain.alarm import AlarmKind
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import EventEntry, PublicEvent, Ticket
from controller.domain.ids import EventId, PersonId, TicketId
from controller.domain.membership import Person
from controller.domain.rights import DenyReason
from controller.domain.rooms.occupancy import Quality
from controller.domain.shared import NOTHING_SHARED
from controller.domain.usage import Usage
from controller.services.doors.alarms import Alarms
from controller.services.doors.house_writes import HouseWrites
from controller.services.entry.access_index import AccessIndex
from controller.services.entry.holdings_index import holder_of
from controller.services.entry.whereabouts import Following
from controller.services.ports import LoggedFact, RegistrySnapshot
from controller.services.screens.live import LiveFeed
from controller.services.visitors.public_events import PublicEvents
from tests.support.memory_registry import MemoryRegistry
from tests.support.memory_stores import MemoryPublicEvents
from tests.support.services import LAB_DOOR, LOBBY, NOON, SPACE, STREET, HandClock

HOST, WALKER = Person(PersonId("hera"), "Hera"), Person(PersonId("wanda"), "Wanda")
START, END = NOON + timedelta(hours=7), NOON + timedelta(hours=9)
TALK = PublicEvent(EventId("talk"), "A talk", HOST.id, LAB_DOOR.inner, (STREET.id, LAB_DOOR.id), START, END, 2)
OPEN_EVENING = replace(TALK, id=EventId("open"), entry=EventEntry.OPEN)
TICKETS = tuple(Ticket(TicketId(f"t{number}"), TALK.id, f"Visitor {number}") for number in (1, 2, 3))
ONE, TWO, THREE = (holder_of(ticket) for ticket in TICKETS)
TAKEN, GRANTED, OPENED, EXIT, LOCAL = (
    FactKind.ENTRY_TAKEN,
    FactKind.ENTRY_GRANTED,
    FactKind.DOOR_OPENED,
    FactKind.EXIT_REQUESTED,
    FactKind.LOCAL_GRANTED,
)


class Evening:
    """One event in a house of two doors; facts come as the journal tells them, to everybody who listens."""

    def __init__(self, event: PublicEvent = TALK) -> None:
        self.clock = HandClock()
        people = RegistrySnapshot(
            version=1,
            people={HOST.id: HOST, WALKER.id: WALKER},
            events={event.id: event},
            tickets={ticket.id: ticket for ticket in TICKETS},
            ticket_digests={ticket.id.encode(): ticket.id for ticket in TICKETS},
        )
        self.registry = MemoryRegistry(people)
        self.index = AccessIndex(SPACE, people)
        self.facts: list[Fact] = []
        self.on_the_way: set[str] = set()
        self.writes = HouseWrites()
        self.alarms = Alarms(None, self.facts.append, LiveFeed(), self.clock)
        self.starts()

    def starts(self) -> None:
        self.following = Following(lambda: SPACE, self.clock)
        self.events = PublicEvents(
            people=lambda: self.index.people,
            whereabouts=self.following.whereabouts,
            coming_in=lambda: frozenset(self.on_the_way),
            store=MemoryPublicEvents(self.registry),
            writes=self.writes,
            note=self.told,
            alarms=self.alarms,
            clock=self.clock,
        )

    def told(self, fact: Fact) -> None:
        self.facts.append(fact)
        logged = LoggedFact(len(self.facts), fact)
        self.following.took(logged)
        self.events.took(logged)

    def happens(self, kind: FactKind, person: PersonId | None = None, door=STREET, **detail: object) -> None:
        self.clock.advance(1)
        self.told(Fact(kind, self.clock.now(), door=door.id, person=person, detail=detail))

    def leaves(self, person: PersonId) -> None:
        self.happens(GRANTED, person, grant="exit")
        self.happens(OPENED)

    def until(self, moment) -> None:
        self.clock.advance((moment - self.clock.now()).total_seconds())
        self.following.look()
        self.events.look()

    def begins(self) -> None:
        self.until(START)
        self.happens(TAKEN, HOST.id)

    def scans(self, ticket: Ticket, door=STREET) -> Granted | Denied:
        now = self.clock.now()
        rights = self.index.rights(door, ticket.id.encode(), self)
        answer = decide(Read(door.unit, "scan", now, now, 0.0), rights, now)
        assert isinstance(answer, Granted | Denied)
        return answer

    def of_kind(self, kind: FactKind) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind is kind]

    # circumstances, as the house wires them
    def usage_of(self, person):
        return Usage()

    def shared_at(self, door, person, credential):
        return NOTHING_SHARED

    def held(self, ticket, event):
        return self.events.held(ticket, event)


@pytest.fixture
def evening():
    return Evening()


def reason(answer: Granted | Denied) -> DenyReason | None:
    return answer.reason if isinstance(answer, Denied) else None


# --- the host first ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "begins"), [(-61, False), (-60, True), (0, True), (119, True), (120, False)], ids=str
)
def test_it_starts_only_after_the_host_entered_from_an_hour_before(evening, minutes, begins):
    evening.until(START + timedelta(minutes=minutes, seconds=-1))
    evening.happens(TAKEN, HOST.id)

    assert [fact.at for fact in evening.of_kind(FactKind.EVENT_STARTED)] == ([evening.clock.now()] if begins else [])


def test_until_the_host_has_come_a_ticket_waits(evening):
    evening.until(START + timedelta(minutes=5))
    before = reason(evening.scans(TICKETS[0]))
    evening.happens(TAKEN, HOST.id)

    assert (before, reason(evening.scans(TICKETS[0]))) == (DenyReason.EVENT_NOT_STARTED, None)


def test_the_host_may_come_by_any_door_of_the_path(evening):
    evening.until(START)
    evening.happens(TAKEN, HOST.id, LAB_DOOR)

    assert evening.events.running() == (replace(TALK, host_entered_at=evening.clock.now()),)
    assert evening.events.known() == evening.events.running()


def test_somebody_else_does_not_start_it(evening):
    evening.until(START)
    evening.happens(TAKEN, WALKER.id)
    evening.happens(GRANTED, HOST.id, grant="host")

    assert evening.events.running() == ()


def test_an_entry_that_is_told_late_starts_nothing(evening):
    evening.until(START)
    evening.happens(TAKEN, HOST.id, late_s=70.0)
    evening.happens(LOCAL, HOST.id)

    assert evening.events.running() == ()


def test_it_goes_on_from_its_own_time_even_when_the_host_came_before(evening):
    evening.until(START - timedelta(minutes=30))
    evening.happens(TAKEN, HOST.id)
    before = evening.events.running()
    evening.until(START)

    assert (before, [event.id for event in evening.events.running()]) == ((), [TALK.id])


async def test_the_start_is_kept_once(evening):
    evening.begins()
    evening.happens(TAKEN, HOST.id, LAB_DOOR)
    writing = asyncio.get_running_loop().create_task(evening.writes.run())
    await asyncio.sleep(0.1)
    writing.cancel()

    assert evening.registry.now.events[TALK.id].host_entered_at == START + timedelta(seconds=1)
    assert len(evening.of_kind(FactKind.EVENT_STARTED)) == 1


# --- tickets ----------------------------------------------------------------------------------------------------------


def test_a_ticket_single_entry(evening):
    evening.begins()
    first = reason(evening.scans(TICKETS[0]))
    evening.happens(TAKEN, ONE)

    assert (first, reason(evening.scans(TICKETS[0]))) == (None, DenyReason.TICKET_USED)


def test_a_ticket_goes_on_through_the_path_it_is_in(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)

    assert reason(evening.scans(TICKETS[0], LAB_DOOR)) is None


def test_a_ticket_re_entry_after_exit(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.leaves(ONE)

    assert reason(evening.scans(TICKETS[0])) is None


def test_a_ticket_granted_a_moment_ago_is_in_use_until_its_door_was_opened_or_not(evening):
    evening.begins()
    first = reason(evening.scans(TICKETS[0]))
    evening.on_the_way.add(ONE)
    again = reason(evening.scans(TICKETS[0]))
    deeper = reason(evening.scans(TICKETS[0], LAB_DOOR))
    evening.on_the_way.clear()  # as an entry that was not taken leaves it

    assert (first, again, deeper) == (None, DenyReason.TICKET_USED, None)
    assert reason(evening.scans(TICKETS[0])) is None


def test_the_last_place_is_still_theirs_who_were_let_in_a_moment_ago(evening):
    evening.begins()
    evening.on_the_way |= {ONE, TWO}

    assert reason(evening.scans(TICKETS[0], LAB_DOOR)) is None


def test_a_ticket_that_was_granted_and_not_used_may_be_scanned_again(evening):
    evening.begins()
    evening.happens(GRANTED, ONE, grant="event")
    evening.happens(FactKind.ENTRY_NOT_TAKEN, ONE)

    assert reason(evening.scans(TICKETS[0])) is None


def test_each_door_of_the_path_opens_once_for_a_ticket_in_a_stay(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    first = reason(evening.scans(TICKETS[0], LAB_DOOR))
    evening.happens(TAKEN, ONE, LAB_DOOR)
    copy, other = reason(evening.scans(TICKETS[0], LAB_DOOR)), reason(evening.scans(TICKETS[1], LAB_DOOR))

    assert (first, copy, other) == (None, DenyReason.TICKET_USED, None)


def test_whoever_is_let_into_the_room_and_not_through_its_door_yet_lets_nobody_else_in(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.happens(GRANTED, ONE, LAB_DOOR, grant="event")
    evening.on_the_way.add(ONE)
    meanwhile = reason(evening.scans(TICKETS[0], LAB_DOOR))
    evening.on_the_way.clear()

    assert (meanwhile, reason(evening.scans(TICKETS[0], LAB_DOOR))) == (DenyReason.TICKET_USED, None)


@pytest.mark.parametrize("door", [LAB_DOOR, STREET])
def test_whoever_was_seen_to_come_out_comes_back_into_the_room(evening, door):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.happens(TAKEN, ONE, LAB_DOOR)
    evening.happens(GRANTED, ONE, door, grant="exit")
    if door is STREET:
        evening.happens(OPENED)
        evening.happens(TAKEN, ONE)

    assert reason(evening.scans(TICKETS[0], LAB_DOOR)) is None


def test_as_many_come_back_into_a_room_without_an_exit_reader_as_have_pressed_its_button(evening):
    evening.begins()
    for who in (ONE, TWO):
        evening.happens(TAKEN, who)
        evening.happens(TAKEN, who, LAB_DOOR)
    evening.happens(EXIT, None, LAB_DOOR)
    before = reason(evening.scans(TICKETS[0], LAB_DOOR))
    evening.happens(TAKEN, ONE, LAB_DOOR)

    assert (before, reason(evening.scans(TICKETS[0], LAB_DOOR)), reason(evening.scans(TICKETS[1], LAB_DOOR))) == (
        None,
        DenyReason.TICKET_USED,
        DenyReason.TICKET_USED,
    )


def test_a_ticket_scanned_by_hand_is_behind_the_last_door_until_it_leaves(evening):
    by_hand = {"event": TALK.id, "ticket": "t1"}
    evening.begins()
    evening.happens(FactKind.TICKET_ADMITTED, ONE, LAB_DOOR, **by_hand)
    copy = evening.events.held(TICKETS[0], TALK).behind
    evening.happens(FactKind.TICKET_LEFT, ONE, LAB_DOOR, **by_hand)

    assert (copy, evening.events.held(TICKETS[0], TALK).behind) == ({STREET.id, LAB_DOOR.id}, frozenset())


def test_staff_who_forgive_a_visitor_open_the_room_for_the_ticket_again(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.happens(TAKEN, ONE, LAB_DOOR)
    evening.happens(FactKind.WHEREABOUTS_FORGIVEN, ONE)

    assert reason(evening.scans(TICKETS[0], LAB_DOOR)) is None


def test_what_a_door_tells_of_late_takes_no_later_way_out_back(evening):
    evening.begins()
    evening.until(START + timedelta(minutes=10))
    evening.happens(TAKEN, ONE)
    evening.happens(GRANTED, ONE, LAB_DOOR, grant="exit")
    early = Fact(
        TAKEN, START + timedelta(minutes=5), door=LAB_DOOR.id, person=ONE, detail={"alone": True, "late_s": 300}
    )
    evening.told(early)

    assert evening.events.held(TICKETS[0], TALK).behind == {STREET.id}


def test_a_ticket_auto_exit_at_the_end(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.happens(TAKEN, WALKER.id)
    evening.until(END)

    (ended,) = evening.of_kind(FactKind.EVENT_ENDED)
    assert ended.detail == {"event": "talk", "name": "A talk", "heads": 1, "left": (ONE,)}
    assert evening.following.whereabouts.is_inside(ONE) is False
    assert evening.following.whereabouts.is_inside(WALKER.id) is True


# --- heads ------------------------------------------------------------------------------------------------------------


def test_own_headcount_against_its_capacity(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.happens(TAKEN, WALKER.id)  # at work, not at the talk
    one_in = (evening.events.heads(TALK).people, reason(evening.scans(TICKETS[2])))
    evening.happens(TAKEN, TWO)
    two_in = (evening.events.heads(TALK).people, reason(evening.scans(TICKETS[2])))
    evening.leaves(ONE)

    assert (one_in, two_in) == ((1, None), (2, DenyReason.EVENT_FULL))
    assert reason(evening.scans(TICKETS[2])) is None


def test_whoever_was_let_in_a_moment_ago_takes_a_place(evening):
    evening.begins()
    evening.on_the_way |= {ONE, TWO}

    assert reason(evening.scans(TICKETS[2])) is DenyReason.EVENT_FULL


def test_tickets_made_while_it_runs_count_at_once(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    before = evening.events.heads(TALK).people
    people = evening.index.people
    late = Ticket(TicketId("t9"), TALK.id)
    evening.index.load(replace(people, tickets={**people.tickets, late.id: late}))
    evening.happens(TAKEN, holder_of(late))

    assert (before, evening.events.heads(TALK).people) == (1, 2)


def test_a_full_event_is_a_note_with_its_numbers_and_no_alarm(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.happens(TAKEN, TWO)
    evening.events.look()
    evening.events.look()
    full, alarms = evening.events.full(), evening.alarms.open
    evening.leaves(TWO)
    evening.events.look()

    (note,) = evening.of_kind(FactKind.EVENT_FULL)
    assert note.detail == {"event": "talk", "name": "A talk", "heads": 2, "capacity": 2}
    assert (full, list(alarms), evening.events.full()) == ({TALK.id}, [], frozenset())


def test_an_event_with_more_people_in_it_than_it_may_is_an_alarm_until_somebody_leaves(evening):
    evening.begins()
    for who in (ONE, TWO, THREE):
        evening.happens(TAKEN, who)
    evening.events.look()
    before = evening.alarms.stands(AlarmKind.CAPACITY, area=TALK.area)
    evening.leaves(TWO)
    evening.events.look()

    assert (before, evening.alarms.stands(AlarmKind.CAPACITY, area=TALK.area)) == (True, False)
    assert evening.events.full() == {TALK.id}


def test_heads_by_ticket_are_counted_though_the_house_is_an_estimate(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.happens(FactKind.DOOR_FORCED)

    assert evening.following.whereabouts.count().quality is Quality.ESTIMATED
    assert (evening.events.heads(TALK).people, evening.events.heads(TALK).quality) == (1, Quality.COUNTED)


def test_an_event_open_to_all_counts_openings_of_its_last_door_as_an_estimate():
    evening = Evening(OPEN_EVENING)
    evening.happens(OPENED, door=LAB_DOOR)  # before it began
    evening.begins()
    evening.happens(OPENED)
    for _ in range(3):
        evening.happens(OPENED, door=LAB_DOOR)
    evening.happens(EXIT, door=LAB_DOOR)
    evening.happens(OPENED, door=LAB_DOOR)

    heads = evening.events.heads(OPEN_EVENING)
    assert (heads.people, heads.quality) == (2, Quality.ESTIMATED)
    evening.events.look()
    assert evening.events.full() == {OPEN_EVENING.id}


# --- the end ----------------------------------------------------------------------------------------------------------


def test_it_ends_itself_once(evening):
    evening.begins()
    evening.until(END - timedelta(seconds=1))
    running = len(evening.events.running())
    evening.until(END)
    evening.events.look()

    assert (running, evening.events.running(), len(evening.of_kind(FactKind.EVENT_ENDED))) == (1, (), 1)
    assert reason(evening.scans(TICKETS[0])) is DenyReason.EVENT_OVER


def test_it_may_be_ended_early_by_hand(evening):
    evening.begins()
    early = START + timedelta(minutes=30)
    evening.until(early)
    people = evening.index.people
    evening.index.load(replace(people, events={TALK.id: replace(people.events[TALK.id], ended_at=early)}))
    evening.events.look()

    assert [fact.at for fact in evening.of_kind(FactKind.EVENT_ENDED)] == [early]


def test_an_event_whose_host_never_came_has_nothing_to_end(evening):
    evening.until(END + timedelta(hours=1))

    assert evening.of_kind(FactKind.EVENT_ENDED) == []


def test_after_a_restart_it_goes_on_and_its_end_is_told_once(evening):
    evening.begins()
    evening.happens(TAKEN, ONE)
    evening.starts()
    told = [LoggedFact(place, fact) for place, fact in enumerate(evening.facts, 1)]
    evening.following.recall(told)
    evening.events.recall(told)
    running, heads = evening.events.running(), evening.events.heads(TALK).people
    evening.until(END)
    told = [LoggedFact(place, fact) for place, fact in enumerate(evening.facts, 1)]
    evening.starts()
    evening.following.recall(told)
    evening.events.recall(told)
    evening.events.look()

    assert ([event.id for event in running], heads) == ([TALK.id], 1)
    assert len(evening.of_kind(FactKind.EVENT_ENDED)) == 1


# --- doors that decided alone -----------------------------------------------------------------------------------------


def local(evening: Evening, minutes: int) -> None:
    at = START + timedelta(minutes=minutes)
    late = (evening.clock.now() - at).total_seconds()
    evening.told(Fact(TAKEN, at, door=STREET.id, person=ONE, detail={"alone": True, "late_s": late}))


def twice(evening: Evening) -> int:
    return sum(1 for alarm in evening.alarms.open if alarm.kind is AlarmKind.TICKET_TWICE)


def test_offline_scans_are_replayed_at_door_time_and_conflicts_surfaced(evening):
    evening.begins()
    evening.until(START + timedelta(minutes=20))
    local(evening, 5)
    once = (twice(evening), evening.events.heads(TALK).people)
    local(evening, 7)

    assert (once, twice(evening)) == ((0, 1), 1)


def test_an_offline_scan_before_an_online_one_is_a_conflict_too(evening):
    evening.begins()
    evening.until(START + timedelta(minutes=10))
    evening.happens(TAKEN, ONE)
    local(evening, 5)

    assert twice(evening) == 1


def test_two_offline_scans_with_a_way_out_between_are_none(evening):
    evening.begins()
    evening.until(START + timedelta(minutes=10))
    evening.happens(TAKEN, ONE)
    evening.leaves(ONE)
    evening.until(START + timedelta(minutes=30))
    local(evening, 20)

    assert twice(evening) == 0


def test_a_ticket_of_a_member_of_the_house_leaves_nobody_behind_at_the_end(evening):
    people = evening.index.people
    hers = replace(TICKETS[0], person=WALKER.id)
    evening.index.load(replace(people, tickets={hers.id: hers}))
    evening.begins()
    evening.happens(TAKEN, WALKER.id)
    heads = evening.events.heads(TALK).people
    evening.until(END)

    assert (heads, evening.following.whereabouts.is_inside(WALKER.id)) == (1, True)


def test_other_zones_stay_closed(evening):
    evening.begins()
    aside = replace(LAB_DOOR, inner=LOBBY, id="elsewhere")

    assert isinstance(evening.scans(TICKETS[0], aside), Denied)
