"""Which rooms can go on air: the booths that have a light to say so."""

from controller.domain.building import DeviceKind, RoomKind, Space
from controller.domain.ids import AreaId, DeviceId


def booths_of(space: Space) -> dict[AreaId, DeviceId]:
    """The first light of each booth."""
    found: dict[AreaId, DeviceId] = {}
    for device in space.devices.values():
        area = space.areas.get(device.area) if device.area is not None else None
        is_booth = area is not None and area.room is not None and area.room.kind is RoomKind.BOOTH
        if device.kind is DeviceKind.LIGHT and area is not None and is_booth:
            found.setdefault(area.id, device.id)
    return found
