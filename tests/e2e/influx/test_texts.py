"""What a device says in a text stays in that text, whatever parser reads it."""

from controller.adapters.clock import SystemClock
from controller.adapters.influx.client import open_database
from controller.adapters.influx.settings import InfluxSettings
from controller.domain.history.values import Kind, Series, SeriesId
from controller.domain.ids import DeviceId
from controller.services.history.ports import LoggedReadings
from tests.support.influxd import InfluxServer
from tests.support.victoria import VictoriaServer

AT = 1_749_988_800_000_000_000
NOTE = Series(SeriesId(1), DeviceId("its-own"), "note", Kind.TEXT)
FORGED = f'x"\ntemperature,channel=t,device=another value=666 {AT}\n#'


async def written(server: InfluxServer | VictoriaServer, bucket: str) -> None:
    settings = InfluxSettings(server.url, server.org, bucket, server.token)
    async with open_database(settings, SystemClock()) as database:
        lines = await database.lines_of([LoggedReadings(1, AT, ((NOTE, FORGED),))])
        assert (await database.write(lines)).status == 204


async def test_a_text_that_looks_like_a_line_is_no_reading_of_another_device(victoria: VictoriaServer):
    """VictoriaMetrics ends a line at a line break, within a text as well."""
    victoria.new_bucket()

    await written(victoria, "any")

    assert {dict(tags).get("device") for _, tags in victoria.points()} == {"its-own"}


async def test_a_text_arrives_with_its_line_breaks_told(influx: InfluxServer):
    bucket = influx.new_bucket()

    await written(influx, bucket)

    ((_, points),) = influx.points(bucket).items()
    assert FORGED.replace("\n", "\\n") in str(points[0]).replace("\\\\", "\\")
