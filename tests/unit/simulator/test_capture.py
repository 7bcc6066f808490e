"""Captures: what is written is read back byte for byte, what is wrong is named with its line, what is said again keeps its pace."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import simulator
from devices.link import Delivery
from simulator.building_file import load
from simulator.capture import Line, read, text_of
from simulator.capture.recording import Recorder
from simulator.capture.replaying import length_of, moved, plan
from simulator.cli import main
from simulator.errors import InputError

SPACES = Path(simulator.__file__).parent / "spaces"
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
        ("[" * 100_000, "this is nested too deep for a message"),
        ('{"t": 1, "topic": "a", "payload": "\\ud800"}', "payload holds half a pair of surrogates"),
        ('{"t": 1, "topic": "a\\udfff", "payload": ""}', "topic 'a\\udfff' is none to publish on"),
        ('{"t": 1, "topic": "a", "qos": 1.0, "payload": ""}', "qos 1.0 is not 0, 1 or 2"),
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


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"ts":' + b"9" * 400 + b"}",
        b'{"ts":Infinity}',
        b'{"id":"\\ud800"}',
    ],
    ids=["deep list", "deep object", "beyond any calendar", "infinite", "half a pair of surrogates"],
)
def test_a_body_nobody_could_mean_is_said_again_as_it_was(payload):
    assert moved(payload, timedelta(days=1)) == payload


def test_a_pause_nobody_would_wait_for_is_refused_with_what_would_do():
    said = plan([line("natoma/1/a/up/event"), line("natoma/1/b/up/event", after_s=2 * 86400 + 3600)], "natoma")

    with pytest.raises(InputError) as refused:
        length_of(said, 1.0)

    assert str(refused.value) == (
        "after the message of a at 2026-11-16T09:00:00+00:00 nothing is to be said for 49.0 h, until b at "
        "2026-11-18T10:00:00+00:00: that is more than a day of waiting at speed 1; cut the file there, or take "
        "--speed 3 or more"
    )
    assert length_of(said, 3.0) == "2 messages over 49.0 h at speed 3, which takes 16.3 h"


def test_of_a_wrong_moment_no_speed_is_offered_that_there_is_not():
    said = plan([line("natoma/1/a/up/event"), line("natoma/1/a/up/event", after_s=50 * 365 * 86400)], "natoma")
    with pytest.raises(InputError, match=r"cut the file there$"):
        length_of(said, 1.0)


def test_a_day_is_no_pause_too_long_and_the_time_before_the_first_is_one():
    day = [line("natoma/1/a/up/event"), line("natoma/1/b/up/event", after_s=86400)]
    assert length_of(plan(day, "natoma"), 1.0) == "2 messages over 24.0 h at speed 1"
    later = [line("natoma/1/a/up/event"), line("natoma/1/b/up/event", after_s=86401)]
    with pytest.raises(InputError, match="after it began nothing is to be said"):
        length_of(plan(later, "natoma", frozenset({"b"})), 1.0)


@pytest.mark.parametrize(
    ("after_s", "speed", "words"),
    [
        (3, 1.0, "2 messages over 3 s at speed 1"),
        (119, 0.5, "2 messages over 119 s at speed 0.5, which takes 4 min"),
        (8.5 * 3600, 10.0, "2 messages over 8.5 h at speed 10, which takes 51 min"),
    ],
)
def test_it_is_told_how_much_there_is_and_how_long_it_takes(after_s, speed, words):
    said = [line("natoma/1/a/up/event"), line("natoma/1/a/up/event", after_s=after_s)]
    assert length_of(plan(said, "natoma"), speed) == words


def test_what_is_recorded_in_a_shifted_house_bears_the_houses_moment():
    file = io.StringIO()
    recorder = Recorder(file, with_badges=False, shift=timedelta(days=-3))
    recorder.heard(Delivery("natoma/1/a/up/event", b"{}", 1, retain=False, dup=False, received_at=NINE.timestamp()))
    assert json.loads(file.getvalue())["t"] == "2026-11-13T09:00:00.000+00:00"


def house(folder: Path, *, recorder: bool = True) -> Path:
    """What a demo left, of a broker nobody reaches any more."""
    (folder / "broker").mkdir()
    left = {"url": "mqtt://127.0.0.1:1", "version": 5, "space": str(SPACES / "one-door.yaml")}
    (folder / "broker" / "endpoint.json").write_text(json.dumps(left))
    names = [
        "server-telemetry",
        "onboarding",
        *(["recorder"] if recorder else []),
        *load(SPACES / "one-door.yaml").devices,
    ]
    (folder / "broker" / "passwords.json").write_text(json.dumps(dict.fromkeys(names, "a secret")))
    return folder


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("server-telemetry", "the house itself goes by that name; the broker would hang up on it"),
        ("server-access", "the house itself goes by that name"),
        ("onboarding", "the house itself goes by that name"),
        (min(load(SPACES / "one-door.yaml").devices), "that is a device of the space"),
        ("ear", "the passwords file has no password for it"),
    ],
)
def test_nobody_of_the_house_is_thrown_out_to_listen(tmp_path: Path, user, why):
    out = tmp_path / "c.jsonl"
    answer = CliRunner().invoke(main, ["record", "--out", str(out), "--user", user, "--data", str(house(tmp_path))])
    assert (answer.exit_code, out.exists()) == (2, False)
    assert why in answer.output


def test_a_data_folder_of_before_is_told_how_to_get_the_recorder(tmp_path: Path):
    words = ["record", "--out", str(tmp_path / "c.jsonl"), "--data", str(house(tmp_path, recorder=False))]
    answer = CliRunner().invoke(main, words)
    assert answer.exit_code == 2
    assert "the passwords file has none for recorder" in answer.output
    assert "start `natoma run` or `natoma demo` once with this data folder, which adds it" in answer.output


def test_a_bad_file_starts_nothing(tmp_path: Path):
    file = tmp_path / "c.jsonl"
    file.write_text(text_of(line("natoma/1/a/up/event")) + "\n{")
    answer = CliRunner().invoke(main, ["replay", str(file), "--mqtt", "mqtt://127.0.0.1:1", "--data", str(tmp_path)])
    assert answer.exit_code == 2
    assert f"{file}:2: this is no JSON" in answer.output
