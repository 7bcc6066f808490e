"""One card is one badge, however its reader spells it; what only looks alike is a hint and never more.

The numbers are the published vectors of the contract, nobody's cards.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.badges import (
    CONTRACT,
    Badge,
    Base,
    ByteOrder,
    Keep,
    ReaderProfile,
    candidates,
    read,
    readings,
    refuse_at_enrolment,
)
from devices.errors import BadgeError

DECIMAL = ReaderProfile(base=Base.DECIMAL)
BACKWARDS = ReaderProfile(byte_order=ByteOrder.REVERSED)
DECIMAL_BACKWARDS = ReaderProfile(base=Base.DECIMAL, byte_order=ByteOrder.REVERSED, size=4)
BYTE_BY_BYTE = ReaderProfile(base=Base.DECIMAL_BYTES, size=4)
SWAPPED_WIRES = ReaderProfile(inverted=True, format="wiegand26")
FACILITY = ReaderProfile(base=Base.FACILITY, format="wiegand26")
LOW_24_OF_40 = ReaderProfile(base=Base.DECIMAL, size=5, keep_bytes=3, format="wiegand26")
UNPADDED = ReaderProfile(unpadded=True, size=4)


@pytest.mark.parametrize(
    ("text", "profile", "canonical"),
    [
        ("04AF68DACB5A80", CONTRACT, "04AF68DACB5A80/56/iso14443a"),
        ("04:af:68:da:cb:5a:80", CONTRACT, "04AF68DACB5A80/56/iso14443a"),
        ("04-AF-68-DA-CB-5A-80", CONTRACT, "04AF68DACB5A80/56/iso14443a"),
        (" 04 af 68 da cb 5a 80\n", CONTRACT, "04AF68DACB5A80/56/iso14443a"),
        ("55-67-23-2D", CONTRACT, "5567232D/32/iso14443a"),
        ("1432822573", DECIMAL, "5567232D/32/iso14443a"),
        ("1EA68671", CONTRACT, "1EA68671/32/iso14443a"),
        ("7186A61E", BACKWARDS, "1EA68671/32/iso14443a"),
        ("1904649758", DECIMAL_BACKWARDS, "1EA68671/32/iso14443a"),
        ("1904649758", DECIMAL, "7186A61E/32/iso14443a"),
        ("30166134113", BYTE_BY_BYTE, "1EA68671/32/iso14443a"),
        ("30 166 134 113", BYTE_BY_BYTE, "1EA68671/32/iso14443a"),
        ("8C7B30", SWAPPED_WIRES, "7384CF/24/wiegand26"),
        ("7384CF", SWAPPED_WIRES, "8C7B30/24/wiegand26"),
        ("077,30211", FACILITY, "4D7603/24/wiegand26"),
        ("42954749443", LOW_24_OF_40, "4D7603/24/wiegand26"),
        ("42954749443", ReaderProfile(base=Base.DECIMAL, size=5, format="em4100"), "0A004D7603/40/em4100"),
        ("0A004D7603", ReaderProfile(format="em4100"), "0A004D7603/40/em4100"),
        ("4-AF-8-0", UNPADDED, "04AF0800/32/iso14443a"),
        ("4-AF-8-0", CONTRACT, "04AF0800/32/iso14443a"),
        ("F3A4C", ReaderProfile(size=4), "000F3A4C/32/iso14443a"),
        ("004D7603", ReaderProfile(size=3, format="wiegand26"), "4D7603/24/wiegand26"),
        ("AA3F9B1A", ReaderProfile(keep=Keep.HIGH, keep_bytes=3, byte_order=ByteOrder.REVERSED), "9B3FAA/24/iso14443a"),
    ],
)
def test_a_reader_profile_brings_a_card_to_its_one_form(text, profile, canonical):
    assert read(text, profile).canonical == canonical


def test_the_message_may_say_length_and_format_itself():
    assert read("4D7603", bits=24, format="wiegand26").canonical == "4D7603/24/wiegand26"
    assert read("4D7603", bits=26, format="wiegand26").canonical == "4D7603/24/wiegand26"
    assert read("0123456789", bits=35, format="wiegand37").bits == 35
    assert read("4D7603", bits=32).canonical == "004D7603/32/iso14443a"


@pytest.mark.parametrize(
    ("text", "profile", "says"),
    [
        ("04AF68DACB5A8", CONTRACT, "13 hexadecimal digits, an odd number.*leading zero.*decimal"),
        ("", CONTRACT, "empty"),
        (" :-", CONTRACT, "empty"),
        ("04AF68DACBXX", CONTRACT, "not hexadecimal.*base: decimal"),
        ("077,30211", CONTRACT, "not hexadecimal"),
        ("077,30211", DECIMAL, "not decimal"),
        ("7186A61E", DECIMAL, "not decimal.*base: hex"),
        ("04-AF6-8D", CONTRACT, "odd number of digits; a byte has two"),
        ("256 1 2 3", BYTE_BY_BYTE, "above 255"),
        ("999999999999", BYTE_BY_BYTE, "this many digits"),
        ("30166134113", ReaderProfile(base=Base.DECIMAL_BYTES), "need the card's size"),
        ("300,1", FACILITY, "facility and card"),
        ("12,70000", FACILITY, "facility and card"),
        ("1EA68671AA", ReaderProfile(size=4), "5 bytes, and the reader's profile says 4"),
        ("AB" * 40, CONTRACT, "has 40 bytes"),
        ("9" * 500, DECIMAL, "500 digits"),
        ("\u0664\u0665", DECIMAL, "not decimal"),
    ],
)
def test_a_badge_that_cannot_be_read_says_what_would_be_right_and_not_its_number(text, profile, says):
    with pytest.raises(BadgeError, match=says) as refused:
        read(text, profile)
    assert len(text) < 4 or text not in str(refused.value)


def test_a_length_that_the_bytes_do_not_have_is_refused():
    with pytest.raises(BadgeError, match="7 bytes do not hold a badge of 32 bits"):
        read("04AF68DACB5A80", bits=32)
    with pytest.raises(BadgeError, match="do not hold a badge of 35 bits"):
        read("FF23456789", bits=35)


def test_bytes_without_leading_zeros_are_several_badges_and_open_nothing_by_themselves():
    meanings = readings("1A2B3C4", UNPADDED)
    assert len(meanings) == 4
    assert read("01A2B3C4").number in {badge.number for badge in meanings}
    with pytest.raises(BadgeError, match="4 different badges"):
        read("1A2B3C4", UNPADDED)


@pytest.mark.parametrize(
    ("seen", "looks_like", "how"),
    [
        ("7186A61E", "1EA68671", "read backwards"),
        ("8C7B30", "7384CF", "read with the data wires swapped"),
        ("AA3F9B1A", "9B3FAA", "shortened to its first three bytes, backwards, by a 26-bit reader"),
        ("0A004D7603", "4D7603", "shortened to its last three bytes by a 26-bit reader"),
        ("1904649758", "7186A61E", "read as decimal digits taken for hex"),
        ("1904649758", "1EA68671", "read as decimal digits taken for hex, backwards"),
        ("1432822573", "5567232D", "read as decimal digits taken for hex"),
    ],
)
def test_staff_are_told_what_an_unknown_read_looks_like(seen, looks_like, how):
    assert {candidate.badge.number: candidate.how for candidate in candidates(read(seen))}[looks_like] == how


def test_digits_printed_byte_by_byte_are_recognised_from_the_text():
    seen = read("0" + "30166134113")
    assert "1EA68671" in {candidate.badge.number for candidate in candidates(seen, "30166134113")}


def test_a_shortened_read_is_found_among_the_candidates_of_the_enrolled_card():
    enrolled = read("AA3F9B1A")
    seen = read("9B3FAA", bits=24, format="wiegand26")
    assert seen in {candidate.badge for candidate in candidates(enrolled)}


@given(st.binary(min_size=1, max_size=10).filter(any))
def test_a_card_read_backwards_is_always_a_candidate_and_the_card_itself_never(raw):
    badge = read(raw.hex())
    numbers = [candidate.badge.number for candidate in candidates(badge)]
    assert badge.number not in numbers
    assert len(numbers) == len(set(numbers))
    assert raw[::-1] == raw or raw[::-1].hex().upper() in numbers


@given(
    raw=st.binary(min_size=4, max_size=7).filter(lambda raw: raw[0] != 0),
    backwards=st.booleans(),
    inverted=st.booleans(),
    decimal=st.booleans(),
)
def test_whatever_a_profile_does_to_a_card_reading_it_undoes(raw, backwards, inverted, decimal):
    sent = bytes(byte ^ 0xFF for byte in raw) if inverted else raw
    sent = sent[::-1] if backwards else sent
    text = str(int.from_bytes(sent, "big")) if decimal else sent.hex("-")
    profile = ReaderProfile(
        base=Base.DECIMAL if decimal else Base.HEX,
        byte_order=ByteOrder.REVERSED if backwards else ByteOrder.ISO,
        inverted=inverted,
        size=len(raw),
    )
    assert read(text, profile).number == raw.hex().upper()


@given(
    st.text(alphabet="0123456789ABCDEFabcdef:- ,.xÄ\0", max_size=40),
    st.builds(
        ReaderProfile,
        base=st.sampled_from(Base),
        byte_order=st.sampled_from(ByteOrder),
        inverted=st.booleans(),
        size=st.none() | st.integers(1, 10),
        keep=st.sampled_from(Keep),
        keep_bytes=st.none() | st.integers(1, 8),
        unpadded=st.booleans(),
        bits=st.none() | st.integers(1, 80),
    ),
)
def test_no_text_does_anything_but_read_or_be_refused(text, profile):
    try:
        badges = readings(text, profile)
    except BadgeError:
        return
    assert badges
    assert all(badge.number == badge.number.upper() and len(badge.number) % 2 == 0 for badge in badges)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("00000000", "all zeros"),
        ("00000000000000", "all zeros"),
        ("FFFFFFFF", "all ones"),
        ("01020304", "every phone"),
        ("04030201", "every phone"),
        ("030201", "every phone"),
        ("08A1B2C3", "anew at every read"),
    ],
)
def test_a_number_that_is_not_one_cards_alone_is_not_enrolled(text, why):
    assert why in str(refuse_at_enrolment(read(text)))


@pytest.mark.parametrize("text", ["04AF68DACB5A80", "1EA68671", "08AF68DACB5A80"])
def test_a_cards_own_number_is_enrolled(text):
    assert refuse_at_enrolment(read(text)) is None


def test_an_older_fob_may_begin_with_eight():
    assert refuse_at_enrolment(read("08A1B2C3", format="em4100")) is None


def test_a_badge_never_shows_its_number():
    badge = read("04AF68DACB5A80")
    assert "AF68" not in f"{badge} {badge!r} {candidates(badge)!r}"
    assert badge.last_two == "80"


@pytest.mark.parametrize(("number", "bits", "format"), [("04af", 16, "x"), ("04A", 12, "x"), ("04AF", 16, "a b")])
def test_only_the_canonical_form_is_a_badge(number, bits, format):
    with pytest.raises(BadgeError):
        Badge(number, bits, format)
