"""What a controller would answer, near enough for a day without one: the plans and hours of the space file decide.

It keeps no state and no log; a real controller judges more and may differ.
"""

from collections.abc import Callable
from datetime import datetime

from devices.messages import BadgeReadData, Command, Do, Event, EventType
from simulator.building import Building, Door
from simulator.entitled import Guess
from simulator.people import SimPerson

_TTL_MS = 3000


class Answers:
    """`send` takes a command to a device."""

    def __init__(
        self, building: Building, people: dict[str, SimPerson], admits: Guess, send: Callable[[str, Command], None]
    ) -> None:
        """`people`: by what their badge says."""
        self._doors = {
            device: door
            for door in building.doors.values()
            for device in (door.unit, door.reader_in, door.reader_out)
            if device is not None
        }
        self._people = people
        self._admits = admits
        self._send = send
        self._sent = 0

    def said(self, device: str, event: Event, now: datetime) -> None:
        """Answer a read; everything else is only heard."""
        if event.type is not EventType.BADGE_READ or not isinstance(event.data, BadgeReadData):
            return
        door = self._doors[device]
        person = self._people.get(event.data.card or event.data.token or "")
        leaves = event.data.direction == "out"
        granted = person is not None and (leaves or self._admits(person, door, now))
        if not granted:
            self._signal(device, event.id, now, "no_right")
            return
        self._unlock(door, event.id, now)
        if device != door.unit:
            self._signal(device, event.id, now, None)

    def _unlock(self, door: Door, re: str, now: datetime) -> None:
        command = Command(id=self._id(), ts=now, ttl_ms=_TTL_MS, do=Do.UNLOCK, hold_s=door.release_s, re=re)
        self._send(door.unit, command)

    def _signal(self, device: str, re: str, now: datetime, reason: str | None) -> None:
        self._send(device, Command(id=self._id(), ts=now, ttl_ms=_TTL_MS, do=Do.SIGNAL, re=re, reason=reason))

    def _id(self) -> str:
        self._sent += 1
        return f"dry-{self._sent}"
