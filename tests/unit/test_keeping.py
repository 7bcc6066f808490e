"""How long what is kept, and what of a fact stays when nobody may be named any more."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.facts import Fact, FactKind
from controller.domain.ids import AreaId, DeviceId, DoorId, PersonId
from controller.domain.keeping import (
    DEFAULTS,
    GAPS,
    OF_NOBODY,
    Keeping,
    Trust,
    anonymous,
    is_named,
    told,
    trusted,
    wrong_in,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMING = {
    "entry_granted", "entry_denied", "read_ignored", "entry_taken", "entry_not_taken", "exit_requested", "door_forced",
    "door_held", "unlock_confirmed", "unlock_refused", "unlock_not_sent", "on_air_changed", "on_air_asked", "pin_asked",
    "local_granted", "local_denied", "alarm_raised", "alarm_acknowledged", "alarm_cleared", "door_mode_changed",
    "lockdown_began", "lockdown_lifted", "fire_confirmed", "door_overridden", "calendar_changed", "event_started",
    "event_ended", "event_full", "ticket_admitted", "ticket_left", "ticket_refused", "whereabouts_forgiven",
    "quota_overshot", "booking_made", "booking_requested", "booking_approved", "booking_declined", "booking_changed",
    "booking_ended", "booking_cancelled", "booking_checked_in", "booking_in_use", "booking_released", "waiting_offered",
    "waiting_won", "waiting_lapsed", "series_missed", "calendar_read", "guest_arrived", "first_visit", "notice_failed",
    "policy_published",
}  # fmt: skip
ENTRY = Fact(
    FactKind.ENTRY_DENIED,
    NOON,
    DoorId("front"),
    DeviceId("reader-front"),
    AreaId("studio"),
    PersonId("alice"),
    "b-1",
    "b-1",
    {"reason": "outside_hours", "last_two": "7f", "credential": "c-1", "inputs": {"person": {"id": "alice"}}},
)


def test_the_defaults_make_sense_together():
    assert wrong_in(DEFAULTS) is None
    assert (DEFAULTS.access, DEFAULTS.telemetry, DEFAULTS.hourly) == (90 * DAY, 90 * DAY, 730 * DAY)


@pytest.mark.parametrize(
    ("keeping", "name", "says"),
    [
        (replace(DEFAULTS, telemetry=24 * HOUR), "telemetry", "safety lag of readings (25h)"),
        (replace(DEFAULTS, telemetry=timedelta(seconds=30)), "telemetry", "safety lag of readings (25h)"),
        (replace(DEFAULTS, access=DAY), "access", "read again after a start (2d)"),
        (replace(DEFAULTS, events=30 * DAY), "events", "shorter than keep_access (90d)"),
        (replace(DEFAULTS, hourly=30 * DAY), "hourly", "shorter than keep_telemetry (90d)"),
        (replace(DEFAULTS, gaps=timedelta(0)), "gaps", "too short"),
        (replace(DEFAULTS, refused=timedelta(minutes=1)), "refused", "too short"),
    ],
)
def test_times_that_contradict_each_other_are_refused_naming_both(keeping: Keeping, name: str, says: str):
    wrong = wrong_in(keeping)

    assert wrong is not None
    assert wrong.name == name
    assert says in wrong.why


def test_a_sender_that_needs_readings_for_longer_lengthens_the_least():
    wrong = wrong_in(replace(DEFAULTS, telemetry=2 * DAY), 3 * DAY)

    assert wrong is not None
    assert (wrong.name, wrong.right) == ("telemetry", "write 3d or more")


def test_periods_are_told_as_they_are_written():
    periods = (730 * DAY, 90 * DAY, 25 * HOUR, timedelta(minutes=90), timedelta(seconds=30.5))

    assert [told(period) for period in periods] == ["2y", "90d", "25h", "90m", "30.5s"]


def test_every_kind_of_fact_is_said_to_name_somebody_or_nobody():
    assert {kind.value for kind in FactKind} - {kind.value for kind in OF_NOBODY} == NAMING
    assert GAPS <= OF_NOBODY


def test_an_anonymous_fact_says_what_happened_where_and_when_and_nothing_of_whom():
    left = anonymous(ENTRY)

    assert left == Fact(
        FactKind.ENTRY_DENIED,
        NOON,
        DoorId("front"),
        DeviceId("reader-front"),
        AreaId("studio"),
        detail={"anonymous": True, "reason": "outside_hours"},
    )
    assert "alice" not in repr(left)
    assert is_named(ENTRY)
    assert not is_named(left)


def test_a_reason_somebody_wrote_goes_with_them():
    lockdown = Fact(FactKind.LOCKDOWN_BEGAN, NOON, detail={"by": "ada", "reason": "Bob is back", "wanted": "locked"})

    assert anonymous(lockdown).detail == {"anonymous": True, "wanted": "locked"}


def test_a_fact_of_a_machine_names_nobody_unless_it_carries_a_person():
    born = Fact(FactKind.DEVICE_BORN, NOON, device=DeviceId("door-front"))

    assert not is_named(born)
    assert is_named(replace(born, person=PersonId("alice")))


def test_each_period_is_a_setting():
    assert {one.name for one in fields(Keeping)} == {"access", "events", "gaps", "telemetry", "hourly", "refused"}


@pytest.mark.parametrize(
    ("known", "at", "then"),
    [
        (Trust(NOON), NOON + 29 * DAY, Trust(NOON + 29 * DAY)),
        (Trust(NOON), NOON + 31 * DAY, Trust(NOON, NOON + 31 * DAY)),
        (Trust(NOON), NOON - 30 * DAY, Trust(NOON)),  # told late
        (Trust(NOON), NOON - 400 * DAY, Trust(NOON - 400 * DAY)),  # put back
        (Trust(NOON, NOON + 90 * DAY, 3 * DAY), NOON + DAY, Trust(NOON + DAY)),
        (Trust(NOON, NOON + 90 * DAY, 3 * DAY), NOON + 91 * DAY, Trust(NOON, NOON + 91 * DAY, 4 * DAY)),
        (Trust(NOON, NOON + 90 * DAY, 3 * DAY), NOON + 89 * DAY, Trust(NOON, NOON + 90 * DAY, 4 * DAY)),
        (Trust(NOON, NOON + 90 * DAY, 13 * DAY), NOON + 900 * DAY, Trust(NOON, NOON + 900 * DAY)),
        (Trust(NOON, NOON + 900 * DAY, 13 * DAY), NOON + 90 * DAY, Trust(NOON, NOON + 90 * DAY)),
        (Trust(NOON, NOON + 90 * DAY, 13 * DAY), NOON + 91 * DAY, Trust(NOON + 91 * DAY)),
    ],
)
def test_a_clock_far_ahead_of_what_was_seen_is_doubted_until_the_house_has_run_by_it(known: Trust, at, then: Trust):
    assert trusted(known, at, DAY) == then
