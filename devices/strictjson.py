"""JSON as the contract allows it, and nothing wider.

UTF-8 without BOM, nesting 16, no NaN or Infinity, no duplicate keys, no integer beyond 64 bits. Who calls this says
how large a body may be, and what the members mean.
"""

import json
import re
from typing import Any, NoReturn

NESTING_LIMIT = 16
_BOM = b"\xef\xbb\xbf"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NOT_A_BRACKET = re.compile(rb"[^\[\]{}]+")
# Enough to tell 64-bit integers from longer ones without letting int() work on thousands of digits.
_MOST_DIGITS = len(str(2**64))


class StrictJsonError(Exception):
    """Not JSON of the contract. `why` never repeats a value; `key` is the duplicated member's name, if that was it."""

    def __init__(self, why: str, hint: str, key: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint
        self.key = key


def parse(payload: bytes) -> Any:
    """Read one JSON document with every rule checked; raises `StrictJsonError`."""
    if payload.startswith(_BOM):
        raise StrictJsonError("begins with a byte order mark", "send UTF-8 without BOM")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise StrictJsonError(f"is not UTF-8 at byte {exc.start}", "send UTF-8 without BOM") from None
    if _too_deep(payload):
        raise StrictJsonError(f"is nested deeper than {NESTING_LIMIT}", "send a flatter document")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as exc:
        raise StrictJsonError(f"is not JSON: {exc.msg} at byte {exc.pos}", "send one JSON object") from None


def _too_deep(payload: bytes) -> bool:
    # Depth cannot exceed the number of opening brackets; nearly every message is answered by these two counts.
    if payload.count(b"{") + payload.count(b"[") <= NESTING_LIMIT:
        return False
    depth = deepest = 0
    for bracket in _NOT_A_BRACKET.sub(b"", _STRING.sub(b"", payload)):
        depth += 1 if bracket in b"{[" else -1
        deepest = max(deepest, depth)
    return deepest > NESTING_LIMIT


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise StrictJsonError("has the same member twice", "say each member once", key)
        seen.add(key)
    raise AssertionError("a shorter dict without a repeated key")


def _integer(digits: str) -> int:
    if len(digits) <= _MOST_DIGITS:
        value = int(digits)
        if -(2**63) <= value < 2**63:
            return value
    raise StrictJsonError("has an integer beyond 64 bits", "send it as text, or as a number with a decimal point")


def _real(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise StrictJsonError("has a number too large for a double", "send null for no reading")
    return value


def _constant(name: str) -> NoReturn:
    raise StrictJsonError(f"has {name}, which is not JSON", "send null for no reading")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant, strict=True
)
