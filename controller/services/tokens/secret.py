"""How a token's secret is spelt: `natoma_`, 256 random bits, six characters that say whether it was copied whole.

The beginning and the checksum let scanners find one that was published by mistake, and tell it from words that only
look like it. A digest without a key is enough: nobody tries 2^256 of them.
"""

import hashlib
import secrets
import string
import zlib

PREFIX = "natoma_"
SECRET_BYTES = 32
SECRET_LENGTH = 43  # of 256 bits in 62 letters
CHECK_LENGTH = 6  # of 32 bits
LENGTH = len(PREFIX) + SECRET_LENGTH + CHECK_LENGTH
_LETTERS = string.digits + string.ascii_letters


def new_secret() -> str:
    return spelled(secrets.token_bytes(SECRET_BYTES))


def spelled(secret: bytes) -> str:
    body = PREFIX + _in_letters(int.from_bytes(secret, "big"), SECRET_LENGTH)
    return body + _check(body)


def is_whole(text: str) -> bool:
    """Whether this is one of ours, complete and without a slip; it may be known all the same or not."""
    if len(text) != LENGTH or not text.startswith(PREFIX) or not text.isascii():
        return False
    return text[-CHECK_LENGTH:] == _check(text[:-CHECK_LENGTH])


def digest_of(text: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(text.encode()).digest()


def _check(body: str) -> str:
    return _in_letters(zlib.crc32(body.encode()), CHECK_LENGTH)


def _in_letters(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[digit])
    return "".join(reversed(letters))
