"""A visiting pass that nobody has shown before at a door alone: what the door is given for it, and what it tells later."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.building import Door, Partner, PinMode, Plan, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.house import HouseState, Lockdown, Scope
from controller.domain.ids import DeviceId, DoorId, PartnerId, PersonId, PlanId
from controller.domain.membership import Person, PersonKind
from devices import passes
from devices.accesslist import LocalDecision, public_key_of
from devices.messages import AccessList, BadgeReadData, Event, EventType
from devices.passes import Pass
from devices.units import DoorKeys, OwnList
from devices.units.reading import decides_alone
from devices.units.steps import Heard, Publish
from devices.units.voice import Voice
from tests.support.services import (
    ALICE,
    HOURS,
    LAB_UNIT,
    LIST_KEY,
    LIST_SIGNING_KEY,
    LOBBY,
    NOON,
    PEOPLE,
    SPACE,
    STREET,
    STREET_UNIT,
    House,
)

TRUDAINES_KEY = bytes([7]) * 32
VISITORS = PlanId("visitors")
TRUDAINE = Partner(PartnerId("trudaine"), "Trudaine", passes.public_key_text(TRUDAINES_KEY), VISITORS, 3)
VISITING = Plan(VISITORS, "Visitors", HOURS, frozenset({LOBBY}), kind="visiting")
WITH_PARTNER = replace(SPACE, plans={**SPACE.plans, VISITORS: VISITING}, partners={TRUDAINE.id: TRUDAINE})
CAMILLES = Pass("trudaine", "camille", "k7m2p9qx", NOON - timedelta(hours=1), NOON + timedelta(days=3))
CAMILLE = PersonId("trudaine/camille")
KEYS = DoorKeys(LIST_KEY, public_key_of(LIST_SIGNING_KEY))


class Alone:
    """A house with a partner, and its doors as they are when it does not answer."""

    def __init__(self, space: Space = WITH_PARTNER) -> None:
        self.house = House(space=space)
        self.token = passes.issue(CAMILLES, TRUDAINES_KEY)
        self.taps = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Alone"]:
        services = self.house.services
        works = (services.lists.run(), services.local.run(), services.writes.run(), services.journal.run())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.sleep(2)
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def pages(self, device: DeviceId = STREET_UNIT) -> list[AccessList]:
        return [message for message in self.house.outbound.to(device) if isinstance(message, AccessList)]

    def own(self, device: DeviceId = STREET_UNIT) -> OwnList:
        page = self.pages(device)[-1]
        own, _ = OwnList(device, KEYS).takes(Heard(page, retained=True), page)
        return own

    def decides(self, given: Pass = CAMILLES, device: DeviceId = STREET_UNIT, late: float = 0) -> LocalDecision:
        token = passes.issue(given, TRUDAINES_KEY)
        at = self.house.clock.now() + timedelta(seconds=late)
        _, decision = self.own(device).decides(BadgeReadData(token=token), at)
        assert decision is not None
        return decision

    async def lets_in(self, given: Pass = CAMILLES, *, ago: timedelta = timedelta(0)) -> Fact:
        """The street's unit decides alone, and tells when somebody listens again; the fact there is of it."""
        at = self.house.clock.now() - ago
        self.taps += 1
        token = passes.issue(given, TRUDAINES_KEY)
        voice = replace(Voice(f"b{self.taps}"), online=True)
        alone = decides_alone(voice, self.own(), BadgeReadData(token=token, direction="in"), None, at)
        (said,) = (effect.message for effect in alone.effects if isinstance(effect, Publish))
        self.house.say(STREET_UNIT, said, backlog=True)
        opened = Event(id=f"opened-{self.taps}", type=EventType.DOOR_OPENED, ts=at + timedelta(seconds=1))
        self.house.say(STREET_UNIT, opened, backlog=True)
        await asyncio.sleep(1)
        await self.house.rights_changed()
        return self.house.heard_of(FactKind.LOCAL_GRANTED, FactKind.LOCAL_DENIED)[-1]

    async def becomes(self) -> None:
        await self.house.rights_changed()
        await asyncio.sleep(1)


# --- what a door is given ---------------------------------------------------------------------------------------------


async def test_a_list_names_the_partners_whose_plan_opens_its_door_and_no_other():
    async with Alone().running() as alone:
        (street,), (lab,) = alone.pages(), alone.pages(LAB_UNIT)

        assert [issuer.iss for issuer in street.issuers or ()] == ["trudaine"]
        assert lab.issuers is None
        assert alone.decides().admitted
        assert not alone.decides(device=LAB_UNIT).admitted


