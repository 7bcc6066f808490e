"""The databases readings are sent to, started once for all tests of a worker; each test has an empty bucket."""

from collections.abc import Iterator

import pytest

from tests.support.influxd import InfluxServer
from tests.support.victoria import VictoriaServer


@pytest.fixture(scope="session")
def _influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with InfluxServer(tmp_path_factory.mktemp("influx")) as running:
        yield running


@pytest.fixture(scope="session")
def _victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaServer]:
    with VictoriaServer(tmp_path_factory.mktemp("victoria")) as running:
        yield running


@pytest.fixture
def influx(_influx: InfluxServer) -> InfluxServer:
    """InfluxDB 1.6.7 behind the facade; a test that killed it need not start it again."""
    if not _influx.is_running:
        _influx.start()
    return _influx


@pytest.fixture
def victoria(_victoria: VictoriaServer) -> VictoriaServer:
    if not _victoria.is_running:
        _victoria.start()
    return _victoria
