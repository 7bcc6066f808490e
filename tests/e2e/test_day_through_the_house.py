"""Two working hours of a small house, lived in seconds through a real broker and the real controller, lose nothing.

`python -m tests.bench day` lives whole days of the sample building the same way.
"""

from datetime import date, timedelta
from pathlib import Path

import pytest

from simulator.building_file import load
from simulator.maker import Wanted, plan, written
from tests.support.whole_day import WholeDay, begins, live

pytestmark = [pytest.mark.broker, pytest.mark.law]

TUESDAY = date(2026, 11, 17)


@pytest.fixture
def small_house(tmp_path: Path) -> Path:
    """Four doors and their rooms, a booth among them."""
    space = tmp_path / "space.yaml"
    space.write_text(written(plan(Wanted(doors=4, floors=None, rooms=None), 1), name="Small", zone="UTC", seed=1))
    return space


def test_two_hours_through_the_house_answer_every_read_and_store_every_reading(small_house: Path, tmp_path: Path):
    nine = begins(TUESDAY, load(small_house)) + timedelta(hours=5)

    lived = live(WholeDay(small_house, nine, hours=2, data=tmp_path / "data", people=25))

    assert lived.wrong() == []
    assert lived.counted.reads > 30
    assert lived.counted.shown["granted"] > 20
    assert lived.counted.readings > 1_000
    assert 7_200 <= lived.house_s < 7_200 + 120