async def test_a_pass_nobody_has_seen_opens_within_the_hours_of_the_plan_it_is_mapped_to():
    async with Alone().running() as alone:
        night = alone.decides(late=10 * 3600)

        assert (night.admitted, night.reason.value) == (False, "outside_hours")


async def test_in_a_lockdown_no_partner_is_in_the_list():
    async with Alone().running() as alone:
        lockdown = Lockdown("lockdown-1", Scope(), NOON, ALICE.id, "alarm")
        house = alone.house
        house.registry.become(replace(house.registry.now, house=HouseState(lockdowns=(lockdown,))), "house")
        await alone.becomes()

        assert alone.pages()[-1].issuers is None
        assert not alone.decides().admitted


@pytest.mark.parametrize(
    "harder", [{"pin": PinMode.REQUIRED}, {"two_person": True}, {"enabled": False}], ids=lambda one: next(iter(one))
)
async def test_a_door_that_wants_more_than_a_pass_is_given_no_partner(harder: dict[str, object]):
    doors: dict[DoorId, Door] = {**SPACE.doors, STREET.id: replace(STREET, **harder)}  # type: ignore[arg-type]

    async with Alone(replace(WITH_PARTNER, doors=doors)).running() as alone:
        assert alone.pages()[-1].issuers is None


async def test_a_pass_called_back_before_anybody_saw_it_is_in_the_next_list_within_a_second():
    async with Alone().running() as alone:
        before = alone.own().rev or 0
        await alone.house.guests.revoke_pass("trudaine/k7m2p9qx", "left us", NOON)
        await alone.becomes()

        assert alone.own().rev == before + 1
        assert alone.decides().reason.value == "pass_revoked"
        assert alone.decides(replace(CAMILLES, id="another")).admitted


async def test_all_that_a_member_had_is_called_back_at_doors_alone_too():
    async with Alone().running() as alone:
        mark = f"trudaine/@camille@{int(NOON.timestamp())}"
        await alone.house.guests.revoke_pass(mark, "left us", NOON)
        await alone.becomes()

        assert alone.decides().reason.value == "pass_revoked"
        assert alone.decides(replace(CAMILLES, subject="odette")).admitted
        assert alone.decides(replace(CAMILLES, start=NOON + timedelta(seconds=1))).admitted


async def test_who_is_banned_here_is_let_in_by_no_new_pass():
    async with Alone().running() as alone:
        registry = alone.house.registry
        banned = Person(CAMILLE, "Camille", PersonKind.VISITOR, banned=True)
        people = {**registry.now.people, CAMILLE: banned}
        registry.become(replace(registry.now, people=people), "people", people=[CAMILLE])
        await alone.becomes()

        assert not alone.decides().admitted
        assert alone.decides(replace(CAMILLES, subject="odette")).admitted


async def test_who_is_no_partner_any_more_is_in_no_list():
    async with Alone().running() as alone:
        alone.house.index.publish(replace(WITH_PARTNER, version="v2", partners={}))
        alone.house.services.rights_changed()
        await asyncio.sleep(3)

        assert alone.pages()[-1].issuers is None
        assert not alone.decides().admitted


async def test_a_partner_with_more_called_back_than_fits_is_left_out_and_said_so(caplog: pytest.LogCaptureFixture):
    revoked = frozenset(f"trudaine/pass{number:05}" for number in range(2000))
    alone = Alone()
    alone.house.index.load(replace(PEOPLE, revoked_passes=revoked))

    with caplog.at_level(logging.WARNING):
        async with alone.running():
            assert alone.pages()[-1].issuers is None

    assert "Street door: more passes of Trudaine were revoked than its list has room for" in caplog.text


# --- what it tells later ----------------------------------------------------------------------------------------------


async def test_an_entry_by_an_unseen_pass_is_told_once_with_its_true_time_and_person_and_uses_a_day():
    async with Alone().running() as alone:
        await asyncio.sleep(3600)
        fact = await alone.lets_in(ago=timedelta(minutes=40))
        now = alone.house.clock.now()

        assert (fact.kind, fact.person, fact.door) == (FactKind.LOCAL_GRANTED, CAMILLE, STREET.id)
        assert abs((now - fact.at) - timedelta(minutes=40)) < timedelta(seconds=3)
        assert (fact.detail["grant"], fact.detail["pass"]) == ("visiting", "trudaine/k7m2p9qx")
        (entry,) = alone.house.heard_of(FactKind.ENTRY_TAKEN)
        assert entry.detail["charge"] == {
            "kind": "visit_day", "holder": CAMILLE, "day": "2026-11-23", "plan": VISITORS
        }  # fmt: skip
        assert len(alone.house.heard_of(FactKind.LOCAL_GRANTED)) == 1
        assert alone.house.index.people.people[CAMILLE].kind is PersonKind.VISITOR


