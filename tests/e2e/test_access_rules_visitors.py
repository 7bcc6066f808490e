"""People from elsewhere on a real broker: an evening by tickets, and two independent houses that honour each other's passes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.adapters.secrets import load_visit_signing_key
from controller.domain.holdings import PublicEvent, Ticket
from controller.domain.ids import AreaId, DoorId, EventId, PersonId, TicketId
from controller.services.stores import NewTicket
from devices import passes
from devices.messages import BadgeReadData, Signal
from devices.units import DoorUnit
from devices.units.steps import ContactFelt, Show
from simulator.building_file import load
from simulator.clock import now as sim_now
from simulator.device import Surroundings, VirtualDevice
from simulator.endpoint import DataDir
from simulator.fleet import Fleet, no_readings
from tests.support.field import FieldDevice
from tests.support.live_house import SLOWEST_S, Live, happens, house_at, now, seen, shut, told
from tests.support.rules_house import RulesHouse, at_registry, make_rules_house, new_token

pytestmark = pytest.mark.broker

# --- an evening -----------------------------------------------------------------------------------------

TALK = EventId("talk")
TICKETS = {name: new_token() for name in ("ann", "ben", "cem")}


async def test_an_evening_begins_with_its_host_counts_its_visitors_and_ends_itself(live: Live):
    began = now()
    talk = PublicEvent(
        TALK,
        "A talk",
        PersonId("alice"),
        AreaId("stage"),
        (DoorId("front"), DoorId("stage")),
        began - timedelta(minutes=1),
        began + timedelta(hours=1),
        capacity=2,
    )
    await _announce(live, talk)

    async with live.doors("front", "stage", "side") as doors:
        front, stage, side = doors["front"], doors["stage"], doors["side"]
        before_host = await _shows(front, "ann")
        assert await live.answer(front, "alice") == "unlock"  # the host
        not_yet_in = await _shows(front, "ann")
        await _walks_through(front)
        await seen(lambda: live.controller.facts("event_started"), "the event begun")

        ann = await _shows(front, "ann")
        await _walks_through(front)
        await seen(lambda: _inside(live) == {"ann"}, "Ann inside")
        again, further = await _shows(front, "ann"), await _shows(stage, "ann")
        await _walks_through(stage)
        ben = await _shows(front, "ben")
        await _walks_through(front)
        await seen(lambda: _inside(live) == {"ann", "ben"}, "Ben inside")
        await seen(lambda: live.controller.facts("event_full"), "staff told that it is full")
        cem = await _shows(front, "cem")
        elsewhere = await _shows(side, "ann")

        before_out = _openings(live)
        out = await told(front, await front.tap("", data={"token": TICKETS["ann"], "direction": "out"}))
        await _walks_through(front)
        await seen(lambda: _openings(live) > before_out, "room for one more, now that Ann is out")
        returns = await _shows(front, "ann")

        ends = now() + timedelta(seconds=1)
        await _change(live, replace(talk, end=ends))
        await seen(lambda: live.controller.facts("event_ended"), "the event over by itself")
        over = await _shows(front, "ben")

    assert (before_host, not_yet_in) == ("event_not_started", "event_not_started")
    assert (ann, again, further) == ("unlock", "ticket_used", "unlock")
    assert (ben, cem) == ("unlock", "event_full")
    assert elsewhere == "no_right"
    assert not _alarms(live, "alarm_raised")
    assert (out, returns, over) == ("unlock", "unlock", "event_over")
    assert not [token for token in TICKETS.values() if token in live.controller.log]


async def _announce(live: Live, event: PublicEvent) -> None:
    async def write(kept: Any, digests: Any) -> None:
        await kept.public_events.put_event(event)
        await kept.public_events.add_tickets(
            [
                NewTicket(Ticket(TicketId(name), event.id, name), digests.of_token(token))
                for name, token in TICKETS.items()
            ]
        )

    await at_registry(live.data, write)


async def _change(live: Live, event: PublicEvent) -> None:
    async def write(kept: Any, _: Any) -> None:
        known = (await kept.registry.load()).events[event.id]
        await kept.public_events.put_event(replace(event, host_entered_at=known.host_entered_at))

    await at_registry(live.data, write)


async def _shows(door: FieldDevice, ticket: str) -> str:
    return await told(door, await door.tap("", data={"token": TICKETS[ticket]}))


def _inside(live: Live) -> set[str]:
    """Whose tickets were used at the front door."""
    taken = [fact["person"] for fact in live.controller.facts("entry_taken") if fact["door"] == "front"]
    return {person.removeprefix("ticket:") for person in taken if person.startswith("ticket:")}


def _openings(live: Live) -> int:
    return sum(1 for fact in live.controller.facts("door_opened") if fact["door"] == "front")


def _alarms(live: Live, kind: str) -> list[str]:
    return [fact["detail"]["alarm"] for fact in live.controller.facts(kind)]


async def _walks_through(door: FieldDevice) -> None:
    # A leaf that moves faster is a contact that flaps.
    await asyncio.sleep(0.3)
    await happens(door, "door.opened")
    await asyncio.sleep(0.3)
    await happens(door, "door.closed")
    await shut(door)


# --- two houses -----------------------------------------------------------------------------------------

_SPACE = """\
natoma: 1
id: {id}
name: {name}
zone: {zone}
floors: {{ground: {{name: Ground floor, size: [20, 10]}}}}
areas:
  hall: {{name: Hall, floor: ground, outline: [0, 0, 20, 6], room: {{kind: open_space}}}}
  vault: {{name: Vault, floor: ground, outline: [0, 6, 20, 4]}}
