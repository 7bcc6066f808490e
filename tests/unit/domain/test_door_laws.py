"""What holds of a door whatever happens to it: every input in any order, and a real lock behind slow messages."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.door import (
    CLOSED_STATES,
    GUARDED_STATES,
    OPENED_STATES,
    TIMEOUT_OF,
    TRANSITIONS,
    UNLOCKED_STATES,
    DoorState,
    Effect,
    Input,
    report,
    step,
)


# Long ones too: three inputs of twenty must come in the right order before a grant meets a fire.
def lists_of(inputs: list[Input]) -> st.SearchStrategy[list[Input]]:
    return st.lists(st.sampled_from(inputs), max_size=8) | st.lists(st.sampled_from(inputs), min_size=30, max_size=60)


any_inputs = lists_of(sorted(Input))
while_connected = lists_of(sorted(set(Input) - {Input.LOST}))
thoroughly = settings(max_examples=250)
TIMEOUTS = frozenset(TIMEOUT_OF.values())


# --- of the table alone -----------------------------------------------------------------------------------------------


@thoroughly
@given(any_inputs)
def test_locked_is_a_closed_door_whose_bolt_was_last_reported_in(inputs: list[Input]) -> None:
    state = DoorState.UNKNOWN
    bolt: Input | None = None
    contact: Input | None = None
    for event in inputs:
        state, effects = step(state, event)
        bolt = event if event in (Input.BOLTED, Input.UNBOLTED, Input.JAMMED) else bolt
        contact = event if event in (Input.OPENED, Input.CLOSED) else contact
        if Effect.SENSE_AGAIN in effects and contact is not None:
            state, _ = step(state, contact)
        if event is Input.LOST:
            bolt = contact = None
        if state is DoorState.LOCKED:
            assert (bolt, contact) == (Input.BOLTED, Input.CLOSED)
            assert event not in (Input.GRANTED, Input.EXIT, Input.UNLOCK_BEGAN, Input.FIRE_BEGAN)


@thoroughly
@given(any_inputs)
def test_a_closed_door_is_never_called_open_nor_an_open_one_closed(inputs: list[Input]) -> None:
    state = DoorState.UNKNOWN
    contact: Input | None = None
    for event in inputs:
        state, effects = step(state, event)
        contact = event if event in (Input.OPENED, Input.CLOSED) else contact
        if Effect.SENSE_AGAIN in effects and contact is not None:
            state, _ = step(state, contact)
        if contact is Input.OPENED:
            assert state not in CLOSED_STATES
        if contact is Input.CLOSED:
            assert state not in OPENED_STATES


@thoroughly
@given(any_inputs)
def test_every_grant_ends_in_an_entry_taken_or_not_taken(inputs: list[Input]) -> None:
    state = DoorState.UNKNOWN
    waiting = False
    for event in inputs:
        state, effects = step(state, event)
        waiting = waiting or event is Input.GRANTED
        if {Effect.NOTE_ENTRY_TAKEN, Effect.NOTE_ENTRY_NOT_TAKEN} & set(effects):
            waiting = False
        if state not in UNLOCKED_STATES:  # there the timer that still runs ends it
            assert waiting is (state is DoorState.RELEASED)


@thoroughly
@given(any_inputs)
def test_a_grant_that_waits_has_a_timer_that_ends_it(inputs: list[Input]) -> None:
    state, timer, waiting = DoorState.UNKNOWN, None, False
    for event in inputs:
        if event in TIMEOUTS and event is not timer:
            continue
        timer = None if event in TIMEOUTS else timer
        state, effects = step(state, event)
        waiting = waiting or event is Input.GRANTED
        for effect in effects:
            timer = TIMEOUT_OF.get(effect, None if effect is Effect.STOP_TIMER else timer)
            if effect in (Effect.NOTE_ENTRY_TAKEN, Effect.NOTE_ENTRY_NOT_TAKEN):
                waiting = False
        if waiting:
            assert timer is Input.RELEASE_TIMEOUT


@thoroughly
@given(any_inputs)
def test_the_timer_that_runs_always_belongs_to_the_state_it_runs_in(inputs: list[Input]) -> None:
    """So that a timer never acts on a newer state: what it would do is this state's own transition."""
    state, timer = DoorState.UNKNOWN, None
    for event in inputs:
        if event in TIMEOUTS and event is not timer:
            continue
        timer = None if event in TIMEOUTS else timer
        state, effects = step(state, event)
        for effect in effects:
            timer = TIMEOUT_OF.get(effect, None if effect is Effect.STOP_TIMER else timer)
        if timer is not None:
            assert (state, timer) in TRANSITIONS


