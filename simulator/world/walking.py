"""How somebody gets from where they are to where they want to be: setting out, walking, arriving.

What happens at the doors on the way is in `doorways`.
"""

from collections import deque
from collections.abc import Callable, Iterator

from simulator.acts import Act, PressButton
from simulator.people.habits import Stop
from simulator.routes import Routes
from simulator.world.agenda import Agenda, Happening
from simulator.world.crowd import Body, Crowd
from simulator.world.doorways import Doorways

_WALK_S = (6.0, 22.0)
_GETS_UP_S = (1.0, 4.0)


class Walkers:
    """`doorways` is asked for only when somebody walks: the two know each other."""

    def __init__(self, agenda: Agenda, crowd: Crowd, routes: Routes, doorways: Callable[[], Doorways]) -> None:
        self._agenda = agenda
        self._crowd = crowd
        self._routes = routes
        self._doorways = doorways

    def setting_out(self, body: Body, stop: Stop) -> Happening:
        return lambda: self.sets_out(body, stop)

    def sets_out(self, body: Body, stop: Stop) -> Iterator[Act]:
        """From now on this person wants to be there; who was turned away today does not."""
        if body.turned_away:
            return
        body.goal = stop
        if body.at_door is None and self._finds_way(body):
            self._walks(body, _GETS_UP_S)
        yield from ()

    def passed(self, body: Body) -> Iterator[Act]:
        """Through a door, and on."""
        if body.goal is not None and self._finds_way(body):
            self._walks(body, _WALK_S)
        yield from self._begins(body)

    def stayed(self, body: Body) -> Iterator[Act]:
        """A door did not let her through: this stop is off."""
        body.ahead.clear()
        body.goal = None
        self._crowd.puts(body, doing="away" if body.turned_away else "desk")
        yield from ()

    def _finds_way(self, body: Body) -> bool:
        """Plan the doors to the goal; False when there is nowhere to go."""
        assert body.goal is not None
        way = self._routes.find(body.area, body.goal.area, is_staff=body.person.kind == "staff")
        body.ahead = deque(way or ())
        if way:
            self._crowd.puts(body, doing="walking")
            return True
        if body.area == body.goal.area:
            self._crowd.puts(body, doing=body.goal.doing)
        body.goal = None
        return False

    def _walks(self, body: Body, hands: tuple[float, float]) -> None:
        body.walk = walk = self._agenda.number()
        self._agenda.after(hands, lambda: self._moves_on(body, walk))

    def _moves_on(self, body: Body, walk: int) -> Iterator[Act]:
        if body.walk != walk:
            return
        while body.ahead and body.ahead[0].door is None:
            self._crowd.puts(body, area=body.ahead.popleft().into)
        if body.ahead:
            yield from self._doorways().comes_to(body, body.ahead[0])
        elif body.goal is not None:
            self._crowd.puts(body, doing=body.goal.doing)
            body.goal = None
            yield from self._begins(body)

    def _begins(self, body: Body) -> Iterator[Act]:
        # The first at the microphones asks for on air; a second press would end it.
        if body.doing == "podcast" and self._crowd.deeds(body.area)["podcast"] == 1:
            yield PressButton(body.area)
