"""What servers and networks do becomes a reply; the token is seen by the server alone."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from controller.adapters.influx import InfluxSettings
from controller.adapters.influx.client import FEW_LINES, WORDS_LIMIT, InfluxDatabase, open_database
from controller.domain.history.delivery import Heard, Reply, heard
from tests.support.influx_stub import (
    CUT,
    FORBIDDEN,
    HALF,
    HANGS,
    NO_BUCKET,
    REDIRECT,
    SIGN_IN_PAGE,
    TOKEN,
    TOO_LARGE,
    UNAVAILABLE,
    Answer,
    InfluxStub,
    dropping_lines_with,
    no_more_than,
    refusing_lines_with,
    said,
    too_many,
)
from tests.support.memory_sending import MemoryReadingsLog
from tests.support.services import HandClock

LINES = [f"temperature,channel=t,device=sensor-1 value={n} {n}" for n in range(10)]
MANY = [f"temperature,channel=t,device=sensor-1 value={n} {n}" for n in range(FEW_LINES * 3)]
CLOCK = HandClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def stub() -> Iterator[InfluxStub]:
    with InfluxStub() as running:
        yield running


def to(stub: InfluxStub, path: str = "", **settings: Any) -> AbstractAsyncContextManager[InfluxDatabase]:
    settings = {"token": TOKEN, **settings}
    return open_database(InfluxSettings(stub.url + path, **settings), CLOCK, timeout_s=1.0)


@pytest.fixture
async def database(stub: InfluxStub) -> AsyncIterator[InfluxDatabase]:
    async with to(stub) as opened:
        yield opened


async def test_a_batch_is_one_post_of_its_lines(stub: InfluxStub):
    async with to(stub, org="house", bucket="readings") as database:
        assert await database.write(LINES) == Reply(204)

    (request,) = stub.requests
    assert request.path == "/api/v2/write"
    assert request.query == {"org": "house", "bucket": "readings", "precision": "ns"}
    assert request.headers["authorization"] == f"Token {TOKEN}"
    assert request.headers["content-type"] == "text/plain; charset=utf-8"
    assert request.body == "\n".join(LINES).encode()


async def test_a_path_before_the_address_is_kept_and_a_server_without_tokens_is_sent_none():
    with InfluxStub(token="") as stub:
        async with to(stub, "/insert/0/influx", token="") as database:
            assert await database.write(LINES) == Reply(204)

    assert stub.requests[0].path == "/insert/0/influx/api/v2/write"
    assert "authorization" not in stub.requests[0].headers


@pytest.mark.parametrize("lines", [LINES, MANY], ids=["few", "many"])
async def test_a_batch_may_go_compressed(stub: InfluxStub, lines: list[str]):
    async with to(stub, gzip=True) as database:
        assert await database.write(lines) == Reply(204)

    (request,) = stub.requests
    assert request.headers["content-encoding"] == "gzip"
    assert list(request.lines) == lines
    assert len(request.body) < len("\n".join(lines)) / 3


async def test_the_library_does_not_compress_what_is_compressed_already(stub: InfluxStub):
    async with to(stub, gzip=True) as database:
        await database.write(MANY)
        await database.write(MANY)

    assert [list(request.lines) for request in stub.requests] == [MANY, MANY]


@pytest.mark.parametrize("messages", [3, FEW_LINES * 3])
async def test_rows_become_lines_few_or_many(database: InfluxDatabase, messages: int):
    log = MemoryReadingsLog()
    log.add(messages)

    lines = await database.lines_of(log.rows)

    assert len(lines) == messages
    assert lines[1] == "temperature,channel=t,device=sensor-1,unit=°C value=2 1795392000002000000"


# --- what it answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "words", "comes_to"),
    [
        pytest.param(FORBIDDEN, 403, "insufficient permissions for write", Heard.UNWELCOME, id="403"),
        pytest.param(NO_BUCKET, 404, 'bucket "natoma" not found', Heard.UNWELCOME, id="404"),
        pytest.param(Answer(404, b"not here"), 404, "404 Not Found", Heard.UNWELCOME, id="404 of a web server"),
        pytest.param(TOO_LARGE, 413, "cannot read data: points batch is too large", Heard.TOO_LARGE, id="413"),
        pytest.param(UNAVAILABLE, 503, "503 Service Unavailable", Heard.AWAY, id="503"),
        pytest.param(Answer(400, b"<html>"), 400, "400 Bad Request", Heard.STRANGE, id="400 of a proxy"),
        pytest.param(Answer(400, b"[1]"), 400, "400 Bad Request", Heard.STRANGE, id="400 with other JSON"),
        pytest.param(
            Answer(400, b'{"error":"no database"}'), 400, "no database", Heard.BAD_AMONG, id="400 in the words of 1.x"
        ),
        pytest.param(
            SIGN_IN_PAGE, 200, "it answered 200 as a web page does, not as a database", Heard.STRANGE, id="200"
        ),
        pytest.param(
            REDIRECT,
            302,
            "302: it points to https://login.example/; set that as influx_url",
            Heard.STRANGE,
            id="302",
        ),
    ],
)
async def test_what_a_server_says_is_told_in_its_words(
    stub: InfluxStub, database: InfluxDatabase, answer: Answer, status: int, words: str, comes_to: Heard
):
    stub.script = [answer]

    reply = await database.write(LINES)

    assert (reply.status, reply.words, heard(reply, len(LINES))) == (status, words, comes_to)
    assert len(stub.requests) == 1
    assert await database.write(LINES) == Reply(204)


async def test_a_wrong_token_is_told_without_it(stub: InfluxStub):
    async with to(stub, token="wr0ng") as database:
        reply = await database.write(LINES)

    assert (reply.status, reply.words) == (401, "unauthorized access")


async def test_one_bad_line_is_named_and_nothing_of_the_batch_is_kept(stub: InfluxStub, database: InfluxDatabase):
    stub.rule = refusing_lines_with("value=7 ")

    reply = await database.write(LINES)

    assert reply == Reply(400, f"unable to parse '{LINES[7]}': bad", is_databases=True)
    assert stub.points == {}


async def test_a_server_that_says_how_many_it_dropped_is_believed(stub: InfluxStub, database: InfluxDatabase):
    stub.rule = dropping_lines_with("value=7 ")

    reply = await database.write(LINES)

    assert (reply.status, reply.dropped, reply.is_databases) == (422, 1, True)
    assert heard(await database.write(LINES[7:8]), 1) is Heard.BAD_ALL


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("30", 30.0),
        (format_datetime(CLOCK.now() + timedelta(seconds=90), usegmt=True), 90.0),
        ("Mon, 23 Nov 2026 12:01:00 -0000", 60.0),
        ("soon", None),
    ],
)
async def test_how_long_a_server_asks_us_to_wait_is_understood(
    stub: InfluxStub, database: InfluxDatabase, retry_after: str, seconds: float | None
):
    stub.script = [too_many(retry_after)]

    reply = await database.write(LINES)

    assert (reply.status, reply.retry_after_s) == (429, seconds)


async def test_too_many_lines_are_too_large(stub: InfluxStub, database: InfluxDatabase):
    stub.rule = no_more_than(5)

    assert heard(await database.write(LINES), 10) is Heard.TOO_LARGE
    assert await database.write(LINES[:5]) == Reply(204)


# --- what the network does --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(HANGS, "no answer within 1 s", id="hangs"),
        pytest.param(Answer(204, delay_s=5.0), "no answer within 1 s", id="slow"),
        pytest.param(CUT, "it ended the connection before it answered", id="cut"),
        pytest.param(HALF, "", id="half an answer"),
    ],
)
async def test_an_answer_that_does_not_come_or_not_all_of_it_is_none(
    stub: InfluxStub, database: InfluxDatabase, answer: Answer, words: str
):
    stub.script = [answer]

    reply = await database.write(LINES)

    assert reply.status is None
    assert words in reply.words
    assert reply.words
    assert await database.write(LINES) == Reply(204, anew=True)


async def test_a_slow_answer_is_waited_for(stub: InfluxStub, database: InfluxDatabase):
    stub.script = [Answer(204, delay_s=0.2)]

    assert await database.write(LINES) == Reply(204)


async def test_a_server_that_refuses_connections_is_away_until_it_is_back(stub: InfluxStub, database: InfluxDatabase):
    assert await database.write(LINES) == Reply(204)
    stub.refuse()
    assert (await database.write(LINES)).status is None  # it may be the old connection that has ended
    assert await database.write(LINES) == Reply(None, "connection refused")

    stub.listen()
    assert await database.write(LINES) == Reply(204, anew=True)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://no-such-host.invalid:8086", "nobody knows a host of this name"),
        ("https://127.0.0.1:{port}", "no TLS can be agreed on: "),
    ],
)
async def test_an_address_that_is_none_is_told_in_words_for_people(stub: InfluxStub, url: str, words: str):
    port = urlsplit(stub.url).port
    async with open_database(InfluxSettings(url.format(port=port)), CLOCK, timeout_s=5) as database:
        said = (await database.write(LINES)).words

    assert said.startswith(words)
    assert "ssl:" not in said


async def test_a_server_that_was_killed_and_is_back_between_two_requests_shows(
    stub: InfluxStub, database: InfluxDatabase
):
    assert await database.write(LINES) == Reply(204)
    assert await database.write(LINES) == Reply(204)
    stub.refuse()
    stub.listen()

    # The end of the old connection is noticed before the next request, or by it.
    replies = [await database.write(LINES), await database.write(LINES)]

    assert sum(reply.anew for reply in replies) == 1


async def test_a_host_that_has_no_address_is_away():
    settings = InfluxSettings("http://influx.invalid:8086", token=TOKEN)
    async with open_database(settings, CLOCK, timeout_s=2.0) as database:
        assert (await database.write(LINES)).status is None


# --- secrets ----------------------------------------------------------------------------------------------------------


async def test_a_token_is_in_no_text_no_repr_and_no_log(
    stub: InfluxStub, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.DEBUG)
    settings = InfluxSettings(stub.url, token=TOKEN)
    async with open_database(settings, CLOCK, timeout_s=0.5) as database:
        replies = []
        for answer in (
            said(403, "forbidden", f"token {TOKEN} may not write"),
            said(500, "internal error", f"Authorization: Token {TOKEN}"),
            Answer(302, b"", (("Location", f"https://login.example/?token={TOKEN}"),)),
            CUT,
            HANGS,
        ):
            stub.script = [answer]
            replies.append(await database.write(LINES))
        stub.refuse()
        replies.append(await database.write(LINES))

        shown = [repr(database), repr(settings), repr(replies), caplog.text, *capsys.readouterr()]

    assert TOKEN in stub.requests[0].headers["authorization"]
    assert [text for text in shown if TOKEN in text] == []


async def test_what_a_server_says_is_one_line_of_a_screen(stub: InfluxStub, database: InfluxDatabase):
    stub.script = [said(400, "invalid", "first\nsecond " + "x" * 10_000)]

    words = (await database.write(LINES)).words

    assert words.startswith("first second xxx")
    assert len(words) == WORDS_LIMIT + 1
