"""Points to bytes and back, losing nothing: what a part or a chunk of one series is made of.

Where the bytes are kept is not known here. The first byte says how the rest is written; a reader that does not know it
refuses, because a guess would be a wrong number on somebody's chart.
"""

import json
import struct
import zlib
from collections.abc import Callable
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from controller.domain.history.values import Kind
from controller.errors import ControllerError

Moments: TypeAlias = "NDArray[np.int64]"
Numbers: TypeAlias = "NDArray[np.float64]"
Values: TypeAlias = "Numbers | list[str]"


class Codec(IntEnum):
    """The first byte. A number is never used again for something else."""

    DECIMALS = 1  # every value is an integer over a power of ten: deltas of both
    FREE = 2  # any floats at all, by their 64 bits
    TEXTS = 3
    SWITCHES = 4  # 0.0 and 1.0, a bit each
    REPEATED = 5  # free floats, few of them different: a list of them, and which
    PLAIN = 6  # numbers as they lie in memory: for what is merged within hours


class UnreadablePoints(ControllerError):
    """These bytes are no points that we can read: damaged, or written by a newer Natoma."""


# Found by trying: beyond, a sensor's value is no decimal but the result of a calculation.
_MOST_DECIMALS = 6
# Above it not every integer is a float, and the way back is no longer surely the same.
_EXACT = float(1 << 53)
_POWERS = 10.0 ** np.arange(_MOST_DECIMALS + 1)
# Level 4 packs these as small as 9 does, in less time than 1 takes.
_LEVEL = 4
_NUMBERED = struct.Struct("<BI")  # codec, points
_WIDTHS = (1, 2, 4, 8)
_COLUMN = struct.Struct("<Bqq")  # bytes for each, the first value, what to add to each difference
_ONE = np.float64(1.0).view("<i8")


def pack(at_ms: Moments, values: Values, kind: Kind) -> bytes:
    """The points in this order, quickly: for a part, which is merged into a chunk within hours."""
    if kind is not Kind.NUMBER:
        return pack_dense(at_ms, values, kind)
    at, numbers = _plain_arrays(at_ms, values)
    body = at.tobytes() + numbers.tobytes()
    return _NUMBERED.pack(Codec.PLAIN, len(at)) + struct.pack("<I", zlib.crc32(body)) + body


