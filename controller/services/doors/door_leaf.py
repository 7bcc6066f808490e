"""What a door's contact says, on its way into the state machine and into the log.

Both leave out what flaps, by `domain.flaps`: the machine hears where the leaf has come to rest, the log keeps one
movement with a count. When it has rested is asked by `due`; waiting for that is the worker's.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from controller.domain.facts import Fact, Plain
from controller.domain.flaps import Leaf, Movement, felt, joined, settled
from controller.services.ports import Clock, Note


@dataclass(slots=True)
class _Moving:
    """A movement that something may still be folded into; its messages are acknowledged when it is in the log."""

    movement: Movement
    fact: Fact
    acknowledges: list[Callable[[], None]]


class DoorLeaf:
    """One door's leaf; `window` in seconds: what moves faster flaps."""

    def __init__(self, window: float, note: Note, clock: Clock) -> None:
        self.window = window
        self._note = note
        self._clock = clock
        self._leaf = Leaf()
        self._moving: _Moving | None = None
        self.due: float | None = None  # monotonic: when it has come to rest, unless it moves again

    @property
    def counts(self) -> str | None:
        """open or closed, for the state machine; None before the first word of it."""
        return self._leaf.counts

    @property
    def felt(self) -> str | None:
        """What the contact said last."""
        return self._leaf.felt

    def feel(self, contact: str) -> bool:
        """Take the contact's level; whether it counts now."""
        self._leaf = felt(self._leaf, contact, self._clock.monotonic(), self.window)
        if not self._leaf.is_settled:
            self._rest_later()
        return self._leaf.is_settled

    def moved(self, fact: Fact, contact: str, at: float, acknowledge: Callable[[], None]) -> None:
        """An edge, `at` by its sender's clock; it is noted when the leaf has come to rest."""
        moving = self._moving
        more = joined(moving.movement, contact, at, self.window) if moving is not None else None
        if moving is not None and more is not None:
            moving.movement = more
            moving.acknowledges.append(acknowledge)
        else:
            self._note_movement()
            self._moving = _Moving(Movement(contact, contact, at, at), fact, [acknowledge])
        self._rest_later()

    def rest(self) -> bool:
        """Nothing has moved for long enough; whether another level counts now."""
        self.due = None
        self._note_movement()
        if self._leaf.is_settled:
            return False
        self._leaf = settled(self._leaf)
        return True

    def _rest_later(self) -> None:
        self.due = self._clock.monotonic() + self.window

    def _note_movement(self) -> None:
        moving, self._moving = self._moving, None
        if moving is None:
            return
        fact, movement = moving.fact, moving.movement
        if movement.count > 1:
            more: dict[str, Plain] = {"count": movement.count, "ended": movement.last}
            fact = replace(fact, detail={**fact.detail, **more})

        def acknowledge() -> None:
            for one in moving.acknowledges:
                one()

        self._note(fact, acknowledge)
