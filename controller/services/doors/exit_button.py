"""A door's exit button: pressed, let go, or pressed for so long that it is stuck and tells of nobody leaving."""

from controller.services.ports import Clock


class ExitButton:
    """One button; whoever presses it for longer than `limit` seconds is no hand."""

    def __init__(self, limit: float, clock: Clock) -> None:
        self.limit = limit
        self._clock = clock
        self._since: float | None = None

    @property
    def is_stuck(self) -> bool:
        return self._since is not None and self._clock.monotonic() - self._since > self.limit

    @property
    def is_held(self) -> bool:
        """A hand is on it."""
        return self._since is not None and not self.is_stuck

    def press(self) -> bool:
        """Whether that is news."""
        if self._since is not None:
            return False
        self._since = self._clock.monotonic()
        return True

    def let_go(self) -> None:
        self._since = None
