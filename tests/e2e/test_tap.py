"""One badge at a real door over a real broker: who is let in, who is not, and every read that must open nothing.

The oracle is the wire: what a device in the test's own hands was told, and what it had sent.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.link import MQTT_3_1_1, MQTT_5
from tests.e2e.conftest import QUEUES
from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, copy_of, eventually
from tests.support.field import READER_CHANNELS, FieldDevice, Heard
from tests.support.household import FRONT_HOLD_S, Household

pytestmark = pytest.mark.broker

VERSIONS = {MQTT_5: "5", MQTT_3_1_1: "3.1.1"}
in_both_versions = pytest.mark.parametrize("version", [MQTT_5, MQTT_3_1_1], ids=["mqtt-5", "mqtt-3.1.1"])
# Reads that arrive one behind the other through one commit queue: each is an occasion to be too early.
TAPS = 40


@dataclass
class House:
    """The running house as a test sees it: the controller, and the front door's unit in the test's own hands."""

    controller: ControllerProcess
    port: int
    version: int
    front: FieldDevice
    badges: dict[str, str]

    async def sentinel(self) -> None:
        """A good read, answered: whatever was read before it has been answered too, or never will be."""
        await self.front.answer(await self.front.tap(self.badges["alice"]))

    async def decided(self, message_id: str) -> dict[str, Any]:
        """The one decision on this read, once all that follows from it has been sent."""
        await self.sentinel()
        (decision,) = self.controller.decisions(message_id)
        return decision


@pytest.fixture(scope="module", params=[MQTT_5, MQTT_3_1_1], ids=["mqtt-5", "mqtt-3.1.1"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, household: Household
) -> Iterator[tuple[ControllerProcess, int, int]]:
    """A controller that knows no test: reads have ids of their own, so that many tests may share it."""
    folder = tmp_path_factory.mktemp("shared")
    copy_of(household.data, folder / "controller" / "data")
    with MosquittoBroker(folder / "broker", extra=QUEUES) as broker:
        where = f"mqtt://127.0.0.1:{broker.port}"
        words = ("--mqtt", where, "--mqtt-version", VERSIONS[request.param])
        with ControllerProcess(folder / "controller", "run", "--space", household.space, *words) as controller:
            yield controller, broker.port, request.param


@pytest.fixture
async def house(running: tuple[ControllerProcess, int, int], household: Household) -> AsyncIterator[House]:
    controller, port, version = running
    async with FieldDevice(port, "door-front", protocol=version) as front:
        await asyncio.to_thread(controller.wait_for_device, "door-front")
        yield House(controller, port, version, front, household.badges)


async def test_an_entitled_badge_unlocks_its_door_once_and_for_as_long_as_the_door_says(house: House):
    read = await house.front.tap(house.badges["alice"])

    unlock = await house.front.answer(read)
    decision = await house.decided(read)

    assert house.front.commands(to=read) == [unlock]
    assert (unlock["do"], unlock["channel"], unlock["re"]) == ("unlock", "door.lock", read)
    assert (unlock["ttl_ms"], unlock["hold_s"]) == (3000, FRONT_HOLD_S)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(unlock["ts"])) < timedelta(seconds=30)
    assert not any(heard.retained for heard in house.front.heard if heard.kind == "command")
    assert (decision["kind"], decision["person"], decision["door"]) == ("entry_granted", "alice", "front")


async def test_a_reader_apart_from_its_lock_shows_yes_while_the_lock_unlocks(house: House):
    async with (
        FieldDevice(house.port, "door-back", protocol=house.version) as lock,
        FieldDevice(house.port, "reader-back", READER_CHANNELS, protocol=house.version) as reader,
    ):
        await asyncio.to_thread(house.controller.wait_for_device, "door-back")
        read = await reader.tap(house.badges["alice"])

        unlock, signal = await lock.answer(read), await reader.answer(read, "signal")
        await house.sentinel()

    assert (unlock["channel"], unlock["ttl_ms"]) == ("door.lock", 3000)
    assert "reason" not in signal
    assert (len(lock.commands()), len(reader.commands())) == (1, 1)


async def test_the_decision_is_written_before_each_unlock_arrives(house: House):
    written: dict[str, list[str]] = {}

    def look_up(heard: Heard) -> None:
        if heard.kind == "command":
            read = heard.body["re"]
            written[read] = [decision["kind"] for decision in house.controller.decisions(read)]

    house.front.on_heard = look_up
    reads = [await house.front.tap(house.badges["alice"]) for _ in range(TAPS)]
    for read in reads:
        await house.front.answer(read)

    assert written == {read: ["entry_granted"] for read in reads}


async def test_no_unlock_leaves_while_its_decision_cannot_be_written(house: House):
    with house.controller.event_log_locked():
        read = await house.front.tap(house.badges["alice"])
        # Its refusal takes the same way in and out: once it is back, so is whatever the read alone would cause.
        # Counted first: saying it waits for the broker, and the refusal may be quicker than that.
        told = len(house.front.rejects())
        await house.front.say("event", b"behind the read")
        await house.front.until(lambda: len(house.front.rejects()) > told, "the refusal of what came behind the read")
        too_early = house.front.commands(to=read)

    await house.front.answer(read)
    assert too_early == []


@pytest.mark.parametrize(
    ("who", "reason", "person"),
    [
        ("stranger", "unknown_credential", None),
        ("bob", "membership_overdue", "bob"),
        ("carol", "credential_lost", "carol"),
    ],
)
async def test_a_refused_badge_gets_a_no_with_its_reason(house: House, who: str, reason: str, person: str | None):
    read = await house.front.tap(house.badges[who])

    signal = await house.front.answer(read, "signal")
    decision = await house.decided(read)

    assert house.front.commands(to=read) == [signal]
    assert (signal["reason"], signal["ttl_ms"]) == (reason, 3000)
    assert (decision["kind"], decision["detail"]["reason"]) == ("entry_denied", reason)
    assert decision["person"] == person


async def test_a_read_that_is_six_seconds_old_is_logged_and_opens_nothing(house: House):
    then = (datetime.now(UTC) - timedelta(seconds=6)).isoformat()
    by_its_clock = await house.front.tap(house.badges["alice"], ts=then)
    by_its_count = await house.front.tap(house.badges["alice"], ts=None, age_ms=6000)

    for read in (by_its_clock, by_its_count):
        decision = await house.decided(read)
        assert (decision["kind"], decision["detail"]["reason"]) == ("read_ignored", "stale_read")
        assert not house.front.commands("unlock", to=read)


async def test_a_read_that_comes_again_is_decided_once_and_unlocks_once(house: House):
    body = house.front.read(house.badges["alice"])
    for _ in range(3):
        await house.front.say("event", body)
    await house.front.answer(body["id"])
    await house.front.say("event", body)

    decision = await house.decided(body["id"])

    assert decision["kind"] == "entry_granted"
    assert len(house.front.commands(to=body["id"])) == 1


MALFORMED: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "not JSON": ("bad_json", lambda read: b'{"id": "x1", "type": '),
    "not UTF-8": ("bad_json", lambda read: b'{"id": "\xff"}'),
    "not a number": ("bad_json", lambda read: b'{"id": "x2", "type": "badge.read", "age_ms": NaN}'),
    "one member twice": ("bad_json", lambda read: b'{"id": "x3", "id": "x4", "type": "badge.read"}'),
    "too deep": ("bad_json", lambda read: b'{"data":' * 17 + b"{}" + b"}" * 17),
    "without an id": ("schema", lambda read: {name: value for name, value in read.items() if name != "id"}),
    "without what was shown": ("schema", lambda read: {**read, "data": {}}),
    "of an unknown type": ("schema", lambda read: {**read, "type": "badge.seen"}),
    "an odd number of digits": ("schema", lambda read: {**read, "data": {"card": read["data"]["card"][:-1]}}),
    "no digits": ("schema", lambda read: {**read, "data": {"card": "Z" * 14}}),
    "too large": ("too_large", lambda read: {**read, "channel": "x" * 65_536}),
}


async def test_malformed_reads_open_nothing_and_their_sender_learns_why(house: House):
    # A device of its own: a sender hears of each reason at most once a second.
    async with FieldDevice(house.port, "door-vault", protocol=house.version) as vault:
        for _, spoil in MALFORMED.values():
            await vault.say("event", spoil(vault.read(house.badges["alice"])))
        told = {reason: await vault.rejection(reason) for reason in ("bad_json", "schema", "too_large")}
        await house.sentinel()

    for reject in told.values():
        assert reject["topic"] == "natoma/1/door-vault/up/event"
        assert reject["hint"]
    assert not vault.commands()
    assert not [one for one in house.controller.decisions() if one["device"] == "door-vault"]
    kept = dict(zip(MALFORMED, _refused(house.controller, "door-vault", len(MALFORMED)), strict=True))
    assert {name: reason for name, (reason, _) in kept.items()} == {n: reason for n, (reason, _) in MALFORMED.items()}
    shown = " ".join([*(sample for _, sample in kept.values()), str(told)])
    assert house.badges["alice"][2:-1] not in shown


def _refused(controller: ControllerProcess, device: str, count: int) -> list[tuple[Any, ...]]:
    """Reason and sample of this device's refused messages, oldest first, once they are durable."""

    def kept() -> list[tuple[Any, ...]]:
        return controller.query(
            "telemetry", "SELECT reason, sample FROM refused WHERE device = ? ORDER BY n", (device,)
        )

    eventually(lambda: len(kept()) >= count, f"{count} refused messages of {device}")
    return kept()


