"""The door unit: it obeys fresh answers to its own questions, limits the hold and locks by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.channels import Bolt, Mode
from devices.messages import (
    AccessEntry,
    AccessRight,
    Ack,
    AckPhase,
    AckReason,
    BadgeReadData,
    Command,
    Desired,
    DesiredValue,
    Do,
    Event,
    EventType,
    Health,
    LocalDecisionData,
    Message,
    Signal,
    State,
)
from devices.topics import Kind
from devices.units import DoorProfile, DoorUnit, Effects, Input, OwnList, Voice
from devices.units.steps import (
    BadgeShown,
    BoltFelt,
    ButtonPressed,
    Connected,
    ContactFelt,
    Disconnected,
    ExitPressed,
    ExitReleased,
    Heard,
    Measured,
    MoveBolt,
    PinEntered,
    Publish,
    ReleaseWired,
    Show,
    StartTimer,
    StopTimer,
    Tampered,
    TimerFired,
    Unheard,
)
from tests.support.lists import ALICE, EVE, KEYS, entry, hash_of, sealed

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BADGE = BadgeReadData(card="04AF68DACB5A80", bits=56, format="iso14443a", direction="in")


def online(**profile: object) -> DoorUnit:
    unit, _ = DoorUnit(Voice("b1"), DoorProfile(**profile)).step(Connected(), NOON)  # type: ignore[arg-type]
    return unit


def command(do: Do = Do.UNLOCK, **fields: object) -> Command:
    return Command(**{"id": "c1", "ts": NOON, "ttl_ms": 3000, "do": do, **fields})  # type: ignore[arg-type]


def said(effects: Effects, kind: Kind) -> list[Message]:
    return [effect.message for effect in effects if isinstance(effect, Publish) and effect.kind is kind]


def acks(effects: Effects) -> list[tuple[AckPhase, str | None]]:
    return [(ack.phase, ack.reason) for ack in said(effects, Kind.ACK) if isinstance(ack, Ack)]


def unlocked(unit: DoorUnit, **fields: object) -> tuple[DoorUnit, Effects]:
    unit, _ = unit.step(Heard(command(**fields)), NOON)
    return unit.step(BoltFelt(Bolt.UNLOCKED), NOON)


def test_presents_itself_with_birth_state_and_ready_in_this_order():
    _, effects = DoorUnit(Voice("b1")).step(Connected(), NOON)

    kinds = [effect.kind for effect in effects if isinstance(effect, Publish)]
    assert kinds == [Kind.BIRTH, Kind.STATE, Kind.STATUS, Kind.HEALTH]


def test_unlock_is_accepted_then_moves_then_reports_then_is_done():
    unit, first = online().step(Heard(command(hold_s=5)), NOON)
    unit, second = unit.step(BoltFelt(Bolt.UNLOCKED), NOON)

    assert acks(first) == [(AckPhase.ACCEPTED, None)]
    assert MoveBolt(Bolt.UNLOCKED) in first
    assert [effect.kind for effect in second if isinstance(effect, Publish)] == [Kind.STATE, Kind.ACK]
    assert acks(second) == [(AckPhase.DONE, None)]
    assert StartTimer("relock", 5) in second


def test_locks_by_itself_when_the_hold_is_over():
    unit, _ = unlocked(online(), hold_s=5)

    unit, effects = unit.step(TimerFired("relock"), NOON)

    assert MoveBolt(Bolt.LOCKED) in effects
    unit, effects = unit.step(BoltFelt(Bolt.LOCKED), NOON)
    assert unit.lock is Bolt.LOCKED
    assert [state.v for state in said(effects, Kind.STATE) if isinstance(state, State)] == [
        {"door.lock": "locked", "door.contact": "closed", "door.mode": "locked", "door.rex": False}
    ]


def test_limits_the_hold_whatever_it_is_told():
    _, effects = unlocked(online(), hold_s=86_400)

    assert StartTimer("relock", 30.0) in effects


def test_waits_for_the_leaf_before_it_locks():
    unit, _ = unlocked(online())
    unit, _ = unit.step(ContactFelt(is_open=True), NOON)

    unit, at_timeout = unit.step(TimerFired("relock"), NOON)
    unit, at_close = unit.step(ContactFelt(is_open=False), NOON)

    assert at_timeout == ()
    assert MoveBolt(Bolt.LOCKED) in at_close


def test_an_opening_while_it_locks_turns_the_bolt_round():
    unit, _ = unlocked(online())
    unit, _ = unit.step(TimerFired("relock"), NOON)

    unit, effects = unit.step(ContactFelt(is_open=True), NOON)

    assert MoveBolt(Bolt.UNLOCKED) in effects


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        pytest.param(Heard(command(ts=NOON - timedelta(seconds=4))), AckReason.EXPIRED, id="older than its ttl"),
        pytest.param(Heard(command(), waited_s=3.5), AckReason.EXPIRED, id="waited too long in the device"),
        pytest.param(Heard(command(), retained=True), AckReason.RETAINED, id="retained"),
        pytest.param(Heard(command(channel="door.flap")), AckReason.UNKNOWN_CHANNEL, id="another channel"),
        pytest.param(Heard(command(do=Do.SIGNAL)), AckReason.UNKNOWN_CHANNEL, id="a signal without a lamp"),
    ],
)
def test_refuses_with_the_contracts_reason_and_moves_nothing(heard: Heard, reason: AckReason):
    unit, effects = online().step(heard, NOON)

    assert acks(effects) == [(AckPhase.REFUSED, reason)]
    assert unit.lock is Bolt.LOCKED
    assert not any(isinstance(effect, MoveBolt) for effect in effects)


def test_a_device_whose_clock_never_was_set_judges_by_the_wait():
    _, effects = online().step(Heard(command()), datetime(1970, 1, 1, 0, 5, tzinfo=UTC))

    assert MoveBolt(Bolt.UNLOCKED) in effects


def test_a_repeated_command_hears_the_old_answer_and_moves_nothing():
    unit, _ = unlocked(online())
    unit, _ = unit.step(TimerFired("relock"), NOON)
    unit, _ = unit.step(BoltFelt(Bolt.LOCKED), NOON)

    unit, effects = unit.step(Heard(command()), NOON)

    assert effects == (Publish(Kind.ACK, Ack(re="c1", phase=AckPhase.DONE, state="unlocked")),)
    assert unit.lock is Bolt.LOCKED


def test_a_bolt_on_its_way_to_locked_turns_round_for_the_next_one():
    unit, _ = unlocked(online(), hold_s=5)
    unit, _ = unit.step(TimerFired("relock"), NOON)

    unit, effects = unit.step(Heard(command(id="c2")), NOON)
    unit, arrived = unit.step(BoltFelt(Bolt.UNLOCKED), NOON)

    assert acks(effects) == [(AckPhase.ACCEPTED, None)]
    assert MoveBolt(Bolt.UNLOCKED) in effects
    assert acks(arrived) == [(AckPhase.DONE, None)]


def test_a_bolt_on_its_way_to_unlocked_is_busy():
    unit, _ = online().step(Heard(command()), NOON)

    _, effects = unit.step(Heard(command(id="c2")), NOON)

    assert acks(effects) == [(AckPhase.REFUSED, AckReason.BUSY)]


def test_a_bolt_that_never_arrives_is_jammed_and_stays_so():
    unit, _ = online().step(Heard(command()), NOON)

    unit, effects = unit.step(TimerFired("bolt"), NOON)
    _, later = unit.step(Heard(command(id="c2")), NOON)

    assert acks(effects) == [(AckPhase.REFUSED, AckReason.JAMMED)]
    assert acks(later) == [(AckPhase.REFUSED, AckReason.JAMMED)]


def test_a_second_unlock_lengthens_the_hold_and_never_shortens_it():
    unit, _ = unlocked(online(), hold_s=20)

    _, effects = unit.step(Heard(command(id="c2", hold_s=5)), NOON)

    assert StartTimer("relock", 20) in effects
    assert acks(effects) == [(AckPhase.ACCEPTED, None), (AckPhase.DONE, None)]


def test_the_exit_button_always_opens_even_after_a_jam():
    unit = replace(online(), lock=Bolt.JAMMED)

    _, effects = unit.step(ExitPressed(), NOON)

    assert [event.type for event in said(effects, Kind.EVENT) if isinstance(event, Event)] == [EventType.REX]
    assert MoveBolt(Bolt.UNLOCKED) in effects


def test_the_exit_button_turns_a_closing_bolt_and_the_lock_command_learns_of_it():
    unit, _ = unlocked(online())
    unit, _ = unit.step(Heard(command(Do.LOCK, id="c2")), NOON)

    unit, effects = unit.step(ExitPressed(), NOON)

    assert MoveBolt(Bolt.UNLOCKED) in effects
    assert acks(effects) == [(AckPhase.REFUSED, AckReason.BUSY)]


def test_a_bar_opens_by_hand_so_the_bolt_stays():
    _, effects = online(exit_release_s=0).step(ExitPressed(), NOON)

    assert len(said(effects, Kind.EVENT)) == 1
    assert not any(isinstance(effect, MoveBolt) for effect in effects)


def test_lock_while_locked_is_done_at_once():
    _, effects = online().step(Heard(command(Do.LOCK)), NOON)

    assert acks(effects) == [(AckPhase.ACCEPTED, None), (AckPhase.DONE, None)]


def test_an_edge_is_an_event_and_a_state_and_a_repeat_is_neither():
    unit, opened = online().step(ContactFelt(is_open=True), NOON)
    _, again = unit.step(ContactFelt(is_open=True), NOON)

    assert [effect.kind for effect in opened if isinstance(effect, Publish)] == [Kind.EVENT, Kind.STATE]
    assert again == ()


class TestWithAReaderBuiltIn:
    def asking(self, **profile: object) -> tuple[DoorUnit, str]:
        unit, effects = online(reads_badges=True, **profile).step(BadgeShown(BADGE), NOON)
        (event,) = said(effects, Kind.EVENT)
        assert isinstance(event, Event)
        return unit, event.id

    def test_opens_for_the_answer_to_its_own_open_request(self):
        unit, read = self.asking()

        _, effects = unit.step(Heard(command(re=read)), NOON)

        assert MoveBolt(Bolt.UNLOCKED) in effects
        assert Show(Signal.GRANTED) in effects

    @pytest.mark.parametrize("re", ["b1-99", "someone-else-1"])
    def test_refuses_an_answer_to_a_question_it_did_not_ask(self, re: str):
        unit, _ = self.asking()

        _, effects = unit.step(Heard(command(re=re)), NOON)

        assert acks(effects) == [(AckPhase.REFUSED, AckReason.EXPIRED)]

    def test_opens_for_a_reader_apart_when_the_door_has_one(self):
        unit, _ = self.asking(other_readers=True)

        _, effects = unit.step(Heard(command(re="someone-else-1")), NOON)

        assert MoveBolt(Bolt.UNLOCKED) in effects

    def test_an_answer_after_it_gave_up_opens_nothing(self):
        unit, read = self.asking()
        unit, given_up = unit.step(TimerFired("answer"), NOON)

        _, late = unit.step(Heard(command(re=read)), NOON)

        assert Show(Signal.TRY_AGAIN, "no_answer") in given_up
        assert acks(late) == [(AckPhase.REFUSED, AckReason.EXPIRED)]

    def test_another_badge_is_not_looked_at_while_one_is_asked_about(self):
        unit, _ = self.asking()

        assert unit.step(BadgeShown(BADGE), NOON) == (unit, ())

    def holding(self, *entries: AccessEntry) -> DoorUnit:
        unit = replace(online(reads_badges=True), own=OwnList("door-street", KEYS))
        (page,) = sealed(*entries)
        unit, _ = unit.step(Heard(page, retained=True), NOON)
        return unit

    def test_offline_the_access_list_decides_and_the_door_opens(self):
        unit, _ = self.holding(entry(ALICE)).step(Disconnected(), NOON)

        unit, effects = unit.step(BadgeShown(ALICE), NOON)

        assert MoveBolt(Bolt.UNLOCKED) in effects
        assert Show(Signal.GRANTED) in effects

    def test_after_a_second_of_silence_the_access_list_decides(self):
        unit, _ = self.holding(entry(ALICE)).step(BadgeShown(ALICE), NOON)

        unit, effects = unit.step(TimerFired("answer"), NOON + timedelta(seconds=1))

        assert MoveBolt(Bolt.UNLOCKED) in effects
        (event,) = said(effects, Kind.EVENT)
        assert isinstance(event, Event)
        assert isinstance(event.data, LocalDecisionData)
        assert (event.type, event.data.rev, event.data.re, event.data.reason) == (
            EventType.LOCAL_GRANTED, 41, "b1-1", "member",
        )  # fmt: skip

    def test_what_it_decided_alone_names_the_badge_by_its_hash_only(self):
        unit, _ = self.holding().step(Disconnected(), NOON)
        unit, _ = unit.step(BadgeShown(ALICE), NOON)

        (kept,) = unit.voice.kept

        assert isinstance(kept.data, LocalDecisionData)
        assert (kept.data.h, kept.data.card) == (hash_of(ALICE), None)
        assert "04AF68" not in kept.model_dump_json()

    def test_a_late_unlock_for_a_request_decided_alone_is_refused(self):
        unit, _ = self.holding().step(BadgeShown(ALICE), NOON)
        unit, denied = unit.step(TimerFired("answer"), NOON + timedelta(seconds=1))

        _, late = unit.step(Heard(command(re="b1-1")), NOON + timedelta(seconds=1))

        assert Show(Signal.DENIED, "unknown_credential") in denied
        assert acks(late) == [(AckPhase.REFUSED, AckReason.EXPIRED)]

    @pytest.mark.parametrize("admitted", [True, False])
    def test_a_late_unlock_for_a_request_decided_alone_by_the_reader_beside_it_is_refused(self, admitted: bool):
        unit, _ = online(other_readers=True).step(ReleaseWired(re="r9-1", admitted=admitted), NOON)
        unit, _ = unit.step(BoltFelt(Bolt.UNLOCKED if admitted else Bolt.LOCKED), NOON)

        _, late = unit.step(Heard(command(re="r9-1")), NOON + timedelta(seconds=2))
        _, other = unit.step(Heard(command(id="c2", re="r9-2")), NOON + timedelta(seconds=2))

        assert acks(late) == [(AckPhase.REFUSED, AckReason.EXPIRED)]
        assert (AckPhase.ACCEPTED, None) in acks(other)

    def test_a_refusal_heard_by_wire_moves_no_bolt(self):
        _, effects = online(other_readers=True).step(ReleaseWired(re="r9-1", admitted=False), NOON)

        assert effects == ()

    def test_revocations_come_first_after_a_heal(self):
        unit, _ = self.holding(entry(ALICE)).step(Disconnected(), NOON)
        unit, _ = unit.step(Connected(), NOON)
        (newest,) = sealed(entry(ALICE, AccessRight.BLOCKED), rev=42)
        unit, _ = unit.step(Heard(newest, retained=True), NOON)

        unit, _ = unit.step(BadgeShown(ALICE), NOON)
        _, effects = unit.step(TimerFired("answer"), NOON)

        assert Show(Signal.DENIED, "credential_blocked") in effects
        assert not any(isinstance(effect, MoveBolt) for effect in effects)

    def test_a_bolt_on_its_way_to_locked_turns_round_for_whoever_the_list_admits(self):
        unit, _ = self.holding(entry(ALICE)).step(Heard(command()), NOON)
        unit, _ = unit.step(BoltFelt(Bolt.UNLOCKED), NOON)
        unit, _ = unit.step(TimerFired("relock"), NOON)
        unit, _ = unit.step(Disconnected(), NOON)

        _, effects = unit.step(BadgeShown(ALICE), NOON)

        assert MoveBolt(Bolt.UNLOCKED) in effects

    def test_a_holder_who_needs_time_has_it_offline_too(self):
        unit, _ = self.holding(entry(ALICE, hold_s=15.0)).step(Disconnected(), NOON)
        unit, _ = unit.step(BadgeShown(ALICE), NOON)

        _, effects = unit.step(BoltFelt(Bolt.UNLOCKED), NOON)

        assert StartTimer("relock", 15.0) in effects

    def test_leaving_needs_no_list(self):
        unit, _ = online(reads_badges=True).step(Disconnected(), NOON)

        _, effects = unit.step(BadgeShown(BADGE.model_copy(update={"direction": "out"})), NOON)

        assert MoveBolt(Bolt.UNLOCKED) in effects

    def test_says_in_its_health_which_list_it_holds(self):
        (health,) = said(self.holding(entry(ALICE)).step(TimerFired("health"), NOON)[1], Kind.HEALTH)

        assert isinstance(health, Health)
        assert (health.access_rev, health.queued) == (41, 0)

    def test_offline_without_a_list_nobody_is_admitted_and_the_log_follows_later(self):
        unit, _ = online(reads_badges=True).step(Disconnected(), NOON)
        unit, effects = unit.step(BadgeShown(BADGE), NOON)
        later = NOON + timedelta(minutes=10)

        _, told = unit.step(Connected(), later)

        assert not any(isinstance(effect, MoveBolt) for effect in effects)
        (event,) = said(told, Kind.EVENT)
        assert isinstance(event, Event)
        assert (event.type, event.ts, event.age_ms) == (EventType.LOCAL_DENIED, NOON, 600_000)


class TestTheReaderBesideIt:
    def test_what_the_reader_decided_alone_it_hears_by_wire(self):
        unit, effects = online(other_readers=True).step(ReleaseWired(), NOON)
        _, moved = unit.step(BoltFelt(Bolt.UNLOCKED), NOON)

        assert MoveBolt(Bolt.UNLOCKED) in effects
        assert StartTimer("relock", 5.0) in moved

    def test_a_wire_where_no_reader_is_opens_nothing(self):
        unit = online()

        assert unit.step(ReleaseWired(), NOON) == (unit, ())

    def test_a_jammed_bolt_stays(self):
        unit = replace(online(other_readers=True), lock=Bolt.JAMMED)

        assert unit.step(ReleaseWired(), NOON) == (unit, ())


class TestTheExitButton:
    def rex(self, effects: Effects) -> list[object]:
        return [state.v["door.rex"] for state in said(effects, Kind.STATE) if isinstance(state, State)]

    def test_is_reported_while_it_is_pressed_so_that_a_stuck_one_is_seen(self):
        unit, pressed = online(exit_release_s=0).step(ExitPressed(), NOON)
        unit, again = unit.step(ExitPressed(), NOON)
        unit, released = unit.step(ExitReleased(), NOON)

        assert (self.rex(pressed), self.rex(again), self.rex(released)) == ([True], [], [False])
        assert unit.step(ExitReleased(), NOON) == (unit, ())


COMMANDS = st.builds(
    Command,
    id=st.sampled_from(["c1", "c2", "c3"]),
    ts=st.sampled_from([NOON, NOON - timedelta(hours=1), NOON + timedelta(hours=1)]),
    ttl_ms=st.just(3000),
    do=st.sampled_from(Do),
    hold_s=st.sampled_from([None, 1.0, 500.0]),
    re=st.sampled_from([None, "b1-1", "b1-2", "x-1"]),
    reason=st.sampled_from([None, None, "enter_pin", "outside_hours"]),
)
LISTS = [
    *enumerate(sealed(entry(ALICE))),
    *enumerate(sealed(entry(ALICE, AccessRight.BLOCKED), rev=43)),
    *enumerate(sealed(entry(EVE), rev=90, signing_key=bytes(32))),
    *enumerate(sealed(entry(EVE), rev=91, device="door-office")),
]
INPUTS: st.SearchStrategy[Input] = st.one_of(
    st.sampled_from([
        Connected(), Disconnected(), BadgeShown(BADGE), PinEntered("493817"), ExitPressed(), ContactFelt(True), ContactFelt(False),
        *(BoltFelt(lock) for lock in Bolt), Tampered(), ButtonPressed(), Measured({"co2": 1}),
        *(TimerFired(name) for name in ("relock", "bolt", "answer", "pin", "mode", "health", "replay", "nobody's")),
        Heard(Desired(rev=1, v={})), ExitReleased(), ReleaseWired(), ReleaseWired(400.0),
        BadgeShown(ALICE), BadgeShown(EVE),
        BadgeShown(ALICE.model_copy(update={"direction": "out"})),
        Unheard(Event(id="b1-1", type=EventType.REX, ts=NOON)),
        *(Heard(page, page=number) for number, page in LISTS),
    ]),
    st.builds(Heard, st.builds(
        lambda value, until: Desired(rev=1, v={"door.mode": DesiredValue(value=value, until=until)}),
        st.sampled_from(["locked", "unlocked", "released", "ajar", True, 3]),
        st.sampled_from([None, NOON - timedelta(hours=1), NOON + timedelta(hours=1)]),
    )),
    st.builds(Heard, COMMANDS, retained=st.booleans(), waited_s=st.sampled_from([0.0, 10.0])),
)  # fmt: skip


def a_door(*, reads_badges: bool = True, other_readers: bool = True) -> DoorUnit:
    profile = DoorProfile(reads_badges=reads_badges, other_readers=other_readers)
    return DoorUnit(Voice("b1"), profile, OwnList("door-street", KEYS))


@given(st.lists(INPUTS, max_size=30), st.booleans(), st.booleans())
def test_whatever_happens_nothing_raises_and_no_release_lacks_its_end(
    inputs: list[Input], reads_badges: bool, other_readers: bool
):
    unit = a_door(reads_badges=reads_badges, other_readers=other_readers)
    running: set[str] = set()
    for given_input in inputs:
        if isinstance(given_input, TimerFired):
            running.discard(given_input.name)
        unit, effects = unit.step(given_input, NOON)
        for effect in effects:
            if isinstance(effect, StopTimer):
                running.discard(effect.name)
            if isinstance(effect, StartTimer):
                assert effect.name in ("mode", "health") or effect.after_s <= 30
                running.add(effect.name)
        if unit.lock is Bolt.UNLOCKED and not unit.is_open and unit.mode is Mode.LOCKED:
            assert "relock" in running
        if unit.lock is Bolt.MOVING:
            assert "bolt" in running
        # Unlocked for everybody always has an end the device knows; released for fire has none.
        assert ("mode" in running) == (unit.mode is Mode.UNLOCKED)


@given(st.lists(INPUTS, max_size=30))
def test_secured_never_means_unlocked(inputs: list[Input]):
    unit = a_door()
    reported: State | None = None
    for given_input in inputs:
        unit, effects = unit.step(given_input, NOON)
        # The bolt's own switch is the only one that says locked, and a drive away from locked says so at once.
        if any(isinstance(effect, MoveBolt) for effect in effects):
            assert unit.lock is Bolt.MOVING
        for message in said(effects, Kind.STATE):
            assert isinstance(message, State)
            reported = message
        if reported is not None and unit.voice.online and unit.lock is not Bolt.MOVING:
            assert (reported.v["door.lock"] == "locked") == (unit.lock is Bolt.LOCKED)
        if unit.stands_unlocked:
            assert unit.lock is not Bolt.LOCKED


@given(st.lists(INPUTS, max_size=30))
def test_a_repeated_forged_or_older_list_never_replaces_a_newer(inputs: list[Input]):
    unit, newest = a_door(), 0
    for given_input in inputs:
        unit, _ = unit.step(given_input, NOON)
        assert unit.own.rev in (None, 41, 43)
        assert (unit.own.rev or 0) >= newest
        newest = unit.own.rev or 0


@given(st.lists(INPUTS, max_size=30))
def test_exit_is_never_denied(inputs: list[Input]):
    unit = a_door()
    for given_input in inputs:
        unit, _ = unit.step(given_input, NOON)

    unit, _ = unit.step(ExitPressed(), NOON)

    assert unit.lock is Bolt.UNLOCKED or (unit.lock is Bolt.MOVING and unit.target is Bolt.UNLOCKED)
