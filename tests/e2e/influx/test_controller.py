"""The whole controller with a database named in its settings: readings over MQTT end there, and `verify` says so."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.broker import MosquittoBroker
from tests.support.controller import ControllerProcess, Said, copy_of, eventually, natoma
from tests.support.field import SENSOR_CHANNELS, FieldDevice
from tests.support.household import Household
from tests.support.influxd import InfluxServer

pytestmark = [pytest.mark.broker, pytest.mark.slow]

FEW = 50


@pytest.fixture
def bucket(influx: InfluxServer) -> str:
    return influx.new_bucket()


@pytest.fixture
def settings(influx: InfluxServer, bucket: str, tmp_path: Path) -> Path:
    file = tmp_path / "natoma.toml"
    named = {"url": influx.url, "org": influx.org, "bucket": bucket, "token": influx.token}
    file.write_text("".join(f'influx_{name} = "{value}"\n' for name, value in named.items()))
    file.chmod(0o600)
    return file


@pytest.fixture
def sending(
    household: Household, house_broker: MosquittoBroker, settings: Path, tmp_path: Path
) -> Iterator[ControllerProcess]:
    copy_of(household.data, tmp_path / "house" / "data")
    words = ("--config", settings, "--space", household.space, "--mqtt", f"mqtt://127.0.0.1:{house_broker.port}")
    controller = ControllerProcess(tmp_path / "house", "run", *words)
    yield controller
    controller.end()


async def test_readings_are_in_the_database_after_kills_of_either_side_and_verify_tells_the_same(
    sending: ControllerProcess,
    influx: InfluxServer,
    house_broker: MosquittoBroker,
    household: Household,
    bucket: str,
    settings: Path,
):
    await asyncio.to_thread(sending.start)
    async with FieldDevice(house_broker.port, "sensor-hall", SENSOR_CHANNELS) as sensor:
        await asyncio.to_thread(sending.wait_for_device, "sensor-hall")
        await measure(sensor, 0)
        await asyncio.to_thread(eventually, lambda: len(counted(influx, bucket)) == FEW, "the first readings there")
        influx.kill()
        await measure(sensor, 1)
        sending.kill()
        await measure(sensor, 2)
        await asyncio.to_thread(sending.start)
        influx.start()
        await asyncio.to_thread(eventually, lambda: len(counted(influx, bucket)) == 3 * FEW, "all readings there")

    assert sorted(counted(influx, bucket)) == [float(number) for number in range(3 * FEW)]
    told = verify(sending, household, settings)
    assert told.code == 0, told.out + told.err
    assert json.loads(told.out)["points"] == {"here": 3 * FEW, "there": 3 * FEW}

    influx.influxql('DROP SERIES FROM "count"', bucket)
    told = verify(sending, household, settings)
    assert told.code == 1
    assert json.loads(told.out)["points"] == {"here": 3 * FEW, "there": 0}


def test_without_a_database_there_is_nothing_to_verify(household: Household):
    told = natoma("telemetry", "verify", "--space", household.space, "--data", household.data)

    assert (told.code, told.err) == (
        2,
        "natoma: no database is named, so there is nothing to compare with — set influx_url\n",
    )


async def measure(sensor: FieldDevice, round_: int) -> None:
    """So many readings of an hour ago, which `verify` need not leave out."""
    began = datetime.now(UTC) - timedelta(hours=1)
    for number in range(round_ * FEW, (round_ + 1) * FEW):
        at = began + timedelta(milliseconds=number)
        await sensor.say("telemetry", {"id": f"r-{number}", "ts": at.isoformat(), "v": {"count": number}})


def counted(influx: InfluxServer, bucket: str) -> list[float]:
    if not influx.is_running:
        return []
    return [value for points in influx.points(bucket).values() for _, value in points]


def verify(controller: ControllerProcess, household: Household, settings: Path) -> Said:
    where = ("--config", settings, "--space", household.space, "--data", controller.data)
    return natoma("telemetry", "verify", "sensor-hall", "--json", *where)
