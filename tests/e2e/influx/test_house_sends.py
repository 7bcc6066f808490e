"""A house that sends its readings on: what staff see when a database does not let it, and that a kill loses nothing."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, Said, eventually, natoma
from tests.support.household import Household
from tests.support.influx_stub import TOKEN, InfluxStub, refusing_lines_with
from tests.support.plain_mqtt import PlainClient, plain_client

pytestmark = pytest.mark.broker

PART = "sending readings on"
BIRTH = {"contract": "1.0", "rev": 1, "channels": {"t": {"class": "temperature", "unit": "°C"}}}


@dataclass
class SendingHouse:
    controller: ControllerProcess
    stub: InfluxStub
    device: PlainClient
    words: tuple[str, ...]
    measured: int = 0

    def measures(self, count: int) -> None:
        """So many readings, each of another value, acknowledged by the broker."""
        for _ in range(count):
            self.measured += 1
            reading = {"id": f"r-{self.measured}", "v": {"t": self.measured / 10}}
            self.device.publish("natoma/1/sensor-hall/up/telemetry", json.dumps(reading).encode())

    def typed(self, *words: str) -> Said:
        return natoma("telemetry", *words, *self.words)

    @property
    def part(self) -> dict[str, object]:
        """What the page says of it."""
        return dict(self.controller.live()["health"].get(PART, {}))

    @property
    def arrived(self) -> list[float]:
        """The values of all points that the database has, in order."""
        return sorted(float(fields.removeprefix("value=")) for fields in self.stub.points.values())

    def has_all(self, *, but: int = 0) -> bool:
        return self.arrived == [n / 10 for n in range(1, self.measured + 1) if n != but]


@pytest.fixture
def house(household: Household, house_broker: MosquittoBroker, tmp_path: Path) -> Iterator[SendingHouse]:
    settings = tmp_path / "natoma.toml"
    with InfluxStub() as stub, plain_client(house_broker.port, None, None, client_id="sensor-hall") as device:
        settings.write_text(f'influx_url = "{stub.url}"\ninflux_token = "{TOKEN}"\n')
        device.publish("natoma/1/sensor-hall/up/birth", json.dumps(BIRTH).encode(), retain=True)
        where = ("--space", str(household.space), "--data", str(tmp_path / "data"))
        broker = f"mqtt://127.0.0.1:{house_broker.port}"
        controller = ControllerProcess(
            tmp_path, "run", "--config", settings, "--space", household.space, "--mqtt", broker
        )
        with controller:
            controller.wait_until_well()
            yield SendingHouse(controller, stub, device, where)


def test_a_house_sends_on_and_tells_what_a_database_will_not_take(house: SendingHouse):
    house.stub.token = "another"
    house.measures(20)
    eventually(lambda: "unauthorized access" in str(house.part.get("text")), "the page says why nothing goes")
    (alarm,) = house.controller.live()["alarms"].values()
    assert (alarm["kind"], alarm["text"]) == (
        "sending_stopped",
        "Readings are not sent on to the database: it does not let us write",
    )
    assert house.controller.health()[0] == 200  # doors open all the same

    # Somebody puts the token right, and does not wait for the next try.
    house.stub.token = TOKEN
    house.stub.rule = refusing_lines_with("value=1.3 ")
    assert house.typed("sending", "--now").code == 0
    eventually(lambda: house.has_all(but=13), "all but the bad one arrived")
    eventually(lambda: not house.controller.live()["alarms"].values() or _is_over(house), "the alarm is over")
    parked = house.typed("parked")
    assert "unable to parse" in parked.out
    assert "value=1.3 " in parked.out
    assert "it refused 1 reading: natoma telemetry parked" in str(house.part["text"])

    # The database was mended; and we are killed while it is away.
    house.stub.rule = lambda _: None
    assert house.typed("parked", "retry").out == "1 reading is tried again by the service.\n"
    eventually(house.has_all, "the bad one arrived as well")
    house.stub.refuse()
    house.measures(20)
    eventually(
        lambda: "does not answer: connection refused" in str(house.part["text"]), "the page says that it is away"
    )
    house.controller.kill()
    house.measures(5)
    house.stub.listen()
    house.controller.start()
    eventually(house.has_all, "all arrived, after a kill of both")

    def metered() -> str:
        with urllib.request.urlopen(house.controller.url + "metrics") as answer:
            return str(answer.read().decode())

    # The database has it before the cursor is on the disk.
    eventually(lambda: "natoma_sending_behind 0.0" in metered(), "it knows that all has gone")
    metrics = metered()
    assert "natoma_sending_parked 0.0" in metrics
    facts = house.controller.query("events", "SELECT kind, detail FROM fact")
    shown = [house.controller.log, house.controller.said, metrics, str(facts), json.dumps(house.controller.live())]
    assert [text for text in shown if TOKEN in text] == []
    assert {"sending_stopped", "sending_resumed", "points_parked"} <= {kind for kind, _ in facts}


def _is_over(house: SendingHouse) -> bool:
    return all(alarm["cleared_at"] for alarm in house.controller.live()["alarms"].values())
