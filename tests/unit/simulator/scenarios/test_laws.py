"""What holds in every scenario: each law broken by hand, and each excuse."""

from simulator.scenarios.sightings import Drew, Showed, Tapped, Told, Turned, Wished
from tests.unit.simulator.scenarios.conftest import Broken

ONCE = "a lock is told once to unlock for one yes"
LATE = "nothing expired is obeyed"
ANSWER = "a reader shows the house's answer within a second"
LIGHT = "an on-air light is on while it is told to be, and not longer"
FORCED = "a leaf that moves behind a shut bolt is said to be forced"
UNIT, READER, LAMP = "door-front", "reader-front", "light-booth"
FROZEN = "{fault: freeze, target: controller, from: 4s, for: 2s}"


def unlock(at: float, command: str, re: str | None = "r-1", late_s: float = -2.9, *, obeyed: bool = True) -> Told:
    return Told(at, UNIT, command, "unlock", re, late_s, obeyed)


def test_nothing_seen_breaks_no_law(broken: Broken):
    assert broken() == {}


# --- one unlock for one yes -----------------------------------------------------------------------


def test_an_unlock_for_each_of_two_reads_is_as_it_should_be(broken: Broken):
    assert broken(unlock(1, "c-1", "r-1"), unlock(3, "c-2", "r-2")) == {}


def test_an_unlock_sent_twice_under_another_id_breaks_the_law(broken: Broken):
    seen = broken(unlock(1, "c-1"), unlock(1.2, "c-2", obeyed=False))

    assert list(seen) == [ONCE]
    assert "door-front was told at 1.00 s and at 1.20 s, under another id, to unlock for r-1" in seen[ONCE]


def test_an_unlock_sent_twice_under_the_same_id_breaks_the_law(broken: Broken):
    assert "under the same id" in broken(unlock(1, "c-1"), unlock(1.2, "c-1", obeyed=False))[ONCE]


def test_staffs_unlocks_are_told_apart_by_their_own_ids(broken: Broken):
    assert broken(unlock(1, "c-1", None), unlock(2, "c-2", None)) == {}


def test_a_duplicate_that_a_fault_made_is_no_fault_of_the_house(broken: Broken):
    echo = "{fault: duplicate, target: door-front, from: 1s, for: 1s}"

    assert broken(unlock(1, "c-1"), unlock(1.2, "c-1", obeyed=False), faults=echo) == {}


def test_a_read_that_comes_several_times_excuses_no_second_unlock(broken: Broken):
    echo = "{fault: duplicate, target: door-front, from: 1s, for: 3s, with: {way: up, copies: 3}}"

    for again in ("c-1", "c-2"):
        assert list(broken(unlock(1, "c-1"), unlock(1.2, again, obeyed=False), faults=echo)) == [ONCE]


def test_no_fault_gives_a_command_another_id(broken: Broken):
    echo = "{fault: duplicate, target: door-front, from: 1s, for: 1s}"
    copied, renewed = unlock(1.1, "c-1", obeyed=False), unlock(1.2, "c-2", obeyed=False)

    seen = broken(unlock(1, "c-1"), copied, renewed, faults=echo)

    assert "at 1.00 s and at 1.20 s, under another id" in seen[ONCE]


def test_a_bolt_drawn_twice_for_one_read_breaks_the_law_under_a_fault_as_well(broken: Broken):
    seen = broken(Drew(1, UNIT, "c-1", "r-1"), Drew(6, UNIT, "c-2", "r-1"), faults=FROZEN)

    assert seen == {ONCE: "door-front drew its bolt at 1.00 s and again at 6.00 s for r-1"}


# --- nothing late ---------------------------------------------------------------------------------


def test_an_expired_unlock_that_is_obeyed_breaks_the_law(broken: Broken):
    assert broken(unlock(5, "c-1", late_s=1.5)) == {
        LATE: "door-front obeyed unlock at 5.00 s, 1.50 s after it had expired"
    }


def test_an_expired_unlock_that_is_refused_is_as_it_should_be(broken: Broken):
    assert broken(unlock(5, "c-1", late_s=1.5, obeyed=False)) == {}


def test_a_lock_whose_clock_was_turned_back_cannot_know(broken: Broken):
    skewed = "{fault: clock-skew, target: door-front, from: 1s, for: 9s, with: {by_s: -60}}"

    assert broken(unlock(5, "c-1", late_s=1.5), faults=skewed) == {}


# --- every tap ------------------------------------------------------------------------------------


def test_a_tap_answered_by_the_house_in_time_is_as_it_should_be(broken: Broken):
    assert broken(Tapped(2, READER), Showed(2.9, READER, "granted")) == {}


def test_a_tap_without_an_answer_breaks_the_law(broken: Broken):
    assert broken(Tapped(2, READER)) == {ANSWER: "reader-front, asked at 2.00 s: nothing was shown"}


def test_a_late_answer_breaks_the_law(broken: Broken):
    seen = broken(Tapped(2, READER), Showed(3.3, READER, "granted"))

    assert seen == {ANSWER: "reader-front, asked at 2.00 s: granted (by itself) after 1.30 s"}


