"""Parts and a chunk of one series and window made one chunk, and what its hours then are. Bytes in, bytes out.

What cannot be read is handed back to be set aside, and the rest is merged: one damaged blob hides no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from controller.adapters.telemetry.codec import (
    Moments,
    UnreadablePoints,
    Values,
    kind_in,
    pack_dense,
    unpack,
)
from controller.adapters.telemetry.rollups import by_hour, from_rows, to_row, together
from controller.domain.history.values import Kind

Part: TypeAlias = "tuple[int, bytes]"  # its number, its points


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds of one series and window: the parts up to this number, and the bytes."""

    upto: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes to be set aside."""

    why: str
    points: bytes
    was_chunk: bool


@dataclass(slots=True)
class Merged:
    """One chunk as it is to be written; None where it stays as it is."""

    chunk: Kept | None = None
    hours: Kept | None = None
    unreadable: list[Unreadable] = field(default_factory=list)


def merged(kept: Kept | None, parts: Sequence[Part], window: int, where: str) -> Merged:
    """The chunk with those parts that are not in it yet, and its hours counted anew."""
    result = Merged()
    fresh = _newer(parts, kept)
    pieces = []
    if kept is not None:
        pieces += _read([(kept.upto, kept.body)], where, result, are_parts=False)
    lost_chunk = bool(result.unreadable)
    pieces += _read(fresh, where, result)
    at_ms, values = in_order([(at, numbers) for at, numbers, _ in pieces])
    upto = max([number for number, _ in fresh], default=kept.upto if kept else 0)
    if fresh or lost_chunk:
        result.chunk = Kept(upto, pack_dense(at_ms, values, _common({kind for *_, kind in pieces})))
    # Of a chunk that was lost the hours are still known: they are added to, not made anew.
    if not lost_chunk:
        result.hours = Kept(upto, to_row(by_hour(at_ms, values), window))
    return result


def added(hours: Kept | None, parts: Sequence[Part], window: int, where: str) -> Merged:
    """The hours with those parts that they do not count yet; their points are not asked for."""
    result = Merged()
    fresh = _newer(parts, hours)
    if not fresh:
        return result
    cells = [by_hour(at, values) for at, values, _ in _read(fresh, where, result)]
    if hours is not None:
        cells.insert(0, from_rows(np.array([window]), hours.body))
    result.hours = Kept(fresh[-1][0], to_row(together(cells), window))
    return result


def in_order(pieces: Sequence[tuple[Moments, Values]]) -> tuple[Moments, Values]:
    """Points that arrived in this order, by time; of two at one moment the later arrival comes last."""
    at, values = joined(pieces)
    if not np.any(at[1:] < at[:-1]):
        return at, values
    order = np.argsort(at, kind="stable")
    return at[order], [values[n] for n in order] if isinstance(values, list) else values[order]


def joined(pieces: Sequence[tuple[Moments, Values]]) -> tuple[Moments, Values]:
    """Points one piece after the other."""
    if not pieces:
        return np.empty(0, np.int64), np.empty(0)
    if len(pieces) == 1:
        return pieces[0]
    at = np.concatenate([at for at, _ in pieces])
    if any(isinstance(values, list) for _, values in pieces):
        return at, [text for _, values in pieces for text in values]  # all are: texts are a series of their own
    return at, np.concatenate([values for _, values in pieces])


def _newer(parts: Sequence[Part], kept: Kept | None) -> list[Part]:
    return sorted(part for part in parts if kept is None or part[0] > kept.upto)


def _read(
    parts: Sequence[Part], where: str, result: Merged, *, are_parts: bool = True
) -> list[tuple[Moments, Values, Kind]]:
    found = []
    for number, blob in parts:
        try:
            at, values = unpack(blob, f"{where}, part {number}" if are_parts else where)
        except UnreadablePoints as exc:
            result.unreadable.append(Unreadable(str(exc), blob, was_chunk=not are_parts))
        else:
            if len(at):  # of no points nobody can say the kind
                found.append((at, values, kind_in(blob)))
    return found


def _common(kinds: set[Kind]) -> Kind:
    return kinds.pop() if len(kinds) == 1 else Kind.NUMBER
