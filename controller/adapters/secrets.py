"""Secrets that live in files only their owner may read, and the keyed digest under which a badge is known.

The key stays outside the database: who takes the database alone has no badge numbers, though a
4-byte number could be found in seconds from a plain hash.
"""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from controller.errors import StartupError
from devices.accesslist import SIGNING_KEY_BYTES, canonical_pin, canonical_token, list_digest
from devices.badges import Badge

KEY_BYTES = 32
BADGE_KEY = "badge.key"
LIST_KEY = "lists.key"
VISIT_KEY = "visits.key"


@dataclass(frozen=True, slots=True)
class BadgeKey:
    """A key and the name by which a row remembers which one made it; the name tells nothing of the key."""

    id: str
    key: bytes = field(repr=False)


class BadgeDigests:
    """HMAC-SHA-256 of a badge's canonical number, bits and format."""

    def __init__(self, key: BadgeKey) -> None:
        self.key_id = key.id
        # Keyed once: a copy per badge is a third of the price.
        self._keyed = hmac.new(key.key, digestmod=hashlib.sha256)
        self.list_key = list_key_of(key)

    def of(self, badge: Badge) -> bytes:
        return self.of_text(badge.canonical)

    def of_pin(self, digits: str) -> bytes:
        return self.of_text(canonical_pin(digits))

    def of_token(self, token: str) -> bytes:
        """A ticket's or a visitor's QR."""
        return self.of_text(canonical_token(token))

    def of_text(self, canonical: str) -> bytes:
        """Of anything shown, in the one spelling by which a door's list knows it too."""
        keyed = self._keyed.copy()
        keyed.update(canonical.encode())
        return keyed.digest()

    def list_digest_of(self, badge: Badge) -> bytes:
        """How doors' own lists know this badge. Slow on purpose, so beside the loop and once for a badge."""
        return list_digest(self.list_key, badge.canonical)

    def list_digests_of(self, badges: Sequence[Badge]) -> list[bytes]:
        """Of a whole file of them, on every core: the hash lets other threads run."""
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return list(threads.map(self.list_digest_of, badges))

    def list_digest_of_token(self, token: str) -> bytes:
        """The same for what a QR code or a visitor's pass says."""
        return list_digest(self.list_key, canonical_token(token))


def list_key_of(key: BadgeKey) -> bytes:
    """The key that doors are given to recognise badges alone. It follows from the badge key, which does not from it."""
    # HKDF-Expand of RFC 5869 for one block: the badge key is random already, so there is nothing to extract.
    return hmac.digest(key.key, b"natoma door list key\x01", "sha256")


def load_list_signing_key(folder: Path) -> bytes:
    """The Ed25519 key that doors know our lists by, made on the first start; with another one they take no list."""
    return _load_signing_key(folder / LIST_KEY, "give every door its keys anew")


def load_visit_signing_key(folder: Path) -> bytes:
    """The Ed25519 key that partner spaces know our members' visiting passes by, made when first asked for."""
    return _load_signing_key(folder / VISIT_KEY, "give every partner the new one of `natoma visits key`")


def _load_signing_key(path: Path, instead: str) -> bytes:
    content = load_or_create(path, SIGNING_KEY_BYTES)
    if len(content) != SIGNING_KEY_BYTES:
        raise StartupError(
            f"{path} holds {len(content)} bytes, a signing key has {SIGNING_KEY_BYTES}: it was cut off or written over. "
            f"Put back a copy from your backup, or remove it and {instead}."
        )
    return content


def load_badge_key(folder: Path, *, enrolled_with: Collection[str] = ()) -> BadgeKey:
    """The key in `folder`, made on the first start. Losing it means enrolling every badge again: back it up, apart.

    `enrolled_with` names the keys of the badges there are: a new key, or another one, would quietly know none of them.
    """
    path = folder / BADGE_KEY
    if enrolled_with and not path.exists():
        raise StartupError(f"{path} is missing, and badges are enrolled under it. {_lost('')}")
    content = load_or_create(path)
    if len(content) != KEY_BYTES:
        raise StartupError(
            f"{path} holds {len(content)} bytes, a badge key has {KEY_BYTES}: it was cut off or written over. "
            "Put back a copy from your backup; with another key no badge is known."
        )
    key = BadgeKey(hashlib.sha256(b"natoma badge key id" + content).hexdigest()[:8], content)
    if others := sorted(set(enrolled_with) - {key.id}):
        raise StartupError(
            f"{path} is key {key.id}, and badges are enrolled under key {', '.join(others)}. "
            + _lost(f", key_id other than {key.id}")
        )
    return key


def _lost(which: str) -> str:
    return (
        "Put the key back from your backup: without it these badges open no door. If it is lost for good, remove their "
        f"credentials (in the registry, table credential{which}) and enrol the badges again with "
        "`natoma people import`."
    )


def load_or_create(path: Path, size: int = KEY_BYTES) -> bytes:
    """The bytes of a secret file, random ones on the first start; StartupError when others than its owner may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _create(path, secrets.token_bytes(size))
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise StartupError(f"{path} may be read by others (mode {mode:o}): run `chmod 600 {path}` and start again")
        return path.read_bytes()
    except OSError as exc:
        raise StartupError(f"{path}: cannot be read or created ({exc.strerror})") from exc


def _create(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by nobody else at any moment; of two that start at once the first one wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
