"""What hands do in the world, for the devices to feel: tap, press, push.

Why somebody does it is the world's affair; what a device makes of it is the machine's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from simulator.building import Door
from simulator.people import SimPerson


@dataclass(frozen=True, slots=True)
class Tap:
    person: SimPerson
    door: Door
    device: str
    direction: str  # in, out


@dataclass(frozen=True, slots=True)
class PressExit:
    door: Door


@dataclass(frozen=True, slots=True)
class MoveLeaf:
    """Somebody pushes the door open, or it falls shut. `person` learns through `answered` if it is locked."""

    door: Door
    is_open: bool
    person: SimPerson | None = None
    inward: bool = False  # needs the bolt drawn; from inside the handle always opens


@dataclass(frozen=True, slots=True)
class PressButton:
    area: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Somebody without a badge rings and waits. No device hears it: bells here are no part of the house."""

    person: SimPerson
    door: Door


@dataclass(frozen=True, slots=True)
class Follow:
    """In behind somebody else, or through a door that is propped: the leaf is open already, and nothing is felt."""

    person: SimPerson
    door: Door


Act: TypeAlias = Tap | PressExit | MoveLeaf | PressButton | Ring | Follow


Judge: TypeAlias = Callable[[Tap], bool]
"""Answers a tap on the spot: for a day lived without a broker."""
