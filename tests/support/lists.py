"""Access lists for tests: one house's keys, and a list of whom a test names."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from devices.accesslist import Terms, canonical_of, entry_hash, list_digest, prepare, public_key_of, seal
from devices.badges import CONTRACT
from devices.messages import AccessEntry, AccessList, AccessRight, BadgeReadData
from devices.units import DoorKeys

SIGNING_KEY = bytes(range(32))
LIST_KEY = bytes(range(32, 64))
KEYS = DoorKeys(LIST_KEY, public_key_of(SIGNING_KEY))
SALT = bytes(16)
# A Monday; 14:00 in Paris.
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ALWAYS = ((0, 7 * 1440),)


def card(number: str, direction: str = "in") -> BadgeReadData:
    return BadgeReadData(card=number, bits=len(number) * 4, format="iso14443a", direction=direction)  # type: ignore[arg-type]


ALICE = card("04AF68DACB5A80")
BOB = card("04112233445566")
EVE = card("04DEADBEEF0101")


def hash_of(shown: BadgeReadData, salt: bytes = SALT) -> str:
    (text,) = canonical_of(shown, CONTRACT)
    return entry_hash(salt, list_digest(LIST_KEY, text))


def entry(shown: BadgeReadData, right: AccessRight = AccessRight.MEMBER, **more: object) -> AccessEntry:
    if right is AccessRight.MEMBER and not {"weekly", "once"} & set(more):
        more["weekly"] = ALWAYS
    return AccessEntry(h=hash_of(shown), right=right, **more)  # type: ignore[arg-type]


def sealed(
    *entries: AccessEntry,
    device: str = "door-street",
    rev: int = 41,
    issued: datetime = NOON - timedelta(hours=1),
    valid: timedelta = timedelta(hours=24),
    zone: str = "Europe/Paris",
    closed: tuple[date, ...] = (),
    salt: bytes = SALT,
    signing_key: bytes = SIGNING_KEY,
) -> list[AccessList]:
    terms = Terms(device, rev, issued, issued + valid, salt, zone, 240, closed)
    return seal(terms, [prepare(one) for one in entries], signing_key)


def numbered(pages: list[AccessList]) -> Mapping[int, AccessList]:
    return dict(enumerate(pages))
