"""What the house tells whoever only listens: equal to the screens, without a name, and after a broken line too."""

import asyncio
import json

import pytest

from controller.services.screens.displays import HEARTBEAT_EVERY, Displays, beat
from controller.services.screens.live import LiveFeed
from devices.errors import NotConnected
from devices.topics import Topics
from tests.support.services import ALICE, CARD, NOON, STREET, STREET_READER, House, LoopClock, RecordingOutbound

DOOR = {"id": "street", "name": "Street door", "state": "locked", "contact": "closed", "at": [0, 1], "alarm": None}
AWAY = NotConnected("broker:1883: not connected")


class Wall:
    """Displays over a feed, and the link they speak through."""

    def __init__(self) -> None:
        self.feed = LiveFeed()
        self.outbound = RecordingOutbound()
        self.displays = Displays(self.feed, self.outbound, Topics("natoma"))

    def retained(self) -> dict[str, object]:
        """What a listener that comes now finds."""
        return {path: body for path, body in dict(self.outbound.shown).items() if body is not None}


@pytest.fixture
async def wall():
    wall = Wall()
    showing = asyncio.get_running_loop().create_task(wall.displays.run())
    yield wall
    showing.cancel()


async def shown() -> None:
    await asyncio.sleep(1.0)


async def test_a_door_is_shown_under_its_own_topic_with_what_a_display_needs(wall):
    wall.feed.put("door", "street", DOOR)
    await shown()

    assert wall.retained()["natoma/1/live/door/street"] == {
        "name": "Street door",
        "state": "locked",
        "contact": "closed",
    }


async def test_rooms_and_the_space_are_shown_and_devices_and_health_are_not(wall):
    wall.feed.put("space", "", {"name": "House", "people_in": 3, "version": "v1"})
    wall.feed.put("room", "study", {"name": "Study", "status": "free", "temperature": 21.0})
    wall.feed.put("device", "sensor-study", {"id": "sensor-study"})
    wall.feed.put("health", "broker", {"ok": True})
    await shown()

    assert wall.retained() == {
        "natoma/1/live/space": {"name": "House", "people_in": 3},
        "natoma/1/live/room/study": {"name": "Study", "status": "free"},
    }


async def test_of_a_room_every_level_is_shown_with_since_when_and_no_figure(wall):
    levels = {
        "comfort": "warm",
        "comfort_since": "2026-11-23T12:00:00+00:00",
        "wifi": "poor",
        "wifi_since": "2026-11-23T12:01:00+00:00",
        "windows": "open",
        "windows_since": "2026-11-23T12:02:00+00:00",
        "lit": False,
        "on_air_wanted": True,
        "now": {"start": "2026-11-23T12:00:00+00:00", "end": "2026-11-23T13:00:00+00:00"},
    }
    wall.feed.put("room", "study", {**levels, "co2": 800, "latency_ms": 180})
    await shown()

    assert wall.retained()["natoma/1/live/room/study"] == levels


async def test_what_did_not_change_is_not_said_again(wall):
    wall.feed.put("door", "street", DOOR)
    await shown()
    wall.feed.put("door", "street", {**DOOR, "at": [0, 2]})  # of no interest to a display
    await shown()

    assert len([path for path, _ in wall.outbound.shown if "door" in path]) == 1


async def test_what_left_the_space_is_cleared(wall):
    wall.feed.put("door", "street", DOOR)
    await shown()
    wall.feed.forget("door", "street")
    await shown()

    assert wall.outbound.shown[-1] == ("natoma/1/live/door/street", None)


async def test_what_could_not_be_shown_is_shown_when_the_line_is_back(wall):
    wall.outbound.failure = AWAY
    wall.feed.put("door", "street", DOOR)
    await shown()
    wall.outbound.failure = None
    wall.feed.put("health", "broker", {"ok": True})
    await shown()

    assert "natoma/1/live/door/street" in wall.retained()


async def test_a_change_that_was_taken_back_while_the_line_was_down_is_never_shown(wall):
    wall.feed.put("door", "street", DOOR)
    await shown()
    wall.outbound.failure = AWAY
    wall.feed.put("door", "street", {**DOOR, "state": "open"})
    await shown()
    wall.feed.put("door", "street", DOOR)
    await shown()
    wall.outbound.failure = None
    wall.displays.show_everything_again()
    wall.feed.put("health", "broker", {"ok": True})
    await shown()

    assert wall.retained()["natoma/1/live/door/street"]["state"] == "locked"


async def test_a_broker_that_forgot_is_told_everything_again(wall):
    wall.feed.put("door", "street", DOOR)
    await shown()
    wall.outbound.shown.clear()
    wall.displays.show_everything_again()
    wall.feed.put("health", "broker", {"ok": True})
    await shown()

    assert "natoma/1/live/door/street" in wall.retained()


async def test_no_name_and_no_badge_number_of_anybody_goes_out():
    house = House()
    displays = Displays(house.feed, house.outbound, house.topics)
    async with house.working():
        showing = asyncio.get_running_loop().create_task(displays.run())
        house.bring_up()
        await house.tap()
        await house.tap(STREET_READER, CARD, id="read-2")
        await shown()
        showing.cancel()

    said = json.dumps(house.outbound.shown)
    assert STREET.name in said
    assert not [secret for secret in (ALICE.name, ALICE.id, CARD, CARD[-4:]) if secret in said]


# --- the heartbeat ----------------------------------------------------------------------------------------------------


async def test_the_controller_says_that_it_lives_and_what_time_it_is():
    outbound = RecordingOutbound()
    beating = asyncio.get_running_loop().create_task(beat(outbound, Topics("natoma"), "boot-7", LoopClock()))
    await asyncio.sleep(2 * HEARTBEAT_EVERY + 1)
    beating.cancel()

    paths, bodies = zip(*outbound.shown, strict=True)
    assert paths == ("natoma/1/server/up/status",) * 3
    assert (bodies[0]["state"], bodies[0]["boot"]) == ("ready", "boot-7")
    epoch = int(NOON.timestamp() * 1000)
    assert [body["epoch_ms"] for body in bodies] == [epoch, epoch + 10_000, epoch + 20_000]
    json.dumps(bodies)


async def test_a_line_that_is_down_does_not_end_the_heartbeat():
    outbound = RecordingOutbound()
    outbound.failure = AWAY
    beating = asyncio.get_running_loop().create_task(beat(outbound, Topics("natoma"), "boot-7", LoopClock()))
    await asyncio.sleep(1)
    outbound.failure = None
    await asyncio.sleep(HEARTBEAT_EVERY)
    beating.cancel()

    assert len(outbound.shown) == 1
