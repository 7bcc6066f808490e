"""What a database confirmed and may have lost goes again, also when it may not go at once, and when we die meanwhile."""

import asyncio
from dataclasses import replace

from controller.domain.history.delivery import RECENT, RESEND_EVERY
from tests.service.test_sender import Building
from tests.support.memory_sending import TAKEN

ANEW = replace(TAKEN, anew=True)


async def measured(building: Building, seconds: int) -> None:
    """A reading a second."""
    for _ in range(seconds):
        building.log.add(1)
        await asyncio.sleep(1)


async def test_a_second_kill_within_two_minutes_is_answered_when_they_are_over():
    building = Building()
    async with building.sending():
        await measured(building, 60)
        building.database.replies = [ANEW]
        await measured(building, 40)
        # It forgets again what it has had for less than half a minute.
        building.database.points.clear()
        building.database.replies = [ANEW]
        await measured(building, 10)
        assert building.database.values[0] >= 100, "it is too early to send it all again"

        await measured(building, int(RESEND_EVERY))

        assert set(range(101 - int(RECENT) + 2, 231)) <= set(building.database.values)


async def test_what_is_still_to_be_sent_again_is_known_after_a_kill_of_ours():
    building = Building()
    async with building.sending():
        await measured(building, 60)
        building.database.replies = [ANEW]
        await measured(building, 40)
        building.database.points.clear()
        building.database.replies = [ANEW]
        await measured(building, 60)
    async with building.sending():
        await measured(building, 3)

        assert set(range(101 - int(RECENT) + 2, 164)) <= set(building.database.values)


async def test_what_goes_again_is_settled_no_sooner_than_what_is_new():
    building = Building()
    async with building.sending():
        await measured(building, 60)
        building.database.replies = [ANEW]
        await measured(building, 10)

        assert (await building.store.sent()).settled <= 60 - int(RECENT) + 2
