"""One badge, many spellings: the canonical form, what a reader's profile makes of its text, and look-alikes.

Canonical are the bytes in ISO 14443 order as upper-case hex, with bit length and source format. Whether a badge is
known, and the keyed hash it is stored under, are the controller's. No error, no repr here shows a number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from devices.errors import BadgeError

# Up to 10 bytes for a triple-size UID, 32 for what some passes carry.
_MOST_BYTES = 32
_HEX = re.compile(r"[0-9A-F]+")
_DIGITS = re.compile(r"[0-9]+")
_FACILITY = re.compile(r"([0-9]{1,3})\D([0-9]{1,5})")
_FORMAT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")
ISO14443A = "iso14443a"
WIEGAND26 = "wiegand26"
# What a card holds of what goes over the wires: the rest is parity, and some readers count it in.
_DATA_BITS = {WIEGAND26: 24, "wiegand34": 32, "wiegand37": 35}
# Joined bytes have at most some hundred meanings at this length; longer UIDs are not written this way.
_SPLITTABLE = 7


@dataclass(frozen=True, slots=True)
class Badge:
    """A canonical badge: two reads of one card under the right profiles are equal."""

    number: str = field(repr=False)
    bits: int
    format: str

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.number) or len(self.number) % 2:
            raise BadgeError("a canonical badge is whole bytes in upper-case hex; use read() for what a reader sent")
        if not 8 * self.size - 8 < self.bits <= 8 * self.size or int(self.number, 16) >> self.bits:
            raise BadgeError(f"{self.size} bytes do not hold a badge of {self.bits} bits")
        if not _FORMAT.fullmatch(self.format):
            raise BadgeError(f"{self.format!r} is not a badge format; say 'iso14443a', 'wiegand26', 'em4100' or alike")

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self.number) // 2

    @property
    def canonical(self) -> str:
        """Number, bits and format in one text: what a keyed hash is made of, and nothing to print."""
        return f"{self.number}/{self.bits}/{self.format}"

    @property
    def last_two(self) -> str:
        """All a person ever sees of a number."""
        return self.number[-2:]


class Base(StrEnum):
    """In which digits a reader writes."""

    HEX = "hex"
    DECIMAL = "decimal"
    # Every byte in decimal by itself, apart ("30 166 134 113") or joined ("30166134113").
    DECIMAL_BYTES = "decimal_bytes"
    # Facility and card as printed on many cards: "077,30211".
    FACILITY = "facility"


class ByteOrder(StrEnum):
    ISO = "iso"
    REVERSED = "reversed"


class Keep(StrEnum):
    """Which end of the number a reader passes on when it drops bytes."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class ReaderProfile:
    """How one kind of reader spells what it sees. The defaults are the contract's own spelling."""

    base: Base = Base.HEX
    separators: str = " :-"
    byte_order: ByteOrder = ByteOrder.ISO
    # Data wires swapped: every bit is its opposite.
    inverted: bool = False
    # The card's whole length: shorter numbers have lost leading zeros. None: as many bytes as were sent.
    size: int | None = None
    # Of the number in the reader's own order, only so many bytes count (a 26-bit reader's three).
    keep: Keep = Keep.LOW
    keep_bytes: int | None = None
    # Each byte is written without its leading zero: some texts have several meanings.
    unpadded: bool = False
    bits: int | None = None
    format: str = ISO14443A


CONTRACT = ReaderProfile()


def read(text: str, profile: ReaderProfile = CONTRACT, *, bits: int | None = None, format: str | None = None) -> Badge:
    """The one badge this text means under this profile; `bits` and `format` are what the message itself said."""
    meanings = readings(text, profile, bits=bits, format=format)
    if len(meanings) > 1:
        raise BadgeError(
            f"these digits may be {len(meanings)} different badges, as bytes were written without leading zeros; "
            "compare readings() with the enrolled cards, and correct the reader's format"
        )
    return meanings[0]


def readings(
    text: str, profile: ReaderProfile = CONTRACT, *, bits: int | None = None, format: str | None = None
) -> tuple[Badge, ...]:
    """Every badge this text may mean, at least one; more than one opens nothing unless exactly one is enrolled."""
    found: dict[Badge, None] = {}
    problem = BadgeError("no badge has this many digits")
    for raw in _bytes_of(text, profile):
        try:
            found[_badge(raw, profile, bits, format)] = None
        except BadgeError as exc:
            problem = exc
    if not found:
        raise problem
    return tuple(found)


