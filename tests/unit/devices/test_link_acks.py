"""Acknowledgements leave in the order messages came, whatever order the work ends in."""

import random

from hypothesis import given
from hypothesis import strategies as st

from devices.link.acks import AckLedger


def ledger_of(count: int) -> AckLedger:
    ledger = AckLedger()
    for order in range(count):
        assert ledger.received(mid=order + 1, qos=1, at=float(order)) == order
    return ledger


def freed(ledger: AckLedger, order: int) -> list[int]:
    return [entry.mid for entry in ledger.finished(order)]


def test_finished_in_order_each_is_acknowledged_at_once():
    ledger = ledger_of(3)

    assert [freed(ledger, order) for order in (0, 1, 2)] == [[1], [2], [3]]
    assert len(ledger) == 0


def test_a_later_one_waits_for_the_first():
    ledger = ledger_of(3)

    assert freed(ledger, 2) == []
    assert freed(ledger, 1) == []
    assert ledger.oldest_at == 0.0
    assert freed(ledger, 0) == [1, 2, 3]
    assert ledger.oldest_at is None


def test_giving_a_message_back_twice_frees_nothing_more():
    ledger = ledger_of(2)

    assert freed(ledger, 0) == [1]
    assert freed(ledger, 0) == []
    assert freed(ledger, 1) == [2]
    assert freed(ledger, 1) == []


def test_a_number_never_given_out_frees_nothing():
    ledger = ledger_of(1)

    assert freed(ledger, 7) == []
    assert freed(ledger, -1) == []
    assert freed(ledger, 0) == [1]


@given(count=st.integers(0, 40), seed=st.integers(), doubles=st.booleans())
def test_whatever_the_order_of_work_all_are_acknowledged_in_receive_order(count: int, seed: int, doubles: bool):
    ledger = ledger_of(count)
    work = list(range(count)) * (2 if doubles else 1)
    random.Random(seed).shuffle(work)
    done: set[int] = set()
    acknowledged: list[int] = []

    for order in work:
        done.add(order)
        acknowledged += freed(ledger, order)
        assert acknowledged == list(range(1, len(acknowledged) + 1))
        assert all(mid - 1 in done for mid in acknowledged)

    assert len(acknowledged) == count
