"""What a fault makes of a message, a reading and the time: pure, and the same for the same seed."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import codec
from devices.messages import Telemetry
from simulator.building import Building
from simulator.faults import Fault, made
from simulator.faults.kinds import KINDS
from simulator.faults.plan import Passing, every, harmed, read_as, told_time

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)
EVENT = Passing("event", b'{"id":"7-1","type":"badge.read"}')
MESSAGES = sorted(name for name, kind in KINDS.items() if "way" in kind.settings)


def fault(kind: str, seed: int = 1, **settings: object) -> Fault:
    return Fault(kind, "door-front", frozenset({"door-front"}), settings=_all(kind, settings), seed=seed)


def _all(kind: str, settings: dict[str, object]) -> dict[str, float | str]:
    from simulator.faults.kinds import settings_of

    return settings_of(kind, settings)


@pytest.mark.parametrize(
    ("kind", "settings", "out", "what"),
    [
        ("drop", {}, (), "event up dropped"),
        ("duplicate", {"copies": 2}, (EVENT, EVENT, EVENT), "event up said 3 times"),
        ("delay", {"by_s": 1.5}, (Passing("event", EVENT.payload, wait_s=1.5),), "event up delayed by 1.500 s"),
        (
            "reorder",
            {"within_s": 4},
            (Passing("event", EVENT.payload, wait_s=4.0, behind_next=True),),
            "event up put behind the next",
        ),
        ("retain", {}, (Passing("event", EVENT.payload, retain=True),), "event up said to be retained"),
        ("freeze", {}, (Passing("event", EVENT.payload, until_over=True),), "event up held"),
    ],
    ids=["drop", "duplicate", "delay", "reorder", "retain", "freeze"],
)
def test_each_kind_does_its_own_harm(kind: str, settings: dict[str, object], out: tuple[Passing, ...], what: str):
    harm = harmed(fault(kind, **settings), "door-front", "up", 1, EVENT)

    assert (harm.passing, harm.what) == (out, what)


@pytest.mark.parametrize("settings", [{"way": "down"}, {"message": "command"}], ids=["way", "message"])
@pytest.mark.parametrize("kind", MESSAGES)
def test_what_is_not_meant_passes_unharmed(kind: str, settings: dict[str, object]):
    harm = harmed(fault(kind, **settings), "door-front", "up", 1, EVENT)

    assert (harm.passing, harm.what) == ((EVENT,), None)


def test_a_share_strikes_about_so_many():
    dropped = [not harmed(fault("drop", share=0.3), "door-front", "up", n, EVENT).passing for n in range(2000)]

    assert Counter(dropped)[True] == pytest.approx(600, abs=60)


@given(kind=st.sampled_from(MESSAGES), seed=st.integers(), number=st.integers(1, 10_000), body=st.binary(max_size=99))
def test_the_same_seed_does_the_same_harm_whatever_came_before(kind: str, seed: int, number: int, body: bytes):
    one = Passing("event", body)
    first = harmed(fault(kind, seed=seed, share=0.5), "door-front", "up", number, one)

    assert harmed(fault(kind, seed=seed, share=0.5), "door-front", "up", number, one) == first


def test_another_seed_and_another_device_are_struck_elsewhere():
    def struck(seed: int, device: str) -> list[bool]:
        return [not harmed(fault("drop", seed=seed, share=0.5), device, "up", n, EVENT).passing for n in range(64)]

    assert struck(1, "door-front") != struck(2, "door-front")
    assert struck(1, "door-front") != struck(1, "door-back")


@given(body=st.binary(min_size=1, max_size=200), how=st.sampled_from(["cut", "flip"]), number=st.integers(0, 500))
def test_a_corrupted_body_is_never_the_same(body: bytes, how: str, number: int):
    (one,) = harmed(fault("corrupt", how=how), "door-front", "up", number, Passing("event", body)).passing

    assert one.payload != body
    assert len(one.payload) <= len(body)


def test_an_empty_body_can_be_corrupted_too():
    harm = harmed(fault("corrupt", how="flip"), "door-front", "down", 1, Passing("access", b""))

    assert (len(harm.passing[0].payload), harm.what) == (1, "access down replaced by junk")


def test_what_was_done_never_repeats_a_badge():
    body = b'{"data":{"card":"04AF68DACB5A80"}}'
    told = [
        harmed(fault(kind), "door-front", "up", n, Passing("event", body)).what for kind in MESSAGES for n in range(20)
    ]

    assert "04AF68DACB5A80" not in repr(told)
    assert "04AF68DACB5A80" not in repr(Passing("event", body))


def test_a_stuck_sensor_shows_what_it_showed():
    shown, what = read_as(fault("sensor-stuck"), "s", 2, 60, {"co2": 640, "noise": 40.1}, {"co2": 812, "noise": 40.1})

    assert (shown, what) == ({"co2": 640, "noise": 40.1}, "co2 812 read as 640")


def test_a_drifting_sensor_wanders_with_the_hours_and_only_where_there_are_numbers():
    values = {"co2": 800, "temperature": 21.04, "presence": True, "window": "open", "noise": None}

    shown, what = read_as(fault("sensor-drift", per_hour=10), "s", 1, 1800, {}, values)

    assert shown == {"co2": 805, "temperature": 26.0, "presence": True, "window": "open", "noise": None}
    assert what == "co2 800 read as 805, temperature 21.04 read as 26.0"


def test_one_channel_alone_can_be_struck():
    shown, _ = read_as(fault("sensor-nan", channel="co2"), "s", 1, 0, {}, {"co2": 800, "noise": 40.0})

    assert shown == {"co2": "nan", "noise": 40.0}


def test_a_bare_nan_is_no_json_and_a_written_one_is():
    said = codec.encode(Telemetry(seq=1, ts=NOON, v={"co2": "nan"}))
    bare = harmed(fault("sensor-nan", **{"as": "bare"}), "s", "up", 1, Passing("telemetry", said))
    text = harmed(fault("sensor-nan"), "s", "up", 1, Passing("telemetry", said))

    assert b'"co2":NaN' in bare.passing[0].payload
    assert text.passing[0].payload == said


def test_a_skewed_clock_is_off_and_runs_away():
    skew = fault("clock-skew", by_s=-60, drift_ppm=100)

    assert told_time(skew, 0, NOON) == NOON - timedelta(seconds=60)
    assert told_time(skew, 10_000, NOON) == NOON - timedelta(seconds=59)
    assert told_time(fault("drop"), 10_000, NOON) == NOON


def test_what_comes_again_is_uneven_but_near():
    pauses = [every(fault("flap", every_s=4), "door-front", n) for n in range(50)]

    assert all(3 <= pause <= 5 for pause in pauses)
    assert len(set(pauses)) > 40


def test_every_kind_of_message_can_be_made_for_a_whole_building(parisoma: Building):
    for kind in MESSAGES:
        assert made(kind, "link", parisoma).devices == frozenset(parisoma.devices)
