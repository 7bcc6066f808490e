"""The live feed: how everything stands now, and whoever watches it change.

Services `put` the current value of a thing and `tell` what happened; screens `subscribe`. A
subscriber holds no queue, only how far it has seen: what changed since is read from the current
values, so a slow one gets fewer, later states and never costs the others anything.
How a change travels to a browser is the web's business, not decided here.
"""

import asyncio
import json
import math
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import cached_property

FACTS_KEPT = 200
"""What a screen shows, and how far a watcher may fall behind before it is handed a fresh snapshot."""

_KEYED = {"door": "doors", "room": "rooms", "device": "devices", "alarm": "alarms", "health": "health"}
_SPACE = ("space", "")


class Push:
    """One thing to hand a watcher: `snapshot` first, then `delta`; `resync` is a snapshot for who fell behind.

    Watchers at the same place share one Push, so its text is made once for all of them.
    """

    def __init__(self, id: int, event: str, data: Mapping[str, object]) -> None:
        self.id = id
        self.event = event
        self.data = data

    def __iter__(self) -> Iterator[object]:
        return iter((self.id, self.event, self.data))

    @cached_property
    def text(self) -> str:
        """The data as JSON on one line."""
        return to_json(self.data)


class LiveFeed:
    """Current values, the newest facts, and the watchers. For one event loop: no thread may call it.

    `epoch` names this life of the process: a place in another life's feed means nothing here.
    """

    def __init__(
        self,
        *,
        epoch: str | None = None,
        facts_kept: int = FACTS_KEPT,
    ) -> None:
        self.epoch = epoch if epoch is not None else secrets.token_hex(4)
        self._id = 0
        self._values: dict[tuple[str, str], Mapping[str, object] | None] = {}
        self._changed_at: dict[tuple[str, str], int] = {}  # oldest change first
        self._facts: deque[tuple[int, Mapping[str, object]]] = deque(maxlen=facts_kept)
        self._forgotten_fact = 0  # the newest one that the ring has let go
        self._shared: dict[tuple[str, int], Push] = {}  # what was made for watchers since the last change
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def id(self) -> int:
        """How many changes there have been."""
        return self._id

    def put(self, topic: str, key: str, value: Mapping[str, object]) -> None:
        """Make `value` the current one of this space, door, room, device, alarm or health component."""
        if topic != "space" and topic not in _KEYED:
            raise ValueError(f"live feed topic {topic!r} — expected space, {', '.join(_KEYED)}")
        where = _SPACE if topic == "space" else (topic, key)
        if self._values.get(where) != value:
            self._store(where, dict(value))

    def forget(self, topic: str, key: str) -> None:
        """Take a thing off the screens, after a change of the space file."""
        if self._values.get((topic, key)) is not None:
            self._store((topic, key), None)

    def tell(self, line: Mapping[str, object]) -> None:
        """Add one line to the stream of facts."""
        if len(self._facts) == self._facts.maxlen:
            self._forgotten_fact = self._facts[0][0]
        self._advance()
        self._facts.append((self._id, dict(line)))

    def current(self, topic: str, key: str) -> Mapping[str, object] | None:
        """How one thing stands; None where nothing is known of it."""
        return self._values.get((topic, key))

    def snapshot(self) -> dict[str, object]:
        """Everything as it stands."""
        whole: dict[str, object] = {"id": self._id, "epoch": self.epoch}
        whole["space"] = self._values.get(_SPACE) or {}
        for topic, plural in _KEYED.items():
            whole[plural] = {
                key: value for (kind, key), value in self._values.items() if kind == topic and value is not None
            }
        whole["facts"] = [line for _, line in self._facts]
        return whole

    def subscribe(self, after: int | None = None) -> "Subscription":
        """Watch from a snapshot on, or from change `after` of this epoch on if that is still known."""
        return Subscription(self, after)

    def remembers(self, seen: int) -> bool:
        """Whether everything after change `seen` can still be told."""
        return self._forgotten_fact <= seen <= self._id

    def next_for(self, seen: int | None) -> Push | None:
        """What a watcher that has seen this far gets next; None while there is nothing new for it."""
        if seen is None:
            return self._share(("snapshot", self._id), self.snapshot)
        if seen == self._id:
            return None
        if self.remembers(seen):
            return self._share(("delta", seen), lambda: self._changes_since(seen))
        return self._share(("resync", self._id), self.snapshot)

    @asynccontextmanager
    async def next_change(self) -> AsyncIterator[asyncio.Future[None]]:
        """A future that is done once anything has changed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            yield future
        finally:
            self._waiting.discard(future)

    def _store(self, where: tuple[str, str], value: Mapping[str, object] | None) -> None:
        self._advance()
        self._values[where] = value
        self._changed_at.pop(where, None)
        self._changed_at[where] = self._id

    def _advance(self) -> None:
        self._id += 1
        self._shared.clear()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    def _share(self, what: tuple[str, int], make: Callable[[], Mapping[str, object]]) -> Push:
        push = self._shared.get(what)
        if push is None:
            push = self._shared[what] = Push(self._id, what[0], make())
        return push

    def _changes_since(self, after: int) -> Mapping[str, object]:
        changes: list[tuple[str, str, Mapping[str, object] | None]] = []
        for where in reversed(self._changed_at):
            if self._changed_at[where] <= after:
                break
            changes.append((*where, self._values[where]))
        facts = []
        for id, line in reversed(self._facts):
            if id <= after:
                break
            facts.append(line)
        return {"id": self._id, "changes": changes[::-1], "facts": facts[::-1]}


class Subscription:
    """One watcher: an async iterator of Push. Reading slowly is allowed; it coalesces."""

    def __init__(self, feed: LiveFeed, after: int | None) -> None:
        self._feed = feed
        self._seen = after if after is not None and feed.remembers(after) else None
        self._closed = False
        self._news: asyncio.Future[None] | None = None

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Push:
        """Wait for news; cancelling the wait loses nothing."""
        while not self._closed:
            push = self._feed.next_for(self._seen)
            if push is not None:
                self._seen = push.id
                return push
            async with self._feed.next_change() as self._news:
                await self._news
        raise StopAsyncIteration

    def close(self) -> None:
        """End the iteration, also for who is waiting in it."""
        self._closed = True
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


def to_json(value: object) -> str:
    """Compact JSON that any browser reads: ASCII, and null for a number that JSON does not know."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False, default=_plain)
    except ValueError:
        return json.dumps(_without_nan(value), separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    # Browsers differ on how str() writes a time; all of them read ISO 8601.
    return value.isoformat() if isinstance(value, date) else str(value)


def _without_nan(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return value
