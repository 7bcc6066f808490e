"""How long to wait before the next try. Pure: the caller sleeps."""

from collections.abc import Callable


class Backoff:
    """Doubling from `min_s`, capped at `max_s`, each wait drawn from its upper half.

    The first wait is drawn from below `min_s`: a broker that only restarted is followed at once, and the draw spreads
    a building's devices, which all lost it at the same moment.
    """

    __slots__ = ("_draw", "_max_s", "_min_s", "_tries")

    def __init__(self, min_s: float, max_s: float, draw: Callable[[], float]) -> None:
        """`draw` gives a number in [0, 1), like `random.random`."""
        self._min_s = min_s
        self._max_s = max_s
        self._draw = draw
        self._tries = 0

    def next_s(self) -> float:
        tries, self._tries = self._tries, self._tries + 1
        if tries == 0:
            return self._min_s * (0.1 + 0.9 * self._draw())
        # Capped before it is raised: 2.0**1024 is an OverflowError, and a broker can be away that long.
        ceiling = min(self._max_s, self._min_s * 2.0 ** min(tries - 1, 32))
        return ceiling * (0.5 + 0.5 * self._draw())

    def slow_s(self) -> float:
        """The wait after a refusal that only a person can lift."""
        return self._max_s * (0.75 + 0.25 * self._draw())

    def reset(self) -> None:
        self._tries = 0