doors:
  front: {{name: Front door, from: outside, to: hall, at: [4, 0]}}
  vault: {{name: Vault door, from: hall, to: vault, at: [10, 6]}}
devices:
  door-front: {{kind: door_unit, door: front}}
  door-vault: {{kind: door_unit, door: vault}}
plans:
  full: {{name: Full-time, where: [hall, vault], schedule: always}}
  visiting: {{name: Visiting, where: [hall], schedule: always, kind: visiting}}
"""
_PARTNER = """\
partners:
  {id}: {{name: {name}, public_key: {key}, plan: visiting, days: 3}}
"""
_HOUSES = {"natoma-st": ("Natoma Street", "America/Los_Angeles"), "trudaine": ("Avenue Trudaine", "Europe/Paris")}


@pytest.fixture(scope="module")
def two_made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RulesHouse]:
    people = ({"id": "vera", "name": "Vera Visitor", "kind": "member", "plan": "full"},)
    return {
        id: make_rules_house(
            tmp_path_factory.mktemp(id), _SPACE.format(id=id, name=name, zone=zone), people, with_pins=False
        )
        for id, (name, zone) in _HOUSES.items()
    }


@pytest.fixture
def two(two_made: dict[str, RulesHouse], tmp_path: Path) -> Iterator[tuple[Live, Live]]:
    """Two houses on brokers of their own that know each other's public keys and nothing else."""
    with ExitStack() as stack:
        homes = {id: stack.enter_context(house_at(tmp_path / id, made)) for id, made in two_made.items()}
        keys = {id: passes.public_key_text(load_visit_signing_key(home.data / "secrets")) for id, home in homes.items()}
        for id, home in homes.items():
            (other,) = set(homes) - {id}
            text = home.space.read_text() + _PARTNER.format(id=other, name=_HOUSES[other][0], key=keys[other])
            home.space.write_text(text)
        yield homes["natoma-st"], homes["trudaine"]


@asynccontextmanager
async def front_of(home: Live) -> AsyncIterator[VirtualDevice]:
    """The house, started, and its front door's unit, which holds a list of its own."""
    await asyncio.to_thread(home.controller.start)
    where = DataDir(home.data).endpoint(f"mqtt://127.0.0.1:{home.port}", None, None, None)
    units = ["door-front", "door-vault"]
    async with Fleet(load(home.space), where, Surroundings(sim_now, no_readings), only=units, seed=1) as fleet:
        for unit in units:
            await asyncio.to_thread(home.controller.wait_for_device, unit)
        yield fleet.devices["door-front"]


async def test_two_houses_honour_each_others_members_until_a_pass_is_revoked(two: tuple[Live, Live]):
    here, there = two
    ours, theirs = await asyncio.gather(
        *(asyncio.to_thread(home.command, "visits", "issue", "vera") for home in (here, there))
    )
    assert (ours.code, theirs.code) == (0, 0), ours.err + theirs.err
    token, back = ours.out.strip(), theirs.out.strip()

    async with front_of(there) as at_theirs, front_of(here) as at_ours:
        visitors = [await _held_to(at_theirs, token), await _held_to(at_ours, back)]
        at_home = await _held_to(at_ours, token)
        forged = await _held_to(at_theirs, token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))
        (decision,) = (one for one in there.controller.decisions() if one["kind"] == "entry_granted")

        await _revoke_everywhere(here, there)
        began = now()
        while (await _held_to(at_theirs, token)).signal is Signal.GRANTED:
            assert now() - began < timedelta(seconds=SLOWEST_S)

    assert [shown.signal for shown in visitors] == [Signal.GRANTED] * 2
    assert (decision["person"], decision["detail"]["grant"]) == ("natoma-st/vera", "visiting")
    assert decision["detail"]["charge"]["kind"] == "visit_day"
    # At home it is no badge: a pass is for elsewhere.
    assert at_home.signal is Signal.DENIED
    assert forged.signal is Signal.DENIED
    assert token not in there.controller.log


