"""Devices are asked to say again what they are, when a broker has forgotten what it kept of them.

Births and statuses are retained: with the broker's store they are gone for whoever comes later, and nobody knows what
else was. The contract has no word for "send your readings again"; a device that keeps what was not confirmed sends it by
itself, and what is missing then shows in its numbers.
"""

import logging
import secrets
from collections import deque

from controller.domain.ids import DeviceId
from controller.services.ports import Clock, Outbound
from controller.services.presence import Presence
from devices.errors import LinkError
from devices.messages import Command, Do

logger = logging.getLogger(__name__)

# A house of two hundred answers over ten seconds: their births must not stand before a badge.
ASKED_A_SECOND = 20
PATIENCE_MS = 10_000


class Rebirths:
    """Asks all devices that are there, a few a second."""

    def __init__(self, presence: Presence, outbound: Outbound, clock: Clock) -> None:
        self._presence = presence
        self._outbound = outbound
        self._clock = clock
        self._waiting: deque[DeviceId] = deque()
        self._asked_at = float("-inf")

    def ask_all(self) -> None:
        """Every device of the space, each once; one that is not there now says it by itself when it comes.

        Both our links lose their sessions together, and that is one reason to ask.
        """
        now = self._clock.monotonic()
        if now - self._asked_at > PATIENCE_MS / 1000:
            self._asked_at = now
            self._waiting = deque(self._presence.devices)

    def look(self) -> None:
        """Once a second."""
        for _ in range(min(ASKED_A_SECOND, len(self._waiting))):
            device = self._waiting[0]
            if self._presence.is_ready(device) and not self._ask(device):
                return
            self._waiting.popleft()

    def _ask(self, device: DeviceId) -> bool:
        command = Command(id=f"rebirth-{secrets.token_hex(8)}", ts=self._clock.now(), ttl_ms=PATIENCE_MS, do=Do.REBIRTH)
        try:
            self._outbound.send(device, command, expiry_s=PATIENCE_MS // 1000)
        except LinkError as error:
            logger.debug("%s is asked to say again what it is once there is a link: %s", device, error)
            return False
        return True
