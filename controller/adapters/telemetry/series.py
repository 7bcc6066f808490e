"""Which series there are: in memory for whoever asks, in the table for the next start.

A series begins in the transaction of the row that brings it; until that is committed nobody else sees it, and when it
is rolled back it never was. Only the writer's thread changes anything here.
"""

import sqlite3
from typing import NamedTuple

from controller.adapters.telemetry.tail import Tail, Tails
from controller.domain.history.budget import Begun, Bound, begin
from controller.domain.history.meaning import is_change
from controller.domain.history.values import UNKNOWN, Kind, Measured, Selection, Series, SeriesId
from controller.domain.ids import AreaId, DeviceId
from controller.services.history.news import MeaningChanged

_INSERT = "INSERT INTO series (id, device_id, channel, kind, device_class, unit, room) VALUES (?,?,?,?,?,?,?)"
_LOAD = """
SELECT series.id, name, channel, kind, device_class, unit, room, measured_ms, n, value, compacted
FROM series JOIN device ON device.id = device_id LEFT JOIN newest ON newest.series = series.id ORDER BY series.id
"""


class Meaning(NamedTuple):
    """What makes a series; the same again is the same series."""

    device: DeviceId
    channel: str
    kind: Kind
    measured: Measured = UNKNOWN
    room: AreaId | None = None


class Registry:
    """All series; those that are committed may be asked for from any thread."""

    def __init__(self, tails: Tails) -> None:
        self._tails = tails
        self._committed: dict[SeriesId, Series] = {}
        self._known: dict[Meaning, Tail] = {}
        self._of_device: dict[DeviceId, list[Tail]] = {}
        self._means: dict[tuple[DeviceId, str], Series] = {}
        self._begun = Begun()
        self._last_id = 0
        self._unsettled: list[tuple[Meaning, Tail]] = []
        self._news: list[MeaningChanged] = []

    # --- any thread -------------------------------------------------------------------------------

    def knows(self, meaning: Meaning) -> bool:
        return meaning in self._known

    def known(self, meaning: Meaning) -> Series:
        """The series that means this."""
        return self._known[meaning].series

    def tail_known(self, meaning: Meaning) -> Tail:
        """Its tail, where there is one already."""
        return self._known[meaning]

    def picked(self, selection: Selection) -> list[Series]:
        """All that match, in the order they began."""
        return [series for series in list(self._committed.values()) if selection.takes(series)]

    # --- the writer's thread ----------------------------------------------------------------------

    def load(self, connection: sqlite3.Connection) -> None:
        """What is in the table and not here yet: all that an earlier run left, or what a failed commit did write."""
        for number, device, channel, kind, of_class, unit, room, at_ms, n, value, compacted in connection.execute(
            _LOAD
        ):
            meaning = Meaning(
                DeviceId(device), channel, Kind(kind), Measured(of_class, unit), AreaId(room) if room else None
            )
            if meaning in self._known:
                continue
            tail = self._add(meaning, SeriesId(number))
            if at_ms is not None:
                tail.last = (at_ms, n, bool(value) if meaning.kind is Kind.SWITCH else value)
                tail.compacted = compacted
        self.settle()
        self._news.clear()

    def recall_meanings(self) -> None:
        """Of several series of one channel, the one that was heard last is what it means."""
        self._means.clear()
        for tail in sorted(self._known.values(), key=lambda tail: tail.last[1]):
            self._means[tail.series.device, tail.series.channel] = tail.series

    def tail_of(
        self, connection: sqlite3.Connection, device_id: int, meaning: Meaning, minute: int | None
    ) -> Tail | Bound:
        """The tail of this series, which may begin with it; or the bound that is in the way. No minute: no bound."""
        tail = self._known.get(meaning)
        if tail is None:
            if minute is not None:
                of_device = len(self._of_device.get(meaning.device, ()))
                self._begun, bound = begin(self._begun, minute, of_device=of_device, of_house=len(self._known))
                if bound is not None:
                    return bound
            if not connection.in_transaction:
                connection.execute("BEGIN IMMEDIATE")
            tail = self._add(meaning, SeriesId(self._last_id + 1))
            values = (device_id, meaning.channel, str(meaning.kind), *_words(meaning.measured), meaning.room)
            connection.execute(_INSERT, (tail.series.id, *values))
        channel = (meaning.device, meaning.channel)
        was = self._means.get(channel)
        if was is not None and was is not tail.series and is_change(was, tail.series):
            self._news.append(MeaningChanged(was, tail.series))
        self._means[channel] = tail.series
        return tail

    def latest_of(self, device: DeviceId) -> int:
        """The latest moment anything of this device was measured at."""
        return max((tail.last[0] for tail in self._of_device.get(device, ())), default=-1)

    def settle(self) -> list[MeaningChanged]:
        """What began is committed; answers what there is to tell of it."""
        for _, tail in self._unsettled:
            self._committed[tail.series.id] = tail.series
        self._unsettled.clear()
        news, self._news = self._news, []
        return news

    def undo(self) -> None:
        """What began was rolled back."""
        for meaning, tail in reversed(self._unsettled):
            del self._known[meaning]
            self._of_device[meaning.device].remove(tail)
            self._tails.remove(tail)
        if self._unsettled:
            self._unsettled.clear()
            self.recall_meanings()
        self._news.clear()

    def _add(self, meaning: Meaning, number: SeriesId) -> Tail:
        of_class, unit = _words(meaning.measured)
        tail = Tail(Series(number, meaning.device, meaning.channel, meaning.kind, of_class, unit, meaning.room))
        self._last_id = max(self._last_id, number)
        self._known[meaning] = tail
        self._of_device.setdefault(meaning.device, []).append(tail)
        self._tails.add(tail)
        self._unsettled.append((meaning, tail))
        return tail


def _words(measured: Measured) -> tuple[str, str]:
    return measured.device_class, measured.unit