async def test_a_door_that_decides_alone_knows_a_visitor_until_the_pass_is_revoked(two: tuple[Live, Live]):
    here, there = two
    issued = await asyncio.to_thread(here.command, "visits", "issue", "vera")
    token = issued.out.strip()

    async with front_of(there) as door:
        expected = await asyncio.to_thread(there.command, "visits", "expect", token)
        await seen(lambda: _rev(door) % 1000 > 0, "a list with the visitor")
        there.controller.kill()
        alone = await _held_to(door, token)
        first = _rev(door) // 1000
        await asyncio.to_thread(there.controller.start)
        await seen(lambda: there.controller.facts("local_granted"), "the entry in the log")
        await seen(lambda: _rev(door) // 1000 > first, "the list of the new start")

        await _revoke_everywhere(here, there)
        await seen(lambda: not _lets_in_alone(door, token), "a list without the visitor")
        there.controller.kill()
        revoked = await _held_to(door, token)

    (entry,) = there.controller.facts("local_granted")
    assert expected.code == 0, expected.err
    assert alone.signal is Signal.GRANTED
    assert entry["person"] == "natoma-st/vera"
    assert revoked.signal is Signal.DENIED


async def test_a_pass_nobody_has_seen_opens_its_door_alone_and_is_told_once_with_its_true_time_and_person(
    two: tuple[Live, Live],
):
    here, there = two
    issued = await asyncio.to_thread(here.command, "visits", "issue", "vera")
    token = issued.out.strip()

    async with front_of(there) as door:
        await seen(lambda: _rev(door), "a list of its own")
        there.controller.kill()
        asked = now()
        alone = await _held_to(door, token)
        answered = now()
        await asyncio.sleep(0.5)  # the bolt
        door.feed(ContactFelt(True))
        door.feed(ContactFelt(False))
        foreign = await _held_to(door, token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))
        first = _rev(door) // 1000
        await asyncio.to_thread(there.controller.start)
        back = now()
        await seen(lambda: there.controller.facts("entry_taken"), "the entry in the log")
        await seen(lambda: _rev(door) // 1000 > first, "the list of the new start")
        assert _lets_in_alone(door, token)

        await _revoke_everywhere(here, there)
        await seen(lambda: not _lets_in_alone(door, token), "a list without the pass")
        there.controller.kill()
        revoked = await _held_to(door, token)

    (entry,) = there.controller.facts("entry_taken")
    assert (alone.signal, foreign.signal, revoked.signal) == (Signal.GRANTED, Signal.DENIED, Signal.DENIED)
    assert revoked.reason == "pass_revoked"
    assert (entry["person"], entry["detail"]["charge"]["kind"]) == ("natoma-st/vera", "visit_day")
    ((at_us,),) = there.controller.query("events", "SELECT at_us FROM fact WHERE kind = 'local_granted'")
    told_at = datetime.fromtimestamp(at_us / 1e6, UTC)
    # Starting anew took longer than that.
    assert asked - timedelta(seconds=0.5) <= told_at <= answered + timedelta(seconds=0.5) < back
    assert token.rpartition(".")[2] not in there.controller.log


async def _held_to(door: VirtualDevice, token: str) -> Show:
    """What the reader shows, once the leaf could be used again."""
    answered: asyncio.Future[Show] = asyncio.get_running_loop().create_future()
    door.tap(BadgeReadData(token=token), answered.set_result)
    async with asyncio.timeout(20.0):
        return await answered


async def _revoke_everywhere(here: Live, there: Live) -> None:
    """The issuing house takes the pass back and sends its signed list to the other."""
    revoked = await asyncio.to_thread(here.command, "visits", "revoke", "vera", "--reason", "left us")
    exported = await asyncio.to_thread(here.command, "visits", "revocations", "export")
    file = there.space.with_name("revocations.txt")
    file.write_text(exported.out)
    imported = await asyncio.to_thread(there.command, "visits", "revocations", "import", file)
    assert (revoked.code, exported.code, imported.code) == (0, 0, 0), revoked.err + exported.err + imported.err
    assert "revocations are new" in imported.out


def _lets_in_alone(door: VirtualDevice, token: str) -> bool:
    """What the list it holds would say, with nobody to ask."""
    assert isinstance(door.machine, DoorUnit)
    _, decision = door.machine.own.decides(BadgeReadData(token=token), now())
    return decision is not None and decision.admitted


def _rev(door: VirtualDevice) -> int:
    """Of the list the door holds: thousands count the issues, units what changed since."""
    assert isinstance(door.machine, DoorUnit)
    return door.machine.own.rev or 0
