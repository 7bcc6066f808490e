"""What was seen against what was expected, by sightings made by hand."""

from collections.abc import Callable

import pytest

from simulator.scenarios.checking import check
from simulator.scenarios.reading import read
from simulator.scenarios.sightings import (
    Lived,
    Measured,
    Ran,
    Said,
    Sent,
    Showed,
    Sighting,
    Tapped,
    Told,
    Turned,
)
from tests.unit.simulator.scenarios.conftest import Write

UNIT, READER = "door-front", "reader-front"
Holds = Callable[..., str]

FIRST = Tapped(1, READER, "first")
# Locked, unlocked from 2 to 5, locked.
BOLT = tuple(Turned(at, UNIT, "bolt", to) for at, to in ((0, "locked"), (2, "unlocked"), (5, "locked")))


@pytest.mark.parametrize(
    ("expected", "seen", "instead"),
    [
        ("{tap: first, shows: granted}", (FIRST, Showed(1.2, READER, "granted")), ""),
        ("{tap: first, shows: granted, within: 1s}", (FIRST, Showed(2.5, READER, "granted")), "granted at 2.50 s, after 1.50 s"),
        ("{tap: first, shows: granted}", (FIRST, Showed(1.2, READER, "denied", "no_right")), "reader-front showed denied (no_right)"),
        ("{tap: first, shows: denied, reason: on_air}", (FIRST, Showed(1.2, READER, "denied", "no_right")), "no_right"),
        ("{tap: first, shows: granted}", (FIRST,), "no answer was shown"),
        ("{tap: first, shows: granted}", (), "no such tap reached a reader"),
        ("{tap: first, shows: granted}", (FIRST, Showed(1.2, READER, "warning")), "no answer"),
        # Somebody else's answer, at another reader or to a badge shown after hers, is not hers.
        ("{tap: first, shows: granted}", (FIRST, Showed(1.2, UNIT, "granted")), "no answer"),
        ("{tap: first, shows: granted}", (FIRST, Showed(1.1, READER, "denied"), Tapped(2, READER), Showed(2.1, READER, "granted")), "denied"),
        # A PIN in between belongs to it.
        ("{tap: first, shows: granted}", (FIRST, Showed(1.1, READER, "enter_pin"), Tapped(2, READER, "first"), Showed(2.1, READER, "granted")), ""),
        # What the person saw first is what they were told.
        ("{tap: first, shows: denied}", (FIRST, Showed(1.1, READER, "granted"), Showed(1.3, READER, "denied")), "showed granted at 1.10 s"),
        ("{tap: first, shows: granted}", (FIRST, Showed(1.1, READER, "denied"), Showed(1.3, READER, "granted")), "showed denied at 1.10 s"),
        ("{tap: first, shows: denied}", (FIRST, Showed(1.1, READER, "warning"), Showed(1.2, READER, "enter_pin"), Showed(3, READER, "denied")), ""),
        ("{tap: first, shows: enter_pin}", (FIRST, Showed(1.1, READER, "enter_pin"), Showed(3, READER, "denied")), ""),
        ("{tap: first, shows: denied}", (FIRST, Tapped(2, READER), Showed(2.1, READER, "denied")), "no answer was shown"),
    ],
)  # fmt: skip
def test_a_tap_is_judged_by_what_its_reader_showed_for_it(
    holds: Holds, expected: str, seen: tuple[Sighting, ...], instead: str
):
    assert instead in holds(expected, *seen)
    assert bool(instead) is bool(holds(expected, *seen))


@pytest.mark.parametrize(
    ("when", "is_so"),
    [
        ("at: 3s", True),
        ("at: 6s", False),
        ("by: 3s", True),
        ("by: 1s", False),
        ("after: 4s", True),
        ("after: 6s", False),
        ("after: 1s, by: 3s", True),
        ("after: 5500ms, by: 9s", False),
        ("throughout: [2s, 5s]", True),
        ("throughout: [2500ms, 4s]", True),
        ("throughout: [1s, 4s]", False),
        ("throughout: [3s, end]", False),
        ("never: true", False),
        ("never: true, after: 6s", True),
        ("never: true, by: 1s", True),
        ("times: 1", True),
        ("times: 2", False),
        ("times: 0", False),
        ("times: 1, after: 3s", False),
        ("at_least: 2", False),
    ],
)
def test_a_bolt_is_judged_by_when_it_was_so(holds: Holds, when: str, is_so: bool):
    instead = holds(f"{{door: front, bolt: unlocked, {when}}}", *BOLT)

    assert instead == ("" if is_so else "door-front bolt: locked from 0.00 s, unlocked from 2.00 s, locked from 5.00 s")


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        ("{door: front, leaf: open}", Turned(3, UNIT, "leaf", "open")),
        ("{door: Front door, alarm: forced}", Turned(3, "door:front", "alarm", "forced")),
        ("{door: front, alarm: none}", Turned(3, "door:front", "alarm", "none")),
        ("{door: front, meant: lockdown}", Turned(3, "door:front", "mode", "lockdown")),
        ("{light: booth, is: on}", Turned(3, "light-booth", "light", "on")),
        ("{light: light-booth, is: off}", Turned(3, "light-booth", "light", "off")),
        ("{device: sensor-hall, link: lost}", Turned(3, "sensor-hall", "link", "lost")),
        ("{room: booth, status: on_air}", Turned(3, "room:booth", "status", "on_air")),
        ("{house: people_in, is: 2}", Turned(3, "house", "people_in", "2")),
        ("{door: front, says: door.opened}", Said(3, UNIT, "door.opened")),
        ("{door: front, shows: warning}", Showed(3, READER, "warning")),
        ("{door: front, shows: denied, reason: on_air}", Showed(3, READER, "denied", "on_air")),
        ("{door: front, told: unlock, times: 1}", Told(3, UNIT, "c-1", "unlock")),
        ("{device: light-booth, says: button}", Said(3, "light-booth", "button")),
        ("{area: hall, channel: co2, between: [400, 900]}", Measured(3, "sensor-hall", {"co2": 800})),
        ("{life: taps, at_least: 1}", Lived(3, "mia", "front", "in", entitled=True)),
        ("{readings: acknowledged}", Sent(3, "sensor-hall", 1, confirmed=True)),
    ],
)
def test_what_was_seen_is_found_and_nothing_else_is(holds: Holds, expected: str, seen: Sighting):
    more = (Sent(2, "sensor-hall", 1),) if isinstance(seen, Sent) else ()

    assert holds(expected, *more, seen) == ""
    assert holds(expected, Turned(1, "elsewhere", "leaf", "closed")) != ""