@in_both_versions
async def test_a_read_the_broker_retained_opens_nothing_at_the_start_nor_after_a_restart(
    version: int, prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port, "--mqtt-version", VERSIONS[version])
    async with FieldDevice(house_broker.port, "door-front", protocol=version) as front:
        read = await front.tap(household.badges["alice"], retain=True)
        await asyncio.to_thread(controller.start)
        first = await front.rejection("retained_event")
        assert controller.stop() == 0
        front.heard.clear()

        await asyncio.to_thread(controller.start)
        await front.rejection("retained_event")
        good = await front.tap(household.badges["alice"])
        await front.answer(good)

    assert first["topic"] == "natoma/1/door-front/up/event"
    assert "retain" in first["hint"]
    assert [unlock["re"] for unlock in front.commands("unlock")] == [good]
    assert controller.decisions(read) == []


async def test_a_read_published_as_retained_opens_nothing_where_the_broker_can_tell(house: House):
    read = await house.front.tap(house.badges["alice"], retain=True)
    try:
        if house.version == MQTT_5:
            await house.front.rejection("retained_event")
        await house.sentinel()
    finally:
        await house.front.say("event", b"", retain=True)  # or every later test would find it

    # MQTT 3.1.1 hides the flag from whoever is subscribed already: to them it is a live read, this once.
    unlocks = 0 if house.version == MQTT_5 else 1
    assert len(house.front.commands("unlock", to=read)) == unlocks
    assert len(house.controller.decisions(read)) == unlocks


