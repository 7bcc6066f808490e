"""Whatever a device calls itself, its measures and its words: what real influxd was sent is found there again."""

from datetime import UTC, datetime
from urllib.request import Request, urlopen

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from controller.adapters.influx.asking import Asking, ReadSettings
from controller.adapters.influx.influxql import InfluxQl
from controller.adapters.influx.lines import Lines
from controller.domain.history.values import Kind, Series, SeriesId, Value, kind_of
from controller.domain.ids import AreaId, DeviceId
from controller.services.history.ports import LoggedReadings
from tests.support.influxd import InfluxServer

NOON_MS = int(datetime(2025, 6, 15, 12, tzinfo=UTC).timestamp() * 1000)

# What means something to a line or to a question, and what merely looks odd.
PECULIAR = st.text(st.sampled_from(list(", =\"\\'\n\t\r\0\x1b\x85\u2028#µ°é{}%_an0\U0001f6aa")), max_size=8)
NAMES = PECULIAR | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES: st.SearchStrategy[Value] = NAMES | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def asking(_influx: InfluxServer) -> tuple[InfluxServer, str]:
    if not _influx.is_running:
        _influx.start()
    return _influx, _influx.new_bucket()


# One bucket for all: points of other examples are other series, and the same series at the same moment is one point.
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, NAMES.filter(bool), NAMES, NAMES, VALUES)
@example("foo\\", "x", "", "", 1.0)
@example("a\0b", "x", "", "", 1.0)
@example("\0#\\", "x", "\\", "back\\", "ends in \\")
@example("a\\,b\\ c\\=d", "a\\,b\\ c\\=d", "a\\,b\\ c\\=d", "\n", True)
def test_whatever_it_is_called_it_is_found_again(
    asking: tuple[InfluxServer, str], device_class: str, channel: str, unit: str, room: str, value: Value
):
    server, bucket = asking
    series = Series(SeriesId(1), DeviceId("odd"), f"c{channel}", kind_of(value), device_class, unit, AreaId(room))
    (line,) = Lines().of([LoggedReadings(1, NOON_MS * 1_000_000, ((series, value),))])
    to = f"{server.url}/api/v2/write?org={server.org}&bucket={bucket}&precision=ns"

    with urlopen(Request(to, line.encode(), {"Authorization": f"Token {server.token}"})) as answer:
        assert answer.status == 204
    with Asking(ReadSettings(server.url, bucket, server.token)) as open_:
        points = InfluxQl(open_, bucket).raw(series, NOON_MS, NOON_MS + 1)

    assert points is not None, line
    told = value.replace("\n", "\\n") if isinstance(value, str) else value
    assert list(points.values) == [told if series.kind is Kind.TEXT else float(told)]
