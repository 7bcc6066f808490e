"""The reader: it asks, waits a second, and shows yes, no or try again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from devices.messages import AckPhase, AckReason, BadgeReadData, Command, Do, EventType, Signal
from devices.topics import Kind
from devices.units import Effects, OwnList, Reader, Voice
from devices.units.steps import (
    BadgeShown,
    Connected,
    Disconnected,
    ExitPressed,
    Heard,
    Identify,
    Publish,
    ReleaseLock,
    Show,
    StartTimer,
    Tampered,
    TimerFired,
)
from tests.support.lists import ALICE, EVE, KEYS, entry, sealed

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BADGE = BadgeReadData(card="04AF68DACB5A80", bits=56, format="iso14443a", direction="in")
ANSWER = {"id": "c1", "ts": NOON, "ttl_ms": 3000, "do": Do.SIGNAL}


def connected() -> Reader:
    reader, _ = Reader(Voice("b1")).step(Connected(), NOON)
    return reader


def asking() -> Reader:
    reader, _ = connected().step(BadgeShown(BADGE), NOON)
    return reader


def kinds(effects: Effects) -> list[Kind]:
    return [effect.kind for effect in effects if isinstance(effect, Publish)]


def ack(effects: Effects) -> tuple[AckPhase, str | None]:
    (message,) = (effect.message for effect in effects if isinstance(effect, Publish) and effect.kind is Kind.ACK)
    return message.phase, message.reason  # type: ignore[attr-defined]


def test_a_badge_becomes_one_read_with_a_numbered_id_and_a_second_to_answer():
    _, effects = connected().step(BadgeShown(BADGE), NOON)

    event, timer = effects
    assert isinstance(event, Publish)
    assert (event.message.id, event.message.type) == ("b1-1", EventType.BADGE_READ)  # type: ignore[attr-defined]
    assert timer == StartTimer("answer", 1.0)


@pytest.mark.parametrize(
    ("reason", "signal"),
    [(None, Signal.GRANTED), ("outside_hours", Signal.DENIED), ("try_again", Signal.TRY_AGAIN)],
)
def test_shows_the_answer_to_its_own_question(reason: str | None, signal: Signal):
    _, effects = asking().step(Heard(Command(**ANSWER, re="b1-1", reason=reason)), NOON)

    assert Show(signal, reason) in effects
    assert ack(effects) == (AckPhase.DONE, None)


def test_does_not_show_an_answer_meant_for_somebody_else():
    _, effects = asking().step(Heard(Command(**ANSWER, re="b1-0")), NOON)

    assert not any(isinstance(effect, Show) for effect in effects)
    assert ack(effects) == (AckPhase.REFUSED, AckReason.EXPIRED)


def test_gives_up_after_a_second_and_says_try_again():
    reader, effects = asking().step(TimerFired("answer"), NOON + timedelta(seconds=1))

    assert effects[-2:] == (Show(Signal.TRY_AGAIN, "no_answer"), ReleaseLock(re="b1-1", admitted=False))
    assert not reader.reading.is_open


def test_offline_asks_nobody_and_keeps_its_denial_for_later():
    reader, _ = connected().step(Disconnected(), NOON)

    reader, effects = reader.step(BadgeShown(BADGE), NOON)
    _, later = reader.step(Connected(), NOON + timedelta(minutes=1))

    assert effects == (Show(Signal.TRY_AGAIN, "no_answer"),)
    assert kinds(later) == [Kind.BIRTH, Kind.STATUS, Kind.EVENT, Kind.HEALTH]


def test_its_access_list_answers_when_nobody_else_does_and_the_lock_hears_it_by_wire():
    reader = replace(connected(), own=OwnList("door-street", KEYS))
    (page,) = sealed(entry(ALICE, hold_s=15.0))
    reader, took = reader.step(Heard(page, retained=True), NOON)
    reader, _ = reader.step(Disconnected(), NOON)

    _, admitted = reader.step(BadgeShown(ALICE), NOON)
    _, refused = reader.step(BadgeShown(EVE), NOON)

    assert kinds(took) == [Kind.ACK, Kind.HEALTH]
    assert admitted == (Show(Signal.GRANTED), ReleaseLock(15.0))
    assert refused == (Show(Signal.DENIED, "unknown_credential"),)


def test_says_how_it_is_from_time_to_time():
    _, effects = connected().step(TimerFired("health"), NOON)

    assert kinds(effects) == [Kind.HEALTH]
    assert StartTimer("health", 600.0) in effects


def test_has_no_lock_to_move():
    _, effects = connected().step(Heard(Command(**{**ANSWER, "do": Do.UNLOCK})), NOON)

    assert ack(effects) == (AckPhase.REFUSED, AckReason.UNKNOWN_CHANNEL)


def test_blinks_and_introduces_itself_again_when_asked():
    _, blinked = connected().step(Heard(Command(**{**ANSWER, "do": Do.IDENTIFY})), NOON)
    _, born = connected().step(Heard(Command(**{**ANSWER, "do": Do.REBIRTH})), NOON)

    assert Identify() in blinked
    assert kinds(born) == [Kind.BIRTH, Kind.STATUS, Kind.ACK]


def test_tells_of_tampering_and_ignores_what_it_does_not_know():
    reader, effects = connected().step(Tampered(), NOON)

    assert kinds(effects) == [Kind.EVENT]
    assert reader.step(ExitPressed(), NOON) == (reader, ())


def test_never_spells_the_number_in_its_repr():
    assert "04AF68" not in repr(asking())
    assert "04AF68" not in repr(connected().step(BadgeShown(BADGE), NOON)[1])


def test_what_it_decides_for_a_request_it_gave_up_it_tells_the_lock_with_the_request():
    reader = replace(connected(), own=OwnList("door-street", KEYS))
    (page,) = sealed(entry(ALICE))
    reader, _ = reader.step(Heard(page, retained=True), NOON)
    reader, _ = reader.step(BadgeShown(ALICE), NOON)

    _, effects = reader.step(TimerFired("answer"), NOON + timedelta(seconds=1))

    assert effects[-1] == ReleaseLock(None, re="b1-1", admitted=True)


def test_a_reader_inside_lets_out_alone_whoever_it_knows_nothing_of():
    reader = replace(connected(), own=OwnList("door-street", KEYS), direction="out")
    reader, _ = reader.step(Disconnected(), NOON)

    _, effects = reader.step(BadgeShown(EVE.model_copy(update={"direction": None})), NOON)

    assert effects == (Show(Signal.GRANTED), ReleaseLock(None))
