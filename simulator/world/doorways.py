"""What happens at doors: queues, badges, patience, and who goes in behind somebody else.

One person at a time stands before a door; they tap, push and pass, and the leaf falls shut behind them. Whoever has no
badge rings and waits for somebody to go in behind, as a tailgater does without ringing; through a propped door
everybody walks. Where to go is the walkers' affair: `passed` and `stayed` tell them what came of it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain

from simulator.acts import Act, Follow, MoveLeaf, PressExit, Ring, Tap
from simulator.building import OUTSIDE, Door
from simulator.people import Outsider
from simulator.people.characters import Characters
from simulator.routes import Passage
from simulator.world.agenda import Agenda
from simulator.world.crowd import Body, Crowd

# Seconds of real hands and feet.
_REACH_S = (0.5, 1.1)  # from the green light to pushing the door
_PASS_S = 1.3
_CLOSER_S = (1.2, 2.6)  # the door closer
_BOLT_S = 0.8  # the bolt needs its moment before the next badge
_PATIENCE_S = 3.0  # at a reader that does not answer
_RINGS_FOR_S = (180.0, 480.0)
_LURKS_FOR_S = (15.0, 60.0)
_PROPPED_S = (38.0, 85.0)
_SMOKES_S = (75.0, 200.0)
_STROLLS_S = (0.8, 2.5)  # through a door that stands open
# Behind one person, as many slip in at most before the leaf is shut.
_BEHIND_ONE = 2
_PROPS = 0.002  # of all passages of those who are not known for it
_LURKS = 0.6  # of the tailgater's ways in
_CHANGES_MIND = 0.01  # of all grants: the door is not opened
_TRIES_AGAIN = 0.35  # of those refused
_TRIES = 3
_TAPS_OUT = 0.85  # where a reader counts people out; the others use the handle

Then = Callable[[Body], Iterator[Act]]


class Doorways:
    def __init__(self, agenda: Agenda, crowd: Crowd, characters: Characters, passed: Then, stayed: Then) -> None:
        self._agenda = agenda
        self._dice = agenda.dice
        self._crowd = crowd
        self._characters = characters
        self._passed = passed
        self._stayed = stayed
        self.queues: dict[str, deque[Body]] = {}
        self._lurkers: dict[str, list[Body]] = {}
        # Doors somebody has propped, and until when.
        self._propped: dict[str, float] = {}

    def answered(self, body: Body, granted: bool) -> None:
        """What the reader showed, or (not granted) that the door she pushed did not give."""
        if body.at_door is None:
            return
        if body.push:
            if not granted:
                body.push = 0
                self._agenda.soon(lambda: self._stands_before(body))
        elif body.question:
            body.question = 0
            if not granted:
                self._agenda.soon(lambda: self._refused(body))
            elif self._dice.random() < _CHANGES_MIND:
                # The bolt is on its way for her: whoever shows the next badge now is told that the lock is busy.
                self._agenda.after(_BOLT_S, lambda: self._gives_up(body))
            else:
                self._push_soon(body)

    def comes_to(self, body: Body, passage: Passage) -> Iterator[Act]:
        """Somebody arrives at the door of this passage."""
        door = passage.door
        assert door is not None
        body.at_door = door
        body.tries = 0
        if self._stands_open(door):
            self._strolls(body)
        elif passage.inward and not body.has_badge:
            yield Ring(body.person, door)
            self._lurks(body, door, _RINGS_FOR_S, self._gives_up)
        elif passage.inward and self._is_tailgating(body):
            self._lurks(body, door, _LURKS_FOR_S, self._queues_up)
        else:
            yield from self._queues_up(body)

    # --- one after the other ----------------------------------------------------------------------

    def _queues_up(self, body: Body) -> Iterator[Act]:
        if body.at_door is None:
            return
        queue = self.queues.setdefault(body.at_door.id, deque())
        queue.append(body)
        if len(queue) == 1:
            yield from self._stands_before(body)

    def _stands_before(self, body: Body) -> Iterator[Act]:
        """It is this person's turn at the door."""
        door = body.at_door
        if door is None:
            return
        body.tries += 1
        if body.tries > _TRIES:
            yield from self._gives_up(body)
        elif body.ahead[0].inward:
            yield from self._taps(body, door, door.badge_reader, "in")
        elif body.tries == 1 and door.reader_out is not None and self._shows_itself_out(body):
            yield from self._taps(body, door, door.reader_out, "out")
        else:
            yield PressExit(door)
            self._push_soon(body)

    def _shows_itself_out(self, body: Body) -> bool:
        # A ticket is for coming in.
        may = body.has_badge and not isinstance(body.person, Outsider)
        return may and self._dice.random() < _TAPS_OUT

    def _taps(self, body: Body, door: Door, device: str, direction: str) -> Iterator[Act]:
        body.question = question = self._agenda.number()
        self._agenda.after(_PATIENCE_S, lambda: self._loses_patience(body, question))
        yield Tap(body.person, door, device, direction)

    def _loses_patience(self, body: Body, question: int) -> Iterator[Act]:
        if body.question == question:
            body.question = 0
            yield from self._refused(body)

    def _refused(self, body: Body) -> Iterator[Act]:
        if body.ahead and not body.ahead[0].inward:
            # There is always the handle.
            yield from self._stands_before(body)
        elif body.tries < 2 and self._dice.random() < _TRIES_AGAIN:
            self._agenda.after((3.0, 6.0), lambda: self._stands_before(body))
        else:
            yield from self._gives_up(body)

    def _gives_up(self, body: Body) -> Iterator[Act]:
        """Stay on this side; at the street that means going home, inside only that this stop is off."""
        door = body.at_door
        body.at_door = None
        body.turned_away = body.area == OUTSIDE
        yield from self._stayed(body)
        if door is not None:
            yield from self._next_please(door, body)

    # --- through ----------------------------------------------------------------------------------

    def _push_soon(self, body: Body) -> None:
        body.push = push = self._agenda.number()
        self._agenda.after(_REACH_S, lambda: self._pushes(body, push))

    def _pushes(self, body: Body, push: int) -> Iterator[Act]:
        door = body.at_door
        if body.push != push or door is None:
            return
        self._agenda.after(_PASS_S, lambda: self._is_through(body, push))
        yield MoveLeaf(door, True, body.person, inward=body.ahead[0].inward)

    def _is_through(self, body: Body, push: int) -> Iterator[Act]:
        door = body.at_door
        if body.push != push or door is None:
            return
        body.push = 0
        was_inward = body.ahead[0].inward
        open_for = self._holds_it(body, door)
        yield from self._enters(body)
        behind = self._lurkers.get(door.id, [])[:_BEHIND_ONE] if was_inward else []
        for other in behind:
            yield from self._follows(other)
        open_for += _PASS_S * len(behind)
        self._agenda.after(open_for, lambda: self._falls_shut(door, body))

    def _holds_it(self, body: Body, door: Door) -> float:
        """For how long the leaf stays open behind this person."""
        smokes = body.goal is not None and body.goal.doing == "smoke" and OUTSIDE in (door.outer, door.inner)
        if not smokes and self._dice.random() >= _PROPS:
            return self._dice.uniform(*_CLOSER_S)
        open_for = self._dice.uniform(*(_SMOKES_S if smokes else _PROPPED_S))
        self._propped[door.id] = self._agenda.now + open_for * self._agenda.pace
        # Whoever stood there does not wait for it to shut.
        queue = self.queues[door.id]
        waiting = [one for one in chain(queue, self._lurkers.get(door.id, ())) if one is not body]
        self.queues[door.id] = deque([body])
        for one in waiting:
            self._strolls(one)
        return open_for

    def _enters(self, body: Body) -> Iterator[Act]:
        body.at_door = None
        self._crowd.puts(body, area=body.ahead.popleft().into, doing="walking")
        yield from self._passed(body)

    def _falls_shut(self, door: Door, body: Body) -> Iterator[Act]:
        self._propped.pop(door.id, None)
        self._agenda.after(_BOLT_S, lambda: self._next_please(door, body))
        yield MoveLeaf(door, False)

    def _next_please(self, door: Door, body: Body) -> Iterator[Act]:
        queue = self.queues.get(door.id)
        if not queue or queue[0] is not body:
            return
        queue.popleft()
        if queue:
            yield from self._stands_before(queue[0])

    # --- without a badge of one's own -------------------------------------------------------------

    def _is_tailgating(self, body: Body) -> bool:
        return body.person.id == self._characters.tailgater and self._dice.random() < _LURKS

    def _lurks(self, body: Body, door: Door, patience: tuple[float, float], then: Then) -> None:
        body.wait = wait = self._agenda.number()
        self._lurkers.setdefault(door.id, []).append(body)

        def had_enough() -> Iterator[Act]:
            if body.wait == wait:
                self._stops_lurking(body, door)
                yield from then(body)

        self._agenda.after(patience, had_enough)

    def _stops_lurking(self, body: Body, door: Door) -> None:
        body.wait = 0
        if body in (lurkers := self._lurkers.get(door.id, [])):
            lurkers.remove(body)

    def _follows(self, body: Body) -> Iterator[Act]:
        """In behind somebody, or through a door that stands open."""
        door = body.at_door
        if door is None or not body.ahead:
            return
        self._stops_lurking(body, door)
        yield Follow(body.person, door)
        yield from self._enters(body)

    def _stands_open(self, door: Door) -> bool:
        # With a moment to spare, or the leaf would fall into somebody's face.
        return self._propped.get(door.id, 0.0) > self._agenda.now + 3.0 * self._agenda.pace

    def _strolls(self, body: Body) -> None:
        door = body.at_door
        assert door is not None
        self._stops_lurking(body, door)
        body.question = 0
        self._agenda.after(_STROLLS_S, lambda: self._follows(body))
