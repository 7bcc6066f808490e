"""What several acceptance tests start from: a house with people in it, and a controller that runs it on a real broker."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, copy_of
from tests.support.household import Household, make_household
from tests.support.live_house import QUEUES, Live, house_at
from tests.support.rules_house import RulesHouse, make_rules_house
from tests.support.soak import ROUNDS

StartController = Callable[..., ControllerProcess]


@pytest.fixture(scope="session")
def household(tmp_path_factory: pytest.TempPathFactory) -> Household:
    return make_household(tmp_path_factory.mktemp("household"))


@pytest.fixture(params=range(ROUNDS), ids=lambda number: f"round {number + 1}")
def again(request: pytest.FixtureRequest) -> int:
    """The round of a test that the long form repeats; there is one round without it."""
    return int(request.param)


@pytest.fixture
def house_broker(tmp_path: Path) -> Iterator[MosquittoBroker]:
    with MosquittoBroker(tmp_path / "broker", extra=QUEUES) as running:
        yield running


@pytest.fixture
def prepared(household: Household, tmp_path: Path) -> Iterator[Callable[..., ControllerProcess]]:
    """Makes a controller over a copy of the household's data, not started yet; ends it with the test."""
    with ExitStack() as stack:

        def prepare(port: int, *words: object, name: str = "controller") -> ControllerProcess:
            folder = tmp_path / name
            copy_of(household.data, folder / "data")
            controller = ControllerProcess(
                folder,
                "run",
                "--space",
                household.space,
                "--mqtt",
                f"mqtt://127.0.0.1:{port}",
                *words,
            )
            stack.callback(controller.end)
            return controller

        yield prepare


@pytest.fixture(scope="session")
def rules_house(tmp_path_factory: pytest.TempPathFactory) -> RulesHouse:
    return make_rules_house(tmp_path_factory.mktemp("rules"))


@pytest.fixture
def live(rules_house: RulesHouse, tmp_path: Path) -> Iterator[Live]:
    """A house of rules with a broker; its controller starts when somebody needs its doors."""
    with house_at(tmp_path, rules_house) as live:
        yield live
