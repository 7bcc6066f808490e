"""The building as values."""

from dataclasses import replace

import pytest

from controller.domain.building import Device, DeviceKind, Door
from controller.domain.ids import DeviceId, DoorId
from tests.unit.domain.house import LOBBY, SPACE, STREET

READER = Device(DeviceId("reader"), DeviceKind.READER, door=STREET.id)
SENSOR = Device(DeviceId("sensor"), DeviceKind.SENSOR, area=LOBBY)
ASTRAY = Device(DeviceId("astray"), DeviceKind.READER, door=DoorId("gone"))
EQUIPPED = replace(SPACE, devices={each.id: each for each in (READER, SENSOR, ASTRAY)})


@pytest.mark.parametrize(
    ("device", "door"),
    [
        pytest.param("reader", STREET, id="a reader stands at its door"),
        pytest.param("sensor", None, id="a sensor stands at none"),
        pytest.param("astray", None, id="its door is not in the space"),
        pytest.param("unheard-of", None, id="nobody knows it"),
    ],
)
def test_a_device_leads_to_its_door(device: str, door: Door | None) -> None:
    assert EQUIPPED.door_of(DeviceId(device)) == door


def test_two_readings_of_one_file_are_equal() -> None:
    assert replace(SPACE) == SPACE
