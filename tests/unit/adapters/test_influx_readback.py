"""What a database is asked for and what is made of its answers, against a server that says what the test says."""

import json
import threading
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from controller.adapters.influx.asking import ReadSettings
from controller.adapters.influx.influxql import even_stretches
from controller.adapters.influx.readback import ReadBack
from controller.domain.history.values import Kind, Series, SeriesId, Span
from controller.domain.ids import AreaId, DeviceId
from controller.errors import StoreError

NOON = datetime(2025, 6, 15, 12, tzinfo=UTC)
NOON_NS = 1_749_988_800_000_000_000
HOUR = Span(NOON, datetime(2025, 6, 15, 13, tzinfo=UTC))
AIR = Series(SeriesId(1), DeviceId("air-1"), "temperature", Kind.NUMBER, "temperature", "°C", AreaId("hall"))
MODE = Series(SeriesId(2), DeviceId("air-1"), "it's", Kind.TEXT)


# What VictoriaMetrics answers to any question.
STUB = 200, {"results": [{"series": [{"name": "databases", "columns": ["name"], "values": [["_internal"]]}]}]}


class Scripted:
    """Answers each question with the next answer: (status, body)."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, object]] = []
        self.asked: list[dict[str, str]] = []
        self.tokens: set[str | None] = set()
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                script.asked.append({**asked, "path": urlsplit(self.path).path})
                script.tokens.add(self.headers.get("Authorization"))
                status, told = script.answers.pop(0)
                body = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def read_back(self, page: int = 10_000, bucket: str = "natoma", below: str = "") -> ReadBack:
        return ReadBack(ReadSettings(f"{self.url}{below}", bucket, token="secret-token", timeout_s=5), page=page)


@pytest.fixture
def database() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.server.shutdown()
    scripted.server.server_close()


def rows(*values: list[object], **more: object) -> tuple[int, object]:
    series = [{"name": "temperature", "columns": ["time", "value"], "values": list(values), **more}] if values else []
    return 200, {"results": [{"statement_id": 0, "series": series}]}


async def test_a_series_is_asked_for_by_all_that_names_it(database: Scripted):
    database.answers = [rows([NOON_NS + 5_000_001, 21.5])]

    (points,) = await database.read_back().raw([AIR], HOUR)

    assert points.series is AIR
    assert (points.at_ms, points.values) == (array("q", [NOON_NS // 1_000_000 + 5]), array("d", [21.5]))
    (asked,) = database.asked
    assert (asked["path"], asked["db"], asked["epoch"]) == ("/query", "natoma", "ns")
    assert asked["q"] == (
        'SELECT "value" FROM "temperature" WHERE "channel" = \'temperature\' AND "device" = \'air-1\''
        " AND \"room\" = 'hall' AND \"unit\" = '°C'"
        f" AND time >= {NOON_NS} AND time < {NOON_NS + 3_600_000_000_000} ORDER BY time ASC LIMIT 10000"
    )
    assert database.tokens == {"Token secret-token"}


async def test_what_a_quote_would_end_is_escaped_and_a_tag_nobody_has_is_empty(database: Scripted):
    database.answers = [rows([NOON_NS, "eco"])]

    (points,) = await database.read_back().raw([MODE], HOUR)

    assert points.values == ["eco"]
    assert 'SELECT "text" FROM "reading" WHERE "channel" = \'it\\\'s\'' in database.asked[0]["q"]
    assert "\"room\" = '' AND \"unit\" = ''" in database.asked[0]["q"]


async def test_a_full_page_is_followed_by_the_next_from_the_moment_after_its_last_point(database: Scripted):
    database.answers = [rows([NOON_NS, 1], [NOON_NS + 1, 2]), rows([NOON_NS + 2, 3])]

    (points,) = await database.read_back(page=2).raw([AIR], HOUR)

    assert list(points.values) == [1.0, 2.0, 3.0]
    assert f"time >= {NOON_NS + 2} " in database.asked[1]["q"]


async def test_an_answer_the_server_has_cut_off_is_asked_on(database: Scripted):
    database.answers = [rows([NOON_NS, 1], partial=True), rows([NOON_NS + 9, 2])]

    (points,) = await database.read_back().raw([AIR], HOUR)

    assert list(points.values) == [1.0, 2.0]


async def test_minus_zero_keeps_its_sign(database: Scripted):
    database.answers = [(200, f'{{"results":[{{"series":[{{"name":"t","values":[[{NOON_NS},-0]]}}]}}]}}'.encode())]

    (points,) = await database.read_back().raw([AIR], HOUR)

    assert str(points.values[0]) == "-0.0"


async def test_a_database_without_influxql_is_read_by_its_export_from_then_on(database: Scripted):
    point = {"metric": {"__name__": "temperature_value"}, "values": [21.5], "timestamps": [NOON_NS // 1_000_000]}
    database.answers = [STUB, (200, point), (200, b"")]
    read_back = database.read_back()

    (points,) = await read_back.raw([AIR], HOUR)

    assert list(points.values) == [21.5]
    assert await read_back.counts_by_hour([AIR, MODE], HOUR) == {}
    assert [asked["path"] for asked in database.asked] == ["/query", "/api/v1/export", "/api/v1/export"]
    assert database.asked[1]["match[]"] == (
        '{__name__="temperature_value",channel="temperature",device="air-1",room="hall",unit="°C"}'
    )
    assert (database.asked[1]["start"], database.asked[1]["end"]) == ("1749988800.000", "1749992399.999")
    assert (read_back.holds(AIR), read_back.holds(MODE)) == (True, False)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            (401, {"message": "unauthorized access"}), "refuses our token (401): set influx_token", id="token"
        ),
        pytest.param((500, b"<html>oops</html>"), "answers 500: <html>oops</html>", id="broken"),
        pytest.param(
            (200, {"results": [{"error": "database not found: natoma"}]}),
            "influx v1 dbrp create --db natoma",
            id="no mapping",
        ),
        pytest.param(
            (200, {"results": [{"error": "timeout\nreached"}]}), "answers: timeout reached", id="its own error"
        ),
        pytest.param((200, b"hello"), "no InfluxQL result", id="another server"),
    ],
)
async def test_a_refusal_is_told_in_words_that_help(database: Scripted, answer: tuple[int, object], words: str):
    database.answers = [answer]

    with pytest.raises(StoreError) as refused:
        await database.read_back().raw([AIR], HOUR)

    assert words in str(refused.value)
    assert database.url in str(refused.value)
    assert "secret-token" not in str(refused.value)


async def test_one_series_that_cannot_be_read_is_named_and_the_others_are(
    database: Scripted, caplog: pytest.LogCaptureFixture
):
    parsing = 400, {"error": "error parsing query: found a, expected identifier"}
    database.answers = [parsing, rows([NOON_NS, 21.5]), rows([NOON_NS, "eco"])]
    read_back = database.read_back()

    (points,) = await read_back.raw([MODE, AIR], HOUR)

    assert points.series == AIR
    assert "error parsing query" in read_back.unread(MODE)
    assert 'air-1, channel "it\'s" is left out: the database at' in caplog.text
    assert read_back.unread(AIR) == ""

    await read_back.raw([MODE], HOUR)

    assert read_back.unread(MODE) == ""


async def test_when_nothing_can_be_read_the_question_is_refused(database: Scripted):
    database.answers = [(400, {"error": "error parsing query"})] * 2

    with pytest.raises(StoreError, match="answers 400: error parsing query"):
        await database.read_back().raw([MODE, AIR], HOUR)


async def test_a_database_that_is_away_is_named(database: Scripted):
    read_back = ReadBack(ReadSettings("http://127.0.0.1:9", "natoma", timeout_s=1))

    with pytest.raises(StoreError, match=r"the database at http://127\.0\.0\.1:9 does not answer"):
        await read_back.raw([AIR], HOUR)


async def test_an_export_that_is_none_is_told(database: Scripted):
    database.answers = [STUB, (200, b"hello")]

    with pytest.raises(StoreError, match="no export"):
        await database.read_back().raw([AIR], HOUR)


async def test_a_bucket_with_a_slash_names_its_retention_policy(database: Scripted):
    database.answers = [rows()]

    await database.read_back(bucket="house/long").raw([AIR], HOUR)

    assert (database.asked[0]["db"], database.asked[0]["rp"]) == ("house", "long")


async def test_a_vmselect_is_asked_for_its_export_at_once(database: Scripted):
    database.answers = [(200, b"")]

    assert await database.read_back(below="/select/0/prometheus").raw([AIR], HOUR) == []

    assert [asked["path"] for asked in database.asked] == ["/select/0/prometheus/api/v1/export"]


async def test_a_single_victoria_written_to_below_influx_is_read_above_it(database: Scripted):
    database.answers = [STUB, (200, b"")]

    assert await database.read_back(below="/influx").raw([AIR], HOUR) == []

    assert [asked["path"] for asked in database.asked] == ["/influx/query", "/api/v1/export"]


async def test_a_vminsert_says_where_its_cluster_is_read(database: Scripted):
    database.answers = [STUB]

    with pytest.raises(StoreError, match="set influx_read_url to the cluster's vmselect"):
        await database.read_back(below="/insert/0/influx").raw([AIR], HOUR)


def test_no_group_of_a_question_crosses_an_edge():
    # From 00:30 to 05:45 in steps of one hour, on a day on which one of them is missing.
    minute = 60_000
    edges = [30 * minute, 60 * minute, 120 * minute, 240 * minute, 345 * minute]

    assert list(even_stretches(edges)) == [
        (30 * minute, 60 * minute, 30 * minute),
        (60 * minute, 240 * minute, 60 * minute),
        (240 * minute, 345 * minute, 105 * minute),
    ]


def test_one_step_is_one_group():
    assert list(even_stretches([5, 17])) == [(5, 17, 12)]