def pack_dense(at_ms: Moments, values: Values, kind: Kind) -> bytes:
    """The points in this order, in few bytes: for a chunk, which is kept."""
    if isinstance(values, list):
        at = np.ascontiguousarray(at_ms, dtype="<i8")
        return _pressed(Codec.TEXTS, len(at), _differences(at) + json.dumps(values).encode())
    at, numbers = _plain_arrays(at_ms, values)
    if kind is Kind.SWITCH and _are_switches(numbers):
        return _pressed(Codec.SWITCHES, len(at), _differences(at) + np.packbits(numbers != 0.0).tobytes())
    decimals = _as_decimals(numbers)
    if decimals is not None:
        places, scaled = decimals
        return _pressed(Codec.DECIMALS, len(at), _differences(at) + bytes([places]) + _differences(scaled))
    different, which = np.unique(numbers.view("<i8"), return_inverse=True)
    if len(different) <= min(len(at) // 4, 1 << 16):
        names = struct.pack("<I", len(different)) + _planes(different.view("<u8"), 8)
        return _pressed(Codec.REPEATED, len(at), _differences(at) + names + _differences(which.astype("<i8")))
    return _pressed(Codec.FREE, len(at), _differences(at) + _planes(numbers.view("<u8"), 8))


def unpack(blob: bytes, where: str) -> tuple[Moments, Values]:
    """What was packed, in its order; UnreadablePoints names `where` it came from."""
    try:
        codec, count = _NUMBERED.unpack_from(blob)
    except struct.error as exc:
        raise UnreadablePoints(f"{where}: {len(blob)} bytes are no points of a series; they were cut off.") from exc
    read = _READERS.get(codec)
    if read is None:
        raise UnreadablePoints(
            f"{where}: its points are written in a way this Natoma does not know (codec {codec}, it knows "
            f"{min(_READERS)} to {max(_READERS)}). A newer Natoma wrote them, or they are damaged."
        )
    try:
        at, values = read(blob, count)
    except (struct.error, zlib.error, ValueError, IndexError) as exc:
        raise UnreadablePoints(f"{where}: its points are damaged ({exc}).") from exc
    if len(at) != count or len(values) != count:
        raise UnreadablePoints(f"{where}: its points are damaged ({len(values)} values where it says {count}).")
    return at, values


def kind_in(blob: bytes) -> Kind:
    """The kind of values in a blob that `unpack` can read."""
    if blob[0] == Codec.TEXTS:
        return Kind.TEXT
    return Kind.SWITCH if blob[0] == Codec.SWITCHES else Kind.NUMBER


# --- the ways of writing them -----------------------------------------------------------------------------------------


def _read_plain(blob: bytes, count: int) -> tuple[Moments, Values]:
    start = _NUMBERED.size + 4
    (told,) = struct.unpack_from("<I", blob, _NUMBERED.size)
    if len(blob) != start + 16 * count or zlib.crc32(memoryview(blob)[start:]) != told:
        raise ValueError("the sum over its bytes differs")
    return (
        np.frombuffer(blob, "<i8", count, start),
        np.frombuffer(blob, "<f8", count, start + 8 * count),
    )


def _read_decimals(blob: bytes, count: int) -> tuple[Moments, Values]:
    body = _opened(blob)
    at, offset = _summed(body, _INNER, count)
    scaled, _ = _summed(body, offset + 1, count)
    return at, scaled / _POWERS[body[offset]]


def _read_free(blob: bytes, count: int) -> tuple[Moments, Values]:
    body = _opened(blob)
    at, offset = _summed(body, _INNER, count)
    return at, _joined(body, offset, count, 8).view("<f8")


def _read_repeated(blob: bytes, count: int) -> tuple[Moments, Values]:
    body = _opened(blob)
    at, offset = _summed(body, _INNER, count)
    (names,) = struct.unpack_from("<I", body, offset)
    different = _joined(body, offset + 4, names, 8).view("<f8")
    which, _ = _summed(body, offset + 4 + 8 * names, count)
    return at, different[which]


def _read_texts(blob: bytes, count: int) -> tuple[Moments, Values]:
    body = _opened(blob)
    at, offset = _summed(body, _INNER, count)
    return at, list(json.loads(body[offset:]))


def _read_switches(blob: bytes, count: int) -> tuple[Moments, Values]:
    body = _opened(blob)
    at, offset = _summed(body, _INNER, count)
    bits = np.unpackbits(np.frombuffer(body, np.uint8, offset=offset), count=count)
    return at, bits.astype("<f8")


_READERS: dict[int, Callable[[bytes, int], tuple[Moments, Values]]] = {
    Codec.DECIMALS: _read_decimals,
    Codec.FREE: _read_free,
    Codec.TEXTS: _read_texts,
    Codec.SWITCHES: _read_switches,
    Codec.REPEATED: _read_repeated,
    Codec.PLAIN: _read_plain,
}

_INNER = _NUMBERED.size


def _pressed(codec: Codec, count: int, body: bytes) -> bytes:
    # Said once more inside, where zlib's sum covers it.
    head = _NUMBERED.pack(codec, count)
    return head + zlib.compress(head + body, _LEVEL)


def _opened(blob: bytes) -> bytes:
    body = zlib.decompress(memoryview(blob)[_INNER:])
    if body[:_INNER] != blob[:_INNER]:
        raise ValueError("its head differs from what was packed")
    return body


# --- columns: integers by their differences, the bytes of one weight beside each other ------------------------------


def _differences(column: "NDArray[np.int64]") -> bytes:
    """The first, the smallest difference, and how much each difference is more: few bytes where a clock ticks."""
    if len(column) == 0:
        return b""
    # Modulo 2 to the 64: lossless for every moment and every value, however far apart.
    steps = np.diff(column.view("<u8")).view("<i8")
    if len(steps) == 0:
        return _COLUMN.pack(0, int(column[0]), 0)
    least = steps.min()
    above = steps.view("<u8") - least.view("<u8")
    most = int(above.max())
    width = 0 if most == 0 else next(width for width in _WIDTHS if most < 1 << 8 * width)
    return _COLUMN.pack(width, int(column[0]), int(least)) + _planes(above, width)


def _summed(body: bytes, offset: int, count: int) -> tuple["NDArray[np.int64]", int]:
    """A column again, and where it ended."""
    if count == 0:
        return np.empty(0, "<i8"), offset
    width, first, least = _COLUMN.unpack_from(body, offset)
    offset += _COLUMN.size
    column = np.empty(count, "<u8")
    column[1:] = _joined(body, offset, count - 1, width)
    column[1:] += np.int64(least).view("<u8")
    column[0] = np.int64(first).view("<u8")
    return column.cumsum(dtype="<u8").view("<i8"), offset + width * (count - 1)


def _planes(column: "NDArray[np.uint64]", width: int) -> bytes:
    """All lowest bytes, then all second ones and so on: zlib finds in a plane what it does not across."""
    if width == 0:
        return b""
    return column.astype(f"<u{width}").view(np.uint8).reshape(-1, width).T.tobytes()


def _joined(body: bytes, offset: int, count: int, width: int) -> "NDArray[np.uint64]":
    if width == 0 or count == 0:
        return np.zeros(count, "<u8")
    planes = np.frombuffer(body, np.uint8, width * count, offset)
    if width == 1:
        return planes.astype("<u8")
    return np.ascontiguousarray(planes.reshape(width, count).T).view(f"<u{width}").ravel().astype("<u8")


# --- what values are -------------------------------------------------------------------------------------------------


def _plain_arrays(at_ms: Moments, values: Values) -> tuple[Moments, Numbers]:
    return np.ascontiguousarray(at_ms, dtype="<i8"), np.ascontiguousarray(values, dtype="<f8")


def _are_switches(values: Numbers) -> bool:
    bits = values.view("<i8")
    return bool(np.all((bits == 0) | (bits == _ONE)))


def _as_decimals(values: Numbers) -> tuple[int, "NDArray[np.int64]"] | None:
    """How many places, and the values as integers of them; None unless the way back gives the same 64 bits."""
    if len(values) == 0:
        return 0, np.empty(0, "<i8")
    most = float(np.abs(values).max())
    bits = values.view("<i8")
    for places, power in enumerate(_POWERS):
        if not most * power < _EXACT:  # NaN ends here as well
            return None
        scaled = np.rint(values * power)
        if np.array_equal((scaled / power).view("<i8"), bits) and not _has_minus_zero(values):
            return places, scaled.astype("<i8")
    return None


def _has_minus_zero(values: Numbers) -> bool:
    return bool(np.any(np.signbit(values) & (values == 0.0)))
