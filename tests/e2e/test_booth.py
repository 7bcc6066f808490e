"""The booth on a real broker: requested, lit late and twice, on air for its people alone, unknown when its light is gone."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, BookingId, PersonId
from tests.support.field import FieldDevice
from tests.support.live_house import Live, happens, house_at, now, seen
from tests.support.rules_house import RulesHouse, at_registry

pytestmark = pytest.mark.broker

ANNEX = "annex: {name: Annex, floor: ground, outline: [20, 8, 10, 8]"
LIGHT_CHANNELS = {"onair": {"class": "light", "set": True}, "button": {"class": "button", "momentary": True}}


@pytest.fixture
def studio(rules_house: RulesHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The house of rules with a booth for an annex: members may go in, and a light tells whether it is on air."""
    with house_at(tmp_path_factory.mktemp("studio"), rules_house) as live:
        text = live.space.read_text()
        text = text.replace(ANNEX, f"{ANNEX}, room: {{kind: booth, seats: 2}}")
        text = text.replace("  panel: {", "  light-annex: {kind: light, area: annex}\n  panel: {")
        text = text.replace("where: [hall, safe]", "where: [hall, safe, annex]")
        live.space.write_text(text)
        yield live


async def says(light: FieldDevice, on: bool, rev: int) -> None:
    await light.say("state", {"ts": now().isoformat(), "v": {"onair": on, "onair.rev": rev}}, retain=True)


def wishes(light: FieldDevice) -> list[dict[str, Any]]:
    return [heard.body for heard in light.heard if heard.kind == "desired"]


def shown(studio: Live) -> tuple[object, object]:
    room = studio.controller.live()["rooms"]["annex"]
    return room["on_air"], room["status"]


async def test_a_recording_from_the_button_to_its_chapters(studio: Live):
    begins = now().replace(microsecond=0) - timedelta(minutes=1)
    booking = Booking(
        BookingId("b-podcast"), AreaId("annex"), begins, begins + timedelta(hours=1), PersonId("alice"),
        checked_in_at=begins, made_at=begins,
    )  # fmt: skip

    async def book(kept: Any, _: Any) -> None:
        await kept.bookings.put_booking(booking)

    await at_registry(studio.data, book)
    async with studio.doors("annex") as doors, FieldDevice(studio.port, "light-annex", LIGHT_CHANNELS) as light:
        annex = doors["annex"]
        await asyncio.to_thread(studio.controller.wait_for_device, "light-annex")
        await says(light, False, 0)
        await seen(lambda: shown(studio)[0] == "off", "a dark light")

        # The first wish is lost on its way: nothing lights, nothing is shown as on, and it is asked again.
        await happens(light, "button")
        await light.until(lambda: len(wishes(light)) >= 2, "the wish, and the wish again")
        assert shown(studio)[0] == "requested"
        assert wishes(light)[0]["v"]["onair"] == {"value": True, "until": wishes(light)[1]["v"]["onair"]["until"]}

        # The light confirms, twice.
        for _ in range(2):
            await says(light, True, wishes(light)[-1]["rev"])
        await seen(lambda: shown(studio) == ("on", "on_air"), "on air")

        # Its people and staff come in; a member who may come in on any other day does not.
        answers = [await studio.answer(annex, person) for person in ("alice", "olga", "hana")]
        assert answers == ["unlock", "on_air", "unlock"]
        await happens(annex, "door.opened")
        await seen(lambda: studio.controller.facts("door_opened"), "the door")

        # What the light said before is no news; stopped by staff, off once the light says so.
        stopped = asyncio.create_task(asyncio.to_thread(studio.command, "booth", "stop", "--by", "hana"))
        await light.until(lambda: wishes(light)[-1]["v"]["onair"]["value"] is False, "the light is told to be off")
        await says(light, False, wishes(light)[-1]["rev"])
        told = await stopped
        assert told.out.strip() == "Annex is off air, it was stopped", told.err

        # Its will, as the broker publishes it.
        await light.say("status", {"state": "lost", "boot": light.boot}, retain=True)
        await seen(lambda: shown(studio)[0] == "unknown", "a light that is gone")

    chapters = await asyncio.to_thread(studio.command, "booth", "timeline")
    assert [line.split(" ", 1)[1] for line in chapters.out.splitlines()] == [
        "On air",
        "Door opened",
        "Off air: it was stopped",
    ]
