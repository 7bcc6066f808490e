"""What happened while nobody listened is told once somebody does: in order, with its age, and counted when lost."""

from datetime import UTC, datetime, timedelta

from devices.messages import BadgeReadData, Event, EventType, Health
from devices.topics import Kind
from devices.units import Effects, Voice
from devices.units.steps import Connected, Disconnected, Publish, StartTimer, TimerFired, Unheard
from devices.units.voice import EVENTS_KEPT, REPLAY_BATCH

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def after(count: int) -> Voice:
    voice = Voice("b1")
    for number in range(count):
        voice, _ = voice.tell(EventType.REX, NOON + timedelta(seconds=number))
    return voice


def told(effects: Effects) -> list[Event]:
    said = [effect.message for effect in effects if isinstance(effect, Publish)]
    return [event for event in said if isinstance(event, Event)]


def test_a_thousand_entries_fit_into_what_is_kept():
    voice = after(3000)

    assert len(voice.kept) == 3000
    assert voice.dropped == 0


def test_beyond_that_the_oldest_gives_way_and_is_counted():
    voice = after(EVENTS_KEPT + 5)
    voice, _ = voice.step(Connected(), NOON)

    (health,) = voice.health(access_rev=41)

    assert isinstance(health, Publish)
    assert isinstance(health.message, Health)
    assert (health.message.dropped, health.message.access_rev) == (5, 41)
    assert health.message.queued == EVENTS_KEPT - REPLAY_BATCH


def test_what_was_kept_goes_out_in_handfuls_oldest_first_with_true_ages():
    voice, first = after(REPLAY_BATCH + 1).step(Connected(), NOON + timedelta(minutes=10))
    voice, second = voice.step(TimerFired("replay"), NOON + timedelta(minutes=10))

    assert [event.id for event in told(first)] == [f"b1-{number}" for number in range(1, REPLAY_BATCH + 1)]
    assert told(first)[0].age_ms == 600_000
    assert StartTimer("replay", 0.1) in first
    assert [event.id for event in told(second)] == [f"b1-{REPLAY_BATCH + 1}"]
    assert (voice.kept, second[1:]) == ((), ())


def test_each_is_told_once():
    voice, _ = after(3).step(Connected(), NOON)
    voice, _ = voice.step(Disconnected(), NOON)

    assert told(voice.step(Connected(), NOON)[1]) == []


def test_what_the_broker_never_confirmed_is_told_again_under_its_own_id_and_time():
    voice, _ = Voice("b1").step(Connected(), NOON)
    voice, said = voice.tell(EventType.LOCAL_GRANTED, NOON)
    voice, _ = voice.step(Disconnected(), NOON)
    voice, _ = voice.tell(EventType.REX, NOON + timedelta(seconds=5))
    voice, timer = voice.step(Unheard(told(said)[0]), NOON)

    _, again = voice.step(Connected(), NOON + timedelta(seconds=30))

    assert timer == (StartTimer("replay", 1.0),)
    assert [(event.id, event.ts, event.age_ms) for event in told(again)] == [
        ("b1-1", NOON, 30_000), ("b1-2", NOON + timedelta(seconds=5), 25_000),
    ]  # fmt: skip


def test_a_question_nobody_heard_is_not_asked_again():
    read = Event(id="b1-1", type=EventType.BADGE_READ, ts=NOON, data=BadgeReadData(card="04AF68DACB5A80"))

    voice, effects = Voice("b1", online=True).step(Unheard(read), NOON)

    assert (voice.kept, effects) == ((), ())


def test_offline_nothing_is_replayed_and_nothing_said_of_health():
    voice = after(2)

    assert voice.step(TimerFired("replay"), NOON) == (voice, ())
    assert voice.health() == ()
    assert voice.concerns(TimerFired("replay"))
    assert not voice.concerns(TimerFired("relock"))
    assert [effect.kind for effect in voice.step(Connected(), NOON)[1] if isinstance(effect, Publish)] == [
        Kind.EVENT
    ] * 2
