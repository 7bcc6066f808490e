"""A device's presence: whether it is there, since which boot, and how much of what it said never arrived.

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
    seq: int | None = None  # the highest in this boot
    missing: int = 0  # numbers skipped, ever, that never came

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
    if boot != presence.boot:
        # Its numbers begin anew; the count of what was lost stays.
        return replace(presence, state=said, boot=boot, heard=now, seq=None)
    return replace(presence, state=said, heard=now)


def on_message(presence: Presence, now: float, seq: int | None = None) -> Presence:
    """Take a sign of life. It ends a silence, but not an absence: that is for the device's own status to say."""
    state = DeviceState.READY if presence.state is DeviceState.SILENT else presence.state
    missing = presence.missing
    highest = presence.seq
    if seq is not None:
        if highest is None or seq > highest:
            missing += seq - highest - 1 if highest is not None else 0
            highest = seq
        else:
            # Late, so it was counted as missing. Repeats must be screened before.
            missing = max(missing - 1, 0)
    return replace(presence, state=state, heard=now, seq=highest, missing=missing)


def on_time(presence: Presence, every_s: float, now: float) -> Presence:
    """Look at the clock: a device that should have spoken by now is silent."""
    if presence.state not in PRESENT or presence.heard is None or now - presence.heard <= silence_limit(every_s):
        return presence
    return replace(presence, state=DeviceState.SILENT)
