"""The clock of a house that lives a day in minutes: it stands while anything is on its way, and leaps when nothing is."""

import asyncio
import os
import subprocess
import threading
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from tests.support.leaping_house import LOOKS_EVERY_S, STARTS_AT, Asleep, HouseLoop, LoopTime, NothingMoves

T = TypeVar("T")
Lived = Callable[[HouseLoop], Coroutine[Any, Any, T]]

FOUR = datetime(2026, 11, 17, 4, tzinfo=UTC)
A_MOMENT_S = 0.02


def live(what: Lived[T], loop: HouseLoop | None = None) -> T:
    loop = loop or HouseLoop(grain_s=0.5)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(what(loop))


def rested() -> bool:
    return True


def wait_a_moment() -> None:
    """As a disk does, in a thread of its own."""
    threading.Event().wait(A_MOMENT_S)


def test_an_hour_passes_at_once_when_everybody_is_at_rest():
    async def hour(loop: HouseLoop) -> float:
        loop.leap(rested)
        before = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - before

    assert 3600 <= live(hour) < 3601


def test_no_time_passes_while_a_thread_is_at_work():
    async def work(loop: HouseLoop) -> list[str]:
        loop.leap(rested)
        done: list[str] = []
        loop.call_later(3, done.append, "three seconds")
        await asyncio.to_thread(wait_a_moment)
        done.append("the thread")
        await asyncio.sleep(5)
        return done

    assert live(work) == ["the thread", "three seconds"]


def test_no_time_passes_while_somebody_beyond_this_process_is_at_work():
    async def work(loop: HouseLoop) -> tuple[float, int]:
        asked = 0

        def at_rest() -> bool:
            nonlocal asked
            asked += 1
            return asked > 5

        loop.leap(at_rest)
        before = loop.time()
        await asyncio.sleep(10)
        return loop.time() - before, asked

    passed, asked = live(work)

    assert 10 <= passed < 11
    assert asked > 5


def test_what_never_comes_to_rest_is_told_instead_of_waited_for():
    async def stuck(loop: HouseLoop) -> None:
        loop.leap(lambda: False)
        await asyncio.sleep(10)

    loop = HouseLoop(grain_s=0.5, patience_s=0.01)
    with pytest.raises(NothingMoves, match=r"at work for 0\.01 s"):
        loop.run_until_complete(stuck(loop))
    loop.walk()
    loop.close()


def test_moments_are_rounded_up_to_the_grain_and_keep_their_order():
    async def timers(loop: HouseLoop) -> list[tuple[str, float]]:
        loop.leap(rested)
        await asyncio.sleep(5)
        base, fired = loop.time(), []
        for name, after in (("push", 0.45), ("bolt", 0.15), ("closer", 1.2)):
            loop.call_later(after, lambda name=name: fired.append((name, loop.time() - base)))
        await asyncio.sleep(4)
        return fired

    assert live(timers) == [("bolt", 0.5), ("push", 0.5), ("closer", 1.5)]


@pytest.mark.parametrize(("seconds", "passed"), [(0.2, LOOKS_EVERY_S), (1.0, LOOKS_EVERY_S), (0.05, 0.5), (60.0, 60.0)])
def test_whoever_sleeps_to_look_again_sleeps_longer_and_others_as_long_as_they_said(seconds: float, passed: float):
    async def looks(loop: HouseLoop) -> float:
        loop.leap(rested)
        await asyncio.sleep(5)
        before = loop.time()
        await asyncio.sleep(seconds)
        return loop.time() - before

    assert live(looks) == pytest.approx(passed, abs=0.51)


def test_a_timeout_is_kept_to():
    async def waits(loop: HouseLoop) -> float:
        loop.leap(rested)
        await asyncio.sleep(5)
        before = loop.time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await asyncio.Event().wait()
        return loop.time() - before

    assert live(waits) == 1.0


def test_it_walks_as_fast_as_the_world_until_it_leaps():
    async def walk(loop: HouseLoop) -> float:
        await asyncio.to_thread(wait_a_moment)
        return loop.time() - STARTS_AT

    assert A_MOMENT_S <= live(walk) < 10


def test_the_houses_clock_goes_with_the_loop_and_believes_it():
    async def hours(loop: HouseLoop) -> tuple[LoopTime, datetime]:
        clock = LoopTime(loop, FOUR)
        loop.leap(rested)
        await asyncio.sleep(24 * 3600)
        return clock, clock.now()

    clock, now = live(hours)

    assert timedelta(days=1) <= now - FOUR < timedelta(days=1, seconds=1)
    assert clock.off is None


def test_a_process_that_waits_is_asleep_and_one_that_runs_is_not():
    with subprocess.Popen(["sleep", "60"]) as waiting:
        asleep, ourselves = Asleep(waiting.pid), Asleep(os.getpid())
        try:
            patience = threading.Event()
            assert any(asleep() or patience.wait(A_MOMENT_S) for _ in range(200))
            assert not ourselves()
        finally:
            waiting.kill()
            asleep.close()
            ourselves.close()
