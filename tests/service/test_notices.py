"""The outbox: followed from the event log, sent until it arrives, and shown when it does not."""

import asyncio
from datetime import timedelta
from random import Random

import pytest

from controller.domain.booking.rules import Edit, Wish
from controller.domain.community import Language, Profile
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import PersonId, WaitingId
from controller.domain.membership import Person, PersonKind
from controller.domain.notices import Channel, Notice, NoticeKind, notices_of
from controller.services.notices.outbox import GIVE_UP_AFTER, LONGEST_PAUSE, House, Outbox, SendError
from controller.services.notices.store import NoticeState
from controller.services.notices.words import Names, template, written
from controller.services.screens.health import HealthBoard
from controller.services.screens.live import LiveFeed
from tests.support.booking_house import BEN as BEN_
from tests.support.booking_house import CLEO, OAK, PINE, SARA, BookingHouse, at
from tests.support.memory import MemoryEventLog
from tests.support.memory_notices import Mailbox, MemoryNotices
from tests.support.services import SPACE, STUDY, HandClock

ADA, BEN, HERA, HUGO = (PersonId(one) for one in ("ada", "ben", "hera", "hugo"))
PEOPLE = {
    ADA: Person(ADA, "Ada"),
    BEN: Person(BEN, "Ben"),
    HERA: Person(HERA, "Hera", PersonKind.STAFF),
    HUGO: Person(HUGO, "Hugo", PersonKind.STAFF),
}
SPAN = {"start": "2026-11-23T22:00:00+00:00", "end": "2026-11-23T23:00:00+00:00"}
MINUTE = timedelta(minutes=1)


