"""A badge is blocked while its door is away: what the door does meanwhile is known by its list's age, and it ends at once.

The door is the simulator's, which decides by its own list; between it and the broker is a network that can be cut.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from devices.messages import BadgeReadData, Signal
from devices.units.steps import Show
from simulator.building_file import load
from simulator.clock import now
from simulator.device import Surroundings
from simulator.endpoint import DataDir
from simulator.fleet import Fleet, no_readings
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, eventually, natoma
from tests.support.household import Household
from tests.support.tcpproxy import TcpProxy

pytestmark = pytest.mark.broker

FRONT = "door-front"


async def test_a_badge_blocked_while_its_door_was_away_opens_nothing_once_it_is_back_and_its_lists_age_is_shown(
    prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port)
    await asyncio.to_thread(controller.start)

    def by_list() -> Mapping[str, Any]:
        return controller.live()["doors"]["front"]["access"] or {}

    def is_newest() -> bool:
        return bool(by_list()) and by_list()["rev"] == by_list()["newest"]

    async with TcpProxy(house_broker.port) as network:
        where = DataDir(controller.data).endpoint(f"mqtt://127.0.0.1:{network.port}", None, None, None)
        async with Fleet(load(household.space), where, Surroundings(now, no_readings), only=[FRONT], seed=1) as fleet:
            await asyncio.to_thread(eventually, is_newest, "the door holds the newest list")
            held = by_list()
            network.refuse()
            network.cut()
            await asyncio.to_thread(controller.wait_for_device, FRONT, "lost")
            words = ("people", "badge", "alice", "lost", "--data", controller.data)
            told = await asyncio.to_thread(natoma, *words)
            assert told.code == 0, told.err

            await asyncio.to_thread(eventually, lambda: not is_newest(), "a newer list than the door's")
            # Until it hears of it, it goes by what it has: for how long it has been doing so is on the page.
            assert (by_list()["rev"], by_list()["issued"]) == (held["rev"], held["issued"])
            assert await shown(fleet, household.badges["alice"]) is Signal.GRANTED

            network.refuse(False)
            await asyncio.to_thread(eventually, is_newest, "the newest list at the door")
            network.refuse()
            network.cut()
            await asyncio.to_thread(controller.wait_for_device, FRONT, "lost")
            assert await shown(fleet, household.badges["alice"]) is Signal.DENIED


async def shown(fleet: Fleet, badge: str) -> Signal:
    answered: asyncio.Future[Show] = asyncio.get_running_loop().create_future()
    fleet.tap(FRONT, BadgeReadData(card=badge, bits=4 * len(badge), format="iso14443a"), answered.set_result)
    async with asyncio.timeout(20.0):
        return (await answered).signal
