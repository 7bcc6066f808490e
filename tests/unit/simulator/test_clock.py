"""The world's clock: the real hour when the house is lively, a weekday morning when it is not."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator.building import Building
from simulator.clock import SHIFT, WorldClock, now, shift, shift_in, world_start
from simulator.errors import InputError


def real(parisoma: Building, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=parisoma.zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "wanted", "world"),
    [
        pytest.param("2026-11-17 11:05", "auto", "2026-11-17 11:05", id="a Tuesday at eleven is lively by itself"),
        pytest.param("2026-11-22 03:12", "auto", "2026-11-20 09:40", id="Sunday night lives Friday morning"),
        pytest.param("2026-11-17 22:00", "auto", "2026-11-17 09:40", id="late evening lives the same day's morning"),
        pytest.param("2026-11-26 11:00", "auto", "2026-11-25 09:40", id="Thanksgiving lives the day before"),
        pytest.param("2026-11-22 03:12", "now", "2026-11-22 03:12", id="now is now"),
        pytest.param("2026-11-22 03:12", "14:55", "2026-11-20 14:55", id="an hour of a working day"),
    ],
)
def test_where_the_world_begins(parisoma: Building, at: str, wanted: str, world: str):
    assert world_start(parisoma, real(parisoma, at), wanted) == real(parisoma, world)


@pytest.mark.parametrize("wanted", ["25:00", "noon", "9.30", ""])
def test_an_impossible_hour_is_refused(parisoma: Building, wanted: str):
    with pytest.raises(InputError, match="write it like 09:30"):
        world_start(parisoma, real(parisoma, "2026-11-17 11:05"), wanted)


def test_runs_faster_and_knows_the_way_back():
    began = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
    clock = WorldClock(began, began - timedelta(days=2), speed=60)

    moment = clock.world(began + timedelta(seconds=10))

    assert moment == (began - timedelta(days=2)).timestamp() + 600
    assert clock.real(datetime.fromtimestamp(moment, UTC)) == began + timedelta(seconds=10)
    assert clock.is_elsewhere
    assert not WorldClock(began, began).is_elsewhere


def test_the_real_clock_is_aware():
    assert now().tzinfo is UTC


def test_the_simulator_lives_at_the_date_that_its_house_does(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(SHIFT, "-86400")
    shift.cache_clear()
    try:
        assert abs(datetime.now(UTC) - timedelta(days=1) - now()) < timedelta(minutes=1)
    finally:
        monkeypatch.undo()
        shift.cache_clear()


@pytest.mark.parametrize("text", ["tomorrow", "nan", "1e300", "-1e11"])
def test_a_shift_that_leads_to_no_date_is_refused_with_what_would_be_right(text: str):
    with pytest.raises(InputError, match="-86400 for yesterday"):
        shift_in({SHIFT: text})

    assert shift_in({SHIFT: ""}) == timedelta(0)
