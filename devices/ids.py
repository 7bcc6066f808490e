"""Message ids: ULIDs, which sort by the time they were made.

The clock and the dice are the caller's.
"""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [high + low for high in _CROCKFORD for low in _CROCKFORD]
_SHIFTS = tuple(range(120, -1, -10))
_TIME_BITS = 48
_RANDOM_BYTES = 10


def new_id(now_ms: int, randomness: bytes) -> str:
    """The ULID of this moment (epoch milliseconds) and these ten random bytes."""
    if not 0 <= now_ms < 1 << _TIME_BITS:
        raise ValueError(f"{now_ms} ms is outside what a ULID can say; take epoch milliseconds")
    if len(randomness) != _RANDOM_BYTES:
        raise ValueError(f"a ULID takes {_RANDOM_BYTES} random bytes, not {len(randomness)}")
    value = now_ms << (8 * _RANDOM_BYTES) | int.from_bytes(randomness, "big")
    # Two characters at a time: an id is made for every unlock, and half the steps take half the time.
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])
