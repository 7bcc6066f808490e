"""What may not be kept any longer goes once a day; what is needed stays."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import DeviceId, DoorId, PersonId
from controller.domain.keeping import DEFAULTS, OF_NOBODY, Trust, anonymous
from controller.errors import StoreError
from controller.services.keeping.cleaning import Cleaned, Cleaner
from controller.services.keeping.guard import Guard
from controller.services.keeping.ports import HistoryFile, Measured
from controller.services.screens.wording import Wording
from tests.support.memory import MemoryEventLog
from tests.support.services import BOOTH, SPACE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OCTOBER_2024 = HistoryFile("2024-10.db", Measured.READINGS, datetime(2024, 11, 1, tzinfo=UTC), 1_000)
AUGUST = HistoryFile("2026-08.db", Measured.READINGS, datetime(2026, 9, 1, tzinfo=UTC), 1_000)
YEAR_2023 = HistoryFile("rollup-2023.db", Measured.HOURLY, datetime(2024, 1, 1, tzinfo=UTC), 1_000)
YEAR_2026 = HistoryFile("rollup-2026.db", Measured.HOURLY, datetime(2027, 1, 1, tzinfo=UTC), 1_000)


class Clock:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.began = self.loop.time()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.loop.time() - self.began)

    def monotonic(self) -> float:
        return self.loop.time()


@dataclass
class Readings:
    kept: list[HistoryFile] = field(default_factory=lambda: [OCTOBER_2024, YEAR_2023, AUGUST, YEAR_2026])
    refused: list[datetime] = field(default_factory=list)
    broken: int = 0  # so often it cannot be read

    async def files(self) -> list[HistoryFile]:
        if self.broken:
            self.broken -= 1
            raise StoreError("history: the disk reports an error")
        return list(self.kept)

    async def drop(self, file: HistoryFile) -> None:
        self.kept.remove(file)

    async def refused_before(self, before: datetime) -> int:
        return sum(at < before for at in self.refused)

    async def forget_refused(self, before: datetime, limit: int) -> int:
        gone = [at for at in self.refused if at < before][:limit]
        self.refused = [at for at in self.refused if at not in gone]
        return len(gone)


def entry(days_ago: float) -> Fact:
    at = NOW - timedelta(days=days_ago)
    return Fact(FactKind.ENTRY_TAKEN, at, DoorId("street"), person=PersonId("alice"), correlation=f"b-{days_ago}")


def gap(days_ago: float) -> Fact:
    return Fact(FactKind.GAP_FOUND, NOW - timedelta(days=days_ago), device=DeviceId("sensor"), detail={"count": 3})


async def cleaner_of(log: MemoryEventLog, readings: Readings | None = None) -> tuple[Cleaner, list[Fact]]:
    noted: list[Fact] = []
    return Cleaner(log, readings or Readings(kept=[]), DEFAULTS, Clock(), noted.append), noted


@dataclass
class Known:
    """The KnownTime port: what outlives a start."""

    trust: Trust | None = None

    async def load(self) -> Trust | None:
        return self.trust

    async def save(self, trust: Trust) -> None:
        self.trust = trust


def guard_of(log: MemoryEventLog, known: Known, readings: Readings | None = None, **more: object) -> Guard:
    return Guard(known, log, readings or Readings(kept=[]), Clock(), **more)


async def runs(
    log: MemoryEventLog, known: Known, days: float, readings: Readings | None = None, **more: object
) -> None:
    """One start of the house: it tells that, then cleans for as long as it runs."""
    cleaner, _ = await cleaner_of(log, readings)
    await log.append_all([Fact(FactKind.SERVICE_STARTED, NOW)])
    running = asyncio.create_task(cleaner.run(guard_of(log, known, readings, **more)))
    await asyncio.sleep(days * DAY.total_seconds())
    running.cancel()


async def test_whoever_came_in_ninety_days_ago_is_not_named_any_more():
    log = MemoryEventLog()
    await log.append_all([entry(91), entry(89), entry(1)])
    cleaner, noted = await cleaner_of(log)

    found = await cleaner.clean()

    assert found == [Cleaned("Names in the event log", NOW - 90 * DAY, 1)]
    assert [one.fact.person for one in log.facts] == [None, "alice", "alice"]
    (told,) = noted
    assert told.kind is FactKind.HISTORY_CLEANED
    assert told.detail == {"what": "Names in the event log", "before": (NOW - 90 * DAY).isoformat(), "count": 1}


async def test_what_a_door_told_a_month_late_goes_with_its_own_age():
    log = MemoryEventLog()
    await log.append_all([entry(100), entry(65), replace(entry(92), correlation="late"), entry(64)])
    cleaner, _ = await cleaner_of(log)

    await cleaner.clean()

    assert [one.fact.person for one in log.facts] == [None, "alice", None, "alice"]


async def test_facts_go_after_two_years_and_the_newest_stays():
    log = MemoryEventLog()
    await log.append_all([entry(800), gap(800), entry(731), gap(729)])
    cleaner, _ = await cleaner_of(log)

    found = await cleaner.clean()

    assert [(one.what, one.count) for one in found] == [
        ("Names in the event log", 2),
        ("Facts in the event log", 2),
        ("Facts about lost readings", 1),
    ]
    assert [one.fact for one in log.facts] == [gap(729)]


async def test_readings_go_by_the_month_and_their_hours_by_the_year_once_all_of_it_is_old():
    readings = Readings()
    cleaner, noted = await cleaner_of(MemoryEventLog(), readings)

    await cleaner.clean()

    assert readings.kept == [AUGUST, YEAR_2026]
    assert [(fact.detail["what"], fact.detail["count"]) for fact in noted] == [
        ("Readings", 1),
        ("Readings by the hour", 1),
    ]


async def test_refused_messages_go_in_slices():
    readings = Readings(kept=[], refused=[NOW - timedelta(days=91, seconds=n) for n in range(250)] + [NOW - DAY])
    cleaner, noted = await cleaner_of(MemoryEventLog(), readings)

    await cleaner.clean()

    assert readings.refused == [NOW - DAY]
    assert noted[0].detail["count"] == 250


async def test_what_is_due_can_be_asked_and_changes_nothing():
    log, readings = MemoryEventLog(), Readings(refused=[NOW - 91 * DAY])
    await log.append_all([entry(800), entry(91), entry(1)])
    before = list(log.facts)
    cleaner, noted = await cleaner_of(log, readings)

    due = await cleaner.due()

    assert [(one.what, one.count) for one in due] == [
        ("Names in the event log", 2),
        ("Facts in the event log", 1),
        ("Readings", 1),
        ("Readings by the hour", 1),
        ("Refused messages", 1),
    ]
    assert (log.facts, noted, len(readings.kept), len(readings.refused)) == (before, [], 4, 1)


async def test_a_second_round_finds_nothing():
    log = MemoryEventLog()
    await log.append_all([entry(91), entry(1)])
    cleaner, noted = await cleaner_of(log)

    await cleaner.clean()
    again = await cleaner.clean()

    assert again == []
    assert len(noted) == 1


async def test_a_tap_never_waits_behind_more_than_a_hundred_facts():
    class Watched(MemoryEventLog):
        largest = 0

        async def rewrite(self, instead, gone):
            self.largest = max(self.largest, len(instead) + len(gone))
            await super().rewrite(instead, gone)

    log = Watched()
    await log.append_all([entry(91)] * 450 + [entry(1)])
    cleaner, _ = await cleaner_of(log)

    await cleaner.clean()

    assert log.largest == 100
    assert sum(one.fact.person is None for one in log.facts) == 450


async def test_it_cleans_at_the_start_and_each_day_and_again_soon_where_a_store_fails():
    log, readings = MemoryEventLog(), Readings(kept=[], broken=1)
    await log.append_all([entry(91), entry(89.5), entry(60), entry(31), entry(1)])
    cleaner, _ = await cleaner_of(log, readings)
    running = asyncio.create_task(cleaner.run(guard_of(log, Known())))

    await asyncio.sleep(120)
    after_start = [one.fact.person for one in log.facts]
    await asyncio.sleep(DAY.total_seconds())
    running.cancel()

    assert after_start == [None, "alice", "alice", "alice", "alice"]
    assert [one.fact.person for one in log.facts] == [None, None, "alice", "alice", "alice"]


async def test_a_clock_that_jumped_deletes_nothing_at_the_second_start_either():
    log, readings, known = MemoryEventLog(), Readings(), Known()
    await log.append_all([entry(800), entry(791), entry(780)])

    await runs(log, known, 2, readings)
    await runs(log, known, 2, readings)
    known.trust = None  # nor where nobody remembers: those starts are in the log
    await runs(log, known, 2, readings)

    assert [one.fact.person for one in log.facts[:3]] == ["alice"] * 3
    assert len(readings.kept) == 4


async def test_a_house_that_stood_still_is_cleaned_once_it_has_run_for_a_fortnight_over_restarts():
    log, known = MemoryEventLog(), Known()
    await log.append_all([entry(91), entry(40)])

    await runs(log, known, 7)
    await runs(log, known, 6.9)
    before = log.facts[0].fact.person
    await runs(log, known, 0.3)

    assert before == "alice"
    assert log.facts[0].fact.person is None


async def test_a_person_who_knows_that_the_clock_is_right_is_believed_for_good():
    log, known = MemoryEventLog(), Known()
    await log.append_all([entry(91), entry(40)])

    await guard_of(log, known).confirm()
    await runs(log, known, 0.1)

    assert log.facts[0].fact.person is None


async def test_a_suspect_clock_deletes_nothing_however_long_it_runs():
    log, known = MemoryEventLog(), Known()
    await log.append_all([entry(91), entry(1)])

    await runs(log, known, 60, is_suspect=lambda: True)

    assert log.facts[0].fact.person == "alice"
    assert known.trust is None


async def test_a_log_that_began_with_the_wrong_clock_is_younger_than_the_readings():
    log, known = MemoryEventLog(), Known()
    readings = Readings(kept=[OCTOBER_2024, YEAR_2023])

    await runs(log, known, 1, readings)

    assert len(readings.kept) == 2


async def test_whoever_asks_in_doubt_is_told_which_moments_and_what_to_do():
    log = MemoryEventLog()
    await log.append_all([entry(91), entry(65), entry(40)])

    why = await guard_of(log, Known()).look()

    assert why is not None
    for words in ("2026-11-22 12:00 UTC", "2026-10-13 12:00 UTC", "natoma keep --yes", "14 days"):
        assert words in why


def test_a_fact_that_names_nobody_any_more_can_still_be_told():
    words = Wording(lambda: SPACE, dict)

    for kind in set(FactKind) - OF_NOBODY:
        told = Fact(
            kind, NOW, area=BOOTH, person=PersonId("alice"), detail={"state": "on", "wanted": True, "by": "ada"}
        )
        line = words.line(anonymous(told))
        assert line.text
        assert "alice" not in f"{line.text} {line.why}"
