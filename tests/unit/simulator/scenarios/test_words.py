"""The words a scenario may expect are those that the controller and the doors say, all of them and no others."""

from controller.domain.door import DoorState
from controller.domain.rights import DenyReason
from controller.domain.rooms.air import Air
from controller.domain.rooms.booth import OnAir
from controller.domain.rooms.comfort import Comfort
from controller.domain.rooms.quiet import Quiet
from controller.domain.rooms.state import RoomStatus
from controller.services.doors.door_tile import ALARM_WORDS, SHOWN_AS
from controller.services.screens.displays import DOOR_FIELDS, ROOM_FIELDS, SPACE_FIELDS
from simulator.scenarios.words import NONE, OF_A_DOOR, OF_A_ROOM, OF_THE_HOUSE, REASONS


def test_alarms_and_states_of_a_door_are_those_of_its_tile():
    assert set(OF_A_DOOR["alarm"]) == {*ALARM_WORDS.values(), NONE}
    assert set(OF_A_DOOR["state"]) == {*(SHOWN_AS[state] for state in DoorState), NONE}


def test_a_room_is_said_to_be_what_rooms_can_be():
    of = {"status": RoomStatus, "on_air": OnAir, "comfort": Comfort, "air": Air, "quiet": Quiet}

    assert {what: set(OF_A_ROOM[what]) for what in of} == {what: {*map(str, kind), NONE} for what, kind in of.items()}


def test_a_reader_may_give_every_reason_there_is_to_say_no():
    assert {reason.value for reason in DenyReason} - set(REASONS) == set()
    assert {"in_grace", "no_answer", "busy", "try_again", "member"} <= set(REASONS)


def test_what_is_expected_of_the_house_is_told_by_it():
    assert set(OF_A_DOOR) <= set(DOOR_FIELDS)
    assert set(OF_A_ROOM) <= set(ROOM_FIELDS)
    assert set(OF_THE_HOUSE) <= set(SPACE_FIELDS)
