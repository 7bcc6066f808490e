"""The sample building and its people, as tests of the simulator use them."""

from datetime import date, datetime
from pathlib import Path

import pytest

from simulator.building import Building
from simulator.building_file import load
from simulator.people import SimPerson, make_people

SPACES = Path(__file__).parents[3] / "simulator" / "spaces"
A_TUESDAY = date(2026, 11, 17)


@pytest.fixture(scope="session")
def parisoma() -> Building:
    return load(SPACES / "parisoma.yaml")


@pytest.fixture(scope="session")
def one_door() -> Building:
    return load(SPACES / "one-door.yaml")


@pytest.fixture(scope="session")
def people(parisoma: Building) -> list[SimPerson]:
    return make_people(parisoma, 1, A_TUESDAY)


@pytest.fixture(scope="session")
def morning(parisoma: Building) -> datetime:
    return datetime(2026, 11, 17, 9, 40, tzinfo=parisoma.zone)
