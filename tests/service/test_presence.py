"""Which devices are there, how steady they are, how old what they say is."""

import math
from datetime import timedelta

import pytest

from controller.domain.alarm import AlarmKind
from controller.domain.facts import FactKind
from controller.domain.ids import DeviceId
from devices.messages import ChannelSpec, DeviceState, Event, EventType, Health, Status
from tests.support.services import SENSOR, STREET_READER, HandClock, House, birth

READY = Status(state=DeviceState.READY, boot="boot-1")


@pytest.fixture
def house():
    return House(clock=HandClock())


def age_of(house: House, *, said_s_ago: float | None = None, age_ms: int | None = None, backlog: bool = False) -> float:
    """How old an event is taken to be that comes now with this time on it."""
    said = None if said_s_ago is None else house.clock.now() - timedelta(seconds=said_s_ago)
    event = Event(id="e", type=EventType.BUTTON, ts=said, age_ms=age_ms)
    return house.presence.age_of(house.arriving(STREET_READER, event, backlog=backlog), event.ts, event.age_ms)


def is_off_by(house: House, seconds: float, *, times: int = 1, **how: bool) -> None:
    """The reader says its status with a clock that is this far behind ours."""
    for _ in range(times):
        ts = house.clock.now() - timedelta(seconds=seconds)
        house.say(STREET_READER, Status(state=DeviceState.READY, boot="boot-1", ts=ts), **how)


# --- ages -------------------------------------------------------------------------------------------------------------


def test_an_event_is_as_old_as_its_own_time_says(house):
    assert age_of(house, said_s_ago=3.0) == pytest.approx(3.0)


@pytest.mark.parametrize("off", [10.0, -10.0, 59.0], ids=["behind", "ahead", "almost a minute behind"])
def test_a_clock_that_is_off_by_up_to_a_minute_is_corrected(house, off):
    is_off_by(house, off)

    assert age_of(house, said_s_ago=off + 3.0) == pytest.approx(3.0)


@pytest.mark.parametrize("off", [61.0, -61.0, 56 * 365 * 86_400.0], ids=["behind", "ahead", "never set"])
def test_a_clock_that_is_off_by_more_is_not_asked(house, off):
    is_off_by(house, off)

    assert age_of(house, said_s_ago=off + 3.0) == 0.0
    assert age_of(house, said_s_ago=off + 3.0, age_ms=7_000) == pytest.approx(7.0)


def test_a_small_offset_is_the_way_through_the_broker_and_corrects_nothing(house):
    is_off_by(house, 1.5)

    assert age_of(house, said_s_ago=4.0) == pytest.approx(4.0)


def test_one_slow_message_does_not_make_a_clock_wrong(house):
    is_off_by(house, 10.0)
    is_off_by(house, 0.1)

    assert age_of(house, said_s_ago=6.0) == pytest.approx(6.0)


@pytest.mark.parametrize("how", ["retained", "backlog"])
def test_a_status_that_was_waiting_says_nothing_about_the_clock(house, how):
    is_off_by(house, 50.0, **{how: True})

    assert age_of(house, said_s_ago=6.0) == pytest.approx(6.0)


def test_of_two_words_about_its_age_the_older_counts(house):
    assert age_of(house, said_s_ago=1.0, age_ms=9_000) == pytest.approx(9.0)


def test_what_waited_at_the_broker_without_a_time_may_be_of_any_age(house):
    assert age_of(house, backlog=True) == math.inf
    assert age_of(house, backlog=True, age_ms=1_000) == math.inf


def test_what_waited_at_the_broker_with_a_wrong_clock_may_be_of_any_age(house):
    is_off_by(house, 3_600.0)

    assert age_of(house, backlog=True, said_s_ago=3_601.0) == math.inf


def test_what_waited_at_the_broker_and_is_from_the_future_may_be_of_any_age(house):
    assert age_of(house, backlog=True, said_s_ago=-30.0) == math.inf
    assert age_of(house, said_s_ago=-30.0) == 0.0


def test_what_waited_at_the_broker_with_a_good_time_is_as_old_as_it_says(house):
    assert age_of(house, backlog=True, said_s_ago=120.0) == pytest.approx(120.0)


# --- coming and going -------------------------------------------------------------------------------------------------


