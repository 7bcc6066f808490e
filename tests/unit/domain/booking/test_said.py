"""What a booking says beside its room, its time and its people: its title, and that it goes on air."""

from dataclasses import replace

import pytest

from controller.domain.booking.rules import Edit, RefuseReason, judge_edit
from controller.domain.building import Device, DeviceKind
from controller.domain.holdings import Booking
from controller.domain.ids import AreaId, DeviceId
from controller.domain.rooms.lights import booths_of
from tests.unit.domain.booking.at_the_desk import (
    ALICE_ASKS,
    HOUSE,
    ON_AIR_LIGHT,
    PINE,
    STAFF_ASK,
    STUDIO,
    WITH_STUDIO,
    asking,
    booked,
    pine,
    refusal,
    said,
    why,
    wish,
)

LIT = asking(space=WITH_STUDIO)
IN_STUDIO = pine(area=STUDIO, is_live=True)


def why_not(booking: Booking, edit: Edit) -> RefuseReason:
    return refusal(judge_edit(booking, edit, LIT)).reason


# --- titles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("x" * 120, id="as long as may be"),
        pytest.param("Réunion\u00a0: “Q3”, 会議, 👩\u200d💻", id="of any language"),
    ],
)
def test_a_title_is_kept_as_it_is_said(title: str) -> None:
    assert booked(wish(title=title)).title == title


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("x" * 121, "the title has 121 characters; a title of 120 at most"),
        ("\x1b[2JBoard", "the title has a character that nobody sees, U+001B; "),
        ("Board\nAlice: booked", "the title has a character that nobody sees, U+000A; "),
        ("draob\u202e", "the title has a character that nobody sees, U+202E; "),
        ("Board\u2028", "the title has a character that nobody sees, U+2028; "),
        ("Board\ud800", "the title has a character that nobody sees, U+D800; "),
    ],
)
def test_a_title_that_cannot_be_read_is_refused_and_not_repeated(title: str, words: str) -> None:
    assert said(wish(title=title)).startswith(words)
    assert said(wish(title=title), STAFF_ASK).startswith(words)
    assert refusal(judge_edit(pine(), Edit(title=title), ALICE_ASKS)).sentence.startswith(words)


def test_an_old_title_is_not_judged_again() -> None:
    old = pine(title="x" * 200)

    assert judge_edit(old, Edit(title="x" * 200), ALICE_ASKS) == old


# --- on air ---------------------------------------------------------------------------------------


def test_a_booking_goes_on_air_where_there_is_a_light_for_it() -> None:
    assert booked(wish(area=STUDIO, is_live=True), LIT).is_live
    assert said(wish(is_live=True), LIT) == (
        "Pine has no on-air light, and nothing there goes live; book Studio for that, or leave it away"
    )
    assert said(wish(is_live=True)).endswith("; no room here has one: leave it away")
    assert why(wish(is_live=True), asking(STAFF_ASK, space=WITH_STUDIO)) is RefuseReason.INVALID


def test_what_goes_on_air_is_not_moved_to_where_nothing_does() -> None:
    assert why_not(pine(), Edit(is_live=True)) is RefuseReason.INVALID
    assert why_not(IN_STUDIO, Edit(area=PINE)) is RefuseReason.INVALID
    assert why_not(IN_STUDIO, Edit(area=AreaId("attic"))) is RefuseReason.UNKNOWN_ROOM
    moved = judge_edit(IN_STUDIO, Edit(area=PINE, is_live=False), LIT)
    assert isinstance(moved, Booking)
    assert (moved.area, moved.is_live) == (PINE, False)


def test_one_that_was_live_before_its_booth_lost_its_light_may_be_changed() -> None:
    before = pine(is_live=True)
    after = judge_edit(before, Edit(title="Retro", is_live=True), ALICE_ASKS)

    assert isinstance(after, Booking)
    assert (after.title, after.is_live) == ("Retro", True)


def test_a_light_of_no_area_or_beside_a_room_that_is_no_booth_puts_nothing_on_air() -> None:
    nowhere = Device(DeviceId("light-spare"), DeviceKind.LIGHT)
    elsewhere = Device(DeviceId("light-pine"), DeviceKind.LIGHT, area=PINE)
    second = Device(DeviceId("light-second"), DeviceKind.LIGHT, area=STUDIO)
    devices = {one.id: one for one in (nowhere, elsewhere, ON_AIR_LIGHT, second)}

    assert booths_of(HOUSE) == {}
    assert booths_of(replace(WITH_STUDIO, devices=devices)) == {STUDIO: ON_AIR_LIGHT.id}
