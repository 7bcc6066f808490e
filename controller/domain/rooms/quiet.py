"""Whether a room is quiet, by its own limit, and whether it is asked to be: a booth beside it is on air."""

from enum import StrEnum

from controller.domain.building import Room
from controller.domain.rooms.readings import over


class Quiet(StrEnum):
    QUIET = "quiet"
    LOUD = "loud"
    UNKNOWN = "unknown"


NOISE_MARGIN_DB = 3.0


def quiet_of(room: Room, noise: float | None, before: Quiet) -> Quiet:
    if noise is None:
        return Quiet.UNKNOWN
    return Quiet.LOUD if over(noise, room.noise_limit_db, NOISE_MARGIN_DB, was=before is Quiet.LOUD) else Quiet.QUIET
