"""Doors that decide alone: the controller killed, a thousand reads at a hundred doors, and all of it told once afterwards.

Who is entitled is known here by how each person was made, and nowhere looked up in what the controller made of it.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from controller.domain.ids import PersonId
from controller.domain.usage import Charge, ChargeKind, LedgerEntry, LedgerRow
from devices.channels import Bolt
from devices.messages import BadgeReadData, Signal
from devices.units import DoorUnit
from devices.units.steps import ContactFelt, Show
from simulator.building_file import load
from simulator.clock import now as sim_now
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.fleet import Fleet, no_readings
from tests.support.live_house import Live, house_at, now, seen, today
from tests.support.rules_house import RulesHouse, at_registry, make_rules_house

pytestmark = [pytest.mark.broker, pytest.mark.slow]

DOORS = 100
READS = 1_000
SEED = 20261122
# The time on the wire is in milliseconds.
A_MOMENT = timedelta(milliseconds=5)
# Each of these by its count: what the rules say of them at a door of the hall, at any hour.
ENTITLED = {"member": 6, "twice-a-week": 4, "host": 2, "in-grace": 2, "of-the-team": 3}
OTHERS = {"overdue": 3, "paused": 2, "ended": 2, "banned": 2, "lost": 3, "blocked": 3, "elsewhere": 3, "closed": 2, "early": 2, "used-up": 2}  # fmt: skip
_COLUMNS: dict[str, dict[str, str]] = {
    "member": {"plan": "full"},
    "twice-a-week": {"plan": "two-days"},
    "host": {"kind": "staff"},
    "in-grace": {"plan": "full", "standing": "grace"},
    "of-the-team": {"team": "rocket", "office": "office"},
    "overdue": {"plan": "full", "standing": "overdue"},
    "paused": {"plan": "full", "standing": "paused"},
    "ended": {"plan": "full", "until": "2021-01-31"},
    "banned": {"plan": "full", "standing": "banned"},
    "lost": {"plan": "full", "badge_state": "lost"},
    "blocked": {"plan": "full", "badge_state": "blocked"},
    "elsewhere": {"plan": "annex"},
    "closed": {"plan": "closed"},
    "early": {"plan": "full", "valid_from": "2099-01-01T00:00:00Z"},
    "used-up": {"plan": "two-days"},
}


def space_of(doors: int) -> str:
    lines = [
        "natoma: 1", "id: long-house", "name: Long house", "zone: Europe/Paris",
        f"floors: {{ground: {{name: Ground floor, size: [{doors * 2 + 4}, 20]}}}}",
        "areas:",
        f"  hall: {{name: Hall, floor: ground, outline: [0, 0, {doors * 2 + 4}, 8], room: {{kind: open_space}}}}",
        "  office: {name: Office, floor: ground, outline: [0, 8, 10, 8], room: {kind: office}}",
        "  annex: {name: Annex, floor: ground, outline: [20, 8, 10, 8]}",
        "doors:",
        *(f"  d{n:02}: {{name: Door {n}, from: outside, to: hall, at: [{n * 2 + 2}, 0]}}" for n in range(doors)),
        "  office: {name: Office door, from: hall, to: office, at: [5, 8]}",
        "  annex: {name: Annex door, from: hall, to: annex, at: [25, 8]}",
        "devices:",
        *(f"  door-d{n:02}: {{kind: door_unit, door: d{n:02}}}" for n in range(doors)),
        "  door-office: {kind: door_unit, door: office}",
        "  door-annex: {kind: door_unit, door: annex}",
        "schedules:",
        "  never: mon 03:00-03:01",
        "plans:",
        "  full: {name: Full-time, where: [hall], schedule: always}",
        "  two-days: {name: Two days, where: [hall], schedule: always, days_per_week: 2}",
        "  annex: {name: Annex only, where: [annex], schedule: always}",
        "  closed: {name: Night owl, where: [hall], schedule: never}",
    ]  # fmt: skip
    return "\n".join([*lines, ""])


def people() -> tuple[dict[str, str], ...]:
    return tuple(
        {"id": f"{kind}-{n}", "name": f"{kind} {n}", "kind": "member", **_COLUMNS[kind]}
        for kind, count in (ENTITLED | OTHERS).items()
        for n in range(count)
    )


@pytest.fixture(scope="module")
def long_house(tmp_path_factory: pytest.TempPathFactory) -> RulesHouse:
    made = make_rules_house(tmp_path_factory.mktemp("long"), space_of(DOORS), people(), with_pins=False)
    monday = today() - timedelta(days=today().weekday())
    used = [day for day in (monday + timedelta(days=n) for n in range(3)) if day != today()][:2]

    async def use(kept: Any, _: Any) -> None:
        for n in range(OTHERS["used-up"]):
            charges = [Charge(ChargeKind.QUOTA_DAY, PersonId(f"used-up-{n}"), day) for day in used]
            await kept.ledger.append([LedgerRow(LedgerEntry.USED, charge, now()) for charge in charges])

    asyncio.run(at_registry(made.data, use))
    return made


@pytest.fixture
def long_live(long_house: RulesHouse, tmp_path: Path) -> Iterator[Live]:
    with house_at(tmp_path, long_house) as live:
        yield live


@dataclass
class Try:
    """One badge held to one door, and what came of it."""

    door: str
    person: str
    began: datetime
    ended: datetime
    shown: Show

    @property
    def let_in(self) -> bool:
        return self.shown.signal is Signal.GRANTED


async def test_with_the_controller_killed_doors_let_in_all_who_may_and_nobody_else_and_tell_of_each_once(
    long_live: Live,
):
    live = long_live
    await asyncio.to_thread(live.controller.start)
    building = load(live.space)
    where = DataDir(live.data).endpoint(f"mqtt://127.0.0.1:{live.port}", None, None, None)
    assert where.door_keys is not None
    doors = [f"door-d{n:02}" for n in range(DOORS)]
    dice = Random(SEED)
    who = [*live.badges]
    async with Fleet(building, where, Surroundings(sim_now, no_readings), only=doors, seed=1) as fleet:
        await seen(lambda: all(_holds_a_list(fleet, door) for door in doors), "a list at every door", within=30.0)
        live.controller.kill()

        async def stand_at(door: str) -> list[Try]:
            return [await _try(fleet, door, dice.choice(who), live.badges) for _ in range(READS // DOORS)]

        tries = [one for each in await asyncio.gather(*map(stand_at, doors)) for one in each]
        await asyncio.to_thread(live.controller.start)
        await seen(lambda: len(_told(live)) >= READS, "every read in the log", within=30.0)
        let_in = sum(one.let_in for one in tries)
        await seen(lambda: _kinds(live, "entry_taken") >= let_in, "every entry in the log", within=30.0)
        # Whatever else the late reads might cause would have come with them.
        await asyncio.sleep(1.0)
        opened_late = [door for door in doors if _unit(fleet, door).lock.value == "unlocked"]

    wrong = [(one.person, one.shown) for one in tries if one.let_in is not _is_entitled(one.person)]
    assert len(tries) == READS
    assert wrong == []
    told = _told(live)
    assert Counter(fact["kind"] for fact in told) == Counter(
        "local_granted" if one.let_in else "local_denied" for one in tries
    )
    assert len({(fact["device"], fact["message_id"]) for fact in told}) == len(told) == READS
    for door in doors:
        # Whoever stood at this door, one after the other, with the time by the door's own clock.
        told_here = sorted((fact for fact in told if fact["device"] == door), key=lambda fact: fact["at"])
        for one, fact in zip((one for one in tries if one.door == door), told_here, strict=True):
            assert one.began - A_MOMENT <= fact["at"] <= one.ended + A_MOMENT
            assert (fact["kind"] == "local_granted") is one.let_in
            if one.let_in:
                assert fact["person"] == one.person
    assert opened_late == []
    assert _kinds(live, "door_forced") == 0
    assert _kinds(live, "entry_taken") == sum(one.let_in for one in tries)
    assert _days_used(live) == sorted({one.person for one in tries if one.person.startswith("twice-a-week")})


async def test_whoever_a_door_let_in_while_the_controller_hung_has_entered_and_broken_nothing(long_live: Live):
    live = long_live
    await asyncio.to_thread(live.controller.start)
    building = load(live.space)
    where = DataDir(live.data).endpoint(f"mqtt://127.0.0.1:{live.port}", None, None, None)
    async with Fleet(
        building, where, Surroundings(sim_now, no_readings), only=["door-d00", "door-d01"], seed=1
    ) as fleet:
        await seen(lambda: all(_holds_a_list(fleet, door) for door in ("door-d00", "door-d01")), "lists", within=30.0)
        await asyncio.sleep(3.0)  # both doors are known to be locked
        live.controller.freeze()
        try:
            went_in = await _try(fleet, "door-d00", "twice-a-week-0", live.badges)
            stayed_out = asyncio.get_running_loop().create_future()
            badge = live.badges["twice-a-week-1"]
            shown = BadgeReadData(card=badge, bits=4 * len(badge), format="iso14443a")
            fleet.tap("door-d01", shown, stayed_out.set_result)
            async with asyncio.timeout(20.0):
                let_in = await stayed_out
        finally:
            live.controller.thaw()
        await seen(lambda: _kinds(live, "entry_taken") == 1, "the entry", within=10.0)
        await seen(lambda: _kinds(live, "entry_not_taken") == 1, "who stayed outside", within=40.0)

    assert (went_in.let_in, let_in.signal) == (True, Signal.GRANTED)
    assert (_kinds(live, "door_forced"), _kinds(live, "unlock_refused")) == (0, 0)
    assert _days_used(live) == ["twice-a-week-0"]


async def _try(fleet: Fleet, door: str, person: str, badges: dict[str, str]) -> Try:
    answered: asyncio.Future[Show] = asyncio.get_running_loop().create_future()
    badge = badges[person]
    began = datetime.now(UTC)
    fleet.tap(door, BadgeReadData(card=badge, bits=4 * len(badge), format="iso14443a"), answered.set_result)
    async with asyncio.timeout(20.0):
        shown = await answered
    if shown.signal is Signal.GRANTED:
        await _walk(fleet, door)
    return Try(door, person, began, datetime.now(UTC), shown)


async def _walk(fleet: Fleet, door: str) -> None:
    """Whoever was let in opens the door, which falls shut behind them: let in is not in."""
    unit = fleet.devices[door]
    async with asyncio.timeout(20.0):
        while _unit(fleet, door).lock is not Bolt.UNLOCKED:
            await asyncio.sleep(0.01)
    unit.feed(ContactFelt(True))
    await asyncio.sleep(0.01)
    unit.feed(ContactFelt(False))
    async with asyncio.timeout(20.0):
        while _unit(fleet, door).lock is not Bolt.LOCKED:
            await asyncio.sleep(0.01)


def _is_entitled(person: str) -> bool:
    return person.rpartition("-")[0] in ENTITLED


def _unit(fleet: Fleet, door: str) -> DoorUnit:
    machine = fleet.devices[door].machine
    assert isinstance(machine, DoorUnit)
    return machine


def _holds_a_list(fleet: Fleet, door: str) -> bool:
    return _unit(fleet, door).own.rev is not None


def _told(live: Live) -> list[dict[str, Any]]:
    """What doors decided alone, with the time at which it was."""
    ask = "SELECT kind, device, person, message_id, at_us FROM fact WHERE kind IN ('local_granted', 'local_denied')"
    rows = live.controller.query("events", ask)
    names = ("kind", "device", "person", "message_id", "at")
    return [dict(zip(names, (*row[:4], datetime.fromtimestamp(row[4] / 1e6, UTC)), strict=True)) for row in rows]


def _kinds(live: Live, kind: str) -> int:
    ((count,),) = live.controller.query("events", "SELECT count(*) FROM fact WHERE kind = ?", (kind,))
    return int(count)


def _days_used(live: Live) -> list[str]:
    """Whose day of today is in the ledger, as often as it is there."""
    ask = "SELECT holder FROM ledger WHERE entry = 'used' AND day = ? ORDER BY holder"
    return [holder for (holder,) in live.controller.query("natoma", ask, (today().isoformat(),))]
