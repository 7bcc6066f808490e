"""The on-air light: wanted until then, reported, and off by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from devices.messages import AckReason, Command, Desired, DesiredValue, Do, EventType, State
from devices.topics import Kind
from devices.units import Effects, Light, Voice
from devices.units.steps import (
    ButtonPressed,
    Connected,
    Disconnected,
    Heard,
    Measured,
    Publish,
    Shine,
    StartTimer,
    Tampered,
    TimerFired,
)

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def wish(value: object, until: datetime | None = None, rev: int = 1) -> Heard:
    return Heard(Desired(rev=rev, v={"onair": DesiredValue(value=value, until=until)}), retained=True)  # type: ignore[arg-type]


def connected() -> Light:
    light, _ = Light(Voice("b1")).step(Connected(), NOON)
    return light


def reported(effects: Effects) -> list[object]:
    return [
        effect.message.v["onair"]
        for effect in effects
        if isinstance(effect, Publish) and isinstance(effect.message, State)
    ]


def test_shines_and_reports_until_the_end_of_the_wish():
    light, effects = connected().step(wish(True, NOON + timedelta(minutes=30)), NOON)

    assert light.is_on
    assert Shine(True) in effects
    assert reported(effects) == [True]
    assert StartTimer("until", 1800) in effects


def test_goes_off_by_itself_at_the_end():
    light, _ = connected().step(wish("on", NOON + timedelta(minutes=30)), NOON)

    light, effects = light.step(TimerFired("until"), NOON + timedelta(minutes=30))

    assert not light.is_on
    assert Shine(False) in effects
    assert reported(effects) == [False]


def test_a_wish_already_over_does_not_shine():
    light, effects = connected().step(wish(True, NOON - timedelta(seconds=1)), NOON)

    assert not light.is_on
    assert reported(effects) == [False]


def test_a_wish_without_an_end_still_ends():
    _, effects = connected().step(wish(True), NOON)

    assert StartTimer("until", 4 * 3600) in effects


@pytest.mark.parametrize("value", [False, "off", "perhaps", 1.5])
def test_anything_but_on_is_off(value: object):
    light, _ = connected().step(wish(True, NOON + timedelta(minutes=30)), NOON)

    light, _ = light.step(wish(value), NOON)

    assert not light.is_on


def test_a_report_tells_which_wish_it_answers():
    fresh, _ = Light(Voice("b1")).step(Connected(), NOON)
    _, effects = fresh.step(wish(True, NOON + timedelta(minutes=30), rev=7), NOON)

    (report,) = [one.message for one in effects if isinstance(one, Publish) and isinstance(one.message, State)]
    assert report.v == {"onair": True, "onair.rev": 7}


def test_an_older_wish_that_comes_late_lights_nothing_and_is_answered():
    light, _ = connected().step(wish(False, rev=8), NOON)

    after, effects = light.step(wish(True, NOON + timedelta(minutes=30), rev=7), NOON)

    assert after == light
    assert reported(effects) == [False]


def test_says_what_it_shows_when_the_link_is_back():
    light, _ = connected().step(wish(True, NOON + timedelta(minutes=30)), NOON)
    light, _ = light.step(Disconnected(), NOON)

    _, effects = light.step(Connected(), NOON)

    assert reported(effects) == [True]


def test_the_button_is_an_event_and_switches_nothing():
    light, effects = connected().step(ButtonPressed("long"), NOON)

    (publish,) = effects
    assert isinstance(publish, Publish)
    assert (publish.message.type, publish.message.data) == (EventType.BUTTON, {"pressed": "long"})  # type: ignore[attr-defined]
    assert not light.is_on


def test_obeys_only_what_concerns_it():
    light = connected()
    order = Command(id="c1", ts=NOON, ttl_ms=3000, do=Do.UNLOCK)

    light, effects = light.step(Heard(order), NOON)

    (publish,) = effects
    assert isinstance(publish, Publish)
    assert publish.message.reason == AckReason.UNKNOWN_CHANNEL  # type: ignore[attr-defined]
    assert light.step(Heard(order), NOON) == (light, effects)
    assert light.step(Measured({}), NOON) == (light, ())


def test_blinks_is_reborn_and_tells_of_tampering():
    light = connected()

    _, blinked = light.step(Heard(Command(id="c1", ts=NOON, ttl_ms=3000, do=Do.IDENTIFY)), NOON)
    _, born = light.step(Heard(Command(id="c2", ts=NOON, ttl_ms=3000, do=Do.REBIRTH)), NOON)
    _, told = light.step(Tampered(), NOON)

    assert [effect.kind for effect in born if isinstance(effect, Publish)] == [
        Kind.BIRTH, Kind.STATE, Kind.STATUS, Kind.ACK,
    ]  # fmt: skip
    assert len(blinked) == 2
    assert len(told) == 1
