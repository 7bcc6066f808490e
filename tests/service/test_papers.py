"""Certificates that run out are on the board a month before, and are off it once they are renewed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.papers import Paper, running_out
from controller.services.papers import PapersWatch
from controller.services.screens.health import Component, HealthBoard
from controller.services.screens.live import LiveFeed
from tests.support.services import HandClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def good_for(days: float, name: str = "the broker's certificate") -> Paper:
    return Paper(name, NOON + timedelta(days=days))


def test_what_ends_within_thirty_days_is_to_be_renewed_the_first_to_end_first() -> None:
    papers = [good_for(31), good_for(29, "b"), good_for(-1, "a")]

    assert [one.name for one in running_out(papers, NOON)] == ["a", "b"]


@pytest.mark.parametrize(
    ("papers", "ok", "text"),
    [
        ([good_for(90)], True, "all are good until 2026-05-31 at least"),
        ([good_for(11)], False, "the broker's certificate ends on 2026-03-13, in 11 days: renew it"),
        ([good_for(-2)], False, "the broker's certificate ended on 2026-02-28: renew it"),
    ],
    ids=["good", "soon", "over"],
)
async def test_the_board_says_what_to_renew_and_by_when(papers: list[Paper], ok: bool, text: str) -> None:
    (part,) = await seen_of(papers)

    assert (part.ok, part.text, part.vital) == (ok, text, False)


async def test_without_certificates_there_is_no_line_of_them() -> None:
    assert await seen_of([]) == ()


async def test_what_a_new_connection_brings_is_looked_at_at_once() -> None:
    looks = asyncio.Queue[int]()

    async def read() -> list[Paper]:
        looks.put_nowait(1)
        return []

    watch = PapersWatch(read, HealthBoard(LiveFeed(), HandClock(NOON).now), HandClock(NOON))
    watching = asyncio.get_running_loop().create_task(watch.run())
    await looks.get()
    watch.link_back()

    assert await asyncio.wait_for(looks.get(), 1) == 1
    watching.cancel()


async def seen_of(papers: list[Paper]) -> tuple[Component, ...]:
    async def read() -> list[Paper]:
        return papers

    clock = HandClock(NOON)
    board = HealthBoard(LiveFeed(), clock.now)
    await PapersWatch(read, board, clock).look()
    return board.components()