class Desk:
    """An outbox over what is kept in memory; time moves by hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.log = MemoryEventLog()
        self.store = MemoryNotices(PEOPLE)
        self.mailbox = Mailbox()
        self.noted: list[Fact] = []
        self.inside: set[PersonId] = set()
        self.profiles = {one: Profile(one, email=f"{one}@example.org") for one in PEOPLE}
        self.board = HealthBoard(LiveFeed(epoch="test"), self.clock.now)
        self.outbox = self.started()

    def started(self) -> Outbox:
        house = House(lambda: SPACE, lambda: PEOPLE, self.profiles.get, self.inside.__contains__)
        return Outbox(self.store, self.mailbox, house, self.noted.append, self.board, self.clock, Random(1))

    async def happens(self, kind: FactKind, person: PersonId = ADA, **detail: object) -> None:
        fact = Fact(kind, self.clock.now(), area=STUDY, person=person, detail=detail)  # type: ignore[arg-type]
        await self.log.append_all([fact])

    async def look(self) -> None:
        await self.outbox.follow(self.log)
        await self.outbox.send_due()


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.outbox.follow(desk.log)
    return desk


async def test_the_owner_is_told_in_their_language_that_their_booking_was_released(desk: Desk) -> None:
    desk.profiles[ADA] = Profile(ADA, email="ada@example.org", language=Language.FRENCH)
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)

    await desk.look()

    ((person, message),) = desk.mailbox.sent
    assert (person, message.subject) == (ADA, "Study a été rendue")
    assert "lundi 23 novembre de 14:00 à 15:00" in message.body


async def test_what_happened_before_the_house_sent_messages_is_news_to_nobody() -> None:
    desk = Desk()
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)

    await desk.look()

    assert desk.mailbox.sent == []


async def test_a_restart_tells_nothing_twice_and_loses_nothing(desk: Desk) -> None:
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)
    await desk.look()
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-2", **SPAN)
    desk.outbox = desk.started()

    await desk.look()

    assert len(desk.mailbox.sent) == 2


async def test_somebody_who_wants_no_messages_is_sent_none(desk: Desk) -> None:
    desk.profiles[ADA] = Profile(ADA, email="ada@example.org", wants_notices=False)
    del desk.profiles[BEN]
    await desk.happens(FactKind.BOOKING_RELEASED, ADA, booking="b-1", **SPAN)
    await desk.happens(FactKind.BOOKING_RELEASED, BEN, booking="b-2", **SPAN)

    await desk.look()

    assert desk.store.kept == {}


async def test_whoever_changes_their_mind_while_it_waits_is_not_written_to(desk: Desk) -> None:
    desk.mailbox.fails = SendError("away")
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)
    await desk.look()
    desk.mailbox.fails = None
    desk.profiles[ADA] = Profile(ADA, email="ada@example.org", wants_notices=False)

    desk.clock.advance(MINUTE.total_seconds())
    await desk.look()

    assert desk.mailbox.sent == []
    assert desk.store.kept[1].state is NoticeState.FAILED


async def test_mail_that_arrived_is_not_sent_again_for_a_webhook_that_is_away(desk: Desk) -> None:
    desk.profiles[ADA] = Profile(ADA, email="ada@example.org", webhook="https://example.org/hook")
    desk.mailbox.deaf = Channel.WEBHOOK
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)
    await desk.look()
    desk.mailbox.deaf = None

    desk.clock.advance(MINUTE.total_seconds())
    await desk.look()

    assert desk.mailbox.channels_used == [Channel.MAIL, Channel.WEBHOOK]


async def test_a_server_that_is_away_is_asked_again_until_it_is_back(desk: Desk) -> None:
    desk.mailbox.fails = SendError("the server is away")
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)
    await desk.look()
    assert desk.store.kept[1].attempts == 1
    assert not desk.noted

    desk.mailbox.fails = None
    desk.clock.advance(MINUTE.total_seconds())
    await desk.look()

    assert [person for person, _ in desk.mailbox.sent] == [ADA]
    assert desk.store.kept[1].state is NoticeState.SENT


async def test_pauses_grow_and_stay_below_their_longest(desk: Desk) -> None:
    desk.mailbox.fails = SendError("away")
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)
    pauses = []
    for _ in range(12):
        await desk.look()
        kept = desk.store.kept[1]
        pauses.append(kept.next_at - desk.clock.now())
        desk.clock.advance((kept.next_at - desk.clock.now()).total_seconds())

    assert pauses[0] <= timedelta(seconds=30)
    assert max(pauses) <= LONGEST_PAUSE
    assert pauses[-1] > 10 * pauses[0]


async def test_what_never_arrives_is_given_up_after_a_day_and_shown(desk: Desk) -> None:
    desk.mailbox.fails = SendError("the server is away")
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)
    await desk.look()
    desk.clock.advance(GIVE_UP_AFTER.total_seconds())

    await desk.look()

    (fact,) = desk.noted
    assert (fact.kind, fact.person) == (FactKind.NOTICE_FAILED, ADA)
    assert fact.detail == {"notice": 1, "kind": "booking_released", "reason": "the server is away"}


async def test_what_can_never_arrive_is_given_up_at_once(desk: Desk) -> None:
    desk.mailbox.fails = SendError("no such address", is_final=True)
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)

    await desk.look()

    assert desk.store.kept[1].state is NoticeState.FAILED
    assert len(desk.noted) == 1


async def test_tries_that_fail_show_on_the_health_board(desk: Desk) -> None:
    desk.mailbox.fails = SendError("away")
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(desk.outbox.run(desk.log))
        for _ in range(30):
            await asyncio.sleep(0)
        running.cancel()

    (part,) = [one for one in desk.board.components() if one.name == "notices"]
    assert not part.ok
    assert desk.board.verdict().ok


async def test_the_health_board_is_well_again_once_one_has_arrived(desk: Desk) -> None:
    desk.mailbox.fails = SendError("away")
    await desk.happens(FactKind.BOOKING_RELEASED, booking="b-1", **SPAN)
    await desk.look()
    desk.mailbox.fails = None
    desk.clock.advance(MINUTE.total_seconds())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(desk.outbox.run(desk.log))
        for _ in range(30):
            await asyncio.sleep(0)
        running.cancel()

    (part,) = [one for one in desk.board.components() if one.name == "notices"]
    assert part.ok


async def test_the_hosts_who_are_in_welcome_who_comes_for_the_first_time(desk: Desk) -> None:
    desk.inside.add(HUGO)
    await desk.happens(FactKind.FIRST_VISIT)

    await desk.look()

    assert [(person, message.subject) for person, message in desk.mailbox.sent] == [
        (HUGO, "Ada is here for the first time")
    ]


async def test_with_nobody_in_every_host_is_told(desk: Desk) -> None:
    await desk.happens(FactKind.FIRST_VISIT)

    await desk.look()

    assert sorted(person for person, _ in desk.mailbox.sent) == [HERA, HUGO]


async def test_a_slow_address_holds_nobody_up(desk: Desk) -> None:
    """All that is due is tried side by side."""
    gate = asyncio.Event()
    arrived: list[PersonId] = []

    async def send(profile: Profile, channel: Channel, message: object) -> None:
        if profile.person == ADA:
            await gate.wait()
        arrived.append(profile.person)

    desk.mailbox.send = send  # type: ignore[method-assign]
    news = [Notice(f"k-{one}", NoticeKind.GRACE, one, Channel.MAIL) for one in (ADA, BEN)]
    await desk.store.add(news, desk.clock.now(), 0)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(desk.outbox.send_due())
        for _ in range(10):
            await asyncio.sleep(0)
        assert arrived == [BEN]
        gate.set()


# --- what the house really tells --------------------------------------------------------------------------------------


@pytest.mark.law  # hours are lived through
async def test_every_message_about_bookings_says_all_it_means_to() -> None:
    """From the desk and the keeper to the words: no fact leaves a gap in a message."""
    house = BookingHouse()
    async with house.living():
        await house.book("13:00", "14:00")
        for one in (BEN_, CLEO):
            await house.desk.wait_for(Wish(PINE, at("13:00"), at("14:00"), one.id), one.id)
        asked = [await house.book(start, end, room=OAK) for start, end in (("15:00", "16:00"), ("16:00", "17:00"))]
        await house.desk.approve(asked[0].id, SARA.id)
        await house.desk.decline(asked[1].id, SARA.id, "painters")
        theirs = await house.book("17:00", "18:00")
        await house.desk.change(theirs.id, Edit(start=at("18:00"), end=at("19:00")), SARA.id)
        await house.desk.cancel(theirs.id, SARA.id)
        await house.until(at("13:10"))
        await asyncio.sleep(2)
        await house.until(at("13:21"))
        await asyncio.sleep(2)
        newest = house.heard_of(FactKind.WAITING_OFFERED)[-1]  # both asked at one moment: either may be the first
        await house.desk.take(WaitingId(str(newest.detail["waiting"])), newest.person)
    names = Names(house.index.space.zone, lambda room: f"room {room}", str)

    news = [one for fact in house.told for one in notices_of(fact, fact.at, house.index.space, ())]

    assert {one.kind for one in news} == {
        NoticeKind.BOOKING_APPROVED,
        NoticeKind.BOOKING_DECLINED,
        NoticeKind.BOOKING_CHANGED,
        NoticeKind.BOOKING_CANCELLED,
        NoticeKind.BOOKING_RELEASED,
        NoticeKind.WAITING_OFFERED,
        NoticeKind.WAITING_LAPSED,
        NoticeKind.WAITING_WON,
    }
    for one in news:
        for language in Language:
            message = written(one.by(Channel.MAIL), language, names)
            asks = "".join(template(one.kind, language)).count("?")
            assert f"{message.subject}{message.body}".count("?") == asks, message