def test_a_reader_that_had_to_decide_alone_breaks_the_law(broken: Broken):
    assert "no_answer" in broken(Tapped(2, READER), Showed(3, READER, "try_again", "no_answer", by_house=False))[ANSWER]


def test_a_warning_is_no_answer(broken: Broken):
    assert ANSWER in broken(Tapped(2, READER), Showed(2.1, READER, "warning"))


def test_another_readers_answer_is_none(broken: Broken):
    assert ANSWER in broken(Tapped(2, READER), Showed(2.1, UNIT, "granted"))


def test_a_tap_in_the_last_second_may_stay_without_an_answer(broken: Broken):
    assert broken(Tapped(19.5, READER)) == {}


def test_whoever_taps_while_the_controller_is_frozen_is_not_counted(broken: Broken):
    alone = Showed(6, READER, "granted", by_house=False)

    assert broken(Tapped(5, READER), alone, faults=FROZEN) == {}
    assert ANSWER in broken(Tapped(2, READER), Showed(3, READER, "granted", by_house=False), faults=FROZEN)


def test_a_stuck_contact_excuses_no_reader(broken: Broken):
    stuck = "{fault: stuck-contact, target: door-front, from: 1s}"

    assert ANSWER in broken(Tapped(2, UNIT), faults=stuck)


# --- the light ------------------------------------------------------------------------------------


def test_a_light_that_follows_its_wishes_is_as_it_should_be(broken: Broken):
    turns = (Turned(0, LAMP, "light", "off"), Turned(2.1, LAMP, "light", "on"), Turned(10.2, LAMP, "light", "off"))

    assert broken(turns[0], Wished(2, LAMP, on=True, until=10), *turns[1:]) == {}


def test_a_light_on_after_its_end_breaks_the_law(broken: Broken):
    seen = broken(Wished(2, LAMP, on=True, until=10), Turned(2.1, LAMP, "light", "on"))

    assert seen == {LIGHT: "light-booth was still on at 11.00 s, told to be off from 10.00 s"}


def test_a_light_still_on_when_it_was_told_off_breaks_the_law(broken: Broken):
    wishes = Wished(2, LAMP, on=True, until=15), Wished(6, LAMP, on=False)

    assert "still on at 7.00 s" in broken(wishes[0], Turned(2.1, LAMP, "light", "on"), wishes[1])[LIGHT]


def test_a_light_that_stays_off_while_it_is_told_to_be_on_breaks_the_law(broken: Broken):
    seen = broken(Turned(0, LAMP, "light", "off"), Wished(2, LAMP, on=True, until=15))

    assert seen == {LIGHT: "light-booth was off at 3.00 s, told at 2.00 s to be on until 15.00 s"}


def test_a_light_that_is_told_to_be_on_for_ever_breaks_the_law(broken: Broken):
    assert "for ever" in broken(Wished(2, LAMP, on=True), Turned(2.1, LAMP, "light", "on"))[LIGHT]


def test_a_light_without_power_need_not_shine(broken: Broken):
    dark = "{fault: power-cut, target: light-booth, from: 2s, for: 10s}"

    assert broken(Turned(0, LAMP, "light", "off"), Wished(2, LAMP, on=True, until=10), faults=dark) == {}


# --- the leaf -------------------------------------------------------------------------------------

SHUT = (Turned(0, UNIT, "bolt", "locked"), Turned(0, UNIT, "leaf", "closed"))
OPENED = Turned(5, UNIT, "leaf", "open")


def test_a_leaf_that_moves_behind_a_shut_bolt_and_nobody_is_told_breaks_the_law(broken: Broken):
    assert broken(*SHUT, OPENED) == {
        FORCED: "door-front felt its leaf open at 5.00 s behind a shut bolt, and the house told nobody"
    }


def test_a_leaf_called_forced_is_as_it_should_be(broken: Broken):
    assert broken(*SHUT, OPENED, Turned(6.5, "door:front", "alarm", "forced")) == {}


def test_a_leaf_opened_after_the_exit_was_pressed_is_not_forced(broken: Broken):
    assert broken(*SHUT, Turned(4, UNIT, "exit", "pressed"), OPENED) == {}


def test_a_leaf_behind_a_drawn_bolt_is_not_forced(broken: Broken):
    assert broken(*SHUT, Turned(4, UNIT, "bolt", "unlocked"), OPENED) == {}


def test_a_house_that_is_frozen_can_tell_nobody(broken: Broken):
    assert broken(*SHUT, OPENED, faults=FROZEN) == {}


def test_a_leaf_opened_too_close_to_the_end_is_not_judged(broken: Broken):
    assert broken(*SHUT, Turned(17, UNIT, "leaf", "open")) == {}


def test_a_forced_door_that_is_opened_once_more_is_still_forced(broken: Broken):
    told = Turned(1, "door:front", "alarm", "forced")

    assert broken(*SHUT, told, OPENED) == {}