@in_both_versions
async def test_a_read_that_waited_for_the_controller_and_says_no_time_opens_nothing(
    version: int, prepared: Callable[..., ControllerProcess], house_broker: MosquittoBroker, household: Household
):
    controller = prepared(house_broker.port, "--mqtt-version", VERSIONS[version])
    await asyncio.to_thread(controller.start)
    async with FieldDevice(house_broker.port, "door-front", protocol=version) as front:
        await front.answer(await front.tap(household.badges["alice"]))
        controller.kill()
        waited = await front.tap(household.badges["alice"], ts=None)

        await asyncio.to_thread(controller.start)
        good = await front.tap(household.badges["alice"], ts=None)
        await front.answer(good)

    (decision,) = controller.decisions(waited)
    assert (decision["kind"], decision["detail"]["reason"]) == ("read_ignored", "stale_read")
    assert not front.commands("unlock", to=waited)


async def test_no_badge_number_is_in_what_the_service_logs(house: House):
    for who in house.badges:
        await house.front.tap(house.badges[who])
    await house.front.say("event", {**house.front.read(house.badges["alice"]), "ts": "yesterday"})
    await house.front.rejection("schema")

    assert "refused a message of door-front" in house.controller.log
    assert not [who for who, badge in house.badges.items() if badge[2:-2] in house.controller.log]