async def test_the_log_holds_nothing_by_which_the_pass_could_be_used_again():
    async with Alone().running() as alone:
        fact = await alone.lets_in()

        signature = alone.token.rpartition(".")[2]
        said = [repr(fact.detail), *(repr(one.fact) for one in alone.house.log.facts)]
        assert not [line for line in said if signature in line or alone.token in line]


async def test_a_doors_word_makes_a_visitor_known_and_gives_no_right():
    async with Alone().running() as alone:
        fact = await alone.lets_in(ago=timedelta(minutes=5))

        (visit,) = alone.house.index.people.visits
        assert (visit.person, visit.partner) == (CAMILLE, TRUDAINE.id)
        assert visit.end <= fact.at + timedelta(seconds=1)
        assert not alone.house.index.people.credentials.keys() - PEOPLE.credentials.keys()


async def test_the_pass_itself_shown_later_is_written_down_for_as_long_as_it_is_good():
    async with Alone().running() as alone:
        await alone.lets_in()
        alone.house.services.visits.visitor(alone.token, alone.house.clock.now())
        await asyncio.sleep(1)

        (visit,) = alone.house.registry.now.visits
        assert visit.end == CAMILLES.end


@pytest.mark.law
async def test_an_entry_beyond_the_days_agreed_is_flagged_and_charged_to_nobody():
    one_day = replace(WITH_PARTNER, partners={TRUDAINE.id: replace(TRUDAINE, days=1)})

    async with Alone(one_day).running() as alone:
        first = await alone.lets_in()
        await asyncio.sleep(24 * 3600)
        second = await alone.lets_in(replace(CAMILLES, id="second"))

        assert (first.kind, second.kind) == (FactKind.LOCAL_GRANTED, FactKind.LOCAL_GRANTED)
        entries = alone.house.heard_of(FactKind.ENTRY_TAKEN)
        assert ["charge" in entry.detail for entry in entries] == [True, False]
        assert second.detail["now_denied"] == "quota_used_up"
        assert [one.person for one in alone.house.heard_of(FactKind.QUOTA_OVERSHOT)] == [CAMILLE]


async def test_a_denial_by_an_unseen_pass_names_its_holder_and_makes_nobody_known():
    async with Alone().running() as alone:
        await alone.house.guests.revoke_pass("trudaine/k7m2p9qx", "left us", NOON)
        await alone.becomes()
        fact = await alone.lets_in()

        assert (fact.kind, fact.person, fact.detail["reason"]) == (FactKind.LOCAL_DENIED, CAMILLE, "pass_revoked")
        assert CAMILLE not in alone.house.index.people.people


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z"),
        ("9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("2026-11-23T20:00:00Z", "2026-11-23T20:00:00Z"),
        ("2026-11-24T20:00:00Z", "2026-11-23T20:00:00Z"),
        ("2026-11-23T00:00:00Z", "2027-11-23T00:00:00Z"),
    ],
    ids=["long ago", "for ever", "of no time", "backwards", "a year"],
)
async def test_what_no_pass_can_say_is_written_down_without_a_holder(since: str, until: str):
    async with Alone().running() as alone:
        visit = {"iss": "trudaine", "sub": "camille", "id": "k7m2p9qx", "since": since, "until": until}
        event = Event(id="b9-1", type=EventType.LOCAL_GRANTED, ts=alone.house.clock.now(), data={"visit": visit})
        alone.house.say(STREET_UNIT, event)
        await asyncio.sleep(1)
        fact = await alone.lets_in(replace(CAMILLES, subject="odette"))  # and the next is heard as ever

        (made_up,) = alone.house.heard_of(FactKind.LOCAL_GRANTED)[:-1]
        assert (made_up.person, fact.person) == (None, "trudaine/odette")
        assert CAMILLE not in alone.house.registry.now.people


async def test_an_entry_of_a_partner_who_is_none_any_more_keeps_the_name_of_the_pass():
    async with Alone().running() as alone:
        own = alone.own()
        alone.house.index.publish(replace(WITH_PARTNER, version="v2", partners={}))
        alone.own = lambda device=STREET_UNIT: own  # type: ignore[method-assign]  # the list it still holds
        fact = await alone.lets_in()

        assert (fact.kind, fact.person) == (FactKind.LOCAL_GRANTED, None)
        assert fact.detail["pass"] == "trudaine/k7m2p9qx"
