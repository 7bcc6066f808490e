"""Memory that was needed for a moment, given back to the machine."""

import ctypes


def give_back() -> None:
    """What loading ten thousand people took and freed again; glibc would keep it. Elsewhere this does nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
