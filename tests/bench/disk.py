"""What the disk takes by itself: a 4 KiB overwrite and its fdatasync, at the pace of the taps."""

import os
import statistics
import time
from pathlib import Path

BLOCK = 4096
BLOCKS = 512


def fdatasync_us(folder: Path, every_s: float, count: int = 400) -> float:
    """The median, in microseconds. A disk that was left alone for a moment takes longer than one kept busy."""
    path = folder / "disk"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(handle, bytes(BLOCK * BLOCKS), 0)
        os.fsync(handle)
        times = []
        for number in range(count):
            time.sleep(every_s)
            began = time.perf_counter()
            os.pwrite(handle, b"x" * BLOCK, number % BLOCKS * BLOCK)
            os.fdatasync(handle)
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1e6
    finally:
        os.close(handle)
