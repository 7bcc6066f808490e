"""The people of a building: who they are, what they hold, and how they spend a day.

How they get through its doors is the world's affair.
"""

from simulator.people.file import find_person, read_people, write_people
from simulator.people.making import SHARES, make_people, style_of
from simulator.people.outsiders import make_outsiders
from simulator.people.person import COLUMNS, Outsider, SimPerson

__all__ = [
    "COLUMNS",
    "SHARES",
    "Outsider",
    "SimPerson",
    "find_person",
    "make_outsiders",
    "make_people",
    "read_people",
    "style_of",
    "write_people",
]
