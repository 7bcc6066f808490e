"""Devices are asked to say again what they are, when a broker has forgotten what it kept of them.

Births are retained: with the broker's store they are gone for whoever comes later. A device that connects anew says its
own by itself; one that does not is asked. The contract has no word for "send your readings again": a device that keeps
what was not confirmed sends it unasked, and what is missing then shows in its numbers.
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
# Most devices are back by then and have said what they are. One that is not yet does not hear that it was asked.
FIRST_AFTER_S = 3.0
AGAIN_AFTER_S = 10.0
ROUNDS = 3


class Rebirths:
    """Asks all devices that are there and have said nothing of themselves since, a few a second."""

    def __init__(self, presence: Presence, outbound: Outbound, clock: Clock) -> None:
        self._presence = presence
        self._outbound = outbound
        self._clock = clock
        self._waiting: deque[DeviceId] = deque()
        self._lost_at = float("-inf")
        self._due = float("inf")
        self._rounds = 0

    def ask_all(self) -> None:
        """Every device of the space that does not say it by itself; a session just lost, of our other link, is the same."""
        now = self._clock.monotonic()
        if self._due > now + FIRST_AFTER_S:
            self._lost_at, self._due, self._rounds = now, now + FIRST_AFTER_S, ROUNDS

    def look(self) -> None:
        """Once a second."""
        now = self._clock.monotonic()
        if now >= self._due:
            self._waiting = deque(self._presence.not_born_since(self._lost_at))
            self._rounds -= 1
            self._due = now + AGAIN_AFTER_S if self._rounds and self._waiting else float("inf")
        for _ in range(min(ASKED_A_SECOND, len(self._waiting))):
            if not self._ask(self._waiting[0]):
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
