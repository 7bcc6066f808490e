"""Events that were acted on: the same id from the same device does nothing a second time.

Reads are not remembered here: the event log knows its own decisions, through a restart too.
"""

# The contract's rule 6: an id names a message this long; a device that counts anew may use it again after.
LIFETIME = 24 * 3600.0
# About a day of a busy house. Past it the oldest are forgotten early: a repeat comes within a reconnect, not a day.
EVENTS_KEPT = 20_000


class Repeats:
    """Remembers (device, id) for a day; not through a restart, for what was acted on was acknowledged."""

    def __init__(self, limit: int = EVENTS_KEPT) -> None:
        self._limit = limit
        self._seen: dict[tuple[str, str], float] = {}  # oldest first

    def is_repeat(self, device: str, message_id: str, at_mono: float) -> bool:
        """Whether this id was heard from this device within a day; from now on it was."""
        key = (device, message_id)
        before = self._seen.get(key)
        if before is not None and at_mono - before < LIFETIME:
            return True
        self._seen.pop(key, None)
        self._seen[key] = at_mono
        if len(self._seen) > self._limit:
            del self._seen[next(iter(self._seen))]
        return False
