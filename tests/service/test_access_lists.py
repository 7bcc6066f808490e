"""Every door's own list: issued, changed, sent, followed; and what doors decided by it told again, once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.building import Door, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.holdings import HeldTicket, PublicEvent, Ticket
from controller.domain.house import HouseState, Lockdown, Scope
from controller.domain.ids import CredentialId, DeviceId, EventId, PersonId, PlanId, TicketId
from controller.domain.membership import (
    Credential,
    CredentialState,
    Membership,
    Person,
    PersonKind,
    Right,
)
from controller.domain.shared import NOTHING_SHARED, Shared
from controller.domain.usage import Usage
from controller.errors import StoreError
from controller.services.doors.alarms import Alarms
from controller.services.entry.access_index import AccessIndex
from controller.services.inbound import Inbound
from controller.services.journal import Journal
from controller.services.offline.access_lists import SPENT_AFTER, AccessLists
from controller.services.offline.list_salts import Salts
from controller.services.offline.list_watch import ALARMED_AFTER, HELD_WITHIN
from controller.services.offline.local_decisions import LocalDecisions
from controller.services.ports import LoggedFact, RegistrySnapshot
from controller.services.presence import Presence
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from devices import codec
from devices.accesslist import canonical_token, list_digest, public_key_of
from devices.errors import NotConnected
from devices.messages import (
    AccessList,
    Ack,
    AckPhase,
    BadgeReadData,
    DeviceState,
    Event,
    EventType,
    Health,
    LocalDecisionData,
    Message,
    Status,
)
from devices.passes import Pass
from devices.topics import Address, Kind
from devices.units import DoorKeys, OwnList
from devices.units.steps import Heard, Publish
from tests.support.memory import MemoryEventLog
from tests.support.memory_stores import MemoryLists
from tests.support.services import (
    ALICE,
    CARD,
    FULL,
    LAB_UNIT,
    LOBBY,
    NOON,
    SPACE,
    STREET,
    STREET_READER,
    STREET_READER_OUT,
    STREET_UNIT,
    LoopClock,
    RecordingOutbound,
)

SIGNING_KEY, LIST_KEY = bytes(range(32)), bytes(range(32, 64))
KEYS = DoorKeys(LIST_KEY, public_key_of(SIGNING_KEY))
BADGE = BadgeReadData(card=CARD, bits=56, format="iso14443a", direction="in")
BOBS_CARD, EVES_CARD = "04112233445566", "04DEADBEEF0101"
BOB = Person(PersonId("bob"), "Bob")
CREDENTIAL_OF = {PersonId("alice"): CredentialId("badge-alice"), PersonId("bob"): CredentialId("badge-bob")}


def digest_of(card: str) -> bytes:
    return list_digest(LIST_KEY, f"{card}/56/iso14443a")


def shown(card: str) -> BadgeReadData:
    return BADGE.model_copy(update={"card": card})


def member(person: Person, plan: PlanId = FULL, **more: object) -> tuple[Membership, ...]:
    return (replace(Membership(person.id, plan, date(2026, 1, 1)), **more),)  # type: ignore[arg-type]


PEOPLE = RegistrySnapshot(
    version=7,
    people={ALICE.id: ALICE, BOB.id: BOB},
    memberships={ALICE.id: member(ALICE), BOB.id: member(BOB)},
    credentials={
        CREDENTIAL_OF[person.id]: Credential(CREDENTIAL_OF[person.id], person.id, last_two="80")
        for person in (ALICE, BOB)
    },
    list_digests={CREDENTIAL_OF[ALICE.id]: digest_of(CARD), CREDENTIAL_OF[BOB.id]: digest_of(BOBS_CARD)},
)


class Spending:
    """Circumstances: what each has used."""

    def __init__(self) -> None:
        self.usage: dict[PersonId, Usage] = {}

    def usage_of(self, person: PersonId) -> Usage:
        return self.usage.get(person, Usage())

    def shared_at(self, door: object, person: Person, credential: Credential | None) -> Shared:
        return NOTHING_SHARED

    def held(self, ticket: Ticket, event: PublicEvent) -> HeldTicket:
        return HeldTicket(ticket, event)


class NoVisitors:
    """A house without partners."""

    def told_of(self, found: Pass, at: datetime, *, came_in: bool) -> None:
        return None


class Bench:
    """The lists of a small house, its doors as they would be, and what was written down."""

    def __init__(
        self, people: RegistrySnapshot = PEOPLE, space: Space = SPACE, store: MemoryLists | None = None
    ) -> None:
        self.clock = LoopClock()
        self.feed = LiveFeed(epoch="test")
        self.outbound = RecordingOutbound()
        self.store = store or MemoryLists()
        self.log = MemoryEventLog()
        self.told: list[Fact] = []
        self.opens = True
        self.journal = Journal(self.log, self._listened)
        self.presence = Presence(space, self.journal.note, self.feed, self.clock)
        self.board = HealthBoard(self.feed, self.clock.now)
        self.alarms = Alarms(None, self.journal.note, self.feed, self.clock)
        self.index = AccessIndex(space, people)
        self.spending = Spending()
        self.shown: list[str] = []
        self.lists = AccessLists(
            self.index,
            self.outbound,
            self.store,
            self.presence,
            self.board,
            self.journal.note,
            self.clock,
            SIGNING_KEY,
            alarms=self.alarms,
            beside=self.spending,  # type: ignore[arg-type]
            shown=self.shown.append,
        )
        self.alone = LocalDecisions(
            self.index,
            self.lists.salts,
            self.journal,
            self.presence,
            NoVisitors(),
            self,
            beside=self.spending,  # type: ignore[arg-type]
        )
        self.presence.listen(self.lists.device_changed)
        self.doors: dict[DeviceId, OwnList] = {}
        self.acknowledged: list[str] = []

    def _listened(self, logged: LoggedFact) -> None:
        self.told.append(logged.fact)

    # --- its doors, all of which open as soon as somebody is let in ---------------------------------------------------

    def let_in_alone(self, door: Door, device: DeviceId, at: datetime) -> "asyncio.Future[datetime | None]":
        entered: asyncio.Future[datetime | None] = asyncio.get_running_loop().create_future()
        entered.set_result(at if self.opens else None)
        return entered

    def taken_over(self, door: Door, correlation: str) -> None:
        """None of these taps was ever ours."""

    def has_entered(self, door: Door, correlation: str) -> bool:
        return False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bench"]:
        tasks = [asyncio.create_task(work) for work in (self.lists.run(), self.alone.run(), self.journal.run())]
        try:
            await asyncio.sleep(2)
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def sent_to(self, device: DeviceId) -> list[AccessList]:
        return [message for message in self.outbound.to(device) if isinstance(message, AccessList)]

    def deliver(self, device: DeviceId = STREET_UNIT) -> OwnList:
        """The broker hands a door what it keeps, and the door answers."""
        own = self.doors.get(device, OwnList(device, KEYS))
        for page in self.sent_to(device)[-1:]:
            own, effects = own.takes(Heard(page, retained=True), page)
            for effect in effects:
                if isinstance(effect, Publish) and isinstance(effect.message, Ack):
                    self.lists.acknowledged(device, effect.message)
        self.doors[device] = own
        return own

    def admits(self, card: str, device: DeviceId = STREET_UNIT, at: datetime | None = None) -> bool:
        _, decision = self.deliver(device).decides(shown(card), at or self.clock.now())
        return decision is not None and decision.admitted

    async def become(self, **changes: object) -> None:
        """Another version of the registry counts."""
        people = self.index.people
        self.index.load(replace(people, version=people.version + 1, **changes))  # type: ignore[arg-type]
        self.lists.changed()
        await asyncio.sleep(0.5)

    def arriving(self, device: DeviceId, message: Message, *, backlog: bool = False) -> Inbound:
        kind = {Event: Kind.EVENT, Status: Kind.STATUS}[type(message)]  # type: ignore[index]
        return Inbound(
            topic=f"natoma/1/{device}/up/{kind}",
            address=Address(device, "up", kind),
            message=message,
            payload=codec.encode(message),
            received_at=self.clock.now(),
            received_mono=self.clock.monotonic(),
            retained=False,
            backlog=backlog,
            acknowledge=lambda: self.acknowledged.append(getattr(message, "id", "")),
        )

    def is_ready(self, device: DeviceId, boot: str = "b1") -> None:
        status = Status(state=DeviceState.READY, boot=boot, ts=self.clock.now())
        self.presence.status_said(self.arriving(device, status), status)

    async def decided_alone(
        self, card: str, *, ago: timedelta, id: str = "b1-1", backlog: bool = False, granted: bool = True
    ) -> None:
        """A door tells of what it decided by the list it has."""
        own = self.deliver()
        at = self.clock.now() - ago
        _, decision = own.decides(shown(card), at)
        assert decision is not None
        data = LocalDecisionData(
            h=decision.h, rev=own.rev, re="b1-0", reason=decision.reason.value, right=decision.right, direction="in"
        )
        kind = EventType.LOCAL_GRANTED if granted else EventType.LOCAL_DENIED
        event = Event(id=id, type=kind, ts=at, age_ms=round(ago.total_seconds() * 1000), data=data)
        self.alone.happened(self.arriving(STREET_UNIT, event, backlog=backlog), event)
        await asyncio.sleep(1)

    def kinds(self) -> list[FactKind]:
        return [logged.fact.kind for logged in self.log.facts]


# --- what is in a list ------------------------------------------------------------------------------------------------


async def test_each_door_holds_a_signed_list_of_those_it_lets_in():
    async with Bench().running() as bench:
        (page,) = bench.sent_to(STREET_UNIT)

        assert (page.until - page.issued) == timedelta(hours=24)
        assert (bench.admits(CARD), bench.admits(BOBS_CARD), bench.admits(EVES_CARD)) == (True, True, False)
        assert not bench.admits(CARD, at=NOON + timedelta(hours=10))


async def test_units_and_readers_have_lists_and_a_reader_on_the_way_out_needs_none():
    async with Bench().running() as bench:
        assert {sent.device for sent in bench.outbound.sent} == {STREET_UNIT, STREET_READER, LAB_UNIT}
        assert not bench.sent_to(STREET_READER_OUT)


async def test_no_two_doors_share_a_salt():
    async with Bench().running() as bench:
        salts = {bench.sent_to(device)[0].salt for device in (STREET_UNIT, STREET_READER, LAB_UNIT)}

        assert len(salts) == 3


async def test_the_space_says_how_long_a_list_is_good_and_thirty_days_are_the_most():
    async with Bench(space=replace(SPACE, offline_valid_h=48.0)).running() as bench:
        (page,) = bench.sent_to(STREET_UNIT)
        assert page.until - page.issued == timedelta(hours=48)
    async with Bench(space=replace(SPACE, offline_valid_h=5000.0)).running() as bench:
        (page,) = bench.sent_to(STREET_UNIT)
        assert page.until - page.issued == timedelta(days=30)


async def test_in_a_lockdown_only_who_holds_the_override_right_is_in_the_list():
    chief = Person(PersonId("chief"), "Chief", PersonKind.STAFF, rights=frozenset({Right.OVERRIDE_LOCKDOWN}))
    guard = Person(PersonId("guard"), "Guard", PersonKind.STAFF)
    badges = {person.id: CredentialId(f"badge-{person.id}") for person in (chief, guard)}
    people = replace(
        PEOPLE,
        people={**PEOPLE.people, chief.id: chief, guard.id: guard},
        credentials={**PEOPLE.credentials, **{badge: Credential(badge, who) for who, badge in badges.items()}},
        list_digests={
            **PEOPLE.list_digests,
            badges[chief.id]: digest_of(EVES_CARD),
            badges[guard.id]: digest_of("04AAAAAAAAAAAA"),
        },
    )
    lockdown = Lockdown("lockdown-1", Scope(), NOON, chief.id, "alarm")

    async with Bench(people).running() as bench:
        assert bench.admits("04AAAAAAAAAAAA")
        await bench.become(house=HouseState(lockdowns=(lockdown,)))

        assert [bench.admits(card) for card in (EVES_CARD, "04AAAAAAAAAAAA", CARD)] == [True, False, False]


async def test_an_emergency_badge_works_past_the_end_of_the_list():
    brigade = Person(PersonId("brigade"), "Fire brigade", rights=frozenset({Right.EMERGENCY_ENTRY}))
    badge = CredentialId("badge-brigade")
    people = replace(
        PEOPLE,
        people={**PEOPLE.people, brigade.id: brigade},
        credentials={**PEOPLE.credentials, badge: Credential(badge, brigade.id)},
        list_digests={**PEOPLE.list_digests, badge: digest_of(EVES_CARD)},
    )
    async with Bench(people).running() as bench:
        assert bench.admits(EVES_CARD, at=NOON + timedelta(days=40))
        assert not bench.admits(CARD, at=NOON + timedelta(days=40))


async def test_a_ticket_works_at_a_door_alone_once_the_host_has_come_and_its_scan_is_replayed():
    ticket = Ticket(TicketId("t1"), EventId("talk"), "Grace")
    event = PublicEvent(
        EventId("talk"), "Talk", ALICE.id, LOBBY, (STREET.id,), NOON - timedelta(hours=1), NOON + timedelta(hours=2), 9
    )  # fmt: skip
    scan = BadgeReadData(token="ticket-of-grace")  # made up
    people = replace(
        PEOPLE,
        events={event.id: event},
        tickets={ticket.id: ticket},
        ticket_digests={b"digest": ticket.id},
        list_digests={
            **PEOPLE.list_digests, CredentialId("ticket:t1"): list_digest(LIST_KEY, canonical_token("ticket-of-grace"))
        },
    )  # fmt: skip
    async with Bench(people).running() as bench:
        _, early = bench.deliver().decides(scan, NOON)
        await bench.become(events={event.id: replace(event, host_entered_at=NOON)})
        own, decision = bench.deliver().decides(scan, bench.clock.now())

        assert early is not None
        assert decision is not None
        assert (early.admitted, decision.admitted) == (False, True)
        holder = await bench.lists.salts.holder_of(STREET_UNIT, own.rev, decision.h or "")
        assert [one.id for one in holder if one is not None] == ["ticket:t1", "ticket:t1"]


# --- changes ----------------------------------------------------------------------------------------------------------


async def test_a_revoked_badge_is_in_every_list_within_a_second_and_first_in_it():
    async with Bench().running() as bench:
        before = {device: bench.deliver(device).rev for device in (STREET_UNIT, STREET_READER, LAB_UNIT)}
        blocked = replace(PEOPLE.credentials[CREDENTIAL_OF[ALICE.id]], state=CredentialState.BLOCKED)

        await bench.become(credentials={**PEOPLE.credentials, blocked.id: blocked})

        for device, rev in before.items():
            newest = bench.sent_to(device)[-1]
            assert rev is not None
            assert newest.rev == rev + 1
            assert newest.entries[0].right == "blocked"
            assert not bench.admits(CARD, device)
            assert bench.admits(BOBS_CARD, device)


async def test_somebody_new_is_in_the_lists_within_two_seconds():
    async with Bench(replace(PEOPLE, memberships={ALICE.id: member(ALICE)})).running() as bench:
        assert not bench.admits(BOBS_CARD)

        await bench.become(memberships=PEOPLE.memberships)

        assert bench.admits(BOBS_CARD)


async def test_a_change_that_concerns_no_door_makes_no_new_list():
    async with Bench().running() as bench:
        sent = len(bench.outbound.sent)

        await bench.become(people={**PEOPLE.people, BOB.id: replace(BOB, name="Robert")})

        assert len(bench.outbound.sent) == sent


@pytest.mark.law
async def test_lists_are_issued_anew_before_half_of_their_time_is_over():
    async with Bench().running() as bench:
        (first,) = bench.sent_to(STREET_UNIT)

        await asyncio.sleep(12 * 3600)

        newest = bench.sent_to(STREET_UNIT)[-1]
        assert newest.salt != first.salt
        assert newest.until > first.until
        assert newest.rev > first.rev


async def test_the_revision_only_rises_over_restarts_too():
    store = MemoryLists()
    async with Bench(store=store).running() as bench:
        await bench.become(memberships={ALICE.id: member(ALICE)})
        last = bench.sent_to(STREET_UNIT)[-1].rev
    async with Bench(store=store).running() as bench:
        assert bench.sent_to(STREET_UNIT)[0].rev > last


async def test_a_door_that_holds_more_than_a_restored_registry_knows_is_given_more_still():
    async with Bench().running() as bench:
        bench.lists.health_said(STREET_UNIT, Health(access_rev=77_003))
        await asyncio.sleep(2)

        assert bench.sent_to(STREET_UNIT)[-1].rev == 78_000


async def test_days_used_up_reach_the_lists_a_minute_later():
    two_days = PlanId("two-days")
    plan = replace(SPACE.plans[FULL], id=two_days, days_per_week=2)
    space = replace(SPACE, plans={**SPACE.plans, two_days: plan})
    people = replace(PEOPLE, memberships={ALICE.id: member(ALICE, two_days)})
    async with Bench(people, space).running() as bench:
        assert {entry.days for entry in bench.sent_to(STREET_UNIT)[0].entries} == {2}
        bench.spending.usage[ALICE.id] = Usage(quota_days=frozenset({date(2026, 11, 23)}))
        charge = {"kind": "quota_day", "holder": ALICE.id, "day": "2026-11-23"}
        bench.lists.took(LoggedFact(1, Fact(FactKind.ENTRY_TAKEN, NOON, detail={"charge": charge})))

        await asyncio.sleep(SPENT_AFTER + 2)

        # One day left of the week, and today is free as it is used already.
        assert {entry.days for entry in bench.sent_to(STREET_UNIT)[-1].entries} == {1, None}


# --- sending and following --------------------------------------------------------------------------------------------


async def test_what_could_not_be_sent_is_sent_when_the_link_is_back():
    bench = Bench()
    bench.outbound.failure = NotConnected("no link")
    async with bench.running():
        assert not bench.outbound.sent
        bench.outbound.failure = None
        bench.lists.link_back()
        await asyncio.sleep(2)

        assert bench.admits(CARD)


async def test_staff_see_that_a_door_is_still_on_an_older_version():
    async with Bench().running() as bench:
        bench.is_ready(STREET_UNIT)
        for device in (STREET_UNIT, STREET_READER, LAB_UNIT):
            bench.deliver(device)
        old = bench.doors[STREET_UNIT].rev
        await bench.become(memberships={ALICE.id: member(ALICE)})
        bench.deliver(STREET_READER)
        await asyncio.sleep(HELD_WITHIN + 2)

        held = bench.lists.access_of(STREET.id)

        assert held is not None
        assert (held["rev"], held["newest"]) == (old, (old or 0) + 1)
        assert datetime.fromisoformat(str(held["issued"])).astimezone(UTC) < bench.clock.now() - timedelta(seconds=30)
        assert f"Street door ({STREET_UNIT}) is still on version {old}" in bench.lists.problems[STREET_UNIT]
        (component,) = [one for one in bench.board.components() if one.name == "access lists"]
        assert (component.ok, component.vital) == (False, False)


async def test_a_door_that_confirms_is_not_behind_and_its_tile_is_shown_again():
    async with Bench().running() as bench:
        bench.shown.clear()
        for device in (STREET_UNIT, STREET_READER, LAB_UNIT):
            bench.deliver(device)
        await asyncio.sleep(HELD_WITHIN + 2)

        held = bench.lists.access_of(STREET.id)
        assert bench.shown
        assert bench.lists.problems == {}
        assert held is not None
        assert held["rev"] == held["newest"]


async def test_staff_are_alerted_to_a_door_that_stays_behind_until_all_its_devices_are_not():
    async with Bench().running() as bench:
        for device in (STREET_UNIT, LAB_UNIT):
            bench.deliver(device)
        await asyncio.sleep(ALARMED_AFTER - 10)
        early = bench.alarms.open
        await asyncio.sleep(20)
        late = bench.alarms.open
        bench.deliver(STREET_READER)
        await asyncio.sleep(2)

        assert early == ()
        assert [(one.kind, one.subject.door, one.count) for one in late] == [
            (AlarmKind.ACCESS_LIST_BEHIND, STREET.id, 1)
        ]
        assert not bench.alarms.stands(AlarmKind.ACCESS_LIST_BEHIND, door=STREET.id)


async def test_a_list_a_ready_door_does_not_confirm_is_sent_again():
    async with Bench().running() as bench:
        bench.is_ready(STREET_UNIT)
        await asyncio.sleep(HELD_WITHIN + 2)

        assert len(bench.sent_to(STREET_UNIT)) == 2


async def test_a_door_that_refuses_its_list_is_named_with_the_reason():
    async with Bench().running() as bench:
        rev = bench.sent_to(STREET_UNIT)[-1].rev
        bench.lists.acknowledged(STREET_UNIT, Ack(re=f"access-{rev}", phase=AckPhase.REFUSED, reason="no_keys"))
        await asyncio.sleep(HELD_WITHIN + 2)

        assert bench.lists.problems[STREET_UNIT].endswith(f"does not take version {rev} of its list: no_keys")


@pytest.mark.parametrize("rev", [7, 99_999_000], ids=["older than ours", "newer than ours"])
async def test_a_forged_list_is_told_with_its_door_and_overwritten_by_ours(rev: int):
    async with Bench().running() as bench:
        bench.is_ready(STREET_UNIT)
        bench.deliver()
        ours = bench.sent_to(STREET_UNIT)
        bench.lists.acknowledged(STREET_UNIT, Ack(re=f"access-{rev}", phase=AckPhase.REFUSED, reason="forged"))
        await asyncio.sleep(3)

        assert bench.sent_to(STREET_UNIT) == [*ours, ours[-1]]
        assert bench.lists.problems[STREET_UNIT] == (
            f"{STREET.name} ({STREET_UNIT}) was sent version {rev} of a list that is not ours, and refused it: forged; "
            "ours was published again"
        )


async def test_a_forged_list_with_the_number_of_ours_does_not_keep_the_door_from_ours():
    async with Bench().running() as bench:
        bench.is_ready(STREET_UNIT)
        rev = bench.sent_to(STREET_UNIT)[-1].rev
        bench.lists.acknowledged(STREET_UNIT, Ack(re=f"access-{rev}", phase=AckPhase.REFUSED, reason="forged"))
        await asyncio.sleep(HELD_WITHIN + 2)
        bench.deliver()

        assert [page.rev for page in bench.sent_to(STREET_UNIT)] == [rev, rev]


async def test_a_door_that_started_anew_holds_nothing_until_it_says_so():
    async with Bench().running() as bench:
        bench.is_ready(STREET_UNIT)
        bench.deliver()
        bench.is_ready(STREET_UNIT, boot="b2")
        await asyncio.sleep(HELD_WITHIN + 2)

        held = bench.lists.access_of(STREET.id)
        assert held is not None
        assert (held["rev"], held["device"]) == (None, STREET_UNIT)
        assert "has not said that it holds any list" in bench.lists.problems[STREET_UNIT]


async def test_events_a_door_had_to_give_up_are_a_gap_in_the_log_once():
    async with Bench().running() as bench:
        for dropped in (None, 5, 5, 7):
            bench.lists.health_said(STREET_UNIT, Health(dropped=dropped))

        gaps = [fact.detail["count"] for fact in bench.told if fact.kind is FactKind.GAP_FOUND]
        assert gaps == [5, 2]


@pytest.mark.parametrize("re", ["01JZ8M3W71C4K6N8R0T2V4X6Z8", "access-", "access-x"])
async def test_other_acks_are_not_about_lists(re: str):
    async with Bench().running() as bench:
        bench.lists.acknowledged(STREET_UNIT, Ack(re=re, phase=AckPhase.DONE))
        bench.lists.acknowledged(DeviceId("sensor-study"), Ack(re="access-1", phase=AckPhase.DONE))
        bench.lists.health_said(DeviceId("sensor-study"), Health(access_rev=1))

        held = bench.lists.access_of(STREET.id)
        assert held is not None
        assert held["rev"] is None


class FullDisk(MemoryLists):
    """Reads, and writes nothing any more."""

    async def remember_list(self, device: DeviceId, rev: int, salt: bytes, issued_ms: int, until_ms: int) -> None:
        raise StoreError("disk full")


async def test_a_list_is_published_though_the_registry_cannot_remember_it():
    async with Bench(store=FullDisk()).running() as bench:
        assert bench.admits(CARD)


# --- what doors decided alone -----------------------------------------------------------------------------------------


async def test_an_entry_decided_alone_is_a_fact_with_its_true_time_and_person():
    async with Bench().running() as bench:
        await bench.decided_alone(CARD, ago=timedelta(minutes=40))

        (fact,) = [one for one in bench.told if one.kind is FactKind.LOCAL_GRANTED]
        assert (fact.person, fact.door, fact.message_id, fact.correlation) == (ALICE.id, STREET.id, "b1-1", "b1-0")
        assert abs((bench.clock.now() - fact.at) - timedelta(minutes=40)) < timedelta(seconds=2)
        assert fact.detail["credential"] == "badge-alice"
        assert CARD not in repr(fact)
        assert bench.acknowledged == ["b1-1"]


async def test_it_is_recorded_once_over_restarts_too():
    first = Bench()
    async with first.running():
        await first.decided_alone(CARD, ago=timedelta(minutes=1))
        await first.decided_alone(CARD, ago=timedelta(minutes=1, seconds=1))
    again = Bench(store=first.store)
    again.log, again.doors = first.log, first.doors
    again.journal._log = first.log
    async with again.running():
        again.outbound.sent.clear()
        await again.decided_alone(CARD, ago=timedelta(minutes=2), backlog=True)

        assert again.kinds().count(FactKind.LOCAL_GRANTED) == 1
        assert FactKind.LOCAL_GRANTED not in [fact.kind for fact in again.told]
        assert again.acknowledged == ["b1-1"]


async def test_after_a_restart_a_hash_is_read_by_the_list_the_door_had_then():
    first = Bench()
    async with first.running():
        await first.become(memberships={ALICE.id: member(ALICE)})
        first.deliver()
    again = Bench(store=first.store)
    again.doors = first.doors
    async with again.running():
        again.outbound.sent.clear()
        await again.decided_alone(CARD, ago=timedelta(minutes=30), backlog=True)

        (fact,) = [one for one in again.told if one.kind is FactKind.LOCAL_GRANTED]
        assert fact.person == ALICE.id


@pytest.mark.parametrize(
    ("ago", "late"),
    [
        pytest.param(timedelta(seconds=60), False, id="to a minute it is normal"),
        pytest.param(timedelta(minutes=14), True, id="to a quarter of an hour it is recorded, and shown as late"),
        pytest.param(timedelta(days=3), True, id="older is recorded only"),
    ],
)
async def test_late_events_are_recorded_with_how_late_they_are(ago: timedelta, late: bool):
    async with Bench().running() as bench:
        await bench.decided_alone(BOBS_CARD, ago=ago)

        (fact,) = [logged.fact for logged in bench.log.facts if logged.fact.message_id == "b1-1"]
        assert ("late_s" in fact.detail) is late


async def test_a_late_event_never_triggers_an_unlock_a_light_or_a_message():
    async with Bench().running() as bench:
        before = len(bench.outbound.sent)
        await bench.decided_alone(CARD, ago=timedelta(minutes=5))
        await bench.decided_alone(EVES_CARD, ago=timedelta(minutes=4), id="b1-2", granted=False)

        assert len(bench.outbound.sent) == before
        assert bench.outbound.shown == []


async def test_a_refusal_of_a_stranger_is_a_fact_without_a_person():
    async with Bench().running() as bench:
        await bench.decided_alone(EVES_CARD, ago=timedelta(minutes=1), granted=False)

        (fact,) = [one for one in bench.told if one.kind is FactKind.LOCAL_DENIED]
        assert (fact.person, fact.detail["reason"]) == (None, "unknown_credential")


async def test_a_right_that_ended_since_is_said_beside_the_entry():
    async with Bench().running() as bench:
        own = bench.deliver()
        await bench.become(memberships={BOB.id: member(BOB)})
        bench.outbound.sent.clear()
        bench.doors[STREET_UNIT] = own

        await bench.decided_alone(CARD, ago=timedelta(minutes=2))

        (fact,) = [one for one in bench.told if one.kind is FactKind.LOCAL_GRANTED]
        assert fact.detail["now_denied"] == "no_membership"


async def test_a_day_used_offline_is_charged_and_what_goes_beyond_is_flagged_and_not_charged():
    two_days = PlanId("two-days")
    plan = replace(SPACE.plans[FULL], id=two_days, days_per_week=1)
    space = replace(SPACE, plans={**SPACE.plans, two_days: plan})
    people = replace(PEOPLE, memberships={ALICE.id: member(ALICE, two_days)})
    async with Bench(people, space).running() as bench:
        await bench.decided_alone(CARD, ago=timedelta(minutes=2))
        bench.spending.usage[ALICE.id] = Usage(quota_days=frozenset({date(2026, 11, 24)}))
        await bench.decided_alone(CARD, ago=timedelta(minutes=1), id="b1-2")

        granted = [one for one in bench.told if one.kind is FactKind.ENTRY_TAKEN]
        charges = [one.detail.get("charge") for one in granted]
        assert isinstance(charges[0], Mapping)
        assert charges[0]["holder"] == ALICE.id
        assert charges[1] is None
        assert FactKind.QUOTA_OVERSHOT in [one.kind for one in bench.told]


async def test_a_grant_of_hours_ago_that_nobody_used_costs_no_day_and_one_that_was_used_costs_it_once():
    two_days = PlanId("two-days")
    plan = replace(SPACE.plans[FULL], id=two_days, days_per_week=1)
    space = replace(SPACE, plans={**SPACE.plans, two_days: plan})
    people = replace(PEOPLE, memberships={ALICE.id: member(ALICE, two_days)})
    async with Bench(people, space).running() as bench:
        bench.opens = False
        await bench.decided_alone(CARD, ago=timedelta(hours=2))
        unused = [(one.kind, "charge" in one.detail) for one in bench.told if one.correlation == "b1-0"]
        bench.told.clear()
        bench.opens = True
        await bench.decided_alone(CARD, ago=timedelta(hours=1), id="b1-2")
        await bench.decided_alone(CARD, ago=timedelta(hours=1), id="b1-2")

        assert unused == [(FactKind.LOCAL_GRANTED, False), (FactKind.ENTRY_NOT_TAKEN, False)]
        used = [(one.kind, "charge" in one.detail) for one in bench.told if one.correlation == "b1-0"]
        assert used == [(FactKind.LOCAL_GRANTED, False), (FactKind.ENTRY_TAKEN, True)]


async def test_a_clock_that_was_never_set_is_not_believed():
    async with Bench().running() as bench:
        event = Event(
            id="b1-9",
            type=EventType.LOCAL_DENIED,
            ts=datetime(1970, 1, 1, tzinfo=UTC),
            age_ms=120_000,
            data=LocalDecisionData(reason="no_answer"),
        )
        bench.alone.happened(bench.arriving(STREET_UNIT, event), event)
        await asyncio.sleep(1)

        (fact,) = [one for one in bench.told if one.kind is FactKind.LOCAL_DENIED]
        assert abs((bench.clock.now() - fact.at).total_seconds() - 121) < 2


async def test_a_hash_nobody_can_explain_has_no_holder():
    bench = Bench()
    salts = Salts(bench.index)

    assert await salts.holder_of(STREET_UNIT, 41, "0" * 32) == (None, None)
    salts.add(STREET_UNIT, 41, bytes(16))
    assert await salts.holder_of(STREET_UNIT, 40, "0" * 32) == (None, None)
    assert await salts.holder_of(STREET_UNIT, None, "0" * 32) == (None, None)
