"""The network parts controller and broker: a real cable where one may be pulled, else a proxy that lets nothing through."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, copy_of, eventually
from tests.support.field import FieldDevice
from tests.support.household import Household
from tests.support.live_house import QUEUES
from tests.support.network import Cables, may_be_made
from tests.support.tcpproxy import TcpProxy

pytestmark = [pytest.mark.broker, pytest.mark.slow]

NOTICED_WITHIN_S = 15.0
BACK_WITHIN_S = 5.0


@dataclass(frozen=True)
class Parted:
    """Where the controller finds the broker and where devices do, and how the first way is cut and mended."""

    controllers: str
    host: str
    port: int
    cut: Callable[[], None]
    mend: Callable[[], None]


@asynccontextmanager
async def by_cable(folder: Path) -> AsyncIterator[Parted]:
    with Cables() as cables, MosquittoBroker(folder, host=cables.others, inside=cables.inside, extra=QUEUES) as broker:
        where = f"mqtt://{cables.controllers}:{broker.port}"
        yield Parted(where, cables.others, broker.port, cables.pull, cables.plug_in)


@asynccontextmanager
async def by_proxy(folder: Path) -> AsyncIterator[Parted]:
    with MosquittoBroker(folder, extra=QUEUES) as broker:
        async with TcpProxy(broker.port) as proxy:
            yield Parted(f"mqtt://127.0.0.1:{proxy.port}", "127.0.0.1", broker.port, proxy.freeze, proxy.thaw)


async def test_a_partition_is_found_out_and_mended_and_what_was_asked_during_it_opens_nothing_later(
    household: Household, tmp_path: Path
):
    way = by_cable if may_be_made() else by_proxy
    copy_of(household.data, tmp_path / "data")
    async with way(tmp_path / "broker") as network:
        words = ("run", "--space", household.space, "--mqtt", network.controllers)
        with ControllerProcess(tmp_path, *words) as controller:
            async with FieldDevice(network.port, "door-front", host=network.host) as front:
                await asyncio.to_thread(controller.wait_until_well)
                await asyncio.to_thread(controller.wait_for_device, "door-front")
                await front.answer(await front.tap(household.badges["alice"]))

                network.cut()
                unheard = await front.tap(household.badges["alice"])
                await asyncio.to_thread(
                    eventually, lambda: controller.health()[0] == 503, "the partition on /healthz", NOTICED_WITHIN_S
                )
                network.mend()
                await asyncio.to_thread(controller.wait_until_well, BACK_WITHIN_S)
                await asyncio.to_thread(eventually, lambda: controller.decisions(unheard), "the read of the partition")
                await asyncio.to_thread(controller.wait_for_device, "door-front")
                await front.answer(await front.tap(household.badges["alice"]))

            assert [decision["kind"] for decision in controller.decisions(unheard)] == ["read_ignored"]
            assert front.commands("unlock", to=unheard) == []
