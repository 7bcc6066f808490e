"""Points of a series packed and unpacked: not a bit is lost, few are kept, and what is damaged is refused."""

import struct
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.adapters.telemetry.codec import Codec, UnreadablePoints, Values, kind_in, pack, pack_dense, unpack
from controller.domain.history.values import Kind

NOON_MS = 1_772_452_800_000
MINUTES = np.arange(360) * 60_000 + NOON_MS
RNG = np.random.default_rng(7)
TEMPERATURE = np.round(21 + np.cumsum(RNG.normal(0, 0.05, 360)), 2)
PACKERS = pytest.mark.parametrize("packed", [pack, pack_dense])


def bits(values: Values) -> list[int]:
    return np.asarray(values, np.float64).view(np.int64).tolist()


# --- laws -------------------------------------------------------------------------------------------------------------

moments = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(NOON_MS, NOON_MS + 21_600_000)
floats = (
    st.floats()  # NaN and the infinities too
    | st.floats(width=32)
    | st.sampled_from([0.0, -0.0, 5e-324, sys.float_info.min, sys.float_info.max, -sys.float_info.max, 1e22, 2.0**53])
)
decimals = st.integers(-(10**9), 10**9).map(lambda n: n / 100)
texts = st.text(st.characters(), max_size=20)  # lone surrogates too: JSON lets a device say them


@PACKERS
@given(st.lists(st.tuples(moments, floats)) | st.lists(st.tuples(moments, decimals)))
def test_numbers_come_back_bit_by_bit_in_their_order(packed, points):
    at = [at for at, _ in points]
    values = np.array([value for _, value in points], np.float64)

    found_at, found = unpack(packed(np.array(at, np.int64), values, Kind.NUMBER), "here")

    assert found_at.tolist() == at
    assert bits(found) == bits(values)


@PACKERS
@given(st.lists(st.tuples(moments, texts)))
def test_texts_come_back_in_their_order(packed, points):
    at, values = [at for at, _ in points], [value for _, value in points]

    found_at, found = unpack(packed(np.array(at, np.int64), values, Kind.TEXT), "here")

    assert (found_at.tolist(), found) == (at, values)


@PACKERS
@given(st.lists(st.tuples(moments, st.booleans())))
def test_switches_come_back_in_their_order(packed, points):
    at, values = [at for at, _ in points], np.array([value for _, value in points], np.float64)

    found_at, found = unpack(packed(np.array(at, np.int64), values, Kind.SWITCH), "here")

    assert found_at.tolist() == at
    assert bits(found) == bits(values)


@given(st.data())
def test_points_with_one_changed_byte_are_refused_or_the_same(data):
    kind = data.draw(st.sampled_from(Kind))
    values: Values = ["open", "closed"] * 30 if kind is Kind.TEXT else (TEMPERATURE[:60] > 21).astype(np.float64)
    blob = bytearray(data.draw(st.sampled_from([pack, pack_dense]))(MINUTES[:60], values, kind))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))

    with suppress(UnreadablePoints):
        at, found = unpack(bytes(blob), "2026-03.db")
        # Only a bit of zlib's head is of no consequence: it says how hard it tried.
        assert (at.tolist(), list(found)) == (MINUTES[:60].tolist(), list(values))


# --- how they are written ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind", "codec", "most_bytes"),
    [
        (TEMPERATURE, Kind.NUMBER, Codec.DECIMALS, 3.0),
        ((np.round(TEMPERATURE * 1.8 + 32, 1) - 32) * 5 / 9, Kind.NUMBER, Codec.REPEATED, 3.0),
        (TEMPERATURE.astype(np.float32).astype(np.float64) / 3, Kind.NUMBER, Codec.FREE, 9.0),
        (np.array([0.0, -0.0] * 180), Kind.NUMBER, Codec.REPEATED, 3.0),
        (np.array([1e300, np.nan, -np.inf] * 120), Kind.NUMBER, Codec.REPEATED, 3.0),
        (np.array([5e-324, 2.0**53, 1e22]), Kind.NUMBER, Codec.FREE, 20.0),
        ((TEMPERATURE > 21).astype(np.float64), Kind.SWITCH, Codec.SWITCHES, 2.5),
        (["open" if value > 21 else "closed" for value in TEMPERATURE], Kind.TEXT, Codec.TEXTS, 3.0),
    ],
    ids=["decimals", "converted", "free", "minus zero", "huge and none", "tiny and huge", "switches", "texts"],
)
def test_values_are_written_in_the_way_that_fits_them(values: Values, kind: Kind, codec: Codec, most_bytes: float):
    at = MINUTES[: len(values)] + RNG.integers(-250, 250, len(values))

    blob = pack_dense(at, values, kind)

    assert blob[0] == codec
    assert kind_in(blob) is kind
    assert len(blob) / len(values) < most_bytes
    found_at, found = unpack(blob, "here")
    assert found_at.tolist() == at.tolist()
    assert found == values if isinstance(values, list) else bits(found) == bits(values)


def test_a_part_is_plain_because_it_lives_for_hours():
    assert pack(MINUTES, TEMPERATURE, Kind.NUMBER)[0] == Codec.PLAIN


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_codec_of_a_newer_natoma_is_refused_with_the_place():
    blob = bytes([77]) + pack_dense(MINUTES, TEMPERATURE, Kind.NUMBER)[1:]

    with pytest.raises(UnreadablePoints) as refused:
        unpack(blob, "history/2026-03.db, series 4")

    assert str(refused.value) == (
        "history/2026-03.db, series 4: its points are written in a way this Natoma does not know "
        "(codec 77, it knows 1 to 6). A newer Natoma wrote them, or they are damaged."
    )


@PACKERS
@pytest.mark.parametrize("left", [0, 3, 5, 40], ids=["nothing", "half a head", "the head", "a piece"])
def test_a_blob_that_was_cut_off_is_refused(packed, left: int):
    with pytest.raises(UnreadablePoints, match=r"2026-03\.db: "):
        unpack(packed(MINUTES, TEMPERATURE, Kind.NUMBER)[:left], "2026-03.db")


def test_a_head_that_promises_more_points_is_refused():
    blob = pack_dense(MINUTES, TEMPERATURE, Kind.NUMBER)
    more = blob[:1] + struct.pack("<I", 361) + blob[5:]

    with pytest.raises(UnreadablePoints, match="its head differs from what was packed"):
        unpack(more, "2026-03.db")
