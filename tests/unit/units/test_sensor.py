"""The sensor: its cadence, its numbering, and what it keeps while nobody listens."""

from datetime import UTC, datetime, timedelta

from devices.messages import ChannelSpec, Command, Do, Event, EventType, Health, State, Telemetry
from devices.topics import Kind
from devices.units import Effects, Sensor, SensorProfile, Voice
from devices.units.steps import (
    Connected,
    Disconnected,
    ExitPressed,
    FireFelt,
    Heard,
    Measured,
    Publish,
    Sample,
    StartTimer,
    Tampered,
    TimerFired,
    Unread,
)

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PROFILE = SensorProfile(
    channels={"co2": ChannelSpec(device_class="carbon_dioxide"), "window": ChannelSpec(device_class="window")},
    states=frozenset({"window"}),
    every_s=60,
    first_after_s=7,
)


def connected() -> Sensor:
    sensor, _ = Sensor(Voice("b1"), PROFILE).step(Connected(), NOON)
    return sensor


def telemetry(effects: Effects) -> list[Telemetry]:
    return [
        effect.message for effect in effects if isinstance(effect, Publish) and isinstance(effect.message, Telemetry)
    ]


def test_samples_at_power_on_and_then_keeps_its_place_in_the_cadence():
    sensor, first = Sensor(Voice("b1"), PROFILE).step(Connected(), NOON)
    _, again = sensor.step(Connected(), NOON)

    assert Sample() in first
    assert StartTimer("sample", 7) in first
    assert not any(isinstance(effect, StartTimer | Sample) for effect in again)


def test_tells_of_its_battery_as_soon_as_it_is_heard():
    _, effects = Sensor(Voice("b1"), PROFILE).step(Connected(), NOON)

    assert any(isinstance(effect, Publish) and isinstance(effect.message, Health) for effect in effects)


def test_each_tick_samples_and_starts_the_next():
    _, effects = connected().step(TimerFired("sample"), NOON)

    assert effects == (Sample(), StartTimer("sample", 60))


def test_readings_are_numbered_without_gaps():
    sensor, first = connected().step(Measured({"co2": 500}), NOON)
    sensor, second = sensor.step(Measured({"co2": 510}), NOON)

    assert [reading.seq for reading in (*telemetry(first), *telemetry(second))] == [1, 2]


def test_a_slow_thing_is_said_once_when_it_changes():
    sensor, first = connected().step(Measured({"window": "open"}), NOON)
    sensor, again = sensor.step(Measured({"window": "open"}), NOON)

    assert [
        effect.message.v for effect in first if isinstance(effect, Publish) and isinstance(effect.message, State)
    ] == [{"window": "open"}]
    assert again == ()


def test_readings_taken_offline_arrive_later_with_their_own_times():
    sensor, _ = connected().step(Disconnected(), NOON)
    for minute in range(130):
        sensor, effects = sensor.step(Measured({"co2": 500 + minute}), NOON + timedelta(minutes=minute))
        assert effects == ()

    sensor, effects = sensor.step(Connected(), NOON + timedelta(hours=3))

    batches = telemetry(effects)
    assert [len(batch.batch or ()) for batch in batches] == [60, 60, 10]
    assert batches[0].batch is not None
    assert batches[0].batch[0].ts == NOON
    assert [batch.seq for batch in batches] == [1, 2, 3]
    assert sensor.kept == ()


def test_a_full_memory_forgets_the_oldest():
    sensor, _ = connected().step(Disconnected(), NOON)
    for minute in range(300):
        sensor, _ = sensor.step(Measured({"co2": minute}), NOON + timedelta(minutes=minute))

    assert len(sensor.kept) == 240
    assert sensor.kept[0].v == {"co2": 60}


def test_a_channel_it_was_not_born_with_is_not_said():
    _, effects = connected().step(Measured({"co2": 500, "radon": 3}), NOON)

    assert telemetry(effects)[0].v == {"co2": 500}


def test_tells_of_its_battery_now_and_then():
    _, effects = connected().step(TimerFired("health"), NOON)

    assert [effect.message for effect in effects if isinstance(effect, Publish)] == [Health(battery=100.0, queued=0)]
    assert StartTimer("health", 600) in effects


def test_says_word_for_word_again_what_was_never_confirmed_once_the_line_is_back():
    sensor, said = connected().step(Measured({"co2": 640}), NOON)
    lost = telemetry(said)[0]

    sensor, _ = sensor.step(Disconnected(), NOON)
    sensor, timer = sensor.step(Unread(lost), NOON)
    sensor, early = sensor.step(TimerFired("again"), NOON)
    sensor, back = sensor.step(Connected(), NOON)
    _, no_more = sensor.step(TimerFired("again"), NOON)

    assert timer == (StartTimer("again", 1.0),)
    assert telemetry(early) == []
    assert telemetry(back) == [lost]
    assert telemetry(no_more) == []


def test_says_it_again_after_a_second_where_the_line_was_never_gone():
    sensor, said = connected().step(Measured({"co2": 640}), NOON)
    lost = telemetry(said)[0]

    sensor, _ = sensor.step(Unread(lost), NOON)
    _, again = sensor.step(TimerFired("again"), NOON)

    assert telemetry(again) == [lost]


def test_passes_on_what_the_fire_panel_wired_to_it_says():
    sensor, burns = connected().step(FireFelt(active=True), NOON)
    _, over = sensor.step(FireFelt(active=False), NOON)

    assert [
        (effect.message.type, effect.message.data)
        for effect in (*burns, *over)
        if isinstance(effect, Publish) and isinstance(effect.message, Event)
    ] == [(EventType.FIRE, {"active": True}), (EventType.FIRE, {"active": False})]


def test_obeys_rebirth_refuses_the_rest_and_ignores_what_it_has_no_use_for():
    sensor = connected()

    _, born = sensor.step(Heard(Command(id="c1", ts=NOON, ttl_ms=3000, do=Do.REBIRTH)), NOON)
    _, blinked = sensor.step(Heard(Command(id="c2", ts=NOON, ttl_ms=3000, do=Do.IDENTIFY)), NOON)
    _, refused = sensor.step(Heard(Command(id="c3", ts=NOON, ttl_ms=3000, do=Do.UNLOCK)), NOON)
    _, late = sensor.step(Heard(Command(id="c4", ts=NOON, ttl_ms=3000, do=Do.REBIRTH), retained=True), NOON)
    _, tampered = sensor.step(Tampered(), NOON)

    assert [effect.kind for effect in born if isinstance(effect, Publish)] == [Kind.BIRTH, Kind.STATUS, Kind.ACK]
    assert [len(effects) for effects in (blinked, refused, late, tampered)] == [2, 1, 1, 1]
    assert sensor.step(ExitPressed(), NOON) == (sensor, ())
