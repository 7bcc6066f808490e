"""All virtual devices of a building: who they are, how they connect, and how hands reach them.

One device's inside is in `device`; who uses the doors is the world's and the control socket's affair.
"""

import asyncio
import logging
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Literal, Self

from devices.channels import Bolt
from devices.errors import BadCredentials, LinkError
from devices.link import LinkSettings
from devices.messages import BadgeReadData, Scalar
from devices.topics import Topics
from devices.units import DoorKeys, DoorProfile, DoorUnit, Light, Machine, OwnList, Reader, Sensor, SensorProfile, Voice
from devices.units.steps import ContactFelt, ExitPressed, ExitReleased, ReleaseLock, ReleaseWired, Show
from simulator.building import Building, Device, Door
from simulator.device import Surroundings, VirtualDevice
from simulator.endpoint import Endpoint
from simulator.errors import RunError
from simulator.instruments import CHANNELS, SLOW

logger = logging.getLogger(__name__)

# Two hundred clients at one instant is a load test; in handfuls it is a building being switched on.
_AT_ONCE = 40
_LOOK_AGAIN_S = 0.25
# A lock that is gone must be noticed soon; a thermometer need not ping four times a minute.
_DOOR_KEEPALIVE_S = 15
_SENSOR_KEEPALIVE_S = 60
# Sensors keep their session for a moment, or the broker would mourn them before the will's delay is over.
_SENSOR_SESSION_S = 60


class Fleet:
    """Open it with `async with`: connected when that returns, said goodbye when it ends."""

    def __init__(
        self,
        building: Building,
        endpoint: Endpoint,
        around: Surroundings,
        only: Iterable[str] | None = None,
        seed: int | None = None,
        patience_s: float = 10.0,
    ) -> None:
        self._patience_s = patience_s
        self._building = building
        self._endpoint = endpoint
        chosen = set(only) if only is not None else set(building.devices)
        endpoint.require_passwords(chosen)
        topics = Topics(building.root)
        dice = random.Random(f"fleet/{seed}")
        self.devices = {
            device.id: VirtualDevice(
                device.id, _machine(device, building, dice, endpoint.door_keys), topics, self._settings(device), around
            )
            for device in building.devices.values()
            if device.id in chosen
        }
        self._lay_wires()
        # How many hands hold each door open on purpose.
        self._holding: Counter[str] = Counter()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            waiting = list(self.devices.values())
            for start in range(0, len(waiting), _AT_ONCE):
                for device in waiting[start : start + _AT_ONCE]:
                    await self._stack.enter_async_context(device.link)
                await self._all_connected(waiting[start : start + _AT_ONCE], first=start == 0)
        except BaseException:
            await self._stack.aclose()
            raise
        logger.info("%d devices connected to %s in %.1f s", self.connected, self._endpoint.url, loop.time() - began)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for device in self.devices.values():
            device.farewell()
        # All at once: one after the other, two hundred goodbyes to a dead broker would take minutes.
        async with asyncio.TaskGroup() as tasks:
            for device in self.devices.values():
                tasks.create_task(device.link.__aexit__(None, None, None), name=f"goodbye {device.id}")
        self._stack.pop_all()

    @property
    def connected(self) -> int:
        return sum(device.link.state.connected for device in self.devices.values())

    # --- hands ------------------------------------------------------------------------------------

    def tap(self, device_id: str, shown: BadgeReadData, answer: Callable[[Show], None]) -> None:
        """Hold a badge or a pass to a reader; `answer` hears what the reader shows."""
        self.devices[device_id].tap(shown, answer)

    def enter_pin(self, device_id: str, digits: str, answer: Callable[[Show], None]) -> None:
        """Type a PIN at a reader; `answer` hears what the reader shows then."""
        self.devices[device_id].enter_pin(digits, answer)

    def press_exit(self, door: Door) -> None:
        self.devices[door.unit].press_exit()

    @contextmanager
    def exit_held(self, door: Door) -> Iterator[None]:
        """A hand that stays on the button, or a button that stays in by itself."""
        self.devices[door.unit].feed(ExitPressed())
        try:
            yield
        finally:
            self.devices[door.unit].feed(ExitReleased())

    def can_push(self, door: Door) -> bool:
        """Would the door give if somebody pushed it from outside?"""
        unit = self.devices[door.unit].machine
        return isinstance(unit, DoorUnit) and (unit.lock is Bolt.UNLOCKED or unit.is_open)

    def move_leaf(self, door: Door, is_open: bool) -> None:
        """With whatever force it takes: a closed bolt makes it a break-in. A door that is held does not fall shut."""
        if not is_open and self.is_held(door):
            return
        self.devices[door.unit].feed(ContactFelt(is_open))

    def is_held(self, door: Door) -> bool:
        return self._holding[door.id] > 0

    @contextmanager
    def held_open(self, door: Door) -> Iterator[None]:
        """Hands on the leaf: whoever walks through meanwhile leaves it open, and it falls shut after the last hand."""
        self._holding[door.id] += 1
        self.move_leaf(door, True)
        try:
            yield
        finally:
            self._holding[door.id] -= 1
            self.move_leaf(door, False)

    def in_area(self, area: str, kind: str) -> list[VirtualDevice]:
        """The devices of a kind in an area."""
        wanted = (device.id for device in self._building.devices.values() if (device.area, device.kind) == (area, kind))
        return [self.devices[device_id] for device_id in wanted if device_id in self.devices]

    # --- building them ----------------------------------------------------------------------------

    def _lay_wires(self) -> None:
        """From each reader to the lock beside it: what a reader decides alone goes no other way."""
        for door in self._building.doors.values():
            unit = self.devices.get(door.unit)
            for reader in (self.devices.get(name) for name in (door.reader_in, door.reader_out) if name):
                if unit is not None and reader is not None:
                    reader.wire = partial(_release, unit)

    async def _all_connected(self, devices: list[VirtualDevice], *, first: bool) -> None:
        results = await asyncio.gather(*(self._settles(device) for device in devices), return_exceptions=True)
        failures = [(device, error) for device, error in zip(devices, results, strict=True) if error is not None]
        if first and len(failures) == len(devices):
            raise RunError(f"no device could connect: {failures[0][1]}")
        for device, error in failures:
            if not isinstance(error, LinkError):
                raise RunError(f"{device.id}: {error!r}") from error
            logger.warning("%s is not connected yet and keeps trying: %s", device.id, error)

    async def _settles(self, device: VirtualDevice) -> None:
        """Connected, or known why not: a wrong password is final, a broker still starting is not."""
        deadline = asyncio.get_running_loop().time() + self._patience_s
        while True:
            try:
                return await device.link.connected(_LOOK_AGAIN_S)
            except BadCredentials:
                raise
            except LinkError:
                if asyncio.get_running_loop().time() > deadline:
                    raise

    def _settings(self, device: Device) -> LinkSettings:
        is_door = device.kind in ("door_unit", "reader", "light")
        settings = LinkSettings(
            host=self._endpoint.host,
            port=self._endpoint.port,
            client_id=device.id,
            username=device.id if self._endpoint.passwords else None,
            password=self._endpoint.passwords.get(device.id),
            protocol=self._endpoint.version,
            tls=self._endpoint.tls,
            # No session: a command must never wait for an actuator that is away.
            clean_start=True,
            session_expiry_s=0 if is_door else _SENSOR_SESSION_S,
            keepalive_s=_DOOR_KEEPALIVE_S if is_door else _SENSOR_KEEPALIVE_S,
        )
        return replace(settings, subscriptions=((Topics(self._building.root).device_filter(device.id), 1),))


