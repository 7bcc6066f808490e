"""The vocabulary of readings: classes, units, conversions, the words doors speak, and what is no reading at all.

Names of classes are Home Assistant's device classes. Whether a value is plausible here and now (fresh, in order, not
jumping) is the receiver's question; this only knows what a number means.
"""

import math

_NO_READING = frozenset({"", "nan", "none", "null", "unavailable", "unknown"})


def is_no_reading(value: object) -> bool:
    """Is this one of the ways devices say "I have no value"? Neither an error nor a zero; keep the old value's age."""
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip().lower() in _NO_READING
    return isinstance(value, float) and math.isnan(value)
