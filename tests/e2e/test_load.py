"""A load on a real house: everything said is answered once, and what is lost is noticed."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator.building import Building
from simulator.building_file import load
from simulator.endpoint import DataDir, Endpoint
from simulator.errors import RunError
from simulator.load.asked import Cast, Wanted, cast
from simulator.load.run import Result
from simulator.load.run import load as run_load
from simulator.load.tally import Answer
from simulator.people import SimPerson
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess
from tests.support.household import Household

pytestmark = pytest.mark.broker

WANTED = Wanted(taps=60, readings=300, for_s=1.5)


def chosen(household: Household, wanted: Wanted) -> tuple[Building, Cast]:
    building = load(household.space)
    people = [
        SimPerson(id=name, name=name, kind="member", plan="full", badge=badge)
        for name, badge in household.badges.items()
    ]
    return building, cast(building, people, wanted, datetime.now(UTC))


async def loaded(
    port: int, building: Building, who: Cast, wanted: Wanted, stop: asyncio.Event, knock_s: float = 1.5
) -> Result:
    endpoint: Endpoint = DataDir(Path("nowhere")).endpoint(f"mqtt://127.0.0.1:{port}", None, None, None)
    return await run_load(building, who, endpoint, wanted, Path("nowhere"), stop, knock_s)


async def test_a_house_answers_every_tap_once_beside_readings(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    building, who = chosen(household, WANTED)

    result = await loaded(house_broker.port, building, who, WANTED, asyncio.Event())
    tally = result.tally

    assert tally.is_whole, result
    assert 50 < tally.taps.said == tally.taps.confirmed == tally.answered_taps
    assert 300 < tally.readings.said == tally.readings.confirmed
    assert tally.answers[Answer.GRANTED] > 0
    assert tally.answers[Answer.TRY_AGAIN] == 0
    # One knock came before; the controller wrote down as many decisions as taps were answered.
    assert len(controller.decisions()) == tally.answered_taps + 1


async def test_a_house_that_stops_answering_has_lost_taps_and_the_load_goes_on(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)
    wanted = Wanted(taps=40, readings=0, for_s=30)
    building, who = chosen(household, wanted)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def freezes() -> None:
        controller.freeze()
        loop.call_later(1.0, stop.set)

    watching = loop.create_task(_when_first_answered(controller, freezes))
    result = await loaded(house_broker.port, building, who, wanted, stop)
    await watching
    controller.thaw()

    assert result.was_stopped
    assert result.tally.taps_lost > 20
    # The broker took them all the same, each at its moment.
    assert result.tally.taps.confirmed == result.tally.taps.said
    late = result.tally.taps.late.at(90.0)
    assert late is not None
    assert late < 0.5


async def test_without_a_controller_it_says_what_to_start(tmp_path: Path):
    building = load(Path(__file__).parents[2] / "simulator" / "spaces" / "one-door.yaml")
    wanted = Wanted(taps=1, readings=0, for_s=1)
    who = cast(building, [SimPerson(id="a", name="A", kind="staff", badge="04AF68DACB5A80")], wanted, datetime.now(UTC))

    with MosquittoBroker(tmp_path) as broker, pytest.raises(RunError, match="no controller answers a badge; start"):
        await loaded(broker.port, building, who, wanted, asyncio.Event(), knock_s=0.02)


async def test_a_device_the_broker_refuses_is_named_before_anything_is_said(tmp_path: Path):
    building = load(Path(__file__).parents[2] / "simulator" / "spaces" / "parisoma.yaml")
    wanted = Wanted(taps=0, readings=10, for_s=1, sensors=2)
    who = cast(building, [], wanted, datetime.now(UTC))
    first, second = (probe.device for probe in who.probes)
    passwords = {name: name for name in (first, second)}
    with MosquittoBroker(tmp_path, users={first: first, second: "another"}) as broker:
        endpoint = Endpoint(f"mqtt://127.0.0.1:{broker.port}", "127.0.0.1", broker.port, passwords=passwords)

        with pytest.raises(RunError, match=f"1 of 2 devices could not connect; {second}: .*check the user name"):
            await run_load(building, who, endpoint, wanted, tmp_path, asyncio.Event())


async def _when_first_answered(controller: ControllerProcess, then: Callable[[], None]) -> None:
    while len(controller.decisions()) < 5:
        await asyncio.sleep(0.05)
    then()
