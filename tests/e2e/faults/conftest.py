"""One house that lives through several faults of its devices: each test has devices of its own in it."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, copy_of, eventually
from tests.support.household import SPACE, Household
from tests.support.live_house import QUEUES
from tests.support.plain_mqtt import PlainClient, plain_client

# A broker of few words: what it holds for somebody slow is soon more than it keeps, and it counts each second.
SMALL = ("max_queued_messages 100", "max_inflight_messages 200", "sys_interval 1")
SENSORS = (
    "sensor-poison",
    "sensor-junk",
    "sensor-order",
    "sensor-flap",
    "sensor-name",
    "sensor-silent",
    "sensor-flood",
)
COUNT = {"count": {"class": "count", "unit": "count"}}
# What somebody left at the broker for whoever comes, by kind of message.
JUNK = {
    "birth": b'{"contract": "1.0", "rev": 1, "channels": {"count": {"class": 7}}}',
    "status": b'{"state": "wonderful", "boot": "junk"}',
    "state": b"{broken",
    "telemetry": b'{"id": "old", "v": {"count": 1}}',
    "event": b'{"id": "junk-1", "type": "badge.read", "data": {"card": "04AF68DACB5A80", "format": "iso14443a"}}',
}


@dataclass
class SteadyHouse:
    """A controller that runs, its broker, and the badges in people's pockets."""

    controller: ControllerProcess
    broker: MosquittoBroker
    badges: dict[str, str] = field(repr=False)
    silent_since: float = 0.0  # time.monotonic() of the last word of the device that then fell silent

    @property
    def port(self) -> int:
        return self.broker.port

    def facts_about(self, device: str, *kinds: str) -> list[dict[str, Any]]:
        return [fact for kind in kinds for fact in self.controller.facts(kind) if fact["device"] == device]

    def alarms(self, kind: str) -> list[dict[str, Any]]:
        return [alarm for alarm in self.controller.live()["alarms"].values() if alarm["kind"] == kind]

    def refused(self, device: str) -> dict[str, int]:
        """How many of this device's messages were refused, by reason."""
        statement = "SELECT reason, sum(seen) FROM refused_count WHERE device = ? GROUP BY reason"
        return dict(self.controller.query("telemetry", statement, (device,)))

    def readings(self, device: str) -> list[dict[str, Any]]:
        return [values for whose, values in self.controller.readings() if whose == device]


@pytest.fixture(scope="session")
def steady(household: Household, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteadyHouse]:
    folder = tmp_path_factory.mktemp("steady")
    copy_of(household.data, folder / "house" / "data")
    space = folder / "space.yaml"
    sensors = "".join(f"  {sensor}: {{kind: sensor, area: hall}}\n" for sensor in SENSORS)
    space.write_text(SPACE.replace("schedules:\n", f"{sensors}schedules:\n"))
    extra = (*(line for line in QUEUES if not line.startswith("max_")), *SMALL)
    with ExitStack() as stack:
        broker = stack.enter_context(MosquittoBroker(folder / "broker", extra=extra))
        with plain_client(broker.port, None, None) as somebody:
            for kind, payload in JUNK.items():
                somebody.publish(f"natoma/1/sensor-junk/up/{kind}", payload, retain=True)
        where = f"mqtt://127.0.0.1:{broker.port}"
        controller = ControllerProcess(folder / "house", "run", "--space", space, "--mqtt", where)
        stack.callback(controller.end)
        controller.start()
        controller.wait_until_well()
        house = SteadyHouse(controller, broker, household.badges)
        # Ten seconds pass before a device is silent; they pass while the other faults happen.
        quiet = stack.enter_context(plain_client(broker.port, None, None, client_id="sensor-silent"))
        last_words(quiet, "sensor-silent")
        last_words(quiet, "door-vault")
        somebody_tampers(quiet, "door-vault")
        eventually(lambda: house.alarms("tamper"), "the alarm of the vault")
        house.silent_since = time.monotonic()
        yield house


def last_words(client: PlainClient, device: str) -> None:
    """A device says what it is, that it speaks ten times a second, and one reading; then nothing more."""
    birth = {"contract": "1.0", "rev": 1, "every_s": 0.1, "channels": {**COUNT, "door.contact": {"class": "door"}}}
    client.publish(f"natoma/1/{device}/up/birth", json.dumps(birth).encode(), retain=True)
    client.publish(f"natoma/1/{device}/up/status", b'{"state": "ready", "boot": "quiet"}', retain=True)
    client.publish(f"natoma/1/{device}/up/telemetry", b'{"seq": 1, "v": {"count": 17}}')


def somebody_tampers(client: PlainClient, device: str) -> None:
    body = {"id": "quiet-1", "type": "tamper", "ts": datetime.now(UTC).isoformat()}
    client.publish(f"natoma/1/{device}/up/event", json.dumps(body).encode())
