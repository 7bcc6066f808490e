"""What a broker's own counter of dropped messages says about us."""


def dropped_since(before: int | None, now: int, *, is_old: bool) -> int:
    """How many were dropped since the last time we looked.

    The counter begins at zero with each start of the broker, so one that is lower than before has begun anew. Where we
    never looked, a value `is_old` that the broker had kept for whoever comes: what was dropped before us was not ours.
    """
    if before is None:
        return 0 if is_old else now
    return now - before if now >= before else now