def _release(unit: VirtualDevice, said: ReleaseLock) -> None:
    unit.feed(ReleaseWired(said.hold_s, said.re, said.admitted))


def _machine(device: Device, building: Building, dice: random.Random, keys: DoorKeys | None) -> Machine:
    # A boot id is new at every start: the controller tells by it an old will from a new one.
    voice = Voice(boot=secrets.token_hex(4))
    match device.kind:
        case "door_unit" if device.door is not None:
            return _door_unit(building.doors[device.door], voice, OwnList(device.id, keys))
        case "reader":
            faces: Literal["in", "out"] = "out" if device.direction == "out" else "in"
            return Reader(voice, name=_place_name(device, building), own=OwnList(device.id, keys), direction=faces)
        case "light":
            return Light(voice, name=_place_name(device, building), has_button="button" in device.channels)
        case _:
            return Sensor(voice, _sensor_profile(device, building, dice))


def _door_unit(door: Door, voice: Voice, own: OwnList) -> DoorUnit:
    return DoorUnit(
        voice,
        DoorProfile(
            name=door.name,
            reads_badges=True,
            other_readers=door.reader_in is not None or door.reader_out is not None,
            has_contact=door.has_contact,
            default_hold_s=door.release_s,
            # Otherwise the handle opens by hand and the bolt stays where it is.
            exit_release_s=door.release_s if door.exit_button else 0.0,
        ),
        own,
    )


def _sensor_profile(device: Device, building: Building, dice: random.Random) -> SensorProfile:
    return SensorProfile(
        channels={name: CHANNELS[name] for name in device.channels if name in CHANNELS},
        name=_place_name(device, building),
        every_s=device.every_s,
        states=SLOW & frozenset(device.channels),
        on_battery=device.kind == "sensor",
        first_after_s=dice.uniform(0.1, 1.0) * device.every_s,
    )


def _place_name(device: Device, building: Building) -> str:
    if device.area is not None:
        return building.areas[device.area].name
    door = building.doors.get(device.door or "")
    return door.name if door is not None else device.id


def no_readings(_device: str) -> dict[str, Scalar]:
    """For a fleet without rooms, as when a single reader is borrowed for one tap."""
    return {}
