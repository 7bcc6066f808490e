"""A stream of bytes behind a passphrase: AES-256-GCM in pieces, its key from scrypt.

Each piece carries its number and whether it is the last, so that none can be taken away, exchanged or put elsewhere;
what was cut off is found at its end. The header is part of what every piece vouches for.
"""

import os
import struct
from pathlib import Path
from typing import IO, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from controller.errors import InputError

MAGIC = b"NATOMA-SEALED-1\n"
PIECE = 256 << 10
LEAST_PASSPHRASE = 12

_TAG = 16
_SALT = 16
_PREFIX = 7
# 64 MiB for a moment: what costs a guesser the same for each guess.
_SCRYPT = (2**16, 8, 1)
_HEADER_BYTES = len(MAGIC) + _SALT + _PREFIX


def read_passphrase(path: Path) -> bytes:
    """The first line of a file; InputError when there is none worth the name."""
    try:
        line = path.read_bytes().partition(b"\n")[0].strip()
    except OSError as exc:
        raise InputError(f"passphrase file {path}: cannot be read ({exc.strerror})") from exc
    if len(line) < LEAST_PASSPHRASE:
        raise InputError(
            f"passphrase file {path}: its first line has {len(line)} bytes — write {LEAST_PASSPHRASE} or more"
        )
    return line


def is_sealed(file: BinaryIO) -> bool:
    """Whether this is such a stream; the file is at its beginning again."""
    begins = file.read(len(MAGIC))
    file.seek(0)
    return begins == MAGIC


class Sealer:
    """Write plain bytes, `close` at the end; without it what was written is nothing."""

    def __init__(self, file: IO[bytes], passphrase: bytes) -> None:
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._file = file
        self._header = MAGIC + salt + self._prefix
        self._cipher = AESGCM(_key(passphrase, salt))
        self._number = 0
        self._waiting = bytearray()
        file.write(self._header)

    def write(self, data: bytes) -> int:
        self._waiting += data
        # The last piece must be told apart, so one is held back.
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), is_last=False)
            del self._waiting[:PIECE]
        return len(data)

    def close(self) -> None:
        self._put(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, is_last=is_last)
        self._file.write(self._cipher.encrypt(nonce, piece, self._header))
        self._number += 1


class Opener:
    """Read plain bytes from such a stream, piece by piece.

    Raises:
        InputError: another passphrase, or bytes that are not what was written.
    """

    def __init__(self, file: IO[bytes], passphrase: bytes, name: str) -> None:
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES:
            raise InputError(f"{name}: is cut off")
        self._file = file
        self._name = name
        self._header = header
        self._prefix = header[len(MAGIC) + _SALT :]
        self._cipher = AESGCM(_key(passphrase, header[len(MAGIC) : len(MAGIC) + _SALT]))
        self._number = 0
        self._plain = b""
        self._next = file.read(PIECE + _TAG)

    def read(self, size: int = -1) -> bytes:
        while self._next and (size < 0 or len(self._plain) < size):
            self._plain += self._piece()
        found = self._plain if size < 0 else self._plain[:size]
        self._plain = self._plain[len(found) :]
        return found

    def _piece(self) -> bytes:
        piece, self._next = self._next, self._file.read(PIECE + _TAG)
        nonce = _nonce(self._prefix, self._number, is_last=not self._next)
        self._number += 1
        try:
            return self._cipher.decrypt(nonce, piece, self._header)
        except InvalidTag:
            why = "the passphrase is another, or it is damaged" if self._number == 1 else "is damaged or cut off"
            raise InputError(f"{self._name}: {why}") from None


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack(">I?", number, is_last)


def _key(passphrase: bytes, salt: bytes) -> bytes:
    n, r, p = _SCRYPT
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase)