@thoroughly
@given(any_inputs, st.sampled_from(sorted(TIMEOUTS)))
def test_a_late_timer_changes_nothing(inputs: list[Input], late: Input) -> None:
    """Whatever came before: a timeout in a state that waits for none of its kind does nothing at all."""
    state = DoorState.UNKNOWN
    for event in inputs:
        state, _ = step(state, event)
    if (state, late) not in TRANSITIONS:
        assert step(state, late) == (state, ())


ENDS_A_WAY_OUT = frozenset({Input.REFUSED, Input.CLOSED, Input.FIRE_ENDED, Input.UNLOCK_ENDED})


@thoroughly
@given(any_inputs)
def test_an_exit_is_never_denied_nor_called_a_break_in(inputs: list[Input]) -> None:
    """After an exit press no opening is forced, until a timer has run out, an unlock was refused, or what freed the door ended.

    A fire that begins and ends takes far longer than the way through a door.
    """
    state, is_leaving = DoorState.UNKNOWN, False
    for event in inputs:
        before = state
        state, effects = step(before, event)
        if is_leaving and event is Input.OPENED:
            assert Effect.RAISE_FORCED not in effects
        if event is Input.EXIT:
            is_leaving = True
            assert state not in GUARDED_STATES
        elif event in TIMEOUTS or event in ENDS_A_WAY_OUT or before in OPENED_STATES:
            is_leaving = False


@thoroughly
@given(while_connected)
def test_an_alarm_stands_exactly_as_long_as_its_cause(inputs: list[Input]) -> None:
    state, raised = DoorState.UNKNOWN, set[Effect]()
    broken_open, bolt = False, None
    for event in inputs:
        state, effects = step(state, event)
        for effect in effects:
            raised |= {effect} if effect in CLEARED_BY else set()
            raised -= {cause for cause, clear in CLEARED_BY.items() if clear is effect}
        bolt = event if event in (Input.BOLTED, Input.UNBOLTED, Input.JAMMED) else bolt
        broken_open = state is DoorState.FORCED or (broken_open and state in OPENED_STATES)
        assert (Effect.RAISE_HELD in raised) is (state is DoorState.HELD)
        assert (Effect.RAISE_FORCED in raised) is broken_open
        assert (Effect.RAISE_AJAR in raised) is (state is DoorState.AJAR)
        assert (Effect.RAISE_LOCK_FAULT in raised) is (bolt is Input.JAMMED)


@thoroughly
@given(any_inputs)
def test_an_alarm_that_outlived_its_device_ends_once_the_door_is_seen_well(inputs: list[Input]) -> None:
    state, raised = DoorState.UNKNOWN, set[Effect]()
    for event in (*inputs, Input.FIRE_ENDED, Input.UNLOCK_ENDED, *report("closed", "locked", is_free=False)):
        state, effects = step(state, event)
        for effect in effects:
            raised |= {effect} if effect in CLEARED_BY else set()
            raised -= {cause for cause, clear in CLEARED_BY.items() if clear is effect}
    if state in (DoorState.RELEASED, DoorState.LEAVING):
        raised -= {Effect.RAISE_LOCK_FAULT}
    assert raised == set()


CLEARED_BY = {
    Effect.RAISE_HELD: Effect.CLEAR_HELD,
    Effect.RAISE_FORCED: Effect.CLEAR_FORCED,
    Effect.RAISE_AJAR: Effect.CLEAR_AJAR,
    Effect.RAISE_LOCK_FAULT: Effect.CLEAR_LOCK_FAULT,
}


# --- of a door with a real lock ---------------------------------------------------------------------------------------


