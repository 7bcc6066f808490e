"""Where everybody is and what they do there: the bodies of the people, and how many are in each area."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.building import OUTSIDE, Door
from simulator.people import SimPerson
from simulator.people.habits import Stop
from simulator.routes import Passage


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody as an onlooker sees them: where, doing what, and how far back in the queue of which door."""

    number: int
    area: str
    doing: str
    at_door: Door | None = None
    place: int = 0


@dataclass(slots=True)
class Body:
    """One person's whereabouts; `Crowd.puts` moves it. The numbers tell a plan still meant from one overtaken."""

    person: SimPerson
    area: str = OUTSIDE
    doing: str = "away"
    goal: Stop | None = None
    ahead: deque[Passage] = field(default_factory=deque)
    walk: int = 0
    question: int = 0  # at a reader, not answered yet
    push: int = 0  # the door is being opened
    wait: int = 0  # for somebody to go in behind
    at_door: Door | None = None
    tries: int = 0
    has_badge: bool = True  # today
    turned_away: bool = False  # at the street: gone home for today


class Crowd:
    """Counts are kept as people move: sensors ask far more often than somebody moves."""

    def __init__(self, people: Sequence[SimPerson]) -> None:
        self.bodies = {person.id: Body(person) for person in people}
        self._inside: dict[str, Counter[str]] = {}
        self._heads: Counter[str] = Counter()

    def puts(self, body: Body, *, area: str | None = None, doing: str | None = None) -> None:
        """Move somebody, or let them do something else."""
        if body.area != OUTSIDE:
            self._inside[body.area][body.doing] -= 1
            self._heads[body.area] -= 1
        body.area = area if area is not None else body.area
        body.doing = doing if doing is not None else body.doing
        if body.area != OUTSIDE:
            self._inside.setdefault(body.area, Counter())[body.doing] += 1
            self._heads[body.area] += 1

    @property
    def heads(self) -> Mapping[str, int]:
        """How many are in each area; outside is not counted, and some are 0."""
        return self._heads

    def deeds(self, area: str) -> Mapping[str, int]:
        """How many do what there; some are 0."""
        return self._inside.get(area, {})

    def everyone(self, queues: Mapping[str, Iterable[Body]]) -> Iterator[Seen]:
        """Where each person is, in the order they were given; those at home are not seen."""
        for number, body in enumerate(self.bodies.values()):
            if body.area != OUTSIDE or body.at_door is not None:
                queue = queues.get(body.at_door.id, ()) if body.at_door is not None else ()
                yield Seen(number, body.area, body.doing, body.at_door, _place(queue, body))


def _place(queue: Iterable[Body], body: Body) -> int:
    return next((place for place, other in enumerate(queue) if other is body), 0)