def test_a_device_is_ready_once_it_says_so_and_lost_with_its_will(house):
    before = house.presence.word(SENSOR)
    house.say(SENSOR, READY)
    ready = house.presence.is_ready(SENSOR)
    house.say(SENSOR, Status(state=DeviceState.LOST, boot="boot-1"))

    assert (before, ready, house.presence.word(SENSOR)) == ("never_seen", True, "lost")
    assert [fact.kind for fact in house.told] == [FactKind.DEVICE_READY, FactKind.DEVICE_LOST]


def test_the_late_will_of_an_old_boot_changes_nothing(house):
    house.say(SENSOR, READY)
    house.say(SENSOR, Status(state=DeviceState.READY, boot="boot-2"))
    house.say(SENSOR, Status(state=DeviceState.LOST, boot="boot-1"))

    assert house.presence.is_ready(SENSOR)
    assert house.heard_of(FactKind.DEVICE_LOST) == []


def test_a_sleeping_device_is_there_and_is_sent_nothing(house):
    house.say(SENSOR, Status(state=DeviceState.SLEEPING, boot="boot-1"))

    assert (house.presence.is_there(SENSOR), house.presence.is_ready(SENSOR)) == (True, False)


def test_goodbye_is_shown_as_lost(house):
    house.say(SENSOR, READY)
    house.say(SENSOR, Status(state=DeviceState.DISCONNECTED, boot="boot-1"))

    assert house.shown("device", SENSOR)["state"] == "lost"


def test_a_device_that_is_not_of_this_house_is_not_there(house):
    stranger = DeviceId("stranger")

    assert (house.presence.is_ready(stranger), house.presence.is_there(stranger)) == (False, False)
    assert house.presence.word(stranger) == "never_seen"


def test_how_many_are_missing_is_known(house):
    everybody = len(house.index.space.devices)
    house.say(SENSOR, READY)

    assert house.presence.lost_count() == everybody - 1


# --- silence ----------------------------------------------------------------------------------------------------------


def test_a_sensor_is_silent_after_two_missed_cadences_and_a_little(house):
    house.say(SENSOR, READY)
    house.say(SENSOR, birth(every_s=60.0))
    house.clock.advance(129)
    house.presence.sweep()
    still = house.presence.word(SENSOR)
    house.clock.advance(2)
    house.presence.sweep()

    assert (still, house.presence.word(SENSOR)) == ("ready", "silent")
    assert [fact.detail for fact in house.heard_of(FactKind.DEVICE_LOST)] == [{"state": "silent"}]
    assert house.shown("device", SENSOR)["state"] == "silent"


def test_silence_while_we_could_not_hear_is_nobodys(house):
    house.say(SENSOR, READY)
    house.say(SENSOR, birth(every_s=60.0))
    house.clock.advance(3600)
    house.presence.deaf()
    house.clock.advance(100)
    house.presence.sweep()

    assert house.presence.word(SENSOR) == "ready"


def test_a_device_without_a_cadence_may_be_silent_for_ever(house):
    house.say(SENSOR, READY)
    house.say(SENSOR, birth(every_s=None))
    house.clock.advance(86_400)
    house.presence.sweep()

    assert house.presence.word(SENSOR) == "ready"


def test_listeners_hear_of_every_change_and_of_nothing_else(house):
    heard = []
    house.presence.listen(heard.append)
    house.say(SENSOR, READY)
    house.say(SENSOR, READY)
    house.say(SENSOR, birth())
    house.say(SENSOR, birth())
    house.say(SENSOR, Status(state=DeviceState.READY, boot="boot-2"))

    assert heard == [SENSOR] * 3


# --- coming and going all the time ----------------------------------------------------------------------------------


def lost_and_back(house: House, device: str = SENSOR, boot: str = "boot-1") -> None:
    house.say(device, Status(state=DeviceState.LOST, boot=boot))
    house.say(device, Status(state=DeviceState.READY, boot=boot))
    house.clock.advance(1)
    house.presence.sweep()