@dataclass
class Building:
    """A lock that moves by commands, by its button and by itself, and tells of it late; and our machine beside it."""

    bolt: str = "locked"
    leaf: str = "closed"
    unlocks: int = 0  # sent, not obeyed yet
    told: list[tuple[str, str]] = field(default_factory=list)  # reports on their way, in order
    is_connected: bool = True

    state: DoorState = DoorState.UNKNOWN
    timer: Input | None = None
    newest: tuple[str, str] | None = None
    is_free: bool = False
    is_fire: bool = False

    def __post_init__(self) -> None:
        self.tells()

    def tells(self) -> None:
        if self.is_connected:
            self.told.append((self.leaf, self.bolt))

    def feed(self, *inputs: Input) -> None:
        for event in inputs:
            self.state, effects = step(self.state, event)
            for effect in effects:
                self.timer = TIMEOUT_OF.get(effect, None if effect is Effect.STOP_TIMER else self.timer)
            if Effect.SENSE_AGAIN in effects:
                self.sense()

    def sense(self) -> None:
        if self.newest is not None:
            self.feed(*report(*self.newest, is_free=self.is_free, is_fire=self.is_fire))

    # What may happen, each by its name.

    def somebody_is_granted(self) -> None:
        self.unlocks += 1
        self.feed(Input.GRANTED)

    def the_lock_obeys(self) -> None:
        if self.unlocks:
            self.unlocks -= 1
            self.bolt = "unlocked"
            self.tells()

    def the_lock_refuses(self) -> None:
        if self.unlocks:
            self.unlocks = 0
            self.feed(Input.REFUSED)

    def the_exit_button_is_pressed(self) -> None:
        self.bolt = "unlocked"
        self.tells()
        if self.is_connected:
            self.feed(Input.EXIT)

    def the_lock_locks(self) -> None:
        self.bolt = "locked"
        self.tells()

    def somebody_turns_a_key(self) -> None:
        self.bolt = "unlocked"
        self.tells()

    def the_bolt_sticks(self) -> None:
        self.bolt = "jammed"
        self.tells()

    def the_leaf_opens(self) -> None:
        self.leaf = "open"
        self.tells()

    def the_leaf_closes(self) -> None:
        self.leaf = "closed"
        self.tells()

    def a_report_arrives(self) -> None:
        if self.told:
            self.newest = self.told.pop(0)
            self.sense()

    def the_timer_runs_out(self) -> None:
        timeout, self.timer = self.timer, None
        if timeout is Input.RELEASE_TIMEOUT:
            self.unlocks = 0  # an unlock lives for three seconds: it is obeyed by now, or never
        if timeout is not None:
            self.feed(timeout)

    def the_unlock_mode_begins(self) -> None:
        self.is_free = True
        self.feed(Input.UNLOCK_BEGAN)

    def the_unlock_mode_ends(self) -> None:
        """Or a lockdown begins, which is the same to the door."""
        self.is_free = False
        self.feed(Input.UNLOCK_ENDED)

    def a_fire_breaks_out(self) -> None:
        self.is_fire = True
        self.bolt = "unlocked"  # by wire
        self.tells()
        self.feed(Input.FIRE_BEGAN)

    def the_fire_is_over(self) -> None:
        self.is_fire = False
        self.feed(Input.FIRE_ENDED)

    def staff_prop_it(self) -> None:
        self.feed(Input.PROP_BEGAN)

    def the_prop_ends(self) -> None:
        self.feed(Input.PROP_ENDED)

    def the_device_is_lost(self) -> None:
        self.is_connected = False
        self.told.clear()
        self.unlocks = 0
        self.feed(Input.LOST)

    def the_device_is_back(self) -> None:
        if not self.is_connected:
            self.is_connected = True
            self.tells()

    def we_start_again(self) -> None:
        self.state, self.timer, self.newest = DoorState.UNKNOWN, None, None
        self.tells()  # what it said last is kept by the broker


HAPPENINGS = [name for name in vars(Building) if not name.startswith("_") and name not in ("tells", "feed", "sense")]
HAPPENINGS = [name for name in HAPPENINGS if callable(getattr(Building, name))]


@settings(max_examples=200)
@given(st.lists(st.sampled_from(HAPPENINGS), max_size=80))
def test_secured_never_means_unlocked_fire_and_lockdown_included(happenings: list[str]) -> None:
    """Once all that the lock has said has arrived, a door we call locked is locked and closed, and free to nobody."""
    building = Building()
    for happening in happenings:
        getattr(building, happening)()
        if building.state is DoorState.LOCKED:
            assert not building.is_free
            assert not building.is_fire
            if building.is_connected and not building.told:
                assert (building.bolt, building.leaf) == ("locked", "closed")


@settings(max_examples=200)
@given(st.lists(st.sampled_from(HAPPENINGS), max_size=60))
def test_every_door_that_is_left_alone_and_well_ends_locked(happenings: list[str]) -> None:
    building = Building()
    for happening in happenings:
        getattr(building, happening)()
    for settling in ("the_fire_is_over", "the_unlock_mode_ends", "the_device_is_back", "the_leaf_closes"):
        getattr(building, settling)()
    building.unlocks = 0
    building.the_lock_locks()
    while building.told:
        building.a_report_arrives()
    for _ in range(4):
        building.the_timer_runs_out()

    assert building.state is DoorState.LOCKED
