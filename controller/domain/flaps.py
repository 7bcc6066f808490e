"""A contact that flaps: movements faster than a leaf can move are one, with a count.

A worn contact or a door in the wind says open, closed, open within a blink. The first movement counts at once, so that
nobody's entry waits; the following ones within the window are folded into it, and where the leaf has come to rest is
told when the window has passed quietly. Who waits for that is the caller.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a contact says, and which of it counts; levels are its own words, None before the first."""

    counts: str | None = None
    felt: str | None = None
    moved: float = float("-inf")  # seconds on the loop's clock

    @property
    def is_settled(self) -> bool:
        return self.felt == self.counts


def felt(leaf: Leaf, level: str, at: float, window: float) -> Leaf:
    """The contact says `level`; that it says the same again is no movement."""
    if level == leaf.felt:
        return leaf
    if at - leaf.moved < window:
        return replace(leaf, felt=level, moved=at)
    return Leaf(level, level, at)


def settled(leaf: Leaf) -> Leaf:
    """The window has passed quietly: what was felt last counts."""
    return replace(leaf, counts=leaf.felt)


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of a leaf as the log keeps it: its first edge, and how many were folded into it."""

    first: str
    last: str
    began: float  # seconds on the sender's clock
    ended: float
    count: int = 1


def joined(movement: Movement, edge: str, at: float, window: float) -> Movement | None:
    """The movement with one more edge in it, or None where that edge begins another."""
    # Edges may arrive in any order; it is how close they were that counts.
    if not -window < at - movement.ended < window:
        return None
    return replace(movement, last=edge, ended=max(at, movement.ended), count=movement.count + 1)
