"""The stream of facts as staff read it: one line for each thing worth a person's attention.

The log keeps everything; here the small steps of an ordinary passage (unlocked, opened, closed) are
left out, because the line that somebody was let in already tells them.
"""

from controller.domain.facts import Fact, FactKind
from controller.services.doors.alarm_words import TOLD_BY_A_FACT_OF_ITS_OWN
from controller.services.ports import LoggedFact
from controller.services.screens.live import LiveFeed
from controller.services.screens.room_words import is_for_the_log_alone
from controller.services.screens.wording import Wording

QUIET = frozenset(
    {
        FactKind.UNLOCK_CONFIRMED,
        FactKind.ENTRY_TAKEN,
        FactKind.DOOR_OPENED,
        FactKind.DOOR_CLOSED,
        FactKind.EXIT_REQUESTED,
        FactKind.DEVICE_BORN,
        FactKind.DEVICE_READY,
    }
)
"""In the log, on the door's own tile, and not in the stream."""


# What fire does to each door on the way out, and what its confirmed end does to it.
_BY_FIRE = (("locked", "released"), ("unlocked", "released"), ("released", "locked"))


def is_told_for_many(fact: Fact) -> bool:
    """Whether this is one door's part in what one line tells of all: a lockdown of thirty doors, its end, a fire, its end.

    A door that a lockdown locks and its end unlocks again is news of its own.
    """
    if fact.kind is not FactKind.DOOR_MODE_CHANGED:
        return False
    was, mode = fact.detail.get("was"), fact.detail.get("mode")
    return was == mode or (was, mode) in _BY_FIRE  # locked as before, only for another reason; or by fire


def is_silent(fact: Fact) -> bool:
    """Whether it is for `natoma alarms` alone: whoever stands beside a screen must not learn of it."""
    return bool(fact.detail.get("silent"))


class Story:
    """Tells the feed about facts, in words."""

    def __init__(self, feed: LiveFeed, wording: Wording) -> None:
        self._feed = feed
        self._wording = wording

    def tell(self, logged: LoggedFact) -> None:
        """One line, unless the fact is one of the quiet ones, told already, or nobody's business on a screen."""
        fact = logged.fact
        if fact.kind in QUIET or is_silent(fact):
            return
        if fact.kind is FactKind.ALARM_RAISED and fact.detail.get("alarm") in TOLD_BY_A_FACT_OF_ITS_OWN:
            return
        if is_told_for_many(fact):
            return
        if fact.kind is FactKind.ROOM_CHANGED and is_for_the_log_alone(fact):
            return
        self._feed.tell(self.as_line(logged))

    def as_line(self, logged: LoggedFact) -> dict[str, object]:
        """The shape the page and `natoma events --json` share."""
        fact = logged.fact
        line = self._wording.line(fact)
        return {
            "position": logged.position,
            "at": fact.at.isoformat(),
            "kind": str(fact.kind),
            "tone": line.tone,
            "text": line.text,
            "why": line.why,
            "door": fact.door,
            "room": fact.area if fact.door is None else None,
        }
