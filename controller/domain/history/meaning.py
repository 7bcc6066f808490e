"""Whether a channel means something else than it did, so that somebody should hear of it."""

from controller.domain.history.values import Series


def is_change(was: Series, now: Series) -> bool:
    """Whether another series of a channel is news. To be named and placed for the first time is none."""
    if was.kind is not now.kind:
        return True
    if not was.device_class and not was.unit:
        return was.room is not None and was.room != now.room
    return (was.device_class, was.unit, was.room) != (now.device_class, now.unit, now.room)
