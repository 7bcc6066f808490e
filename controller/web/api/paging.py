"""One page after the other: a cursor names the last thing that was shown, so nothing is told twice when more comes."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from controller.web.api.models import Paged
from controller.web.api.problems import invalid

T = TypeVar("T")


def page_of(things: Sequence[T], key: Callable[[T], tuple[int | str, ...]], asked: Paged) -> tuple[list[T], str | None]:
    """What comes next in the order of `key`, and the cursor after it; None at the end."""
    ordered = sorted(things, key=key)
    if asked.cursor is not None:
        after = _read(asked.cursor, key(ordered[0]) if ordered else None)
        ordered = [one for one in ordered if key(one) > after]
    shown = ordered[: asked.limit]
    return shown, _written(key(shown[-1])) if len(ordered) > len(shown) else None


def _written(key: tuple[int | str, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def _read(cursor: str, like: tuple[int | str, ...] | None) -> tuple[int | str, ...]:
    """A cursor of another list, or of somebody's own making, is refused."""
    try:
        read = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        read = None
    if not isinstance(read, list) or not all(type(part) in (int, str) for part in read):
        raise invalid("cursor", "is none of ours: give the `next` of the page before, unchanged")
    if like is not None and [type(part) for part in read] != [type(part) for part in like]:
        raise invalid("cursor", "is of another list: give the `next` of the page before, unchanged")
    return tuple(read)
