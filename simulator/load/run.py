"""A load from its first connection to its table: devices in place, a knock at the door, then everything at its moment."""

import asyncio
import gc
import logging
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from devices.messages import Signal
from devices.topics import Topics
from simulator.building import Building
from simulator.clock import now
from simulator.device import Surroundings
from simulator.endpoint import Endpoint
from simulator.errors import RunError
from simulator.fleet import Fleet, no_readings
from simulator.load.asked import Cast, Wanted, start_a_house
from simulator.load.schedule import What, plan
from simulator.load.senders import Senders
from simulator.load.tally import Tally

logger = logging.getLogger(__name__)

# A house that just started answers its first badge within two seconds.
_KNOCKS = 10
_KNOCK_S = 1.5
# The first moments of a load are no better than the others: none is before this.
_AHEAD_S = 0.05
# So many messages for one turn of the loop, then whatever came in is heard.
_AT_ONCE = 10
# Ctrl-C is noticed so often where nothing is due.
_LOOK_S = 0.1
# What is awaited after the last message: longer than any unlock lives.
_PATIENCE_S = 5.0
_PATIENCE_AFTER_CTRL_C_S = 1.5
# And after all of it came: for a second answer.
_LISTENS_S = 0.3


class Speaker(Protocol):
    """Who says a message when it is due, by the loop's clock."""

    def tap(self, due: float) -> None: ...
    def reading(self, due: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it."""

    wanted: Wanted
    tally: Tally
    readers: int
    sensors: int
    lasted_s: float  # from the first moment to the last message
    cpu_s: float  # of this process, in that time
    links_lost: int
    was_stopped: bool


async def load(
    building: Building,
    cast: Cast,
    endpoint: Endpoint,
    wanted: Wanted,
    data: Path,
    stop: asyncio.Event,
    knock_s: float = _KNOCK_S,
) -> Result:
    """Do it; RunError when a device cannot connect or nobody answers a knock for so long, ten times."""
    tally = Tally()
    fleet = Fleet(building, endpoint, Surroundings(now, no_readings), only=cast.devices, seed=wanted.seed)
    senders = Senders(
        cast, fleet.devices, Topics(building.root), tally, run=secrets.token_hex(4), seed=wanted.seed, now=now
    )
    async with fleet:
        if away := [device for device in fleet.devices.values() if not device.link.state.connected]:
            why = f"{away[0].id}: {away[0].link.state.last_error}"
            raise RunError(f"{len(away):,} of {len(fleet.devices):,} devices could not connect; {why}")
        if cast.gates and not await _is_answered(senders, stop, knock_s):
            raise RunError(f"no controller answers a badge; {start_a_house(building.source, data)}")
        lost_before = _reconnects(fleet)
        loop = asyncio.get_running_loop()
        moments = plan(wanted.taps, wanted.readings, wanted.for_s, wanted.arrival, wanted.seed)
        with _without_pauses():
            began, cpu = loop.time() + _AHEAD_S, time.process_time()
            await say_all(moments, senders, began, stop)
            lasted_s, cpu_s = loop.time() - began, time.process_time() - cpu
            was_stopped = stop.is_set()
            await settle(tally, _PATIENCE_AFTER_CTRL_C_S if was_stopped else _PATIENCE_S)
        links_lost = _reconnects(fleet) - lost_before
    return Result(wanted, tally, len(cast.gates), len(cast.probes), max(0.0, lasted_s), cpu_s, links_lost, was_stopped)


async def say_all(moments: Iterable[tuple[float, What]], speaker: Speaker, began: float, stop: asyncio.Event) -> None:
    """Each at its moment after `began`, or as soon as it can be; never is one left out for being late."""
    clock = asyncio.get_running_loop().time
    in_a_row = 0
    for after_s, what in moments:
        due = began + after_s
        while (wait := due - clock()) > 0 and not stop.is_set():
            in_a_row = 0
            await asyncio.sleep(min(wait, _LOOK_S))
        if in_a_row >= _AT_ONCE:
            in_a_row = 0
            await asyncio.sleep(0)
        if stop.is_set():
            return
        in_a_row += 1
        if what is What.TAP:
            speaker.tap(due)
        else:
            speaker.reading(due)


async def settle(tally: Tally, patience_s: float) -> None:
    """Until everything was answered and confirmed, or patience ends; then a little longer, for second answers."""
    clock = asyncio.get_running_loop().time
    until = clock() + patience_s
    # Asked now and then: thousands of messages a second should not each ring a bell.
    while not tally.is_settled and clock() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(_LISTENS_S)


async def _is_answered(senders: Senders, stop: asyncio.Event, knock_s: float) -> bool:
    """Whether somebody judges badges here. It knows all that was said before, when it answers the last reader."""
    for _ in range(_KNOCKS):
        if stop.is_set():
            return True
        shown = await senders.knock(knock_s)
        if shown in (Signal.GRANTED, Signal.DENIED):
            return True
        if shown is not None:
            # It is there, and does not see the door ready yet.
            await asyncio.sleep(0.5)
    return False


@contextmanager
def _without_pauses() -> Iterator[None]:
    """Two thousand devices are much to look through: the collector's pauses would be taken for the house's."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _reconnects(fleet: Fleet) -> int:
    return sum(device.link.state.reconnects for device in fleet.devices.values())
