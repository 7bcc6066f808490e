"""All virtual devices of a building, each connected as a client of its own.

One device's inside is in `device`; how hands reach them in `household`.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from devices.errors import BadCredentials, LinkError
from devices.link import Delivery, LinkSettings
from devices.messages import Scalar
from devices.topics import Topics
from devices.units import DoorKeys, Machine
from simulator.building import Building, Device
from simulator.device import Surroundings, VirtualDevice
from simulator.dialects.device import ForeignDevice, see_the_bolt, tongue_of
from simulator.dialects.names import OWN
from simulator.endpoint import Endpoint
from simulator.errors import RunError
from simulator.household import Household
from simulator.machines import machine_of
from simulator.sockets import make_room_for

logger = logging.getLogger(__name__)

# Two hundred clients at one instant is a load test; in handfuls it is a building being switched on.
_AT_ONCE = 40
_LOOK_AGAIN_S = 0.25
# A lock that is gone must be noticed soon; a thermometer need not ping four times a minute.
_DOOR_KEEPALIVE_S = 15
_SENSOR_KEEPALIVE_S = 60
# And so must a broker that froze; two thousand sensors who ask each five seconds are a tenth of a core of nothing.
_DOOR_BEAT_S = 5.0
_SENSOR_BEAT_S = 20.0
# Sensors keep their session for a moment, or the broker would mourn them before the will's delay is over.
_SENSOR_SESSION_S = 60


class Fleet(Household[VirtualDevice]):
    """Open it with `async with`: connected when that returns, said goodbye when it ends."""

    def __init__(
        self,
        building: Building,
        endpoint: Endpoint,
        around: Surroundings,
        only: Iterable[str] | None = None,
        seed: int | None = None,
        patience_s: float = 10.0,
        listener: tuple[str, Callable[[Delivery], None]] | None = None,
        beat_every_s: float | None = None,
    ) -> None:
        """`listener`: a device that also hears what the house tells all who only listen, and who is told of it.

        `beat_every_s`: how often each device proves that the broker is there, where that is not to be as in life.
        """
        self._patience_s = patience_s
        self._beat_every_s = beat_every_s
        self._endpoint = endpoint
        self._listener = listener[0] if listener is not None else None
        chosen = set(only) if only is not None else set(building.devices)
        endpoint.require_passwords(chosen)
        dice = random.Random(f"fleet/{seed}")
        devices = {
            device.id: _device(
                device,
                building,
                partial(_powered_on, device, building, dice, endpoint.door_keys),
                self._settings(device, building),
                around,
            )
            for device in building.devices.values()
            if device.id in chosen
        }
        if listener is not None and listener[0] in devices:
            devices[listener[0]].overhears = listener[1]
        see_the_bolt(devices, building)
        super().__init__(building, devices)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        began = loop.time()
        make_room_for(len(self.devices))
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

    # --- building them ----------------------------------------------------------------------------

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

    def _settings(self, device: Device, building: Building) -> LinkSettings:
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
            heartbeat_every_s=_DOOR_BEAT_S if is_door else _SENSOR_BEAT_S,
        )
        if self._beat_every_s is not None:
            beat_s = self._beat_every_s
            settings = replace(settings, heartbeat_every_s=beat_s, keepalive_s=min(65535, int(2 * beat_s)))
        topics = Topics(building.root)
        filters = [topics.device_filter(device.id)]
        if device.id == self._listener:
            filters.append(topics.live_space.removesuffix("space") + "#")
        return replace(settings, subscriptions=tuple((filter_, 1) for filter_ in filters))


def _device(
    device: Device, building: Building, power_on: Callable[[], Machine], settings: LinkSettings, around: Surroundings
) -> VirtualDevice:
    if device.dialect == OWN:
        return VirtualDevice(device.id, power_on, Topics(building.root), settings, around)
    return ForeignDevice(tongue_of(device, building), power_on, Topics(building.root), settings, around)


def _powered_on(device: Device, building: Building, dice: random.Random, keys: DoorKeys | None) -> Machine:
    # A boot id is new at every start: the controller tells by it an old will from a new one.
    return machine_of(device, building, dice, secrets.token_hex(4), keys)


def no_readings(_device: str) -> dict[str, Scalar]:
    """For a fleet without rooms, as when a single reader is borrowed for one tap."""
    return {}
