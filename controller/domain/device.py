"""A device's presence: whether it is there, and since which boot. What of its words never arrived is `history.sequence`'s.

Births, statuses, wills and silence go in, a new `Presence` comes out. What a door or a room makes of a lost
device is its own affair. Times here are the loop's clock, in seconds: silence is a duration.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class DeviceState(StrEnum):
    """Where a device is, to the best of our knowledge."""

    UNHEARD = "unheard"  # expected by the space, never heard of
    READY = "ready"
    SLEEPING = "sleeping"  # by its own word: it will be back at its cadence
    DISCONNECTED = "disconnected"  # said goodbye
    LOST = "lost"  # its will was read
    SILENT = "silent"  # connected for all the broker knows, but its cadence was missed


PRESENT = frozenset({DeviceState.READY, DeviceState.SLEEPING})
"""The states in which what a device last said still holds."""

SILENCE_SLACK = 10.0
"""Seconds on top of two cadences: one lost QoS 0 reading, and the jitter of the next, must not make a device silent."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of one device."""

    state: DeviceState = DeviceState.UNHEARD
    boot: str | None = None
    heard: float | None = None  # the last time it said anything

    @property
    def is_ready(self) -> bool:
        """Whether a command may be sent to it."""
        return self.state is DeviceState.READY


def silence_limit(every_s: float) -> float:
    """How long a device of this cadence may say nothing."""
    return 2 * every_s + SILENCE_SLACK


def on_status(presence: Presence, said: DeviceState, boot: str, now: float) -> Presence:
    """Take a status, or a will. The will of an older session comes late, and says nothing of this one."""
    if said is DeviceState.LOST:
        if presence.boot is not None and presence.boot != boot:
            return presence
        # A will is the broker's word, not a sign of life.
        return replace(presence, state=said, boot=boot)
    return replace(presence, state=said, boot=boot, heard=now)


def on_message(presence: Presence, now: float) -> Presence:
    """Take a sign of life. It ends a silence, but not an absence: that is for the device's own status to say."""
    state = DeviceState.READY if presence.state is DeviceState.SILENT else presence.state
    return replace(presence, state=state, heard=now)


def on_time(presence: Presence, every_s: float, now: float) -> Presence:
    """Look at the clock: a device that should have spoken by now is silent."""
    if presence.state not in PRESENT or presence.heard is None or now - presence.heard <= silence_limit(every_s):
        return presence
    return replace(presence, state=DeviceState.SILENT)
