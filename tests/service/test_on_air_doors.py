"""While the booth is on air: who comes in, what its door does by itself, what is heard there, who is asked to be quiet."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.building import Device, DeviceKind, Door, DoorTimings
from controller.domain.facts import FactKind
from controller.domain.holdings import Booking
from controller.domain.ids import BookingId, CredentialId, DeviceId, DoorId, PersonId, ScheduleId
from controller.domain.membership import Credential, Person
from controller.domain.rooms.on_air import How
from controller.domain.schedule import WeeklySchedule, Window
from devices.badges import Badge
from devices.messages import HELD_OPEN, Command, DeviceState, Do, Event, EventType, State, Status
from tests.support.services import (
    ALICE,
    BOOTH,
    CARD,
    FULL,
    LIGHT,
    LOBBY,
    NOON,
    PEOPLE,
    SPACE,
    STRANGE_CARD,
    STUDY,
    House,
    PlainDigests,
)

UNIT, DOOR, EVERY_DAY = DeviceId("door-booth"), DoorId("booth"), ScheduleId("every-day")
# The booth has a door of its own, which the day's programme unlocks; and the study beside it hears what is said there.
BOOTH_DOOR = Door(
    DOOR, "Booth door", LOBBY, BOOTH, (8.0, 1.0), SPACE.areas[BOOTH].floor, UNIT,
    unlock_schedule=EVERY_DAY, timings=DoorTimings(held_warning=30.0, held_alarm=60.0),
)  # fmt: skip
WITH_BOOTH = replace(
    SPACE,
    areas={
        **SPACE.areas,
        BOOTH: replace(SPACE.areas[BOOTH], within=None),
        STUDY: replace(SPACE.areas[STUDY], room=replace(SPACE.areas[STUDY].room, quiet_for=frozenset({BOOTH}))),
    },
    doors={**SPACE.doors, DOOR: BOOTH_DOOR},
    devices={**SPACE.devices, UNIT: Device(UNIT, DeviceKind.DOOR_UNIT, door=DOOR)},
    schedules={**SPACE.schedules, EVERY_DAY: WeeklySchedule(EVERY_DAY, (Window(frozenset(range(7)), 0, 24 * 60),))},
    plans={FULL: replace(SPACE.plans[FULL], areas=frozenset({LOBBY, BOOTH}))},
)
BOB = Person(PersonId("bob"), "Bob")
BOBS_BADGE = Credential(CredentialId("badge-bob"), BOB.id, last_two=STRANGE_CARD[-2:])
BOOKING = Booking(BookingId("b1"), BOOTH, NOON, NOON + timedelta(hours=1), ALICE.id, checked_in_at=NOON)
HELD = replace(
    PEOPLE,
    people={**PEOPLE.people, BOB.id: BOB},
    memberships={
        **PEOPLE.memberships,
        BOB.id: tuple(replace(one, person=BOB.id) for one in PEOPLE.memberships[ALICE.id]),
    },
    credentials={**PEOPLE.credentials, BOBS_BADGE.id: BOBS_BADGE},
    digests={**PEOPLE.digests, PlainDigests().of(Badge(STRANGE_CARD, 56, "iso14443a")): BOBS_BADGE.id},
    bookings={BOOKING.id: BOOKING},
)


@pytest.fixture
async def house():
    house = House(space=WITH_BOOTH, people=HELD)
    async with house.working():
        looking = asyncio.get_running_loop().create_task(house.rooms.run())
        house.bring_up()
        house.say(UNIT, State(ts=house.clock.now(), v={"door.contact": "closed", "door.lock": "locked"}))
        house.say(LIGHT, State(ts=house.clock.now(), v={"onair": False}))
        house.services.look()
        await asyncio.sleep(1)
        yield house
        looking.cancel()


async def goes_on_air(house: House) -> None:
    house.booths.start(BOOTH, ALICE, How.PAGE)
    await asyncio.sleep(0.1)
    house.say(LIGHT, State(ts=house.clock.now(), v={"onair": True}))
    await asyncio.sleep(0.5)


async def goes_off_air(house: House) -> None:
    house.booths.stop(BOOTH, ALICE, How.PAGE)
    await asyncio.sleep(0.1)
    house.say(LIGHT, State(ts=house.clock.now(), v={"onair": False}))
    await asyncio.sleep(0.5)


def mode(house: House) -> str:
    return str(house.modes.of(DOOR).wanted)


# --- who comes in -----------------------------------------------------------------------------------------------------


async def test_only_the_people_of_the_booking_come_in_and_others_are_told_until_when(house):
    await goes_on_air(house)
    await house.tap(UNIT, STRANGE_CARD, "bob-1")
    await house.tap(UNIT, CARD, "alice-1")

    (denied,) = house.heard_of(FactKind.ENTRY_DENIED)
    assert (denied.person, denied.detail["reason"]) == (BOB.id, "on_air")
    assert denied.detail["next_time"] == BOOKING.end.isoformat()
    assert [fact.person for fact in house.heard_of(FactKind.ENTRY_GRANTED)] == [ALICE.id]


async def test_off_air_everybody_who_may_comes_in_again(house):
    await goes_on_air(house)
    await goes_off_air(house)
    await house.tap(UNIT, STRANGE_CARD, "bob-1")

    assert [fact.person for fact in house.heard_of(FactKind.ENTRY_GRANTED)] == [BOB.id]


# --- its door ---------------------------------------------------------------------------------------------------------


async def test_its_door_follows_no_programme_while_it_is_on_air(house):
    before = mode(house)
    await goes_on_air(house)
    during = mode(house)
    await goes_off_air(house)

    assert (before, during, mode(house)) == ("unlocked", "locked", "unlocked")


def warned(house: House) -> bool:
    told = [message for message in house.outbound.to(UNIT) if isinstance(message, Command)]
    return any(one.do is Do.SIGNAL and one.reason == HELD_OPEN for one in told)


@pytest.mark.parametrize("on_air", [True, False], ids=["on air", "off air"])
async def test_a_door_held_open_chimes_not_on_a_recording_and_its_alarm_is_raised_all_the_same(house, on_air):
    quiet = replace(WITH_BOOTH, doors={**WITH_BOOTH.doors, DOOR: replace(BOOTH_DOOR, unlock_schedule=None)})
    await house.services.adopt(quiet)
    await asyncio.sleep(1)
    if on_air:
        await goes_on_air(house)
    await house.tap(UNIT, CARD, "alice-1")
    house.say(UNIT, Event(id="open-1", type=EventType.DOOR_OPENED, ts=house.clock.now()))
    await asyncio.sleep(70)

    assert warned(house) is not on_air
    assert AlarmKind.DOOR_HELD in {alarm.kind for alarm in house.alarms.standing(DOOR)}


# --- its neighbours ---------------------------------------------------------------------------------------------------


async def test_the_rooms_beside_it_are_asked_to_be_quiet_until_it_ends(house):
    before = house.shown("room", STUDY)["quiet_please"]
    await goes_on_air(house)
    during = house.shown("room", STUDY)["quiet_please"]
    await goes_off_air(house)

    assert (before, house.shown("room", STUDY)["quiet_please"]) == (None, None)
    assert during == {"until": BOOKING.end.isoformat(timespec="seconds"), "for": "Podcast booth"}
    assert house.shown("room", BOOTH)["quiet_please"] is None


async def test_a_booth_whose_light_is_lost_says_that_on_air_is_still_wanted(house):
    def told() -> tuple[object, object]:
        shown = house.shown("room", BOOTH)
        return shown["on_air"], shown["on_air_wanted"]

    before = told()
    await goes_on_air(house)
    during = told()
    house.say(LIGHT, Status(state=DeviceState.LOST, boot="boot-1"))
    await asyncio.sleep(0.5)
    lost = told()
    house.booths.stop(BOOTH, ALICE, How.PANEL)
    await asyncio.sleep(0.5)

    assert [before, during, lost, told()] == [("off", False), ("on", True), ("unknown", True), ("unknown", False)]
    assert house.shown("room", STUDY)["on_air_wanted"] is None


async def test_the_booth_is_shown_on_air_until_its_end(house):
    await goes_on_air(house)

    shown = house.shown("room", BOOTH)
    assert (shown["status"], shown["until"]) == ("on_air", BOOKING.end.isoformat(timespec="seconds"))
