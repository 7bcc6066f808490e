"""Which devices do not hold the newest of their lists: the page says so soon, and after a while staff are alerted.

Making, sending and repeating lists is `access_lists`'s.
"""

import logging
from collections.abc import Collection, Mapping

from controller.domain.alarm import AlarmKind
from controller.domain.ids import DeviceId, DoorId
from controller.services.doors.alarms import Alarms
from controller.services.offline.list_sheets import Sheet, behind, foreign
from controller.services.ports import Clock
from controller.services.screens.health import HealthBoard

logger = logging.getLogger(__name__)

COMPONENT = "access lists"
# A door takes a list in well under a second; one that has not by now is behind, and is told again.
HELD_WITHIN = 30.0
# A broker or a door that starts again is back long before; behind for longer, a door may admit whom staff have blocked.
ALARMED_AFTER = 15 * 60.0
# Somebody who writes lists into our broker is to be looked for, long after ours is back in its place.
FOREIGN_SHOWN_FOR = 24 * 3600.0


class ListWatch:
    """`judge` is called again and again; `problems` is what it found last, by device, in words."""

    def __init__(self, board: HealthBoard, alarms: Alarms, clock: Clock) -> None:
        self._board = board
        self._alarms = alarms
        self._clock = clock
        self.problems: Mapping[DeviceId, str] = {}

    def judge(self, sheets: Collection[Sheet]) -> None:
        now = self._clock.monotonic()
        found: dict[DeviceId, str] = {}
        for sheet in sheets:
            if sheet.foreign is not None and now - sheet.foreign_mono > FOREIGN_SHOWN_FOR:
                sheet.foreign = None
            if sheet.behind_mono is not None and now - sheet.behind_mono > HELD_WITHIN:
                found[sheet.device] = behind(sheet)
            elif sheet.foreign is not None:
                found[sheet.device] = foreign(sheet)
        for device in found.keys() - self.problems.keys():
            logger.warning("%s", found[device])
        self.problems = found
        text = "; ".join(found.values()) if found else "every door holds its newest list"
        self._board.report(COMPONENT, ok=not found, text=text, vital=False, figures={"behind": len(found)})
        self._alert(sheets, now)

    def _alert(self, sheets: Collection[Sheet], now: float) -> None:
        """One alarm for each door, over when all its devices hold their newest; none is over before a list was made."""
        doors: dict[DoorId, float | None] = {}
        for sheet in sheets:
            since = sheet.behind_mono if sheet.issued else now
            known = doors.get(sheet.door.id)
            doors[sheet.door.id] = min((at for at in (since, known) if at is not None), default=None)
        for door, since in doors.items():
            if since is None:
                self._alarms.clear(AlarmKind.ACCESS_LIST_BEHIND, door=door)
            elif now - since > ALARMED_AFTER:
                self._alarms.raise_once(AlarmKind.ACCESS_LIST_BEHIND, door=door)
