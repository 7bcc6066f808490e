"""A message without what somebody could open a door with: what captures hold unless they are to be secrets.

Badges and tokens keep their last two characters, so that one can be told from another; a PIN keeps nothing. What of a
read cannot be understood is masked whole, for nobody knows what is in it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from simulator.capture.line import Line

# What of a read of ours somebody could copy, and what other makers call it.
_SHOWN = frozenset({"card", "pin", "token", "h"})
_FOREIGN = frozenset({"uid", "tag", "card", "badge", "token", "pin", "pincode", "pin_code", "action_code"})
_PINS = frozenset({"pin", "pincode", "pin_code", "action_code"})
_OURS = re.compile(r"/1/(?:[a-z0-9-]{1,40}/(?:up|down)|live)/")
# The last level of a topic where a body, or what is left of one, is a badge: esp-rfid's and its commands, the tag
# scanners of Home Assistant, Homie's.
_READERS = frozenset({"send", "cmd", "tag", "tag_scanned", "badge"})
_NAMED = re.compile(rb"\b(?:" + "|".join(sorted(_FOREIGN)).encode() + rb")\b", re.IGNORECASE)
_BADGE = re.compile(r"[0-9A-Za-z:.-]{1,64}")
_WHOLE = "****"
_COMPACT = (",", ":")


def masked(line: Line) -> Line:
    """The same message with its badges, PINs and tokens hidden; one that has none stays as it is, byte for byte."""
    if not line.payload:
        return line  # nothing, which clears what was retained
    if line.topic.endswith("/up/event"):
        payload = _event(line.payload)
    elif _OURS.search(line.topic) is None:
        payload = _foreign(line.topic.rpartition("/")[2], line.payload)
    else:
        return line
    return line if payload == line.payload else replace(line, payload=payload)


def hide(secret: str) -> str:
    """All but the last two characters; of a short one nothing."""
    return "*" * (len(secret) - 2) + secret[-2:] if len(secret) > 5 else _WHOLE


def _event(payload: bytes) -> bytes:
    found = _Hidden(_SHOWN, whole=frozenset({"data"}))
    body = found.read(payload)
    if not isinstance(body, dict):
        return _WHOLE.encode()
    return found.written(body) if found.any else payload


def _foreign(last_level: str, payload: bytes) -> bytes:
    found = _Hidden(_FOREIGN)
    body = found.read(payload)
    if isinstance(body, dict | list):
        return found.written(body) if found.any else payload
    if last_level in _READERS:
        # A number is a badge here too: ESPHome says Wiegand's as one. Of more than a badge the end may be a PIN.
        text = payload.decode(errors="replace").strip()
        return (hide(text) if _BADGE.fullmatch(text) else _WHOLE).encode()
    return _WHOLE.encode() if body is None and _NAMED.search(payload) else payload


class _Hidden:
    """Reads JSON and hides as it reads, so that a key written twice hides both. `any`: was there something?"""

    def __init__(self, names: frozenset[str], *, whole: frozenset[str] = frozenset()) -> None:
        self._names = names
        self._whole = whole  # names whose value is an object, or nobody knows what it is
        self.any = False

    def read(self, payload: bytes) -> object:
        """The body; None where it is none."""
        try:
            body: object = json.loads(payload, object_pairs_hook=self._object)
        except (ValueError, RecursionError):
            return None
        return body

    def written(self, body: object) -> bytes:
        try:
            return json.dumps(body, ensure_ascii=False, separators=_COMPACT).encode()
        except UnicodeEncodeError:  # half a pair of surrogates, which JSON can name and UTF-8 cannot
            return json.dumps(body, separators=_COMPACT).encode()
        except RecursionError:  # deeper than it can be written, though it was read
            return _WHOLE.encode()

    def _object(self, pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
        return {name: self._value(name.casefold(), value) for name, value in pairs}

    def _value(self, name: str, value: object) -> object:
        if value is None or isinstance(value, bool):
            return value
        if name in self._names:
            self.any = True
            is_short = isinstance(value, str | int) and name not in _PINS
            return hide(str(value)) if is_short else _WHOLE
        if name in self._whole and not isinstance(value, dict):
            self.any = True
            return _WHOLE
        return value
