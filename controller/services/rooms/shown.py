"""A room as screens and displays are told of it: plain values, times and figures, no name of a person, no title."""

from collections.abc import Mapping
from datetime import datetime

from controller.domain.building import Area, Room
from controller.domain.rooms.state import RoomState


def room_value(
    area: Area,
    room: Room,
    state: RoomState,
    *,
    sensor: str,
    has_sensor: bool,
    windows: str | None,
    windows_since: datetime | None,
    on_air: str | None,
    on_air_wanted: bool | None,
    quiet_please: Mapping[str, object] | None,
    measured_at: datetime | None,
) -> dict[str, object]:
    """`sensor`: live, silent or never_seen. Whatever has a level has the moment it became so beside it.

    `on_air` is the light's own word; `on_air_wanted` whether it is asked for, whatever the light says; None of no booth.
    """
    occupancy, since = state.occupancy, state.since
    return {
        "id": area.id,
        "name": area.name,
        "floor": area.floor,
        "kind": str(room.kind),
        "seats": room.seats,
        "bookable": room.bookable,
        "status": str(state.status),
        "since": _iso(since.status),
        "until": _iso(state.until),
        "now": _span(state.now),
        "next": _span(state.next),
        "checked_in": state.checked_in,
        "in_use_unchecked": state.in_use_unchecked,
        "unavailable": state.unavailable,
        "occupancy": {
            "occupied": occupancy.occupied,
            "count": occupancy.people,
            "quality": str(occupancy.quality),
            "reason": occupancy.reason,
            "disagrees": occupancy.disagrees,
            "since": _iso(since.occupied),
        },
        "temperature": rounded(state.temperature_c, 1),
        "humidity": rounded(state.humidity, 0),
        "co2": rounded(state.co2_ppm, 0),
        "noise": rounded(state.noise_db, 0),
        "light": rounded(state.light_lx, 0),
        "lit": state.is_lit,
        "presence": occupancy.occupied,
        "windows": windows,
        "windows_since": _iso(windows_since),
        "comfort": str(state.comfort),
        "comfort_since": _iso(since.comfort),
        "air": str(state.air),
        "air_since": _iso(since.air),
        "quiet": str(state.quiet),
        "quiet_since": _iso(since.quiet),
        "wifi": str(state.wifi),
        "wifi_since": _iso(since.wifi),
        "latency_ms": rounded(state.latency_s * 1000, 0) if state.latency_s is not None else None,
        "loss": rounded(state.loss, 1),
        "on_air": on_air,
        "on_air_wanted": on_air_wanted,
        "quiet_please": quiet_please,
        "sensor": sensor,
        "silent_since": _iso(since.silent) if state.silent else None,
        "has_sensor": has_sensor,
        "measured_at": _iso(measured_at),
    }


def rounded(value: float | None, digits: int) -> float | int | None:
    if value is None:
        return None
    return round(value, digits) if digits else round(value)


def _span(span: tuple[datetime, datetime] | None) -> dict[str, object] | None:
    return {"start": _iso(span[0]), "end": _iso(span[1])} if span is not None else None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None
