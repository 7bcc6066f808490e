"""The servers themselves, asked by the library's own client: what the other tests here stand on."""

import gzip
import urllib.request

import pytest
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException

from tests.support.influxd import InfluxServer
from tests.support.victoria import VictoriaServer

NOON_NS = 1_749_988_800_000_000_000
SERIES = ("temperature", (("channel", "temperature"), ("device", "air"), ("unit", "°C")), "value")
LINE = f"temperature,device=air,channel=temperature,unit=°C value=21.5 {NOON_NS}"


async def write(server: InfluxServer | VictoriaServer, bucket: str, *lines: str, **changed: str) -> None:
    given = {"url": server.url, "token": server.token, "org": server.org, **changed}
    async with InfluxDBClientAsync(**given) as client:
        await client.write_api().write(bucket, record="\n".join(lines).encode())


async def test_a_point_written_through_the_client_is_in_influxd(influx: InfluxServer):
    bucket = influx.new_bucket()

    await write(influx, bucket, LINE)

    assert influx.points(bucket) == {SERIES: [(NOON_NS, 21.5)]}


async def test_the_same_point_twice_is_there_once(influx: InfluxServer):
    bucket = influx.new_bucket()

    await write(influx, bucket, LINE)
    await write(influx, bucket, LINE)

    assert influx.points(bucket) == {SERIES: [(NOON_NS, 21.5)]}


async def test_a_field_of_another_type_is_answered_422_and_the_rest_lands(influx: InfluxServer):
    bucket = influx.new_bucket()
    await write(influx, bucket, LINE)

    with pytest.raises(ApiException) as refused:
        await write(
            influx,
            bucket,
            f'temperature,device=air value="warm" {NOON_NS}',
            LINE.replace(str(NOON_NS), str(NOON_NS + 1)),
        )

    assert refused.value.status == 422
    assert "field type conflict" in str(refused.value.body)
    assert influx.points(bucket) == {SERIES: [(NOON_NS, 21.5), (NOON_NS + 1, 21.5)]}


@pytest.mark.parametrize(
    ("changed", "bucket", "status"),
    [
        pytest.param({"token": "wrong"}, None, 401, id="wrong token"),
        pytest.param({"org": "nobody"}, None, 404, id="unknown organization"),
        pytest.param({}, "nowhere", 404, id="unknown bucket"),
    ],
)
async def test_who_may_not_write_is_told_as_2x_tells_it(
    influx: InfluxServer, changed: dict[str, str], bucket: str | None, status: int
):
    with pytest.raises(ApiException) as refused:
        await write(influx, bucket or influx.new_bucket(), LINE, **changed)

    assert refused.value.status == status


async def test_a_line_that_cannot_be_read_is_answered_400(influx: InfluxServer):
    with pytest.raises(ApiException) as refused:
        await write(influx, influx.new_bucket(), "temperature,device=air")

    assert refused.value.status == 400


async def test_a_packed_body_is_unpacked_by_influxd(influx: InfluxServer):
    bucket = influx.new_bucket()
    asked = urllib.request.Request(
        f"{influx.url}/api/v2/write?org={influx.org}&bucket={bucket}&precision=ns",
        gzip.compress(LINE.encode()),
        {"Authorization": f"Token {influx.token}", "Content-Encoding": "gzip"},
    )

    with urllib.request.urlopen(asked) as answer:
        assert answer.status == 204

    assert influx.points(bucket) == {SERIES: [(NOON_NS, 21.5)]}


async def test_influxd_keeps_what_it_confirmed_through_a_kill(influx: InfluxServer):
    bucket = influx.new_bucket()
    await write(influx, bucket, LINE)

    influx.kill()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{influx.url}/health")
    influx.start()

    assert influx.points(bucket) == {SERIES: [(NOON_NS, 21.5)]}


async def test_victoria_takes_the_same_writes_also_below_a_prefix(victoria: VictoriaServer):
    bucket = victoria.new_bucket()

    await write(victoria, bucket, LINE)
    await write(victoria, bucket, LINE, url=f"{victoria.url}/influx")

    tags = (("channel", "temperature"), ("device", "air"), ("unit", "°C"))
    assert victoria.points(bucket) == {("temperature_value", tags): [(NOON_NS // 1_000_000, 21.5)]}


async def test_victoria_skips_a_bad_line_and_says_nothing(victoria: VictoriaServer):
    bucket = victoria.new_bucket()

    await write(victoria, bucket, "temperature device air", LINE)

    assert len(victoria.points(bucket)) == 1


async def test_victoria_forgets_what_it_confirmed_just_before_a_kill(victoria: VictoriaServer):
    """The reason why the sender goes back a little after the server was away."""
    bucket = victoria.new_bucket()
    await write(victoria, bucket, LINE)

    victoria.kill()
    victoria.start()

    assert victoria.points(bucket) == {}
