"""What a restored house owes the world that went on without it."""

from datetime import UTC, datetime, timedelta

from controller.domain.facts import FactKind
from controller.domain.house import HouseState, Override, Scope, ScopeKind, Wanted
from controller.domain.ids import DeviceId, PersonId
from controller.errors import InputError
from controller.services.keeping.restored import settle
from controller.services.offline.access_lists import REVISIONS
from tests.support.memory import MemoryEventLog
from tests.support.memory_stores import MemoryLists

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = MADE + timedelta(hours=6)
NOTHING_SET = HouseState()
FRONT, BACK = DeviceId("door-front"), DeviceId("door-back")


class House:
    """Ends overrides; one of them is over already."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    async def end_override(self, which: str, by: PersonId, reason: str, at: datetime) -> int:
        if which == "override-9":
            raise InputError("override-9 has ended")
        self.ended.append(which)
        return 1


def override(id_: str, wanted: Wanted) -> Override:
    return Override(id_, Scope(ScopeKind.DOOR, "front"), wanted, MADE, NOW + timedelta(hours=1), PersonId("ada"), "")


async def settled(
    lists: MemoryLists, state: HouseState = NOTHING_SET, now: datetime = NOW
) -> tuple[House, MemoryEventLog]:
    house, log = House(), MemoryEventLog()
    await settle(MADE, "0.1.0", lists, house, log, state, now)  # type: ignore[arg-type]
    return house, log


async def test_the_log_says_for_good_where_it_was_cut():
    _, log = await settled(MemoryLists())

    (logged,) = log.facts
    assert (logged.fact.kind, logged.fact.at) == (FactKind.HOUSE_RESTORED, NOW)
    assert logged.fact.detail == {"made": MADE.isoformat(), "natoma": "0.1.0"}


async def test_lists_begin_above_all_that_a_door_can_have_been_given_since():
    lists = MemoryLists()
    await lists.remember_list(FRONT, 3_000, b"salt", 1, 2)
    await lists.remember_list(FRONT, 2_000, b"salt", 1, 2)
    await lists.remember_list(BACK, 7_000, b"salt", 1, 2)
    given_since = 3_000 + 6 * 60 * REVISIONS  # one a minute

    await settled(lists)

    newest = {}
    for one in await lists.remembered_lists():
        newest[one.device] = max(one.rev, newest.get(one.device, 0))
    assert newest[FRONT] > given_since
    assert newest[BACK] > newest[FRONT]
    assert newest[FRONT] % REVISIONS == 0


async def test_revisions_rise_with_a_clock_that_is_behind_the_backup_too():
    lists = MemoryLists()
    await lists.remember_list(FRONT, 3_000, b"salt", 1, 2)

    await settled(lists, now=MADE - timedelta(days=400))

    assert max(one.rev for one in await lists.remembered_lists()) >= 1_003_000


async def test_what_stood_open_by_hand_is_ended_and_what_was_shut_stays_shut():
    overrides = (
        override("override-1", Wanted.UNLOCKED),
        override("override-2", Wanted.LOCKED),
        override("override-3", Wanted.PROPPED),
        override("override-9", Wanted.UNLOCKED),
    )

    house, _ = await settled(MemoryLists(), HouseState(overrides=overrides))

    assert house.ended == ["override-1"]
