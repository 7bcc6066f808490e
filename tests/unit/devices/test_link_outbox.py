"""What may be under way to the broker, and what happens to it when the connection dies."""

import asyncio

import pytest

from devices.errors import NotConnected
from devices.link.outbox import Outbox, Outgoing


def message(topic: str = "t") -> Outgoing:
    return Outgoing(topic, b"", retain=False, properties=None, confirmed=asyncio.get_running_loop().create_future())


async def test_the_window_is_never_exceeded_and_order_is_kept():
    outbox = Outbox(window=2)
    first, second, third, fourth = (message(name) for name in "abcd")
    outbox.sent(1, first)
    outbox.sent(2, second)
    assert not outbox.has_room
    outbox.wait(third)
    outbox.wait(fourth)

    assert outbox.next_to_send() is None
    assert outbox.confirmed(2) is second
    assert outbox.next_to_send() is third
    outbox.sent(3, third)
    assert outbox.next_to_send() is None
    assert len(outbox) == 3


async def test_nothing_overtakes_those_that_wait():
    outbox = Outbox(window=1)
    outbox.sent(1, message())
    outbox.wait(message())
    outbox.confirmed(1)

    assert not outbox.has_room


async def test_one_whose_caller_gave_up_is_not_sent():
    outbox = Outbox(window=1)
    outbox.sent(1, message())
    given_up, wanted = message(), message()
    outbox.wait(given_up)
    outbox.wait(wanted)
    given_up.confirmed.cancel()
    outbox.confirmed(1)

    assert outbox.next_to_send() is wanted


async def test_at_the_end_everyone_is_told_and_nothing_is_kept():
    outbox = Outbox(window=1)
    sent, waiting = message(), message()
    outbox.sent(1, sent)
    outbox.wait(waiting)

    outbox.fail(NotConnected("gone"))

    for future in (sent.confirmed, waiting.confirmed):
        with pytest.raises(NotConnected, match="gone"):
            await future
    assert len(outbox) == 0
    assert outbox.next_to_send() is None


async def test_an_answer_to_nothing_is_ignored():
    assert Outbox(window=1).confirmed(9) is None
