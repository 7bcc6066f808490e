"""The system's two clocks: the only file of the controller where time enters.

Everything else is handed a `Clock`, so that a test can hold it still. Which time is believed is `domain.trusted_time`'s.
"""

import ctypes
import logging
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.domain.trusted_time import EARLIEST, HouseTime, begun, gone_on, is_possible
from controller.errors import InputError

logger = logging.getLogger(__name__)

# In the data folder: what time the house knew last.
LAST_TIME = "last-time"
# Of adjtimex(2): what it answers where nothing keeps the kernel's clock to the world's.
_UNSYNCHRONISED, _FAILED = 5, -1
_LONGEST = 64  # bytes of a last time
_TIMEX_BYTES = 512  # more than any system's `struct timex`; all zeroes only asks
# In the environment, so that a house, its simulator and every command beside them live at the same other time.
SHIFT = "NATOMA_CLOCK_SHIFT"


def shift_in(environment: Mapping[str, str]) -> timedelta:
    """By how much whoever lives in this environment is to be ahead of the machine's clock; nothing as a rule.

    Raises:
        InputError: it is no number of seconds, or no house lives at the time it leads to.
    """
    text = environment.get(SHIFT, "")
    if not text:
        return timedelta(0)
    right = "write signed seconds, -86400 for yesterday, or unset it for the real time"
    try:
        shift = timedelta(seconds=float(text))
        at = datetime.now(UTC) + shift
    except (ValueError, OverflowError):
        raise InputError(f"{SHIFT} {text!r} is no number of seconds that leads to a date — {right}") from None
    if at < EARLIEST or not is_possible(at):
        raise InputError(f"{SHIFT} {text!r} leads to {at:%Y-%m-%d}, and no house lives then — {right}")
    return shift


def live_at(at: datetime) -> timedelta:
    """From now on it is `at` for whoever asks a clock made here, and for every child of this process; by so much.

    Raises:
        InputError: no house lives then.
    """
    os.environ[SHIFT] = f"{(at - datetime.now(UTC)).total_seconds():.3f}"
    return shift_in(os.environ)


class SystemClock:
    """Wall time in aware UTC, and the monotonic clock that asyncio's loop runs on."""

    def __init__(self) -> None:
        # Read once: to ask the environment takes as long as to ask the time, on the way of every reading.
        self._shift = shift_in(os.environ)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    @property
    def shift(self) -> timedelta:
        """By how much it was asked to be ahead of the machine's clock; to be told wherever a house says how it is."""
        return self._shift

    def monotonic(self) -> float:
        return time.monotonic()


class HouseClock(SystemClock):
    """The clock of a running house: it does not follow the machine's where that jumps, and says by how much it is off."""

    def __init__(
        self,
        known: datetime | None = None,
        *,
        wall: Callable[[], datetime] | None = None,
        passed: Callable[[], float] | None = None,
        vouched: Callable[[], bool] | None = None,
    ) -> None:
        """`known` is the last time the house knew before it started; `passed` counts seconds, asleep or awake."""
        super().__init__()
        if wall is not None:
            self._shift = timedelta(0)
        self._wall = wall or super().now
        self._passed = passed or awake_or_asleep
        self._vouched = vouched or is_kept_by_a_time_service
        at, gone = self._wall(), self._passed()
        self._time = begun(at, gone, known, is_vouched=False)
        if self._time.is_suspect:
            # Somebody who asks for another date means it, even one before the last that was known.
            self._time = begun(at, gone, known, is_vouched=bool(self.shift) or self._vouched())

    def now(self) -> datetime:
        self._time = self._read()
        return self._time.at

    @property
    def off(self) -> timedelta | None:
        """By how much the machine's clock is off what the house goes by; None while it is believed."""
        return self._time.off

    def _read(self) -> HouseTime:
        wall, passed = self._wall(), self._passed()
        read = gone_on(self._time, wall, passed, is_vouched=False)
        # Asked only where it matters: it is a system call, and this is on the way of every tap.
        return gone_on(self._time, wall, passed, is_vouched=True) if read.is_suspect and self._vouched() else read


def awake_or_asleep() -> float:
    """Seconds since some moment, those included that the machine slept: a lid that was shut is no jump."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def is_kept_by_a_time_service() -> bool:
    """Whether the kernel says that something keeps its clock to the world's; whoever sets it by hand takes that away."""
    ask = getattr(ctypes.CDLL(None), "adjtimex", None)
    return ask is not None and ask(ctypes.create_string_buffer(_TIMEX_BYTES)) not in (_UNSYNCHRONISED, _FAILED)


def last_known(file: Path) -> datetime | None:
    """The last time a house knew, as it left it; None where it left none that can be gone by, and why is told."""
    try:
        return read_last_time(file)
    except ValueError as error:
        logger.warning("%s is not gone by, the machine's clock is: %s", file, error)
        return None


def read_last_time(file: Path) -> datetime | None:
    """The same for whoever looks; None where there is none, ValueError in words where it cannot be gone by."""
    try:
        text = file.read_bytes()[:_LONGEST]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from error
    try:
        known = datetime.fromisoformat(text.decode("ascii").strip()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"it holds {text!r}, and that is no time") from error
    if not is_possible(known):
        raise ValueError(f"it says {known:%Y-%m-%d}, and no house lives then")
    return known
