"""The rooms as they are now: the newest readings of each, its bookings and doors, judged together and shown.

What they come to is `domain.rooms`'s. Readings come by the thousand and people look a few times a second, so a room is
judged at most every LOOK_EVERY.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from controller.domain.building import DeviceKind, Space
from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId, DeviceId
from controller.domain.rooms.air import volume_of
from controller.domain.rooms.availability import why_unavailable
from controller.domain.rooms.booth import OnAir
from controller.domain.rooms.changes import Of, changes_to_tell, remembered
from controller.domain.rooms.diary import Diary, diary_of
from controller.domain.rooms.occupancy import AtDoors, Sensed
from controller.domain.rooms.state import Around, RoomState, assess
from controller.domain.telemetry import Value
from controller.services.entry.access_index import AccessIndex
from controller.services.inbound import Inbound
from controller.services.ports import Clock, LoggedFact, Note, TelemetryRow
from controller.services.presence import Presence
from controller.services.rooms.shown import room_value
from controller.services.rooms.watched import Watched
from controller.services.screens.live import LiveFeed
from devices.messages import State

LOOK_EVERY = 0.1
# Ages pass even when nothing is said: a silent sensor shows within this time of its limit.
LOOK_AT_ALL_EVERY = 5.0
WINDOW_CHANNEL = "window"


class Rooms:
    """All rooms of the space. Rows come from the spool once they are durable."""

    def __init__(
        self,
        index: AccessIndex,
        presence: Presence,
        feed: LiveFeed,
        note: Note,
        clock: Clock,
        *,
        doors: Callable[[AreaId], AtDoors | None],
        on_air: Callable[[AreaId], OnAir | None],
        on_air_until: Callable[[AreaId], datetime | None],
        on_air_wanted: Callable[[AreaId], bool],
        quiet_until: Callable[[AreaId], datetime | None],
    ) -> None:
        """`doors`: who is in by the doors. Of a booth, `on_air`: what is shown of its light; `on_air_until`: while it is
        on; `on_air_wanted`: whether it is asked for, whatever its light says; `quiet_until`: while its neighbours are asked to be quiet.
        """
        self._index = index
        self._presence = presence
        self._feed = feed
        self._note = note
        self._clock = clock
        self._doors = doors
        self._on_air = on_air
        self._on_air_until = on_air_until
        self._on_air_wanted = on_air_wanted
        self._quiet_until = quiet_until
        space = index.space
        sensors: dict[AreaId, list[DeviceId]] = {}
        for device in space.devices.values():
            if device.area is not None:
                sensors.setdefault(device.area, []).append(device.id)
        self._rooms = {
            area.id: Watched(area, area.room, tuple(sensors.get(area.id, ())), volume_of(area.outline))
            for area in space.areas.values()
            if area.room is not None
        }
        self._of_device: dict[DeviceId, Watched] = {
            device: watched for watched in self._rooms.values() for device in watched.sensors
        }

    # --- questions --------------------------------------------------------------------------------

    def sensed(self, area: AreaId) -> Sensed:
        """Whether somebody is in there now, judged this moment; of what is no room, nobody can say."""
        watched = self._rooms.get(area)
        if watched is None:
            return Sensed()
        state = self._judge(watched)
        return Sensed(state.occupied, state.since.occupied, watched.last_motion(), state.occupancy.quality)

    def state_of(self, area: AreaId) -> RoomState | None:
        """How a room is, judged this moment; None for what is no room."""
        watched = self._rooms.get(area)
        return self._judge(watched) if watched is not None else None

    # --- what comes in ----------------------------------------------------------------------------

    def publish(self, space: Space) -> None:
        """Take up another version of the space with the same rooms: their names, seats and limits."""
        for watched in self._rooms.values():
            watched.area = space.areas[watched.area.id]
            watched.room = watched.area.room or watched.room
            watched.is_dirty = True
        for device in self._of_device:
            self.device_changed(device)

    def recall(
        self, newest: Mapping[DeviceId, Mapping[str, tuple[int, Value]]], facts: Iterable[LoggedFact] = ()
    ) -> None:
        """Start from what the telemetry log knew last, with its true age, and from what the event log was told."""
        for device, channels in newest.items():
            watched = self._of_device.get(device)
            if watched is None:
                continue
            for channel, (measured_ms, value) in channels.items():
                known = self._index.space.devices[device]
                watched.take(known, channel, value, measured_ms, measured_ms, self._presence)
        for logged in facts:
            fact = logged.fact
            if fact.kind is FactKind.ROOM_CHANGED and fact.area in self._rooms:
                self._rooms[fact.area].told[Of(str(fact.detail["of"]))] = _told(fact)

    def kept(self, rows: Sequence[TelemetryRow]) -> None:
        """Rows that have just become durable. History moves nothing."""
        for row in rows:
            watched = self._of_device.get(row.device)
            if watched is None or "backfill" in row.flags:
                continue
            order_ms = row.received_ms if "clock_skew" in row.flags else row.measured_ms
            device = self._index.space.devices[row.device]
            if device.kind is DeviceKind.PROBE and "no_birth" in row.flags:
                continue  # its figures may be of any unit
            for channel, value in row.values.items():
                watched.take(device, channel, value, order_ms, row.measured_ms, self._presence)

    def state_reported(self, inbound: Inbound, state: State) -> None:
        """Slow things of a room's sensor: a window."""
        watched = self._of_device.get(DeviceId(inbound.device))
        window = state.v.get(WINDOW_CHANNEL)
        if watched is not None and isinstance(window, str | bool):
            word = window if isinstance(window, str) else ("open" if window else "closed")
            watched.window[DeviceId(inbound.device)] = word
            watched.is_dirty = True

    def touched(self, area: AreaId) -> None:
        """Somebody has pressed something in there: a hand is as good as a sensor."""
        watched = self._rooms.get(area)
        if watched is not None:
            watched.touched_at = self._clock.now()

    def look_again(self, area: AreaId) -> None:
        """Something else about this room has changed."""
        watched = self._rooms.get(area)
        if watched is not None:
            watched.is_dirty = True

    def look_at_all_again(self) -> None:
        """Bookings have changed, or the house."""
        for watched in self._rooms.values():
            watched.is_dirty = True

    def device_changed(self, device: DeviceId) -> None:
        """A sensor came or went, or said anew what it is."""
        watched = self._of_device.get(device)
        if watched is not None:
            watched.born(self._index.space.devices[device], self._presence)

    # --- looking ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Judge what has changed, for ever."""
        all_due = 0.0
        while True:
            passed = self._clock.monotonic()
            look_at_all = passed >= all_due
            if look_at_all:
                all_due = passed + LOOK_AT_ALL_EVERY
            now = self._clock.now()
            for watched in self._rooms.values():
                is_due = watched.edge is not None and watched.edge <= now
                if watched.is_dirty or look_at_all or is_due:
                    watched.is_dirty = False
                    self._show(watched, self._judge(watched))
                    # A quarter of a millisecond each: no tap waits behind a hundred rooms.
                    await asyncio.sleep(0)
            await asyncio.sleep(LOOK_EVERY)

    def _judge(self, watched: Watched) -> RoomState:
        """How it is now; the next judgement goes on from this one."""
        now = self._clock.now()
        state = assess(
            watched.room, watched.readings(now.timestamp() * 1000), self._around(watched, now), watched.state
        )
        if watched.state is None:
            state = remembered(state, watched.told)
        watched.state = state
        return state

    def _around(self, watched: Watched, now: datetime) -> Around:
        area = watched.area.id
        people = self._index.people
        diary = diary_of(area, self._index.holdings.rooms.get(area, ()), people.events.values(), now)
        watched.edge = _edge(diary)
        return Around(
            at=now,
            diary=diary,
            doors=self._doors(area),
            window_open=watched.windows(self._presence) == "open",
            on_air_until=self._on_air_until(area),
            unavailable=why_unavailable(area, self._index.space, people.house),
            volume=watched.volume,
        )

    def _show(self, watched: Watched, state: RoomState) -> None:
        now = self._clock.now()
        light = self._on_air(watched.area.id)
        measured_at = now - timedelta(seconds=state.age_s) if state.age_s is not None else None
        heard = "silent" if state.silent else "live"
        windows = watched.windows(self._presence)
        self._feed.put(
            "room",
            watched.area.id,
            room_value(
                watched.area,
                watched.room,
                state,
                sensor=heard if measured_at is not None else "never_seen",
                has_sensor=bool(watched.sensors),
                windows=windows,
                windows_since=watched.windows_since(windows, now),
                on_air=str(light) if light is not None else None,
                on_air_wanted=self._on_air_wanted(watched.area.id) if light is not None else None,
                quiet_please=self._quiet_please(watched),
                measured_at=measured_at,
            ),
        )
        self._tell(watched, state, now, is_on_air=light is OnAir.ON)

    def _tell(self, watched: Watched, state: RoomState, now: datetime, *, is_on_air: bool) -> None:
        # What is heard on a recording is marked on it, however short.
        at_once = frozenset({Of.QUIET}) if is_on_air else frozenset()
        for change in changes_to_tell(state, watched.told, now, at_once=at_once):
            watched.told[change.of] = (change.is_now, change.since)
            self._note(
                Fact(
                    FactKind.ROOM_CHANGED,
                    now,
                    area=watched.area.id,
                    detail={
                        "of": str(change.of),
                        "was": change.was,
                        "is": change.is_now,
                        "since": change.since.isoformat(),
                    },
                )
            )

    def _quiet_please(self, watched: Watched) -> dict[str, object] | None:
        """Which booth beside it is on air the longest, and until when."""
        ends = [
            (until, self._index.space.areas[booth].name)
            for booth in watched.room.quiet_for
            if (until := self._quiet_until(booth)) is not None and booth in self._index.space.areas
        ]
        if not ends:
            return None
        until, name = max(ends)
        return {"until": until.isoformat(timespec="seconds"), "for": name}


def _edge(diary: Diary) -> datetime | None:
    edges = [diary.now.end] if diary.now is not None else []
    edges += [diary.next.start] if diary.next is not None else []
    return min(edges, default=None)


def _told(fact: Fact) -> tuple[str, datetime]:
    return str(fact.detail["is"]), datetime.fromisoformat(str(fact.detail["since"]))
