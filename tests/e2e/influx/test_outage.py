"""A database that goes away for minutes, and a house that dies meanwhile: every reading ends there, once.

The oracle is what the house printed when a reading was durable. For the long outage its clock goes sixty times as fast
as the machine's (`tests.support.hastened`): the sender waits, doubles its pauses and meets their cap as in 330 seconds.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controller.adapters.influx.settings import InfluxSettings
from tests.support.controller import eventually
from tests.support.influxd import InfluxServer
from tests.support.sending_house import Pace, SendingHouse, moment_ms
from tests.support.victoria import VictoriaServer

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.usefixtures("again")]

StartHouse = Callable[[InfluxServer | VictoriaServer, str, Pace], SendingHouse]
SPEED = 60.0
OUTAGE_S = 330.0
TAGS = {
    "temperature": ("temperature", (("channel", "temperature"), ("device", "air"), ("room", "hall"), ("unit", "°C"))),
    "on": ("reading", (("channel", "on"), ("device", "air"), ("room", "hall"))),
    "mode": ("reading", (("channel", "mode"), ("device", "air"), ("room", "hall"))),
}


@pytest.fixture
def start_house(tmp_path: Path) -> Iterator[StartHouse]:
    houses = []

    def start(server: InfluxServer | VictoriaServer, bucket: str, pace: Pace) -> SendingHouse:
        settings = InfluxSettings(server.url, server.org, bucket, server.token)
        houses.append(SendingHouse(tmp_path / "house", settings, pace))
        houses[-1].start()
        return houses[-1]

    yield start
    for house in houses:
        house.close()


def test_after_an_outage_of_330_seconds_with_kills_of_either_side_every_point_is_there_once(
    influx: InfluxServer, start_house: StartHouse
):
    bucket = influx.new_bucket()
    pace = Pace(time.monotonic(), SPEED, every_s=0.5, together=2)
    house = start_house(influx, bucket, pace)
    house.wait_for(100)

    influx.kill()
    gone_at = time.monotonic()
    for _ in range(3):
        house.wait_for(60)
        house.kill()
        house.start()
    house.wait_for(60)
    time.sleep(max(0.0, gone_at + OUTAGE_S / SPEED - time.monotonic()))
    influx.start()
    house.wait_for(30)
    influx.kill()  # and once more, while it catches up
    influx.start()
    house.wait_for(30)
    house.kill()
    house.start()
    house.wait_for(30)
    house.finish()

    assert house.kept > 400
    assert in_influx(influx, bucket) == expected(house.kept, pace)


def in_influx(influx: InfluxServer, bucket: str) -> dict[str, Counter[tuple[int, object]]]:
    points = influx.points(bucket)
    fields = {"temperature": "value", "on": "on", "mode": "text"}
    assert set(points) == {(*TAGS[channel], field) for channel, field in fields.items()}
    return {
        channel: Counter((at_ns // 1_000_000, value) for at_ns, value in points[(*TAGS[channel], field)])
        for channel, field in fields.items()
    }


def expected(kept: int, pace: Pace) -> dict[str, Counter[tuple[int, object]]]:
    moments = [(number, moment_ms(number, pace)) for number in range(kept)]
    return {
        "temperature": Counter((at_ms, number / 10) for number, at_ms in moments),
        "on": Counter((at_ms, number % 3 == 0) for number, at_ms in moments),
        "mode": Counter((at_ms, f"mode {number % 5}") for number, at_ms in moments),
    }


def test_what_victoria_forgot_in_a_kill_is_sent_again(victoria: VictoriaServer, start_house: StartHouse):
    bucket = victoria.new_bucket()
    pace = Pace(time.monotonic(), speed=4.0, every_s=0.04)
    house = start_house(victoria, bucket, pace)
    house.wait_for(100)
    eventually(lambda: house.sent >= 50, "half of them sent")

    victoria.kill()
    house.wait_for(50)
    house.kill()
    house.start()
    victoria.start()
    house.wait_for(50)
    house.finish()

    assert in_victoria(victoria) == expected(house.kept, pace)["temperature"]


def test_a_kill_so_short_that_nobody_was_refused_is_noticed_all_the_same(
    victoria: VictoriaServer, start_house: StartHouse
):
    bucket = victoria.new_bucket()
    pace = Pace(time.monotonic(), speed=4.0, every_s=0.04)
    house = start_house(victoria, bucket, pace)
    house.wait_for(100)
    eventually(lambda: house.sent >= 50, "half of them sent")

    victoria.kill()
    victoria.start()
    house.wait_for(50)
    house.finish()

    assert in_victoria(victoria) == expected(house.kept, pace)["temperature"]


def in_victoria(victoria: VictoriaServer) -> Counter[tuple[int, float]]:
    name, tags = TAGS["temperature"]
    return Counter(victoria.points().get((f"{name}_value", tags), []))