def refuse_at_enrolment(badge: Badge) -> str | None:
    """Why this number may not be given to a person, or None: it is no card, or not one card's alone."""
    raw = bytes.fromhex(badge.number)
    if not any(raw):
        return "the number is all zeros: the reader saw no card, or its data wires are cut"
    if int(badge.number, 16) == (1 << badge.bits) - 1:
        return "the number is all ones: a reader fault, not a card"
    if any(raw in _short_forms(shared) for shared in _SHARED):
        return "this number is the same in every phone of some makes, so it would admit strangers; use a card"
    if badge.bits == 32 and badge.format != "em4100" and raw[0] == _RANDOM_ID:
        return "a 4-byte number that begins with 08 is made anew at every read (a phone or a bank card); use a card"
    return None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an unknown read might be under another profile: a hint for staff. It never opens a door."""

    badge: Badge
    how: str


def candidates(badge: Badge, text: str | None = None) -> tuple[Candidate, ...]:
    """The look-alikes of a read, likeliest first, without the read itself; `text` adds other readings of the digits.

    A shortened read cannot be made whole again. To recognise it, look it up among the candidates of the enrolled cards.
    """
    found: dict[str, Candidate] = {}
    for raw, bits, how in _look_alikes(badge, text):
        number = raw.hex().upper()
        if number != badge.number and number not in found and any(raw):
            format = WIEGAND26 if bits == _DATA_BITS[WIEGAND26] else badge.format
            found[number] = Candidate(Badge(number, bits, format), how)
    return tuple(found.values())


# --- from text to bytes -----------------------------------------------------------------------------------------------


def _bytes_of(text: str, profile: ReaderProfile) -> Iterator[bytes]:
    """The bytes in the order the reader wrote them; raises BadgeError for what has no meaning at all."""
    shown = text.strip().upper()
    plain = shown.translate({ord(separator): None for separator in profile.separators})
    if not plain:
        raise BadgeError("the badge is empty; the reader sent no digits")
    if len(plain) > 4 * _MOST_BYTES:
        raise BadgeError(f"the badge has {len(plain)} digits; {_MOST_BYTES} bytes are the most a card has")
    match profile.base:
        case Base.HEX:
            yield from _from_hex(shown, plain, profile)
        case Base.DECIMAL:
            yield _from_decimal(plain)
        case Base.DECIMAL_BYTES:
            yield from _from_decimal_bytes(shown, plain, profile)
        case Base.FACILITY:
            yield _from_facility(shown)


def _from_hex(shown: str, plain: str, profile: ReaderProfile) -> Iterator[bytes]:
    _all_of(_HEX, plain, "hexadecimal (0-9, A-F)", "decimal readers need a profile with base: decimal")
    groups = _groups(shown, profile)
    if len(groups) > 1 and all(len(group) <= 2 for group in groups):
        # Byte by byte: a lost leading zero does no harm here.
        yield bytes(int(group, 16) for group in groups)
        return
    if any(len(group) % 2 for group in groups[1:]):
        raise BadgeError("a part of the badge between separators has an odd number of digits; a byte has two")
    if profile.unpadded:
        yield from _splits(plain, profile.size, 16)
        return
    if len(plain) % 2:
        if profile.size is None or len(plain) > 2 * profile.size:
            raise BadgeError(
                f"the badge has {len(plain)} hexadecimal digits, an odd number; a card is whole bytes, two digits each. "
                "Is a leading zero lost (state the size, or unpadded, in the reader's profile), or is it decimal?"
            )
        plain = f"0{plain}"
    yield bytes.fromhex(plain)


def _from_decimal(plain: str) -> bytes:
    _all_of(_DIGITS, plain, "decimal (0-9)", "readers that write A to F need a profile with base: hex")
    value = int(plain)
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


def _from_decimal_bytes(shown: str, plain: str, profile: ReaderProfile) -> Iterator[bytes]:
    _all_of(_DIGITS, plain, "decimal (0-9)", "readers that write A to F need a profile with base: hex")
    groups = _groups(shown, profile)
    if len(groups) == 1:
        yield from _splits(plain, profile.size, 10)
    elif all(int(group) <= 255 for group in groups):
        yield bytes(int(group) for group in groups)
    else:
        raise BadgeError("one of the badge's bytes is above 255; a reader that writes whole numbers has base: decimal")


def _from_facility(shown: str) -> bytes:
    match = _FACILITY.fullmatch(shown)
    if match is None or int(match[1]) > 0xFF or int(match[2]) > 0xFFFF:
        raise BadgeError("the badge is not facility and card, like 012,34567 (up to 255 and up to 65535)")
    return int(match[1]).to_bytes(1, "big") + int(match[2]).to_bytes(2, "big")


def _all_of(pattern: re.Pattern[str], plain: str, wanted: str, hint: str) -> None:
    if not pattern.fullmatch(plain):
        raise BadgeError(f"the badge of {len(plain)} characters is not {wanted}; {hint}")


def _groups(shown: str, profile: ReaderProfile) -> list[str]:
    spaced = shown.translate({ord(separator): " " for separator in profile.separators})
    return spaced.split()


def _splits(digits: str, size: int | None, base: int) -> Iterator[bytes]:
    """Every way to cut joined digits into `size` bytes, each written without leading zeros."""
    if size is None or size > _SPLITTABLE:
        raise BadgeError(f"bytes written without leading zeros and joined need the card's size, up to {_SPLITTABLE}")
    width = 2 if base == 16 else 3

    def cut(rest: str, left: int) -> Iterator[bytes]:
        if not left:
            if not rest:
                yield b""
            return
        for length in range(1, min(width, len(rest)) + 1):
            part = rest[:length]
            if (part[0] != "0" or length == 1) and int(part, base) <= 255:
                for tail in cut(rest[length:], left - 1):
                    yield bytes([int(part, base)]) + tail

    yield from cut(digits, size)


# --- from bytes to a badge --------------------------------------------------------------------------------------------


def _badge(raw: bytes, profile: ReaderProfile, bits: int | None, format: str | None) -> Badge:
    if profile.size is not None:
        if len(raw) > profile.size and any(raw[: -profile.size]):
            raise BadgeError(f"the badge has {len(raw)} bytes, and the reader's profile says {profile.size}")
        raw = raw.rjust(profile.size, b"\0")[-profile.size :]
    if profile.keep_bytes is not None:
        raw = raw[-profile.keep_bytes :] if profile.keep is Keep.LOW else raw[: profile.keep_bytes]
    if profile.inverted:
        raw = _inverted(raw)
    if profile.byte_order is ByteOrder.REVERSED:
        raw = raw[::-1]
    if len(raw) > _MOST_BYTES:
        raise BadgeError(f"the badge has {len(raw)} bytes; {_MOST_BYTES} are the most a card has")
    kind = format or profile.format
    wanted = profile.bits or _DATA_BITS.get(kind, bits) or 8 * len(raw)
    # A number loses its leading zeros, a stated length brings them back.
    raw = raw.rjust((wanted + 7) // 8, b"\0")
    return Badge(raw.hex().upper(), wanted, kind)


def _inverted(raw: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in raw)


# --- look-alikes ------------------------------------------------------------------------------------------------------

# The fixed number some phones answer with, as reported for years by people who could then not tell them apart.
_SHARED = (bytes.fromhex("01020304"),)
# ISO 14443-3: a single-size UID that begins with 08 is a random one.
_RANDOM_ID = 0x08


def _look_alikes(badge: Badge, text: str | None) -> Iterator[tuple[bytes, int, str]]:
    raw = bytes.fromhex(badge.number)
    whole = 8 * len(raw)
    yield raw[::-1], whole, "read backwards"
    yield _inverted(raw), whole, "read with the data wires swapped"
    yield _inverted(raw)[::-1], whole, "read backwards with the data wires swapped"
    if len(raw) > 3:
        yield raw[-3:], _DATA_BITS[WIEGAND26], "shortened to its last three bytes by a 26-bit reader"
        yield raw[2::-1], _DATA_BITS[WIEGAND26], "shortened to its first three bytes, backwards, by a 26-bit reader"
    if len(raw) > 4:
        yield raw[-4:], 32, "shortened to its last four bytes"
        yield raw[3::-1], 32, "shortened to its first four bytes, backwards"
    stripped = raw.lstrip(b"\0")
    if stripped and len(stripped) != len(raw):
        yield stripped, 8 * len(stripped), "without its leading zeros"
    for digits, how in ((text, "as decimal digits"), (badge.number, "as decimal digits taken for hex")):
        if digits and _DIGITS.fullmatch(digits.strip()) and len(digits) <= 4 * _MOST_BYTES:
            value = _from_decimal(digits.strip()).rjust(4, b"\0")
            yield value, 8 * len(value), f"read {how}"
            yield value[::-1], 8 * len(value), f"read {how}, backwards"
            for split in _decimal_splits(digits.strip()):
                yield split, 8 * len(split), f"read {how}, byte by byte"


def _decimal_splits(digits: str) -> Iterator[bytes]:
    for size in (4, 7):
        if size <= len(digits) <= 3 * size:
            yield from _splits(digits, size, 10)


def _short_forms(shared: bytes) -> tuple[bytes, ...]:
    return (shared, shared[::-1], shared[2::-1], shared[-3:])
