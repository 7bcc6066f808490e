"""Readings that were lost, parked, sent on or cleaned away, in words for the desk."""

from collections.abc import Callable, Mapping
from typing import Protocol

from controller.domain.facts import Fact, FactKind
from controller.services.screens.lines import Line


class Names(Protocol):
    """What these lines name."""

    def device(self, fact: Fact) -> str: ...
    def when(self, fact: Fact, key: str) -> str | None: ...


LOST_WHERE: dict[str, str] = {
    "broker_queue": "the broker dropped them: its queue was full",
    "broker_session": "the broker has forgotten our session, and what waited in it",
    "spool": "more came than could be written",
}


def _count(fact: Fact, one: str, many: str) -> str:
    count = fact.detail.get("count")
    if not isinstance(count, int):
        return f"Some {many}"
    return f"1 {one}" if count == 1 else f"{count:,} {many}"


def _missing(names: Names, fact: Fact) -> Line:
    verb = "is" if fact.detail.get("count") == 1 else "are"
    return Line(f"{_count(fact, 'message', 'messages')} of {names.device(fact)} {verb} missing", None, "bad")


def _filled(names: Names, fact: Fact) -> Line:
    said = _count(fact, "missing message", "missing messages")
    return Line(f"{said} of {names.device(fact)} came after all", None, "good")


def _lost(_: Names, fact: Fact) -> Line:
    if fact.detail.get("count") is None:
        said = "Messages may have been lost on their way"
    else:
        said = f"{_count(fact, 'message was', 'messages were')} lost on the way"
    where = str(fact.detail.get("where", ""))
    return Line(said, LOST_WHERE.get(where, where.replace("_", " ") or None), "alarm")


def _changed(names: Names, fact: Fact) -> Line:
    was, now = fact.detail.get("was", "?"), fact.detail.get("now", "?")
    said = f"Channel {fact.detail.get('channel', '?')} of {names.device(fact)} means something else now"
    return Line(said, f"{was} before, {now} now: a new series begins", "note")


def _refused(_: Names, fact: Fact) -> Line:
    limit = fact.detail.get("limit")
    said = f"{_count(fact, 'new channel was', 'new channels were')} refused"
    return Line(said, f"at most {limit:,} may begin in a minute" if isinstance(limit, int) else None, "bad")


def _stopped(_: Names, fact: Fact) -> Line:
    return Line("Readings are not sent on to the database", str(fact.detail.get("why", "?")), "alarm")


def _resumed(_: Names, _fact: Fact) -> Line:
    return Line("Readings are sent on to the database again", None, "good")


def _parked(_: Names, fact: Fact) -> Line:
    said = f"The database refused {_count(fact, 'reading', 'readings')}; the rest went through"
    return Line(said, str(fact.detail.get("why", "?")), "bad")


def _shed(_: Names, fact: Fact) -> Line:
    said = f"{_count(fact, 'reading was', 'readings were')} dropped for want of space"
    return Line(said, str(fact.detail["why"]) if fact.detail.get("why") else None, "alarm")


def _cleaned(names: Names, fact: Fact) -> Line:
    before = names.when(fact, "before")
    said = f"{fact.detail.get('what', 'Records')} older than may be kept: deleted"
    return Line(said, f"from before {before}" if before else None, "note")


def _backed_up(_: Names, _fact: Fact) -> Line:
    return Line("A backup was made", None, "good")


def _restored(names: Names, fact: Fact) -> Line:
    return Line(f"This house was restored from a backup of {names.when(fact, 'made') or '?'}", None, "bad")


def _clock(_: Names, fact: Fact) -> Line:
    by_s = fact.detail.get("by_s")
    jumped = f" It jumped by {by_s:.0f} s" if isinstance(by_s, int | float) else " It jumped"
    return Line("The clock of this machine cannot be trusted.", f"{jumped.strip()}: look at its time service", "alarm")


HISTORY_LINES: Mapping[FactKind, Callable[[Names, Fact], Line]] = {
    FactKind.GAP_FOUND: _missing,
    FactKind.GAP_FILLED: _filled,
    FactKind.MESSAGES_LOST: _lost,
    FactKind.SERIES_CHANGED: _changed,
    FactKind.SERIES_REFUSED: _refused,
    FactKind.SENDING_STOPPED: _stopped,
    FactKind.SENDING_RESUMED: _resumed,
    FactKind.POINTS_PARKED: _parked,
    FactKind.READINGS_SHED: _shed,
    FactKind.HISTORY_CLEANED: _cleaned,
    FactKind.BACKUP_MADE: _backed_up,
    FactKind.HOUSE_RESTORED: _restored,
    FactKind.CLOCK_SUSPECT: _clock,
}
