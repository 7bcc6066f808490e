"""Telling a fight over a client id from an ordinary loss."""

from devices.link.clash import HANG_UPS, ClashSuspicion

SOON = 10.0


def fight(suspicion: ClashSuspicion) -> bool:
    return suspicion.ended(opened=True, silently=True, lived_s=2.0)


def test_taken_at_once_and_dropped_at_once_again_and_again_is_another_client():
    suspicion = ClashSuspicion(SOON)

    assert [fight(suspicion) for _ in range(HANG_UPS + 1)] == [False] * (HANG_UPS - 1) + [True, True]


def test_a_broker_that_was_away_in_between_only_restarts():
    suspicion = ClashSuspicion(SOON)
    told = []
    for _ in range(3 * HANG_UPS):
        told.append(fight(suspicion))
        told.append(suspicion.ended(opened=False, silently=False, lived_s=2.0))

    assert not any(told)


def test_a_connection_that_lasted_was_not_fought_over():
    suspicion = ClashSuspicion(SOON)
    fight(suspicion)
    fight(suspicion)

    assert not suspicion.ended(opened=True, silently=True, lived_s=SOON + 1)
    assert not fight(suspicion)


def test_a_broker_that_gives_a_reason_needs_no_suspicion():
    suspicion = ClashSuspicion(SOON)

    assert not any(suspicion.ended(opened=True, silently=False, lived_s=1.0) for _ in range(2 * HANG_UPS))