def test_a_device_that_comes_and_goes_each_second_for_ten_minutes_is_told_once_and_once_when_it_rests(house):
    house.say(SENSOR, READY)
    for _ in range(600):
        lost_and_back(house)
    flapping = [fact.kind for fact in house.told]
    is_shown_so = house.shown("device", SENSOR)["unsteady"]
    house.clock.advance(61)
    house.presence.sweep()

    assert flapping.count(FactKind.DEVICE_UNSTEADY) == 1
    assert len(flapping) == 6  # it is there, lost, there, lost, there, unsteady
    assert (is_shown_so, house.shown("device", SENSOR)["unsteady"]) == (True, False)
    assert [fact.kind for fact in house.told[6:]] == [FactKind.DEVICE_READY]


def test_a_device_that_flapped_and_stayed_away_is_told_as_lost(house):
    house.say(SENSOR, READY)
    for _ in range(5):
        lost_and_back(house)
    house.say(SENSOR, Status(state=DeviceState.LOST, boot="boot-1"))
    house.clock.advance(61)
    house.presence.sweep()

    assert house.told[-1].kind is FactKind.DEVICE_LOST
    assert house.presence.word(SENSOR) == "lost"


def test_two_devices_under_one_name_are_told_once(house):
    for _ in range(10):
        for boot in ("boot-1", "boot-2"):
            house.say(SENSOR, Status(state=DeviceState.READY, boot=boot))
            house.clock.advance(0.3)

    assert [fact.device for fact in house.heard_of(FactKind.NAME_SHARED)] == [SENSOR]
    assert [alarm.kind for alarm in house.alarms.open] == [AlarmKind.NAME_SHARED]


@pytest.mark.parametrize("how", ["retained", "backlog"])
def test_what_was_waiting_says_nothing_of_how_steady_a_device_is(house, how):
    for _ in range(10):
        for boot in ("boot-1", "boot-2"):
            house.say(SENSOR, Status(state=DeviceState.READY, boot=boot), **{how: True})
            house.say(SENSOR, Status(state=DeviceState.LOST, boot=boot), **{how: True})

    assert house.heard_of(FactKind.NAME_SHARED) == []
    assert house.heard_of(FactKind.DEVICE_UNSTEADY) == []


# --- births and health ------------------------------------------------------------------------------------------------


def test_a_birth_is_noted_once_and_not_when_it_was_retained(house):
    house.say(SENSOR, birth(rev=1), retained=True)
    house.say(SENSOR, birth(rev=2))
    house.say(SENSOR, birth(rev=2))

    assert [fact.detail for fact in house.heard_of(FactKind.DEVICE_BORN)] == [{"rev": 2}]


def test_limits_are_taken_in_the_canonical_unit(house):
    house.say(SENSOR, birth(t=ChannelSpec(device_class="temperature", unit="°F", min=32, max=212)))

    channel = house.presence.of(SENSOR).channels["t"]
    assert (channel.low, channel.high) == (0.0, 100.0)


def test_an_unknown_unit_sets_its_channel_aside_and_not_its_device(house, caplog):
    house.say(
        SENSOR,
        birth(
            t=ChannelSpec(device_class="temperature", unit="furlong"), co2=ChannelSpec(device_class="carbon_dioxide")
        ),
    )

    channels = house.presence.of(SENSOR).channels
    assert (channels["t"].quarantined, channels["co2"].quarantined) == (True, False)
    assert "sensor-study, channel t is set aside" in caplog.text


@pytest.mark.parametrize("odd", ["a\0b", "foo\\", "a\u2028b", "\x1b[31m"])
def test_a_class_that_is_no_name_sets_its_channel_aside_and_not_its_device(house, caplog, odd):
    house.say(SENSOR, birth(x=ChannelSpec(device_class=odd), co2=ChannelSpec(device_class="carbon_dioxide")))

    channels = house.presence.of(SENSOR).channels
    assert (channels["x"].quarantined, channels["x"].device_class) == (True, "")
    assert not channels["co2"].quarantined
    assert f"sensor-study, channel x is set aside: its class is {odd!r}; it should be printable" in caplog.text


def test_battery_and_signal_are_shown_with_the_device(house):
    house.say(SENSOR, Health(battery=41, rssi=-70))

    shown = house.shown("device", SENSOR)
    assert (shown["battery"], shown["rssi"], shown["room"], shown["kind"]) == (41, -70, "study", "sensor")