def test_what_happened_is_counted_within_its_window(holds: Holds):
    twice = Said(3, UNIT, "rex"), Said(9, UNIT, "rex")

    assert holds("{door: front, says: rex, times: 1, by: 5s}", *twice) == ""
    assert holds("{door: front, says: rex, times: 1}", *twice) == "2 times: door-front at 3.00 s, door-front at 9.00 s"
    assert holds("{door: front, says: rex, never: true, after: 4s, by: 8s}", *twice) == ""
    assert holds("{door: front, says: rex}", Said(3, UNIT, "tamper")) == "never; what it says was tamper"


@pytest.mark.parametrize(
    ("when", "instead"),
    [
        ("by: 5s, times: 2", "once: door-front at 3.00 s; before or after that door-front at 9.00 s"),
        ("after: 4s, by: 8s", "never: before or after that door-front at 3.00 s, door-front at 9.00 s"),
        ("after: 8s, never: true", "once: door-front at 9.00 s; before or after that door-front at 3.00 s"),
    ],
)
def test_what_happened_beside_its_window_is_told_apart(holds: Holds, when: str, instead: str):
    assert holds(f"{{door: front, says: rex, {when}}}", Said(3, UNIT, "rex"), Said(9, UNIT, "rex")) == instead


def test_a_reading_beyond_its_bounds_is_told_with_its_sensor(holds: Holds):
    read = [Measured(at, "sensor-hall", {"co2": value}) for at, value in ((2, 500), (4, 1900.5), (6, 1600))]

    assert holds("{area: hall, channel: co2, between: [400, 1500]}", *read) == (
        "2 of 3 readings: sensor-hall read 1900.5 at 4.00 s"
    )
    assert holds("{area: hall, channel: co2, between: [400, 1500], by: 3s}", *read) == ""
    assert holds("{area: hall, channel: co2, between: [0, 1]}", Measured(2, "sensor-hall", {"co2": "nan"})) == (
        "nobody said a reading of co2"
    )


def test_a_reading_that_nobody_confirmed_is_lost(holds: Holds):
    seen = Sent(1, "sensor-hall", 1), Sent(2, "sensor-hall", 2), Sent(2.1, "sensor-hall", 1, confirmed=True)

    assert holds("{readings: acknowledged}", *seen) == "1 of 2 were not confirmed, the first of sensor-hall at 2.00 s"


def test_the_same_reading_said_again_is_confirmed_once(holds: Holds):
    seen = Sent(1, "sensor-hall", 1), Sent(2, "sensor-hall", 1), Sent(2.1, "sensor-hall", 1, confirmed=True)

    assert holds("{readings: acknowledged}", *seen) == ""
    assert holds("{readings: acknowledged, at_least: 2}", *seen) == "1 were said"


def lived(at: float, showed: str | None = None, reason: str | None = None, *, entitled: bool = True) -> Lived:
    return Lived(at, "mia", "front", "in", entitled, showed, reason)


def test_of_those_who_live_there_every_tap_is_answered(holds: Holds):
    assert holds("{life: answered}", lived(1), lived(1.2, "granted")) == ""
    assert holds("{life: answered}", lived(1)) != ""
    assert holds("{life: answered}", lived(1), lived(2, "try_again", "no_answer")) == (
        "1 taps, 1 shown an answer, 1 of them that there is none, the first at front at 2.00 s"
    )
    assert holds("{life: answered}", lived(1), lived(1.2, "granted"), lived(19.5)) == ""


def test_of_those_who_live_there_the_entitled_are_let_in(holds: Holds):
    assert holds("{life: entitled}", lived(1, "granted"), lived(2, "denied", "no_right", entitled=False)) == ""
    assert holds("{life: entitled}", lived(1, "denied", "no_right")) == "mia at front at 1.00 s: no_right"
    assert holds("{life: entitled}", lived(1, "try_again", "busy")) == "0 of the entitled came"


def test_a_command_is_judged_by_its_exit_and_its_words(write: Write):
    scenario = read(write("steps: [{at: 2s, do: natoma, say: lockdown on, prints: locked}]"))

    def verdict(*seen: Sighting) -> str:
        (of_it,) = [one for one in check(scenario, seen) if one.words.startswith("natoma")]
        return of_it.seen

    assert verdict(Ran(3, 4, 0)) == ""
    assert verdict(Ran(3, 4, 2, ended="no such zone")) == "at 3.00 s it exited 2: no such zone"
    assert verdict(Ran(3, 4, 0, prints_it=False, ended="nothing")) == "at 3.00 s it exited 0: nothing"
    assert verdict() == "it had not ended when the scenario was over"
