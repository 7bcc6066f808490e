"""The key of a message tells its number again."""

from datetime import UTC, datetime

import pytest

from devices.codec import message_key, number_in
from devices.messages import Telemetry
from devices.topics import Topics

TOPICS = Topics()
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def key_of(boot: str, **more: object) -> str:
    message = Telemetry(v={"co2": 500}, **more)  # type: ignore[arg-type]
    return message_key(TOPICS.parse("natoma/1/sensor/up/telemetry"), message, b"{}", boot, NOON)


@pytest.mark.parametrize("boot", ["b1", "", "a-b-7", "-"])
@pytest.mark.parametrize("number", [0, 7, 2**53])
@pytest.mark.parametrize("place", ["", "/0", "/31"])
def test_boot_and_number_are_read_from_the_key_they_are_in(boot, number, place):
    assert number_in(key_of(boot, seq=number) + place) == (boot, number)


@pytest.mark.parametrize(
    "key", [key_of("b1", id="01JD-7"), key_of("b1"), key_of("b1", ts=NOON), key_of("b1", id="b1-7", seq=7)]
)
def test_a_key_that_is_made_of_others_holds_no_number(key):
    assert number_in(key) is None
