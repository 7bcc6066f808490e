"""Reads a stranger's calendar in a process of its own: whatever a file makes a library do, the doors go on.

The bounds of `ical_bounds` keep a file small; that a rule finds no date at all cannot be seen beforehand. So the
reading has a time and a size it may take, and is ended when it takes more.
"""

import asyncio
import json
import logging
import resource
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from controller.adapters.children import die_with_parent
from controller.domain.booking.outside import Entry, Problem, Reading
from controller.errors import InputError

logger = logging.getLogger(__name__)

# Ten thousand events are read in a few seconds.
TIMEOUT_S = 30.0
_MEMORY = 1024 * 1024 * 1024
_CPU_S = 25


class CalendarReader:
    """One file at a time: many at once would be no sooner done, and would be felt."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._alone = asyncio.Lock()

    async def read(self, data: bytes, start: datetime, end: datetime, zone: ZoneInfo) -> Reading:
        """As `ical_reading.read_calendar`, InputError included."""
        async with self._alone:
            return _reading(await self._answer(data, start, end, zone))

    async def _answer(self, data: bytes, start: datetime, end: datetime, zone: ZoneInfo) -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            start.isoformat(),
            end.isoformat(),
            str(zone),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                told, _ = await child.communicate(data)
        except TimeoutError:
            raise _too_much() from None
        finally:
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        if child.returncode:
            logger.debug("reading a calendar ended with %s", child.returncode)
            raise _too_much()
        return told


def _too_much() -> InputError:
    return InputError(
        "the calendar takes too long to work out — a rule in it may name a date that never comes; export a shorter time"
    )


def _reading(told: bytes) -> Reading:
    answer = json.loads(told)
    if "refused" in answer:
        raise InputError(answer["refused"])
    return Reading(
        tuple(
            Entry(key, datetime.fromisoformat(start), datetime.fromisoformat(end), title)
            for key, start, end, title in answer["entries"]
        ),
        tuple(Problem(*problem) for problem in answer["problems"]),
    )


def _main() -> None:
    """In the child: the file comes in, what it says goes out."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    from controller.adapters.ical_reading import read_calendar

    start, end, zone = sys.argv[1:]
    try:
        reading = read_calendar(
            sys.stdin.buffer.read(), datetime.fromisoformat(start), datetime.fromisoformat(end), ZoneInfo(zone)
        )
        answer: dict[str, object] = {
            "entries": [(one.key, one.start.isoformat(), one.end.isoformat(), one.title) for one in reading.entries],
            "problems": [(one.uid, one.title, one.what) for one in reading.problems],
        }
    except InputError as error:
        answer = {"refused": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main()
