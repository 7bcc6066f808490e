"""What beats prove about a broker."""

from devices.link.heartbeat import Heartbeat, SlowTripCanary, Verdict

EVERY = 5.0


def test_a_beat_that_returns_gives_its_trip():
    heartbeat = Heartbeat(EVERY)
    number = heartbeat.beat(100.0)

    assert heartbeat.returned(number, 100.25) == 0.25
    assert heartbeat.returned(number, 100.5) is None


def test_one_missed_beat_is_a_busy_moment():
    heartbeat = Heartbeat(EVERY)
    heartbeat.beat(0.0)

    assert heartbeat.verdict(4.9, last_byte_at=-1.0) is Verdict.ALIVE


def test_two_missed_beats_and_not_a_byte_is_death_in_under_fifteen_seconds():
    heartbeat = Heartbeat(EVERY)
    # The worst moment to freeze: right after a beat came back.
    heartbeat.returned(heartbeat.beat(0.0), 0.001)
    heartbeat.beat(5.0)
    heartbeat.beat(10.0)

    assert heartbeat.verdict(12.4, last_byte_at=0.001) is Verdict.ALIVE
    assert heartbeat.verdict(12.5, last_byte_at=0.001) is Verdict.DEAD


def test_bytes_without_our_beats_is_a_broker_that_will_not_pass_them():
    heartbeat = Heartbeat(EVERY)
    heartbeat.beat(0.0)
    heartbeat.beat(5.0)

    assert heartbeat.verdict(7.5, last_byte_at=5.1) is Verdict.MUTE


def test_bytes_from_before_the_last_missed_beat_prove_nothing():
    heartbeat = Heartbeat(EVERY)
    heartbeat.beat(0.0)
    heartbeat.beat(5.0)

    assert heartbeat.verdict(7.5, last_byte_at=4.9) is Verdict.DEAD


def test_a_late_beat_clears_those_before_it():
    heartbeat = Heartbeat(EVERY)
    heartbeat.beat(0.0)
    second = heartbeat.beat(5.0)

    assert heartbeat.returned(second, 7.0) == 2.0
    assert heartbeat.verdict(60.0, last_byte_at=0.0) is Verdict.ALIVE


def test_a_beat_never_sent_is_not_believed():
    heartbeat = Heartbeat(EVERY)
    heartbeat.beat(0.0)

    assert heartbeat.returned(99, 1.0) is None


def test_pings_answer_in_order():
    heartbeat = Heartbeat(EVERY)
    heartbeat.beat(0.0)
    heartbeat.beat(5.0)

    assert heartbeat.last_returned(6.0) == 6.0
    assert heartbeat.last_returned(6.0) == 1.0
    assert heartbeat.last_returned(6.0) is None


def test_slow_idle_trips_are_told_once():
    canary = SlowTripCanary()

    assert [canary.idle_trip(trip) for trip in (0.046, 0.044, 0.045, 0.044, 0.044)] == [None, None, 0.044, None, None]


def test_one_slow_trip_is_a_busy_machine():
    canary = SlowTripCanary()

    assert [canary.idle_trip(trip) for trip in (0.2, 0.001, 0.2)] == [None, None, None]
    assert not canary.wants_more
