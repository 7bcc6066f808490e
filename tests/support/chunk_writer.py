"""A program that merges parts into months and tells on its standard output which are durable, until it is killed."""

import os
import sys
from pathlib import Path

import numpy as np

from controller.adapters.telemetry.chunks import ChunkFiles
from controller.adapters.telemetry.codec import pack
from controller.adapters.telemetry.rollups import WINDOW_MS
from controller.domain.history.values import Kind, SeriesId

SERIES = SeriesId(1)
PER_PART = 20
PER_WINDOW = 6  # parts
# The last windows of a November: months and their files begin while it is killed.
FIRST_WINDOW = 83_148


def window_of(number: int) -> int:
    return FIRST_WINDOW + number // PER_WINDOW


def part(number: int) -> bytes:
    """Its points say which they are; each part has some in each hour of its window."""
    of_part = np.arange(PER_PART)
    at = window_of(number) * WINDOW_MS + of_part * (WINDOW_MS // PER_PART) + number % PER_WINDOW
    return pack(at, (number * PER_PART + of_part).astype(np.float64), Kind.NUMBER)


def merge(folder: Path, first: int) -> None:
    files = ChunkFiles(folder)
    number = first
    while True:
        files.merge({(SERIES, window_of(number)): [(number, part(number))]})
        os.write(1, f"{number}\n".encode())
        number += 1


if __name__ == "__main__":
    merge(Path(sys.argv[1]), int(sys.argv[2]))
