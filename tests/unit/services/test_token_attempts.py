"""Requests whose token nobody knows: slowed down, counted, told."""

from controller.services.tokens.attempts import ADDRESSES_KEPT, FREE_TRIES, MANY, Attempts


def waits(attempts: Attempts, address: str, times: int, at: float = 0.0) -> list[float | None]:
    return [attempts.failed(address, at) for _ in range(times)]


def test_a_few_slips_cost_nothing() -> None:
    assert waits(Attempts(), "10.0.0.1", FREE_TRIES) == [None] * FREE_TRIES


def test_each_further_try_waits_twice_as_long_up_to_a_minute() -> None:
    attempts, at, seen = Attempts(), 0.0, []
    waits(attempts, "10.0.0.1", FREE_TRIES)
    for _ in range(8):
        wait = attempts.failed("10.0.0.1", at)
        assert wait is not None
        seen.append(wait)
        at += wait

    assert seen == [2, 4, 8, 16, 32, 60, 60, 60]


def test_asking_while_waiting_makes_it_no_longer() -> None:
    attempts = Attempts()
    waits(attempts, "10.0.0.1", FREE_TRIES + 1)

    assert waits(attempts, "10.0.0.1", 3, at=0.5) == [1.5, 1.5, 1.5]


def test_another_address_waits_for_nobody() -> None:
    attempts = Attempts()
    waits(attempts, "10.0.0.1", FREE_TRIES + 3)

    assert attempts.failed("10.0.0.2", 0.0) is None


def test_a_household_of_ipv6_is_one_address() -> None:
    attempts = Attempts()
    for number in range(FREE_TRIES):
        attempts.failed(f"2001:db8::{number}", 0.0)

    assert attempts.failed("2001:db8::ffff", 0.0) == 2
    assert attempts.failed("2001:db8:0:1::1", 0.0) is None


def test_it_is_forgotten_after_ten_quiet_minutes() -> None:
    attempts = Attempts()
    waits(attempts, "10.0.0.1", FREE_TRIES + 3)

    assert attempts.failed("10.0.0.1", 700.0) is None


def test_an_address_without_a_number_is_counted_by_its_name() -> None:
    attempts = Attempts()

    assert waits(attempts, "a socket", FREE_TRIES + 1)[-1] == 2


def test_addresses_are_not_kept_without_end() -> None:
    attempts = Attempts()
    waits(attempts, "10.0.0.1", FREE_TRIES)
    for number in range(ADDRESSES_KEPT):
        attempts.failed(f"host {number}", 0.0)

    assert attempts.failed("10.0.0.1", 0.0) is None


def test_staff_are_told_of_many_and_not_for_ever() -> None:
    attempts = Attempts()
    waits(attempts, "10.0.0.1", MANY - 1)
    assert attempts.many(1.0) is None

    attempts.failed("10.0.0.1", 2.0)
    assert attempts.many(2.0) == "30 requests in 10 min with tokens that are not known, from 10.0.0.1"

    attempts.failed("10.0.0.2", 3.0)
    assert attempts.many(3.0) == "31 requests in 10 min with tokens that are not known, from 2 addresses"
    assert attempts.many(601.0) is None


def test_more_than_are_counted_is_said_so() -> None:
    attempts = Attempts()
    waits(attempts, "10.0.0.1", 20 * MANY)

    assert (attempts.many(0.0) or "").startswith("300 or more requests")
