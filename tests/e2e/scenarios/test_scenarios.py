"""The simulator's scenarios, each against the real controller on a real broker; and controllers that must not pass."""

import os
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.support.broken import BROKEN
from tests.support.components import program
from tests.support.controller import ROOT, Said
from tests.support.soak import ROUNDS

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.scenario]

SCENARIOS = sorted(file.stem for file in Path(ROOT, "simulator/scenarios/files").glob("*.yaml"))
# A play is half a minute of real time. A run that decides whether a change is taken, and `make scenarios`, have all of them;
# at a desk two say whether houses can be played at all.
PLAYED = SCENARIOS if os.environ.get("NATOMA_SCENARIOS") == "all" else ["door-held", "dst-night"]


@pytest.mark.timeout(400)  # the first waits for all the others of the house to wake
@pytest.mark.parametrize("scenario", PLAYED)
def test_in_this_scenario_all_is_as_it_must_be(scenario: str, played: Mapping[object, Future[Said]]):
    program("mosquitto")

    told = played[scenario, None].result()

    assert told.code == 0, told.out + told.err
    assert f"{scenario}: all as expected" in told.out
    assert "Traceback" not in told.err


ONCE = "a lock is told once to unlock for one yes"
FEARED = [
    ("ignores-schedules", "dst-night", "tap: lark after, shows: denied, reason: outside_hours"),
    ("repeats-unlocks", "door-held", ONCE),
    ("renews-unlocks", "door-held", ONCE),
    ("leaves-lights-on", "podcast-on-air", "light: booth, is: off, throughout: ["),
    ("never-locks", "door-held", "door: street, bolt: locked, throughout: ["),
    ("lets-lost-badges-in", "badge-thief", "tap: stolen, shows: denied, reason: credential_lost"),
    ("answers-stale-reads", "controller-gone", "door: street, told: unlock, after: 14s, by: 22s, never: true"),
    ("stores-no-readings", "sensor-storm", "natoma telemetry history sensor-south-1 co2"),
]
# What else must not pass; each takes half a minute, and `make soak` has them.
LONG_FORM = [
    ("stores-no-readings", "broker-flap", "natoma telemetry history sensor-lobby co2"),
    ("answers-repeats", "badge-thief", "door: back, told: unlock, after: 21s, by: 26s, times: 1"),
    ("answers-repeats", "badge-thief", ONCE),
    ("keeps-bookings-open", "double-booking", "tap: over, shows: denied, reason: booking_over"),
    ("keeps-bookings-open", "podcast-on-air", "tap: guest when it is over, shows: denied, reason: booking_over"),
    ("lists-lost-badges", "controller-gone", "tap: lost badge, shows: denied"),
    ("lets-pins-be-guessed", "badge-thief", "tap: locked out, shows: denied, reason: pin_locked_out"),
    ("releases-no-way-out", "fire-in-lockdown", "door: street, bolt: unlocked, throughout: ["),
    ("opens-on-air", "podcast-on-air", "tap: on air, shows: denied, reason: on_air"),
    ("forgets-how-full-it-is", "public-event", "tap: Cleo when it is full, shows: denied, reason: event_full"),
    ("goes-on-after-events", "public-event", "tap: Bob when it is over, shows: denied, reason: event_over"),
    ("is-deaf-to-doors", "broker-flap", "alarm: forced, never: true"),
]


def test_every_broken_controller_is_played():
    assert {broken for broken, *_ in (*FEARED, *LONG_FORM)} == set(BROKEN)


@pytest.mark.soak
@pytest.mark.timeout(900)  # in the long form the last waits for all before it
@pytest.mark.parametrize(
    ("broken", "scenario", "failed"),
    [*(one for one in FEARED if one[1] in PLAYED), *(LONG_FORM if ROUNDS > 1 else ())],
    ids=lambda value: value if value in (*BROKEN, *SCENARIOS) else "",
)
def test_a_controller_that_is_broken_does_not_pass(
    broken: str, scenario: str, failed: str, played: Mapping[object, Future[Said]]
):
    program("mosquitto")

    told = played[scenario, broken].result()

    # 1 is a scenario that did not hold; one that could not be played to its end is no proof of anything.
    assert told.code == 1, told.out + told.err
    assert any(line.startswith("✗") and failed in line for line in told.out.splitlines()), told.out
    assert "were not met" in told.out
