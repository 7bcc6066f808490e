"""Captures: what is written is read back byte for byte, what is wrong is named with its line, nothing secret is in it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from simulator.capture import Line, masked, read, text_of
from simulator.capture.replaying import moved, plan
from simulator.cli import main
from simulator.errors import InputError

NINE = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def line(topic: str, body: object = None, after_s: float = 0.0) -> Line:
    return Line(NINE + timedelta(seconds=after_s), topic, json.dumps(body or {}).encode(), qos=1)


lines = st.builds(
    Line,
    at=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    ),
    topic=st.text(st.characters(blacklist_characters="+#\0", blacklist_categories=["Cs"]), min_size=1),
    payload=st.binary() | st.text(st.characters(blacklist_categories=["Cs"])).map(str.encode),
    qos=st.integers(0, 2),
    retain=st.booleans(),
    dup=st.booleans(),
)


@given(st.lists(lines, max_size=5))
def test_whatever_was_said_is_read_back_as_it_was(tmp_path_factory, said):
    file = tmp_path_factory.mktemp("capture") / "c.jsonl"
    file.write_text("".join(text_of(one) + "\n" for one in said), encoding="utf-8")
    assert list(read(file)) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"t": 1', "this is no JSON, or the file was cut off here"),
        ("[]", "a line is a JSON object with t, topic and payload; this is a list"),
        ('{"t": 1, "topic": "a/#", "payload": ""}', "topic 'a/#' is none to publish on"),
        ('{"t": 1, "topic": "a", "qos": 3, "payload": ""}', "qos 3 is not 0, 1 or 2"),
        ('{"t": 1, "topic": "a", "retain": "yes", "payload": ""}', "retain 'yes' is not true or false"),
        ('{"t": "soon", "topic": "a", "payload": ""}', "t 'soon' is no moment"),
        ('{"t": "2026-11-16T09:00", "topic": "a", "payload": ""}', "t '2026-11-16T09:00' is no moment"),
        ('{"t": 1e300, "topic": "a", "payload": ""}', "t 1e+300 is no moment"),
        ('{"t": 1, "topic": "a"}', "a line has payload, the body as text, or payload_b64; one of the two"),
        ('{"t": 1, "topic": "a", "payload_b64": "??"}', "payload_b64 is no base64"),
        ('{"t": 1, "topic": "a", "payload": "", "props": []}', ""),
        ('{"t": 1, "topic": "a", "payload": "", "props": [1]}', "props is a list; it is a JSON object"),
    ],
)
def test_a_line_that_is_none_is_named_with_its_file_and_number(tmp_path: Path, written, said):
    file = tmp_path / "c.jsonl"
    file.write_text(text_of(line("natoma/1/a/up/event")) + "\n\n" + written + "\n")
    if not said:
        assert len(list(read(file))) == 2
        return
    with pytest.raises(InputError) as refused:
        list(read(file))
    assert str(refused.value).startswith(f"{file}:3: ")
    assert said in str(refused.value)


def test_seconds_and_milliseconds_are_told_apart_by_their_size(tmp_path: Path):
    file = tmp_path / "c.jsonl"
    seconds = NINE.timestamp()
    file.write_text("".join(f'{{"t": {t}, "topic": "a", "payload": ""}}\n' for t in (seconds, seconds * 1000)))
    assert [one.at for one in read(file)] == [NINE, NINE]


@pytest.mark.parametrize("name", ["card", "token", "h", "pin"])
def test_what_could_open_a_door_is_masked_and_the_rest_stays(name):
    said = line("natoma/1/reader/up/event", {"id": "7-1", "data": {name: "04AF68DACB5A80", "direction": "in"}})
    data = json.loads(masked(said).payload)["data"]
    assert data == {name: "************80", "direction": "in"}


def test_of_a_pin_not_even_the_end_is_left():
    said = line("natoma/1/reader/up/event", {"data": {"pin": "4711"}})
    assert b"4711" not in masked(said).payload
    assert b'"****"' in masked(said).payload


@pytest.mark.parametrize("payload", [b"\xff", b"[]", b'{"data": 5}', b'{"data": {"card": 5}}'])
def test_a_body_that_is_no_read_is_not_touched(payload):
    said = Line(NINE, "natoma/1/reader/up/event", payload)
    assert masked(said) == said


def test_only_what_devices_said_is_said_again_in_the_order_of_its_time():
    said = plan(
        [
            line("natoma/1/b/up/telemetry", after_s=2),
            line("natoma/1/a/up/event", after_s=1),
            line("natoma/1/a/down/command", after_s=1),
            line("natoma/1/server/up/status"),
            line("natoma/1/live/space"),
            line("elsewhere/1/a/up/event"),
        ],
        "natoma",
    )
    assert [(one.device, one.after_s) for one in said] == [("a", 1.0), ("b", 2.0)]


def test_devices_are_chosen_by_name_and_one_that_is_not_there_is_named():
    both = [line("natoma/1/a/up/event"), line("natoma/1/b/up/event")]
    assert [one.device for one in plan(both, "natoma", frozenset({"b"}))] == ["b"]
    with pytest.raises(InputError, match="--as c: no such device in the capture; it has a, b"):
        plan(both, "natoma", frozenset({"c"}))
    with pytest.raises(InputError, match="nothing in it was said by a device below paris/1/"):
        plan(both, "paris")


def test_moments_are_moved_however_they_are_written_and_nothing_else_is():
    body = {
        "ts": "2026-11-16T09:00:00Z",
        "until": "2026-11-16T09:00:00Z",
        "batch": [{"ts": 1000}, {"ts": 1763283600000}],
    }
    later = json.loads(moved(json.dumps(body).encode(), timedelta(minutes=1)))
    assert later == {
        "ts": "2026-11-16T09:01:00+00:00",
        "until": "2026-11-16T09:00:00Z",
        "batch": [{"ts": 1060}, {"ts": 1763283660000}],
    }
    for payload in (b"\xff", b"[1]", b'{"ts": "soon"}'):
        assert json.loads(moved(b'{"ts": true}', timedelta(1))) == {"ts": True}
        assert moved(payload, timedelta(1)).replace(b'":"', b'": "') == payload


def test_a_bad_file_starts_nothing(tmp_path: Path):
    file = tmp_path / "c.jsonl"
    file.write_text(text_of(line("natoma/1/a/up/event")) + "\n{")
    answer = CliRunner().invoke(main, ["replay", str(file), "--mqtt", "mqtt://127.0.0.1:1", "--data", str(tmp_path)])
    assert answer.exit_code == 2
    assert f"{file}:2: this is no JSON" in answer.output
