"""From a badge to the hash under which an access list knows it, the same at the controller and at the door.

Two steps. `list_digest` turns a badge into 32 bytes under the house's *list key*, slowly; the controller keeps that
beside each credential and no number. `entry_hash` turns the digest into what stands in one door's list, under that
list's salt, quickly, so that thirty lists for ten thousand people cost seconds.

What protects a number, and from whom:

- A list alone (a broker's disk, a wiretap) tells nothing: without the list key there is nothing to try numbers against.
- The database alone tells nothing, for the same reason; the list key is derived from the badge key, which is outside it.
- Two doors' lists cannot be compared with each other: each has a salt of its own.
- A stolen reader holds the list key, because it must recognise badges alone. Whoever reads that key out of its chip can
  try numbers, and no construction prevents that. So each try is made slow: `ROUNDS` take a third of a second on a
  microcontroller, where somebody waits a second anyway, and under a millisecond on a server. The honest limit: all
  4-byte numbers of a house are then found in about half an hour of a large graphics card, a 7-byte number takes
  years. Keep the key in the device's protected storage, fit the part that holds it on the inside of the door, and
  give out 7-byte cards; after a theft, change the badge key.
"""

import hashlib
import hmac

from devices import badges
from devices.badges import ReaderProfile
from devices.messages import BadgeReadData

KEY_BYTES = 32
# As many as Wi-Fi takes to turn a passphrase into a key, on the same microcontrollers.
ROUNDS = 4096
HASH_BYTES = 16


def list_digest(list_key: bytes, canonical: str) -> bytes:
    """What a house keeps of a badge, a token or a PIN for its doors' lists. Slow on purpose: keep it, do not repeat it."""
    return hashlib.pbkdf2_hmac("sha256", canonical.encode(), list_key, ROUNDS)


def entry_hash(salt: bytes, digest: bytes) -> str:
    """How the list with this salt names it: half of the HMAC is enough, as it is only ever looked up."""
    return hmac.digest(salt, digest, "sha256")[:HASH_BYTES].hex()


def canonical_of(shown: BadgeReadData, profile: ReaderProfile) -> tuple[str, ...]:
    """What was shown, in the one spelling everybody hashes; several when a sloppy reader leaves several meanings.

    Raises BadgeError for what is no badge at all.
    """
    if shown.card is not None:
        found = badges.readings(shown.card, profile, bits=shown.bits, format=shown.format)
        return tuple(badge.canonical for badge in found)
    return (canonical_token(shown.token) if shown.token is not None else canonical_pin(shown.pin or ""),)


def issuer_hash(salt: bytes, issuer: str) -> str:
    """Under which a list has what a partner's visitors may do. No secret: the partner is named beside it."""
    return entry_hash(salt, f"issuer:{issuer}".encode())


def visitor_hash(salt: bytes, issuer: str, subject: str) -> str:
    """Under which a door counts a visitor's days, whichever of their passes they show."""
    return entry_hash(salt, f"visitor:{issuer}/{subject}".encode())


def canonical_token(token: str) -> str:
    """A QR code or a visitor pass: no badge is spelled with this in front."""
    return f"token:{token}"


def canonical_pin(digits: str) -> str:
    return f"pin:{digits}"
