"""The pace of a load: each message at its moment or as soon as it can be, whatever came of those before."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from devices.messages import Signal
from simulator.load.run import say_all, settle
from simulator.load.schedule import What
from simulator.load.tally import Tally
from tests.support.leaping import STARTS_AT, LeapingLoop

TAPS = [(n / 10, What.TAP) for n in range(50)]


class Hasty:
    """Writes down what it is told to say, and when; the clock does not move meanwhile."""

    def __init__(self) -> None:
        self.said: list[tuple[str, float, float]] = []
        self.then: Callable[[int], None] = lambda _: None

    def tap(self, due: float) -> None:
        self._note("tap", due)

    def reading(self, due: float) -> None:
        self._note("reading", due)

    def _note(self, what: str, due: float) -> None:
        now = asyncio.get_running_loop().time()
        self.said.append((what, round(due - STARTS_AT, 6), round(now - STARTS_AT, 6)))
        self.then(len(self.said))


def lives(work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(work())


def test_every_message_goes_out_at_its_own_moment_and_knows_it():
    crowd = Hasty()
    both = [(0.0, What.READING), (0.25, What.TAP), (0.25, What.READING), (3.0, What.TAP)]

    lives(lambda: say_all(both, crowd, STARTS_AT, asyncio.Event()))

    assert [(what, due) for what, due, _ in crowd.said] == [
        ("reading", 0.0), ("tap", 0.25), ("reading", 0.25), ("tap", 3.0)
    ]  # fmt: skip
    assert all(now == pytest.approx(due) for _, due, now in crowd.said)


def test_after_a_stall_nothing_is_left_out_and_what_was_due_says_so():
    crowd = Hasty()

    async def load() -> None:
        loop = asyncio.get_running_loop()

        def stalls(count: int) -> None:
            if count == 10:
                loop._selector.time += 2.0  # type: ignore[attr-defined]  # the loop stood still

        crowd.then = stalls
        await say_all(TAPS, crowd, STARTS_AT, asyncio.Event())

    lives(load)

    assert [due for _, due, _ in crowd.said] == [round(at, 6) for at, _ in TAPS]
    late = [now - due for _, due, now in crowd.said]
    assert late[10] == pytest.approx(1.9)
    assert late[-1] == pytest.approx(0, abs=1e-6)


def test_ctrl_c_ends_it_soon_in_the_middle_of_a_pause():
    crowd = Hasty()

    async def load() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.call_later(1.0, stop.set)
        await say_all([(0.5, What.TAP), (60.0, What.TAP)], crowd, STARTS_AT, stop)
        assert loop.time() < STARTS_AT + 1.2

    lives(load)

    assert len(crowd.said) == 1


def test_in_a_burst_others_on_the_loop_get_their_turn():
    crowd = Hasty()
    turns: list[int] = []

    async def load() -> None:
        burst = asyncio.get_running_loop().create_task(
            say_all([(0.0, What.READING)] * 100, crowd, STARTS_AT, asyncio.Event())
        )
        while not burst.done():
            turns.append(len(crowd.said))
            await asyncio.sleep(0)

    lives(load)

    assert 10 in turns
    assert 50 in turns


def test_it_waits_for_the_last_answer_and_a_moment_longer_for_a_second_one():
    tally = Tally()
    number = tally.tapped(0.0, 0.0)
    tally.taps.confirmed = 1

    async def waits() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(1.0, tally.answered, number, Signal.GRANTED, 1.0)
        loop.call_later(1.2, tally.answered, number, Signal.GRANTED, 1.2)
        await settle(tally, 5.0)
        assert loop.time() < STARTS_AT + 1.5

    lives(waits)

    assert tally.twice == 1


def test_its_patience_ends():
    tally = Tally()
    tally.tapped(0.0, 0.0)

    async def waits() -> None:
        await settle(tally, 5.0)
        assert STARTS_AT + 5 <= asyncio.get_running_loop().time() < STARTS_AT + 6

    lives(waits)

    assert tally.taps_lost == 1
