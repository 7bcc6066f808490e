"""A capture said again: each device by a connection of its own, in the old order and with the old pauses.

Only what devices said is said again. What came down to them was the controller's, and an old command must open nothing.
"""

import asyncio
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from devices.errors import LinkError, MessageError
from devices.link import Link, LinkSettings
from devices.topics import RULES, Kind, Topics
from simulator.capture.line import Line
from simulator.errors import InputError, RunError

# Moments in a body that say when it happened; `until` and others are about the future and stay.
_WHEN = ("ts",)
_BEYOND_ANY_CALENDAR = 1e15  # milliseconds of thirty thousand years; no number above is a moment
# Longer than this nobody waits for the next message: it is a capture of several, or a `t` is wrong.
LONGEST_PAUSE_S = 86400.0
SLOWEST, FASTEST = 0.01, 10_000


@dataclass(frozen=True, slots=True)
class Said:
    """One message to be said again."""

    after_s: float  # since the first of the capture
    device: str
    kind: Kind
    line: Line


@dataclass(slots=True)
class Told:
    """What became of it."""

    sent: int = 0
    failed: int = 0
    by_device: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0  # how far it fell behind the capture's own pace


def plan(lines: Sequence[Line], root: str, only: frozenset[str] = frozenset()) -> list[Said]:
    """What of a capture is said again, in order. Raises InputError when that is nothing."""
    topics = Topics(root)
    known: Counter[str] = Counter()
    said: list[Said] = []
    first = min((line.at for line in lines), default=None)
    for line in sorted(lines, key=lambda line: line.at):
        try:
            address = topics.parse(line.topic)
        except MessageError:
            continue
        if address.direction != "up" or address.device == "server":
            continue
        known[address.device] += 1
        if not only or address.device in only:
            assert first is not None  # there is a line
            said.append(Said((line.at - first).total_seconds(), address.device, address.kind, line))
    if strange := sorted(only - set(known)):
        raise InputError(f"--as {strange[0]}: no such device in the capture; it has {', '.join(sorted(known)[:8])}")
    if not said:
        raise InputError(f"nothing in it was said by a device below {root}/1/; give --root as it was recorded")
    return said


def length_of(said: Sequence[Said], speed: float) -> str:
    """How much there is to be said, in words. Raises InputError for a pause nobody would wait for."""
    before: Said | None = None
    for one in said:
        pause = one.after_s - (before.after_s if before is not None else 0.0)
        if pause / speed > LONGEST_PAUSE_S:
            since = f"the message of {before.device} at {_written(before)}" if before is not None else "it began"
            enough = math.ceil(pause / LONGEST_PAUSE_S)
            faster = f", or take --speed {enough} or more" if enough <= FASTEST else ""
            raise InputError(
                f"after {since} nothing is to be said for {_spoken(pause)}, until {one.device} at {_written(one)}: "
                f"that is more than a day of waiting at speed {speed:g}; cut the file there{faster}"
            )
        before = one
    messages = "1 message" if len(said) == 1 else f"{len(said):,} messages"
    all_s = said[-1].after_s if said else 0.0
    words = f"{messages} over {_spoken(all_s)} at speed {speed:g}"
    return words if speed == 1 else f"{words}, which takes {_spoken(all_s / speed)}"


async def replay(
    said: Sequence[Said],
    settings: Callable[[str], LinkSettings],
    now: Callable[[], datetime],
    *,
    speed: float,
    shift: bool,
) -> Told:
    """Say it all. `shift`: moments in bodies become those of now, or doors would call every read stale."""
    told = Told()
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        links = {}
        for device in sorted({one.device for one in said}):
            links[device] = await stack.enter_async_context(Link(settings(device), lambda _: None))
        for device, link in links.items():
            try:
                await link.connected(5.0)
            except LinkError as exc:
                raise RunError(f"{device}: {exc}") from exc
        began, began_at = loop.time(), now()
        for one in said:
            due = one.after_s / speed
            late = loop.time() - began - due
            if late < 0:
                await asyncio.sleep(-late)
            told.slowest_s = max(told.slowest_s, late)
            by = began_at + timedelta(seconds=due) - one.line.at
            payload = moved(one.line.payload, by) if shift else one.line.payload
            await _say(links[one.device], one, payload, told)
        for link in links.values():
            await _confirmed(link)
    return told


def _spoken(seconds: float) -> str:
    """A span for people: `45 s`, `12 min`, `8.5 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _written(one: Said) -> str:
    return one.line.at.isoformat(timespec="seconds")


async def _say(link: Link, one: Said, payload: bytes, told: Told) -> None:
    # As the contract has it: what a broker passes on live does not show that it was said to be retained.
    retain = RULES[one.kind].retained
    try:
        link.publish(one.line.topic, payload, qos=min(1, one.line.qos), retain=retain)
    except LinkError:
        told.failed += 1
    else:
        told.sent += 1
        told.by_device[one.device] += 1
    await asyncio.sleep(0)


async def _confirmed(link: Link) -> None:
    for _ in range(100):
        if not link.state.unacked_out:
            return
        await asyncio.sleep(0.05)


def moved(payload: bytes, by: timedelta) -> bytes:
    """The same body with its moments later by so much; one that is no JSON object stays as it is."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    if not isinstance(body, dict):
        return payload
    body = _moved(body, by)
    if isinstance(batch := body.get("batch"), list):
        body["batch"] = [_moved(one, by) if isinstance(one, dict) else one for one in batch]
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a pair of surrogates: JSON can name it, UTF-8 cannot
        return json.dumps(body, separators=(",", ":")).encode()
    except RecursionError:  # deeper than it can be written, though it was read
        return payload


def _moved(body: Mapping[str, object], by: timedelta) -> dict[str, object]:
    later = dict(body)
    for name in _WHEN:
        said = body.get(name)
        if isinstance(said, bool):
            continue
        if isinstance(said, int | float):
            if not abs(said) < _BEYOND_ANY_CALENDAR:
                continue
            # Epoch seconds or milliseconds: the magnitude decides, as in the contract.
            later[name] = said + by.total_seconds() * (1000 if said > 1e11 else 1)
        elif isinstance(said, str):
            try:
                later[name] = (datetime.fromisoformat(said) + by).astimezone(UTC).isoformat()
            except (ValueError, OverflowError, TypeError):
                continue
    return later
