"""Of several things that do not open a door now, which one the person is told of: the one that came closest.

Which of several that do open it is taken is in `sources`.
"""

from collections.abc import Iterable

from controller.domain.grants import Grant
from controller.domain.rights import DenyReason

NEAREST_FIRST: tuple[DenyReason, ...] = (
    DenyReason.OUTSIDE_HOURS,
    DenyReason.BOOKING_TOO_EARLY,
    DenyReason.BOOKING_OVER,
    DenyReason.EVENT_NOT_STARTED,
    DenyReason.EVENT_OVER,
    DenyReason.EVENT_FULL,
    DenyReason.TICKET_USED,
    DenyReason.PASS_NOT_YET_VALID,
    DenyReason.PASS_OVER,
    DenyReason.QUOTA_USED_UP,
    DenyReason.NO_RIGHT,
)


def nearest_of(misses: Iterable[DenyReason]) -> DenyReason | None:
    """None where nothing came close at all."""
    return min(misses, key=NEAREST_FIRST.index, default=None)


def first_or_nearest(answers: Iterable[Grant | DenyReason | None]) -> Grant | DenyReason | None:
    """The first grant among several things of one kind, or else the nearest miss; None is no answer."""
    misses: list[DenyReason] = []
    for answer in answers:
        if isinstance(answer, Grant):
            return answer
        if answer is not None:
            misses.append(answer)
    return nearest_of(misses)
