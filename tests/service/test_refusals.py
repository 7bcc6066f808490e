"""A message that breaks the contract: kept, told to its sender at a limited rate, and never a leak."""

import asyncio
import json
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.facts import FactKind
from devices.errors import NotConnected
from devices.messages import Reject
from tests.support.services import CARD, SENSOR, STREET_READER, HandClock, House

READINGS = f"natoma/1/{SENSOR}/up/telemetry"
EVENTS = f"natoma/1/{STREET_READER}/up/event"


@pytest.fixture
def house():
    return House(clock=HandClock())


def rejects(house: House) -> list[Reject]:
    return [sent.message for sent in house.outbound.sent if isinstance(sent.message, Reject)]


# --- kept -------------------------------------------------------------------------------------------------------------


async def test_it_is_stored_before_it_is_acknowledged():
    house = House()
    async with house.working():
        house.deliver(READINGS, b'{"v": 3}')
        await asyncio.sleep(0)
        early = list(house.steps)
        await asyncio.sleep(0.1)

    assert ("acknowledged", READINGS) not in early
    assert house.steps[-2:] == [("committed", "1"), ("acknowledged", READINGS)]
    (refused,) = house.telemetry_log.refused
    assert (refused.topic, refused.device, refused.reason, refused.path) == (READINGS, SENSOR, "schema", "v")
    assert refused.sample == '{"v": 3}'


async def test_every_one_of_a_flood_is_given_to_the_store(house):
    for _ in range(50):
        house.deliver(READINGS, b"{")

    assert house.spool.waiting == 50


# --- told -------------------------------------------------------------------------------------------------------------


def test_its_sender_hears_what_was_wrong_and_what_would_be_right(house):
    house.deliver(READINGS, b'{"v": 3}')

    (reject,) = rejects(house)
    assert (reject.topic, reject.reason, reject.path, reject.count) == (READINGS, "schema", "v", 1)
    assert reject.hint == "is 3; send an object"
    assert [sent.device for sent in house.outbound.sent] == [SENSOR]


def test_a_sender_hears_it_once_a_second_with_how_many_there_were(house):
    for _ in range(5):
        house.deliver(READINGS, b"{")
        house.clock.advance(0.1)
    house.clock.advance(1.0)
    house.deliver(READINGS, b"{")

    assert [reject.count for reject in rejects(house)] == [1, 5]
    assert [fact.detail["count"] for fact in house.heard_of(FactKind.MESSAGE_REFUSED)] == [1, 5]


def test_another_reason_and_another_sender_are_told_at_once(house):
    house.deliver(READINGS, b"{")
    house.deliver(READINGS, b'{"v": 3}')
    house.deliver(f"natoma/1/{STREET_READER}/up/telemetry", b"{")

    assert [(sent.device, str(sent.message.reason)) for sent in house.outbound.sent] == [
        (SENSOR, "bad_json"),
        (SENSOR, "schema"),
        (STREET_READER, "bad_json"),
    ]


@pytest.mark.parametrize(
    "topic",
    ["natoma/1/stranger/up/telemetry", "natoma/1/live/up/telemetry", "natoma/telemetry", "elsewhere/1/x/up/telemetry"],
    ids=["no device of ours", "a reserved name", "no device at all", "another root"],
)
def test_an_unknown_sender_is_stored_and_not_answered(house, topic):
    house.deliver(topic, b'{"v":{"t":1}}')

    assert house.outbound.sent == []
    assert house.spool.waiting == 1
    assert [fact.device for fact in house.told] == [None]


def test_without_a_connection_the_refusal_is_kept_all_the_same(house):
    house.outbound.failure = NotConnected("broker:1883: not connected")

    house.deliver(READINGS, b"{")

    assert house.spool.waiting == 1


def test_a_thousand_strangers_are_one_line_and_one_name(house, caplog):
    caplog.set_level(logging.INFO)
    for number in range(1000):
        house.deliver(f"natoma/1/stranger-{number}/up/health", b"{}")
        house.deliver(f"nowhere-{number}", b"{}")
    house.clock.advance(1.5)
    house.deliver("natoma/1/one-more/up/health", b"{}")

    assert len(house.refusals._repeats) == len({fact.detail["reason"] for fact in house.told})
    assert sum(fact.detail["count"] for fact in house.told) <= 2001
    assert sum("refused a message" in record.message for record in caplog.records) == len(house.told) <= 3
    assert {item.refused.device for item in house.spool._waiting} == {None}


def test_refusals_are_counted_by_reason(house):
    for payload in (b"{", b"{", b'{"v": 3}'):
        house.deliver(READINGS, payload)

    (family,) = [family for family in house.meters.families() if family.name == "natoma_messages_refused_total"]
    assert {dict(labels)["reason"]: series.value for labels, series in family.series.items()} == {
        "bad_json": 2,
        "schema": 1,
    }


# --- never a leak -----------------------------------------------------------------------------------------------------

SECRETS = (CARD, "73915086", "pass-of-a-visitor")


def everything_said(house: House, caplog: pytest.LogCaptureFixture) -> str:
    """All that a refusal leaves behind: rows for the store, facts, messages, lines of the log."""
    waiting = [item.refused for item in house.spool._waiting]
    sent = [repr(one.message) + one.message.model_dump_json() for one in house.outbound.sent]
    return repr((waiting, house.told, sent, [record.getMessage() for record in caplog.records]))


BROKEN = {
    "cut off": lambda body: json.dumps(body)[:-2],
    "two of three": lambda body: json.dumps({**body, "data": {**body["data"], "pin": SECRETS[1], "token": SECRETS[2]}}),
    "no id": lambda body: json.dumps({name: value for name, value in body.items() if name != "id"}),
    "the number as the id": lambda body: json.dumps({**body, "id": f"card {CARD}"}),
    "the number as a name": lambda body: json.dumps({**body, "data": {CARD: 1}}),
    "twice": lambda body: json.dumps(body)[:-1] + ', "id": "e-2"}',
    "as the whole body": lambda body: json.dumps(CARD),
}


@pytest.mark.parametrize("kind", ["event", "evnt"], ids=["as an event", "on a mistyped topic"])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_read_shows_its_number_nowhere(house, caplog, broken, kind):
    caplog.set_level(logging.DEBUG)
    body = {"id": "e-1", "type": "badge.read", "data": {"card": CARD, "bits": 56, "format": "iso14443a"}}

    house.deliver(f"natoma/1/{STREET_READER}/up/{kind}", broken(body).encode())

    said = everything_said(house, caplog)
    assert house.spool.waiting == 1
    assert not [secret for secret in SECRETS if secret in said]


async def test_a_number_that_cannot_be_a_badge_is_shown_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    house = House()
    for number in (CARD[:-1], f"{CARD}XYZ", "9" * 64):
        await house.tap(card=number, id=f"read-{number[:3]}")

    said = everything_said(house, caplog)
    assert house.spool.waiting == 3
    assert CARD[:-1] not in said
    assert "9" * 8 not in said


@settings(max_examples=60, deadline=None)
@given(
    before=st.text(st.characters(codec="ascii"), max_size=40),
    after=st.binary(max_size=40),
    secret=st.text("0123456789ABCDEF", min_size=8, max_size=20),
)
def test_whatever_stands_around_a_number_on_an_events_topic_it_is_masked(before, after, secret):
    house = House(clock=HandClock())

    house.deliver(EVENTS, before.encode() + b'"' + secret.encode() + b'"' + after)

    kept = [item.refused.sample for item in house.spool._waiting if item.refused is not None]
    assert not [sample for sample in kept if secret in sample]
